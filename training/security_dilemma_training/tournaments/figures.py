"""Figures of a tournament: matrices with numbers, and populations over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from security_dilemma_training.figures import STYLE
from security_dilemma_training.summary import display_name

if TYPE_CHECKING:
    from security_dilemma_training.tournaments.populations import Population

__all__ = ["matrices", "replicator"]

SHOWN = 0.05
"""Contestants that end below this share in every world are drawn in grey, unless they doubled on the way."""

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")  # Okabe & Ito (2008)
LINES = ("-", "--", ":")


def matrices(title: str, names: Sequence[str], panels: Mapping[str, NDArray[Any]]) -> Figure:
    """Draw matrices side by side, each with its numbers.

    Args:
        title: Title of the figure.
        names: Of rows and columns.
        panels: (n, n) values by title; payoffs, if the title says so, else shares.
    """
    with rc_context(STYLE | {"axes.spines.top": True, "axes.spines.right": True}):
        side = 1.2 + 0.34 * len(names)
        below = 1.2 + 0.075 * max(map(len, names))
        figure = Figure(figsize=(1.4 + side * len(panels), below + side))
        figure.suptitle(f"{title} (the row meets the column)", x=0.01, ha="left", fontsize=12)
        for axes, (panel, values) in zip(
            figure.subplots(1, len(panels), sharey=True, squeeze=False)[0], panels.items(), strict=True
        ):
            _heat(axes, panel, values, names)
    return figure


def replicator(populations: Mapping[str, Population], duration: float) -> Figure:
    """Draw how shares of a population in which all are alike at first change, in each world.

    Args:
        populations: By world.
        duration: Units of time from the first to the last population.
    """
    with rc_context(STYLE):
        rows = (len(populations) + 1) // 2
        figure = Figure(figsize=(9.5, 1.2 + 2.4 * rows))
        grid = figure.subplots(rows, min(2, len(populations)), sharex=True, sharey=True, squeeze=False).ravel().tolist()
        for unused in grid[len(populations) :]:
            unused.set_visible(False)
        styles = _styles(list(populations.values()))
        for axes, (world, population) in zip(grid, populations.items(), strict=False):
            times = np.linspace(0, duration, len(population.path))
            for name, shares in zip(population.names, population.path.T, strict=True):
                axes.plot(times, shares, **styles.get(name, {"color": "0.75", "linewidth": 0.8, "zorder": 1}))
            war = f"in the end {population.war_rate:.0%} of games see a war"
            axes.set_title(f"{display_name(world)} ({war})", loc="left")
        grid[0].set_xscale("symlog", linthresh=1.0)
        grid[0].set_xlim(0, duration)
        grid[0].set_ylim(0, None)
        figure.supxlabel("time (units in which a payoff that is better by 1 multiplies a share by e)", fontsize=9)
        figure.supylabel("share of the population", fontsize=9)
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=5, fontsize=8)
    return figure


def _styles(populations: Sequence[Population]) -> dict[str, dict[str, Any]]:
    """A line of its own, the same in every world, for each contestant that comes to something."""
    known = [
        name
        for i, name in enumerate(populations[0].names)
        if any(p.path[-1, i] >= SHOWN or p.path[:, i].max() >= 2 * p.path[0, i] for p in populations)
    ]
    return {
        name: {
            "label": name.replace("_", " "),
            "color": PALETTE[place % len(PALETTE)],
            "linestyle": LINES[place // len(PALETTE) % len(LINES)],
            "linewidth": 1.5,
        }
        for place, name in enumerate(known)
    }


def _heat(axes: Axes, title: str, values: NDArray[Any], names: Sequence[str]) -> None:
    low, high = 0.0, 1.0
    if title.startswith("payoff"):
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    axes.imshow(values, cmap="cividis" if "war" in title else "viridis", vmin=low, vmax=high)
    for (i, j), value in np.ndenumerate(values):
        dark = (value - low) / (high - low) < 0.6
        axes.text(j, i, f"{value:z.2f}", ha="center", va="center", fontsize=6, color="white" if dark else "black")
    labels = [name.replace("_", " ") for name in names]
    axes.set_xticks(range(len(names)), labels, rotation=90)
    axes.set_yticks(range(len(names)), labels)
    axes.tick_params(length=0)
    axes.set_title(title, loc="left")
