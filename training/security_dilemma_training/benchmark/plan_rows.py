"""The rows that a benchmark wants: what each is called, the key it is found by, and the command that gives it alone."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from security_dilemma_training.benchmark.plan_cells import Cell
from security_dilemma_training.benchmark.plan_values import LISTS, several
from security_dilemma_training.benchmark.results import Row, row_key

if TYPE_CHECKING:
    from security_dilemma_training.benchmark.plan_config import BenchmarkConfig

__all__ = ["Identity", "Wanted", "identity", "wanted_rows"]

Identity = tuple[str, ...]
"""What tells a row from all others: its key and its names."""

NAMES = ("key", "algorithm", "scheme", "world", "control", "changes")


class Wanted(NamedTuple):
    """A row that is wanted."""

    cell: Cell
    seed: int
    key: str
    names: Row  # the columns that are known before the run

    @property
    def identity(self) -> Identity:
        """What tells it from all other rows."""
        return identity(self.names)

    @property
    def name(self) -> str:
        """What it is called in displays."""
        changes = ",".join(f"{key.rpartition('.')[2]}={value}" for key, value in self.cell.changes.items())
        return f"{self.cell.label}{f'[{changes}]' if changes else ''}/seed_{self.seed}"


def identity(row: Mapping[str, Any]) -> Identity:
    """Return what tells a row from all others."""
    return tuple(str(row[name]) for name in NAMES)


def wanted_rows(asked: BenchmarkConfig, measures: Mapping[str, Any], source: Sequence[str]) -> list[Wanted]:
    """Return the rows of a benchmark, all cells of a seed before the next seed.

    Args:
        asked: The benchmark.
        measures: Options of what is measured beside the evaluation, by name; None of what is not.
        source: The config file, if there is one, and the changes of the command line; the command of each row is made
            of them.
    """
    measured = {name: options and options.model_dump(mode="json") for name, options in measures.items()}
    evaluation = asked.evaluation.model_dump(mode="json")
    cells, wanted = asked.cells(), []
    for seed in asked.seeds:
        for cell in cells:
            key = row_key(cell.config_hash, seed, evaluation, measured)
            names = {
                "key": key,
                "config_hash": cell.config_hash,
                "seed": seed,
                **{name: getattr(cell, name) for name in ("algorithm", "scheme", "world", "control")},
                "changes": json.dumps(dict(cell.changes), sort_keys=True),
                "command": shlex.join(["security-dilemma", "benchmark", *_shared(source, cell), *_own(cell, seed)]),
            }
            wanted.append(Wanted(cell, seed, key, names))
    return wanted


def _own(cell: Cell, seed: int) -> list[str]:
    """The changes of the command line that choose one row."""
    chosen = {"algorithms": cell.algorithm, "worlds": cell.world, "schemes": cell.scheme, "controls": cell.control}
    values = [f"{key}={json.dumps(value)}," for key, value in cell.changes.items()]
    return [*(f"{key}={name}" for key, name in chosen.items()), f"seeds={seed}", *values]


def _shared(source: Sequence[str], cell: Cell) -> list[str]:
    """What of a command a row's own keeps: not what chooses rows or folders, or makes axes."""
    return [word for word in source if not _replaced(word, cell)]


def _replaced(word: str, cell: Cell) -> bool:
    key, equals, value = word.partition("=")
    if not equals:
        return False
    chooses = key in LISTS and "{" not in value
    return chooses or key in cell.changes or several(value) or key.startswith("output.")
