"""Learned networks as policies: their chance comes from the caller's generator alone."""

from __future__ import annotations

import math
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from stable_baselines3.common.policies import ActorCriticPolicy

from security_dilemma.actions import ActionMode, component_sizes

__all__ = ["ActorCritic", "LearnedPolicy", "Readable", "drawn", "rows_of", "shares", "sizes_of"]


@runtime_checkable
class Readable(Protocol):
    """A policy that remembers nothing and tells how likely it does what."""

    def probabilities(self, observations: NDArray[Any]) -> tuple[NDArray[np.float64], ...]:
        """Return how likely each value of each component of an action is; components are drawn independently.

        Args:
            observations: (..., obs_dim).

        Returns:
            One array (..., size) for each component, in ``discrete`` mode one over all actions.
        """
        ...


class ActorCritic:
    """A trained actor-critic network as a stochastic policy."""

    def __init__(self, network: ActorCriticPolicy | MaskableActorCriticPolicy, mode: ActionMode, n_states: int) -> None:
        """Take over a network and put it into evaluation mode."""
        network.set_training_mode(False)
        self._network, self._mode = network, mode
        self._sizes = sizes_of(mode, n_states)

    def act(self, observations: NDArray[Any], mask: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[Any]:
        """Draw an action for every state of every game.

        Args:
            observations: (n_games, n_states, obs_dim).
            mask: Which actions have their effect; the network was trained without it and does not look at it.
            rng: Source of the draws.

        Returns:
            (n_games, n_states, n_components).
        """
        del mask
        lead, output = observations.shape[:-1], self._output(observations)
        if self._mode == "continuous":
            assert isinstance(self._network, ActorCriticPolicy)
            spread = self._network.log_std.exp().detach().cpu().numpy()
            rates = output + spread * rng.standard_normal(output.shape)
            return np.reshape(np.clip(rates, 0, 1), (*lead, -1))
        return drawn(output, self._sizes, rng).reshape(*lead, -1)

    def _output(self, observations: NDArray[Any]) -> NDArray[Any]:
        """What the network answers: logits, or means in ``continuous`` mode, (rows, outputs)."""
        with torch.no_grad():
            return self._answer(self._latent(rows_of(observations).to(self._network.device)))

    def _latent(self, rows: torch.Tensor) -> torch.Tensor:
        """What the hidden layers make of observations, (rows, obs_dim)."""
        return self._network.mlp_extractor.forward_actor(rows)

    def _answer(self, latent: torch.Tensor) -> NDArray[Any]:
        answer: NDArray[Any] = self._network.action_net(latent).cpu().numpy()
        return answer


class LearnedPolicy(ActorCritic):
    """An actor-critic network that answers to the last observation alone."""

    def probabilities(self, observations: NDArray[Any]) -> tuple[NDArray[np.float64], ...]:
        """Return how likely each value of each component of an action is, see :class:`Readable`.

        Raises:
            ValueError: If the action mode is continuous, where an action has a density.
        """
        if self._mode == "continuous":
            raise ValueError("action_mode = 'continuous' has densities: use 'multidiscrete' or 'discrete'")
        parts = shares(self._output(observations), self._sizes)
        return tuple(part.reshape(*observations.shape[:-1], -1) for part in parts)


def drawn(scores: NDArray[Any], sizes: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw each component of an action in proportion to ``exp(score)``, by the Gumbel-max trick (Maddison et al. 2014).

    Args:
        scores: (rows, sum of sizes).
        sizes: Number of values of each component.
        rng: Source of the draws.

    Returns:
        (rows, components).
    """
    parts = _parts(scores + rng.gumbel(size=scores.shape), sizes)
    return np.stack([part.argmax(axis=-1) for part in parts], axis=-1)


def shares(scores: NDArray[Any], sizes: tuple[int, ...]) -> list[NDArray[np.float64]]:
    """Return the probabilities with which :func:`drawn` draws each value of each component."""
    odds = [np.exp(part - part.max(axis=-1, keepdims=True)) for part in _parts(scores.astype(float), sizes)]
    return [part / part.sum(axis=-1, keepdims=True) for part in odds]


def _parts(scores: NDArray[Any], sizes: tuple[int, ...]) -> list[NDArray[Any]]:
    """The scores of each component."""
    return np.split(scores, np.cumsum(sizes)[:-1], axis=-1)


def rows_of(observations: NDArray[Any]) -> torch.Tensor:
    """Return observations (..., obs_dim) as rows, (rows, obs_dim) float32."""
    return torch.as_tensor(np.ascontiguousarray(observations, np.float32).reshape(-1, observations.shape[-1]))


def sizes_of(mode: ActionMode, n_states: int) -> tuple[int, ...]:
    """Return the number of values of each component of a discrete action; one component in ``discrete`` mode."""
    sizes = component_sizes(n_states)
    return (math.prod(sizes),) if mode == "discrete" else sizes
