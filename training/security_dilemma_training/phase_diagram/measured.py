"""What was measured in the cells of planes: every seed, what the seeds come to, and what theory says beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from security_dilemma_training.phase_diagram.boundaries import Boundary, boundaries
from security_dilemma_training.phase_diagram.cell_theory import CellTheory, theory_at
from security_dilemma_training.phase_diagram.diagram_config import Cell, PhaseDiagramConfig
from security_dilemma_training.phase_diagram.planes import PlaneConfig
from security_dilemma_training.statistics import Interval, bootstrap_interval, wilson_interval
from security_dilemma_training.summary import seeker_pair
from security_dilemma_training.verdict import (
    Ending,
    Expectation,
    ceiling,
    ending,
    expectation_of_equals,
    outside_theory,
)

__all__ = ["METRICS", "MeasuredCell", "MeasuredPlane", "Metric", "SeedResult", "measured_planes", "seed_result"]


class Metric(NamedTuple):
    """A metric of games between security seekers."""

    name: str  # in tables
    heading: str
    of: str  # in evaluations
    decimals: int = 2  # in figures


METRICS = (
    Metric("tragic_war_rate", "tragic war rate", "tragic_war_rate"),
    Metric("arms_burden", "arms burden (share of the economy)", "arms_burden_security_seeker", 3),
    Metric("arms", "arms (units)", "arms_security_seeker", 1),
    Metric("welfare_loss", "welfare loss", "welfare_loss"),
    Metric("spiral_index", "spiral index", "spiral_index"),
)
"""What is told of every seed."""


@dataclass(frozen=True)
class SeedResult:
    """What a seed came to in a cell.

    Attributes:
        seed: The seed.
        ending: How it ended.
        values: Of :data:`METRICS` by name; NaN where nothing was observed.
        reason: Why there is no spiral index, if there is none.
        cpu_seconds: Of its training; NaN where it is not known.
        folder: The run's.
    """

    seed: int
    ending: Ending
    values: Mapping[str, float]
    reason: str
    cpu_seconds: float
    folder: Path


@dataclass(frozen=True)
class MeasuredCell:
    """A cell with the seeds that are there.

    Attributes:
        cell: The cell.
        seeds: Of each seed that was measured, by seed.
        missing: The seeds that were asked for and are not there.
        theory: What theory says there; None where it says nothing.
        expected: What the closed forms expect there, also of a world that has a name.
    """

    cell: Cell
    seeds: tuple[SeedResult, ...]
    missing: tuple[int, ...]
    theory: CellTheory | None
    expected: Expectation

    @property
    def x(self) -> float:
        """Its place from left to right."""
        return next(iter(self.cell.values.values()))

    @property
    def y(self) -> float:
        """Its place from the bottom up."""
        return list(self.cell.values.values())[1]

    def count(self, kind: Ending) -> int:
        """Return how many seeds ended in a way."""
        return sum(seed.ending is kind for seed in self.seeds)

    @property
    def share(self) -> Interval:
        """The share of seeds at war with its 95 % Wilson interval; NaN without seeds."""
        if not self.seeds:
            return Interval(math.nan, math.nan, math.nan)
        return wilson_interval(self.count(Ending.WAR), len(self.seeds))

    def values(self, metric: str) -> list[float]:
        """Return a metric of the seeds that have it."""
        found = [seed.values[metric] for seed in self.seeds]
        return [value for value in found if not math.isnan(value)]

    def interval(self, metric: str) -> Interval:
        """Return the interquartile mean of a metric with its 95 % bootstrap interval; NaN where no seed has it."""
        return self._intervals[metric]

    @cached_property
    def _intervals(self) -> Mapping[str, Interval]:
        found = {metric.name: self.values(metric.name) for metric in METRICS}
        nothing = Interval(math.nan, math.nan, math.nan)
        return {name: bootstrap_interval([values]) if values else nothing for name, values in found.items()}


@dataclass(frozen=True)
class MeasuredPlane:
    """A plane with its cells.

    Attributes:
        name: Of the plane.
        plane: The plane.
        cells: Row by row from the bottom up.
        boundaries: Theory's, those that do not cross the plane included.
        outside: Why theory's boundaries are left out; empty where they are not.
    """

    name: str
    plane: PlaneConfig
    cells: tuple[MeasuredCell, ...]
    boundaries: tuple[Boundary, ...]
    outside: str

    @property
    def seeds(self) -> list[SeedResult]:
        """All seeds of all cells."""
        return [seed for cell in self.cells for seed in cell.seeds]


def seed_result(results: Mapping[str, Any], folder: Path) -> SeedResult:
    """Return what a seed came to.

    Args:
        results: Of its evaluation, see :mod:`security_dilemma_training.evaluate`.
        folder: Of the run.
    """
    pair = seeker_pair(results)
    found = results["pairs"][pair]
    highest = ceiling(results["params"], min(results["horizon"], results["max_cycles"]), results["stages"])
    return SeedResult(
        seed=int(results["seed"]),
        ending=ending(float(found["tragic_war_rate"]), highest),
        values={metric.name: _number(found[metric.of]) for metric in METRICS},
        reason=str(results["reasons"].get(pair, {}).get("spiral_index", "")),
        cpu_seconds=_number(results["train_seconds"]),
        folder=folder,
    )


def measured_planes(asked: PhaseDiagramConfig, found: Mapping[tuple[str, str, int], SeedResult]) -> list[MeasuredPlane]:
    """Return the planes with what was measured in their cells.

    Args:
        asked: The diagram.
        found: What seeds came to, by plane, name of the cell, and seed.
    """
    cells = asked.cells()
    return [
        _plane(asked, name, plane, [cell for cell in cells if cell.plane == name], found)
        for name, plane in asked.planes.items()
    ]


def _plane(
    asked: PhaseDiagramConfig,
    name: str,
    plane: PlaneConfig,
    cells: Sequence[Cell],
    found: Mapping[tuple[str, str, int], SeedResult],
) -> MeasuredPlane:
    shape = (asked.game.n_states, asked.game.stages)
    params = [cell.config.resolved()["params"] for cell in cells]
    outside = next((reason for values in params if (reason := outside_theory(values, *shape))), "")
    measured = []
    for cell, values in zip(cells, params, strict=True):
        seeds = tuple(found[key] for seed in asked.seeds if (key := (name, cell.name, seed)) in found)
        missing = tuple(seed for seed in asked.seeds if (name, cell.name, seed) not in found)
        silent = outside_theory(values, *shape)
        said = None if silent else theory_at(values)
        expected = Expectation(None, silent) if silent else expectation_of_equals(values)
        measured.append(MeasuredCell(cell, seeds, missing, said, expected))
    lines = () if outside else tuple(boundaries(plane, params[0]))
    return MeasuredPlane(name, plane, tuple(measured), lines, outside)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
