"""Tables of progress: what learners log, one row for each log of all of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stable_baselines3.common.logger import KVWriter, Logger

from security_dilemma_training.vec_env import GamesVecEnv
from security_dilemma_training.writing import write_atomically

__all__ = ["GamesLogger", "ProgressTable", "Together"]

OWN = ("train/", "rollout/", "time/")
"""What the names of a learner's own scalars begin with; all others are of the games, which learners share."""


class GamesLogger(Logger):
    """The log of a learner, with what has happened in the games since its last row."""

    def __init__(self, games: GamesVecEnv) -> None:
        """Follow ``games``; there is no output yet."""
        super().__init__(None, [])
        self._games = games

    def dump(self, step: int = 0) -> None:
        """Write a row."""
        for name, value in self._games.monitor.read().items():
            self.record(name, value)
        super().dump(step)


class ProgressTable(KVWriter):
    """Scalars as a CSV table, one row a log, written atomically; columns may come later.

    Args:
        path: The file; rows of an earlier, interrupted part of the run are kept up to ``steps``.
        steps: Agent-steps that the run goes on from.
    """

    def __init__(self, path: Path, steps: int) -> None:
        """Read what stands in the file up to ``steps``."""
        self._path = path
        self._rows: list[dict[str, Any]] = []
        if steps and path.exists():
            with path.open(newline="") as file:
                self._rows = [dict(row) for row in csv.DictReader(file) if int(row["agent_steps"]) <= steps]

    def write(self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0) -> None:
        """Add a row."""
        del key_excluded
        self.extend([(step, key_values)])

    def extend(self, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        """Add rows: agent-steps, and scalars by name."""
        for steps, values in rows:
            plain = {name: x.item() if hasattr(x, "item") else x for name, x in values.items()}
            self._rows.append({"agent_steps": steps} | plain)
        columns = list(dict.fromkeys(name for row in self._rows for name in row))
        text = io.StringIO(newline="")
        table = csv.DictWriter(text, columns, lineterminator="\n")
        table.writeheader()
        table.writerows(self._rows)
        write_atomically(self._path, text.getvalue())

    def close(self) -> None:
        """Nothing is left open."""


class Together(KVWriter):
    """What several learners log, put together when the last of them has logged.

    A learner's own scalars are named after its state, as ``state_1/train/loss``; those of the games are not.
    """

    def __init__(self, learners: int, outputs: Sequence[KVWriter]) -> None:
        """Write what ``learners`` log, each once in a round and in their order, to ``outputs``."""
        self._learners, self._outputs = learners, outputs
        self._values: dict[str, Any] = {}
        self._excluded: dict[str, tuple[str, ...]] = {}
        self._steps, self._heard = 0, 0

    def write(self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0) -> None:
        """Take what the next learner logs."""
        names = {name: f"state_{self._heard}/{name}" if name.startswith(OWN) else name for name in key_values}
        self._values |= {names[name]: value for name, value in key_values.items()}
        self._excluded |= {names[name]: excluded for name, excluded in key_excluded.items()}
        self._steps, self._heard = self._steps + step, self._heard + 1
        if self._heard == self._learners:
            for output in self._outputs:
                output.write(self._values, self._excluded, self._steps)
            self._values, self._excluded, self._steps, self._heard = {}, {}, 0, 0

    def close(self) -> None:
        """Close the outputs."""
        for output in self._outputs:
            output.close()
