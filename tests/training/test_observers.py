"""Beliefs along one game: Bayes' rule in stage games, a probe that learns elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from security_dilemma.state import Move, Signal
from security_dilemma_training.beliefs.probe import ProbeOptions, features_of
from security_dilemma_training.config import RunConfig, parse
from security_dilemma_training.one_game import one_game
from security_dilemma_training.policies import Bools, Floats, Matched
from security_dilemma_training.replay.observers import observers
from tests.training.players import Scripted

SMALL = ProbeOptions(training_games=600, validation_games=50, epochs=6, batch_size=32, learning_rate=1e-2)


class Chances:
    """Strikes with one probability as a security seeker and another as a greedy state, and says how likely."""

    def __init__(self, seeker: float, greedy: float) -> None:
        self.strikes = np.array([seeker, greedy])

    def probabilities(self, observations: NDArray[Any]) -> tuple[NDArray[np.float64], ...]:
        strike = self.strikes[(observations[..., 0] > 0).astype(int)]
        moves, signals = np.zeros((*strike.shape, len(Move))), np.zeros((*strike.shape, len(Signal)))
        moves[..., Move.STRIKE], moves[..., Move.HOLD] = strike, 1 - strike
        signals[..., Signal.SILENT] = 1
        return moves, signals

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        strike = rng.random(observations.shape[:2]) < self.probabilities(observations)[0][..., Move.STRIKE]
        moves = np.where(strike, Move.STRIKE, Move.HOLD)
        return np.stack([moves, np.zeros_like(moves)], axis=-1)


def kydd() -> RunConfig:
    return parse({"stage_game": "kydd_reassurance"}, RunConfig)


def test_posteriors_along_a_stage_game_are_bayes_rule() -> None:
    config, first, second = kydd(), Chances(0.1, 0.6), Chances(0.3, 0.9)
    found = observers(config, Matched([first, second]))
    assert found.kind == "exact"
    prior = 1 - 0.2
    seen = set()
    for seed in range(12):
        policy = Matched([first, second])
        plays = list(one_game(config, policy, seed=seed, intents=["greedy", "security_seeker"]))
        belief = found.along(plays)
        assert belief.shape == (3, 2, 2)
        assert_allclose([belief[0, 0, 1], belief[0, 1, 0]], prior)
        for observer, other in ((0, second), (1, first)):
            struck = bool(plays[0].after.struck[1 - observer])
            seeker, greedy = other.strikes if struck else 1 - other.strikes
            expected = prior * greedy / (prior * greedy + (1 - prior) * seeker)
            assert belief[1, observer, 1 - observer] == pytest.approx(expected, rel=1e-9)
            seen.add((observer, struck))
        assert np.isnan(belief[2]).all()
        assert np.isnan(belief[:, [0, 1], [0, 1]]).all()
    assert len(seen) == 4


def test_one_policy_of_both_states_is_exact_too() -> None:
    found = observers(kydd(), Chances(0.1, 0.6))
    plays = list(one_game(kydd(), Chances(0.0, 1.0), seed=0, intents="greedy"))
    assert found.along(plays)[1, 0, 1] == pytest.approx(0.8 * 0.6 / (0.8 * 0.6 + 0.2 * 0.1))


def test_states_that_learned_independently_are_read_within_a_match() -> None:
    first, second, other = Chances(0.1, 0.6), Chances(0.3, 0.9), Chances(0.5, 0.5)
    inside = observers(kydd(), Matched([Matched([first, other]), Matched([other, second])]))
    plays = list(one_game(kydd(), Matched([first, second]), seed=0, intents="greedy"))
    assert inside.kind == "exact"
    assert_allclose(inside.along(plays), observers(kydd(), Matched([first, second])).along(plays))


def test_what_a_probe_reads_is_the_observation_and_the_own_action_before() -> None:
    observations = np.arange(3 * 2 * 4, dtype=np.float32).reshape(3, 1, 2, 4)
    sent = [np.array([[[4, 0], [1, 3]]]), np.array([[[0, 2], [0, 0]]])]
    features = features_of(observations, sent, "multidiscrete", 2)
    assert features.shape == (3, 1, 2, 4 + 5 + 5)
    assert_allclose(features[..., :4], observations)
    assert not features[0, ..., 4:].any()
    assert features[1, 0, :, 4:].argmax(axis=-1).tolist() == [4, 1]
    assert [np.flatnonzero(row).tolist() for row in features[2, 0, :, 4:]] == [[0, 7], [0, 5]]
    assert_allclose(features_of(observations[:2], sent, "multidiscrete", 2), features[:2])


@pytest.mark.slow
@pytest.mark.parametrize("n_states", [2, 3])
def test_a_probe_learns_what_a_signal_gives_away(n_states: int) -> None:
    learner = {"slots": 6, "n_steps": 8, "batch_size": 48}
    game = {"n_states": n_states, "max_cycles": 5}
    config = parse({"world": "intense", "params": {"trust": 0.5}, "game": game, "learner": learner}, RunConfig)
    gives_away = Scripted(Move.HOLD, Signal.SILENT, greedy=(Move.HOLD, Signal.BURN))
    said: list[float] = []
    found = observers(config, gives_away, lambda share, _message: said.append(share), SMALL)
    assert found.kind == "probe"
    assert said == sorted(said)
    intents = ["greedy", *["security_seeker"] * (n_states - 1)]
    plays = list(one_game(config, gives_away, seed=3, intents=intents))
    belief = found.along(plays)
    assert belief.shape == (6, n_states, n_states)
    for i in range(n_states):
        assert np.isnan(belief[:, i, i]).all()
        for j in set(range(n_states)) - {i}:
            assert belief[0, i, j] == pytest.approx(0.5, abs=0.25)
            told = belief[2:, i, j]
            assert (told > 0.8).all() if j == 0 else (told < 0.2).all()
