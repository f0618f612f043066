"""Two causes taken apart: what each does, and whether the one does more where the other is there too (2 by 2)."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from security_dilemma_training.statistics import Interval, bootstrap_interval

__all__ = ["Effects", "effects_of_study", "factorial_effects"]

Floats = NDArray[np.float64]


class Effects(NamedTuple):
    """Effects on the mean over seeds, in units of the metric, with 95 % bootstrap intervals over seeds."""

    first: Interval  # of the first cause, mean over the second
    second: Interval  # of the second cause, mean over the first
    interaction: Interval  # how much more the first does where the second is there


def factorial_effects(
    neither: Sequence[float], first: Sequence[float], second: Sequence[float], both: Sequence[float]
) -> Effects:
    """Return main effects and interaction of a 2 by 2 design (Fisher 1935).

    Means are taken, not interquartile means: only of means do effects add up. A seed begins alike in all four
    conditions and is resampled with all of its values.

    Args:
        neither: The metric by seed, without either cause.
        first: With the first cause alone.
        second: With the second cause alone.
        both: With both.

    Raises:
        ValueError: If the conditions have different numbers of seeds or none, or a value is not a number.
    """
    counts = [len(values) for values in (neither, first, second, both)]
    if len(set(counts)) > 1:
        raise ValueError(f"conditions have {counts} seeds: give the same seeds for all four, in the same order")
    values = np.array([neither, first, second, both], float)
    weights = {"first": (-0.5, 0.5, -0.5, 0.5), "second": (-0.5, -0.5, 0.5, 0.5), "interaction": (1, -1, -1, 1)}
    return Effects(**{name: bootstrap_interval([values], _contrast(weight)) for name, weight in weights.items()})


def effects_of_study(path: Path, metric: str, conditions: tuple[str, str, str, str]) -> Effects:
    """Return the effects on a metric from the ``results.csv`` of a study.

    Args:
        path: The file.
        metric: A column.
        conditions: Names of the conditions with neither cause, the first, the second and both.

    Raises:
        ValueError: If a condition or the metric is not in the file, or the conditions have different seeds.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or metric not in rows[0]:
        raise ValueError(f"metric = {metric!r} is no column of {path}: see its first line")
    found = {
        name: {row["seed"]: float(row[metric]) for row in rows if row["condition"] == name and row[metric]}
        for name in conditions
    }
    seeds = [set(values) for values in found.values()]
    if not seeds[0] or any(other != seeds[0] for other in seeds):
        told = ", ".join(f"{name}: {len(values)}" for name, values in found.items())
        raise ValueError(f"conditions of {path} need the same seeds with {metric}, and there are {told}")
    return factorial_effects(*([values[seed] for seed in sorted(seeds[0])] for values in found.values()))


def _contrast(weights: Sequence[float]) -> Callable[[Floats], Floats]:
    """The weighted sum of the conditions' means over seeds, (4, ..., seeds) to (...)."""

    def summed(drawn: Floats) -> Floats:
        total: Floats = np.tensordot(np.asarray(weights, float), drawn.mean(axis=-1), axes=1)
        return total

    return summed
