"""What simple independent learners make of the stage games whose theory says that they need not settle."""

from __future__ import annotations

import numpy as np
import pytest

from security_dilemma.stage_games import StageGame, stage_game
from security_dilemma.theory import militarization, parity_chance
from security_dilemma_training.theory.independent import IndependentLearners

pytestmark = pytest.mark.slow

SEEKER, GREEDY = 0, 1


def separated(initial_strike: float) -> int:
    """In how many of 20 seeds seekers trust and greedy states strike in the first round of Kydd's reassurance."""
    learners = IndependentLearners(stage_game("kydd_reassurance"), seeds=20, initial_strike=initial_strike)
    first = learners.learn(400)[0].reshape(20, 2, 2)
    return int(np.sum((first[:, :, SEEKER].max(axis=1) < 0.5) & (first[:, :, GREEDY].min(axis=1) > 0.5)))


def test_reassurance_is_found_by_those_who_rarely_strike_at_first() -> None:
    rarely, evenly = separated(0.1), separated(0.5)
    assert (rarely >= 15, evenly <= 1) == (True, True), f"separated in {rarely} and {evenly} of 20 seeds"


def test_armament_circles_around_the_mix() -> None:
    learners = IndependentLearners(stage_game("jackson_morelli"), seeds=8, learning_rate=0.5)
    learners.learn(300)
    policies = []
    for _ in range(16):
        learners.learn(50)
        policies.append(learners.probabilities()[0][:, :, GREEDY])
    mix = militarization(parity_chance(-0.2 + np.log(3.0)), 0.3, 1.0, 0.2)
    average = np.mean(policies, axis=(0, 1, 2))
    assert average == pytest.approx(np.array(mix), abs=0.06)


def offensive_arms(game: StageGame) -> tuple[float, float]:
    """The mean probability of offensive arms in the first stage, of security seekers and of greedy states."""
    learners = IndependentLearners(game, seeds=6)
    learners.learn(300)
    first = learners.probabilities()[0].mean(axis=(0, 1))
    return float(first[SEEKER, 1]), float(first[GREEDY, 1])


def test_warning_that_can_be_read_keeps_states_unarmed() -> None:
    game = stage_game("warning_time")
    surprise = game._replace(stages=(game.stages[0], (game.stages[2][0], 0.95)), signals=game.signals[:2])
    assert max(offensive_arms(game)) < 0.05
    assert offensive_arms(surprise)[1] > 0.9
