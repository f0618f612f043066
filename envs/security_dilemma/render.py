"""Drawing: a table, an image or a window. pygame is imported only to draw; images need no window system."""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from gymnasium.error import DependencyNotInstalled
from numpy.typing import NDArray

from security_dilemma.arrays import Value
from security_dilemma.params import Params
from security_dilemma.perception import posture_share
from security_dilemma.state import Move, Signal, State

__all__ = ["RENDER_MODES", "Frame", "Renderer", "ansi", "headline", "rgb_array"]

RENDER_MODES = ("human", "rgb_array", "ansi")

Color = tuple[int, int, int]
PAPER, INK, FAINT, LINE, TRACK = (250, 249, 246), (33, 37, 41), (120, 126, 134), (222, 221, 216), (234, 233, 228)
OFFENCE, DEFENCE, SEEKER, GREEDY = (196, 61, 61), (52, 109, 168), (62, 133, 98), (201, 125, 24)
NEUTRAL, IN_CRISIS, AT_WAR = (243, 240, 232), (252, 243, 226), (250, 233, 229)  # an even posture; tints of rows
SCALE = 2  # everything is drawn this much larger and then made smaller, which smooths edges and letters
MARGIN, HEADER, ROW, FOOTER, CELL = 24, 92, 88, 56, 52
LINKS, NAMES, ARMS, DOING, DOSSIER, BAR = 24, 76, 246, 560, 730, 190  # where columns begin; a bar's length


class Frame(NamedTuple):
    """What is drawn."""

    title: str  # the name of the world
    params: Params
    state: State  # of one game, no batch axes
    max_cycles: int


def headline(state: State) -> str:
    """Return in a sentence what just happened and what is at stake now."""
    parts = []
    war = np.flatnonzero(state.belligerent).tolist()
    if war:
        struck = [k for k in war if state.struck[k]]
        deed = f"state_{struck[0]} struck state_{sum(war) - struck[0]}" if len(struck) == 1 else "both sides struck"
        parts.append(f"WAR between state_{war[0]} and state_{war[1]}: {deed}, {_names(state.won)} won")
    if np.any(state.crisis):
        parts.append(f"CRISIS between {_names(state.crisis)}")
    return "; ".join(parts) or "peace"


def ansi(frame: Frame) -> str:
    """Return the game as a table."""
    state = frame.state
    n = state.alive.shape[-1]
    head = f"{'state':<9}{'intent':<17}{'offensive':>9}{'defensive':>11}{'economy':>9}  {'move':<17}{'signal':<20}"
    dossiers = " ".join(f"{f'state_{j}':>8}" for j in range(n))
    lines = [_caption(frame), f"{head}in crisis  dossier on {dossiers}"]
    for k in range(n):
        stocks = f"{state.offensive[k]:>9.2f}{state.defensive[k]:>11.2f}{state.economy[k]:>9.2f}"
        deeds = f"{_move(state, k):<17}{_signal(state, k):<20}{'yes' if state.crisis[k] else '':<22}"
        beliefs = " ".join(f"{'–' if j == k else f'{state.dossier[k, j]:.2f}':>8}" for j in range(n))
        lines.append(f"{f'state_{k}':<9}{_intent(state, k):<17}{stocks}  {deeds}{beliefs}")
    return "\n".join([*lines, headline(state)])


def rgb_array(frame: Frame) -> NDArray[np.uint8]:
    """Return the game as an image, (height, width, 3)."""
    pygame = _pygame()
    return np.ascontiguousarray(pygame.surfarray.array3d(_draw(pygame, frame)).swapaxes(0, 1))


class Renderer:
    """Draws in one render mode; owns the window of ``human`` mode."""

    def __init__(self, mode: str, fps: int) -> None:
        self.mode, self.fps = mode, fps
        self._window: Any = None
        self._clock: Any = None

    def render(self, frame: Frame) -> str | NDArray[np.uint8] | None:
        """Return a table or an image, or show the frame in the window.

        Raises:
            DependencyNotInstalled: If pygame is needed and missing.
        """
        if self.mode == "ansi":
            return ansi(frame)
        if self.mode == "rgb_array":
            return rgb_array(frame)
        self._show(frame)
        return None

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._window is not None:
            _pygame().display.quit()
            self._window = None

    def _show(self, frame: Frame) -> None:
        pygame = _pygame()
        surface = _draw(pygame, frame)
        if self._window is None:
            pygame.display.init()
            pygame.display.set_caption("security dilemma")
            self._window = pygame.display.set_mode(surface.get_size())
            self._clock = pygame.time.Clock()
        self._window.blit(surface, (0, 0))
        pygame.event.pump()
        pygame.display.flip()
        self._clock.tick(self.fps)


def _pygame() -> ModuleType:
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "hide")  # its greeting would stand among a user's output
    try:
        return import_module("pygame")
    except ImportError as error:
        raise DependencyNotInstalled(
            "drawing needs pygame, which is not installed: pip install security-dilemma[render]"
        ) from error


def _caption(frame: Frame) -> str:
    params = frame.params
    facts = {"b": params.balance, "visibility": params.visibility, "fungibility": params.fungibility}
    shown = "   ".join(f"{name} {_number(value)}" for name, value in facts.items())
    return f"{frame.title}   {shown}   step {int(frame.state.steps)} of {frame.max_cycles}"


def _number(value: Value) -> str:
    low, high = (f"{round(float(bound), 3):g}" for bound in (np.min(value), np.max(value)))
    return low if low == high else f"{low}…{high}"


def _names(flags: NDArray[np.bool_]) -> str:
    return " and ".join(f"state_{k}" for k in np.flatnonzero(flags))


def _intent(state: State, k: int) -> str:
    return "greedy" if state.greed[k] > 0 else "security seeker"


def _move(state: State, k: int) -> str:
    if not state.alive[k]:
        return "eliminated"
    return Move(int(state.last_move[k])).name.lower() if state.steps else "–"


def _signal(state: State, k: int) -> str:
    if not state.steps or not state.alive[k]:
        return "–"
    signal = Signal(int(state.last_signal[k])).name.lower()
    return ", ".join([signal, *(f"defends s{j}" for j in np.flatnonzero(state.support[k]))])


def _draw(pygame: ModuleType, frame: Frame) -> Any:
    """Return the frame as a surface in memory."""
    n = frame.state.alive.shape[-1]
    size = (DOSSIER + max(n * CELL, 200) + MARGIN, HEADER + n * ROW + FOOTER)
    canvas = _Canvas(pygame, size)
    _draw_header(canvas, frame)
    for k in range(n):
        _draw_state(canvas, frame, k)
    _draw_links(canvas, frame.state)
    _draw_footer(canvas, frame.state)
    return pygame.transform.smoothscale(canvas.surface, size)


class _Canvas:
    """A surface in memory, and the few strokes that the drawing is made of; positions are in pixels of the image."""

    def __init__(self, pygame: ModuleType, size: tuple[int, int]) -> None:
        pygame.font.init()
        self.pygame = pygame
        self.width, self.height = size
        self.surface = pygame.Surface((SCALE * size[0], SCALE * size[1]), 0, 32)
        self.surface.fill(PAPER)
        self.fonts: dict[int, Any] = {}

    def text(self, words: str, x: float, y: float, size: int = 15, color: Color = INK, align: float = 0.0) -> float:
        """Write at (x, y), the text's middle height; ``align`` 0, ½, 1 puts x left, centre, right. Return its width."""
        if size not in self.fonts:
            self.fonts[size] = self.pygame.font.Font(None, SCALE * size)
        image = self.fonts[size].render(words, True, color)
        width, height = image.get_size()
        self.surface.blit(image, (round(SCALE * x - align * width), round(SCALE * y - height / 2)))
        return float(width / SCALE)

    def box(
        self, x: float, y: float, width: float, height: float, color: Color, radius: int = 4, line: int = 0
    ) -> None:
        """Draw a filled box, or with ``line`` its outline."""
        if width > 0:
            rect = self.pygame.Rect(*(round(SCALE * z) for z in (x, y, width, height)))
            self.pygame.draw.rect(self.surface, color, rect, width=SCALE * line, border_radius=SCALE * radius)

    def line(self, start: tuple[float, float], end: tuple[float, float], color: Color, width: int = 1) -> None:
        """Draw a line."""
        ends = [(SCALE * x, SCALE * y) for x, y in (start, end)]
        self.pygame.draw.line(self.surface, color, *ends, SCALE * width)

    def polygon(self, points: list[tuple[float, float]], color: Color) -> None:
        """Draw a filled polygon."""
        self.pygame.draw.polygon(self.surface, color, [(SCALE * x, SCALE * y) for x, y in points])


def _draw_header(canvas: _Canvas, frame: Frame) -> None:
    canvas.text(frame.title.replace("_", " "), MARGIN, 28, 30)
    balance, distinguishability = _number(frame.params.balance), _number(frame.params.distinguishability)
    facts = f"balance {balance}     distinguishability {distinguishability}"
    canvas.text(facts, ARMS, 30, 20, FAINT)
    canvas.text(f"step {int(frame.state.steps)} of {frame.max_cycles}", canvas.width - MARGIN, 30, 20, FAINT, align=1)
    for name, x in (("state", NAMES), ("arms", ARMS), ("last move and signal", DOING)):
        canvas.text(name, x, HEADER - 16, 17, FAINT)
    canvas.text("believed offensive share of", DOSSIER, HEADER - 32, 17, FAINT)
    for j in range(frame.state.alive.shape[-1]):
        canvas.text(f"s{j}", DOSSIER + (j + 0.5) * CELL, HEADER - 14, 17, FAINT, align=0.5)


def _draw_state(canvas: _Canvas, frame: Frame, k: int) -> None:
    state = frame.state
    alive, middle = bool(state.alive[k]), HEADER + (k + 0.5) * ROW
    if state.belligerent[k] or state.crisis[k]:
        tint = AT_WAR if state.belligerent[k] else IN_CRISIS
        canvas.box(MARGIN, middle - ROW / 2, canvas.width - 2 * MARGIN, ROW, tint, radius=0)
    canvas.line((MARGIN, middle - ROW / 2), (canvas.width - MARGIN, middle - ROW / 2), LINE)
    canvas.text(f"state_{k}", NAMES, middle - 23, 22, INK if alive else FAINT)
    color = FAINT if not alive else GREEDY if state.greed[k] > 0 else SEEKER
    width = canvas.text(_intent(state, k), NAMES + 9, middle + 1, 17, color)
    canvas.box(NAMES, middle - 9, width + 18, 20, color, radius=10, line=1)
    canvas.text(f"economy {float(state.economy[k]):.2f}", NAMES, middle + 25, 17, FAINT)
    color = OFFENCE if state.belligerent[k] else INK if alive else FAINT
    canvas.text(_move(state, k).replace("_", " "), DOING, middle - 12 if alive else middle, 20, color)
    if alive:
        cap = float(np.max(frame.params.arms_cap))
        _draw_bar(canvas, "offensive", float(state.offensive[k]), cap, middle - 14, OFFENCE)
        _draw_bar(canvas, "defensive", float(state.defensive[k]), cap, middle + 14, DEFENCE)
        canvas.text(_signal(state, k), DOING, middle + 12, 18, FAINT)
        _draw_dossier(canvas, state, k, middle)


def _draw_bar(canvas: _Canvas, name: str, stock: float, cap: float, y: float, color: Color) -> None:
    canvas.box(ARMS, y - 9, BAR, 18, TRACK)
    canvas.box(ARMS, y - 9, BAR * min(1.0, stock / cap), 18, color)
    canvas.text(f"{stock:.2f}", ARMS + BAR + 10, y, 18, INK)
    canvas.text(name, ARMS + BAR + 46, y, 16, FAINT)


def _draw_dossier(canvas: _Canvas, state: State, k: int, middle: float) -> None:
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


def _draw_links(canvas: _Canvas, state: State) -> None:
    """Draw the crisis as a bracket between its two states, and each strike of the last step as an arrow."""
    heights = [HEADER + (k + 0.5) * ROW for k in range(state.alive.shape[-1])]
    crisis, war = np.flatnonzero(state.crisis).tolist(), np.flatnonzero(state.belligerent).tolist()
    if crisis:
        top, bottom = (heights[k] for k in crisis)
        canvas.line((LINKS + 14, top), (LINKS + 14, bottom), GREEDY, 4)
        for y in (top, bottom):
            canvas.box(LINKS + 7, y - 7, 14, 14, GREEDY, radius=7)
    if war:
        x = LINKS + 34
        ends = [heights[k] for k in war]
        canvas.line((x, ends[0]), (x, ends[1]), OFFENCE, 4)
        for place, k in enumerate(war):
            y, point = ends[1 - place], 1 if ends[1 - place] > ends[place] else -1
            if state.struck[k]:
                canvas.polygon([(x - 9, y - 16 * point), (x + 9, y - 16 * point), (x, y + 2 * point)], OFFENCE)


def _draw_footer(canvas: _Canvas, state: State) -> None:
    middle = canvas.height - FOOTER / 2
    canvas.line((MARGIN, canvas.height - FOOTER), (canvas.width - MARGIN, canvas.height - FOOTER), LINE)
    color = OFFENCE if np.any(state.belligerent) else GREEDY if np.any(state.crisis) else SEEKER
    canvas.box(MARGIN, middle - 7, 14, 14, color, radius=7)
    canvas.text(headline(state), MARGIN + 26, middle, 20)
    width = canvas.text("true own share", canvas.width - MARGIN, middle, 17, FAINT, align=1)
    canvas.box(canvas.width - MARGIN - width - 22, middle - 7, 14, 14, INK, radius=4, line=2)
