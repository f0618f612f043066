"""The image: a row for each state with its arms now and so far, what it just did and what it believes of the others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from security_dilemma.perception import posture_share
from security_dilemma.render.canvas import FAINT, INK, LINE, PAPER, TRACK, Canvas, Color, import_pygame
from security_dilemma.render.frame import Frame, headline, intent, move, number, signal, supported
from security_dilemma.render.history import SHOWN, crisis_mark, draw_history, war_mark
from security_dilemma.state import State

__all__ = ["SHOWN", "draw", "rgb_array"]

OFFENCE, DEFENCE = (196, 61, 61), (52, 109, 168)
PALE = (157, 192, 226)  # of defence in the arms so far: lighter than offence in grey, too
SEEKER, GREEDY = (0, 114, 178), (213, 94, 0)  # blue and vermilion of Okabe & Ito (2008)
PEACE, CRISIS, WAR = (62, 133, 98), (178, 123, 0), (179, 38, 30)
NEUTRAL, IN_CRISIS, AT_WAR = (243, 240, 232), (252, 243, 226), (250, 233, 229)  # an even posture; tints of rows
MARGIN, HEADER, FOOTER, CELL = 24, 92, 56, 52
LINKS, NAMES, ARMS, PAST, DOING, DOSSIER = 24, 76, 222, 460, 734, 884  # where columns begin
BAR, PAST_WIDTH = 120, 250  # lengths of a bar and of the arms so far
ROWS = {2: 132, 3: 112}  # heights of rows of few states
ROW = 92  # height of a row of more


def rgb_array(frame: Frame) -> NDArray[np.uint8]:
    """Return the game as an image, (height, width, 3), both even: encoders of videos ask for that.

    Raises:
        DependencyNotInstalled: If pygame is missing.
    """
    surface = draw(frame)
    width, height = surface.get_size()
    content = import_pygame().image.tobytes(surface, "RGB")
    return np.frombuffer(content, np.uint8).reshape(height, width, 3).copy()


def draw(frame: Frame) -> Any:
    """Return the game as a pygame surface in memory.

    Raises:
        DependencyNotInstalled: If pygame is missing.
    """
    n = frame.state.alive.shape[-1]
    row = ROWS.get(n, ROW)
    canvas = Canvas(DOSSIER + max(n * CELL, 200) + MARGIN, HEADER + n * row + FOOTER)
    _draw_header(canvas, frame)
    middles = [HEADER + (k + 0.5) * row for k in range(n)]
    for k in range(n):
        _draw_state(canvas, frame, k, middles[k], row)
    _draw_links(canvas, frame.state, middles)
    _draw_footer(canvas, frame.state)
    return canvas.finished()


def _draw_header(canvas: Canvas, frame: Frame) -> None:
    canvas.text(frame.title.replace("_", " "), MARGIN, 28, 30)
    balance, distinguishability = number(frame.params.balance), number(frame.params.distinguishability)
    facts = f"balance {balance}     distinguishability {distinguishability}"
    canvas.text(facts, PAST, 30, 20, FAINT)
    canvas.text(f"step {int(frame.state.steps)} of {frame.max_cycles}", canvas.width - MARGIN, 30, 20, FAINT, align=1)
    columns = (
        ("state", NAMES),
        ("arms now", ARMS),
        ("arms so far: defence on offence", PAST),
        ("last move and signal", DOING),
    )
    for name, x in columns:
        canvas.text(name, x, HEADER - 16, 17, FAINT)
    canvas.text("believed offensive share of", DOSSIER, HEADER - 32, 17, FAINT)
    for j in range(frame.state.alive.shape[-1]):
        canvas.text(f"s{j}", DOSSIER + (j + 0.5) * CELL, HEADER - 14, 17, FAINT, align=0.5)


def _draw_state(canvas: Canvas, frame: Frame, k: int, middle: float, row: int) -> None:
    state, top = frame.state, middle - row / 2
    alive = bool(state.alive[k])
    if state.belligerent[k] or state.crisis[k]:
        canvas.box(MARGIN, top, canvas.width - 2 * MARGIN, row, AT_WAR if state.belligerent[k] else IN_CRISIS, radius=0)
    canvas.line((MARGIN, top), (canvas.width - MARGIN, top), LINE)
    canvas.text(f"state_{k}", NAMES, middle - 23, 22, INK if alive else FAINT)
    color = FAINT if not alive else GREEDY if state.greed[k] > 0 else SEEKER
    width = canvas.text(intent(state, k), NAMES + 9, middle + 1, 17, color)
    canvas.box(NAMES, middle - 9, width + 18, 20, color, radius=10, line=1)
    draw_history(canvas, frame, k, (PAST, top + 8, PAST_WIDTH, row - 12), (OFFENCE, PALE))
    color = WAR if state.belligerent[k] else INK if alive else FAINT
    canvas.text(move(state, k).replace("_", " "), DOING, middle - 12 if alive else middle, 20, color)
    if alive:
        canvas.text(f"economy {float(state.economy[k]):.2f}", NAMES, middle + 25, 17, FAINT)
        cap = float(np.max(frame.params.arms_cap))
        _draw_bar(canvas, "offensive", float(state.offensive[k]), cap, middle - 14, OFFENCE)
        _draw_bar(canvas, "defensive", float(state.defensive[k]), cap, middle + 14, DEFENCE)
        said = [signal(state, k), *(f"defends s{j}" for j in supported(state, k))]
        canvas.text(", ".join(said), DOING, middle + 12, 18, FAINT)
        _draw_dossier(canvas, state, k, middle)


def _draw_bar(canvas: Canvas, name: str, stock: float, cap: float, y: float, color: Color) -> None:
    canvas.box(ARMS, y - 9, BAR, 18, TRACK)
    canvas.box(ARMS, y - 9, BAR * min(1.0, stock / cap), 18, color)
    canvas.text(f"{stock:.2f}", ARMS + BAR + 10, y, 18, INK)
    canvas.text(name, ARMS + BAR + 46, y, 16, FAINT)


def _draw_dossier(canvas: Canvas, state: State, k: int, middle: float) -> None:
    """Draw what state k believes of the others; its own true share stands, framed, on the diagonal."""
    own = posture_share(state.offensive, state.defensive)
    for j in np.flatnonzero(state.alive).tolist():
        share = float(own[k] if j == k else state.dossier[k, j])
        x, y = DOSSIER + j * CELL + 2, middle - CELL / 2 + 2
        canvas.box(x, y, CELL - 4, CELL - 4, _shade(share), radius=6)
        if j == k:
            canvas.box(x, y, CELL - 4, CELL - 4, INK, radius=6, line=2)
        color = PAPER if abs(share - 0.5) > 0.28 else INK
        canvas.text(f"{share:.2f}", x + CELL / 2 - 2, middle, 18, color, align=0.5)


def _shade(share: float) -> Color:
    """Between the colours of defence (0) and offence (1)."""
    end, weight = (OFFENCE, 2 * share - 1) if share > 0.5 else (DEFENCE, 1 - 2 * share)
    r, g, b = (round(a + weight * (z - a)) for a, z in zip(NEUTRAL, end, strict=True))
    return r, g, b


def _draw_links(canvas: Canvas, state: State, middles: list[float]) -> None:
    """Draw the crisis as a bracket between its two states, and each strike of the last step as an arrow."""
    crisis, war = np.flatnonzero(state.crisis).tolist(), np.flatnonzero(state.belligerent).tolist()
    if crisis:
        top, bottom = (middles[k] for k in crisis)
        canvas.line((LINKS + 14, top), (LINKS + 14, bottom), CRISIS, 4)
        for y in (top, bottom):
            canvas.box(LINKS + 7, y - 7, 14, 14, CRISIS, radius=7)
    if war:
        x = LINKS + 34
        ends = [middles[k] for k in war]
        canvas.line((x, ends[0]), (x, ends[1]), WAR, 4)
        for place, k in enumerate(war):
            y, point = ends[1 - place], 1 if ends[1 - place] > ends[place] else -1
            if state.struck[k]:
                canvas.polygon([(x - 9, y - 16 * point), (x + 9, y - 16 * point), (x, y + 2 * point)], WAR)


def _draw_footer(canvas: Canvas, state: State) -> None:
    middle = canvas.height - FOOTER / 2
    canvas.line((MARGIN, canvas.height - FOOTER), (canvas.width - MARGIN, canvas.height - FOOTER), LINE)
    color = WAR if np.any(state.belligerent) else CRISIS if np.any(state.crisis) else PEACE
    canvas.box(MARGIN, middle - 7, 14, 14, color, radius=7)
    canvas.text(headline(state), MARGIN + 26, middle, 20)
    x = canvas.width - MARGIN - canvas.text("true own share", canvas.width - MARGIN, middle, 17, FAINT, align=1)
    canvas.box(x - 22, middle - 7, 14, 14, INK, radius=4, line=2)
    for name, mark in (("war", war_mark), ("crisis", crisis_mark)):
        x -= 46
        x -= canvas.text(name, x, middle, 17, FAINT, align=1)
        mark(canvas, x - 14, middle)
