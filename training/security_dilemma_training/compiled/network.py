"""The network of the compiled learner: that of stable-baselines3's ``MlpPolicy``, layer by layer and draw by draw.

Both paths leave the same policy file: :func:`as_torch` gives the weights by the names that PyTorch has for them, and
:func:`from_torch` takes them from there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from numpy.typing import NDArray

from security_dilemma.arrays import Array

__all__ = ["ActorCritic", "as_torch", "from_torch", "with_initial_options"]

ACTIVATIONS = {"tanh": nn.tanh, "relu": nn.relu}
HIDDEN_GAIN, ACTION_GAIN, VALUE_GAIN = math.sqrt(2), 0.01, 1.0
"""Gains of the orthogonal weights that a network starts with."""


def _dense(width: int, gain: float) -> nn.Dense:
    return nn.Dense(width, kernel_init=nn.initializers.orthogonal(gain))


class ActorCritic(nn.Module):  # type: ignore[misc]
    """A policy and a value, each with hidden layers of its own; orthogonal weights (Saxe et al. 2014), no biases.

    Attributes:
        hidden_sizes: Widths of the hidden layers.
        activation: ``tanh`` or ``relu``.
        outputs: Logits of the policy.
    """

    hidden_sizes: tuple[int, ...]
    activation: str
    outputs: int

    def setup(self) -> None:
        """Make the layers."""
        self.policy_layers = [_dense(width, HIDDEN_GAIN) for width in self.hidden_sizes]
        self.value_layers = [_dense(width, HIDDEN_GAIN) for width in self.hidden_sizes]
        self.action_net = _dense(self.outputs, ACTION_GAIN)
        self.value_net = _dense(1, VALUE_GAIN)

    def policy(self, observations: Array) -> Array:
        """Return logits, (..., outputs), of observations (..., obs_dim)."""
        return self.action_net(self._through(self.policy_layers, observations))

    def value(self, observations: Array) -> Array:
        """Return values, (...), of observations (..., obs_dim)."""
        return self.value_net(self._through(self.value_layers, observations))[..., 0]

    def __call__(self, observations: Array) -> tuple[Array, Array]:
        """Return logits and values."""
        return self.policy(observations), self.value(observations)

    def _through(self, layers: list[nn.Dense], x: Array) -> Array:
        for layer in layers:
            x = ACTIVATIONS[self.activation](layer(x))
        return x


def with_initial_options(
    weights: Any, strikes: tuple[slice, float] | None, initial_value: float | None
) -> dict[str, Any]:
    """Return fresh weights with the named options of the learner.

    Args:
        weights: Of :class:`ActorCritic`.
        strikes: Which logits are those of striking, and what their biases are; None: none.
        initial_value: What the critic expects of every state; None: what its random weights say.
    """
    layers = dict(weights["params"])
    if strikes is not None:
        which, log_odds = strikes
        head = layers["action_net"]
        layers["action_net"] = head | {"bias": head["bias"].at[which].set(log_odds)}
    if initial_value is not None:
        layers["value_net"] = jax.tree.map(jnp.zeros_like, layers["value_net"])
        layers["value_net"]["bias"] = layers["value_net"]["bias"] + initial_value
    return {"params": layers}


def as_torch(weights: Any) -> dict[str, NDArray[np.float32]]:
    """Return the weights of one network by the names and in the layout of stable-baselines3's ``ActorCriticPolicy``."""
    layers: Mapping[str, Any] = weights["params"]
    found: dict[str, NDArray[np.float32]] = {}
    for name, layer in layers.items():
        part, _, place = name.rpartition("_layers_")
        ours = f"mlp_extractor.{part}_net.{2 * int(place)}" if part else name
        found[f"{ours}.weight"] = np.array(np.asarray(layer["kernel"]).T, order="C")
        found[f"{ours}.bias"] = np.array(layer["bias"])
    return found


def from_torch(found: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Return the weights of :class:`ActorCritic` of which :func:`as_torch` gives these."""
    layers: dict[str, dict[str, NDArray[np.float32]]] = {}
    for name, value in found.items():
        layer, _, kind = name.rpartition(".")
        part, _, place = layer.removeprefix("mlp_extractor.").rpartition("_net.")
        ours = f"{part}_layers_{int(place) // 2}" if part and place.isdecimal() else layer
        entry = {"kernel": value.T} if kind == "weight" else {kind: value}
        layers.setdefault(ours, {}).update({name: np.array(array, np.float32) for name, array in entry.items()})
    return {"params": layers}
