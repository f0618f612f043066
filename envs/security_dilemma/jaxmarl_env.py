"""The JaxMARL face: a thin adapter of the JAX face to JaxMARL's ``MultiAgentEnv``; needs the extra ``jaxmarl``.

JaxMARL has one ``dones`` for ends and for time limits. A learner that bootstraps through time limits reads
``infos["truncated"]``.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxmarl.environments.multi_agent_env import MultiAgentEnv
from jaxmarl.environments.spaces import Box, Discrete, MultiDiscrete

from security_dilemma.actions import ActionMode, component_sizes
from security_dilemma.arrays import Array, Value
from security_dilemma.jax_face import JaxSecurityDilemma
from security_dilemma.params import ParameterError, Params, world_params
from security_dilemma.perception import observation_table, outgrown_faults
from security_dilemma.spaces import action_shape
from security_dilemma.stages import Signals
from security_dilemma.state import State

__all__ = ["JaxMARLSecurityDilemma"]

ByAgent = dict[str, Array]


class JaxMARLSecurityDilemma(MultiAgentEnv):  # type: ignore[misc]
    """One game between ``state_0``, ``state_1``, … for JaxMARL's learners and wrappers.

    Attributes:
        game: The JAX face, whose functions take parameters as data.
        params: The parameters of these games.
        agents: The names of the states.
    """

    def __init__(
        self,
        world: str | None = "doubly_dangerous",
        *,
        params: Params | None = None,
        n_states: int = 2,
        max_cycles: int = 64,
        action_mode: ActionMode = "discrete",
        reveal_intents: bool = False,
        signals: Signals = True,
        **overrides: Value,
    ) -> None:
        """Set up a kind of game; the arguments are those of :class:`security_dilemma.parallel_env.SecurityDilemma`.

        Actions are ``discrete`` by default, which most of JaxMARL's learners expect.

        Raises:
            ParameterError: Listing every unknown name and every value outside its range.
        """
        options: dict[str, Any] = {"max_cycles": max_cycles, "action_mode": action_mode}
        self.game = JaxSecurityDilemma(n_states, reveal_intents=reveal_intents, signals=signals, **options)
        self.params = world_params(world, params, overrides, n_states)
        faults = outgrown_faults(self.params, n_states, max_cycles)
        if faults:
            raise ParameterError(faults)
        super().__init__(n_states)
        self.agents = [f"state_{k}" for k in range(n_states)]
        table = observation_table(self.params, n_states, None, max_cycles, reveal_intents=reveal_intents)
        low, high = (np.array([getattr(entry, side) for entry in table], np.float32) for side in ("low", "high"))
        self.observation_spaces = {agent: Box(low, high, (len(table),)) for agent in self.agents}
        self.action_spaces = {agent: _action_space(n_states, action_mode) for agent in self.agents}

    def reset(self, key: Array) -> tuple[ByAgent, State]:
        """Start a game: observations (obs_dim,) by agent, and the true state."""
        observation, state = self.game.reset(key, self.params)
        return self._by_agent(observation), state

    def step_env(
        self, key: Array, state: State, actions: ByAgent
    ) -> tuple[ByAgent, State, ByAgent, ByAgent, dict[str, Array]]:
        """Play one step; nothing starts anew.

        Args:
            key: Of ``jax.random``.
            state: The true state.
            actions: Of each agent: a number in ``discrete`` mode, otherwise (n_components,). They are not checked.

        Returns:
            Observations, the state, payoffs, dones (with ``__all__``) by agent, and ``truncated`` (N,) as info.
        """
        sent = jnp.stack([jnp.reshape(actions[agent], (self.game.n_components,)) for agent in self.agents])
        came = self.game.play(state, sent, self.game.step_draws(key, self.params), self.params)
        dones = self._by_agent(came.terminated | came.truncated) | {"__all__": came.over}
        observations, rewards = self._by_agent(came.observation), self._by_agent(came.reward)
        return observations, came.state, rewards, dones, {"truncated": came.truncated}

    def get_obs(self, state: State) -> ByAgent:
        """Return what each state sees, (obs_dim,) by agent."""
        return self._by_agent(self.game.observe(state, self.params))

    def get_avail_actions(self, state: State) -> ByAgent:
        """Return which actions have their effect, by agent; see :func:`security_dilemma.actions.action_mask`."""
        return self._by_agent(self.game.action_mask(state))

    @property
    def name(self) -> str:
        """The name of the environment."""
        return "security_dilemma_v0"

    @property
    def agent_classes(self) -> dict[str, list[str]]:
        """All agents are of one class."""
        return {"state": self.agents}

    def _by_agent(self, values: Array) -> ByAgent:
        return {agent: values[k] for k, agent in enumerate(self.agents)}


def _action_space(n_states: int, mode: ActionMode) -> Any:
    sizes = component_sizes(n_states)
    if mode == "continuous":
        return Box(0.0, 1.0, action_shape(n_states, mode))
    return Discrete(int(np.prod(sizes))) if mode == "discrete" else MultiDiscrete(sizes)
