"""Parts of a benchmark's report on single runs: what they cost, what failed, every seed, and how to repeat it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from security_dilemma_training.benchmark.definitions import MEASURES, MORE
from security_dilemma_training.benchmark.markdown import block, escaped, head, table_row
from security_dilemma_training.benchmark.tables import NO_CONTROL, MeasuredCell, contestants_of
from security_dilemma_training.summary import display_name, show_number

__all__ = ["commands", "cost", "failures", "seeds"]


def cost(cells: Sequence[MeasuredCell]) -> Iterator[str]:
    """Yield the lines on CPU time."""
    rows = [row for cell in cells for row in cell.rows]
    total = sum(float(row["cpu_seconds"]) for row in rows if not math.isnan(float(row["cpu_seconds"])))
    yield "## What it cost"
    yield ""
    yield f"{len(rows)} runs took {_time(total)} of CPU time for training."
    yield ""
    yield from head(["learner", "runs", "CPU time", "a run (shortest to longest)", "agent-steps per CPU second"])
    for name in contestants_of(cells):
        own = [row for cell in cells if cell.contestant == name for row in cell.rows if float(row["cpu_seconds"]) > 0]
        if own:
            seconds = [float(row["cpu_seconds"]) for row in own]
            span = f"{_time(sum(seconds) / len(own))} ({_time(min(seconds))} to {_time(max(seconds))})"
            speed = f"{sum(float(row['agent_steps']) for row in own) / sum(seconds):,.0f}"
            yield table_row([escaped(name), str(len(own)), _time(sum(seconds)), span, speed])
    yield ""
    for what, column in (("Engines", "engine"), ("Measured by", "measured_by")):
        names = list(dict.fromkeys(str(row[column]) for row in rows))
        yield f"{what}: {escaped(', '.join(names))}." + (" Not all alike: see `results.csv`." if len(names) > 1 else "")
        yield ""


def failures(failed: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines on runs that are missing; none if none is."""
    if failed:
        yield "## What failed"
        yield ""
        yield from (f"- {escaped(name)}: {escaped(why)}" for name, why in failed.items())
        yield ""


def seeds(cells: Sequence[MeasuredCell]) -> Iterator[str]:
    """Yield the table of all runs."""
    yield "## Every seed"
    yield ""
    measures = [one for one in (*MEASURES, *MORE) if any(cell.values(one[1]) for cell in cells)]
    yield from head(
        ["world", "learner", "control", "seed", "ends", *(heading for heading, _ in measures), "CPU seconds"]
    )
    for cell in cells:
        for row, ended in zip(cell.rows, cell.endings, strict=True):
            control = "–" if cell.control == NO_CONTROL else cell.control.replace("_", " ")
            values = [show_number(float(row[column])) for _, column in measures]
            names = [escaped(display_name(cell.world)), escaped(cell.contestant), escaped(control), str(row["seed"])]
            yield table_row([*names, str(ended), *values, show_number(float(row["cpu_seconds"]), 0)])
    yield ""


def commands(cells: Sequence[MeasuredCell]) -> Iterator[str]:
    """Yield the command of each run."""
    yield "## How to reproduce a row"
    yield ""
    yield "In an environment with the versions of `constraints.txt`. Add `--out` with a new folder: in this one the run"
    yield "is recognised and not run again, and this report is written anew over that row alone."
    yield ""
    lines = []
    for cell in cells:
        for row in cell.rows:
            control = "" if cell.control == NO_CONTROL else f", {cell.control}"
            lines += [f"# {cell.world}, {cell.contestant}{control}, seed {row['seed']}", str(row["command"])]
    yield from block(lines)


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
