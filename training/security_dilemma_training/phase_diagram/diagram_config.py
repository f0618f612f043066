"""What is asked of a phase diagram: planes of parameters, a learner, and seeds, of which every combination is a run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from security_dilemma_training.config import NAME, Experiment, RunConfig
from security_dilemma_training.determinants import config_hash
from security_dilemma_training.faults import Fault
from security_dilemma_training.phase_diagram.planes import PLANES, PlaneConfig, plane_faults, text_of
from security_dilemma_training.sections import Seeds, params_faults
from security_dilemma_training.short_runs import ShortRuns

__all__ = ["Cell", "PhaseDiagramConfig"]

MOST_RUNS = 10_000
"""More runs are most likely a slip, and can be asked for in parts."""


class Cell(NamedTuple):
    """A cell of a plane: two values, and a run for each seed."""

    plane: str
    values: Mapping[str, float]  # of both parameters, by name, that of x first
    config: RunConfig
    config_hash: str

    @property
    def name(self) -> str:
        """What it is called in tables and folders, as in ``balance=0.5,trust=0.4``."""
        return ",".join(f"{name}={text_of(value)}" for name, value in self.values.items())

    @property
    def folder(self) -> Path:
        """The folder of its runs."""
        return self.config.folder


class PhaseDiagramConfig(ShortRuns):
    """The same learner over planes of two parameters."""

    planes: dict[str, PlaneConfig] = Field(default_factory=lambda: dict(PLANES), min_length=1)
    """Planes by name, each of two parameters; all other parameters are the model's defaults, changed by `params`."""
    seeds: Seeds = (0, 1, 2)
    """One run for each cell and seed."""

    @property
    def label(self) -> str:
        """The name in tables and folders."""
        return self.name or "phase_diagram"

    def cells(self) -> list[Cell]:
        """Return the cells of all planes, each plane row by row from the bottom up."""
        return [self._cell(name, values) for name, plane in self.planes.items() for values in plane.points()]

    def _cell(self, plane: str, values: dict[str, float]) -> Cell:
        shared = {field: getattr(self, field) for field in Experiment.model_fields}
        texts = {name: text_of(value) for name, value in values.items()}
        folder = self.folder / plane / ",".join(f"{name}={text}" for name, text in texts.items())
        changes = {
            "name": "-".join(f"{name}_{text}" for name, text in texts.items()).replace("+", ""),
            "params": self.params | values,
            "output": self.output.model_copy(update={"folder": str(folder)}),
            "learner": self.learner.model_dump(exclude_unset=True) | {"algorithm": self.learner.algorithm},
        }
        config = RunConfig(**shared | changes)
        return Cell(plane, values, config, config_hash(config.resolved()))

    def faults(self) -> list[Fault]:
        """Return the faults of values that do not fit together."""
        faults = [*super().faults(), *params_faults("params", self.params, self.game)]
        for name, plane in self.planes.items():
            if not re.fullmatch(NAME, name):
                faults.append(Fault("planes", f"names {name!r}: a name must be of the form {NAME}"))
            faults += plane_faults(f"planes.{name}", plane)
        runs = len(self.seeds) * sum(plane.x.points * plane.y.points for plane in self.planes.values())
        if runs > MOST_RUNS:
            problem = f"and seeds ask for {runs:,} runs, more than {MOST_RUNS:,}: take fewer points or seeds at a time"
            faults.append(Fault("planes", problem, ("seeds",)))
        return faults
