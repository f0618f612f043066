"""Curves of runs, over steps or over a training, as figures and interactive charts show them."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from security_dilemma.spaces import INTENTS

__all__ = [
    "Curves",
    "Series",
    "arms_series",
    "belief_series",
    "logged_series",
    "mean_series",
    "read_progress",
    "strikes_series",
]

Curves: TypeAlias = Mapping[str, NDArray[Any]]
"""Series of one run by name."""

Series: TypeAlias = tuple[NDArray[Any], NDArray[Any]]
"""Places and values of one line, (T,) each; without a point where there is nothing to draw."""

ARMS_PAIRS = dict(zip(INTENTS, (("both", "all_security_seekers"), ("mixed", "one_greedy")), strict=True))
THIN_SHARE = 0.05
"""Curves of those who are still there end where less than this share of them is left."""

NOTHING: Series = (np.zeros(0), np.zeros(0))


def read_progress(path: Path, *beginnings: str) -> Curves:
    """Return the columns of a ``progress.csv`` whose names begin in a given way; NaN where a cell is empty."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in (rows[0] if rows else ()) if name.startswith(beginnings)]
    return {name: np.array([float(row[name]) if row[name] else math.nan for row in rows]) for name in names}


def arms_series(run: Curves | None, intent: str) -> Series:
    """Return steps and arms of an intent, up to where too few are left.

    Security seekers are those who face security seekers, greedy states those who face a security seeker, as most of
    each do.

    Args:
        run: The contents of ``arms.npz``; None if there is none.
        intent: Of the states.
    """
    keys = [key for key in run or () if key.endswith(f"/{intent}/arms") and key.startswith(ARMS_PAIRS[intent])]
    if run is None or not keys:
        return NOTHING
    states = run[keys[0].removesuffix("arms") + "states"]
    there = states >= THIN_SHARE * states[0]
    return np.flatnonzero(there), run[keys[0]][there]


def strikes_series(run: Curves | None, intent: str) -> Series:
    """Return million agent-steps and the strike rate in a crisis while learning, smoothed over five rollouts.

    Args:
        run: The columns of ``progress.csv``; None if there is none.
        intent: Of the states.
    """
    column = f"strike_rate_in_crisis/{intent}"
    if run is None or column not in run:
        return NOTHING
    return run["agent_steps"] / 1e6, _smooth(run[column])


def logged_series(run: Curves | None, column: str) -> Series:
    """Return million agent-steps and what was logged in a column of ``progress.csv``, where it is known.

    Args:
        run: The columns of ``progress.csv``; None if there is none.
        column: Its name.
    """
    if run is None or column not in run or "agent_steps" not in run:
        return NOTHING
    known = ~np.isnan(run[column])
    return run["agent_steps"][known] / 1e6, run[column][known]


def belief_series(result: Mapping[str, Any], intent: str) -> Series:
    """Return steps and a security seeker's mean belief that the other is greedy, up to where too few are left.

    Args:
        result: Of a run, with ``beliefs``.
        intent: What the other is.
    """
    values = result["beliefs"]["over_steps"][INTENTS[0]][intent]
    end = values.index(None) if None in values else len(values)
    return np.arange(end), np.array(values[:end], float)


def mean_series(series: Sequence[Series]) -> Series:
    """Return the mean of lines with the same places for as long as all of them go on; empty ones do not count."""
    kept = [(x, y) for x, y in series if len(x)]
    if not kept:
        return NOTHING
    shortest = min(len(x) for x, _ in kept)
    return kept[0][0][:shortest], np.mean([y[:shortest] for _, y in kept], axis=0)


def _smooth(values: NDArray[Any], width: int = 5) -> NDArray[Any]:
    """Moving mean over ``width`` rollouts that leaves out what is missing."""
    padded = np.pad(values, (width // 2, width // 2), constant_values=math.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    known = ~np.isnan(windows)
    sums, counts = np.where(known, windows, 0).sum(axis=-1), known.sum(axis=-1)
    smooth: NDArray[Any] = np.divide(sums, counts, out=np.full(len(values), math.nan), where=counts > 0)
    return smooth
