"""A surface in memory, and the few strokes that images are made of."""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType
from typing import Any

from gymnasium.error import DependencyNotInstalled

__all__ = ["FAINT", "INK", "LINE", "PAPER", "TRACK", "Canvas", "Color", "import_pygame"]

Color = tuple[int, int, int]
PAPER, INK, FAINT, LINE, TRACK = (250, 249, 246), (33, 37, 41), (104, 110, 118), (222, 221, 216), (234, 233, 228)
SCALE = 2  # everything is drawn this much larger and then made smaller, which smooths edges and letters


def import_pygame() -> ModuleType:
    """Return pygame.

    Raises:
        DependencyNotInstalled: If it is missing; the message says what to install.
    """
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "hide")  # its greeting would stand among a user's output
    try:
        return import_module("pygame")
    except ImportError as error:
        raise DependencyNotInstalled(
            "drawing needs pygame, which is not installed: pip install security-dilemma[render]"
        ) from error


class Canvas:
    """What is drawn on; positions are in pixels of the image."""

    def __init__(self, width: int, height: int) -> None:
        """Begin with an empty image.

        Raises:
            DependencyNotInstalled: If pygame is missing.
        """
        self._pygame = import_pygame()
        self._pygame.font.init()
        self.width, self.height = width, height
        self._surface = self._pygame.Surface((SCALE * width, SCALE * height), 0, 32)
        self._surface.fill(PAPER)
        self._fonts: dict[int, Any] = {}

    def finished(self) -> Any:
        """Return the image as a pygame surface, (width, height)."""
        return self._pygame.transform.smoothscale(self._surface, (self.width, self.height))

    def text(self, words: str, x: float, y: float, size: int = 15, color: Color = INK, align: float = 0.0) -> float:
        """Write at (x, y), the text's middle height; ``align`` 0, ½, 1 puts x left, centre, right. Return its width."""
        if size not in self._fonts:
            self._fonts[size] = self._pygame.font.Font(None, SCALE * size)
        image = self._fonts[size].render(words, True, color)
        width, height = image.get_size()
        self._surface.blit(image, (round(SCALE * x - align * width), round(SCALE * y - height / 2)))
        return float(width / SCALE)

    def box(
        self, x: float, y: float, width: float, height: float, color: Color, radius: int = 4, line: int = 0
    ) -> None:
        """Draw a filled box, or with ``line`` its outline."""
        if width > 0 and height > 0:
            rect = self._pygame.Rect(*(round(SCALE * z) for z in (x, y, width, height)))
            self._pygame.draw.rect(self._surface, color, rect, width=SCALE * line, border_radius=SCALE * radius)

    def line(self, start: tuple[float, float], end: tuple[float, float], color: Color, width: int = 1) -> None:
        """Draw a line."""
        ends = [(SCALE * x, SCALE * y) for x, y in (start, end)]
        self._pygame.draw.line(self._surface, color, *ends, SCALE * width)

    def polygon(self, points: list[tuple[float, float]], color: Color) -> None:
        """Draw a filled polygon."""
        self._pygame.draw.polygon(self._surface, color, [(SCALE * x, SCALE * y) for x, y in points])
