"""Games in which one state answers a frozen policy, as stable-baselines3 sees them and as they are measured."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from security_dilemma import Games, Params, State
from security_dilemma_training.schemes.seats import PartneredVecEnv, Places
from security_dilemma_training.trajectories import Bools, Floats, Policy, restart
from security_dilemma_training.vec_env import GamesVecEnv

__all__ = ["Places", "ResponseGames", "ResponseVecEnv", "Seated", "seats_of"]


def seats_of(params: Params, greedy: bool, n_games: int, n_states: int) -> Places:
    """Return where the responder sits: in turn every place that may have the intent.

    Args:
        params: The parameters; a state whose trust is 1 is never greedy, one whose trust is 0 always is.
        greedy: The responder's intent.
        n_games: Number of games.
        n_states: Number of states.

    Returns:
        (n_games,); empty if no state may have the intent.
    """
    trust = np.broadcast_to(np.asarray(params.trust, float), (n_states,))
    possible = np.flatnonzero(trust < 1 if greedy else trust > 0)
    return possible[np.arange(n_games) % len(possible)] if possible.size else possible


class ResponseGames(Games):
    """Games in which one state of each, the responder, has a given intent; the intents of the others are drawn.

    Attributes:
        seats: (n_games,), which state is the responder.
        greedy: Whether the responder is greedy.
    """

    def __init__(self, *arguments: Any, greedy: bool, seats: Places, **options: Any) -> None:
        """Take what :class:`Games` takes, the responder's intent and its place in each game."""
        self.greedy, self.seats = greedy, seats
        super().__init__(*arguments, **options)

    def _start(self, which: NDArray[np.intp] | None) -> State:
        """Start all games, or those of ``which``, with the responder's intent in place of the drawn one."""
        state = super()._start(which)
        seats = self.seats if which is None else self.seats[which]
        responds = np.arange(self.n_states) == seats[:, None]
        greed = np.where(responds, self.greedy * np.asarray(self.params.greed, self.dtype), state.greed)
        return state._replace(greed=greed)


class ResponseVecEnv(PartneredVecEnv):
    """One slot per game, the responder's; a frozen policy, which is told of restarts, plays all other states."""

    def __init__(self, games: ResponseGames, policy: Policy, rng: np.random.Generator) -> None:
        """Take over ``games``; ``rng`` is the source of the policy's chance."""
        super().__init__(GamesVecEnv(games), games.seats, policy, rng)


class Seated:
    """A policy against which a responder plays one state of each game; the responder has a stream of its own.

    So the others draw what they would draw without it, for as long as they see the same. Both are given the
    observations of all states, as always, and decide for all of them, but only what they decide for their own is done.
    """

    def __init__(self, policy: Policy, responder: Policy, seats: Places, seed: int) -> None:
        """Seat ``responder`` at ``seats``, (n_games,), with chance seeded by ``seed``."""
        self._policy, self._responder, self._seats = policy, responder, seats
        self._rng = np.random.default_rng(seed)

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        """Return the actions of all states, (n_games, n_states, n_components)."""
        responds = np.arange(observations.shape[1]) == self._seats[:, None]
        answers = self._responder.act(observations, mask, self._rng)
        actions: NDArray[Any] = np.where(responds[..., None], answers, self._policy.act(observations, mask, rng))
        return actions

    def restart(self, n_games: int, which: NDArray[np.integer] | None = None) -> None:
        """Tell both that games start anew."""
        restart(self._policy, n_games, which)
        restart(self._responder, n_games, which)
