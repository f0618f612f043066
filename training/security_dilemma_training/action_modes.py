"""Policies of one action mode in games of another: strategies among continuous learners, and the like.

What stands between them is ``multidiscrete``. Flattening and unflattening lose nothing. As rates, a move is all or
nothing: it builds, disarms or strikes with rate 1, and a strike of rate 1 is certain, so that every move is played
exactly; of the signals only burnt costs have a rate, all others are silent, and nobody is supported.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from security_dilemma.actions import ActionMode, component_sizes
from security_dilemma.state import ARM_DEFENSIVELY, ARM_OFFENSIVELY, BURN, DISARM, STRIKE, Move, Signal
from security_dilemma_training.policies import Bools, Floats, Policy, memory_of, remind, restart

__all__ = ["Around", "InMode", "in_mode", "mode_fault"]

RATES = (ARM_OFFENSIVELY, ARM_DEFENSIVELY, DISARM)
"""The moves behind the first three rates of a continuous action."""


def mode_fault(theirs: ActionMode, ours: ActionMode) -> str | None:
    """Return why a policy of one mode cannot play games of another, or None if it can."""
    if theirs == "continuous" != ours:
        return f"sends rates (action_mode = 'continuous'): these games have action_mode = {ours!r}"
    return None


def in_mode(policy: Policy, theirs: ActionMode, ours: ActionMode, n_states: int) -> Policy:
    """Return a policy of games of mode ``ours`` that plays as ``policy`` does in mode ``theirs``.

    Raises:
        ValueError: If rates would have to become moves.
    """
    fault = mode_fault(theirs, ours)
    if fault:
        raise ValueError(fault)
    return policy if theirs == ours else InMode(policy, theirs, ours, n_states)


class Around:
    """What stands around a policy: it remembers what the policy does, and nothing else."""

    def __init__(self, policy: Policy) -> None:
        """Stand around ``policy``."""
        self._policy = policy

    def restart(self, n_games: int, which: NDArray[np.integer] | None = None) -> None:
        """Let the policy forget."""
        restart(self._policy, n_games, which)

    def memory_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what the policy remembers."""
        return memory_of(self._policy)

    def remember(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Let the policy go on from :meth:`memory_arrays`."""
        remind(self._policy, arrays)


class InMode(Around):
    """A policy of one action mode in games of another, see the module."""

    def __init__(self, policy: Policy, theirs: ActionMode, ours: ActionMode, n_states: int) -> None:
        """Adapt ``policy``, which sends ``theirs``, to games that take ``ours``."""
        super().__init__(policy)
        self._theirs, self._ours = theirs, ours
        self._sizes = component_sizes(n_states)

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        """Return the actions of all states, see :class:`security_dilemma_training.trajectories.Policy`."""
        actions = self._policy.act(observations, self._mask(mask, observations), rng)
        if self._theirs == "discrete":
            actions = np.stack(np.unravel_index(actions[..., 0], self._sizes), axis=-1)
        if self._ours == "discrete":
            flat: NDArray[Any] = np.ravel_multi_index(tuple(np.moveaxis(actions, -1, 0)), self._sizes)
            return flat[..., None]
        return _rates(actions) if self._ours == "continuous" else actions

    def _mask(self, mask: Bools, observations: Floats) -> Bools:
        """The mask as the policy's own games would have it."""
        if self._ours == "discrete":
            mask = _parts(mask, self._sizes)
        elif self._ours == "continuous":
            mask = _of_rates(mask, (observations != 0).any(axis=-1), self._sizes)
        return _product(mask, self._sizes) if self._theirs == "discrete" else mask


def _rates(actions: NDArray[Any]) -> NDArray[np.float32]:
    """Moves and signals, (..., components), as rates, (..., 5)."""
    moves, signals = actions[..., 0], actions[..., 1]
    flags = [*(moves == move for move in RATES), signals == BURN, moves == STRIKE]
    return np.stack(flags, axis=-1).astype(np.float32)


def _parts(product: Bools, sizes: tuple[int, ...]) -> Bools:
    """From (..., number of actions) to (..., sum of sizes): a value is allowed if it is in some allowed action."""
    whole = product.reshape(*product.shape[:-1], *sizes)
    axes = range(-len(sizes), 0)
    return np.concatenate([whole.any(axis=tuple(a for a in axes if a != axis)) for axis in axes], axis=-1)


def _product(parts: Bools, sizes: tuple[int, ...]) -> Bools:
    """From (..., sum of sizes) to (..., number of actions): the reverse of :func:`_parts`."""
    whole, *rest = np.split(parts, np.cumsum(sizes)[:-1], axis=-1)
    for part in rest:
        whole = (whole[..., None] & part[..., None, :]).reshape(*whole.shape[:-1], -1)
    assert whole.shape[-1] == prod(sizes)
    return whole


def _of_rates(flags: Bools, living: Bools, sizes: tuple[int, ...]) -> Bools:
    """From the flags of rates, (..., 5), to (..., sum of sizes); the living may hold and be silent at any time."""
    parts = [np.zeros((*flags.shape[:-1], size), bool) for size in sizes]
    for part in parts:
        part[..., 0] = living
    for place, move in enumerate(RATES):
        parts[0][..., move] = flags[..., place]
    parts[0][..., Move.STRIKE] = flags[..., 4]
    parts[1][..., Signal.BURN] = flags[..., 3]
    return np.concatenate(parts, axis=-1)
