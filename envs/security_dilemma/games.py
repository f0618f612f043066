"""Many games at once, over the same rules: what trainers and evaluators step."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from security_dilemma.actions import ACTION_MODES, ActionMode, action_mask, decode
from security_dilemma.arrays import is_off
from security_dilemma.chance import draw_start, draw_step
from security_dilemma.dynamics import advance, initial, terminated
from security_dilemma.params import ParameterError, Params, nearest, params_faults, plain_int, seed_faults
from security_dilemma.payoffs import reward
from security_dilemma.perception import observation_table, observe, outgrown_faults
from security_dilemma.spaces import action_faults, action_shape, resolve_start
from security_dilemma.stages import Signals, Stages, game_faults
from security_dilemma.state import State

__all__ = ["Games"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.floating]
Step = tuple[Floats, Floats, Bools, Bools, dict[str, Any]]


class Games:
    """``n_games`` games of ``n_states`` states, stepped together; a game that ends restarts in the same step.

    All arrays have leading axes (n_games, n_states). They are views over memory with the games on its last axis.

    Attributes:
        state: The true state of all games, after any restarts.
        params: The parameters, cast to ``dtype``.
        n_games: Number of games.
        n_states: Number of states N of each game.
        obs_dim: Entries of an observation; named by :func:`security_dilemma.perception.observation_table`.
        n_components: Entries of an action.
    """

    def __init__(
        self,
        params: Params,
        n_games: int,
        *,
        n_states: int = 2,
        max_cycles: int = 64,
        stages: Stages | None = None,
        war: str = "terminal",
        action_mode: ActionMode = "multidiscrete",
        reveal_intents: bool = False,
        signals: Signals = True,
        seed: int | None = None,
        dtype: DTypeLike = np.float32,
    ) -> None:
        """Validate and reset.

        With ``reveal_intents`` each state observes the others' greed as well. ``signals`` says which signals there
        are: all (True), none (False), or those named, as in ``("burn", "pledge")``. Any other counts as silence; spaces
        and chance are the same.

        Raises:
            ParameterError: Listing every parameter outside its range and every fault of the shape of the game.
        """
        n_games, n_states, max_cycles = plain_int(n_games), plain_int(n_states), plain_int(max_cycles)
        faults = game_faults(n_states, max_cycles, stages, war, reveal_intents=reveal_intents, signals=signals)
        if isinstance(n_games, bool) or not isinstance(n_games, int) or n_games < 1:
            faults.append(f"n_games = {n_games!r} must be a whole number in [1, ∞)")
        if action_mode not in ACTION_MODES:
            faults.append(f"action_mode = {action_mode!r}: {nearest(str(action_mode), ACTION_MODES)}")
        faults = faults + params_faults(params, n_states) or outgrown_faults(params, n_states, max_cycles)
        if faults:
            raise ParameterError(faults)
        self.params = params.cast(dtype)
        self.n_games, self.n_states, self.max_cycles = n_games, n_states, max_cycles
        self.stages, self.war, self.action_mode, self.dtype = stages, war, action_mode, dtype
        self.reveal_intents, self.signals = reveal_intents, signals
        self.obs_dim = len(observation_table(params, n_states, stages, max_cycles, reveal_intents=reveal_intents))
        self.n_components = prod(action_shape(n_states, action_mode))
        self.state: State
        self._fixed: dict[str, Any] = {}
        self.reset(seed)

    def reset(
        self,
        seed: int | None = None,
        *,
        intents: ArrayLike | None = None,
        offensive: ArrayLike | None = None,
        defensive: ArrayLike | None = None,
        balance: ArrayLike | None = None,
    ) -> Floats:
        """Start all games anew.

        Args:
            seed: Seed of the generator, a whole number from 0; None goes on with the present one.
            intents: ``security_seeker`` or ``greedy`` (or 0 and 1) by state; broadcasts to (n_games, n_states). This
                and the following also hold for the games that restart later, until the next reset.
            offensive: Initial offensive stocks.
            defensive: Initial defensive stocks.
            balance: The games' balance.

        Returns:
            Observations (n_games, n_states, obs_dim).

        Raises:
            ParameterError: Listing everything given that is outside its range or of another shape.
        """
        given = {"intents": intents, "offensive": offensive, "defensive": defensive, "balance": balance}
        fixed, faults = resolve_start(given, self.params, (self.n_games, self.n_states), self.dtype)
        faults += seed_faults(seed)
        if faults:
            raise ParameterError(faults)
        if seed is not None or not hasattr(self, "rng"):
            self.rng = np.random.default_rng(seed)
        self._fixed = {name: _games_last(value) for name, value in fixed.items()}
        self.state = self._start(None)
        return self._observe(self.state)

    def step(self, actions: ArrayLike) -> Step:
        """Play one step of every game.

        Args:
            actions: (n_games, n_states, n_components); integers, or floats in ``continuous`` mode. What eliminated
                states send is ignored.

        Returns:
            Observations (n_games, n_states, obs_dim), rewards, terminated and truncated (n_games, n_states), and
            ``info``: ``action_mask`` (n_games, n_states, …) for the next step; ``ended`` (k,) the indices of the games
            that ended and restarted; ``final_observation`` (k, n_states, obs_dim) and ``final_state`` (leading axis k)
            from before they restarted. A state is ``terminated`` from the step of its elimination to the game's end.

        Raises:
            ValueError: If an action is outside its space.
        """
        actions = self._checked(actions)
        before = self.state
        arms = not is_off(self.params.arms_noise)
        continuous = self.action_mode == "continuous"
        draws = draw_step(self.rng, self.n_states, (self.n_games,), self.dtype, arms=arms, strike=continuous)
        action = decode(self.params, before, actions, draws, self.action_mode, signals=self.signals)
        fought = bool(np.any(action.strike & before.crisis))
        after = advance(self.params, before, action, draws, self.stages, self.war, fought=fought)
        rewards = reward(self.params, before, action, after, self.stages, self.war, fought=fought)
        ended_states = terminated(after, self.stages)
        late = after.steps >= self.max_cycles
        truncated = late[:, None] & ~ended_states
        over = np.flatnonzero(late | ended_states.T.all(axis=0))
        final = State(*(_pick(field, over) for field in after))
        info: dict[str, Any] = {"ended": over, "final_state": final}
        info["final_observation"] = np.zeros((0, self.n_states, self.obs_dim), self.dtype)
        if over.size:
            info["final_observation"] = self._observe(final)
            after = _replaced(before, after, over, self._start(over))
        self.state = after
        info["action_mask"] = self.action_mask()
        return self._observe(after), rewards, ended_states, truncated, info

    def restore(self, state: State) -> None:
        """Go on from a given state of all games, as from a checkpoint."""
        self.state = State(*(_games_last(np.asarray(field)) for field in state))

    def action_mask(self) -> Bools:
        """Return which actions have their effect now; see :func:`security_dilemma.actions.action_mask`."""
        mask: Bools = action_mask(self.state, self.action_mode, self.stages, signals=self.signals)
        return mask

    def _observe(self, state: State) -> Floats:
        everyone = bool(state.alive.all())
        observations: Floats = observe(
            self.params, state, self.stages, all_alive=everyone, reveal_intents=self.reveal_intents
        )
        return observations

    def _checked(self, actions: ArrayLike) -> Any:
        array = np.asarray(actions)
        array = _games_last(array) if array.ndim == 3 else array
        shape = (self.n_games, self.n_states, self.n_components)
        fault = action_faults(array, shape, self.n_states, self.action_mode)
        if fault:
            raise ValueError(fault)
        return array

    def _start(self, which: NDArray[np.intp] | None) -> State:
        """Start all games, or those of ``which``."""
        count = self.n_games if which is None else len(which)
        draws = draw_start(self.rng, self.n_states, (count,), self.dtype)
        fixed = {name: value if which is None else _pick(value, which) for name, value in self._fixed.items()}
        return initial(self.params, draws, self.stages, **fixed)


def _replaced(before: State, after: State, over: NDArray[np.intp], fresh: State) -> State:
    """Put fresh games where old ones ended; ``before`` keeps its own arrays."""
    fields = []
    for old, new, start in zip(before, after, fresh, strict=True):
        field = np.copy(new, order="K") if new is old or not new.flags.writeable else new
        field.T[..., over] = start.T
        fields.append(field)
    return State(*fields)


def _pick(array: NDArray[Any], which: NDArray[np.intp]) -> NDArray[Any]:
    """Some of the games; along the last axis of memory, which is that of the games."""
    return array.T.take(which, axis=-1).T


def _games_last(array: NDArray[Any]) -> NDArray[Any]:
    """The same array over memory with the games on its last axis."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 0, -1)), -1, 0)
