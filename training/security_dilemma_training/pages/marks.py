"""What the charts of reports share: runs, the run that is lit in all charts of a page, lines of seeds, legends.

A chart of runs has a parameter ``lit``, the key of a run or nothing. The page sets it in all charts at once, see
``report.js``, so that one seed can be followed from chart to chart. Data of a run have its key in the field ``run``.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import altair as alt
import numpy as np

from security_dilemma_training.curves import Series
from security_dilemma_training.pages.theme import FAINT, INK, LINE, PEACE, WAR
from security_dilemma_training.verdict import Ending

__all__ = [
    "ENDING_COLORS",
    "ENDING_SHAPES",
    "LIT",
    "MOST_POINTS",
    "ONLY",
    "RunLine",
    "ends_color",
    "ends_dash",
    "ends_shape",
    "layered",
    "lit_lines",
    "lit_opacity",
    "lit_size",
    "lit_stroke",
    "number",
    "points_of",
    "replay_command",
    "row_of",
    "spread",
    "tooltips",
]

MOST_POINTS = 200
"""Longer lines are thinned to so many points."""

ENDING_COLORS = dict(zip(Ending, (WAR, PEACE, FAINT), strict=True))
ENDING_SHAPES = dict(zip(Ending, ("triangle-up", "circle", "square"), strict=True))
ENDING_DASHES = dict(zip(Ending, ([1, 0], [6, 3], [2, 2]), strict=True))

LIT = "lit"
"""The parameter that the page sets: the key of the run that all charts show clearly, or an empty text."""

ONLY = "only"
"""The selection of what was clicked in the legend; the page keeps it the same in all panels of a figure."""


class RunLine(NamedTuple):
    """A run as a page tells of it."""

    key: str
    name: str  # world and seed
    facts: Mapping[str, str]  # by heading; the headings are those of all runs of a page
    replay: str  # command that shows it; empty where there is no run folder

    @property
    def told(self) -> str:
        """Everything in one line."""
        return ", ".join(f"{heading} {fact}" for heading, fact in self.facts.items())


def replay_command(run: Path, folder: Path, ends: Ending) -> str:
    """Return the command that replays a run, with a war if it ends at war; nothing if its folder is not there.

    Args:
        run: The run's folder; an absolute one is told as it is reached from where the folder of the report lies.
        folder: Of the report.
        ends: How the run ends.
    """
    if not run.is_dir():
        return ""
    told = os.path.relpath(run, folder.parent) if run.is_absolute() else str(run)
    return f"security-dilemma replay {shlex.quote(told)}" + (" --find war" if ends is Ending.WAR else "")


def row_of(run: RunLine, **values: Any) -> dict[str, Any]:
    """Return a row of data: the run with what its tooltip tells, and values of the row's own."""
    facts = {f"fact{place}": fact for place, fact in enumerate(run.facts.values())}
    return {"run": run.key, "name": run.name, **facts, "replay": run.replay, **values}


def tooltips(runs: Sequence[RunLine], *own: alt.Tooltip) -> list[alt.Tooltip]:
    """Return what is told of a run on hovering: its name, the chart's own values, its facts, how to replay it."""
    headings = runs[0].facts if runs else ()
    facts = [alt.Tooltip(f"fact{place}:N", title=heading) for place, heading in enumerate(headings)]
    replay = [alt.Tooltip("replay:N")] if any(run.replay for run in runs) else []
    return [alt.Tooltip("name:N", title="run"), *own, *facts, *replay]


def number(value: float) -> float | None:
    """Return a number of four digits for a page's data; None for what is not one."""
    return float(f"{value:.4g}") if np.isfinite(value) else None


def spread(count: int) -> list[float]:
    """Return places in [-1, 1] that set so many seeds apart, so that equal ones can be counted."""
    width = min(1.0, 0.2 * (count - 1))
    places: list[float] = np.linspace(-width, width, count).round(3).tolist()
    return places


def points_of(series: Series) -> dict[str, list[float | None]]:
    """Return the points of a line as fields ``x`` and ``y``, at most :data:`MOST_POINTS` of them, the ends included."""
    places, values = series
    kept = np.unique(np.linspace(0, len(places) - 1, min(len(places), MOST_POINTS)).round().astype(int))
    return {"x": [number(x) for x in places[kept]], "y": [number(y) for y in values[kept]]}


def layered(*layers: alt.Chart, height: int, title: str | Sequence[str] = ()) -> alt.LayerChart:
    """Return layers as one chart that is as broad as its place and in which a run can be lit.

    Args:
        layers: From the lowest to the highest.
        height: Of the drawing in pixels.
        title: Above it; a line each.
    """
    chart = alt.LayerChart(layer=list(layers), width="container", height=height).add_params(
        alt.param(name=LIT, value="")
    )
    return chart.properties(title=title) if title else chart


def lit_opacity(shown: float, only: alt.Parameter | None = None) -> Any:
    """Return the opacity of a mark: 1 if its run is lit, faint if another one is or the legend leaves it out."""
    chosen = alt.when(f"datum.run === {LIT}").then(alt.value(1)).when(f"{LIT} !== ''").then(alt.value(0.25 * shown))
    if only is None:
        return chosen.otherwise(alt.value(shown))
    return chosen.when(only).then(alt.value(shown)).otherwise(alt.value(0.15 * shown))


def lit_size(size: float) -> Any:
    """Return the size of a point: four times as large if its run is lit."""
    return alt.when(f"datum.run === {LIT}").then(alt.value(4 * size)).otherwise(alt.value(size))


def lit_stroke() -> Any:
    """Return the outline of a point: ink if its run is lit, so that it is found without colour, too."""
    return alt.when(f"datum.run === {LIT}").then(alt.value(INK)).otherwise(alt.value(LINE))


def lit_lines(base: alt.Chart, told: Sequence[alt.Tooltip], only: alt.Parameter | None, **line: Any) -> list[alt.Chart]:
    """Return seeds as thin lines, thick where lit, under broad unseen ones that are easier to point at.

    Args:
        base: A chart with the lines' data and places.
        told: The tooltips.
        only: The selection of the legend.
        line: Encodings of the thin lines, as ``color``.
    """
    width = alt.when(f"datum.run === {LIT}").then(alt.value(3)).otherwise(alt.value(1))
    thin = base.mark_line().encode(strokeWidth=width, opacity=lit_opacity(0.55, only), **line)
    broad = base.mark_line(strokeWidth=9, opacity=0).encode(tooltip=list(told))
    return [thin, broad]


def ends_color() -> alt.Color:
    """Return the colour of a run by the field ``ends``."""
    scale = alt.Scale(domain=list(map(str, Ending)), range=list(ENDING_COLORS.values()))
    return alt.Color("ends:N", scale=scale, legend=alt.Legend(title="a seed that ends", titleOrient="left"))


def ends_dash() -> alt.StrokeDash:
    """Return the dash of a run's line by the field ``ends``."""
    return alt.StrokeDash("ends:N", scale=alt.Scale(domain=list(map(str, Ending)), range=list(ENDING_DASHES.values())))


def ends_shape() -> alt.Shape:
    """Return the shape of a run by the field ``ends``."""
    return alt.Shape("ends:N", scale=alt.Scale(domain=list(map(str, Ending)), range=list(ENDING_SHAPES.values())))
