"""The parts of the compiled learner, each beside stable-baselines3's own: network, actions, advantages, gradient."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.logger import Logger

from security_dilemma.actions import component_sizes
from security_dilemma.state import Move
from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.algorithms.on_policy import strike_bias
from security_dilemma_training.algorithms.policies import sizes_of
from security_dilemma_training.compiled.learning import (
    Batch,
    Rates,
    advantages,
    gradient_steps,
    optimizer,
    shuffled,
)
from security_dilemma_training.compiled.network import ActorCritic, as_torch, with_initial_options
from security_dilemma_training.compiled.program import Program
from security_dilemma_training.compiled.rollout import Steps, chances, choose
from security_dilemma_training.config import RunConfig
from security_dilemma_training.learner_sections import PPOConfig
from security_dilemma_training.learner_states import load_weights, weights
from tests.training.runs_for_tests import ppo, small_config

pytestmark = pytest.mark.slow


def network_of(config: RunConfig) -> ActorCritic:
    learner = config.learner.narrowed(PPOConfig)
    outputs = sum(sizes_of(config.game.action_mode, config.game.n_states))
    return ActorCritic(learner.hidden_sizes, learner.activation, outputs)


def fresh(config: RunConfig, seed: int = 0) -> Any:
    dims = ppo(config).observation_space.shape
    assert dims is not None
    return network_of(config).init(jax.random.key(seed), jnp.zeros((1, *dims)))


def torch_network(config: RunConfig, found: Any) -> Any:
    network: Any = ALGORITHMS["ppo"].network(config)
    load_weights(network, as_torch(found))
    return network


@pytest.mark.parametrize(
    ("learner", "game"),
    [
        ({}, {}),
        ({"hidden_sizes": [32, 16, 8], "activation": "relu"}, {"action_mode": "discrete"}),
        ({"hidden_sizes": [12]}, {"n_states": 3}),
    ],
)
def test_both_networks_answer_alike(learner: dict[str, Any], game: dict[str, Any]) -> None:
    config = small_config(learner=learner, game=game)
    found = fresh(config)
    network = torch_network(config, found)
    seen = np.random.default_rng(0).normal(size=(50, network.observation_space.shape[0])).astype(np.float32)
    logits, values = network_of(config).apply(found, seen)
    with torch.no_grad():
        latent = network.mlp_extractor(torch.as_tensor(seen))
        np.testing.assert_allclose(logits, network.action_net(latent[0]).numpy(), atol=1e-5)
        np.testing.assert_allclose(values, network.value_net(latent[1]).numpy()[:, 0], atol=1e-5)


def test_both_networks_begin_alike() -> None:
    # orthogonal weights with the same gains: the same singular values, layer by layer
    config = small_config()
    theirs, ours = weights(ppo(config).policy), as_torch(fresh(config, 3))
    assert theirs.keys() == ours.keys()
    for name, value in theirs.items():
        assert value.shape == ours[name].shape
        if name.endswith("bias"):
            assert not value.any()
            assert not ours[name].any()
        else:
            spectra = [np.linalg.svd(x, compute_uv=False) for x in (value, ours[name])]
            np.testing.assert_allclose(spectra[1], spectra[0], atol=1e-5)


@pytest.mark.parametrize("mode", ["multidiscrete", "discrete"])
def test_the_named_options_of_the_start(mode: str) -> None:
    config = small_config(game={"action_mode": mode})
    found = with_initial_options(fresh(config), strike_bias(config, 0.05), -0.5)
    network = network_of(config)
    seen = np.zeros((3, ppo(config).observation_space.shape[0]), np.float32)  # type: ignore[index]
    logits, values = network.apply(found, seen)
    np.testing.assert_allclose(values, -0.5)
    shares = jax.nn.softmax(logits[0, :5] if mode == "multidiscrete" else logits[0])
    assert float(jnp.sum(jnp.reshape(shares, (5, -1))[Move.STRIKE])) == pytest.approx(0.05, abs=1e-6)


def test_actions_are_drawn_in_proportion() -> None:
    sizes = component_sizes(3)
    logits = jnp.tile(jnp.linspace(-2, 1, sum(sizes)), (40_000, 1))
    action, log_chance = choose(logits, sizes, jax.random.key(0))
    log_shares = [np.asarray(jax.nn.log_softmax(part)) for part in np.split(np.asarray(logits[0]), [5, 10])]
    for place, logs in enumerate(log_shares):
        counted = np.bincount(np.asarray(action[:, place]), minlength=sizes[place]) / len(action)
        np.testing.assert_allclose(counted, np.exp(logs), atol=0.012)
    expected = sum(logs[np.asarray(action[:, place])] for place, logs in enumerate(log_shares))
    np.testing.assert_allclose(log_chance, expected, atol=1e-5)
    pairs = np.asarray(action[:, 0]) * 10 + np.asarray(action[:, 1])  # components are independent
    joint = np.bincount(pairs, minlength=50).reshape(5, 10)[:, :5] / len(action)
    np.testing.assert_allclose(joint, np.outer(*(np.exp(logs) for logs in log_shares[:2])), atol=0.01)


def test_chances_and_entropy_by_hand() -> None:
    logits = jnp.log(jnp.asarray([[0.5, 0.25, 0.25, 0.9, 0.1]]))
    log_chance, entropy = chances(logits, jnp.asarray([[1, 0]]), (3, 2))
    assert float(log_chance[0]) == pytest.approx(np.log(0.25 * 0.9), abs=1e-6)
    by_hand = 0.5 * np.log(2) + 0.5 * np.log(4) - 0.9 * np.log(0.9) - 0.1 * np.log(0.1)
    assert float(entropy[0]) == pytest.approx(by_hand, abs=1e-6)


@pytest.mark.parametrize("rows", [2, 7, 96, 4096])
def test_an_order_has_every_row_once(rows: int) -> None:
    order = np.asarray(shuffled(jax.random.key(rows), rows))
    assert sorted(order.tolist()) == list(range(rows))
    assert not np.array_equal(order, np.asarray(shuffled(jax.random.key(rows + 1), rows))) or rows == 2


def test_every_row_is_as_likely_in_every_batch() -> None:
    orders = np.asarray(jax.vmap(lambda key: shuffled(key, 40))(jax.random.split(jax.random.key(1), 20_000)))
    places = np.argsort(orders, axis=1)
    np.testing.assert_allclose(places.mean(axis=0), 19.5, atol=0.4)  # 5 standard errors of 11.5 / sqrt(20,000)
    first = (places < 10).mean(axis=0)
    np.testing.assert_allclose(first, 0.25, atol=0.016)
    together = ((places[:, 0] < 10) & (places[:, 1] < 10)).mean()
    assert together == pytest.approx(10 / 40 * 9 / 39, abs=0.009)


def some_steps(slots: int, steps: int, dims: int, sizes: tuple[int, ...]) -> tuple[Steps, dict[str, Any]]:
    """Made-up steps, with ends and time limits among them, and values of what was seen."""
    rng = np.random.default_rng(5)
    shape = (steps, slots)
    late = rng.random(shape) < 0.1
    made = Steps(
        observation=rng.normal(size=(*shape, dims)).astype(np.float32),
        action=rng.integers(0, sizes, (*shape, len(sizes))).astype(np.int32),
        log_chance=rng.normal(-2, 0.1, shape).astype(np.float32),
        reward=rng.normal(size=shape).astype(np.float32),
        done=late | (rng.random(shape) < 0.1),
        late=late,
        last_seen=rng.normal(size=(*shape, dims)).astype(np.float32),
        living=np.ones(shape, bool),
    )
    named = {name: rng.normal(size=shape).astype(np.float32) for name in ("values", "late_values")}
    return made, named | {"last": rng.normal(size=slots).astype(np.float32)}


def test_advantages_are_the_librarys() -> None:
    model = ppo(small_config())
    buffer = model.rollout_buffer
    steps, values = some_steps(48, 8, 21, (5, 5))
    starts = np.concatenate([np.zeros((1, 48), bool), steps.done[:-1]])
    for t in range(8):
        paid = steps.reward[t] + model.gamma * np.where(steps.late[t], values["late_values"][t], 0)
        seen = torch.as_tensor(values["values"][t])
        buffer.add(steps.observation[t], steps.action[t], paid, starts[t], seen, torch.as_tensor(steps.log_chance[t]))
    buffer.compute_returns_and_advantage(torch.as_tensor(values["last"]), steps.done[-1])
    found = advantages(steps, **values, gamma=jnp.asarray(model.gamma), weight=model.gae_lambda)
    np.testing.assert_allclose(found, buffer.advantages, atol=1e-5)


def steps_of(
    network: ActorCritic, learner: PPOConfig, sizes: tuple[int, ...], begun: Any, data: Batch, rates: Rates
) -> Any:
    """Gradient steps, compiled."""
    call = jax.jit(lambda begun, data: gradient_steps(network, learner, sizes, begun, data, rates, jax.random.key(0)))
    return call(begun, jax.tree.map(jnp.asarray, data))


def filled(model: PPO, data: Batch) -> None:
    """Let a learner have collected some rows, and be about to learn from them."""
    buffer = model.rollout_buffer
    buffer.observations, buffer.actions = np.asarray(data.observation), np.asarray(data.action, np.float32)
    buffer.log_probs, buffer.advantages, buffer.returns = (
        np.asarray(x) for x in (data.log_chance, data.advantage, data.target)
    )
    buffer.values = np.zeros_like(buffer.returns)
    buffer.full = buffer.generator_ready = True
    model._current_progress_remaining = 1.0
    model.set_logger(Logger(None, []))


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [{}, {"normalize_advantage": False, "activation": "relu", "max_grad_norm": 0.05, "clip_range": 0.05}]
)
def test_gradient_steps_are_the_librarys(options: dict[str, Any]) -> None:
    # with all rows in one batch the order does not matter, and both paths must end at the same weights
    rows, learner = 48 * 8, {"batch_size": 48 * 8, "n_epochs": 5, "learning_rate": 1e-2, "value_coefficient": 0.7}
    config = small_config(learner=learner | options)
    asked, model = config.learner.narrowed(PPOConfig), ppo(config)
    sizes, dims = (5, 5), 21
    made, _ = some_steps(48, 8, dims, sizes)
    rng = np.random.default_rng(6)
    gains, targets = rng.normal(0.3, 2, (2, rows)).astype(np.float32)
    seen, action = (np.reshape(x, (rows, *x.shape[2:])) for x in (made.observation, made.action))
    found = fresh(config)
    logits, _ = network_of(config).apply(found, seen)
    chance = chances(logits, action, sizes)[0] + rng.normal(0, 0.1, rows)
    data = Batch(seen, action, chance, gains, targets, np.ones(rows, bool))
    load_weights(model.policy, as_torch(found))
    filled(model, data)
    model.train()
    rates = Rates(jnp.asarray(asked.learning_rate), jnp.asarray(asked.entropy_coefficient))
    begun = (found, optimizer(asked).init(found))
    (learned, _), scalars = steps_of(network_of(config), asked, sizes, begun, data, rates)
    ours, theirs = as_torch(learned), weights(model.policy)
    moved = max(float(np.abs(value - as_torch(found)[name]).max()) for name, value in theirs.items())
    assert moved > 0.02
    for name, value in theirs.items():
        np.testing.assert_allclose(ours[name], value, atol=2e-4, err_msg=name)
    told = model.logger.name_to_value
    for name in ("policy_gradient_loss", "value_loss", "entropy_loss", "clip_fraction"):
        assert float(scalars[name]) == pytest.approx(told[f"train/{name}"], abs=2e-3), name


@pytest.mark.slow
def test_the_dead_are_not_learned_from() -> None:
    config = small_config(learner={"batch_size": 96, "n_epochs": 1})
    asked, network, sizes = config.learner.narrowed(PPOConfig), network_of(config), (5, 5)
    made, _ = some_steps(48, 8, 21, sizes)
    flat = [np.reshape(x, (384, *x.shape[2:])) for x in (made.observation, made.action, made.log_chance, made.reward)]
    living = np.arange(384) % 3 > 0
    found = fresh(config)
    begun = (found, optimizer(asked).init(found))
    rates = Rates(jnp.asarray(1e-3), jnp.asarray(0.03))

    def learned(filler: float) -> Any:
        rows = [np.where(living.reshape(-1, *[1] * (x.ndim - 1)), x, filler).astype(x.dtype) for x in flat]
        data = Batch(rows[0], rows[1], rows[2], rows[3], rows[3], living)
        return steps_of(network, asked, sizes, begun, data, rates)[0][0]

    for one, other in zip(jax.tree.leaves(learned(0.0)), jax.tree.leaves(learned(3.0)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_rates_fall_as_the_librarys() -> None:
    learner = {"backend": "jax", "learning_rate": 1.0, "learning_rate_final_share": 0.2, "entropy_coefficient": 1.0}
    config = small_config(learner=learner, schedule={"agent_steps": 1000})
    program = Program(config)
    assert (program.rollout, program.updates) == (384, 3)  # rounded up to whole updates
    rates = [program.rates(jnp.asarray(made)) for made in range(3)]
    remaining = [1 - 384 / 1000, 1 - 768 / 1000, 0.0]
    assert [float(r.learning_rate) for r in rates] == pytest.approx([0.2 + 0.8 * x for x in remaining], abs=1e-6)
    started = [1.0, *remaining[:2]]
    assert [float(r.entropy_coefficient) for r in rates] == pytest.approx([0.05 + 0.95 * x for x in started], abs=1e-6)
