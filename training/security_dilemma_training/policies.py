"""Policies: what decides for all states of many games, from what each observes and may remember of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Bools",
    "Floats",
    "Matched",
    "Policy",
    "Remembering",
    "Storable",
    "Watched",
    "memory_of",
    "remind",
    "restart",
]

Bools = NDArray[np.bool_]
Floats = NDArray[np.floating]


class Policy(Protocol):
    """What decides for all states of all games."""

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        """Return actions.

        Args:
            observations: (n_games, n_states, obs_dim) float32; an eliminated state observes zeros.
            mask: (n_games, n_states, …) which actions have their effect; none for an eliminated state.
            rng: The only source of chance.

        Returns:
            (n_games, n_states, n_components); what eliminated states send is ignored.
        """
        ...


@runtime_checkable
class Remembering(Protocol):
    """A policy that remembers what it has seen of each game."""

    def restart(self, n_games: int, which: NDArray[np.integer] | None = None) -> None:
        """Forget everything, or what was seen of the games ``which`` (indices) that have started anew."""
        ...


def restart(policy: Policy, n_games: int, which: NDArray[np.integer] | None = None) -> None:
    """Let a policy forget, see :class:`Remembering`; one that remembers nothing is left alone."""
    if isinstance(policy, Remembering):
        policy.restart(n_games, which)


@runtime_checkable
class Storable(Protocol):
    """A policy that remembers and can say what, so that a training among such policies can be interrupted."""

    def memory_arrays(self) -> dict[str, NDArray[Any]]:
        """Return all that it remembers."""
        ...

    def remember(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go on from :meth:`memory_arrays`."""
        ...


def memory_of(policy: Policy) -> dict[str, NDArray[Any]]:
    """Return what a policy remembers, by name; empty for one that remembers nothing.

    Raises:
        TypeError: If it remembers and cannot say what.
    """
    if isinstance(policy, Storable):
        return policy.memory_arrays()
    if isinstance(policy, Remembering):
        raise TypeError(f"{type(policy).__name__} has restart, but neither memory_arrays nor remember")
    return {}


def remind(policy: Policy, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Let a policy go on from what :func:`memory_of` returned."""
    if isinstance(policy, Storable):
        policy.remember(arrays)


class Matched:
    """A match: state i of every game is played by the i-th policy, or every state by the policy of its seat.

    Every policy is given the observations of all states, as always, and decides for all of them, but only what it
    decides for its own states is done. One that plays several states acts once for them all.
    """

    def __init__(self, policies: Sequence[Policy], seats: NDArray[np.integer] | None = None) -> None:
        """Take the policies; all must be of the same action mode.

        Args:
            policies: One for each state, or with ``seats`` any number.
            seats: (n_games, n_states), the index of the policy that plays each state of each game.
        """
        self.policies, self.seats = tuple(policies), seats

    def restart(self, n_games: int, which: NDArray[np.integer] | None = None) -> None:
        """Let every policy forget."""
        for policy in self._distinct().values():
            restart(policy, n_games, which)

    def memory_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what the policies remember, see :class:`Storable`."""
        policies = enumerate(self._distinct().values())
        return {f"{k}.{name}": kept for k, policy in policies for name, kept in memory_of(policy).items()}

    def remember(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go on from :meth:`memory_arrays`."""
        for k, policy in enumerate(self._distinct().values()):
            own = {name.partition(".")[2]: kept for name, kept in arrays.items() if name.startswith(f"{k}.")}
            remind(policy, own)

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        """Return the actions, (n_games, n_states, n_components), see :class:`Policy`.

        Raises:
            ValueError: If there are not as many policies as states, or not as many seats as games and states.
        """
        games, states = observations.shape[:2]
        if self.seats is None and states != len(self.policies):
            raise ValueError(f"{len(self.policies)} policies are matched in games of {states} states")
        seats = np.broadcast_to(np.arange(states), (games, states)) if self.seats is None else self.seats
        if seats.shape != (games, states):
            raise ValueError(f"seats of shape {seats.shape} for {games} games of {states} states")
        actions = {key: policy.act(observations, mask, rng) for key, policy in self._distinct().items()}
        everyone = np.stack([actions[id(policy)] for policy in self.policies])
        chosen: NDArray[Any] = np.take_along_axis(everyone, seats[None, ..., None], axis=0)[0]
        return chosen

    def _distinct(self) -> dict[int, Policy]:
        return {id(policy): policy for policy in self.policies}


class Watched:
    """A policy of which is kept what it sees and does in each step.

    Attributes:
        observations: (n_games, n_states, obs_dim) float32 of each step.
        masks: (n_games, n_states, …) of each step, which actions had their effect.
        actions: (n_games, n_states, n_components) of each step.
    """

    def __init__(self, policy: Policy) -> None:
        """Watch a policy."""
        self._policy = policy
        self.observations: list[Floats] = []
        self.masks: list[Bools] = []
        self.actions: list[NDArray[Any]] = []

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        """Return the policy's actions, see :class:`Policy`."""
        actions = self._policy.act(observations, mask, rng)
        self.observations.append(np.array(observations, np.float32))
        self.masks.append(np.array(mask))
        self.actions.append(np.array(actions))
        return actions

    def restart(self, n_games: int, which: NDArray[np.integer] | None = None) -> None:
        """Let the policy forget; what was kept stays."""
        restart(self._policy, n_games, which)
