"""THEORY 5, 12 and 13: private benefits of striking, misperceived balances and worst-case beliefs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from security_dilemma.solver import GameTree, all_hold, best_response, greedy_strike, nash_conv
from security_dilemma.theory import (
    dominant_hawks,
    fear_feedback,
    fear_multiplier,
    misperception_cutoff,
    peace_is_equilibrium,
    predation_threshold,
    strike_shares,
    war_chance,
)
from security_dilemma_training.theory.settings import MEASURES, Settings, contagion_means, trust_levels
from security_dilemma_training.theory.targets.crisis import EXACT, crisis_matrix, gain_of_striking, striking
from security_dilemma_training.theory.targets.rows import Row, bisected, closed, not_applicable, yes_or_no

__all__ = ["answers", "contagion", "fear", "misperception", "worst_case"]

TYPES = 100
"""Equally probable private benefits that stand for the uniform distribution in an exact solution."""

COARSE = 0.1
"""Tolerance beyond which so few types say too little."""

FURTHEST = 2.9
"""Balance up to which a cut-off is looked for; true balances, which differ from it a little, reach to 3."""

PRIVATE_NOISE = 0.01
"""Noise of private views of the balance that stands for vanishing noise."""


def fear(settings: Settings) -> list[Row]:
    """THEORY 5: how many security seekers strike because others might."""
    mean, width = settings.initiative_mean, settings.initiative_width
    answer = answers(settings, mean, width)
    rows = [Row(5, "π0, dominant hawks", _hawks(settings, mean, width), answer(0.0), 1 / TYPES)]
    multiplier, reason = closed(lambda: fear_multiplier(settings.war_cost, width))
    if multiplier is None:
        return [*rows, *_extremes(settings, answer, str(reason))]
    tolerance = multiplier / TYPES
    if tolerance > COARSE:
        return [*rows, not_applicable(5, "π, share that strikes", f"fear multiplier {multiplier:.1f}: near contagion")]
    (share,) = strike_shares(settings.chance, settings.war_cost, mean, width)
    found = 0.5 * (_settled(answer, 0.0) + _settled(answer, 1.0))
    learned = ("fear_multiplier", MEASURES["fear_multiplier"])
    rows.append(Row(5, "π, share that strikes", share, found, tolerance, experiment=learned, learned_tolerance=0.05))
    learned = ("fear_multiplier", MEASURES["fear_multiplier_war"])
    war = Row(5, "chance of war, 1-(1-π)²", war_chance(share), war_chance(found), 2 * tolerance)
    rows.append(replace(war, experiment=learned, learned_tolerance=0.08))
    steady = 0 < share < 1 and rows[0].theory
    if steady and steady < 1 / TYPES:
        why = f"the share of dominant hawks is below 1/{TYPES}: too few types to tell"
        rows.append(not_applicable(5, "fear multiplier π / π0", why))
    elif steady:
        amplified = found / answer(0.0) if answer(0.0) else math.nan
        allowed = 3 * tolerance / steady
        rows.append(Row(5, "fear multiplier π / π0", multiplier, amplified, allowed))
    return rows


def _hawks(settings: Settings, mean: float, width: float) -> float:
    return dominant_hawks(settings.chance, settings.war_cost, mean, width)


def _extremes(settings: Settings, answer: Callable[[float], float], reason: str) -> list[Row]:
    """Where fear is contagious: what best responses lead to from universal peace and from universal war."""
    mean, width = settings.initiative_mean, settings.initiative_width
    shares, why = _shares(settings, mean, width)
    if shares is None:
        return [not_applicable(5, "equilibrium shares that strike", why)]
    rows = [not_applicable(5, "fear multiplier π / π0", reason)]
    for name, share, start in (("least", shares[0], 0.0), ("greatest", shares[-1], 1.0)):
        quantity = f"{name} equilibrium share that strikes"
        if width and abs(_unclipped(settings, start) - start) < 1 / TYPES:
            why = f"the share of those for whom one move is dominant is below 1/{TYPES}: too few types to tell"
            rows.append(not_applicable(5, quantity, why))
        else:
            rows.append(Row(5, quantity, share, _settled(answer, start), 1 / TYPES))
    return rows


def _unclipped(settings: Settings, expected: float) -> float:
    """The share that strikes by the share expected to, ``π0 + r π``, not clipped to [0, 1]."""
    mean, width = settings.initiative_mean, settings.initiative_width
    reach = mean + width - (1 + settings.war_cost - settings.chance)
    return reach / (2 * width) + fear_feedback(settings.war_cost, width) * expected


def _shares(settings: Settings, mean: float, width: float) -> tuple[tuple[float, ...] | None, str]:
    try:
        return strike_shares(settings.chance, settings.war_cost, mean, width), ""
    except ValueError as error:
        return None, str(error)


def answers(settings: Settings, mean: float, width: float) -> Callable[[float], float]:
    """Return the map from the share expected to strike to the share that it makes strike, in the environment."""
    game = settings.game("baliga_sjostrom", trust=1.0, initiative_mean=mean, initiative_width=width)
    tree = GameTree.build(game, initiatives=TYPES)

    def answer(share: float) -> float:
        behaviour = best_response(tree, striking(tree, share, share), 0).behaviour
        return float(behaviour[0][:, 1].mean())  # every type is as probable as any other

    return answer


def _settled(answer: Callable[[float], float], share: float) -> float:
    """Return where best responses lead: they are monotone, so each of finitely many shares is met once."""
    for _ in range(2 * TYPES):
        following = answer(share)
        if following == share:
            break
        share = following
    return share


def contagion(settings: Settings) -> list[Row]:
    """THEORY 5, with a narrow spread: from which mean benefit of striking on no peace is an equilibrium."""
    width = settings.contagion_width
    feedback = fear_feedback(settings.war_cost, width)
    if feedback <= 1:
        why = f"contagion_width = {width:g}: r = {feedback:.3f} is not above 1"
        return [not_applicable(5, "contagion", why)]
    rows = []
    for mean, side in zip(contagion_means(settings), ("below", "above"), strict=True):
        shares, why = _shares(settings, mean, width)
        quantity = f"share that strikes, from peace, just {side} contagion (h0 = {mean:.4f})"
        if shares is None:
            rows.append(not_applicable(5, quantity, why))
            continue
        found = _settled(answers(settings, mean, width), 0.0)
        learned = ("contagion", MEASURES["contagion"].format(mean))
        rows.append(Row(5, quantity, shares[0], found, 1 / TYPES, experiment=learned, learned_tolerance=0.15))
    answer = answers(settings, mean, width)
    rows.append(
        Row(5, f"dominant hawks there (h0 = {mean:.4f})", _hawks(settings, mean, width), answer(0.0), 1 / TYPES)
    )
    return rows


def misperception(settings: Settings) -> list[Row]:
    """THEORY 12: above which balance greedy states strike, where each sees it with a little noise of its own."""
    quantity = "b*, cut-off of the perceived balance"
    surge = math.log(settings.surge_attack / settings.home_defence)
    theory, reason = closed(
        lambda: misperception_cutoff(settings.greed, settings.war_cost, settings.decisiveness) - surge
    )
    if theory is not None and abs(theory) >= FURTHEST:
        theory, reason = None, f"{theory:.4f} is not within ±{FURTHEST:g}: no room around it"
    if theory is None:
        return [not_applicable(12, quantity, str(reason))]
    found = bisected(lambda seen: _gain_at_cutoff(settings, seen) > 0, -FURTHEST, FURTHEST)
    learned = ("cutoff", MEASURES["cutoff"])
    value = math.nan if found is None else found
    return [Row(12, quantity, theory, value, 1e-3, experiment=learned, learned_tolerance=0.25)]


def _gain_at_cutoff(settings: Settings, seen: float) -> float:
    """What striking brings a greedy state whose view of the balance is the cut-off of the other.

    The true balance is all but uniform around the view; both views are off by independent normal errors.
    """
    errors, weights = np.polynomial.hermite_e.hermegauss(7)
    gains = []
    for error in errors:
        truth = replace(settings, balance=seen - PRIVATE_NOISE * error)
        above = 0.5 * math.erfc(error / math.sqrt(2))  # the other's view exceeds the cut-off
        gains.append(gain_of_striking(truth, above, greedy=True))
    return float(np.dot(weights, gains))


def worst_case(settings: Settings) -> list[Row]:
    """THEORY 13: worst-case beliefs make war where offence has the advantage, the true trust decides in between."""
    worst = not peace_is_equilibrium(0.0, settings.chance, settings.war_cost)
    matrix = crisis_matrix(settings, greedy=False)
    strikes = matrix.strike_strike > matrix.hold_strike + EXACT
    rows = [yes_or_no(13, "seekers who expect a strike for certain strike", worst, strikes)]
    certain = GameTree.build(settings.game("crisis", trust=1.0))
    peace = nash_conv(certain, all_hold(certain)) <= EXACT
    rows.append(yes_or_no(13, "peace is an equilibrium at trust 1", True, peace))
    threshold, reason = closed(lambda: predation_threshold(settings.chance, settings.war_cost))
    if settings.chance > 0.5 and (threshold is None or settings.greed <= threshold):
        why = reason or f"greed = {settings.greed:g} does not exceed {threshold:.4f}: greedy states need not strike"
        return [*rows, not_applicable(13, "war between seekers by trust", why)]
    for trust in trust_levels(settings):
        war = not peace_is_equilibrium(trust, settings.chance, settings.war_cost)
        learned = ("trust_threshold", MEASURES["trust_threshold"].format(trust))
        rows.append(yes_or_no(13, f"seekers go to war at trust {trust:.4f}", war, _war(settings, trust), learned))
    return rows


def _war(settings: Settings, trust: float) -> bool:
    """Whether a security seeker would not hold where other seekers hold and greedy states strike."""
    tree = GameTree.build(settings.game("crisis", trust=trust))
    best = best_response(tree, greedy_strike(tree), 0).behaviour[0]
    seekers = tree.stages[0].observations[0][:, tree.entries["own_greed"]] == 0
    return bool(best[seekers, 1].any())
