"""The figures of a benchmark as interactive charts: a seed tells of itself, and is lit in all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import altair as alt

from security_dilemma_training.benchmark.figures import controlled
from security_dilemma_training.benchmark.tables import NO_CONTROL, MeasuredCell, contestants_of, worlds_of
from security_dilemma_training.curves import Curves, logged_series
from security_dilemma_training.pages.marks import (
    LIT,
    ONLY,
    RunLine,
    ends_color,
    ends_dash,
    ends_shape,
    layered,
    lit_lines,
    lit_opacity,
    lit_size,
    lit_stroke,
    number,
    points_of,
    replay_command,
    row_of,
    spread,
    tooltips,
)
from security_dilemma_training.pages.report_page import Panels
from security_dilemma_training.pages.theme import INK, LINE
from security_dilemma_training.summary import display_name, show_interval, show_number
from security_dilemma_training.verdict import Ending

__all__ = ["RunLines", "controls", "learning", "run_lines", "strips"]

FACTS = (("payoff", "payoff"), ("tragic war rate", "tragic_war_rate"), ("arms burden", "arms_burden"))
"""What is told of every seed: heading and column."""

LEARNER = "learner"
"""The parameter by which the reader chooses whose curves are shown."""

ROW = 44
"""Height of a strip in pixels; its upper third is for the name."""

RunLines: TypeAlias = Mapping[tuple[str, str, str, int], RunLine]
"""What is told of each run, by world, contestant, control and seed."""


def run_lines(cells: Sequence[MeasuredCell], folder: Path) -> dict[tuple[str, str, str, int], RunLine]:
    """Return what a page tells of each run.

    Args:
        cells: Contestants in worlds, with and without controls.
        folder: Of the benchmark, below which the runs are.
    """
    lines = {}
    for cell in cells:
        for row, ends in zip(cell.rows, cell.endings, strict=True):
            seed = int(row["seed"])
            control = [] if cell.control == NO_CONTROL else [_shown(cell.control)]
            name = ", ".join([display_name(cell.world), cell.contestant, *control, f"seed {seed}"])
            facts = {"ends": str(ends)} | {heading: show_number(float(row[column])) for heading, column in FACTS}
            replay = replay_command(folder / str(row["run"]), folder, ends)
            key = (cell.world, cell.contestant, cell.control, seed)
            lines[key] = RunLine("/".join(map(str, key)), name, facts, replay)
    return lines


def strips(cells: Sequence[MeasuredCell], runs: RunLines, metric: str, label: str, *, share: bool = False) -> Panels:
    """Return a metric of every seed by contestant in each world, marked by how the seed ended.

    Args:
        cells: Contestants in worlds.
        runs: What is told of each run.
        metric: Column of the results table.
        label: Of its axis, with the unit.
        share: Whether the metric is a share of games: the axis is [0, 1], and beside each strip stands how many seeds
            are at war, instead of an interquartile mean that would hide two heaps.
    """
    names = contestants_of(cells)
    found = [value for cell in cells for value in cell.values(metric)] or [0.0]
    margin = 0.03 * (max(found) - min(found)) + 1e-3
    ends = (-0.03, 1.03) if share else (min(found) - margin, max(found) + margin)
    x = alt.X("value:Q", title=label, scale=alt.Scale(domain=ends, nice=False), axis=alt.Axis(tickCount=5))
    y = alt.Y("place:Q", axis=None, scale=alt.Scale(domain=(-0.5, len(names) - 0.5), nice=False, reverse=True))
    told = tooltips(list(runs.values()))
    charts = []
    for world in worlds_of(cells):
        own = [cell for cell in cells if cell.world == world]
        seeds, heads = [], []
        for cell in own:
            place = names.index(cell.contestant)
            for row, line, side in zip(cell.rows, _of(cell, runs), spread(len(cell.rows)), strict=True):
                where = {"place": place + 0.12 + 0.24 * side, "value": number(float(row[metric]))}
                seeds.append(row_of(line, ends=line.facts["ends"], **where))
            heads.append(_head(cell, place, metric, share))
        layers = _strip_layers(seeds, heads, told, (x, y), share)
        charts.append(layered(*layers, height=ROW * len(names), title=display_name(world)))
    return Panels(charts, f"{label} of every seed by learner and world")


def learning(
    cells: Sequence[MeasuredCell], runs: RunLines, curves: Mapping[str, Curves], column: str, label: str
) -> Panels:
    """Return what was logged while learning over agent-steps in each world, of the learner that the reader chooses.

    Those of whom nothing was logged cannot be chosen.

    Args:
        cells: Contestants in worlds.
        runs: What is told of each run.
        curves: The columns of ``progress.csv`` by the key of a row.
        column: Which one.
        label: Of its axis, with the unit.
    """
    told = tooltips(list(runs.values()))
    rows: dict[str, list[dict[str, Any]]] = {world: [] for world in worlds_of(cells)}
    for cell in cells:
        for row, line in zip(cell.rows, _of(cell, runs), strict=True):
            series = logged_series(curves.get(str(row["key"])), column)
            if len(series[0]):
                fields = {"learner": cell.contestant, "ends": line.facts["ends"]}
                rows[cell.world].append(row_of(line, **fields, **points_of(series)))
    drawn = [row for own in rows.values() for row in own]
    known = {row["learner"] for row in drawn}
    names = [name for name in contestants_of(cells) if name in known] or contestants_of(cells)[:1]
    values = [value for row in drawn for value in row["y"] if value is not None]
    x = alt.Scale(domain=(0, max((max(row["x"]) for row in drawn), default=1.0)), nice=False)
    y = alt.Scale(domain=(min([*values, 0.0]), max([*values, 1.0])))
    only = alt.selection_point(name=ONLY, fields=["ends"], bind="legend")
    charts = []
    for world, own in rows.items():
        base = alt.Chart(alt.InlineData(values=own)).transform_filter(f"datum.learner === {LEARNER}")
        base = base.transform_flatten(["x", "y"]).encode(
            x=alt.X("x:Q", title="million agent-steps", axis=alt.Axis(grid=False, tickCount=5), scale=x),
            y=alt.Y("y:Q", title=None, scale=y),
            detail="run:N",
        )
        thin, broad = lit_lines(base, told, only, color=ends_color(), strokeDash=ends_dash())
        charts.append(_by_learner([thin.add_params(only), broad], names, [display_name(world), label], 200))
    return Panels(charts, label, LEARNER, names)


def controls(cells: Sequence[MeasuredCell], runs: RunLines) -> Panels:
    """Return the tragic war rate of every seed without and with each causal control; a line joins one seed.

    Args:
        cells: Contestants in worlds, with and without controls.
        runs: What is told of each run.
    """
    kept, options = controlled(cells)
    names, told = contestants_of(kept), tooltips(list(runs.values()))
    only = alt.selection_point(name=ONLY, fields=["ends"], bind="legend")
    charts = []
    for world in worlds_of(kept):
        rows = [row for cell in kept if cell.world == world for row in _controlled_rows(cell, kept, runs, options)]
        axis = alt.Axis(labelAngle=-30, title=None, labelLimit=0)
        base = alt.Chart(alt.InlineData(values=rows)).transform_filter(f"datum.learner === {LEARNER}").encode(
            x=alt.X("control:N", scale=alt.Scale(domain=list(map(_shown, options))), axis=axis),
            xOffset=alt.XOffset("side:Q", scale=alt.Scale(domain=(-2, 2))),
            y=alt.Y("value:Q", title="tragic war rate", scale=alt.Scale(domain=(-0.04, 1.04), nice=False)),
        )  # fmt: skip
        joined = base.mark_line(tooltip=None).encode(
            detail="seed:N", order="order:Q", color=_lit_seed(INK, LINE), strokeWidth=_lit_seed(2.5, 1)
        )
        points = base.mark_point(filled=True, strokeWidth=1).encode(
            color=ends_color(), shape=ends_shape(), size=lit_size(55), opacity=lit_opacity(0.85, only),
            stroke=lit_stroke(), tooltip=told,
        )  # fmt: skip
        charts.append(_by_learner([joined, points.add_params(only)], names, display_name(world), 220))
    return Panels(charts, "Tragic war rate of every seed without and with controls", LEARNER, names)


def _controlled_rows(
    cell: MeasuredCell, kept: Sequence[MeasuredCell], runs: RunLines, options: Sequence[str]
) -> list[dict[str, Any]]:
    """The seeds of a contestant under one control, each with the runs of the same seed under all."""
    own = [other for other in kept if (other.world, other.contestant) == (cell.world, cell.contestant)]
    where = {"control": _shown(cell.control), "order": options.index(cell.control), "learner": cell.contestant}
    rows = []
    for row, line, side in zip(cell.rows, _of(cell, runs), spread(len(cell.rows)), strict=True):
        seed, value = int(row["seed"]), number(float(row["tragic_war_rate"]))
        same = [key for other in own if (key := (cell.world, cell.contestant, other.control, seed)) in runs]
        joined = [runs[key].key for key in same]
        rows.append(row_of(line, seed=seed, side=side, value=value, ends=line.facts["ends"], joined=joined, **where))
    return rows


def _lit_seed(lit: Any, otherwise: Any) -> Any:
    """A value for the line of a seed one of whose runs is lit, and another one."""
    return alt.when(f"indexof(datum.joined, {LIT}) >= 0").then(alt.value(lit)).otherwise(alt.value(otherwise))


def _strip_layers(
    seeds: list[dict[str, Any]],
    heads: list[dict[str, Any]],
    told: Sequence[alt.Tooltip],
    axes: tuple[alt.X, alt.Y],
    share: bool,
) -> list[alt.Chart]:
    """Points under the names of their strips; strokes for the middle, or beside the name how many seeds are at war."""
    x, y = axes
    only = alt.selection_point(name=ONLY, fields=["ends"], bind="legend")
    points = alt.Chart(alt.InlineData(values=seeds)).mark_point(filled=True, strokeWidth=1).encode(
        x=x, y=y, color=ends_color(), shape=ends_shape(), size=lit_size(50), opacity=lit_opacity(0.85, only),
        stroke=lit_stroke(), tooltip=list(told),
    )  # fmt: skip
    base = alt.Chart(alt.InlineData(values=heads)).encode(y=alt.Y("top:Q", axis=None))
    lines = base.mark_rule(color=LINE, tooltip=None)
    names = base.mark_text(align="left", baseline="top", dx=2, dy=3, tooltip=None)
    layers = [lines, points.add_params(only), names.encode(x=alt.value(0), text="name:N")]
    if share:
        words = base.mark_text(align="right", baseline="top", dy=3, tooltip=None)
        return [*layers, words.encode(x=alt.value("width"), text="told:N")]
    middle = base.encode(tooltip=alt.Tooltip("told:N", title="interquartile mean [95 %]"))
    rule = middle.mark_rule(color=INK).encode(y=alt.Y("middle:Q", axis=None), x="low:Q", x2="high:Q")
    stroke = middle.mark_tick(color=INK, thickness=2.5, size=18, orient="vertical").encode(
        y=alt.Y("middle:Q", axis=None), x="value:Q"
    )
    return [*layers, rule, stroke]


def _head(cell: MeasuredCell, place: int, metric: str, share: bool) -> dict[str, Any]:
    head: dict[str, Any] = {"name": cell.contestant, "place": place, "top": place - 0.5}
    if share:
        return head | {"told": f"{cell.endings.count(Ending.WAR)}/{len(cell.endings)} at war"}
    found = cell.interval(metric)
    value, low, high = map(number, found)
    return head | {"middle": place + 0.12, "value": value, "low": low, "high": high, "told": show_interval(found)}


def _by_learner(
    layers: Sequence[alt.Chart], names: Sequence[str], title: str | list[str], height: int
) -> alt.LayerChart:
    return layered(*layers, height=height, title=title).add_params(alt.param(name=LEARNER, value=names[0]))


def _of(cell: MeasuredCell, runs: RunLines) -> list[RunLine]:
    return [runs[cell.world, cell.contestant, cell.control, int(row["seed"])] for row in cell.rows]


def _shown(control: str) -> str:
    return control.replace("_", " ")
