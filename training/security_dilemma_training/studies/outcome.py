"""What becomes of a condition: war, arms, welfare and payoffs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from security_dilemma_training import metrics, spiral, welfare
from security_dilemma_training.studies.measurement import Measurement
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.verdict import Ending, ceiling, ending

__all__ = ["MEASUREMENT"]

DEFINITIONS = {
    "tragic_war_rate": "share of games between security seekers that see war within the horizon",
    "at_war": "1 where the seed ended at war: its tragic war rate is at least .8 of the highest possible one",
    "war_per_crisis": "wars over crises, in games between security seekers",
    "strike_rate": "share of a security seeker's crises in which it strikes, among seekers only",
    "arms": "mean arms of a living state among seekers, in units",
    "offensive_share": "offensive share of all arms among seekers",
    "arms_burden": "mean share of the economy that arms cost among seekers",
    "spiral_index": "a/m of Richardson's race among seekers; above 1 it feeds itself in his linear model",
    "welfare_loss": "share of the best joint payoff that seekers lose among themselves",
    "war_rate": "share of games under the prior that see war before the time limit",
    "payoff": "mean discounted payoff of a state under the prior; an undisturbed peace is worth 1",
}
MOST_STATES = 8


def _outcome(subject: Subject) -> Mapping[str, float]:
    played, horizon = subject.seekers, subject.config.evaluation.horizon
    everyone = ~played.greedy
    tragic = metrics.tragic_war_rate(played, horizon)
    highest = ceiling(subject.config.resolved()["params"], min(horizon, played.max_cycles), subject.config.game.stages)
    race = spiral.reaction(played, everyone)
    payoffs = welfare.discounted_payoffs(subject.drawn).mean(axis=0)
    found = {
        "tragic_war_rate": tragic,
        "at_war": float(ending(tragic, highest) is Ending.WAR),
        "war_per_crisis": metrics.war_per_crisis(played),
        "strike_rate": metrics.strike_rate(played, everyone),
        "arms": metrics.mean_arms(played, everyone),
        "offensive_share": metrics.offensive_share(played, everyone),
        "arms_burden": metrics.arms_burden(played, everyone),
        "spiral_index": spiral.spiral_index(race, race).value,
        "welfare_loss": welfare.welfare_loss(played),
        "war_rate": metrics.war_rate(subject.drawn),
        "payoff": float(np.mean(payoffs)),
    }
    missing = [float("nan")] * (MOST_STATES - len(payoffs))
    return found | {f"payoff_state_{i}": float(paid) for i, paid in enumerate([*payoffs, *missing])}


MEASUREMENT = Measurement(
    "outcome",
    DEFINITIONS
    | {
        f"payoff_state_{i}": f"mean discounted payoff of state {i} under the prior; an undisturbed peace is worth 1"
        for i in range(MOST_STATES)
    },
    _outcome,
    shares=("at_war",),
)
