"""The runs of a phase diagram: which there are to be, and what is there of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from security_dilemma_training.config import RunConfig
from security_dilemma_training.errors import RunError
from security_dilemma_training.evaluate import kept_evaluation
from security_dilemma_training.phase_diagram.diagram_config import Cell, PhaseDiagramConfig
from security_dilemma_training.runs import Run

__all__ = ["Key", "Wanted", "there", "untrained", "wanted_runs"]

Key = tuple[str, str, int]
"""Plane, name of the cell, and seed."""


class Wanted(NamedTuple):
    """A run that is wanted."""

    cells: tuple[Cell, ...]  # of every plane that has it, the first one's holds the run
    seed: int

    @property
    def config(self) -> RunConfig:
        """What is asked."""
        return self.cells[0].config

    @property
    def name(self) -> str:
        """What it is called in displays."""
        return f"{self.cells[0].plane}/{self.cells[0].name}/seed_{self.seed}"

    @property
    def folder(self) -> Path:
        """The run's."""
        return self.cells[0].folder / f"seed_{self.seed}"

    @property
    def keys(self) -> list[Key]:
        """Where it stands in the diagram."""
        return [(cell.plane, cell.name, self.seed) for cell in self.cells]


def wanted_runs(asked: PhaseDiagramConfig) -> list[Wanted]:
    """Return the runs of a diagram, all cells of a seed before the next seed.

    A cell that several planes share is run once, in the folder of the first of them.
    """
    alike: dict[str, list[Cell]] = {}
    for cell in asked.cells():
        alike.setdefault(cell.config_hash, []).append(cell)
    return [Wanted(tuple(cells), seed) for seed in asked.seeds for cells in alike.values()]


def there(wanted: Sequence[Wanted]) -> list[dict[str, Any] | None]:
    """Return the evaluations of runs that are trained and measured as is asked; None of those that are not."""
    return [_there(one) for one in wanted]


def untrained(wanted: Sequence[Wanted]) -> int:
    """Return how many runs are still to be trained; the others are at most to be measured."""
    return sum(_manifest(one).get("status") != "finished" for one in wanted)


def _manifest(wanted: Wanted) -> Mapping[str, Any]:
    """The manifest of a run; empty where there is none, or it is damaged, which is told when the run is to be used."""
    folder = wanted.folder
    try:
        found = Run(folder, wanted.config, wanted.seed).manifest if (folder / "manifest.json").exists() else {}
    except RunError:
        return {}
    return found


def _there(wanted: Wanted) -> dict[str, Any] | None:
    run, manifest = Run(wanted.folder, wanted.config, wanted.seed), _manifest(wanted)
    asked = {"config_hash": wanted.cells[0].config_hash, "seed": wanted.seed, "status": "finished"}
    same = all(manifest.get(name) == value for name, value in asked.items())
    return kept_evaluation(run) if same and run.policy_path.exists() else None
