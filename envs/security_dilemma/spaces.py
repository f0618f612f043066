"""Spaces of observations, actions and the true state, built from the tables of the rules; and the checks of inputs."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike, NDArray

from security_dilemma.actions import CONTINUOUS_COMPONENTS, ActionMode, component_sizes
from security_dilemma.params import Params, nearest
from security_dilemma.perception import observation_table, state_bounds
from security_dilemma.stages import Stages
from security_dilemma.state import Move, Signal, State

__all__ = [
    "INTENTS",
    "action_faults",
    "action_space",
    "global_state",
    "observation_space",
    "resolve_intents",
    "state_space",
]

INTENTS = ("security_seeker", "greedy")
PAIR_FIELDS = ("dossier", "reported_arms", "support")
FLAGS = ("alive", "pledged", "crisis", "struck", "belligerent", "won", "support")


def observation_space(params: Params, n_states: int, stages: Stages | None, max_cycles: int) -> spaces.Box:
    """Return the space of one state's observation, from the observation table."""
    table = observation_table(params, n_states, stages, max_cycles)
    low, high = (np.array([getattr(entry, bound) for entry in table], np.float32) for bound in ("low", "high"))
    return spaces.Box(low, high, dtype=np.float32)


def action_space(n_states: int, mode: ActionMode) -> spaces.Space[Any]:
    """Return the space of one state's action."""
    if mode == "continuous":
        return spaces.Box(0.0, 1.0, (len(CONTINUOUS_COMPONENTS),), np.float32)
    sizes = component_sizes(n_states)
    return spaces.Discrete(prod(sizes)) if mode == "discrete" else spaces.MultiDiscrete(list(sizes))


def state_space(params: Params, n_states: int, max_cycles: int) -> spaces.Box:
    """Return the space of :func:`global_state`."""
    bounds = state_bounds(params, n_states, max_cycles) | dict.fromkeys(FLAGS, (0.0, 1.0))
    bounds |= {"last_move": (0.0, len(Move) - 1), "last_signal": (0.0, len(Signal) - 1), "steps": (0.0, max_cycles)}
    rows = []
    for name in State._fields:
        size = 1 if name == "steps" else n_states ** (2 if name in PAIR_FIELDS else 1)
        rows += [bounds[name]] * size
    low, high = np.array(rows, np.float32).T
    return spaces.Box(low, high, dtype=np.float32)


def global_state(state: State) -> NDArray[np.float32]:
    """Return the true state of one game as a vector: the fields of :class:`State` in order, each flattened."""
    return np.concatenate([np.ravel(field) for field in state]).astype(np.float32)


def resolve_intents(intents: ArrayLike) -> NDArray[np.bool_]:
    """Return intents given by name or as 0 and 1 as bools, true for greedy.

    Raises:
        ValueError: If an intent is neither ``security_seeker`` (0) nor ``greedy`` (1).
    """
    array = np.asarray(intents)
    known = dict(zip(INTENTS, (False, True), strict=True)) | {"0": False, "1": True, "False": False, "True": True}
    flat = [str(value) for value in array.ravel().tolist()]
    for value in flat:
        if value not in known:
            raise ValueError(
                f"intent {value!r} must be 'security_seeker' (0) or 'greedy' (1): {nearest(value, INTENTS)}"
            )
    return np.array([known[value] for value in flat], bool).reshape(array.shape)


def action_faults(actions: NDArray[Any], shape: tuple[int, ...], n_states: int, mode: ActionMode) -> str | None:
    """Return what is wrong with an array of actions, (..., N, components), or None."""
    if actions.shape != shape:
        return f"actions have shape {actions.shape}; {mode} actions for these states have shape {shape}"
    if mode == "continuous":
        if actions.dtype.kind not in "fiu":
            return f"actions of dtype {actions.dtype} must be numbers in [0, 1]"
        good = (actions >= 0) & (actions <= 1)
        return (
            None if good.all() else _first_fault(actions, good, [f"{name} in [0, 1]" for name in CONTINUOUS_COMPONENTS])
        )
    if actions.dtype.kind not in "iu":
        return f"actions of dtype {actions.dtype} must be integers in {mode} mode"
    sizes = component_sizes(n_states)
    limits = np.array([prod(sizes)] if mode == "discrete" else sizes)
    good = (actions >= 0) & (actions < limits)
    if good.all():
        return None
    names = ["action"] if mode == "discrete" else ["move", "signal", "support"]
    return _first_fault(actions, good, [f"{name} in 0…{limit - 1}" for name, limit in zip(names, limits, strict=False)])


def _first_fault(actions: NDArray[Any], good: NDArray[np.bool_], allowed: list[str]) -> str:
    place = tuple(int(k) for k in np.argwhere(~good)[0])
    return f"action {actions[place].item()!r} of state_{place[-2]} is out of range: {allowed[place[-1]]}"
