"""The figures of the four worlds as interactive charts: a seed tells of itself, and is lit in all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt

from security_dilemma.spaces import INTENTS
from security_dilemma_training.figures import LABELS, expected_rates, world_tick
from security_dilemma_training.pages.marks import (
    ONLY,
    RunLine,
    ends_color,
    ends_shape,
    layered,
    lit_opacity,
    lit_size,
    lit_stroke,
    number,
    replay_command,
    row_of,
    spread,
    tooltips,
)
from security_dilemma_training.pages.report_page import Panels
from security_dilemma_training.pages.theme import GREEDY, INK, LINE, SEEKER
from security_dilemma_training.statistics import Interval
from security_dilemma_training.summary import RunKey, WorldSummary, display_name, run_key, show_interval, show_number

__all__ = [
    "WIDTH",
    "place_of_world",
    "run_lines",
    "seed_marks",
    "strikes",
    "tragic_war_rates",
    "who_color",
    "who_scale",
    "who_shape",
]

FACTS = (
    ("tragic war rate", "tragic_war_rate"),
    ("strikes per crisis", "strike_rate_security_seeker"),
    ("arms", "arms_security_seeker"),
)
"""What is told of every seed, between security seekers: heading and metric."""

WIDTH = 0.15
"""Half of what the seeds of a strip take of the distance between two worlds."""

MANY_WORLDS = 5
"""From so many worlds on a chart with all of them needs the whole width."""


def run_lines(
    worlds: Sequence[WorldSummary], run_folders: Mapping[RunKey, Path], folder: Path
) -> dict[RunKey, RunLine]:
    """Return what a page tells of each run.

    Args:
        worlds: The worlds.
        run_folders: The folder of each run.
        folder: Of the report.
    """
    lines = {}
    for world in worlds:
        columns = {heading: world.values("seekers", metric) for heading, metric in FACTS}
        for place, (result, ends) in enumerate(zip(world.results, world.verdict.endings, strict=True)):
            key, seed = run_key(result), result["seed"]
            facts = {"ends": str(ends)} | {name: show_number(column[place]) for name, column in columns.items()}
            name = f"{display_name(world.world)}, seed {seed}"
            lines[key] = RunLine(f"{world.world}/{seed}", name, facts, replay_command(run_folders[key], folder, ends))
    return lines


def tragic_war_rates(worlds: Sequence[WorldSummary], runs: Mapping[RunKey, RunLine]) -> Panels:
    """Return the tragic war rate of every seed by world, with the interquartile mean and where seeds are expected.

    Args:
        worlds: The worlds.
        runs: What is told of each run.
    """
    seeds, middles, regions = [], [], []
    for place, world in enumerate(worlds):
        for result, rate, side in zip(world.results, world.tragic, spread(len(world.tragic)), strict=True):
            line = runs[run_key(result)]
            seeds.append(row_of(line, place=place + WIDTH * side, value=number(rate), ends=line.facts["ends"]))
        if len(world.tragic) > 1:
            middles.append(_middle(place + 0.3, world.interval("seekers", "tragic_war_rate")))
        regions += [
            {"place": place - 0.43, "end": place + 0.43, "low": low, "high": high}
            for low, high in expected_rates(world)
        ]
    expected = alt.Chart(alt.InlineData(values=regions)).mark_rect(color=LINE, opacity=0.6, tooltip=None)
    expected = expected.encode(x=place_of_world(worlds), x2="end:Q", y="low:Q", y2="high:Q")
    only = alt.selection_point(name=ONLY, fields=["ends"], bind="legend")
    told = tooltips(list(runs.values()))
    title = f"tragic war rate within {worlds[0].results[0]['horizon']} steps"
    points = seed_marks(seeds, worlds, title, told, (-0.04, 1.04), only).encode(color=ends_color(), shape=ends_shape())
    chart = layered(expected, points.add_params(only), *_middle_marks(middles, worlds), height=300)
    return Panels([chart], "Tragic war rate of every seed by world", broad=len(worlds) >= MANY_WORLDS)


def strikes(worlds: Sequence[WorldSummary], runs: Mapping[RunKey, RunLine]) -> Panels:
    """Return the strike rate in a crisis of every seed by intent in each world.

    Args:
        worlds: The worlds.
        runs: What is told of each run.
    """
    seeds, middles = [], []
    for place, world in enumerate(worlds):
        for shift, pair, intent in ((-0.2, "seekers", INTENTS[0]), (0.2, "mixed", INTENTS[1])):
            metric, who = f"strike_rate_{intent}", LABELS[intent]
            rates = world.values(pair, metric)
            for result, rate, side in zip(world.results, rates, spread(len(rates)), strict=True):
                line = runs[run_key(result)]
                seeds.append(row_of(line, place=place + shift + WIDTH * side, value=number(rate), who=who))
            middles.append(_middle(place + shift, world.interval(pair, metric)))
    only = alt.selection_point(name=ONLY, fields=["who"], bind="legend")
    told = tooltips(list(runs.values()), alt.Tooltip("value:Q", title="here"), alt.Tooltip("who:N", title="of"))
    points = seed_marks(seeds, worlds, "strikes per crisis of a state", told, (-0.04, 1.04), only)
    points = points.encode(color=who_color(), shape=who_shape())
    chart = layered(points.add_params(only), *_middle_marks(middles, worlds, stroke=True), height=260)
    label = "Strikes per crisis of every seed by world and intent"
    return Panels([chart], label, broad=len(worlds) >= MANY_WORLDS)


def seed_marks(
    rows: list[dict[str, Any]],
    worlds: Sequence[WorldSummary],
    title: str,
    told: Sequence[alt.Tooltip],
    ends: tuple[float, float] | None,
    only: alt.Parameter,
) -> alt.Chart:
    """Return a point for each seed over the worlds.

    Args:
        rows: Of the seeds, with ``place`` and ``value``.
        worlds: The worlds.
        title: Of the axis of values.
        told: The tooltips.
        ends: Of the axis of values; None: by the data.
        only: The selection of the legend.
    """
    scale = alt.Scale(domain=ends, nice=False) if ends else alt.Scale(zero=False)
    points: alt.Chart = alt.Chart(alt.InlineData(values=rows)).mark_point(filled=True, strokeWidth=1)
    return points.encode(
        x=place_of_world(worlds),
        y=alt.Y("value:Q", title=title, scale=scale),
        size=lit_size(55),
        opacity=lit_opacity(0.85, only),
        stroke=lit_stroke(),
        tooltip=list(told),
    )


def place_of_world(worlds: Sequence[WorldSummary]) -> alt.X:
    """Return the axis of worlds, numbered from 0; labels have several lines, short enough for a phone."""
    labels = json.dumps([_label(world) for world in worlds])
    axis = alt.Axis(
        title=None,
        values=list(range(len(worlds))),
        labelExpr=f"{labels}[datum.value]",
        ticks=False,
        labelLimit=0,
        grid=False,
    )
    return alt.X("place:Q", scale=alt.Scale(domain=[-0.5, len(worlds) - 0.5], nice=False), axis=axis)


def who_color() -> alt.Color:
    """Return the colour of an intent by its label in the field ``who``."""
    return alt.Color("who:N", scale=who_scale([SEEKER, GREEDY]))


def who_shape() -> alt.Shape:
    """Return the shape of an intent by its label in the field ``who``."""
    return alt.Shape("who:N", scale=who_scale(["circle", "triangle-up"]))


def _label(world: WorldSummary) -> list[str]:
    name, place, ended = world_tick(world).split("\n")
    return [*name.split(" "), *place.split(", "), ended.removesuffix(" at war"), "at war"]


def who_scale(values: Sequence[Any]) -> alt.Scale:
    """Return the scale of an intent by its label: one value for each."""
    return alt.Scale(domain=[LABELS[intent] for intent in INTENTS], range=list(values))


def _middle_marks(
    rows: list[dict[str, Any]], worlds: Sequence[WorldSummary], *, stroke: bool = False
) -> list[alt.Chart]:
    """Interquartile means over the worlds: diamonds with their intervals, or strokes through their seeds."""
    told = [alt.Tooltip("told:N", title="interquartile mean [95 %]")]
    base = alt.Chart(alt.InlineData(values=rows)).encode(x=place_of_world(worlds), tooltip=told)
    if stroke:
        return [base.mark_tick(thickness=2.5, width=26, color=INK, orient="horizontal").encode(y="value:Q")]
    rule = base.mark_rule(color=INK).encode(y="low:Q", y2="high:Q")
    return [rule, base.mark_point(filled=True, shape="diamond", size=70, color=INK, opacity=1).encode(y="value:Q")]


def _middle(place: float, found: Interval) -> dict[str, Any]:
    value, low, high = map(number, found)
    return {"place": place, "value": value, "low": low, "high": high, "told": show_interval(found)}
