"""The tables of a phase diagram: ``results.csv`` with a row for each run, ``cells.csv`` with one for each cell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from security_dilemma_training.csv_tables import csv_text
from security_dilemma_training.phase_diagram.measured import METRICS, MeasuredCell, MeasuredPlane
from security_dilemma_training.verdict import Ending
from security_dilemma_training.writing import write_atomically

__all__ = ["CELLS_FILE", "RESULTS_FILE", "write_tables"]

RESULTS_FILE, CELLS_FILE = "results.csv", "cells.csv"


def write_tables(planes: Sequence[MeasuredPlane], folder: Path) -> None:
    """Write both tables; a value that there is not is left empty.

    Args:
        planes: What was measured.
        folder: Where to; folders of runs within it are told as they are reached from there.
    """
    varied = list(dict.fromkeys(name for plane in planes for name in plane.plane.parameters))
    write_atomically(folder / RESULTS_FILE, csv_text(row for plane in planes for row in _runs(plane, varied, folder)))
    write_atomically(folder / CELLS_FILE, csv_text(row for plane in planes for row in _cells(plane, varied)))


def _runs(plane: MeasuredPlane, varied: Sequence[str], folder: Path) -> Iterator[Mapping[str, Any]]:
    for cell in plane.cells:
        for seed in cell.seeds:
            inside = seed.folder.is_relative_to(folder)
            yield {
                **_place(cell, varied),
                "seed": seed.seed,
                "ends": str(seed.ending),
                **seed.values,
                "no_spiral_index": seed.reason,
                "cpu_seconds": seed.cpu_seconds,
                "run": (seed.folder.relative_to(folder) if inside else seed.folder).as_posix(),
            }


def _cells(plane: MeasuredPlane, varied: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    for cell in plane.cells:
        share = cell.share
        yield {
            **_place(cell, varied),
            "seeds": len(cell.seeds),
            "missing": len(cell.missing),
            **{str(kind).replace(" ", "_"): cell.count(kind) for kind in Ending},
            "share_at_war": share.estimate,
            "share_at_war_low": share.low,
            "share_at_war_high": share.high,
            **_metrics(cell),
            **_theory(cell),
        }


def _place(cell: MeasuredCell, varied: Sequence[str]) -> dict[str, Any]:
    """The plane, and the value that each parameter has that any plane varies."""
    params = cell.cell.config.resolved()["params"]
    return {"plane": cell.cell.plane, **{name: params[name] for name in varied}}


def _metrics(cell: MeasuredCell) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for metric in METRICS:
        middle = cell.interval(metric.name)
        found |= {metric.name: middle.estimate, f"{metric.name}_low": middle.low, f"{metric.name}_high": middle.high}
    return found | {"seeds_with_spiral_index": len(cell.values("spiral_index"))}


def _theory(cell: MeasuredCell) -> dict[str, Any]:
    said = cell.theory
    chances, trusts = (said.chances, said.minimum_trusts) if said else ((math.nan, math.nan),) * 2
    return {
        "chance_low": chances[0],
        "chance_high": chances[1],
        "minimum_trust_low": trusts[0],
        "minimum_trust_high": trusts[1],
        "rho": math.nan if said is None or said.reaction is None else said.reaction,
        "expected": str(cell.expected.outcome or "open"),
        "why": cell.expected.reason,
    }
