"""The arms of one state so far: a column for each step, defence upon offence, with its crises and wars."""

from __future__ import annotations

import numpy as np

from security_dilemma.render.canvas import INK, PAPER, TRACK, Canvas, Color
from security_dilemma.render.frame import Frame
from security_dilemma.state import State

__all__ = ["SHOWN", "crisis_mark", "draw_history", "war_mark"]

SHOWN = 64  # steps; of longer games the last ones are drawn
MARKS = 14  # pixels below the columns, for the marks of crises and wars


def draw_history(
    canvas: Canvas, frame: Frame, k: int, box: tuple[float, float, float, float], colors: tuple[Color, Color]
) -> None:
    """Draw the arms of state k in every state of ``frame.past`` and now.

    Args:
        canvas: What to draw on.
        frame: The game.
        k: The state.
        box: Left, top, width and height in pixels.
        colors: Of offensive and defensive arms.
    """
    left, top, width, height = box
    states = [*frame.past, frame.state][-SHOWN - 1 :]
    columns = min(SHOWN, frame.max_cycles) + 1
    height -= MARKS
    canvas.box(left, top, width, height, TRACK)
    unit, step = height / float(np.max(frame.params.arms_cap)), width / columns
    for place, state in enumerate(states):
        _draw_stocks(canvas, state, k, (left + place * step, top + height, step, unit), colors)
    _draw_marks(canvas, states, k, (left + step / 2, top + height + MARKS / 2 + 1, step))


def crisis_mark(canvas: Canvas, x: float, y: float) -> None:
    """Draw a small triangle around (x, y)."""
    canvas.polygon([(x - 3.5, y + 4), (x + 3.5, y + 4), (x, y - 4)], INK)


def war_mark(canvas: Canvas, x: float, y: float) -> None:
    """Draw a small cross around (x, y)."""
    for end in (-5, 5):
        canvas.line((x - 5, y - end), (x + 5, y + end), INK, 2)


def _draw_stocks(
    canvas: Canvas, state: State, k: int, place: tuple[float, float, float, float], colors: tuple[Color, Color]
) -> None:
    """Draw a column that begins at (x, base); a thin line parts defence from offence."""
    x, base, step, unit = place
    offensive, defensive = unit * float(state.offensive[k]), unit * float(state.defensive[k])
    canvas.box(x, base - offensive, step, offensive, colors[0], radius=0)
    canvas.box(x, base - offensive - defensive, step, defensive, colors[1], radius=0)
    if offensive and defensive:
        canvas.box(x, base - offensive - 0.5, step, 1, PAPER, radius=0)


def _draw_marks(canvas: Canvas, states: list[State], k: int, place: tuple[float, float, float]) -> None:
    """Mark crises and wars in columns whose middles begin at (x, y); a crisis that ends in war is marked as war."""
    x, y, step = place
    ended = [bool(state.belligerent[k]) for state in states]
    for column, state in enumerate(states):
        if ended[column]:
            war_mark(canvas, x + column * step, y)
        elif state.crisis[k] and not any(ended[column + 1 : column + 2]):
            crisis_mark(canvas, x + column * step, y)
