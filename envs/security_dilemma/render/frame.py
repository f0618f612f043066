"""What is drawn, and the words for it that tables and images share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from security_dilemma.arrays import Value
from security_dilemma.params import Params
from security_dilemma.state import Move, Signal, State

__all__ = ["UNKNOWN", "Frame", "headline", "intent", "move", "names", "number", "signal", "supported"]

UNKNOWN = "–"
"""Stands for what there is not, or not yet."""


class Frame(NamedTuple):
    """What is drawn."""

    title: str  # the name of the world
    params: Params
    state: State  # of one game, no batch axes
    max_cycles: int
    past: tuple[State, ...] = ()  # of the same game, the oldest first; images draw the arms of each


def headline(state: State) -> str:
    """Return in a sentence what just happened and what is at stake now."""
    parts = []
    war = np.flatnonzero(state.belligerent).tolist()
    if war:
        struck = [k for k in war if state.struck[k]]
        deed = f"state_{struck[0]} struck state_{sum(war) - struck[0]}" if len(struck) == 1 else "both sides struck"
        parts.append(f"WAR between state_{war[0]} and state_{war[1]}: {deed}, {names(state.won)} won")
    if np.any(state.crisis):
        parts.append(f"CRISIS between {names(state.crisis)}")
    return "; ".join(parts) or "peace"


def number(value: Value) -> str:
    """Return a parameter in words: a number, or the range of those that differ by state."""
    low, high = (f"{round(float(bound), 3):g}" for bound in (np.min(value), np.max(value)))
    return low if low == high else f"{low}…{high}"


def names(flags: NDArray[np.bool_]) -> str:
    """Return the names of the states that are flagged, (N,)."""
    return " and ".join(f"state_{k}" for k in np.flatnonzero(flags))


def intent(state: State, k: int) -> str:
    """Return the true intent of state k."""
    return "greedy" if state.greed[k] > 0 else "security seeker"


def move(state: State, k: int) -> str:
    """Return the last move of state k."""
    if not state.alive[k]:
        return "eliminated"
    return Move(int(state.last_move[k])).name.lower() if state.steps else UNKNOWN


def signal(state: State, k: int) -> str:
    """Return the last signal of state k."""
    if not state.steps or not state.alive[k]:
        return UNKNOWN
    return Signal(int(state.last_signal[k])).name.lower()


def supported(state: State, k: int) -> list[int]:
    """Return whom state k defends in this step."""
    found: list[int] = np.flatnonzero(state.support[k]).tolist()
    return found if state.alive[k] else []
