"""Version 0 of the environment for PettingZoo: ``parallel_env``, ``env`` and ``raw_env``."""

from __future__ import annotations

from typing import Any

from pettingzoo import AECEnv  # type: ignore[import-untyped]
from pettingzoo.utils.conversions import parallel_to_aec  # type: ignore[import-untyped]
from pettingzoo.utils.wrappers import AssertOutOfBoundsWrapper, OrderEnforcingWrapper  # type: ignore[import-untyped]

from security_dilemma.parallel_env import SecurityDilemma, parallel_env
from security_dilemma.spaces import action_fault

__all__ = ["env", "parallel_env", "raw_env"]


def raw_env(*args: Any, **kwargs: Any) -> AECEnv[str, Any, Any]:
    """Return the game with agents that act in turn (AEC); takes what :func:`parallel_env` takes."""
    return parallel_to_aec(parallel_env(*args, **kwargs))


def env(*args: Any, **kwargs: Any) -> AECEnv[str, Any, Any]:
    """Return :func:`raw_env` with PettingZoo's usual wrappers; takes what :func:`parallel_env` takes."""
    return OrderEnforcingWrapper(NamedOutOfBoundsWrapper(raw_env(*args, **kwargs)))


class NamedOutOfBoundsWrapper(AssertOutOfBoundsWrapper[str, Any, Any]):  # type: ignore[misc]
    """PettingZoo's check of actions, with an error that names the agent, the action and what is allowed."""

    def step(self, action: Any) -> None:
        """Take the action of the agent whose turn it is.

        Raises:
            ValueError: If the action is outside the agent's space.
        """
        agent = self.agent_selection
        game = self.unwrapped
        if not (self.terminations[agent] or self.truncations[agent]) and isinstance(game, SecurityDilemma):
            fault = action_fault(action, game.n_states, game.action_mode)
            if fault:
                raise ValueError(f"{agent}: {fault}")
        self.env.step(action)
