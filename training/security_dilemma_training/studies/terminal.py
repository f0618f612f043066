"""What a study came to, on the terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from security_dilemma_training.studies.report import show_middle, show_p
from security_dilemma_training.studies.results import Finding, Results

__all__ = ["comparisons_table", "conditions_table", "print_results"]

MOST_COLUMNS = 3
MARKS = {
    Finding.AS_EXPECTED: "✓",
    Finding.NO_DIFFERENCE: "✓",
    Finding.AGAINST: "✗",
}


def print_results(results: Results) -> None:
    """Print the question, a table of the conditions and one of the comparisons."""
    console = Console()
    console.print(f"\n[bold]{escape(results.asked.question)}[/bold]")
    console.print(conditions_table(results))
    if results.compared:
        console.print(comparisons_table(results))


def conditions_table(results: Results) -> Table:
    """Return the conditions with the metrics that matter."""
    shown = results.asked.shown[:MOST_COLUMNS]
    table = _table("interquartile means over seeds [95 % intervals]; of shares seeds of seeds")
    table.add_column("condition")
    for metric in shown:
        table.add_column(metric.replace("_", " "), justify="right")
    for name in results.asked.conditions:
        table.add_row(*(escape(text) for text in [results.asked.title_of(name), *_cells(results, name, shown)]))
    return table


def comparisons_table(results: Results) -> Table:
    """Return the comparisons with what was expected and found."""
    table = _table("exact rank-sum tests over seeds, adjusted by Holm; ✓ as expected, ✗ against it")
    for heading in ("metric", "condition", "against", "expected", "found"):
        table.add_column(heading)
    table.add_column("p", justify="right")
    for one in results.compared:
        asked, names = one.comparison, results.asked
        found = f"{one.finding} {MARKS.get(one.finding, '')}".rstrip()
        cells = (asked.metric.replace("_", " "), names.title_of(asked.condition), names.title_of(asked.against))
        table.add_row(*(escape(cell) for cell in (*cells, asked.expected, found, show_p(one.adjusted))))
    return table


def _cells(results: Results, name: str, shown: tuple[str, ...]) -> list[str]:
    return [show_middle(results, name, metric) for metric in shown]


def _table(caption: str) -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), caption=caption)
