"""Games of a config, and intents drawn from its prior."""

from __future__ import annotations

import numpy as np

from security_dilemma_training.playing import drawn_intents, play
from tests.training.players import Coin
from tests.training.runs_for_tests import small_config


def test_intents_have_the_shares_of_the_prior_and_are_independent_by_state() -> None:
    config = small_config(game={"n_states": 3}, params={"trust": [0.25, 0.6, 1.0]})
    greedy = drawn_intents(config, 8000, 1)
    assert greedy.sum(axis=0).tolist() == [6000, 3200, 0]
    assert abs(np.corrcoef(greedy[:, 0], greedy[:, 1])[0, 1]) < 0.04
    assert abs(np.corrcoef(greedy[:-1, 0], greedy[1:, 0])[0, 1]) < 0.04
    np.testing.assert_array_equal(greedy, drawn_intents(config, 8000, 1))
    assert (greedy != drawn_intents(config, 8000, 2)).any()


def test_one_game_draws_by_chance() -> None:
    config = small_config(params={"trust": 0.7})
    drawn = np.concatenate([drawn_intents(config, 1, seed) for seed in range(2000)])
    assert abs(drawn.mean() - 0.3) < 0.03


def test_games_are_those_of_the_config() -> None:
    config = small_config(game={"max_cycles": 5, "n_states": 3}, params={"crisis_rate": 0.0})
    played = play(Coin(1.0), config, n_games=7, intents=[1, 0, 0], seed=0)
    assert played.active.shape == (5, 7)
    assert played.greedy.tolist() == [[True, False, False]] * 7
    assert played.truncated.all()
    assert float(np.max(played.params.crisis_rate)) == 0.0
