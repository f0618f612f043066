"""The company of a learning state: partners drawn anew for every game from a pool of members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from security_dilemma_training.policies import Bools, Floats, Policy, Remembering, memory_of, remind, restart
from security_dilemma_training.schemes.seats import Places

__all__ = ["Company"]

LEARNER = -1
"""In :attr:`Company.playing`, the place of the learner."""


class Company:
    """Members of a pool, who play every state but the learner's; each seat of each game draws one when the game starts.

    A member that leaves plays its games to their end.

    Attributes:
        members: The policies by number; those that have left but still play included.
        drawn: Numbers of the members that are drawn, all with the same chance.
        playing: (n_games, n_states), the number of the member that plays there.
    """

    def __init__(self, members: Sequence[Policy], seats: Places, n_states: int, rng: np.random.Generator) -> None:
        """Begin with the given members.

        Args:
            members: Policies of the same action mode; they see and decide for all states, but only what they decide
                for their own is done.
            seats: (n_games,), the learner's.
            n_states: Number of states.
            rng: The source of the draws.
        """
        self.members: dict[int, Policy] = dict(enumerate(members))
        self.drawn = [*self.members]
        self.playing = np.full((len(seats), n_states), LEARNER)
        self._others = np.arange(n_states) != seats[:, None]
        self._rng = rng
        self._by_rows: set[int] = set()

    def add(self, number: int, network_policy: Policy) -> None:
        """Take in a policy that decides for each state from its own observations alone; it is drawn from now on."""
        self.members[number] = network_policy
        self.drawn.append(number)
        if isinstance(network_policy, Remembering):
            network_policy.restart(len(self.playing))
        else:
            self._by_rows.add(number)

    def leave(self, number: int) -> None:
        """Draw a member no more."""
        self.drawn.remove(number)
        self._forget_the_gone()

    def restart(self, n_games: int, which: NDArray[np.integer] | None = None) -> None:
        """Draw members for the games that start.

        Raises:
            ValueError: If there is another number of games than of seats.
        """
        if n_games != len(self.playing):
            raise ValueError(f"{n_games} games for {len(self.playing)} seats")
        for policy in self.members.values():
            restart(policy, n_games, which)
        starting = np.arange(n_games) if which is None else which
        draws = self._rng.choice(self.drawn, (len(starting), self.playing.shape[1]))
        self.playing[starting] = np.where(self._others[starting], draws, LEARNER)
        self._forget_the_gone()

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        """Return the actions of all states, see :class:`Policy`; those of the learner's are zeros."""
        chosen: dict[int, NDArray[Any]] = {}
        for number in np.unique(self.playing[self._others]).tolist():
            policy, own = self.members[number], self.playing == number
            if number in self._by_rows:
                chosen[number] = policy.act(observations[own][:, None], mask[own][:, None], rng)[:, 0]
            else:
                chosen[number] = policy.act(observations, mask, rng)[own]
        first = next(iter(chosen.values()))
        actions = np.zeros((*self.playing.shape, first.shape[-1]), np.result_type(*chosen.values()))
        for number, rows in chosen.items():
            actions[self.playing == number] = rows
        return actions

    def state(self) -> dict[str, Any]:
        """Return who plays where and what the members remember; who they are is not in it.

        Raises:
            TypeError: If a member remembers and cannot say what.
        """
        memories = {str(number): memory_of(policy) for number, policy in self.members.items()}
        return {"playing": self.playing, "memories": memories}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from :meth:`state` with the same members."""
        self.playing = state["playing"]
        for number, arrays in state.get("memories", {}).items():
            remind(self.members[int(number)], arrays)

    def _forget_the_gone(self) -> None:
        """Let go of members that have left and whose games are over."""
        here = {*self.drawn, *self.playing[self._others].tolist()}
        self.members = {number: policy for number, policy in self.members.items() if number in here}
