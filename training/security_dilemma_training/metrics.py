"""Metrics of war, strikes, arms and signals: pure functions of trajectories.

A metric that has nothing to be measured on (a strike rate without a crisis, a share without a war) is NaN. ``who`` is
a (G, N) bool that selects states, as :func:`security_dilemma_training.trajectories.by_intent` gives it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from security_dilemma.arrays import facing
from security_dilemma.state import Signal
from security_dilemma_training.trajectories import Bools, Floats, Trajectories

__all__ = [
    "HORIZON",
    "ArmsOverTime",
    "Openings",
    "TimeToWar",
    "arms_at_war",
    "arms_burden",
    "arms_over_time",
    "crises_per_game",
    "mean_arms",
    "not_predatory",
    "offensive_share",
    "openings",
    "preemptive_share",
    "ratio",
    "signal_use",
    "speaking",
    "strike_rate",
    "time_to_war",
    "tragic_war_rate",
    "war_per_crisis",
    "war_rate",
    "wars",
]

HORIZON = 20
"""Steps within which a war counts as tragic: one mean lifetime ``1/(1-δ)`` at the default discount."""


class TimeToWar(NamedTuple):
    """Steps until the first war of a game; the war of the first step has time 1."""

    mean: float  # over the games that had a war
    median: float  # over the games that had a war
    wars: int  # games that had a war
    censored: int  # games without one, of which only the time limit or the end is known


class Openings(NamedTuple):
    """How wars were opened, as shares of all wars; they sum to 1."""

    one_sided_by_security_seekers: float
    one_sided_by_greedy: float
    mutual: float


class ArmsOverTime(NamedTuple):
    """Means at the start of each step over the states that are still there; NaN where none is."""

    arms: Floats  # (T,), units of arms
    offensive_share: Floats  # (T,), ΣO / Σ(O+D); NaN where nobody is armed
    states: Floats  # (T,), how many states the means are over


def ratio(part: float, whole: float) -> float:
    """Return ``part / whole``, or NaN where there is no whole."""
    return float(part) / float(whole) if whole else float("nan")


def wars(trajectories: Trajectories) -> Bools:
    """Return which steps of which games saw a war, (T, G) bool."""
    return trajectories.active & trajectories.belligerent.any(axis=-1)


def war_rate(trajectories: Trajectories, within: int | None = None) -> float:
    """Return the share of games that saw a war, if given within the first ``within`` steps."""
    return float(wars(trajectories)[:within].any(axis=0).mean())


def tragic_war_rate(trajectories: Trajectories, horizon: int = HORIZON) -> float:
    """Return the share of games among security seekers only that saw a war within ``horizon`` steps."""
    tragic = ~trajectories.greedy.any(axis=-1)
    return ratio((wars(trajectories)[:horizon].any(axis=0) & tragic).sum(), tragic.sum())


def crises_per_game(trajectories: Trajectories) -> float:
    """Return the mean number of crises that a game saw before its end."""
    return float(_crises(trajectories).sum(axis=0).mean())


def war_per_crisis(trajectories: Trajectories) -> float:
    """Return the chance that a crisis ends in war, pooled over games; it depends on no horizon."""
    return ratio(wars(trajectories).sum(), _crises(trajectories).sum())


def time_to_war(trajectories: Trajectories) -> TimeToWar:
    """Return the steps until the first war of the games that had one, and how many had none."""
    at_war = wars(trajectories)
    had_one = at_war.any(axis=0)
    times = at_war.argmax(axis=0)[had_one] + 1
    mean, median = (float(times.mean()), float(np.median(times))) if times.size else (float("nan"), float("nan"))
    return TimeToWar(mean, median, int(had_one.sum()), int((~had_one).sum()))


def strike_rate(trajectories: Trajectories, who: Bools) -> float:
    """Return the share of crises in which a state of ``who`` strikes, pooled over states and crises."""
    in_crisis = trajectories.crisis & trajectories.present & who
    return ratio((trajectories.struck & in_crisis).sum(), in_crisis.sum())


def openings(trajectories: Trajectories) -> Openings:
    """Return who opened the wars: one security seeker, one greedy state, or both sides at once."""
    at_war = wars(trajectories)
    struck = trajectories.struck & at_war[..., None]
    one_sided = struck.sum(axis=-1) == 1
    by_greedy = one_sided & (struck & trajectories.greedy).any(axis=-1)
    counts = ((one_sided & ~by_greedy).sum(), by_greedy.sum(), (struck.sum(axis=-1) == 2).sum())
    return Openings(*(ratio(count, at_war.sum()) for count in counts))


def preemptive_share(trajectories: Trajectories, who: Bools) -> float:
    """Return the share of the strikes of ``who`` that cannot be predatory: pre-emption is what is left."""
    strikes = trajectories.struck & trajectories.present & who
    return ratio((strikes & not_predatory(trajectories)).sum(), strikes.sum())


def not_predatory(trajectories: Trajectories) -> Bools:
    """Return where a strike could not be predatory, (T, G, N) bool; it has a meaning for states in crisis.

    Striking a passive opponent pays less than an undisturbed peace: ``P (Y_i + (g+ζ) Y_j) - c + h < Y_i``, which is
    ``P (1+g) - c + h < 1`` for equal economies without spoils (the crisis matrix of Kydd 2005). P is the true chance
    that a one-sided strike wins. With N > 2 a victor's future is not settled, and predation pays less.
    """
    t, params = trajectories, trajectories.params
    conquered = (t.greed + params.spoils) * facing(t.economy, t.crisis)
    predation: Floats = t.strike_chance * (t.economy + conquered) - params.war_cost + t.initiative
    return predation < t.economy


def arms_over_time(trajectories: Trajectories, who: Bools) -> ArmsOverTime:
    """Return arms and offensive share at the start of each step, over the states of ``who`` still there."""
    there = trajectories.present & who
    count = there.sum(axis=(1, 2)).astype(float)
    offensive, total = (np.where(there, x, 0).sum(axis=(1, 2)) for x in (trajectories.offensive, trajectories.arms))
    return ArmsOverTime(_divide(total, count), _divide(offensive, total), count)


def mean_arms(trajectories: Trajectories, who: Bools) -> float:
    """Return the mean arms of ``who`` in units, over all steps of living states."""
    return _mean(trajectories.arms, trajectories.present & who)


def arms_at_war(trajectories: Trajectories, who: Bools) -> float:
    """Return the mean arms of the belligerents of ``who`` in units, as they go to war."""
    return _mean(trajectories.arms, trajectories.belligerent & trajectories.present & who)


def offensive_share(trajectories: Trajectories, who: Bools) -> float:
    """Return which share of the arms of ``who`` is offensive, ``ΣO / Σ(O+D)`` over all steps of living states."""
    there = trajectories.present & who
    return ratio(np.where(there, trajectories.offensive, 0).sum(), np.where(there, trajectories.arms, 0).sum())


def arms_burden(trajectories: Trajectories, who: Bools) -> float:
    """Return the mean share ``κ(O+D)`` of the economy that arms cost ``who`` per step."""
    return _mean(trajectories.burden, trajectories.present & who)


def signal_use(trajectories: Trajectories, who: Bools) -> dict[str, float]:
    """Return by name the share of steps in which a living state of ``who`` sends each signal.

    The step of a state's own elimination is left out: the record of what it said is lost with it.
    """
    there = speaking(trajectories) & who
    return {kind.name.lower(): _mean(trajectories.signal == kind, there) for kind in Signal}


def speaking(trajectories: Trajectories) -> Bools:
    """Return in which steps it is on record what a living state says, (T, G, N): not in that of its elimination."""
    eliminated = trajectories.belligerent & ~trajectories.won & (trajectories.war == "terminal")
    return trajectories.present & ~eliminated


def _crises(trajectories: Trajectories) -> Bools:
    """Which steps of which games were crises, (T, G) bool."""
    return trajectories.active & trajectories.crisis.any(axis=-1)


def _mean(values: Floats | Bools, there: Bools) -> float:
    return ratio(np.where(there, values, 0).sum(dtype=float), there.sum())


def _divide(part: Floats, whole: Floats) -> Floats:
    quotient: Floats = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return quotient
