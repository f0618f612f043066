"""THEORY 1 to 4: the crisis matrix, trust, basins of learning and logit responses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from security_dilemma.solver import (
    GameTree,
    Profile,
    expected_payoffs,
    greedy_strike,
    nash_conv,
    quantal_response_branch,
)
from security_dilemma.theory import (
    CrisisPayoffs,
    crisis_payoffs,
    critical_strike_probability,
    ends_at_war,
    is_stag_hunt,
    minimum_trust,
    predation_threshold,
    quantal_responses,
    strike_is_risk_dominant,
)
from security_dilemma_training.theory.settings import MEASURES, Settings, basin_starts, critical
from security_dilemma_training.theory.targets.rows import Row, bisected, closed, not_applicable, yes_or_no

__all__ = ["basin", "cells", "crisis_matrix", "gain_of_striking", "quantal_response", "trust_threshold"]

EXACT = 1e-12
"""NashConv up to which a profile counts as an equilibrium, in units of a peaceful future."""

LEAST = 1e-6
"""Where the search for a threshold begins: a type that does not occur has nothing to gain."""

BORDER = 0.02
"""Distance from the border of a basin within which theory leaves the outcome of sampled learning open."""


def striking(tree: GameTree, *chances: float) -> Profile:
    """Return the profile of a one-stage crisis in which each state strikes with a given probability."""
    return tree.profile(lambda player, _stage, _seen: [1 - chances[player], chances[player]])


def crisis_matrix(settings: Settings, *, greedy: bool, initiative: float = 0.0) -> CrisisPayoffs:
    """Return the first state's payoffs in a crisis, enumerated in the environment."""
    tree = GameTree.build(settings.game("crisis", trust=float(not greedy), initiative_mean=initiative))
    cells = [(0, 0), (0, 1), (1, 0), (1, 1)]
    return CrisisPayoffs(*(float(expected_payoffs(tree, striking(tree, *cell))[0]) for cell in cells))


def gain_of_striking(settings: Settings, struck: float, *, greedy: bool = False) -> float:
    """Return what striking brings more than holding, against one who strikes with a probability."""
    tree = GameTree.build(settings.game("crisis", trust=float(not greedy)))
    strike, hold = (expected_payoffs(tree, striking(tree, own, struck))[0] for own in (1.0, 0.0))
    return float(strike - hold)


def cells(settings: Settings) -> list[Row]:
    """THEORY 1: the four cells of the crisis matrix, for both intents, with the mean private benefit of striking."""
    rows, h = [], settings.initiative_mean
    for intent, greed in (("security seeker", 0.0), ("greedy state", settings.greed)):
        if intent == "greedy state" and greed == 0:
            rows.append(not_applicable(1, "greedy state's payoffs", "greed = 0: a security seeker's"))
            continue
        expected = crisis_payoffs(settings.chance, settings.war_cost, greed, h)
        found = crisis_matrix(settings, greedy=greed > 0, initiative=h)
        names = (name.replace("_", "/") for name in CrisisPayoffs._fields)
        rows += [
            Row(1, f"{intent}: {name}", theory, environment)
            for name, theory, environment in zip(names, expected, found, strict=True)
        ]
    return rows


def trust_threshold(settings: Settings) -> list[Row]:
    """THEORY 2: what separates peace from war, and what greed it takes to strike a passive equal."""
    matrix, chance, cost = crisis_matrix(settings, greedy=False), settings.chance, settings.war_cost
    flags: list[tuple[str, bool, bool]] = [
        ("a stag hunt among security seekers", is_stag_hunt(chance), matrix.strike_strike > matrix.hold_strike + EXACT),
        (
            "striking is risk-dominant",
            strike_is_risk_dominant(chance, cost),
            matrix.strike_hold + matrix.strike_strike > matrix.hold_hold + matrix.hold_strike + EXACT,
        ),
    ]
    rows = [yes_or_no(2, *flag) for flag in flags]
    rows.append(
        _bisected_row(
            "π*, critical probability of being struck",
            lambda: critical_strike_probability(chance, cost),
            lambda struck: gain_of_striking(settings, struck) > 0,
        )
    )
    rows.append(_minimum_trust(settings))
    rows.append(
        _bisected_row(
            "greed from which a passive equal is struck",
            lambda: predation_threshold(chance, cost),
            lambda greed: gain_of_striking(_with_greed(settings, greed), 0.0, greedy=greed > 0) > 0,
            most=3.0,
        )
    )
    return rows


def _with_greed(settings: Settings, greed: float) -> Settings:
    return replace(settings, greed=greed)


def _minimum_trust(settings: Settings) -> Row:
    """The trust from which on peace among security seekers is an equilibrium, greedy states striking."""
    quantity = "m, trust from which peace is an equilibrium"
    threshold, reason = closed(lambda: predation_threshold(settings.chance, settings.war_cost))
    if threshold is None or settings.greed <= threshold:
        why = reason or f"greed = {settings.greed:g} does not exceed {threshold:.4f}: greedy states need not strike"
        return not_applicable(2, quantity, why)

    def peace(trust: float) -> bool:
        tree = GameTree.build(settings.game("crisis", trust=trust))
        return nash_conv(tree, greedy_strike(tree)) <= EXACT

    return _bisected_row(quantity, lambda: minimum_trust(settings.chance, settings.war_cost), peace)


def _bisected_row(quantity: str, form: Callable[[], float], holds: Callable[[float], bool], most: float = 1.0) -> Row:
    """The row of a threshold in (0, most), found in the environment by bisection."""
    theory, reason = closed(form)
    if theory is not None and not 0 < theory < most:
        theory, reason = None, f"{theory:.4f} is outside (0, {most:g})"
    if theory is None:
        return not_applicable(2, quantity, str(reason))
    found = bisected(holds, LEAST, most)
    return Row(2, quantity, theory, float("nan") if found is None else found)


def basin(settings: Settings) -> list[Row]:
    """THEORY 3: which equilibrium security seekers learn, by the probability with which they strike at the start."""
    rows, boundary = [], critical(settings)
    for start in basin_starts(settings):
        quantity, key = f"war is learned from x0 = {start:.4f}", ("basin", MEASURES["basin"].format(start))
        if boundary is not None and abs(start - boundary) < BORDER:
            why = f"within {BORDER} of π*: sampling decides"
            rows.append(Row(3, quantity, reason=why, experiment=key, outcome=True))
            continue
        war = ends_at_war(start, settings.chance, settings.war_cost)
        rows.append(yes_or_no(3, quantity, war, gain_of_striking(settings, start) > 0, key))
    return rows


def quantal_response(settings: Settings) -> list[Row]:
    """THEORY 4: where security seekers with an entropy weight of 1/λ settle, with two actions and with PPO's five."""
    two, five = (MEASURES[name] for name in ("quantal_response", "quantal_response_of_five_moves"))
    name = f"logit response at precision {settings.precision:g}"
    return [
        *_responses(settings, name, 1, ("quantal_response", two)),
        *_responses(settings, f"{name}, four moves of five amounting to a hold", 4, ("quantal_response", five)),
    ]


def _responses(settings: Settings, quantity: str, holds: int, experiment: tuple[str, str]) -> list[Row]:
    """A row for each fixed point; those that the solver does not pass at this precision are other branches'."""
    tree = GameTree.build(settings.game("crisis", trust=1.0))
    branch = quantal_response_branch(tree, [settings.precision], striking(tree, *[1 / (1 + holds)] * 2))
    found = [float(profile[0][0][0, 1]) for profile in branch.at(settings.precision)]
    points = quantal_responses(settings.chance, settings.war_cost, settings.precision, holds)
    if len(points) == 1:
        return [Row(4, quantity, points[0], found[0], experiment=experiment, learned_tolerance=0.03)]
    rows = []
    for number, point in enumerate(points, 1):
        near = min(found, key=lambda value: abs(value - point))
        passed = abs(near - point) < BORDER
        reason = None if passed else "on a branch of its own"
        rows.append(Row(4, f"{quantity}, {number} of {len(points)}", point, near if passed else None, reason=reason))
    why = "several responses: which one is learned is open"
    return [*rows, Row(4, f"{quantity}, learned", reason=why, experiment=experiment)]
