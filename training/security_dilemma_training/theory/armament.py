"""Independent learners of armament without networks: each state of each seed learns how much to spend on arms.

A Gaussian unit (Williams 1992): a state spends ``mean + spread * ε`` of its economy on arms, once, and moves the mean
along the sampled gradient of what the environment then pays it in peace. No strikes, no reading of others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from security_dilemma.games import Games
from security_dilemma.params import ParameterError, Params

__all__ = ["ArmamentLearners"]

Floats = NDArray[np.float64]

SPREAD = 0.03
"""Standard deviation of what is tried around the mean, as a share of the economy."""


class ArmamentLearners:
    """Independent Gaussian learners of a burden, for many seeds at once.

    Attributes:
        means: (seeds, N), the burden each learner tends to, as a share of the economy in [0, 1].
    """

    def __init__(
        self, params: Params, *, n_states: int, seeds: int, games: int = 128, start: float = 0.5, seed: int = 0
    ) -> None:
        """Prepare the learners.

        Args:
            params: The game's parameters; the first purchase decides, so arms should not wear and no crisis come.
            n_states: Number of states N.
            seeds: Number of independent groups of learners.
            games: Games of each group in an update.
            start: Mean burden at the start, in [0, 1].
            seed: Seed of all chance.

        Raises:
            ParameterError: If the start or the parameters are outside their range.
        """
        if not 0 <= start <= 1:
            raise ParameterError([f"start = {start!r} is outside [0, 1]"])
        self._games = Games(
            params,
            seeds * games,
            n_states=n_states,
            max_cycles=2,
            action_mode="continuous",
            seed=seed,
            dtype=np.float64,
        )
        self._rng = np.random.default_rng([seed, 1])
        self._shape = (seeds, games, n_states)
        self._price = float(params.upkeep)
        self._future = 1 / (1 - float(params.discount))
        self.means = np.full((seeds, n_states), float(start))

    def learn(self, updates: int, learning_rate: float = 0.02) -> Floats:
        """Play and learn, and return the mean burdens (seeds, N).

        Args:
            updates: Number of updates, each of one game of two steps per group and game.
            learning_rate: Step of the means, which falls linearly to nothing.
        """
        for done in range(updates):
            rate = learning_rate * (1 - done / updates)
            tried = np.clip(self.means[:, None, :] + SPREAD * self._rng.standard_normal(self._shape), 0, 1)
            paid = self._paid(tried)
            deviation = tried - tried.mean(axis=1, keepdims=True)
            # the least-squares slope of what was paid by what was tried
            slope = (deviation * paid).sum(axis=1) / np.maximum((deviation**2).sum(axis=1), 1e-12)
            self.means = np.clip(self.means + rate * slope, 0, 1)
        return self.means

    def _paid(self, burdens: Floats) -> Floats:
        """What the step after arming pays, in units of an undisturbed future, (seeds, games, N)."""
        self._games.reset()
        actions = np.zeros((self._games.n_games, self._shape[-1], 5))
        actions[..., 0] = burdens.reshape(-1, self._shape[-1]) / self._price / float(self._games.params.build)
        self._games.step(np.clip(actions, 0, 1))
        paid = self._games.step(np.zeros_like(actions))[1].astype(float)
        return self._future * paid.reshape(self._shape)
