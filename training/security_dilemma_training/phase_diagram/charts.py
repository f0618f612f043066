"""The planes of a phase diagram as interactive charts: a cell tells of all its seeds, a seed of itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import altair as alt
import numpy as np
from matplotlib.colors import to_hex

from security_dilemma_training.pages.marks import (
    ENDING_SHAPES,
    MOST_POINTS,
    RunLine,
    layered,
    lit_opacity,
    lit_size,
    number,
    replay_command,
    row_of,
    spread,
    tooltips,
)
from security_dilemma_training.pages.report_page import Panels
from security_dilemma_training.phase_diagram.boundaries import DOMINANCE, SPIRAL, TRUST, Boundary
from security_dilemma_training.phase_diagram.figures import (
    LABELLED_AT,
    MISSING,
    axis_label,
    axis_words,
    color_of,
    color_scale,
    text_color,
    value_of,
)
from security_dilemma_training.phase_diagram.measured import METRICS, MeasuredCell, MeasuredPlane, SeedResult
from security_dilemma_training.phase_diagram.planes import AxisConfig
from security_dilemma_training.summary import show_interval, show_number
from security_dilemma_training.verdict import Ending

__all__ = ["SHARE", "RunLines", "phase_chart", "run_lines"]

METRIC = "metric"
"""The parameter by which the reader chooses what is coloured."""

SHARE = "seeds at war"
"""What is coloured at first."""

UNKNOWN = (0.85, 0.85, 0.85)

LOOKS = {
    Ending.WAR: ("black", "white", ENDING_SHAPES[Ending.WAR]),
    Ending.PEACE: ("white", "black", ENDING_SHAPES[Ending.PEACE]),
    Ending.BETWEEN: ("#999999", "black", ENDING_SHAPES[Ending.BETWEEN]),
}
"""Colours of a seed and of its edge, and its shape. Cells have the same colours on a light and on a dark page, and so
have the seeds and lines on them."""

DASHES = {DOMINANCE: [1, 0], TRUST: [8, 3, 2, 3], SPIRAL: [6, 3], "open": [2, 3]}

ROW = 62
"""Height of a row of cells in pixels, where there are few."""

RunLines: TypeAlias = Mapping[tuple[str, str, int], RunLine]
"""What is told of each run, by plane, cell and seed."""


def run_lines(planes: Sequence[MeasuredPlane], folder: Path) -> dict[tuple[str, str, int], RunLine]:
    """Return what a page tells of each run.

    Args:
        planes: What was measured.
        folder: Of the report.
    """
    lines = {}
    for plane in planes:
        for cell in plane.cells:
            for seed in cell.seeds:
                name = f"{cell.cell.name}, seed {seed.seed}"
                facts = {"ends": str(seed.ending)}
                facts |= {metric.heading: show_number(seed.values[metric.name]) for metric in METRICS}
                key = (plane.name, cell.cell.name, seed.seed)
                replay = replay_command(seed.folder, folder, seed.ending)
                lines[key] = RunLine("/".join(map(str, key)), name, facts, replay)
    return lines


def phase_chart(plane: MeasuredPlane, runs: RunLines) -> Panels:
    """Return a plane with its cells, coloured by what the reader chooses, their seeds, and theory's boundaries.

    Args:
        plane: The plane.
        runs: What is told of each run.
    """
    axes = _axes(plane)
    options = [SHARE, *(metric.heading for metric in METRICS)]
    cells = alt.Chart(alt.InlineData(values=_cells(plane, runs, options)))
    cells = cells.transform_filter(f"datum.metric === {METRIC}").encode(**axes)
    boxes = cells.mark_rect(stroke=None).encode(
        x=_axis("left", plane.plane.x), x2="right:Q", y=_axis("low", plane.plane.y), y2="high:Q",
        color=alt.Color("color:N", scale=None), tooltip=_told(),
    )  # fmt: skip
    texts = cells.mark_text(dy=-9, fontSize=12, tooltip=None).encode(
        text="text:N", color=alt.Color("ink:N", scale=None)
    )
    points = alt.Chart(alt.InlineData(values=_seeds(plane, runs))).mark_point(filled=True, strokeWidth=1)
    points = points.encode(
        **axes, color=_by_ending(alt.Color, 0), stroke=_by_ending(alt.Stroke, 1), shape=_by_ending(alt.Shape, 2),
        size=lit_size(34), opacity=lit_opacity(1), tooltip=tooltips(list(runs.values())),
    )  # fmt: skip
    height = max(360, min(ROW * plane.plane.y.points, 720))
    chart = layered(boxes, *_lines(plane), texts, points, height=height, title=f"By {axis_words(plane)}")
    chart = chart.add_params(alt.param(name=METRIC, value=SHARE))
    return Panels([chart], f"Cells by {axis_words(plane)}, with theory's boundaries", METRIC, options, broad=True)


def _axes(plane: MeasuredPlane) -> dict[str, Any]:
    return {"x": _axis("x", plane.plane.x), "y": _axis("y", plane.plane.y)}


def _axis(field: str, axis: AxisConfig) -> Any:
    """The place of a mark along an axis, with the values of the cells as its ticks."""
    kind = alt.X if field in ("x", "left") else alt.Y
    half = axis.step / 2
    scale = alt.Scale(domain=[axis.low - half, axis.high + half], nice=False, zero=False)
    ticks = alt.Axis(
        values=list(axis.values), grid=False, labelExpr="format(datum.value, '.4~g')", title=axis_label(axis)
    )
    return kind(f"{field}:Q", scale=scale, axis=ticks)


def _told() -> list[alt.Tooltip]:
    """What is told of a cell on hovering."""
    fields = {"name": "cell", "share": "seeds at war [95 %]", "value": "chosen", "theory": "theory", "seeds": "seeds"}
    return [alt.Tooltip(f"{field}:N", title=title) for field, title in fields.items()]


def _cells(plane: MeasuredPlane, runs: RunLines, options: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each cell and each thing that it may be coloured by."""
    rows = []
    for name, option in zip(["share", *(metric.name for metric in METRICS)], options, strict=True):
        scale = color_scale(plane, name)
        for cell in plane.cells:
            value = value_of(cell, name)
            color = UNKNOWN if math.isnan(value) else color_of(value, scale)
            half = plane.plane.x.step / 2, plane.plane.y.step / 2
            row: dict[str, Any] = {"metric": option, "x": cell.x, "y": cell.y}
            row |= {"left": cell.x - half[0], "right": cell.x + half[0]}
            row |= {"low": cell.y - half[1], "high": cell.y + half[1]}
            row |= {"color": to_hex(color), "ink": text_color(color), "text": _short(cell, name)}
            row |= {"name": cell.cell.name, "share": _counted(cell), "theory": _theory(cell)}
            row["value"] = "–" if name == "share" else f"{option} {show_interval(cell.interval(name))}"
            keys = [(plane.name, cell.cell.name, seed.seed) for seed in cell.seeds]
            row["seeds"] = "\n".join(_seed_told(seed, runs[key]) for seed, key in zip(cell.seeds, keys, strict=True))
            rows.append(row)
    return rows


def _short(cell: MeasuredCell, name: str) -> str:
    if name == "share":
        return f"{cell.count(Ending.WAR)}/{len(cell.seeds)}{MISSING if cell.missing else ''}" if cell.seeds else "none"
    return show_number(cell.interval(name).estimate, 2)


def _counted(cell: MeasuredCell) -> str:
    missing = f"; missing: seeds {', '.join(map(str, cell.missing))}" if cell.missing else ""
    if not cell.seeds:
        return f"no seed{missing}"
    share = cell.share
    return f"{cell.count(Ending.WAR)} of {len(cell.seeds)} [{share.low:.2f}, {share.high:.2f}]{missing}"


def _theory(cell: MeasuredCell) -> str:
    said = cell.theory
    if said is None:
        return cell.expected.reason
    rho = "" if said.reaction is None else f"; ρ = {said.reaction:.2f}"
    chances, trusts = said.chances, said.minimum_trusts
    return (
        f"P = {chances[0]:.2f} to {chances[1]:.2f}, m(P) = {trusts[0]:.2f} to {trusts[1]:.2f} by posture{rho}; "
        f"expected: {cell.expected.outcome or 'open'}"
    )


def _seed_told(seed: SeedResult, line: RunLine) -> str:
    return f"seed {seed.seed}: {line.told}" + (f"\n  {line.replay}" if line.replay else "")


def _by_ending(channel: Any, place: int) -> Any:
    scale = alt.Scale(domain=list(map(str, LOOKS)), range=[look[place] for look in LOOKS.values()])
    return channel("ends:N", scale=scale, legend=None)


def _lines(plane: MeasuredPlane) -> list[alt.Chart]:
    """Theory's boundaries, set off the cells by a light edge, each with its name."""
    lines, names = [], []
    for boundary in plane.boundaries:
        parts = [(line, boundary.kind) for line in boundary.lines] + [(line, "open") for line in boundary.open_lines]
        for place, (line, kind) in enumerate(parts):
            same = {"line": f"{boundary.label} {place}", "kind": kind, "told": boundary.label}
            kept = line[:: max(1, len(line) // MOST_POINTS)].tolist()
            lines += [{**same, "order": k, "x": number(x), "y": number(y)} for k, (x, y) in enumerate(kept)]
        if parts:
            x, y = _beside_rows(boundary, plane.plane.y)
            names.append({"x": number(x), "y": number(y), "told": boundary.label})
    if not lines:
        return []
    scale = alt.Scale(domain=list(DASHES), range=list(DASHES.values()))
    base = alt.Chart(alt.InlineData(values=lines)).encode(**_axes(plane), detail="line:N", order="order:Q")
    edge = base.mark_line(stroke="white", strokeWidth=4.5, opacity=0.8, tooltip=None)
    line = base.mark_line(stroke="black", strokeWidth=1.8).encode(
        strokeDash=alt.StrokeDash("kind:N", scale=scale, legend=None), tooltip=alt.Tooltip("told:N", title="theory")
    )
    text = alt.Chart(alt.InlineData(values=names)).encode(**_axes(plane), text="told:N")
    beside: dict[str, Any] = {"align": "left", "dx": 6, "baseline": "middle", "fontSize": 12, "tooltip": None}
    under = text.mark_text(**beside, stroke="white", strokeWidth=3.5, strokeJoin="round", color="white")
    return [edge, line, under, text.mark_text(**beside, color="black")]


def _beside_rows(boundary: Boundary, y: AxisConfig) -> tuple[float, float]:
    """A place of a boundary's longest line for its name: between two rows, where no count stands."""
    longest = max((*boundary.lines, *boundary.open_lines), key=len)
    low, high = float(longest[:, 1].min()), float(longest[:, 1].max())
    wanted = low + LABELLED_AT[boundary.kind] * (high - low)
    row = round((wanted - y.low) / y.step - 0.5)
    place = np.abs(longest[:, 1] - (y.low + (row + 0.5) * y.step)).argmin()
    found: tuple[float, float] = tuple(longest[place].tolist())
    return found


def _seeds(plane: MeasuredPlane, runs: RunLines) -> list[dict[str, Any]]:
    """A row for each seed, set apart within its cell."""
    x, y = plane.plane.axes
    rows = []
    for cell in plane.cells:
        for seed, side in zip(cell.seeds, spread(len(cell.seeds)), strict=True):
            line = runs[plane.name, cell.cell.name, seed.seed]
            where = {"x": number(cell.x + 0.36 * x.step * side), "y": number(cell.y - 0.22 * y.step)}
            rows.append(row_of(line, ends=str(seed.ending), **where))
    return rows
