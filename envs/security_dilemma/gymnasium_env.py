"""The Gymnasium face: one state learns against given opponents."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeAlias

import gymnasium
import numpy as np
from numpy.typing import ArrayLike, NDArray

from security_dilemma.parallel_env import METADATA, SecurityDilemma
from security_dilemma.spaces import action_shape

__all__ = ["Opponents", "SecurityDilemmaEnv"]

Opponents: TypeAlias = Callable[[NDArray[np.float32]], ArrayLike]
"""From the observations of ``state_1``, ``state_2``, …, (N-1, obs_dim), to their actions, (N-1, …).

The eliminated observe zeros, and what is said for them is ignored.
"""

Observation = NDArray[Any]


class SecurityDilemmaEnv(gymnasium.Env[Observation, Any]):
    """The game as ``state_0`` plays it; it ends for the learner with its own end.

    Attributes:
        game: The game behind this face.
    """

    metadata = METADATA

    def __init__(self, opponents: Opponents | None = None, **game: Any) -> None:
        """Set up a game; call :meth:`reset` to start it.

        Args:
            opponents: What the other states do; by default they hold and are silent.
            **game: What :class:`security_dilemma.parallel_env.SecurityDilemma` takes.

        Raises:
            ParameterError: Listing every unknown name and every value outside its range.
        """
        self.game = SecurityDilemma(**game)
        self.opponents = opponents or self._hold
        self.render_mode = self.game.render_mode
        self._learner, *self._others = self.game.possible_agents
        self.observation_space = self.game.observation_space(self._learner)
        self.action_space = self.game.action_space(self._learner)
        self._seen: dict[str, Observation] = {}

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start a new game; see :meth:`SecurityDilemma.reset`."""
        super().reset(seed=seed)
        self._seen, infos = self.game.reset(seed, options)
        return self._seen[self._learner], deepcopy(infos[self._learner])

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Play one step.

        Raises:
            ResetNeeded: Before the first reset and after the learner's end.
            ValueError: Naming every state whose action is outside its space.
        """
        if self._learner not in self.game.agents:
            raise gymnasium.error.ResetNeeded("no game is being played: call reset() before step()")
        unseen = np.zeros(self.observation_space.shape or (), np.float32)
        seen = np.stack([self._seen.get(name, unseen) for name in self._others])
        replies = np.asarray(self.opponents(seen))
        if len(replies) != len(seen):
            raise ValueError(f"opponents gave {len(replies)} actions for {len(seen)} states: give one for each")
        said = dict(zip(self._others, replies, strict=True))
        actions = {name: action if name == self._learner else said[name] for name in self.game.agents}
        self._seen, rewards, terminations, truncations, infos = self.game.step(actions)
        name = self._learner
        return self._seen[name], rewards[name], terminations[name], truncations[name], deepcopy(infos[name])

    def render(self) -> Any:
        """Return a table or an image, or show the game; see :meth:`SecurityDilemma.render`."""
        return self.game.render()

    def close(self) -> None:
        """Close the window, if there is one."""
        self.game.close()

    def _hold(self, observations: Observation) -> NDArray[Any]:
        """Hold and be silent: action 0 in every mode."""
        dtype = self.action_space.dtype
        return np.zeros((len(observations), *action_shape(self.game.n_states, self.game.action_mode)), dtype)
