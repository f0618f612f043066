"""What is measured in a condition of a study: who plays, in which game, and whole games of it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from security_dilemma_training.playing import drawn_intents, play
from security_dilemma_training.trajectories import Policy, Trajectories

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["Subject"]

SEEKERS, MIXED, DRAWN, OTHER = range(4)
"""Streams of chance: those of the games that all measurements share, and from which the others' begin."""


class Subject:
    """Who is measured, for one seed of one condition; games are played when they are first asked for, and shared.

    Attributes:
        policy: Decides for every state: what was learned, or the players that the condition names.
        config: The game, with its parameters.
        games: Number of games of each population.
        seed: Seed of the games; another one for every seed of the study, so that the noise of measuring is independent.
    """

    def __init__(self, policy: Policy, config: RunConfig, *, games: int, seed: int) -> None:
        """Take who plays what."""
        self.policy, self.config, self.games, self.seed = policy, config, games, seed

    @cached_property
    def seekers(self) -> Trajectories:
        """Games among security seekers only."""
        return self.play(self.policy, 0, SEEKERS)

    @cached_property
    def mixed(self) -> Trajectories:
        """Games with exactly one greedy state, whose place alternates from game to game."""
        states = np.arange(self.config.game.n_states)
        return self.play(self.policy, states == np.arange(self.games)[:, None] % len(states), MIXED)

    @cached_property
    def drawn(self) -> Trajectories:
        """Games with intents drawn from the prior."""
        stream = int(np.random.SeedSequence([self.seed, DRAWN]).generate_state(1)[0])
        return self.play(self.policy, drawn_intents(self.config, self.games, stream), DRAWN)

    def play(self, policy: Policy, intents: ArrayLike, stream: int = OTHER) -> Trajectories:
        """Play games of its own.

        Args:
            policy: Decides for every state.
            intents: 1 for greedy and 0 for a security seeker; broadcasts to (games, N).
            stream: Number of the stream of chance; from 3 on they are free. The same one gives the same games.
        """
        seed = int(np.random.SeedSequence([self.seed, 1, stream]).generate_state(1)[0])
        return play(policy, self.config, n_games=self.games, intents=intents, seed=seed)
