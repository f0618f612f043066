"""The leaderboard of a benchmark for a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from security_dilemma.spaces import INTENTS
from security_dilemma_training.benchmark.definitions import few_seeds_told
from security_dilemma_training.benchmark.tables import MeasuredCell, gather, leaderboard, uncontrolled, worlds_of
from security_dilemma_training.summary import display_name, show_number
from security_dilemma_training.verdict import Ending

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["leaderboard_table", "print_leaderboard"]


def print_leaderboard(rows: pd.DataFrame, ceilings: Mapping[str, float] | None = None) -> None:
    """Print the leaderboard of each world, and what so few seeds cannot tell.

    Args:
        rows: The results table, a row for each run.
        ceilings: See :func:`security_dilemma_training.benchmark.tables.gather`.
    """
    console = Console()
    console.print(leaderboard_table(rows, ceilings))
    few = few_seeds_told(uncontrolled(gather(rows, ceilings)))
    if few:
        console.print(few, style="yellow", markup=False, highlight=False)


def leaderboard_table(rows: pd.DataFrame, ceilings: Mapping[str, float] | None = None) -> Table:
    """Return the leaderboard of each world, the highest mean payoff first; controls are left out."""
    cells = uncontrolled(gather(rows, ceilings))
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        caption="means over seeds; at war: seeds [95 % interval of their share]",
    )
    table.add_column("learner", overflow="fold")
    for heading in ("at war", "payoff", "tragic\nwar rate", "welfare\nloss", "best gain\nagainst it"):
        table.add_column(heading, justify="right", no_wrap=True)
    for world in worlds_of(cells):
        table.add_row(escape(display_name(world)), style="bold")
        for cell, _ in leaderboard([cell for cell in cells if cell.world == world]):
            table.add_row(*map(escape, _line(cell)))
        table.add_section()
    return table


def _line(cell: MeasuredCell) -> tuple[str, ...]:
    share, gains = cell.at_war, [cell.mean(f"exploitability_{intent}").estimate for intent in INTENTS]
    known = [gain for gain in gains if not math.isnan(gain)]
    return (
        f"  {cell.contestant}",
        f"{cell.endings.count(Ending.WAR)}/{len(cell.endings)} [{share.low:.2f}, {share.high:.2f}]",
        *(show_number(cell.mean(metric).estimate) for metric in ("payoff", "tragic_war_rate", "welfare_loss")),
        show_number(max(known, default=math.nan)),
    )
