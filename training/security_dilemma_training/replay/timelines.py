"""Charts over the steps of an episode: arms, deeds, signals and payoffs; nothing is told by colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import altair as alt

from security_dilemma_training.pages.theme import (
    CRISIS,
    DASHES,
    DEFENCE,
    FAINT,
    INK,
    INTENT_COLORS,
    OFFENCE,
    PAPER,
    STATE_COLORS,
    WAR,
)
from security_dilemma_training.replay.axes import (
    MARGIN,
    column,
    cursor,
    data,
    finished,
    pointed_at,
    series,
    step_axis,
    value_axis,
)
from security_dilemma_training.replay.episode import Episode
from security_dilemma_training.replay.rows import Rows, arms_rows, names, payoff_rows, symbol_rows
from security_dilemma_training.replay.words import DEEDS, SIGNALS, intent

__all__ = ["arms", "deeds", "payoffs", "signals", "top_of_arms"]

DEED_SHAPES = ("circle", "square", "triangle-up", "triangle-down", "cross")
SIGNAL_SHAPES = ("circle", "triangle-right", "triangle-up", "square", "diamond")
QUIET = ("holds", "is silent")
"""What is drawn small."""
EDGE, WIDE = 0.2, 0.2
"""Shares of the steps and of the axis of arms: no name of an area is closer to an edge, or in a narrower area."""
MANY = 30
"""In longer episodes symbols are smaller."""
ROOM = 1.35
"""What an axis of arms is longer than arms, for the words above them."""
TOLD = ("title", "has", "does", "says", "paid", "why")


def top_of_arms(episodes: Sequence[Episode]) -> float:
    """Return how far axes of arms reach: to the cap, but no more than twice what anyone had in any of the episodes."""
    had = max(row.offensive + row.defensive for episode in episodes for row in episode.states)
    cap, bought = (max(_highest(episode.params[name]) for episode in episodes) for name in ("arms_cap", "build"))
    return float(min(cap, max(2 * had, bought)))


def arms(episode: Episode, state: str, top: float) -> alt.LayerChart:
    """Draw offensive arms and, on top of them, defensive ones, with crises, strikes and war.

    Args:
        episode: The episode.
        state: The state's name.
        top: Where the axis ends, in units of arms.
    """
    rows = arms_rows(episode, state)
    base = alt.Chart()
    whole = column(base, episode)
    scale, axis = alt.Scale(domain=[0, top * ROOM], nice=False), value_axis("units of arms")
    offensive, both = (alt.Y(f"{field}:Q", scale=scale, axis=axis) for field in ("offensive", "arms"))
    living = base.transform_filter("datum.alive").encode(x=step_axis(episode))
    layers = [
        whole.transform_filter("!datum.alive").mark_rect(color=FAINT, opacity=0.16),
        whole.transform_filter("datum.crisis").mark_rect(color=CRISIS, opacity=0.25),
        living.mark_area(color=OFFENCE, opacity=0.8).encode(y=offensive),
        living.mark_area(color=DEFENCE, opacity=0.3).encode(y=both, y2="offensive:Q"),
        living.mark_line(color=DEFENCE, strokeDash=[5, 3], strokeWidth=2).encode(y=both),
        living.mark_line(color=OFFENCE, strokeWidth=2).encode(y=offensive),
        *_named(rows, top),
        *_cap(episode, state, top),
        cursor(episode),
        *_wars(episode, rows),
        pointed_at(whole, [alt.Tooltip(f"{name}:N") for name in TOLD]),
    ]
    return finished(rows, layers, 130 if episode.n_states == 2 else 90)


def deeds(episode: Episode) -> alt.LayerChart:
    """Draw what each state did, a row for each."""
    return _symbols(episode, "did", list(DEEDS.values()), DEED_SHAPES)


def signals(episode: Episode) -> alt.LayerChart:
    """Draw what each state said, a row for each with its true intent; the symbols of greedy states are hollow."""
    return _symbols(episode, "said", list(SIGNALS.values()), SIGNAL_SHAPES)


def payoffs(episode: Episode) -> alt.LayerChart:
    """Draw the discounted payoffs of each state up to each step."""
    totals, steps = payoff_rows(episode)
    who = names(episode)
    y = alt.Y("total:Q", axis=value_axis("payoff so far"))
    whole = alt.Chart(data([{"total": 1, "step": -0.5, "text": "1: a whole future in peace"}])).encode(y=y)
    paid = column(alt.Chart(), episode, before=0, after=1)
    lines = alt.Chart(data(totals)).encode(x=step_axis(episode), y=y, **series(who, STATE_COLORS, DASHES, 4))
    layers = [
        whole.mark_rule(color=FAINT, strokeDash=[2, 3]),
        whole.mark_text(color=FAINT, align="left", baseline="bottom", dx=4, dy=-2).encode(
            x=step_axis(episode), text="text:N"
        ),
        lines.mark_line(strokeWidth=2.5),
        cursor(episode),
        pointed_at(paid, [alt.Tooltip(f"{name}:N") for name in ("title", *who)]),
    ]
    return finished(steps, layers, 150)


def _symbols(episode: Episode, field: str, domain: list[str], shapes: Sequence[str]) -> alt.LayerChart:
    rows = symbol_rows(episode)
    labels = [f"{row.state}|{intent(row.intent)}" for row in episode.states[: episode.n_states]]
    axis = alt.Axis(
        title=None, labelExpr="split(datum.label, '|')", minExtent=MARGIN, maxExtent=MARGIN, labelLimit=MARGIN,
        ticks=False, domain=False,
    )  # fmt: skip
    y = alt.Y("row:N", scale=alt.Scale(domain=labels), axis=axis)
    legend = alt.Legend(orient="top", columns=2, symbolFillColor="transparent", symbolStrokeWidth=1.5, symbolSize=80)
    shape = alt.Shape(f"{field}:N", scale=alt.Scale(domain=domain, range=list(shapes)), legend=legend)
    size = (
        alt.when(f"indexof({list(QUIET)}, datum.{field}) >= 0")
        .then(alt.value(12))
        .otherwise(alt.value(110 if episode.steps <= MANY else 45))
    )
    base = alt.Chart().encode(y=y)
    marks = base.encode(x=step_axis(episode), shape=shape, size=size)
    kinds = dict(zip(map(intent, INTENT_COLORS), INTENT_COLORS.values(), strict=True))
    layers = [
        marks.transform_filter(f"datum.intent == '{kind}'").mark_point(
            stroke=color, fill=PAPER if kind == "greedy" else color, strokeWidth=1.8, opacity=1
        )
        for kind, color in kinds.items()
    ]
    told = [alt.Tooltip(f"{name}:N") for name in ("title", "intent", "did", "said")]
    return finished(rows, [*layers, cursor(episode), pointed_at(column(base, episode), told)], 46 * episode.n_states)


def _named(rows: Rows, top: float) -> list[alt.Chart]:
    """The names of the two kinds of arms in their areas, where there is room: where they are widest, off the edges."""
    edge = (len(rows) - 1) * EDGE
    inside = [row for row in rows if row["alive"] and edge <= row["step"] <= len(rows) - 1 - edge]
    found = []
    for name, color, above in (("offensive", PAPER, 0.0), ("defensive", INK, 1.0)):
        widest = max(inside, key=lambda row: row[name], default=None)
        if widest and widest[name] > WIDE * top:
            middle = above * widest["offensive"] + widest[name] / 2
            base = alt.Chart(data([{"step": widest["step"], "arms": middle, "name": name}]))
            found.append(base.mark_text(color=color, fontSize=11).encode(x="step:Q", y="arms:Q", text="name:N"))
    return found


def _wars(episode: Episode, rows: Rows) -> list[alt.Chart]:
    """A line where there was war, with how it went beside it; a cross where the state struck."""
    fought = [row | {"nth": nth} for nth, row in enumerate(row for row in rows if row["war"])]
    wars = alt.Chart(data(fought)).encode(x=step_axis(episode))
    # to the side where there is room, in two rows in turn, and each with a halo below it
    late = f"datum.step >= {episode.steps / 2}"
    sides: tuple[tuple[str, Literal["left", "right"], int], ...] = ((f"!({late})", "left", 10), (late, "right", -10))
    texts = [
        wars.transform_filter(f"{side} && datum.nth % 2 == {row}")
        .mark_text(align=align, dx=dx, y=8 + 14 * row, color=WAR, fontWeight="bold", stroke=PAPER, strokeWidth=width)
        .encode(text="war:N")
        for side, align, dx in sides
        for row in (0, 1)
        for width in (4, 0)
    ]
    strikes = wars.transform_filter("datum.struck").mark_point(
        shape="cross", filled=True, color=WAR, size=190, opacity=1, y=8, stroke=PAPER
    )
    return [wars.mark_rule(color=WAR, strokeWidth=2.5), strikes, *texts]


def _cap(episode: Episode, state: str, top: float) -> list[alt.Chart]:
    """A dotted line at the cap of a state's arms, where it is in sight."""
    caps = episode.params["arms_cap"]
    cap = caps if isinstance(caps, (int, float)) else caps[names(episode).index(state)]
    if cap > top:
        return []
    line = alt.Chart(data([{"arms": cap, "text": "cap"}])).encode(y="arms:Q")
    text = line.mark_text(align="left", baseline="bottom", color=FAINT, x=2, dy=-1)
    return [line.mark_rule(color=FAINT, strokeDash=[2, 3]), text.encode(text="text:N")]


def _highest(value: Any) -> float:
    return float(max(value)) if isinstance(value, (list, tuple)) else float(value)
