"""Figures of a benchmark: every seed is shown, and who a contestant is stands in words beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from security_dilemma_training.benchmark.definitions import SURE
from security_dilemma_training.benchmark.tables import NO_CONTROL, Comparison, MeasuredCell, contestants_of, worlds_of
from security_dilemma_training.comparisons import Profile, performance_profile
from security_dilemma_training.curves import Curves, logged_series
from security_dilemma_training.figures import GREEDY, SEEKER, STYLE
from security_dilemma_training.statistics import Interval
from security_dilemma_training.summary import display_name
from security_dilemma_training.verdict import Ending

__all__ = ["BANDS", "controlled", "controls", "improvement", "learning", "profile_lines", "profiles", "strips"]

ENDINGS = {Ending.WAR: (GREEDY, "^"), Ending.PEACE: (SEEKER, "o"), Ending.BETWEEN: ("0.45", "s")}
"""Colour and marker of a seed by how it ends."""

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")  # Okabe & Ito (2008)
LINES = ("-", "--", ":")
BANDS = 4
"""Up to so many contestants bands are drawn; more of them would hide each other and the curves."""


def strips(cells: Sequence[MeasuredCell], metric: str, label: str, title: str, *, share: bool = False) -> Figure:
    """Draw a metric of every seed by contestant in each world, marked by how the seed ended, and the middle of them.

    Args:
        cells: Contestants in worlds.
        metric: Column of the results table.
        label: Of its axis, with the unit.
        title: Of the figure.
        share: Whether the metric is a share of games: the axis is [0, 1], and beside each strip stands how many seeds
            are at war, instead of an interquartile mean that would hide two heaps.
    """
    with rc_context(STYLE):
        worlds, names = worlds_of(cells), contestants_of(cells)
        around = (0.5 + 0.065 * max(map(len, names)), 1.3)
        row = max(0.27, 0.026 * max(len(cell.rows) for cell in cells))
        figure, grid = _grid(len(worlds), 2, (3.3, 0.55 + row * len(names)), around)
        for axes, world in zip(grid, worlds, strict=True):
            for cell in (cell for cell in cells if cell.world == world):
                place = names.index(cell.contestant)
                _seeds(axes, place, cell, metric)
                if share:
                    counted = f"{cell.endings.count(Ending.WAR)}/{len(cell.endings)}"
                    axes.text(1.04, place, counted, transform=axes.get_yaxis_transform(), va="center", fontsize=8)
                else:
                    _middle(axes, place, cell.interval(metric))
            axes.set_title(display_name(world), loc="left")
            axes.set_yticks(range(len(names)), names)
            axes.set_ylim(len(names) - 0.5, -0.5)
            axes.grid(axis="y", color="0.92", linewidth=0.6)
            axes.set_axisbelow(True)
            if share:
                axes.set_xlim(-0.03, 1.03)
                axes.text(1.12, 1.01, "at war", transform=axes.transAxes, ha="right", va="bottom", fontsize=8)
        handles = [grid[0].scatter([], [], color=c, marker=m, s=26, label=kind) for kind, (c, m) in ENDINGS.items()]
        if not share:
            line = grid[0].errorbar([], [], xerr=[], fmt="|", color="black", markersize=9, capsize=0)
            line.set_label("interquartile mean, 95 % interval")
            handles.append(line)  # type: ignore[arg-type]
        figure.suptitle(title, x=0.01, ha="left", fontsize=10.5)
        _label_below(grid, label)
        figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=8, title="a seed that ends")
    return figure


def improvement(comparisons: Sequence[Comparison], contestants: Sequence[str]) -> Figure:
    """Draw how probable it is that a run of the row pays more than one of the column, by world and over all.

    Args:
        comparisons: Pairs of contestants.
        contestants: In the order of rows and columns.
    """
    scopes = list(dict.fromkeys(pair.scope for pair in comparisons))
    with rc_context(STYLE | {"axes.spines.top": True, "axes.spines.right": True}):
        side, longest = max(1.7, 0.37 * len(contestants)), max(map(len, contestants))
        figure, grid = _grid(len(scopes), 3, (side + 0.3, side + 0.55), (0.7 + 0.07 * longest, 0.7))
        for axes, scope in zip(grid, scopes, strict=True):
            _matrix(axes, [pair for pair in comparisons if pair.scope == scope], contestants)
            axes.set_title(display_name(scope), loc="left")
        _label_below(grid)
        figure.suptitle(
            "Probability that a run of the row pays more than one of the column", x=0.01, ha="left", fontsize=10.5
        )
        figure.supxlabel(f"* Holm-adjusted p of at most {SURE:g}, within a panel", fontsize=8)
    return figure


def profile_lines(cells: Sequence[MeasuredCell]) -> list[tuple[MeasuredCell, Profile]]:
    """Return the performance profile of each contestant in each world where payoffs are known, over one set of places.

    Args:
        cells: Contestants in worlds.
    """
    paid = [value for cell in cells for value in cell.values("payoff")]
    margin = 0.03 * (max(paid) - min(paid)) + 1e-3
    thresholds = np.linspace(min(paid) - margin, max(paid) + margin, 501)
    known = [cell for cell in cells if cell.values("payoff")]
    return [(cell, performance_profile([cell.values("payoff")], thresholds)) for cell in known]


def profiles(lines: Sequence[tuple[MeasuredCell, Profile]]) -> Figure:
    """Draw for each world the share of runs that pay more than a threshold.

    With few contestants pointwise 95 % bands are drawn, too.

    Args:
        lines: As :func:`profile_lines` returns them.
    """
    with rc_context(STYLE):
        cells = [cell for cell, _ in lines]
        worlds, names = worlds_of(cells), contestants_of(cells)
        figure, grid = _grid(len(worlds), 2, (3.9, 2.1), (1.0, 1.3))
        for axes, world in zip(grid, worlds, strict=True):
            for cell, found in lines:
                if cell.world != world:
                    continue
                place = names.index(cell.contestant)
                style: dict[str, Any] = {
                    "color": PALETTE[place % len(PALETTE)],
                    "linestyle": LINES[place // len(PALETTE) % len(LINES)],
                }
                if len(names) <= BANDS:
                    axes.fill_between(
                        found.thresholds, found.low, found.high, color=style["color"], alpha=0.12, linewidth=0
                    )
                axes.plot(found.thresholds, found.share, linewidth=1.5, label=cell.contestant, **style)
            axes.set_title(display_name(world), loc="left")
            axes.set_ylim(-0.02, 1.02)
        _label_below(grid, "threshold of the payoff (undisturbed futures)")
        figure.supylabel("share of seeds that pay more", fontsize=9)
        handles = {n: h for axes in grid for h, n in zip(*axes.get_legend_handles_labels(), strict=True)}
        figure.legend([handles[n] for n in names if n in handles], [n for n in names if n in handles],
                      loc="outside lower center", ncols=4, fontsize=8)  # fmt: skip
    return figure


def learning(cells: Sequence[MeasuredCell], curves: Mapping[str, Curves], column: str, label: str) -> Figure:
    """Draw what was logged while learning over agent-steps: contestants in rows, worlds in columns, a line a seed.

    Args:
        cells: Contestants in worlds.
        curves: The columns of ``progress.csv`` by the key of a row.
        column: Which one.
        label: Of its axis, with the unit.
    """
    with rc_context(STYLE):
        worlds, names = worlds_of(cells), contestants_of(cells)
        figure = Figure(figsize=(1.6 + 1.95 * len(worlds), 0.9 + 1.05 * len(names)))
        grid = figure.subplots(len(names), len(worlds), sharex=True, sharey=True, squeeze=False)
        for cell in cells:
            axes = grid[names.index(cell.contestant)][worlds.index(cell.world)]
            for row, kind in zip(cell.rows, cell.endings, strict=True):
                steps, values = logged_series(curves.get(str(row["key"])), column)
                if len(steps):
                    axes.plot(steps, values, color=ENDINGS[kind][0], linewidth=0.8, alpha=0.8)
        for place, world in enumerate(worlds):
            grid[0][place].set_title(display_name(world), loc="left")
        for place, name in enumerate(names):
            grid[place][0].set_ylabel(name.replace(" (", "\n("), rotation=0, ha="right", va="center")
        for axes in grid[-1]:
            axes.set_xlabel("million agent-steps", fontsize=8)
        figure.suptitle(label, x=0.01, ha="left", fontsize=10.5)
        handles = [grid[0][0].plot([], [], color=color, label=kind)[0] for kind, (color, _) in ENDINGS.items()]
        figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=8, title="a seed that ends")
    return figure


def controls(cells: Sequence[MeasuredCell]) -> Figure:
    """Draw the tragic war rate of every seed without and with each causal control; a line joins one seed.

    Args:
        cells: Contestants in worlds, with and without controls.
    """
    with rc_context(STYLE):
        cells, options = controlled(cells)
        worlds, names = worlds_of(cells), contestants_of(cells)
        figure = Figure(figsize=(1.6 + 1.95 * len(worlds), 1.6 + 1.35 * len(names)))
        grid = figure.subplots(len(names), len(worlds), sharex=True, sharey=True, squeeze=False)
        for name, panels in zip(names, grid, strict=True):
            panels[0].set_ylabel(name.replace(" (", "\n("), rotation=0, ha="right", va="center")
            for world, axes in zip(worlds, panels, strict=True):
                _joined(axes, [cell for cell in cells if (cell.world, cell.contestant) == (world, name)], options)
        for world, axes in zip(worlds, grid[0], strict=True):
            axes.set_title(display_name(world), loc="left")
        for axes in grid[-1]:
            axes.set_xticks(range(len(options)), [name.replace("_", " ") for name in options], rotation=90)
        figure.suptitle(
            "Tragic war rate of every seed, as it is and with one thing changed", x=0.01, ha="left", fontsize=10.5
        )
    return figure


def controlled(cells: Sequence[MeasuredCell]) -> tuple[list[MeasuredCell], list[str]]:
    """Return the cells of those who played a world both with and without controls, and the controls, none first."""
    played: dict[tuple[str, str], set[str]] = {}
    for cell in cells:
        played.setdefault((cell.world, cell.contestant), set()).add(cell.control)
    both = {place for place, own in played.items() if NO_CONTROL in own and len(own) > 1}
    kept = [cell for cell in cells if (cell.world, cell.contestant) in both]
    return kept, [NO_CONTROL, *dict.fromkeys(cell.control for cell in kept if cell.control != NO_CONTROL)]


def _grid(
    count: int, columns: int, panel: tuple[float, float], around: tuple[float, float]
) -> tuple[Figure, list[Axes]]:
    """Panels with common axes, so many in a row; a panel and what stands around all of them have sizes in inches."""
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    figure = Figure(figsize=(max(5.5, around[0] + columns * panel[0]), around[1] + rows * panel[1]))
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel().tolist()
    for unused in grid[count:]:
        unused.set_visible(False)
    return figure, grid[:count]


def _label_below(panels: Sequence[Axes], label: str = "") -> None:
    """Label the axis of panels with none below them, and show its ticks."""
    lowest = {panel.get_subplotspec().colspan.start: panel for panel in panels}  # type: ignore[union-attr]
    for axes in lowest.values():
        axes.tick_params(labelbottom=True)
        axes.set_xlabel(label, fontsize=9)


def _seeds(axes: Axes, place: int, cell: MeasuredCell, metric: str) -> None:
    """One point a seed, spread in the order of the seeds so that equal ones can be counted."""
    values = np.array([float(row[metric]) for row in cell.rows])
    places = place + min(0.36, 0.07 * (len(values) - 1)) * np.linspace(-1, 1, len(values))
    for kind, (color, marker) in ENDINGS.items():
        own = np.array([ended is kind for ended in cell.endings])
        axes.scatter(
            values[own], places[own], s=20, marker=marker, color=color, alpha=0.8, linewidth=0.4, edgecolor="white",
            zorder=3, clip_on=False,
        )  # fmt: skip


def _middle(axes: Axes, place: int, found: Interval) -> None:
    """The interquartile mean, and its interval if there is one."""
    if not math.isnan(found.estimate):
        axes.plot([found.estimate], [place], "|", color="black", markersize=11, markeredgewidth=1.6, zorder=4)
        axes.plot([found.low, found.high], [place, place], color="black", linewidth=1.0, zorder=2)


def _matrix(axes: Axes, pairs: Sequence[Comparison], names: Sequence[str]) -> None:
    """Probabilities of improvement with their numbers; the middle, where neither is better, is white."""
    values: NDArray[Any] = np.full((len(names), len(names)), math.nan)
    marks = {}
    for pair in pairs:
        i, j = names.index(pair.first), names.index(pair.second)
        values[i, j], values[j, i] = pair.improvement.estimate, 1 - pair.improvement.estimate
        marks[i, j] = marks[j, i] = "*" if pair.adjusted <= SURE else ""
    axes.imshow(values, cmap="PuOr_r", vmin=0, vmax=1)
    for (i, j), value in np.ndenumerate(values):
        if not math.isnan(value):
            color = "white" if abs(value - 0.5) > 0.34 else "black"
            axes.text(j, i, f"{value:.2f}{marks[i, j]}", ha="center", va="center", fontsize=7, color=color)
    numbers = range(1, len(names) + 1)
    axes.set_xticks(range(len(names)), list(map(str, numbers)))
    axes.set_yticks(range(len(names)), [f"{name}  {number}" for number, name in zip(numbers, names, strict=True)])
    axes.tick_params(length=0)


def _joined(axes: Axes, cells: Sequence[MeasuredCell], options: Sequence[str]) -> None:
    """The seeds of one contestant in one world over the controls."""
    axes.set_ylim(-0.05, 1.05)
    axes.set_xlim(-0.5, len(options) - 0.5)
    rates: dict[int, dict[int, float]] = {}
    for cell in cells:
        place = options.index(cell.control)
        for row, kind in zip(cell.rows, cell.endings, strict=True):
            rates.setdefault(int(row["seed"]), {})[place] = float(row["tragic_war_rate"])
            color, marker = ENDINGS[kind]
            axes.scatter(
                place, float(row["tragic_war_rate"]), s=16, color=color, marker=marker, zorder=3, clip_on=False
            )
    for seed in rates.values():
        places = sorted(seed)
        axes.plot(places, [seed[place] for place in places], color="0.7", linewidth=0.7, zorder=1)
