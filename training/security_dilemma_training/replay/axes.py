"""What the charts of a replay share: the axis of steps, the cursor on it, and what is pointed at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from security_dilemma_training.pages.theme import INK, LINE
from security_dilemma_training.replay.episode import Episode
from security_dilemma_training.replay.rows import Rows

__all__ = ["MARGIN", "column", "cursor", "data", "finished", "pointed_at", "series", "step_axis", "value_axis"]

MARGIN = 92
"""Pixels left of every chart over steps, so that steps stand under one another."""
TICKS = 12
"""About so many steps are named on an axis."""
HALF = 0.5
"""A step's mark reaches so far to either side."""


def step_axis(episode: Episode, field: str = "step") -> alt.X:
    """Return the axis of steps, the same in every chart of an episode."""
    apart = max(1, round(episode.steps / TICKS))
    ticks = [float(step) for step in range(0, episode.steps + 1, apart)]
    axis = alt.Axis(title="step", format="d", values=ticks, grid=False, labelOverlap=True)
    scale = alt.Scale(domain=[-HALF, episode.steps + HALF], nice=False)
    return alt.X(f"{field}:Q", scale=scale, axis=axis)


def value_axis(title: str) -> alt.Axis:
    """Return the axis of a value over steps."""
    return alt.Axis(title=title, tickCount=4, minExtent=MARGIN, maxExtent=MARGIN, gridColor=LINE)


def cursor(episode: Episode) -> alt.Chart:
    """Return a line at the step shown."""
    rows = [{"step": step} for step in range(episode.steps + 1)]
    steps = alt.Chart(data(rows)).transform_filter("datum.step == step")
    line: alt.Chart = steps.mark_rule(color=INK, strokeWidth=1.5).encode(x=step_axis(episode))
    return line


def column(base: alt.Chart, episode: Episode, *, after: float = HALF, before: float = HALF) -> alt.Chart:
    """Return marks over the whole of a step.

    Args:
        base: Rows with a field ``step``.
        episode: The episode.
        after: How far a mark reaches to the right, in steps.
        before: And to the left.
    """
    ends = {"from": f"datum.step - {before}", "to": f"datum.step + {after}"}
    spans = {"x": step_axis(episode, "from"), "x2": alt.X2("to")}
    marks: alt.Chart = base.transform_calculate(**ends).mark_rect().encode(**spans)
    return marks


def pointed_at(base: alt.Chart, tooltip: Sequence[alt.Tooltip]) -> alt.Chart:
    """Return what answers to the pointer: marks over all of a step, unseen, on top of whatever is drawn there."""
    marks: alt.Chart = base.mark_rect(opacity=0).encode(tooltip=list(tooltip))
    return marks


def series(who: Sequence[str], colors: Sequence[str], dashes: Sequence[Sequence[int]], columns: int) -> dict[str, Any]:
    """Return encodings of lines that differ in colour and dash alike, with one legend.

    Args:
        who: Names of the series, the values of the field ``series``.
        colors: At least as many.
        dashes: At least as many.
        columns: Of the legend.
    """
    legend = alt.Legend(orient="top", columns=columns, symbolType="stroke", symbolSize=500, symbolStrokeWidth=2)
    ranges = list(colors[: len(who)]), [list(dash) for dash in dashes[: len(who)]]
    scales = [alt.Scale(domain=list(who), range=values) for values in ranges]
    return {
        "color": alt.Color("series:N", scale=scales[0], legend=legend),
        "strokeDash": alt.StrokeDash("series:N", scale=scales[1], legend=legend),
    }


def finished(rows: Rows, layers: Sequence[alt.Chart], height: int, *more: alt.Parameter) -> alt.LayerChart:
    """Return one chart of layers, as wide as there is room, with the signal ``step`` and others.

    Args:
        rows: Data of the layers that have none of their own.
        layers: From the lowest to the highest.
        height: In pixels.
        more: Other signals.
    """
    parameters = [alt.param(name="step", value=0), *more]
    chart = alt.LayerChart(data=data(rows), layer=list(layers), width="container", height=height)
    return chart.add_params(*parameters)


def data(rows: Rows) -> alt.Data:
    """Return rows as the data of a chart."""
    return alt.Data(values=rows)
