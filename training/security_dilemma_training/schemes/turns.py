"""Learners that take turns: each runs stable-baselines3's own ``learn``, and hands over where it needs the others.

A learner runs in a greenlet of its own, which is a function that can be left in the middle and gone on with. So the
order of everything is fixed, and no learner's code is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from enum import Enum

import numpy as np
from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]
from numpy.typing import NDArray
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from security_dilemma_training.schemes.seats import Places, SeatsVecEnv
from security_dilemma_training.vec_env import GamesVecEnv

__all__ = ["Meeting", "SharedGames", "TurnVecEnv", "hand_over", "take_turns"]


class Meeting(Enum):
    """Where learners wait for each other."""

    ROLLOUT = "rollout"
    """At the start of a rollout."""
    STEP = "step"
    """When they have sent their actions."""
    END = "end"
    """When they have learned."""


def hand_over(place: Meeting) -> None:
    """Wait at a meeting, until all others are there and what is to be done there is done.

    Raises:
        RuntimeError: If it is nobody's turn.
    """
    parent = getcurrent().parent
    if parent is None:
        raise RuntimeError("hand_over is for learners that take turns: see take_turns")
    parent.switch(place)


def take_turns(
    learners: Sequence[Callable[[], None]],
    turn: Callable[[int], AbstractContextManager[None]],
    meet: Callable[[Meeting], None],
) -> None:
    """Let learners learn in turns, in their order, each up to its next meeting.

    What a learner raises, an interruption included, ends all of them and is raised here.

    Args:
        learners: What each of them does from its beginning to its end.
        turn: Surrounds a turn of the given learner.
        meet: Called when all have come to the same meeting.

    Raises:
        RuntimeError: If they do not come to the same meeting.
    """
    players = [greenlet(learner) for learner in learners]
    try:
        while not all(player.dead for player in players):
            places = set()
            for k, player in enumerate(players):
                with turn(k):
                    reached = player.switch()
                    places.add(Meeting.END if player.dead else reached)
            if len(places) > 1:
                raise RuntimeError(f"learners are at different meetings: {sorted(place.value for place in places)}")
            if places != {Meeting.END}:
                meet(places.pop())
    finally:
        for player in players:
            if not player.dead:
                player.throw()  # ends it where it waits


class SharedGames:
    """Games whose states learn by themselves: what all have sent, and what came of it.

    Attributes:
        games: All slots.
        actions: (slots, …), what has been sent.
        last: What came of the last step.
        seen: (slots, obs_dim), what is seen now.
    """

    def __init__(self, games: GamesVecEnv) -> None:
        """Share ``games``."""
        self.games = games
        space = games.action_space
        self.actions = np.zeros((games.num_envs, *(space.shape or ())), space.dtype)
        self.last: VecEnvStepReturn
        self.seen: NDArray[np.float32]

    def reset(self) -> None:
        """Start all games anew."""
        self.seen = self.games.reset()

    def step(self) -> None:
        """Play one step of every game with what has been sent."""
        self.last = self.games.step(self.actions)
        self.seen = np.asarray(self.last[0])


class TurnVecEnv(SeatsVecEnv):
    """The slots of a state that learns by itself: it hands over when it has sent its actions."""

    def __init__(self, shared: SharedGames, seats: Places) -> None:
        """Take the seats of one state in shared games, which are seeded and reset apart."""
        super().__init__(shared.games, seats)
        self._shared = shared

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Leave the games' seed alone."""
        del seed
        return [None] * self.num_envs

    def reset(self) -> NDArray[np.float32]:
        """Return what the state sees; the games are reset for all at once."""
        seen: NDArray[np.float32] = self._shared.seen[self.own]
        return seen

    def step_async(self, actions: NDArray[np.generic]) -> None:
        """Send actions, (n_games, …)."""
        self._shared.actions[self.own] = actions

    def step_wait(self) -> VecEnvStepReturn:
        """Wait until the games have been played on."""
        hand_over(Meeting.STEP)
        return self.own_of(self._shared.last)
