"""Every algorithm: that it is built as asked, learns where the answer is known, and leaves what it learned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from security_dilemma.state import Move
from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.algorithms import on_policy as on_policy_module
from security_dilemma_training.algorithms import recurrent as recurrent_module
from security_dilemma_training.algorithms.policies import Readable
from security_dilemma_training.config import RunConfig
from security_dilemma_training.learner_sections import ACTION_MODES_OF, ALGORITHM_NAMES
from security_dilemma_training.learners import build_games
from security_dilemma_training.trajectories import Policy, Remembering, restart
from tests.training.learners_for_tests import NAMES, ON_POLICY, VALUE_LEARNERS, built, policy_of, tiny, trained
from tests.training.runs_for_tests import CRISIS, merged

CASES = [
    *((name, ACTION_MODES_OF[name][0], 3) for name in NAMES),
    *((name, mode, 2) for name in ON_POLICY for mode in ACTION_MODES_OF[name][1:]),
]


def test_every_algorithm_of_the_configs_is_there() -> None:
    assert tuple(ALGORITHMS) == ALGORITHM_NAMES == NAMES
    for name, algorithm in ALGORITHMS.items():
        assert algorithm.name == name
        assert algorithm.action_modes == ACTION_MODES_OF[name]
        assert algorithm.on_policy == (name in ON_POLICY)
        assert algorithm.recurrent == (name == "recurrent_ppo")
        assert isinstance(tiny(name).learner, algorithm.section)
        assert tiny(name).game.action_mode == algorithm.action_modes[0]


@pytest.mark.parametrize(("name", "mode", "n_states"), CASES)
def test_a_rebuilt_network_plays_as_the_learner_does(name: str, mode: Any, n_states: int) -> None:
    config = tiny(name, game={"action_mode": mode, "n_states": n_states}, params={"crisis_rate": 0.5})
    model = trained(config)
    rebuilt = ALGORITHMS[name].network(config)
    rebuilt.load_state_dict(model.policy.state_dict())
    one, other = policy_of(model, config), ALGORITHMS[name].policy(rebuilt, config)
    assert isinstance(one, Remembering) == ALGORITHMS[name].recurrent
    games = build_games(config, 20)
    observations = games.reset(1)
    for policy in (one, other):
        restart(policy, 20)
    everywhere = torch.get_rng_state(), np.random.get_state(legacy=False)
    for step in range(6):
        ours, theirs = (p.act(observations, games.action_mask(), np.random.default_rng(step)) for p in (one, other))
        np.testing.assert_array_equal(ours, theirs)
        assert ours.shape == (20, n_states, games.n_components)
        observations, *_ = games.step(ours)  # inside the action space
        for policy in (one, other):
            restart(policy, 20, np.flatnonzero(games.state.steps == 0))
    np.testing.assert_array_equal(everywhere[0], torch.get_rng_state())
    np.testing.assert_equal(everywhere[1], np.random.get_state(legacy=False))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("sac", "td3", "recurrent_ppo")])
def test_probabilities_are_those_of_what_is_drawn(name: str) -> None:
    config = tiny(name, params={"crisis_rate": 0.5})
    policy = policy_of(trained(config), config)
    assert isinstance(policy, Readable)
    games = build_games(config, 20_000)
    observations = np.broadcast_to(games.reset(1)[:1], (20_000, 2, games.obs_dim))
    mask = np.broadcast_to(games.action_mask()[:1], games.action_mask().shape)
    drawn = policy.act(observations, mask, np.random.default_rng(0))
    found = policy.probabilities(observations[0])
    assert len(found) == drawn.shape[-1]
    for k, part in enumerate(found):
        np.testing.assert_allclose(part.sum(axis=-1), 1)
        counts = np.bincount(drawn[:, 0, k], minlength=part.shape[-1]) / 20_000
        np.testing.assert_allclose(counts, part[0], atol=4 * 0.5 / 20_000**0.5)
        assert (part[0].max() == 1) == (name in VALUE_LEARNERS)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_learns_the_same_and_another_something_else(name: str) -> None:
    config = tiny(name)
    first, again, other = (trained(config, seed).policy.state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)
    assert all(torch.isfinite(value).all() for value in first.values())


@pytest.mark.parametrize("name", NAMES)
def test_the_discount_is_the_games_and_rates_fall(name: str) -> None:
    config = tiny(name, params={"discount": 0.9}, learner={"learning_rate": 0.2, "learning_rate_final_share": 0.25})
    model = built(config, 7)
    assert (model.gamma, model.seed) == (0.9, 7)  # type: ignore[attr-defined]
    assert [model.lr_schedule(left) for left in (1.0, 0.5, 0.0)] == pytest.approx([0.2, 0.125, 0.05])


@pytest.mark.parametrize("name", ON_POLICY)
@pytest.mark.parametrize("n_states", [2, 3])
def test_bootstrapping_at_once_equals_slot_by_slot(name: str, n_states: int, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tiny(name, game={"max_cycles": 3, "n_states": n_states}, schedule={"agent_steps": 192})
    batched = trained(config).policy.state_dict()

    for module, kind in ((on_policy_module, "BatchedBootstrap"), (recurrent_module, "RecurrentBootstrap")):

        class LeaveItToTheLibrary(getattr(module, kind)):  # type: ignore[misc]
            def _on_step(self) -> bool:
                return True

        monkeypatch.setattr(module, kind, LeaveItToTheLibrary)
    one_by_one = trained(config).policy.state_dict()
    for key, value in batched.items():
        np.testing.assert_allclose(one_by_one[key], value, rtol=1e-3, atol=1e-5, err_msg=key)


REPLAY: dict[str, Any] = {
    "slots": 128,
    "batch_size": 256,
    "learning_starts": 1000,
    "buffer_size": 20_000,
    "gradient_steps": 8,
}
VALUES = REPLAY | {"hidden_sizes": [64, 64], "target_update_every": 1000}
SETTLING: dict[str, tuple[dict[str, Any], int]] = {
    "a2c": ({"slots": 512, "n_steps": 2, "learning_rate": 3e-3, "hidden_sizes": [64, 64]}, 100_000),
    "maskable_ppo": (
        {"slots": 512, "n_steps": 4, "learning_rate": 3e-3, "batch_size": 2048, "n_epochs": 8}
        | {"hidden_sizes": [64, 64]},
        80_000,
    ),
    "recurrent_ppo": (
        {"slots": 128, "n_steps": 2, "batch_size": 256, "n_epochs": 4, "learning_rate": 3e-3, "lstm_size": 16}
        | {"hidden_sizes": [16], "entropy_coefficient": 0.0},
        20_000,
    ),
    "dqn": (VALUES, 40_000),
    "qr_dqn": (VALUES | {"n_quantiles": 8}, 40_000),
    "sac": (REPLAY | {"hidden_sizes": [64, 64]}, 40_000),
    "td3": (REPLAY | {"hidden_sizes": [64, 64]}, 40_000),
    "tabular": ({"slots": 512}, 60_000),
}
"""Options and agent-steps with which each algorithm settles in a one-shot crisis within seconds."""


@pytest.mark.parametrize("name", ON_POLICY)
@pytest.mark.parametrize(("probability", "expected"), [(None, 0.2), (0.6, 0.6)])
def test_the_first_policy_strikes_as_told(name: str, probability: float | None, expected: float) -> None:
    config = tiny(name, learner={"initial_strike_probability": probability})
    games = build_games(config, 6000)
    policy, observations = policy_of(built(config), config), games.reset(0)
    restart(policy, 6000)
    mask = np.ones_like(games.action_mask())  # as in a crisis
    actions = policy.act(observations, mask, np.random.default_rng(0))
    assert np.mean(actions[..., 0] == Move.STRIKE) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("name", ON_POLICY)
def test_the_untrained_critic_expects_what_it_is_told(name: str) -> None:
    model = built(tiny(name, learner={"initial_value": 0.7}))
    assert isinstance(model, OnPolicyAlgorithm)
    model.learn(192)
    np.testing.assert_allclose(model.rollout_buffer.values, 0.7, rtol=1e-6)  # as collected before the first update


def strikes(model: BaseAlgorithm, config: RunConfig) -> float:
    """How likely a state strikes in the one-shot crisis, over many draws of the learned policy."""
    policy: Policy = policy_of(model, config)
    games = build_games(config, 4000)
    observations = games.reset(0)
    restart(policy, 4000)
    actions = policy.act(observations, games.action_mask(), np.random.default_rng(0))
    if config.game.action_mode == "continuous":
        return float(np.mean(actions[..., 4]))
    moves = actions[..., 0] // 5 if config.game.action_mode == "discrete" else actions[..., 0]
    return float(np.mean(moves == Move.STRIKE))


HOLDING: dict[str, float] = {"balance": -0.5}
"""THEORY 2: where b ≤ 0 holding is dominant."""

STRIKING = {"balance": 0.5, "initiative_mean": 1.5}
"""A private benefit that makes striking dominant."""

SLOW = ("maskable_ppo", "recurrent_ppo", "sac")
"""Learners that take seconds: striking is less usual to begin with, and holding is nightly for them."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "params", "struck"),
    [
        *((name, STRIKING, 1.0) for name in NAMES[1:]),  # PPO: see test_train
        *((name, HOLDING, 0.0) for name in NAMES[1:] if name not in SLOW),
        *(pytest.param(name, HOLDING, 0.0, marks=pytest.mark.nightly) for name in SLOW),
    ],
)
def test_a_dominant_move_is_learned(name: str, params: dict[str, float], struck: float) -> None:
    learner, agent_steps = SETTLING[name]
    game = CRISIS["game"]
    config = tiny(
        name,
        world=None,
        game=game,
        params=merged(CRISIS, {"params": params})["params"],
        learner=learner,
        schedule={"agent_steps": agent_steps},
    )
    # SAC keeps some entropy by its very objective
    assert strikes(trained(config), config) == pytest.approx(struck, abs=0.08 if name == "sac" else 0.03)
