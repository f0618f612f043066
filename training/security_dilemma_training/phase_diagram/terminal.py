"""A phase diagram for a terminal: the seeds at war in each cell, the highest row first."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from security_dilemma_training.phase_diagram.figures import MISSING, titled
from security_dilemma_training.phase_diagram.measured import MeasuredCell, MeasuredPlane
from security_dilemma_training.phase_diagram.planes import text_of
from security_dilemma_training.verdict import Ending

__all__ = ["plane_table", "print_planes"]


def print_planes(planes: Sequence[MeasuredPlane]) -> None:
    """Print a map of each plane."""
    console = Console(highlight=False)
    for plane in planes:
        x, y = plane.plane.axes
        console.print(f"seeds at war / seeds: {titled(x.parameter)} →, {titled(y.parameter)} ↑", markup=False)
        console.print(plane_table(plane))
    if any(cell.missing for plane in planes for cell in plane.cells):
        console.print(f"{MISSING} seeds are missing", markup=False)


def plane_table(plane: MeasuredPlane) -> Table:
    """Return the map of a plane: of how many seeds of each cell how many are at war."""
    x, y = plane.plane.axes
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", justify="right", no_wrap=True)
    for value in x.values:
        table.add_column(text_of(value), justify="right", no_wrap=True)
    rows = [plane.cells[place : place + x.points] for place in range(0, len(plane.cells), x.points)]
    for value, cells in reversed(list(zip(y.values, rows, strict=True))):
        table.add_row(text_of(value), *map(_told, cells))
    return table


def _told(cell: MeasuredCell) -> Text:
    if not cell.seeds:
        return Text(f"–{MISSING}", style="dim")
    wars = cell.count(Ending.WAR)
    text = f"{wars}/{len(cell.seeds)}{MISSING if cell.missing else ''}"
    return Text(text, style="bold" if wars else "dim")
