"""Learners built from configs, and the policies they leave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3.common.buffers import RolloutBuffer

from security_dilemma.state import Move
from security_dilemma_training.learners import (
    LearnedPolicy,
    LivingRolloutBuffer,
    build_games,
    falling,
    load_policy,
)
from security_dilemma_training.train import train
from tests.training.runs_for_tests import new_run, ppo, silent, small_config


def test_schedules_fall_linearly_to_a_share() -> None:
    schedule = falling(2.0, 0.25)
    assert [schedule(1.0), schedule(0.5), schedule(0.0)] == [2.0, 1.25, 0.5]
    assert schedule(-0.1) == 0.5  # a training that is rounded up to whole updates


@pytest.mark.parametrize("mode", ["multidiscrete", "discrete"])
@pytest.mark.parametrize("n_states", [2, 3])
@pytest.mark.parametrize(("probability", "expected"), [(None, 0.2), (0.05, 0.05), (0.9, 0.9)])
def test_the_first_policy_strikes_as_told(mode: str, n_states: int, probability: float | None, expected: float) -> None:
    learner = {"initial_strike_probability": probability, "slots": 6000, "batch_size": 48000}
    config = small_config(game={"action_mode": mode, "n_states": n_states}, learner=learner)
    model = ppo(config)
    vec_env = model.env
    assert vec_env is not None
    rest = 5 if n_states == 2 else 15
    bias = model.policy.action_net.get_parameter("bias").detach()
    moves_bias = bias.reshape(5, rest) if mode == "discrete" else bias[:5, None]
    chances = moves_bias.flatten().softmax(0).reshape(moves_bias.shape).sum(dim=1)
    assert float(chances[Move.STRIKE]) == pytest.approx(expected, abs=1e-6)
    others = [float(chances[move]) for move in Move if move is not Move.STRIKE]
    assert others == pytest.approx([(1 - expected) / 4] * 4, abs=1e-6)
    observations = vec_env.reset()
    assert isinstance(observations, np.ndarray)
    actions, _ = model.predict(observations)
    moves = actions // rest if mode == "discrete" else actions[:, 0]
    assert np.mean(moves == Move.STRIKE) == pytest.approx(expected, abs=0.025)


@pytest.mark.parametrize("value", [-0.5, 0.0, 0.5])
def test_the_untrained_critic_expects_what_it_is_told(value: float) -> None:
    config = small_config(learner={"initial_value": value})
    model = ppo(config)
    vec_env = model.env
    assert vec_env is not None
    with torch.no_grad():
        expected = model.policy.predict_values(torch.as_tensor(vec_env.reset()))
    np.testing.assert_allclose(expected, value)
    model.learn(4 * 384)
    with torch.no_grad():
        learned = model.policy.predict_values(torch.as_tensor(vec_env.reset()))
    assert float(learned.std()) > 0  # it learns from there, and tells states apart


def test_options_reach_the_learner() -> None:
    learner: dict[str, Any] = {"hidden_sizes": [16, 8], "activation": "relu", "gae_lambda": 0.9, "clip_range": 0.1}
    config = small_config(params={"discount": 0.9}, learner=learner)
    model = ppo(config, 3)
    assert (model.gamma, model.gae_lambda, model.n_steps, model.seed) == (0.9, 0.9, 8, 3)
    assert [tuple(layer.shape) for name, layer in model.policy.mlp_extractor.policy_net.named_parameters()] == [
        (16, 21),
        (16,),
        (8, 16),
        (8,),
    ]
    stages = {"max_cycles": 2, "stages": [[["hold", "strike"], 0.5], [["hold", "strike"], 0.5]], "war": "scaled"}
    assert small_config(game=stages).gamma == 1.0


def test_eliminated_states_do_not_reach_the_learner() -> None:
    config = small_config(game={"n_states": 3}, params={"crisis_rate": 0.9}, schedule={"agent_steps": 384})
    model = ppo(config)
    batches: list[Any] = []

    class Watched(LivingRolloutBuffer):
        def get(self, batch_size: int | None = None) -> Any:
            for batch in super().get(batch_size):
                batches.append(batch)
                yield batch

    model.rollout_buffer.__class__ = Watched
    model.learn(384)
    buffer = model.rollout_buffer
    assert isinstance(buffer, RolloutBuffer)
    living = int((buffer.observations != 0).any(axis=-1).sum())
    assert 0 < living < 384
    seen = sum(len(batch.observations) for batch in batches)
    assert seen == 2 * living  # two epochs
    assert all(bool((batch.observations != 0).any(dim=1).all()) for batch in batches)
    assert max(len(batch.observations) for batch in batches) <= 96


@pytest.mark.parametrize("mode", ["multidiscrete", "discrete", "continuous"])
def test_a_loaded_policy_plays_as_the_learner_did(tmp_path: Path, mode: str) -> None:
    config = small_config(game={"action_mode": mode})
    run = new_run(tmp_path / "run", config)
    train(run, silent)
    policy = load_policy(run)
    games = build_games(config, 3000)
    observations = games.reset(1)
    first = policy.act(observations, games.action_mask(), np.random.default_rng(5))
    again = policy.act(observations, games.action_mask(), np.random.default_rng(5))
    np.testing.assert_array_equal(first, again)
    assert first.shape == (3000, 2, games.n_components)
    games.step(first)  # inside the action space
    model = ppo(config)
    with np.load(run.policy_path) as file:
        state = {name.removeprefix("policy."): torch.as_tensor(file[name]) for name in file.files if name != "meta"}
    model.policy.load_state_dict(state)
    theirs, _ = model.predict(np.ascontiguousarray(observations).reshape(6000, -1))
    ours = first.reshape(6000, -1)
    np.testing.assert_allclose(ours.mean(axis=0), theirs.reshape(6000, -1).mean(axis=0), atol=0.35)


@pytest.mark.parametrize(("mode", "n_states", "sizes"), [("multidiscrete", 3, (5, 5, 3)), ("discrete", 2, (25,))])
def test_probabilities_are_those_of_what_is_drawn(mode: str, n_states: int, sizes: tuple[int, ...]) -> None:
    config = small_config(game={"action_mode": mode, "n_states": n_states})
    games = build_games(config, 20_000)
    model = ppo(config)
    policy = LearnedPolicy(model.policy, config.game.action_mode, n_states)
    observations = np.broadcast_to(games.reset(1)[:1], (20_000, n_states, games.obs_dim))
    found = policy.probabilities(observations)
    assert [part.shape for part in found] == [(20_000, n_states, size) for size in sizes]
    drawn = policy.act(observations, games.action_mask(), np.random.default_rng(0))
    for k, part in enumerate(found):
        np.testing.assert_allclose(part.sum(axis=-1), 1)
        counts = np.bincount(drawn[:, 0, k], minlength=sizes[k]) / 20_000
        np.testing.assert_allclose(counts, part[0, 0], atol=4 * 0.5 / 20_000**0.5)
        assert policy.probabilities(observations[0, 0])[k].shape == (sizes[k],)


def test_a_density_has_no_probabilities() -> None:
    config = small_config(game={"action_mode": "continuous"})
    games = build_games(config, 2)
    model = ppo(config)
    with pytest.raises(ValueError, match="continuous"):
        LearnedPolicy(model.policy, "continuous", 2).probabilities(games.reset(0))
