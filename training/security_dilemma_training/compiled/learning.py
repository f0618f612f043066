"""Learning of the compiled path: proximal policy optimisation (Schulman et al. 2017) as stable-baselines3 does it.

Advantages are generalised (Schulman et al. 2016); the reward of a step that the time limit cuts off is bootstrapped
with the value of what was seen last. Steps of eliminated states do not count.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from security_dilemma.arrays import Array
from security_dilemma_training.compiled.network import ActorCritic
from security_dilemma_training.compiled.rollout import Steps, chances
from security_dilemma_training.learner_sections import PPOConfig

__all__ = ["Batch", "Rates", "advantages", "gradient_steps", "optimizer", "shuffled"]

ADAM_EPSILON, NORMAL_EPSILON = 1e-5, 1e-8
"""What keeps Adam's and the advantages' divisions away from 0, as in stable-baselines3."""

ROWS_IN_CACHE = 1024
"""Rows whose gradient a processor takes at once: their activations stay in its second-level cache."""


class Batch(NamedTuple):
    """What is learned from; rows are steps of slots."""

    observation: Array  # (rows, obs_dim)
    action: Array  # (rows, components)
    log_chance: Array  # (rows,), log probability of the action when it was chosen
    advantage: Array  # (rows,)
    target: Array  # (rows,), what the value should have been
    living: Array  # (rows,) bool


class Rates(NamedTuple):
    """What falls over a training."""

    learning_rate: Array  # ()
    entropy_coefficient: Array  # ()


def optimizer(learner: PPOConfig) -> optax.GradientTransformation:
    """Return Adam (Kingma & Ba 2015) on clipped gradients; its step is to be scaled with the learning rate."""
    return optax.chain(optax.clip_by_global_norm(learner.max_grad_norm), optax.scale_by_adam(eps=ADAM_EPSILON))


def advantages(steps: Steps, values: Array, late_values: Array, last: Array, gamma: Array, weight: float) -> Array:
    """Return generalised advantages, (T, slots).

    Args:
        steps: The steps.
        values: (T, slots), of what was seen in each step.
        late_values: (T, slots), of what was seen last; counts where the time limit cut off.
        last: (slots,), values of what is seen after the last step.
        gamma: The discount.
        weight: λ, weight of later steps.
    """
    reward = steps.reward + gamma * jnp.where(steps.late, late_values, 0)
    going_on = 1 - steps.done.astype(reward.dtype)

    def back(carry: tuple[Array, Array], row: tuple[Array, Array, Array]) -> tuple[tuple[Array, Array], Array]:
        later, following = carry
        reward, value, going_on = row
        gain = reward + gamma * following * going_on - value + gamma * weight * going_on * later
        return (gain, value), gain

    _, gains = jax.lax.scan(back, (jnp.zeros_like(last), last), (reward, values, going_on), reverse=True)
    return gains


def shuffled(key: Array, rows: int) -> Array:
    """Return the numbers from 0 to ``rows`` - 1 in random order.

    Random high bits are sorted with the number itself in the low ones, which is many times faster than sorting pairs.
    Every row is as likely in every batch; among rows that draw the same high bits the order is theirs.
    """
    low = max(rows - 1, 1).bit_length()
    own = jnp.arange(rows, dtype=jnp.uint32)
    high = (jax.random.bits(key, (rows,), jnp.uint32) >> low) << low
    return jnp.sort(high | own, stable=False) & jnp.uint32((1 << low) - 1)


def gradient_steps(
    network: ActorCritic,
    learner: PPOConfig,
    sizes: tuple[int, ...],
    learned: tuple[Any, Any],
    data: Batch,
    rates: Rates,
    key: Array,
) -> tuple[tuple[Any, Any], dict[str, Array]]:
    """Make all gradient steps of an update.

    Args:
        network: The network.
        learner: Its options.
        sizes: Number of values of each component of an action.
        learned: Weights, and the state of the optimizer.
        data: All rows; their number is a multiple of the batch size.
        rates: Of this update.
        key: Of ``jax.random``.

    Returns:
        Weights and optimizer afterwards, and the mean of each scalar over the gradient steps.
    """
    rows, rule = data.advantage.shape[0], optimizer(learner)

    def one(learned: tuple[Any, Any], batch: Batch) -> tuple[tuple[Any, Any], dict[str, Array]]:
        weights, state = learned
        gradient, scalars = _slope(network, learner, sizes, weights, batch, rates.entropy_coefficient)
        step, state = rule.update(gradient, state)
        weights = optax.apply_updates(weights, jax.tree.map(lambda x: -rates.learning_rate * x, step))
        return (weights, state), scalars

    def epoch(learned: tuple[Any, Any], key: Array) -> tuple[tuple[Any, Any], dict[str, Array]]:
        order = shuffled(key, rows)
        batches = jax.tree.map(lambda x: jnp.reshape(x[order], (-1, learner.batch_size, *x.shape[1:])), data)
        learned, scalars = jax.lax.scan(one, learned, batches)
        return learned, scalars

    (weights, state), scalars = jax.lax.scan(epoch, learned, jax.random.split(key, learner.n_epochs))
    return (weights, state), {name: jnp.mean(values) for name, values in scalars.items()}


def _slope(
    network: ActorCritic,
    learner: PPOConfig,
    sizes: tuple[int, ...],
    weights: Any,
    batch: Batch,
    entropy_coefficient: Array,
) -> tuple[Any, dict[str, Array]]:
    """The gradient of a batch's loss, added up over parts that the processor's cache holds, and its scalars."""
    count = jnp.maximum(jnp.sum(batch.living), 1).astype(jnp.float32)
    if learner.normalize_advantage:
        batch = batch._replace(advantage=_normalised(batch.advantage, batch.living, count))
    parts = _parts_of(learner.batch_size)
    loss = _loss(network, learner, sizes)
    slope = jax.grad(lambda weights, part: loss(weights, part, entropy_coefficient, count), has_aux=True)

    def add(total: tuple[Any, Any], part: Batch) -> tuple[tuple[Any, Any], None]:
        return jax.tree.map(jnp.add, total, slope(weights, part)), None

    shape = jax.eval_shape(slope, weights, batch)
    nothing = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shape)
    split = jax.tree.map(lambda x: jnp.reshape(x, (parts, -1, *x.shape[1:])), batch)
    (gradient, scalars), _ = jax.lax.scan(add, nothing, split)
    return gradient, scalars


def _parts_of(batch_size: int) -> int:
    """The least number of equal parts of a batch that fit into the processor's cache; accelerators take it whole."""
    if jax.default_backend() != "cpu":
        return 1
    return next(n for n in range(1, batch_size + 1) if batch_size % n == 0 and batch_size // n <= ROWS_IN_CACHE)


def _normalised(gain: Array, living: Array, count: Array) -> Array:
    """Advantages of mean 0 and standard deviation 1 over the living of a batch."""
    centred = gain - jnp.sum(jnp.where(living, gain, 0)) / count
    variance = jnp.sum(jnp.where(living, centred**2, 0)) / jnp.maximum(count - 1, 1)
    return centred / (jnp.sqrt(variance) + NORMAL_EPSILON)


def _loss(
    network: ActorCritic, learner: PPOConfig, sizes: tuple[int, ...]
) -> Callable[[Any, Batch, Array, Array], tuple[Array, dict[str, Array]]]:
    """What a part of a batch of ``count`` living rows adds to the batch's loss, and to its scalars."""
    clip = learner.clip_range

    def loss(weights: Any, part: Batch, entropy_coefficient: Array, count: Array) -> tuple[Array, dict[str, Array]]:
        def mean(x: Array) -> Array:
            return jnp.sum(jnp.where(part.living, x, 0)) / count

        logits, values = network.apply(weights, part.observation)
        log_chance, entropy = chances(logits, part.action, sizes)
        log_ratio = log_chance - part.log_chance
        ratio, gain = jnp.exp(log_ratio), part.advantage
        policy_loss = -mean(jnp.minimum(gain * ratio, gain * jnp.clip(ratio, 1 - clip, 1 + clip)))
        value_loss = mean((part.target - values) ** 2)
        entropy_loss = -mean(entropy)
        total = policy_loss + entropy_coefficient * entropy_loss + learner.value_coefficient * value_loss
        return total, {
            "loss": total,
            "policy_gradient_loss": policy_loss,
            "value_loss": value_loss,
            "entropy_loss": entropy_loss,
            "approx_kl": mean(ratio - 1 - log_ratio),
            "clip_fraction": mean((jnp.abs(ratio - 1) > clip).astype(jnp.float32)),
        }

    return loss
