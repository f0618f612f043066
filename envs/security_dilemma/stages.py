"""The static shape of a game: number of states, time limit, what is known and said, and the stages of a stage game.

A stage game is a finite game of two states: a short tuple of (enabled moves, stake) whose stakes sum to 1. Every
stage is a crisis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

from security_dilemma.arrays import Array, namespace
from security_dilemma.params import nearest
from security_dilemma.state import SILENT, Move, Signal, State

__all__ = [
    "MAX_STATES",
    "MOVE_NAMES",
    "SIGNAL_NAMES",
    "Signals",
    "Stages",
    "allowed_signals",
    "at_stage",
    "enabled_moves",
    "game_faults",
    "remaining_stake",
    "stage_of",
    "stake",
]

Stages: TypeAlias = tuple[tuple[tuple[str, ...], float], ...]
"""(enabled moves, stake) of each stage."""
Signals: TypeAlias = bool | tuple[str, ...]
"""Which signals there are: all, none but silence, or the named ones; silence always is."""

MAX_STATES = 8
MOVE_NAMES = tuple(move.name.lower() for move in Move)
SIGNAL_NAMES = tuple(signal.name.lower() for signal in Signal)
WARS = ("terminal", "scaled")


def game_faults(
    n_states: Any,
    max_cycles: Any,
    stages: Any = None,
    war: Any = "terminal",
    *,
    reveal_intents: Any = False,
    signals: Any = True,
) -> list[str]:
    """Return every fault of the static shape of a game, each with the allowed values."""
    faults = []
    if isinstance(n_states, bool) or not isinstance(n_states, int) or not 2 <= n_states <= MAX_STATES:
        faults.append(f"n_states = {n_states!r} must be a whole number in [2, {MAX_STATES}]")
    if isinstance(max_cycles, bool) or not isinstance(max_cycles, int) or max_cycles < 1:
        faults.append(f"max_cycles = {max_cycles!r} must be a whole number in [1, ∞)")
    if war not in WARS:
        faults.append(f"war = {war!r} must be 'terminal' or 'scaled': {nearest(str(war), WARS)}")
    elif war == "scaled" and stages is None:
        faults.append("war = 'scaled' is for stage games: give stages too")
    if not isinstance(reveal_intents, bool):
        faults.append(f"reveal_intents = {reveal_intents!r} must be True or False")
    faults += _signal_faults(signals)
    if stages is not None:
        faults += _stage_faults(stages, n_states, max_cycles)
    return faults


def allowed_signals(signals: Signals) -> tuple[bool, ...]:
    """Return for each :class:`Signal` whether it is allowed; any other one counts as silence."""
    if isinstance(signals, bool):
        return tuple(signals or kind == SILENT for kind in Signal)
    return tuple(kind == SILENT or name in signals for kind, name in zip(Signal, SIGNAL_NAMES, strict=True))


def _signal_faults(signals: Any) -> list[str]:
    if isinstance(signals, bool):
        return []
    if isinstance(signals, str) or not isinstance(signals, Sequence):
        return [f"signals = {signals!r} must be True, False or a list of names among {', '.join(SIGNAL_NAMES)}"]
    unknown = [name for name in signals if name not in SIGNAL_NAMES]
    twice = [name for name in SIGNAL_NAMES if list(signals).count(name) > 1]
    faults = [f"signals: unknown signal {name!r}: {nearest(name, SIGNAL_NAMES)}" for name in unknown]
    return faults + [f"signals = {list(signals)!r} name {name!r} more than once" for name in twice]


def _stage_faults(stages: Any, n_states: Any, max_cycles: Any) -> list[str]:
    if not isinstance(stages, Sequence) or isinstance(stages, str) or not stages:
        return [f"stages = {stages!r} must be a non-empty list of (enabled moves, stake)"]
    faults = [] if n_states == 2 else [f"stages are for two states, not n_states = {n_states!r}"]
    if isinstance(max_cycles, int) and max_cycles < len(stages):
        faults.append(f"max_cycles = {max_cycles} is below the {len(stages)} stages: a stage game must reach its end")
    stakes = []
    for place, stage in enumerate(stages):
        try:
            moves, value = stage
            stakes.append(float(value))
        except (TypeError, ValueError):
            faults.append(f"stages[{place}] = {stage!r} must be (enabled moves, stake)")
            continue
        if isinstance(value, bool | str) or not (math.isfinite(stakes[-1]) and stakes[-1] > 0):
            faults.append(f"stages[{place}]: stake {value!r} is outside (0, 1]")
        if isinstance(moves, str) or not isinstance(moves, Sequence) or not moves:
            faults.append(f"stages[{place}]: enabled moves {moves!r} must be a non-empty list of moves")
            continue
        faults += [
            f"stages[{place}]: unknown move {m!r}: {nearest(m, MOVE_NAMES)}" for m in moves if m not in MOVE_NAMES
        ]
        twice = [name for name in MOVE_NAMES if list(moves).count(name) > 1]
        faults += [f"stages[{place}]: enabled moves {moves!r} name {name!r} more than once" for name in twice]
    if len(stakes) == len(stages) and abs(sum(stakes) - 1) > 1e-6:
        faults.append(f"stakes {stakes} sum to {sum(stakes):g}, not to 1")
    return faults


def stage_of(state: State, stages: Stages) -> Array:
    """Return the current stage as (..., S) bool, one-hot; the last one stays on when the game is over."""
    xp = namespace(state.offensive)
    last = len(stages) - 1
    steps = xp.asarray(state.steps)[..., None]
    return xp.where(steps < last, steps, xp.full_like(steps, last)) == xp.arange(last + 1, dtype=steps.dtype)


def at_stage(state: State, stages: Stages, values: Sequence[float]) -> Array:
    """Return the current stage's entry of ``values``, (..., 1)."""
    xp = namespace(state.offensive)
    table = xp.asarray(list(values), dtype=state.offensive.dtype)
    return xp.sum(xp.where(stage_of(state, stages), table, xp.zeros_like(table)), axis=-1, keepdims=True)


def stake(state: State, stages: Stages) -> Array:
    """Return the stake of the current stage, (..., 1)."""
    return at_stage(state, stages, [value for _, value in stages])


def remaining_stake(state: State, stages: Stages) -> Array:
    """Return the sum of the stakes that remain, the current stage's included, (..., 1)."""
    stakes = [value for _, value in stages]
    return at_stage(state, stages, [sum(stakes[place:]) for place in range(len(stakes))])


def enabled_moves(state: State, stages: Stages) -> Array:
    """Return which moves the current stage enables, (..., 5) bool."""
    xp = namespace(state.offensive)
    table = xp.asarray([[name in moves for name in MOVE_NAMES] for moves, _ in stages])
    return xp.any(stage_of(state, stages)[..., None] & table, axis=-2)
