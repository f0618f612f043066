"""Charts of two states of an episode: what each believes of the other, and the arms of one against the other's.

The parameters ``one`` and ``other`` name the two; where there are more than two states the page sets them.
"""

from __future__ import annotations

import altair as alt

from security_dilemma_training.pages.theme import CRISIS, FAINT, GREEDY, INK, LINE, PAPER, WAR
from security_dilemma_training.replay.axes import (
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
from security_dilemma_training.replay.rows import BELIEVED, GREED, TRUE, dyad_rows, names, view_rows

__all__ = ["beliefs", "phase"]

FEW = 3
"""In episodes as short as that a line may be a single point."""
ROOM = 1.06
"""What the axes of the phase portrait are longer than arms, for the words at its points."""


def beliefs(episode: Episode, observer: str, observed: str) -> alt.LayerChart:
    """Draw what one state believes of another's posture and, where there is one, its belief that the other is greedy.

    Args:
        episode: The episode.
        observer: Which of ``one`` and ``other`` believes.
        observed: Of which of them it believes that.
    """
    rows = view_rows(episode)
    kinds = [BELIEVED, TRUE] + [GREED] * any(GREED in row for row in rows)
    base = alt.Chart().transform_filter(f"datum.observer == {observer} && datum.observed == {observed}")
    y = alt.Y(f"{TRUE}:Q", scale=alt.Scale(domain=[0, 1]), axis=value_axis("share"))
    lines = base.transform_fold([*kinds], as_=["series", "value"]).encode(
        x=step_axis(episode), y="value:Q", **series(kinds, (CRISIS, INK, GREEDY), ([5, 3], [1, 0], [1, 3]), 1)
    )
    told = [alt.Tooltip("step:O"), *(alt.Tooltip(f"{kind}:Q", format=".2f") for kind in kinds)]
    layers = [
        base.mark_area(color=CRISIS, opacity=0.22).encode(x=step_axis(episode), y=y, y2=alt.Y2(f"{BELIEVED}:Q")),
        lines.mark_line(strokeWidth=2.2, point=episode.steps <= FEW),
        cursor(episode),
        pointed_at(column(base, episode), told),
    ]
    chart = finished(rows, layers, 120, *_pair(episode))
    chart.title = alt.TitleParams(alt.ExprRef(f"'What ' + {observer} + ' believes of ' + {observed}"))
    return chart


def phase(episode: Episode, top: float) -> alt.LayerChart:
    """Draw the arms of one state against the arms of another, as a path from the start to the step shown and on.

    Args:
        episode: The episode.
        top: How far arms reach, in units.
    """
    both = "isValid(datum[one]) && isValid(datum[other])"
    base = alt.Chart().transform_filter(both).transform_joinaggregate(last="max(step)")
    scale = alt.Scale(domain=[0, top * ROOM], nice=False)
    axis = alt.Axis(title=None, tickCount=4, gridColor=LINE)
    x, y = alt.X("x:Q", scale=scale, axis=axis), alt.Y("y:Q", scale=scale, axis=axis)
    told = [alt.Tooltip("step:O"), *(alt.Tooltip(f"{name}:Q", format=".2f") for name in names(episode))]
    path = base.transform_calculate(x="datum[one]", y="datum[other]").encode(x=x, y=y, order="step:Q", tooltip=told)
    past = path.transform_filter("datum.step <= step")
    even = alt.Chart(data([{"x": 0, "y": 0}, {"x": top * ROOM, "y": top * ROOM}])).encode(x=x, y=y)
    layers = [
        even.mark_line(color=FAINT, strokeDash=[2, 3]),
        path.mark_line(color=FAINT, strokeWidth=1.2, opacity=0.6),
        path.mark_circle(color=FAINT, size=60, opacity=0.35),
        past.mark_line(color=INK, strokeWidth=2.2),
        past.mark_circle(color=INK, size=26, opacity=1),
        *_marked(path),
        path.transform_filter("datum.step == step").mark_point(
            shape="diamond", size=190, color=INK, fill=PAPER, strokeWidth=2.4, opacity=1
        ),
    ]
    chart = finished(dyad_rows(episode), layers, 300, *_pair(episode))
    chart.title = alt.TitleParams(alt.ExprRef("'→ arms of ' + one + ',  ↑ arms of ' + other"), fontWeight="normal")
    return chart


def _marked(path: alt.Chart) -> list[alt.Chart]:
    """The words start, war and end beside their points; war is that of the two."""
    war = "indexof(datum.war, one) >= 0 && indexof(datum.war, other) >= 0"
    words = {"start": "datum.step == 0", "war": war, "end": f"datum.step == datum.last && !({war})"}
    return [
        path.transform_filter(when).mark_text(
            text=word, align="left", dx=9, dy=dy, fontWeight="bold", color=WAR if word == "war" else INK
        )
        for (word, when), dy in zip(words.items(), (-9, 12, 12), strict=True)
    ]


def _pair(episode: Episode) -> list[alt.Parameter]:
    """The states shown."""
    return [alt.param(name=name, value=state) for name, state in zip(("one", "other"), names(episode), strict=False)]
