"""The JAX face: one game as pure functions of a key, for ``jit``, ``vmap`` and ``scan``; no formula.

The rules are the very functions that NumPy runs. Parameters are data: ``reset`` and ``step`` take them as an argument,
so that one compilation serves all worlds, and ``vmap`` over a :class:`Params` whose fields are arrays plays many worlds
at once. It needs JAX, the extra ``jax``.

    game = JaxSecurityDilemma(n_states=2)
    keys = jax.random.split(jax.random.key(0), 1024)
    observations, states = jax.vmap(game.reset, in_axes=(0, None))(keys, WORLDS["intense"])
"""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from security_dilemma.actions import ACTION_MODES, ActionMode, action_mask, decode
from security_dilemma.arrays import Array
from security_dilemma.chance import Draws
from security_dilemma.dynamics import advance, initial, terminated
from security_dilemma.params import PARAMETERS, WORLDS, ParameterError, Params, nearest, plain_int
from security_dilemma.payoffs import reward
from security_dilemma.perception import observation_table, observe
from security_dilemma.spaces import action_shape
from security_dilemma.stages import Stages, game_faults
from security_dilemma.state import State

__all__ = ["JaxSecurityDilemma", "Outcome", "start_draws", "step_draws"]

jax.tree_util.register_dataclass(Params, data_fields=list(PARAMETERS), meta_fields=[])


class Outcome(NamedTuple):
    """What came of one step of one game, before it starts anew if it ended."""

    observation: Array  # (N, obs_dim), what each state sees after the step; zeros for the eliminated
    state: State
    reward: Array  # (N,), payoff of the step
    terminated: Array  # (N,) bool, eliminated, or the game is over
    truncated: Array  # (N,) bool, alive where the time limit cuts the game off

    @property
    def over(self) -> Array:
        """Whether the game ended, () bool."""
        return jnp.all(self.terminated | self.truncated)


class JaxSecurityDilemma:
    """A kind of game; everything about it that shapes arrays is fixed, everything else is an argument.

    Attributes:
        n_states: Number of states N.
        max_cycles: Time limit in steps.
        obs_dim: Entries of an observation, named by :func:`security_dilemma.perception.observation_table`.
        n_components: Entries of an action.
    """

    default_params = WORLDS["doubly_dangerous"]

    def __init__(
        self,
        n_states: int = 2,
        *,
        max_cycles: int = 64,
        stages: Stages | None = None,
        war: str = "terminal",
        action_mode: ActionMode = "multidiscrete",
        reveal_intents: bool = False,
        signals: bool = True,
    ) -> None:
        """Fix the shape of the game; the arguments are those of :class:`security_dilemma.Games`.

        Parameters are not validated here, as traced values cannot be: :func:`security_dilemma.params.params_faults`
        lists what is wrong with concrete ones.

        Raises:
            ParameterError: Listing every fault of the shape of the game.
        """
        n_states, max_cycles = plain_int(n_states), plain_int(max_cycles)
        faults = game_faults(n_states, max_cycles, stages, war, reveal_intents=reveal_intents, signals=signals)
        if action_mode not in ACTION_MODES:
            faults.append(f"action_mode = {action_mode!r}: {nearest(str(action_mode), ACTION_MODES)}")
        if faults:
            raise ParameterError(faults)
        self.n_states, self.max_cycles, self.stages, self.war = n_states, max_cycles, stages, war
        self.action_mode, self.reveal_intents, self.signals = action_mode, reveal_intents, signals
        table = observation_table(Params(), n_states, stages, max_cycles, reveal_intents=reveal_intents)
        self.obs_dim = len(table)
        self.n_components = prod(action_shape(n_states, action_mode))

    def reset(self, key: Array, params: Params) -> tuple[Array, State]:
        """Start a game.

        Args:
            key: Of ``jax.random``.
            params: The game's parameters.

        Returns:
            Observations (N, obs_dim) and the true state.
        """
        state = initial(_as_data(params), start_draws(key, self.n_states), self.stages)
        return self.observe(state, params), state

    def step(
        self, key: Array, state: State, actions: Array, params: Params
    ) -> tuple[Array, State, Array, Array, dict[str, Any]]:
        """Play one step; a game that ends starts anew in the same step.

        Args:
            key: Of ``jax.random``.
            state: The true state.
            actions: (N, n_components), integers, or floats in ``continuous`` mode. They are not checked.
            params: The game's parameters.

        Returns:
            Observations (N, obs_dim) and the state, of a new game where this one ended; payoffs (N,); whether the game
            ended, (); and ``terminated`` and ``truncated`` (N,), ``final_observation`` (N, obs_dim) and ``final_state``
            from before a new game started.
        """
        chance, anew = jax.random.split(key)
        came = self.play(state, actions, step_draws(chance, self.n_states), params)
        fresh = self.reset(anew, params)
        after = (came.observation, came.state)
        observation, following = jax.tree.map(lambda new, old: jnp.where(came.over, new, old), fresh, after)
        told = {"terminated": came.terminated, "truncated": came.truncated}
        told |= {"final_observation": came.observation, "final_state": came.state}
        return observation, following, came.reward, came.over, told

    def play(self, state: State, actions: Array, draws: Draws, params: Params) -> Outcome:
        """Play one step with given chance; nothing starts anew."""
        params = _as_data(params)
        action = decode(params, state, actions, draws, self.action_mode, signals=self.signals)
        after = advance(params, state, action, draws, self.stages, self.war)
        paid = reward(params, state, action, after, self.stages, self.war)
        ended = terminated(after, self.stages)
        late = (after.steps >= self.max_cycles)[..., None] & ~ended
        return Outcome(self.observe(after, params), after, paid, ended, late)

    def observe(self, state: State, params: Params) -> Array:
        """Return what each state sees, (N, obs_dim)."""
        return observe(params, state, self.stages, reveal_intents=self.reveal_intents)

    def action_mask(self, state: State) -> Array:
        """Return which actions have their effect; see :func:`security_dilemma.actions.action_mask`."""
        return action_mask(state, self.action_mode, self.stages, signals=self.signals)


def start_draws(key: Array, n_states: int) -> Draws:
    """Draw what the start of a game needs, in float32."""
    uniform, normal = jax.random.split(key)
    u = jax.random.uniform(uniform, (2 * n_states + 1,))
    perception = jax.random.normal(normal, (n_states,))
    return Draws(intent=u[:n_states], initiative=u[n_states:-1], balance=u[-1], perception=perception)


def step_draws(key: Array, n_states: int) -> Draws:
    """Draw what one step needs, in float32."""
    uniform, normal = jax.random.split(key)
    u = jax.random.uniform(uniform, (3 + n_states,))
    posture, arms = jax.random.normal(normal, (2, n_states, n_states))
    return Draws(war=u[0], crisis=u[1], dyad=u[2], strike=u[3:], posture=posture, arms=arms)


def _as_data(params: Params) -> Params:
    """The parameters with every number as an array, so that none steers what is compiled."""
    data: Params = jax.tree.map(lambda value: jnp.asarray(value, np.float32), params)
    return data
