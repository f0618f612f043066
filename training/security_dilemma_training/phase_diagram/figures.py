"""The figure of a plane: its cells as they are, every seed in them, and theory's boundaries on top."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from security_dilemma.params import PARAMETERS
from security_dilemma_training.figures import STYLE
from security_dilemma_training.phase_diagram.boundaries import DOMINANCE, SPIRAL, TRUST, Boundary, Line
from security_dilemma_training.phase_diagram.measured import METRICS, MeasuredCell, MeasuredPlane, Metric
from security_dilemma_training.phase_diagram.planes import AxisConfig, text_of
from security_dilemma_training.verdict import Ending

__all__ = [
    "LABELLED_AT",
    "MISSING",
    "SHOWN",
    "axis_label",
    "color_of",
    "color_scale",
    "phase_figure",
    "text_color",
    "titled",
]

SHOWN = tuple(metric for metric in METRICS if metric.name != "arms")
"""The metrics that have a panel."""

MISSING = "*"
"""Stands behind the count of a cell of which seeds are missing."""

WAR_MAP = LinearSegmentedColormap.from_list("war", ["#fffbe8", "#fbd08a", "#e08a3c", "#a8481a", "#5c1a0b"])
"""From light to dark, so that it reads in grey and for colour-blind readers."""

SPIRAL_MAP = LinearSegmentedColormap.from_list(
    "spiral", [(0.0, "#9fb4dd"), (0.5, "#ffffff"), (0.75, "#e9a04a"), (1.0, "#7a2a0d")]
)
"""White in the middle: blue and light below, brown and dark above, so that it reads in grey, too."""

MARKERS = {Ending.WAR: ("^", True), Ending.PEACE: ("o", False), Ending.BETWEEN: ("s", False)}
"""Marker of a seed by how it ends, and whether it is filled."""

STYLES: dict[str, Any] = {DOMINANCE: "-", TRUST: (0, (7, 2, 1.5, 2)), SPIRAL: (0, (4, 2))}
MEANINGS = {
    DOMINANCE: "P = ½: {lower} striking is dominated",
    TRUST: "t = m(P): with less trust, fear suffices for war",
    SPIRAL: "ρ = 1: {higher} arms are answered by more",
}
"""What the lines are, in the legend."""

LABELLED_AT = {DOMINANCE: 0.8, TRUST: 0.42, SPIRAL: 0.55}
"""Where on a line its label stands, as a share of its length from the bottom up."""

MOST_SEEDS = 7
"""More seeds in a cell are not drawn one by one; the count tells them."""

HIGHEST_INDEX = 3.0
"""Spiral indices above have the colour of this one."""


def titled(name: str) -> str:
    """Return what a plane is called by people, as ``balance and trust``."""
    return name.replace("_", " ")


def axis_label(axis: AxisConfig) -> str:
    """Return the label of an axis: the parameter and its symbol."""
    symbol = PARAMETERS[axis.parameter].symbol
    named = titled(axis.parameter) + (f" {symbol}" if symbol else "")
    return f"← defence     {named}     offence →" if axis.parameter == "balance" else named


def color_scale(plane: MeasuredPlane, metric: str) -> tuple[Normalize, Colormap]:
    """Return how a metric is coloured on a plane; the spiral index has its middle at 1.

    Args:
        plane: The plane.
        metric: Its name, or ``share`` for the share of seeds at war.
    """
    found = [value for cell in plane.cells if not math.isnan(value := value_of(cell, metric))]
    if metric == "spiral_index":
        highest = min(HIGHEST_INDEX, max(2.0, *found)) if found else 2.0
        return TwoSlopeNorm(1.0, 0.0, highest), SPIRAL_MAP
    whole = metric in ("share", "tragic_war_rate")
    return Normalize(0, 1 if whole else max([*found, 1e-6])), WAR_MAP


def value_of(cell: MeasuredCell, metric: str) -> float:
    """Return a metric of a cell: the share of seeds at war, or the interquartile mean of what the seeds have."""
    return cell.share.estimate if metric == "share" else cell.interval(metric).estimate


def color_of(value: float, scale: tuple[Normalize, Colormap]) -> tuple[float, float, float]:
    """Return the colour of a value as red, green and blue in [0, 1]."""
    norm, colors = scale
    red, green, blue, _ = colors(float(norm(np.clip(value, norm.vmin, norm.vmax))))
    return red, green, blue


def text_color(color: tuple[float, float, float]) -> str:
    """Return the colour of text that is read on another colour, by its luminance."""
    return "black" if np.dot(color, (0.299, 0.587, 0.114)) > 0.5 else "white"


def phase_figure(plane: MeasuredPlane) -> Figure:
    """Draw a plane: the share of seeds at war, and beside it a panel for each metric.

    Args:
        plane: What was measured.
    """
    with rc_context(STYLE | {"axes.spines.top": True, "axes.spines.right": True}):
        figure = Figure(figsize=(14.2, 7.2))
        panels = figure.subplot_mosaic([["share", "share", *row] for row in _rows()])
        main = panels["share"]
        _cells(main, plane, "share", _counted)
        _seeds(main, plane)
        _lines(main, plane, labelled=True)
        main.set_title("Share of seeds at war (seeds at war / seeds)", loc="left")
        for metric in SHOWN:
            axes = panels[metric.name]
            _cells(axes, plane, metric.name, _number(metric))
            _lines(axes, plane, labelled=False)
            axes.set_title(f"{metric.heading[0].upper()}{metric.heading[1:]}", loc="left")
        for axes in panels.values():
            axes.set_xlabel(axis_label(plane.plane.x))
            axes.set_ylabel(axis_label(plane.plane.y))
        figure.legend(handles=_handles(plane), loc="outside lower center", ncols=5, fontsize=8)
        words = f"What learned security seekers do among themselves, by {axis_words(plane)}"
        figure.suptitle(words, x=0.01, ha="left", fontsize=11)
    return figure


def axis_words(plane: MeasuredPlane) -> str:
    """Return what is varied, in words."""
    return " and ".join(map(titled, plane.plane.parameters))


def _rows() -> list[list[str]]:
    names = [metric.name for metric in SHOWN]
    return [names[:2], names[2:]]


def _cells(axes: Axes, plane: MeasuredPlane, metric: str, told: Callable[[MeasuredCell], str]) -> None:
    """The cells in their colours with what is told in each; hatched where there is nothing."""
    norm, colors = scale = color_scale(plane, metric)
    x, y = plane.plane.axes
    values = np.array([value_of(cell, metric) for cell in plane.cells]).reshape(y.points, x.points)
    axes.set_facecolor("0.92")
    shown = axes.pcolormesh(_edges(x), _edges(y), np.ma.masked_invalid(values), cmap=colors, norm=norm)
    size = (7.5 if metric == "share" else 5.6) * min(1.0, 9 / max(x.points, y.points))
    for cell in plane.cells:
        value = value_of(cell, metric)
        if math.isnan(value):
            axes.fill(*_box(cell, x, y), facecolor="0.92", edgecolor="0.7", hatch="////", linewidth=0)
        ground = (0.92, 0.92, 0.92) if math.isnan(value) else color_of(value, scale)
        rise = 0.16 * y.step if metric == "share" and not math.isnan(value) else 0
        axes.text(
            cell.x, cell.y + rise, told(cell), ha="center", va="center", fontsize=size, color=text_color(ground),
            path_effects=[withStroke(linewidth=1.8, foreground=ground)], zorder=8,
        )  # fmt: skip
    figure = axes.figure
    beyond = "max" if metric == "spiral_index" and np.nanmax([*values.ravel(), 0]) > (norm.vmax or 0) else "neither"
    figure.colorbar(shown, ax=axes, fraction=0.05, pad=0.015, extend=beyond)
    for set_ticks, axis in ((axes.set_xticks, x), (axes.set_yticks, y)):
        ticks = axis.values[:: 1 if axis.points <= 8 else 2]
        set_ticks(ticks, list(map(text_of, ticks)))
    axes.set_xlim(_edges(x)[0], _edges(x)[-1])
    axes.set_ylim(_edges(y)[0], _edges(y)[-1])
    axes.tick_params(length=2, labelsize=8)


def _edges(axis: AxisConfig) -> NDArray[np.float64]:
    return np.linspace(axis.low - axis.step / 2, axis.high + axis.step / 2, axis.points + 1)


def _box(cell: MeasuredCell, x: AxisConfig, y: AxisConfig) -> tuple[list[float], list[float]]:
    left, right = cell.x - x.step / 2, cell.x + x.step / 2
    low, high = cell.y - y.step / 2, cell.y + y.step / 2
    return [left, right, right, left], [low, low, high, high]


def _counted(cell: MeasuredCell) -> str:
    if not cell.seeds:
        return "none"
    return f"{cell.count(Ending.WAR)}/{len(cell.seeds)}{MISSING if cell.missing else ''}"


def _number(metric: Metric) -> Callable[[MeasuredCell], str]:
    def told(cell: MeasuredCell) -> str:
        value = cell.interval(metric.name).estimate
        return "–" if math.isnan(value) else f"{value:z.{metric.decimals}f}".removeprefix("0")

    return told


def _seeds(axes: Axes, plane: MeasuredPlane) -> None:
    """Every seed of a cell as a mark below the count."""
    x, y = plane.plane.axes
    scale = color_scale(plane, "share")
    for cell in plane.cells:
        if not cell.seeds or len(cell.seeds) > MOST_SEEDS:
            continue
        places = cell.x + x.step * min(0.34, 0.11 * (len(cell.seeds) - 1)) * np.linspace(-1, 1, len(cell.seeds))
        color = text_color(color_of(cell.share.estimate, scale))
        for place, seed in zip(places, cell.seeds, strict=True):
            marker, filled = MARKERS[seed.ending]
            axes.plot(
                place, cell.y - 0.2 * y.step, marker, markersize=3.2, color=color, markeredgewidth=0.7,
                markerfacecolor=color if filled else "none", zorder=8,
            )  # fmt: skip


def _lines(axes: Axes, plane: MeasuredPlane, *, labelled: bool) -> None:
    """Theory's boundaries, with a light edge that sets them off dark cells."""
    width = 1.7 if labelled else 1.1
    edge = [withStroke(linewidth=width + 1.8, foreground="white", alpha=0.85)]
    for boundary in plane.boundaries:
        for lines, style in ((boundary.lines, STYLES[boundary.kind]), (boundary.open_lines, ":")):
            for line in lines:
                axes.plot(*line.T, color="black", linewidth=width, linestyle=style, path_effects=edge, zorder=6)
        if labelled and boundary.crosses:
            _label(axes, boundary)


def _label(axes: Axes, boundary: Boundary) -> None:
    """The name of a boundary along its longest line."""
    line = max((*boundary.lines, *boundary.open_lines), key=lambda line: _length(axes, line)[-1])
    line = line if line[0, 1] <= line[-1, 1] else line[::-1]
    along = _length(axes, line)
    place = int(np.searchsorted(along, LABELLED_AT[boundary.kind] * along[-1]))
    place = min(max(place, 1), len(line) - 2) if len(line) > 2 else 0
    (x0, y0), (x1, y1) = line[max(place - 1, 0)], line[place + 1]
    if x1 < x0:
        x0, y0, x1, y1 = x1, y1, x0, y0
    x, y = line[place].tolist()
    text = axes.text(
        x, y, boundary.label, ha="center", va="bottom", fontsize=8.5, rotation_mode="anchor", zorder=7,
        rotation=math.degrees(math.atan2(y1 - y0, x1 - x0)), transform_rotates_text=True,
    )  # fmt: skip
    text.set_path_effects([withStroke(linewidth=2.6, foreground="white", alpha=0.9)])


def _length(axes: Axes, line: Line) -> NDArray[np.float64]:
    """The length of a line up to each of its places, in shares of the axes."""
    spans = np.array([abs(np.diff(axes.get_xlim())[0]), abs(np.diff(axes.get_ylim())[0])])
    steps = np.hypot(*np.diff(line / spans, axis=0).T)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _meaning(kind: str, plane: MeasuredPlane) -> str:
    along = "balance" in plane.plane.parameters
    lower, higher = ("for lower b", "for higher b") if along else ("where P is lower,", "where ρ is higher,")
    return MEANINGS[kind].format(lower=lower, higher=higher)


def _handles(plane: MeasuredPlane) -> Sequence[Line2D | Patch]:
    seeds = [
        Line2D([], [], linestyle="", marker=marker, color="black", markersize=5, label=f"a seed {kind}",
               markerfacecolor="black" if filled else "none")
        for kind, (marker, filled) in MARKERS.items()
    ]  # fmt: skip
    crossing = [boundary for boundary in plane.boundaries if boundary.crosses]
    more: list[Line2D | Patch] = [
        Line2D([], [], color="black", linestyle=STYLES[kind], label=_meaning(kind, plane))
        for kind in STYLES
        if any(boundary.kind == kind for boundary in crossing)
    ]
    if any(boundary.open_lines for boundary in crossing):
        more.append(Line2D([], [], color="black", linestyle=":", label="t = m(P), but the greedy need not strike"))
    if any(math.isnan(value_of(cell, name)) for cell in plane.cells for name in ("share", *(m.name for m in SHOWN))):
        more.append(Patch(facecolor="0.92", edgecolor="0.7", hatch="////", label="not identified, or no seed"))
    if any(cell.missing for cell in plane.cells):
        more.append(Line2D([], [], linestyle="", label=f"{MISSING} seeds are missing"))
    return [*seeds, *more]
