"""The pooled networks of the compiled learner: those of :mod:`security_dilemma_training.algorithms.pooled`.

Layers have names of which :func:`~security_dilemma_training.compiled.network.as_torch` makes those of PyTorch.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from flax import linen as nn

from security_dilemma.arrays import Array
from security_dilemma_training.algorithms.policies import sizes_of
from security_dilemma_training.algorithms.pooled import FIRST, GAINS, NEVER, Layout, encoder_sizes, layout_of
from security_dilemma_training.compiled.network import ActorCritic
from security_dilemma_training.config import RunConfig
from security_dilemma_training.learner_sections import PPOConfig

__all__ = ["PooledActorCritic", "network_of"]


class PooledActorCritic(ActorCritic):
    """A policy and a value over own entries and pooled others, see the module; ``outputs`` follows from the layout.

    Attributes:
        layout: Of observations.
        pooling: ``mean_pooling`` or ``attention``.
    """

    layout: Layout
    pooling: str

    def setup(self) -> None:
        """Make the layers."""
        encoding, width = encoder_sizes(self.hidden_sizes), self.hidden_sizes[-1]
        for part in ("policy", "value"):
            for name in ("own", "other"):
                setattr(self, f"{part}_{name}_layers", [_dense(size, "hidden") for size in encoding])
            for name in ("query", "key", "value") if self._attends else ():
                setattr(self, f"{part}_{name}_layers", [_dense(encoding[-1], "hidden")])
            setattr(self, f"{part}_joint_layers", [_dense(width, "hidden")])
        self.pair_layers, self.score_layers = [_dense(width, "hidden")], [_dense(1, "action")]
        self.action_net, self.value_net = _dense(FIRST, "action"), _dense(1, "value")

    def policy(self, observations: Array) -> Array:
        """Return logits, (..., sum of component sizes), of observations (..., obs_dim)."""
        joint, encodings, living = self._trunk("policy", observations)
        first = self.action_net(joint)
        common = jnp.broadcast_to(joint[..., None, :], (*living.shape, joint.shape[-1]))
        scored = self._through(self.pair_layers, jnp.concatenate([common, encodings], axis=-1))
        scores = self.score_layers[0](scored)[..., 0]  # made with two states, too, so that weights are the same
        if self.layout.others == 1:
            return first[..., :-1]
        return jnp.concatenate([first, jnp.where(living, scores, NEVER)], axis=-1)

    def value(self, observations: Array) -> Array:
        """Return values, (...), of observations (..., obs_dim)."""
        return self.value_net(self._trunk("value", observations)[0])[..., 0]

    @property
    def _attends(self) -> bool:
        return self.pooling == "attention"

    def _trunk(self, part: str, rows: Array) -> tuple[Array, Array, Array]:
        """What own entries and pooled others make together, the encodings of the others, and who of them is alive."""
        own, about = rows[..., : self.layout.own], rows[..., self.layout.own :]
        about = jnp.reshape(about, (*rows.shape[:-1], self.layout.others, self.layout.about))
        living = about[..., 0] > 0
        mine, encodings = (
            self._through(getattr(self, f"{part}_{name}_layers"), seen)
            for name, seen in (("own", own), ("other", about))
        )
        if self._attends:
            query, keys, values = (
                getattr(self, f"{part}_{name}_layers")[0](x)
                for name, x in (("query", mine), ("key", encodings), ("value", encodings))
            )
            likeness = jnp.sum(query[..., None, :] * keys, axis=-1) / math.sqrt(keys.shape[-1])
            shares = jax.nn.softmax(jnp.where(living, likeness, NEVER), axis=-1) * living
            pooled = jnp.sum(shares[..., None] * values, axis=-2)
        else:
            count = jnp.maximum(jnp.sum(living, axis=-1, keepdims=True), 1)
            pooled = jnp.sum(encodings * living[..., None], axis=-2) / count
        joint = self._through(getattr(self, f"{part}_joint_layers"), jnp.concatenate([mine, pooled], axis=-1))
        return joint, encodings, living


def network_of(config: RunConfig) -> ActorCritic:
    """Return the network that a config asks for."""
    learner, game = config.learner.narrowed(PPOConfig), config.game
    shape = (learner.hidden_sizes, learner.activation, sum(sizes_of(game.action_mode, game.n_states)))
    if learner.network == "mlp":
        return ActorCritic(*shape)
    return PooledActorCritic(*shape, layout_of(config), learner.network)


def _dense(width: int, kind: str) -> nn.Dense:
    return nn.Dense(width, kernel_init=nn.initializers.orthogonal(GAINS[kind]))
