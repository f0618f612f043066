"""The comparisons of a benchmark's learners as interactive charts: who is better than whom, and by which threshold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from security_dilemma_training.benchmark.definitions import SURE
from security_dilemma_training.benchmark.figures import BANDS
from security_dilemma_training.benchmark.tables import Comparison, MeasuredCell, contestants_of, worlds_of
from security_dilemma_training.comparisons import Profile
from security_dilemma_training.pages.marks import ONLY, layered, number
from security_dilemma_training.pages.report_page import Panels
from security_dilemma_training.pages.theme import DASHES, STATE_COLORS
from security_dilemma_training.statistics import Interval
from security_dilemma_training.summary import display_name, show_interval

__all__ = ["improvement", "profiles"]

STARS = f"* Holm-adjusted p ≤ {SURE:g} in this panel"


def improvement(comparisons: Sequence[Comparison], contestants: Sequence[str]) -> Panels:
    """Return how probable it is that a run of the row pays more than one of the column, by world and over all.

    Args:
        comparisons: Pairs of contestants.
        contestants: In the order of rows and columns.
    """
    numbers = {name: str(place + 1) for place, name in enumerate(contestants)}
    charts = []
    for scope in dict.fromkeys(pair.scope for pair in comparisons):
        rows = [row for pair in comparisons if pair.scope == scope for row in _both_ways(pair, numbers)]
        base = alt.Chart(alt.InlineData(values=rows)).encode(
            x=alt.X("column:N", scale=alt.Scale(domain=list(numbers.values())), title=None, axis=_plain_axis(0)),
            y=alt.Y("row:N", scale=alt.Scale(domain=_numbered(numbers)), title=None, axis=_plain_axis(220)),
            tooltip=[alt.Tooltip("told:N", title="pays more"), alt.Tooltip("chance:N", title="with probability [95 %]"),
                     alt.Tooltip("p:N"), alt.Tooltip("adjusted:N", title="adjusted p")],
        )  # fmt: skip
        scheme = alt.Scale(scheme="purpleorange", domain=[0, 1])  # purple at 0, as in the figure
        cells = base.mark_rect().encode(color=alt.Color("value:Q", scale=scheme, legend=None))
        strong = alt.when("abs(datum.value - 0.5) > 0.34").then(alt.value("white")).otherwise(alt.value("black"))
        words = base.mark_text(fontSize=10).encode(text="text:N", color=strong)
        charts.append(layered(cells, words, height=30 * len(contestants), title=[display_name(scope), STARS]))
    label = "Probability that a run of the row pays more than one of the column"
    return Panels(charts, label, broad=len(contestants) > 9)


def profiles(lines: Sequence[tuple[MeasuredCell, Profile]]) -> Panels:
    """Return for each world the share of runs that pay more than a threshold, with few contestants with 95 % bands.

    Args:
        lines: As :func:`security_dilemma_training.benchmark.figures.profile_lines` returns them.
    """
    cells = [cell for cell, _ in lines]
    names = contestants_of(cells)
    only = alt.selection_point(name=ONLY, fields=["learner"], bind="legend")
    colors = [STATE_COLORS[place % len(STATE_COLORS)] for place in range(len(names))]
    dashes = [DASHES[(place + place // len(DASHES)) % len(DASHES)] for place in range(len(names))]
    legend = alt.Legend(columns=3, symbolType="stroke", symbolOpacity=1, symbolSize=300, symbolStrokeWidth=2)
    color = alt.Color("learner:N", scale=alt.Scale(domain=names, range=colors), legend=legend)
    dash = alt.StrokeDash("learner:N", scale=alt.Scale(domain=names, range=dashes), legend=legend)
    faint, clear = (alt.when(only).then(alt.value(shown)).otherwise(alt.value(shown / 8)) for shown in (0.15, 1))
    charts = []
    for world in worlds_of(cells):
        rows = [_steps(cell.contestant, found) for cell, found in lines if cell.world == world]
        base = alt.Chart(alt.InlineData(values=rows)).transform_flatten(["x", "y", "low", "high"]).encode(
            x=alt.X("x:Q", title="threshold of the payoff (undisturbed futures)", axis=alt.Axis(grid=False)),
            y=alt.Y("y:Q", title="share of seeds that pay more", scale=alt.Scale(domain=(0, 1))),
            color=color,
        )  # fmt: skip
        thin = base.mark_line(strokeWidth=2, tooltip=None).encode(strokeDash=dash, opacity=clear)
        unseen = base.mark_line(strokeWidth=9, opacity=0).encode(detail="learner:N", tooltip="learner:N")
        band = base.mark_area(tooltip=None).encode(y="low:Q", y2="high:Q", opacity=faint)
        layers = [thin.add_params(only), unseen]
        charts.append(layered(*([band] if len(names) <= BANDS else []), *layers, height=220, title=display_name(world)))
    return Panels(charts, "Share of seeds that pay more than a threshold, by learner and world")


def _steps(learner: str, found: Profile) -> dict[str, Any]:
    """A profile at its ends and on both sides of each of its steps: nothing is lost where it is level."""
    heights = np.stack([found.share, found.low, found.high])
    level = np.isclose(heights[:, 1:], heights[:, :-1], equal_nan=True).all(axis=0)
    kept = ~(np.r_[False, level] & np.r_[level, False])
    places, *rows = ([number(value) for value in values[kept]] for values in (found.thresholds, *heights))
    return {"learner": learner, "x": places} | dict(zip(("y", "low", "high"), rows, strict=True))


def _both_ways(pair: Comparison, numbers: Mapping[str, str]) -> list[dict[str, Any]]:
    """A pair's two places in the matrix."""
    value, low, high = pair.improvement
    mark = "*" if pair.adjusted <= SURE else ""
    mirrored = Interval(1 - value, 1 - high, 1 - low)
    return [
        {
            "row": f"{first}  {numbers[first]}",
            "column": numbers[second],
            "value": number(found.estimate),
            "text": f"{found.estimate:.2f}{mark}",
            "told": f"{first} than {second}",
            "chance": show_interval(found, 2),
            "p": f"{pair.p:.2g}",
            "adjusted": f"{pair.adjusted:.2g}",
        }
        for first, second, found in (
            (pair.first, pair.second, pair.improvement),
            (pair.second, pair.first, mirrored),
        )
        if not math.isnan(found.estimate)
    ]


def _numbered(numbers: Mapping[str, str]) -> list[str]:
    return [f"{name}  {place}" for name, place in numbers.items()]


def _plain_axis(limit: int) -> alt.Axis:
    return alt.Axis(ticks=False, domain=False, labelAngle=0, labelLimit=limit)
