"""The table of theory: closed forms, what the environment gives exactly, what learners reach, and who agrees."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from security_dilemma_training.jobs import Outcome, exit_status
from security_dilemma_training.runs import held
from security_dilemma_training.statistics import few_seeds
from security_dilemma_training.theory.learning import learn_experiments
from security_dilemma_training.theory.settings import Settings
from security_dilemma_training.theory.targets import exact_rows
from security_dilemma_training.theory.targets.rows import Learned, Row, Verdict, attach
from security_dilemma_training.writing import write_atomically

__all__ = ["console_table", "markdown", "run_theory", "theory_table"]

COLUMNS = ("§", "quantity", "closed form", "environment", "learners", "verdict")
PAGE = 140
"""Characters of a line where the table does not go to a terminal."""

STYLES = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.NOT_APPLICABLE: "dim"}


def theory_table(
    settings: Settings, *, learn: bool = False, seeds: int = 5, folder: Path | None = None, workers: int = 1
) -> tuple[list[Row], list[Outcome]]:
    """Return the rows of theory at some settings, and how every experiment with learners ended.

    Args:
        settings: The settings.
        learn: Whether learners do their experiments, which takes minutes; else seconds.
        seeds: Number of seeds of each kind of learner.
        folder: Where their runs and results are kept.
        workers: Processes at the same time.

    Raises:
        ValueError: If learners are asked for without a folder, or seeds or workers are below 1.
    """
    rows = exact_rows(settings)
    if not learn:
        return rows, []
    if folder is None or seeds < 1:
        raise ValueError(f"learners need a folder and at least one seed, not folder = {folder}, seeds = {seeds}")
    results, outcomes = learn_experiments(rows, settings, seeds=seeds, folder=folder, workers=workers)
    return attach(rows, results), outcomes


def run_theory(
    settings: Settings,
    *,
    learn: bool,
    seeds: int,
    folder: Path,
    workers: int,
    command: str = "security-dilemma theory",
) -> int:
    """Make the table of theory, print it and write ``theory.md``, ``theory.csv``, ``theory.json`` and a figure.

    An interrupted call is taken up where it stopped: what learners have reached is found again.

    Args:
        settings: The settings.
        learn: Whether learners do their experiments.
        seeds: Number of seeds of each kind of learner.
        folder: Where everything goes.
        workers: Processes at the same time.
        command: What was called, for the instructions how to reproduce.

    Returns:
        The exit status: 1 if a row or an experiment failed, else 0.

    Raises:
        RunError: If another process works in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with held(folder):
        rows, outcomes = theory_table(settings, learn=learn, seeds=seeds, folder=folder, workers=workers)
        _write(rows, settings, folder, command, seeds if learn else 0)
    console = Console()
    if not console.is_terminal:
        console = Console(width=PAGE)
    console.print(console_table(rows))
    console.print(_summary(rows), highlight=False)
    print(f"table: {folder / 'theory.md'}")
    failed = any(row.verdict is Verdict.FAIL for row in rows)
    return max(exit_status(outcomes), int(failed))


def console_table(rows: Sequence[Row]) -> Table:
    """Return the table for a terminal."""
    table = Table(title="Held against theory", title_justify="left")
    for name in COLUMNS:
        table.add_column(name, overflow="fold", no_wrap=name == "verdict")
    last = None
    for row in rows:
        if last not in (None, row.section):
            table.add_section()
        last = row.section
        *cells, verdict = _cells(row)
        table.add_row(*map(Text, cells), Text(verdict, style=STYLES[row.verdict]))
    return table


def markdown(rows: Sequence[Row], settings: Settings, command: str, seeds: int) -> str:
    """Return the table as a page.

    Args:
        rows: The rows.
        settings: The settings.
        command: What was called.
        seeds: Number of seeds of learners; 0 if there were none.
    """
    at = ", ".join(f"`{name} = {value:g}`" for name, value in asdict(settings).items())
    learners = f"Learners: {seeds} seeds of each kind." if seeds else "Without learners: `--learn` lets them learn."
    lines = ["# Held against theory", "", f"`{command}`", "", f"At {at}.", "", learners, "", _summary(rows), ""]
    if seeds and (warning := few_seeds(seeds)):
        lines += [f"Few seeds: {warning}.", ""]
    lines += ["![what theory says and learners do](theory.png)", ""]
    lines += ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in _cells(row)) + " |" for row in rows]
    lines += ["", "Learners: the mean over seeds with the least and largest; of a yes or no, the seeds that say yes."]
    return "\n".join(lines) + "\n"


def _cells(row: Row) -> list[str]:
    theory = _number(row.theory, row.outcome) if row.theory is not None else f"does not apply: {row.reason}"
    environment = "–" if row.environment is None else _number(row.environment, row.outcome)
    if row.theory is not None and row.environment is None and row.reason:
        environment = row.reason
    learned = "; ".join(f"{learned.learner} {_reached(learned, row.outcome)}" for learned in row.learned)
    return [str(row.section), row.quantity, theory, environment, learned or "–", row.verdict.value]


def _number(value: float, outcome: bool) -> str:
    if math.isnan(value):
        return "none"
    if outcome:
        return "yes" if value else "no"
    return f"{value:.4f}" if 1e-4 <= abs(value) < 1e5 or value == 0 else f"{value:.1e}"


def _reached(learned: Learned, outcome: bool) -> str:
    values = learned.values
    if outcome:
        return f"{sum(value > 0.5 for value in values)} of {len(values)}"
    return f"{learned.mean:.4f} [{min(values):.4f}, {max(values):.4f}]"


def _summary(rows: Sequence[Row]) -> str:
    counts = Counter(row.verdict for row in rows)
    told = f"{counts[Verdict.PASS]} pass, {counts[Verdict.FAIL]} fail, {counts[Verdict.NOT_APPLICABLE]} do not apply"
    failed = [f"§{row.section} {row.quantity}" for row in rows if row.verdict is Verdict.FAIL]
    return f"{told}." + (f" Failed: {'; '.join(failed)}." if failed else "")


def _write(rows: Sequence[Row], settings: Settings, folder: Path, command: str, seeds: int) -> None:
    from security_dilemma_training.figures import save
    from security_dilemma_training.theory.figure import theory_figure

    save(theory_figure(rows, settings), folder / "theory")
    write_atomically(folder / "theory.md", markdown(rows, settings, command, seeds))
    write_atomically(folder / "theory.csv", _csv(rows))
    table = [{**asdict(row), "verdict": row.verdict.value} for row in rows]
    data = {"command": command, "settings": asdict(settings), "seeds": seeds, "rows": table}
    write_atomically(
        folder / "theory.json", json.dumps(_plain(data), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    )


def _csv(rows: Sequence[Row]) -> str:
    """A line for each row and kind of learner; one line for a row without learners."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    names = ["section", "quantity", "theory", "environment", "tolerance", "reason"]
    writer.writerow([*names, "learned_tolerance", "learner", "mean", "least", "largest", "seeds", "verdict"])
    for row in rows:
        start = [getattr(row, name) for name in names]
        for learned in row.learned or (None,):
            reached: list[Any] = ["", "", "", "", ""]
            if learned is not None:
                values = learned.values
                reached = [learned.learner, learned.mean, min(values), max(values), len(values)]
            writer.writerow([*start, row.learned_tolerance if learned else "", *reached, row.verdict.value])
    return buffer.getvalue()


def _plain(value: Any) -> Any:
    """The same for JSON, which has no number for what is not one."""
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
