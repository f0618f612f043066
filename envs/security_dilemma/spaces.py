"""Spaces of observations, actions and the true state, built from the tables of the rules; and the checks of inputs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import prod
from typing import Any, TypeAlias

import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike, DTypeLike, NDArray

from security_dilemma.actions import CONTINUOUS_COMPONENTS, ActionMode, component_sizes
from security_dilemma.params import PARAMETERS, Params, nearest
from security_dilemma.perception import observation_table, state_bounds
from security_dilemma.stages import Stages
from security_dilemma.state import Move, Signal, State

__all__ = [
    "COMPONENT_NAMES",
    "INTENTS",
    "START_OPTIONS",
    "SampleMask",
    "action_fault",
    "action_faults",
    "action_shape",
    "action_space",
    "global_state",
    "observation_space",
    "resolve_intents",
    "resolve_start",
    "sample_mask",
    "stack_actions",
    "state_space",
]

SampleMask: TypeAlias = NDArray[np.int8] | tuple[NDArray[np.int8], ...]
"""A mask in the format that ``sample(mask)`` of Gymnasium's ``Discrete`` and ``MultiDiscrete`` take."""

INTENTS = ("security_seeker", "greedy")
START_OPTIONS = ("intents", "offensive", "defensive", "balance")
COMPONENT_NAMES = ("move", "signal", "support")
PAIR_FIELDS = ("dossier", "reported_arms", "support")
FLAGS = ("alive", "pledged", "crisis", "struck", "belligerent", "won", "support")


def observation_space(
    params: Params, n_states: int, stages: Stages | None, max_cycles: int, *, reveal_intents: bool = False
) -> spaces.Box:
    """Return the space of one state's observation, from the observation table."""
    table = observation_table(params, n_states, stages, max_cycles, reveal_intents=reveal_intents)
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


def resolve_start(
    options: dict[str, Any], params: Params, shape: tuple[int, ...], dtype: DTypeLike = np.float32
) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """Return what a game starts with instead of what is otherwise drawn or zero, and every fault found.

    Args:
        options: Any of ``START_OPTIONS``, each one value or one per state; None is as good as not given. ``intents``
            are ``security_seeker`` or ``greedy`` (0 or 1), stocks are in units of arms.
        params: The game's parameters.
        shape: (N,), or (n_games, N).
        dtype: Of stocks and balance.

    Returns:
        Arrays of that shape by name, and the faults; the arrays mean something only where there are none.
    """
    start: dict[str, NDArray[Any]] = {}
    faults = []
    for name in START_OPTIONS:
        if options.get(name) is None:
            continue
        try:
            given = options[name]
            array = resolve_intents(given) if name == "intents" else np.asarray(given, dtype)
            start[name] = np.broadcast_to(array, shape)
        except (TypeError, ValueError) as error:
            faults.append(f"{name} = {options[name]!r} must be one value, or of shape {shape} (…, states): {error}")
    if not PARAMETERS["balance"].contains(start.get("balance", 0.0)):
        faults.append(f"balance = {options['balance']!r} is outside {PARAMETERS['balance']}")
    stocks = [start.get(name, np.zeros(shape, dtype)) for name in ("offensive", "defensive")]
    cap = np.asarray(params.arms_cap, dtype)
    if not np.all((stocks[0] >= 0) & (stocks[1] >= 0) & (stocks[0] + stocks[1] <= cap)):
        given = {name: options[name] for name in ("offensive", "defensive") if name in start}
        faults.append(f"{given}: stocks must be at least 0 and together at most the cap of {params.arms_cap}")
    return start, faults


@lru_cache
def action_shape(n_states: int, mode: ActionMode) -> tuple[int, ...]:
    """Return the shape of one state's action: () in ``discrete`` mode, else one axis of components."""
    if mode == "discrete":
        return ()
    return (len(CONTINUOUS_COMPONENTS if mode == "continuous" else component_sizes(n_states)),)


def sample_mask(mask: NDArray[np.bool_], n_states: int, mode: ActionMode) -> SampleMask:
    """Turn one state's row of :func:`security_dilemma.actions.action_mask` into what ``sample(mask)`` takes.

    The arrays are read-only: they may be handed out many times.
    """
    flags = mask.astype(np.int8)
    flags.flags.writeable = False
    if mode == "discrete":
        return flags
    return tuple(np.split(flags, np.cumsum(component_sizes(n_states))[:-1]))


@lru_cache
def _limits(n_states: int, mode: ActionMode) -> NDArray[np.int64]:
    """The number of values of each component of a discrete action."""
    sizes = component_sizes(n_states)
    return np.array([prod(sizes)] if mode == "discrete" else sizes)


def action_faults(actions: NDArray[Any], shape: tuple[int, ...], n_states: int, mode: ActionMode) -> str | None:
    """Return what is wrong with an array of actions, (..., N, components), or None."""
    if actions.shape != shape:
        return f"actions have shape {actions.shape}; {mode} actions for these states have shape {shape}"
    if mode == "continuous":
        if actions.dtype.kind not in "fiu":
            return f"actions of dtype {actions.dtype} must be numbers in [0, 1]"
        good = (actions >= 0) & (actions <= 1)
    else:
        if actions.dtype.kind not in "iu":
            return f"actions of dtype {actions.dtype} must be integers in {mode} mode"
        good = (actions >= 0) & (actions < _limits(n_states, mode))
    if good.all():
        return None
    place = tuple(int(k) for k in np.argwhere(~good)[0])
    return (
        f"action {actions[place].item()!r} of state_{place[-2]} is out of range: {_allowed(n_states, mode)[place[-1]]}"
    )


def action_fault(action: Any, n_states: int, mode: ActionMode) -> str | None:
    """Return what is wrong with one state's action, with the value and what is allowed, or None."""
    allowed = ", ".join(_allowed(n_states, mode))
    kind = "numbers" if mode == "continuous" else "integers"
    wrong = f"action {action!r} must be {kind}: {allowed}"
    try:
        array = np.asarray(action)
    except ValueError:
        return wrong
    shape = action_shape(n_states, mode)
    if array.dtype.kind not in ("fiu" if mode == "continuous" else "iu"):
        return wrong
    if array.shape != shape:
        return f"action {action!r} has shape {array.shape}, not {shape}: {allowed}"
    limits = 1 if mode == "continuous" else _limits(n_states, mode) - 1
    good = (array >= 0) & (array <= limits)
    return None if np.all(good) else f"action {action!r} is out of range: {allowed}"


def stack_actions(actions: dict[str, Any], agents: list[str], n_states: int, mode: ActionMode) -> NDArray[Any]:
    """Return the actions of the living ``agents`` as one array (N, components); the eliminated hold.

    Raises:
        ValueError: Naming every agent whose action is missing, not wanted or outside its space.
    """
    shape = (len(agents), *action_shape(n_states, mode))
    try:
        array = np.array([actions[agent] for agent in agents])
    except (IndexError, KeyError, TypeError, ValueError):
        if not isinstance(actions, Mapping):
            raise ValueError(f"actions = {actions!r} must be a dictionary with one action for each agent") from None
        array = np.empty(0)
    rows = (*shape, 1) if mode == "discrete" else shape
    if array.shape == shape:
        array = array.reshape(rows)
    if len(actions) != len(agents) or action_faults(array, rows, n_states, mode):
        _raise_faults(actions, agents, n_states, mode)
        array = np.array([np.asarray(actions[agent], np.int64) for agent in agents]).reshape(rows)
    if mode == "continuous":
        array = array.astype(np.float32)
    if len(agents) == n_states:
        return array
    full = np.zeros((n_states, rows[-1]), array.dtype)
    full[[int(agent.removeprefix("state_")) for agent in agents]] = array
    return full


def _raise_faults(actions: dict[str, Any], agents: list[str], n_states: int, mode: ActionMode) -> None:
    faults = []
    for agent in agents:
        fault = action_fault(actions[agent], n_states, mode) if agent in actions else "no action"
        if fault:
            faults.append(f"{agent}: {fault}")
    faults += [f"{agent!r}: is not among the living states" for agent in actions if agent not in agents]
    if faults:
        raise ValueError("; ".join(faults) + f" (one action is needed of each of {', '.join(agents)})")


def _allowed(n_states: int, mode: ActionMode) -> list[str]:
    """The name and range of each component of an action."""
    if mode == "continuous":
        return [f"{name} in [0, 1]" for name in CONTINUOUS_COMPONENTS]
    names = ("action",) if mode == "discrete" else COMPONENT_NAMES
    return [f"{name} in 0…{limit - 1}" for name, limit in zip(names, _limits(n_states, mode).tolist(), strict=False)]
