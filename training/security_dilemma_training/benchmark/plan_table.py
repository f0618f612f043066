"""What a benchmark is about to do: its cells in a table, the number of runs, and about how long they take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from security_dilemma_training.batches import is_compiled
from security_dilemma_training.benchmark.plan_rows import Wanted, identity
from security_dilemma_training.benchmark.results import Row
from security_dilemma_training.display import duration

__all__ = ["SPEEDS", "estimated_seconds", "print_plan"]

SPEEDS: Mapping[str, float] = {
    "ppo": 29e3,
    "a2c": 120e3,
    "maskable_ppo": 46e3,
    "recurrent_ppo": 11e3,
    "dqn": 28e3,
    "qr_dqn": 13e3,
    "sac": 8e3,
    "td3": 14e3,
    "tabular": 270e3,
}
"""Agent-steps that an algorithm with its default options learns from in a second of CPU time, as measured once."""

COMPILED_SPEED = 100e3
"""The same of the compiled path, compilation left out."""


def estimated_seconds(wanted: Iterable[Wanted], rows: Sequence[Row]) -> float:
    """Return about how many seconds of one core the training of runs takes.

    An algorithm is as fast as its runs in the table were, in the median; otherwise as :data:`SPEEDS` says.

    Args:
        wanted: The runs.
        rows: Of the table.
    """
    seen: dict[str, list[float]] = {}
    for row in rows:
        if row["cpu_seconds"]:
            seen.setdefault(str(row["algorithm"]), []).append(row["agent_steps"] / row["cpu_seconds"])
    total = 0.0
    for run in wanted:
        learner = run.cell.config.learner
        usual = COMPILED_SPEED if is_compiled(learner) else SPEEDS[learner.algorithm]
        speed = median(seen[run.cell.algorithm]) if run.cell.algorithm in seen else usual
        total += run.cell.config.schedule.agent_steps / speed
    return total


def print_plan(wanted: Sequence[Wanted], rows: Sequence[Row], workers: int) -> None:
    """Print the cells, how many of their runs are to be done, and about how long that takes.

    Args:
        wanted: The rows that are asked for.
        rows: Of the table.
        workers: Runs at the same time.
    """
    measured, named = {row["key"] for row in rows}, {identity(row) for row in rows}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("cell", overflow="fold")
    table.add_column("changes", overflow="fold")
    for heading in ("agent-steps", "runs", "there"):
        table.add_column(heading, justify="right")
    cells: dict[int, list[Wanted]] = {}
    for run in wanted:
        cells.setdefault(id(run.cell), []).append(run)
    for runs in cells.values():
        cell = runs[0].cell
        changes = ", ".join(f"{key}={value}" for key, value in cell.changes.items())
        there = sum(run.identity in named for run in runs)
        numbers = (f"{cell.config.schedule.agent_steps:,}", str(len(runs)), str(there))
        table.add_row(escape(cell.label), escape(changes), *numbers)
    Console().print(table)
    todo = list({run.key: run for run in wanted if run.key not in measured}.values())
    seconds = estimated_seconds(todo, rows)
    print(f"{len(cells)} cells, {len(wanted)} runs, {len(todo)} to do; training takes about {duration(seconds)} of CPU")
    print(f"time, {duration(seconds / workers)} with {workers} at the same time; measuring is on top")
