"""The table of everything that is measured: name, definition and function. Results and reports are built from it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from security_dilemma.state import Signal
from security_dilemma_training import information, metrics, spiral, welfare
from security_dilemma_training.trajectories import Bools, Trajectories, by_intent

__all__ = ["BY_INTENT", "BY_PAIR", "SPIRAL", "IntentMeasure", "PairMeasure", "definitions", "measure"]


class PairMeasure(NamedTuple):
    """A measure of whole games."""

    name: str
    definition: str
    of: Callable[[Trajectories, int], float]  # of the games, with the horizon of tragic wars in steps


class IntentMeasure(NamedTuple):
    """A measure of the states of one intent; the intent is appended to its name."""

    name: str
    definition: str
    of: Callable[[Trajectories, Bools], float]  # of the games and who has the intent


def _signal_share(name: str, trajectories: Trajectories, who: Bools) -> float:
    return metrics.signal_use(trajectories, who)[name]


BY_PAIR = (
    PairMeasure(
        "tragic_war_rate",
        "share of games between security seekers that see war within the horizon",
        metrics.tragic_war_rate,
    ),
    PairMeasure("war_rate", "share of games that see war before the time limit", lambda t, _: metrics.war_rate(t)),
    PairMeasure(
        "war_per_crisis",
        "wars over crises, pooled over games; it depends on no horizon",
        lambda t, _: metrics.war_per_crisis(t),
    ),
    PairMeasure(
        "mean_time_to_war",
        "mean number of the step of the first war, over games that had one",
        lambda t, _: metrics.time_to_war(t).mean,
    ),
    PairMeasure(
        "median_time_to_war",
        "median number of the step of the first war, over games that had one",
        lambda t, _: metrics.time_to_war(t).median,
    ),
    PairMeasure(
        "censored_games",
        "games without a war, which the times to war say nothing about",
        lambda t, _: metrics.time_to_war(t).censored,
    ),
    PairMeasure(
        "crises_per_game", "mean number of crises before a game's end", lambda t, _: metrics.crises_per_game(t)
    ),
    PairMeasure(
        "one_sided_wars_by_security_seekers",
        "share of wars opened by one security seeker alone",
        lambda t, _: metrics.openings(t).one_sided_by_security_seekers,
    ),
    PairMeasure(
        "one_sided_wars_by_greedy",
        "share of wars opened by one greedy state alone",
        lambda t, _: metrics.openings(t).one_sided_by_greedy,
    ),
    PairMeasure("mutual_wars", "share of wars in which both sides struck", lambda t, _: metrics.openings(t).mutual),
    PairMeasure(
        "welfare_loss",
        "1 - W/W*: share of the best joint payoff W* that is lost; W* is the larger of unarmed, undisturbed peace and "
        "conquest at the first possible crisis, struck by either side or both (which pays jointly only where greed or "
        "the private benefits of striking are large)",
        lambda t, _: welfare.welfare_loss(t),
    ),
    PairMeasure(
        "posture_bits",
        "mutual information of a state's intent and whether the other's dossier reads its posture as offensive, per "
        "step, Miller-Madow corrected; none where intents do not vary",
        lambda t, _: information.posture_bits(t),
    ),
    PairMeasure(
        "signal_bits",
        "mutual information of a state's intent and its signal, per step, Miller-Madow corrected",
        lambda t, _: information.signal_bits(t),
    ),
)

BY_INTENT = (
    IntentMeasure("strike_rate", "share of a state's crises in which it strikes", metrics.strike_rate),
    IntentMeasure(
        "preemptive_strikes",
        "share of strikes that cannot be predatory, P(1+g) - c + h < 1: were the other passive, peace would be better "
        "(always so for a security seeker that has no private benefit of striking)",
        metrics.preemptive_share,
    ),
    IntentMeasure("arms", "mean arms in units, over the steps of living states", metrics.mean_arms),
    IntentMeasure("arms_at_war", "mean arms in units of belligerents, as they go to war", metrics.arms_at_war),
    IntentMeasure("offensive_share", "offensive share of all arms, ΣO / Σ(O+D)", metrics.offensive_share),
    IntentMeasure("arms_burden", "mean share κ(O+D) of the economy that arms cost", metrics.arms_burden),
    IntentMeasure(
        "payoff",
        "mean discounted payoff of a game; an undisturbed peace is worth 1",
        welfare.discounted_payoff,
    ),
    *(
        IntentMeasure(
            f"signal_{kind.name.lower()}",
            f"share of steps in which a state's signal is `{kind.name.lower()}`",
            partial(_signal_share, kind.name.lower()),
        )
        for kind in Signal
    ),
)

SPIRAL = {
    "reaction": "a in Richardson's Δx = a y - m x + g: arms bought per unit of the others' arms and step, from "
    "peaceful steps that end below the cap",
    "restraint": "m: arms given up per unit of own arms and step, depreciation included",
    "grievance": "g: arms bought per step whatever the others have",
    "spiral_index": "sqrt(ab / (mn)) over the two intents of a mixed pair, a/m in an equal one; above 1 a race feeds "
    "itself in Richardson's linear model; none where it is not identified, for the reason given",
}
"""Definitions of what :mod:`security_dilemma_training.spiral` estimates; all but the index are by intent."""


def definitions() -> dict[str, str]:
    """Return the definition of every measure by name; … at a name's end stands for the intent that is measured."""
    found = {row.name: row.definition for row in BY_PAIR}
    found |= {f"{row.name}_…": row.definition for row in BY_INTENT}
    return found | {name if name == "spiral_index" else f"{name}_…": text for name, text in SPIRAL.items()}


def measure(trajectories: Trajectories, horizon: int) -> tuple[dict[str, float], dict[str, str]]:
    """Return every measure of the games of one pair of intents, and for some that are NaN the reason.

    Args:
        trajectories: The games.
        horizon: Steps within which a war counts as tragic.
    """
    values = {row.name: float(row.of(trajectories, horizon)) for row in BY_PAIR}
    reasons: dict[str, str] = {}
    sides = []
    for intent, who in by_intent(trajectories).items():
        values |= {f"{row.name}_{intent}": float(row.of(trajectories, who)) for row in BY_INTENT}
        side = spiral.reaction(trajectories, who)
        values |= {f"{name}_{intent}": getattr(side, name) for name in ("reaction", "restraint", "grievance")}
        if np.any(who):
            sides.append(side)
            if side.reason:
                reasons[f"reaction_{intent}"] = side.reason
    index = spiral.spiral_index(sides[0], sides[-1])
    values["spiral_index"] = index.value
    if index.reason:
        reasons["spiral_index"] = index.reason
    return {name: value if math.isfinite(value) else math.nan for name, value in values.items()}, reasons
