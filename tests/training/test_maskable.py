"""PPO that masks what has no effect: the masks are the games', in training and afterwards."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.utils import get_action_masks

from security_dilemma.state import Move
from security_dilemma_training.algorithms.maskable import Masks
from security_dilemma_training.algorithms.policies import Readable, sizes_of
from security_dilemma_training.learners import build_games
from security_dilemma_training.vec_env import GamesVecEnv
from tests.training.learners_for_tests import built, policy_of, tiny

STAGES = {"stages": [[["hold", "strike"], 0.5], [["arm_offensively", "hold"], 0.5]], "max_cycles": 2, "war": "scaled"}
GAMES: list[dict[str, Any]] = [
    {},
    {"action_mode": "discrete"},
    {"n_states": 3},
    {"n_states": 4, "action_mode": "discrete"},
    {"signals": False},
    {"signals": ("pledge",), "n_states": 3, "action_mode": "discrete"},
    {"signals": False, "n_states": 3, "action_mode": "discrete"},
    STAGES,
    STAGES | {"action_mode": "discrete", "reveal_intents": True},
]


@pytest.mark.parametrize("game", GAMES)
def test_masks_follow_from_what_is_observed(game: dict[str, Any]) -> None:
    config = tiny("maskable_ppo", game=game, params={"crisis_rate": 0.5}, learner={"slots": 24})
    games, masks, rng = build_games(config, 200), Masks(config), np.random.default_rng(0)
    observations, seen = games.reset(0), []
    for _ in range(20):
        mask = games.action_mask()
        np.testing.assert_array_equal(masks(observations), mask)
        seen.append(mask)
        sizes = sizes_of(config.game.action_mode, games.n_states)
        actions = [rng.integers(0, size, (200, games.n_states)) for size in sizes]
        observations, *_ = games.step(np.stack(actions, axis=-1))
    assert len(np.unique(np.concatenate(seen).reshape(-1, seen[0].shape[-1]), axis=0)) > 1


@pytest.mark.parametrize("game", GAMES)
def test_a_policy_only_does_what_has_an_effect(game: dict[str, Any]) -> None:
    config = tiny("maskable_ppo", game=game, params={"crisis_rate": 0.5}, learner={"slots": 24})
    policy, games = policy_of(built(config), config), build_games(config, 200)
    assert isinstance(policy, Readable)
    observations, rng = games.reset(0), np.random.default_rng(1)
    sizes = sizes_of(config.game.action_mode, games.n_states)
    for _ in range(8):
        mask, alive = games.action_mask(), games.state.alive
        actions = policy.act(observations, mask, rng)
        allowed = np.split(mask, np.cumsum(sizes)[:-1], axis=-1)
        for k, part in enumerate(allowed):
            done = np.take_along_axis(part, actions[..., k, None], axis=-1)[..., 0]
            assert done[alive].all()
            chances = policy.probabilities(observations)[k]
            np.testing.assert_array_equal(chances[alive] > 0, part[alive])
            np.testing.assert_allclose(chances.sum(axis=-1), 1)
        observations, *_ = games.step(actions)


def test_masks_of_all_slots_come_at_once() -> None:
    config = tiny("maskable_ppo", game={"n_states": 3}, params={"crisis_rate": 0.5})
    env = GamesVecEnv(build_games(config, config.n_games))
    env.reset()
    for _ in range(10):
        together = get_action_masks(env)
        np.testing.assert_array_equal(together, [slot.action_masks() for slot in env.slots])
        np.testing.assert_array_equal(env.env_method("action_masks", indices=[5, 2]), together[[5, 2]])
        env.step(np.array([env.action_space.sample() for _ in range(env.num_envs)]))


def test_the_learner_never_tries_what_has_no_effect_and_learns_nothing_from_the_eliminated() -> None:
    config = tiny("maskable_ppo", game={"n_states": 3}, params={"crisis_rate": 0.9})
    model = built(config)
    assert isinstance(model, MaskablePPO)
    model.learn(192)
    buffer: Any = model.rollout_buffer
    living = (buffer.observations != 0).any(axis=-1)
    assert 0 < living.sum() < 192
    parts = np.split(buffer.action_masks[living], np.cumsum((5, 5, 3))[:-1], axis=-1)
    for k, part in enumerate(parts):
        tried = buffer.actions[living][:, k].astype(int)
        assert (np.take_along_axis(part, tried[:, None], axis=-1) == 1).all()
    assert not buffer.action_masks[~living].any()
    batches = list(buffer.get(50))
    assert sum(len(batch.observations) for batch in batches) == living.sum()
    assert all(bool((batch.observations != 0).any(dim=1).all()) for batch in batches)
    assert all(batch.action_masks.shape == (len(batch.observations), 13) for batch in batches)


@pytest.mark.parametrize("mode", ["multidiscrete", "discrete"])
def test_the_first_policy_strikes_as_told_where_few_moves_are_enabled(mode: str) -> None:
    config = tiny("maskable_ppo", game=STAGES | {"action_mode": mode}, learner={"initial_strike_probability": 0.1})
    policy = policy_of(built(config), config)
    assert isinstance(policy, Readable)
    moves = policy.probabilities(build_games(config, 100).reset(0))[0].reshape(200, len(Move), -1).sum(axis=-1)
    assert moves[:, Move.STRIKE].mean() == pytest.approx(0.1, abs=0.01)
