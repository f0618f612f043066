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
from security_dilemma.arrays import Array, is_off
from security_dilemma.chance import Draws
from security_dilemma.dynamics import advance, initial, terminated
from security_dilemma.params import PARAMETERS, WORLDS, ParameterError, Params, nearest, plain_int
from security_dilemma.payoffs import reward
from security_dilemma.perception import observation_table, observe
from security_dilemma.spaces import action_shape
from security_dilemma.stages import Signals, Stages, game_faults
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
        signals: Signals = True,
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
        state = initial(_in_float32(params), self.start_draws(key, params), self.stages)
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
        params = _in_float32(params)
        draws = self._needed(key, params, _STEP + _START)
        came = self.play(state, actions, draws, params)
        fresh = initial(params, draws, self.stages)
        following = jax.tree.map(lambda new, old: jnp.where(came.over, new, old), fresh, came.state)
        told = {"terminated": came.terminated, "truncated": came.truncated}
        told |= {"final_observation": came.observation, "final_state": came.state}
        return self.observe(following, params), following, came.reward, came.over, told

    def play(self, state: State, actions: Array, draws: Draws, params: Params) -> Outcome:
        """Play one step with given chance; nothing starts anew."""
        params = _in_float32(params)
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

    def step_draws(self, key: Array, params: Params) -> Draws:
        """Draw what one step of this game needs; what nothing uses is None."""
        return self._needed(key, params, _STEP)

    def start_draws(self, key: Array, params: Params) -> Draws:
        """Draw what the start of this game needs; what a parameter that is the Python number 0 makes useless is 0."""
        return self._needed(key, params, _START)

    def _needed(self, key: Array, params: Params, names: tuple[str, ...]) -> Draws:
        unused = {name for name, factor in _FACTORS.items() if is_off(getattr(params, factor))}
        unused |= {"dyad"} if self.n_states == 2 else set()
        unused |= {"strike"} if self.action_mode != "continuous" else set()
        drawn = _drawn(key, tuple(name for name in names if name not in unused), self.n_states)
        useless = unused.intersection(names, _START)
        return drawn._replace(**{name: jnp.zeros(_shape(name, self.n_states), np.float32) for name in useless})


def start_draws(key: Array, n_states: int) -> Draws:
    """Draw all that the start of a game can need, in float32."""
    return _drawn(key, _START, n_states)


def step_draws(key: Array, n_states: int) -> Draws:
    """Draw all that one step can need, in float32; the noise of a state's report on itself is 0."""
    return _drawn(key, _STEP, n_states)


_START = ("intent", "initiative", "balance", "perception")
_STEP = ("war", "crisis", "dyad", "strike", "posture", "arms")
_OF_GAME = {"balance", "war", "crisis", "dyad"}
_OF_PAIR = {"posture", "arms"}
_NORMAL = {"perception", "posture", "arms"}
_FACTORS = {  # the parameter that makes a field useless where it is 0
    "initiative": "initiative_width",
    "balance": "balance_width",
    "perception": "balance_noise",
    "arms": "arms_noise",
}


def _shape(name: str, n_states: int) -> tuple[int, ...]:
    """The shape in which a field is drawn: pairs are ordered and of two states, for nobody sees a report on itself."""
    return () if name in _OF_GAME else (n_states * (n_states - 1 if name in _OF_PAIR else 1),)


def _drawn(key: Array, names: tuple[str, ...], n_states: int) -> Draws:
    """Draw some fields at once."""
    shapes = [_shape(name, n_states) for name in names]
    sizes = [prod(shape) for shape in shapes]
    parts = jnp.split(_words(key, sum(sizes)), np.cumsum(sizes)[:-1])
    fields = {name: jnp.reshape(part, shape) for name, part, shape in zip(names, parts, shapes, strict=True)}
    fields = {name: (_normal if name in _NORMAL else _uniform)(words) for name, words in fields.items()}
    return Draws(**{name: _between(x, n_states) if name in _OF_PAIR else x for name, x in fields.items()})


def _words(key: Array, count: int) -> Array:
    """Draw random 32-bit words.

    They are the words of new keys, because ``split`` keeps both words of each block that it computes and ``bits`` only
    one. Keys of another kind than JAX's usual one may have more words, which need not be independent.
    """
    pairs = jax.random.key_data(jax.random.split(key, (count + 1) // 2))[:, :2]
    return jnp.reshape(pairs, (-1,))[:count]


def _uniform(words: Array) -> Array:
    """Turn random words into multiples of 2^-24 in [0, 1)."""
    return (words >> 8).astype(np.float32) * 2.0**-24


def _normal(words: Array) -> Array:
    """Turn random words into standard normals, by the inverse of their distribution at the middle of each step."""
    return 2.0**0.5 * jax.lax.erf_inv(2 * _uniform(words) - (1 - 2.0**-24))


def _between(values: Array, n: int) -> Array:
    """Lay N(N-1) values out around a diagonal of zeros, (N, N)."""
    off = ~np.eye(n, dtype=bool)
    places = np.maximum(np.cumsum(off).reshape(n, n) - 1, 0)
    return jnp.where(off, jnp.take(values, places, mode="clip"), 0.0)


def _in_float32(params: Params) -> Params:
    """The parameters in float32; Python numbers stay such, and what they switch off is not compiled."""
    data: Params = jax.tree.map(
        lambda x: float(x) if isinstance(x, int | float) else jnp.asarray(x, np.float32), params
    )
    return data
