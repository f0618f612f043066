"""Defensive and offensive realism: what becomes of states that want security, of states that want power, and of both.

Waltz (1979) has states seek security and no more power than it takes; Glaser (2010) derives when they can afford to.
Mearsheimer (2001) has them seek all the power that they can have. Here the first are states whose ``power_weight`` is
0, the others those where it is above 0; games are among states without greed, so that nothing else tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from security_dilemma_training.metrics import mean_arms, ratio, tragic_war_rate
from security_dilemma_training.studies.material import material_payoff
from security_dilemma_training.studies.measurement import Measurement
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import Bools, Floats, Trajectories
from security_dilemma_training.verdict import Ending, ceiling, ending

__all__ = [
    "MEASUREMENT",
    "Kinds",
    "arms_reached",
    "escape",
    "kinds",
    "relative_gain",
    "survival",
]

DEFINITIONS = {
    "escape": "1 where the seed escaped the dilemma: peace among seekers, with fewer arms than one move buys",
    "arms_reached": "the most arms that a state had in a game among seekers, mean, as a share of the cap",
    "arms_security": "mean arms of living states without power_weight, in units",
    "arms_power": "mean arms of living states with power_weight, in units",
    "survival_security": "share of states without power_weight that outlive the game, among seekers",
    "survival_power": "share of states with power_weight that outlive the game, among seekers",
    "material_mean": "mean discounted payoff without what power paid as such, among seekers; peace is worth 1",
    "material_security": "the same of states without power_weight",
    "material_power": "the same of states with power_weight",
    "relative_gain": "material payoff of the states with power_weight less that of the others in the same games",
}


class Kinds(NamedTuple):
    """Which states are of which kind, (G, N) bool each."""

    security: Bools  # power as such is worth nothing to them
    power: Bools  # it is worth something


def kinds(trajectories: Trajectories) -> Kinds:
    """Return which states seek security and which power."""
    weight = np.asarray(trajectories.params.power_weight)
    power: Bools = np.broadcast_to(weight > 0, trajectories.greedy.shape)
    return Kinds(~power, power)


def escape(trajectories: Trajectories, horizon: int) -> float:
    """Return 1 if the games of a seed ended at peace with few arms, and else 0; NaN without two seekers.

    Few are fewer than one arming move buys, on average over living states and steps. Peace with many arms is
    deterrence, not an escape: Jervis's (1978) states are secure then, and pay for it.
    """
    t = trajectories
    tragic = tragic_war_rate(t, horizon)
    if np.isnan(tragic):
        return float("nan")
    highest = ceiling({"crisis_rate": t.params.crisis_rate}, min(horizon, t.max_cycles), t.stages)
    few = mean_arms(t, np.ones_like(t.greedy)) < np.min(t.params.build)
    return float(ending(tragic, highest) is Ending.PEACE and few)


def arms_reached(trajectories: Trajectories, who: Bools) -> float:
    """Return the most arms that a state of ``who`` had in a game, mean over games and states, as a share of the cap."""
    t = trajectories
    most = np.where(t.present, t.arms, 0).max(axis=0) / t.params.arms_cap
    return ratio(most[who].sum(), who.sum())


def survival(trajectories: Trajectories, who: Bools) -> float:
    """Return the share of the states of ``who`` that are there when the game ends, or when its time is up."""
    survived = trajectories.final_economy > 0
    return ratio((survived & who).sum(), who.sum())


def relative_gain(payoffs: Floats, power: Bools) -> float:
    """Return by how much those who seek power were paid more than the others; NaN where there is but one kind.

    Args:
        payoffs: (G, N), in the same units for all.
        power: (G, N), who seeks power.
    """
    return ratio(payoffs[power].sum(), power.sum()) - ratio(payoffs[~power].sum(), (~power).sum())


def _realism(subject: Subject) -> Mapping[str, float]:
    played = subject.seekers
    everyone, (security, power) = np.ones_like(played.greedy), kinds(played)
    paid = material_payoff(played)
    return {
        "escape": escape(played, subject.config.evaluation.horizon),
        "arms_reached": arms_reached(played, everyone),
        "arms_security": mean_arms(played, security),
        "arms_power": mean_arms(played, power),
        "survival_security": survival(played, security),
        "survival_power": survival(played, power),
        "material_mean": float(paid.mean()),
        "material_security": ratio(paid[security].sum(), security.sum()),
        "material_power": ratio(paid[power].sum(), power.sum()),
        "relative_gain": relative_gain(paid, power),
    }


MEASUREMENT = Measurement("realism", DEFINITIONS, _realism, shares=("escape",))
