"""Curves of the four worlds as interactive charts: seeds thin, their mean thick, and one seed lit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from security_dilemma.spaces import INTENTS
from security_dilemma_training.charts import who_color, who_scale
from security_dilemma_training.curves import Curves, Series, arms_series, mean_series, strikes_series
from security_dilemma_training.figures import LABELS, panel_title
from security_dilemma_training.pages.marks import (
    ONLY,
    RunLine,
    layered,
    lit_lines,
    lit_opacity,
    points_of,
    row_of,
    tooltips,
)
from security_dilemma_training.pages.report_page import Panels
from security_dilemma_training.pages.theme import FAINT
from security_dilemma_training.summary import RunKey, WorldSummary, run_key

__all__ = ["arms_over_time", "learning_curves", "lines_of_worlds"]


def arms_over_time(
    worlds: Sequence[WorldSummary], runs: Mapping[RunKey, RunLine], curves: Mapping[RunKey, Curves]
) -> Panels:
    """Return arms over time by intent in each world.

    Args:
        worlds: The worlds.
        runs: What is told of each run.
        curves: The contents of ``arms.npz`` by run.
    """

    def series(result: Mapping[str, Any], intent: str) -> Series:
        return arms_series(curves.get(run_key(result)), intent)

    caps = [float(np.max(world.results[0]["params"]["arms_cap"])) for world in worlds]
    axes = ("step", "arms of those still there (units)", (0.0, 1.08 * max(caps)))
    rules = [(cap, "cap") for cap in caps]
    return Panels(lines_of_worlds(worlds, runs, series, axes, rules), "Arms over time of every seed by intent")


def learning_curves(
    worlds: Sequence[WorldSummary], runs: Mapping[RunKey, RunLine], curves: Mapping[RunKey, Curves]
) -> Panels:
    """Return how the strike rate in a crisis by intent changed over the training in each world.

    Args:
        worlds: The worlds.
        runs: What is told of each run.
        curves: The columns of ``progress.csv`` by run.
    """

    def series(result: Mapping[str, Any], intent: str) -> Series:
        return strikes_series(curves.get(run_key(result)), intent)

    axes = ("million agent-steps", "strikes per crisis while learning", (0.0, 1.0))
    return Panels(lines_of_worlds(worlds, runs, series, axes), "Strikes per crisis of every seed while learning")


def lines_of_worlds(
    worlds: Sequence[WorldSummary],
    runs: Mapping[RunKey, RunLine],
    series: Callable[[Mapping[str, Any], str], Series],
    axes: tuple[str, str, tuple[float, float]],
    rules: Sequence[tuple[float, str]] = (),
) -> list[alt.LayerChart]:
    """Return a chart for each world: seeds as thin lines by intent, their mean thick as long as all of them go on.

    Args:
        worlds: The worlds.
        runs: What is told of each run.
        series: Returns the line of a result and an intent.
        axes: Titles of both, and the ends of the second.
        rules: For each world a value across all places, and what it is.
    """
    told = tooltips(list(runs.values()), alt.Tooltip("who:N", title="of"))
    charts = []
    for place, world in enumerate(worlds):
        seeds, means = [], []
        for intent in INTENTS:
            lines = [series(result, intent) for result in world.results]
            for result, line in zip(world.results, lines, strict=True):
                if len(line[0]):
                    seeds.append(row_of(runs[run_key(result)], who=LABELS[intent], **points_of(line)))
            means.append({"who": LABELS[intent], **points_of(mean_series(lines))})
        across = [{"y": rules[place][0], "what": rules[place][1]}] if rules else []
        layers = _lines(seeds, means, told, axes) + _rule(across)
        charts.append(layered(*layers, height=220, title=panel_title(world).split("\n")))
    return charts


def _lines(
    seeds: list[dict[str, Any]],
    means: list[dict[str, Any]],
    told: Sequence[alt.Tooltip],
    axes: tuple[str, str, tuple[float, float]],
) -> list[alt.Chart]:
    x = alt.X("x:Q", title=axes[0], axis=alt.Axis(grid=False, tickCount=5))
    y = alt.Y("y:Q", title=axes[1], scale=alt.Scale(domain=axes[2]))
    only = alt.selection_point(name=ONLY, fields=["who"], bind="legend")
    dash = alt.StrokeDash("who:N", scale=who_scale([[1, 0], [6, 3]]))
    drawn, mean = (
        alt.Chart(alt.InlineData(values=rows)).transform_flatten(["x", "y"]).encode(x=x, y=y, detail=["run:N", "who:N"])
        for rows in (seeds, means)
    )
    thin, broad = lit_lines(drawn, told, only, color=who_color(), strokeDash=dash)
    thick = mean.mark_line(strokeWidth=2.6, tooltip=None).encode(
        color=who_color(),
        strokeDash=dash,
        detail="who:N",
        opacity=lit_opacity(1, only),
    )
    return [thin.add_params(only), thick, broad]


def _rule(across: list[dict[str, Any]]) -> list[alt.Chart]:
    if not across:
        return []
    base = alt.Chart(alt.InlineData(values=across)).encode(y="y:Q")
    words = base.mark_text(align="left", baseline="bottom", dx=2, color=FAINT, tooltip=None)
    return [base.mark_rule(color=FAINT, strokeDash=[2, 2], tooltip=None), words.encode(text="what:N", x=alt.value(0))]
