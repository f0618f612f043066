"""What draws the frames of a game in one render mode."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

from security_dilemma.render.canvas import import_pygame
from security_dilemma.render.frame import Frame
from security_dilemma.render.picture import SHOWN, draw, rgb_array
from security_dilemma.render.table import ansi
from security_dilemma.state import State

__all__ = ["RENDER_MODES", "Renderer"]

RENDER_MODES = ("human", "rgb_array", "ansi")


class Renderer:
    """Draws in one render mode; remembers the last states of a game and owns the window of ``human`` mode.

    Events of the window, its close button among them, are left to the program, as in PettingZoo's own environments.
    """

    def __init__(self, mode: str, fps: int) -> None:
        self.mode, self.fps = mode, fps
        self._past: deque[State] = deque(maxlen=SHOWN)
        self._window: Any = None
        self._clock: Any = None

    def watch(self, frame: Frame) -> None:
        """Take note of a new state, of which images draw the arms from then on, and show it in the window.

        Raises:
            DependencyNotInstalled: If a window is asked for and pygame is missing.
        """
        if not int(frame.state.steps):
            self._past.clear()
        self._past.append(frame.state)
        if self.mode == "human":
            self.render(frame)

    def render(self, frame: Frame) -> str | NDArray[np.uint8] | None:
        """Return a table or an image, or show the frame in the window.

        Raises:
            DependencyNotInstalled: If pygame is needed and missing.
        """
        if self.mode == "ansi":
            return ansi(frame)
        before = [state for state in self._past if int(state.steps) < int(frame.state.steps)]
        frame = frame._replace(past=tuple(before))
        if self.mode == "rgb_array":
            return rgb_array(frame)
        self._show(frame)
        return None

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._window is not None:
            import_pygame().display.quit()
            self._window = None

    def _show(self, frame: Frame) -> None:
        pygame = import_pygame()
        surface = draw(frame)
        if self._window is None:
            pygame.display.init()
            pygame.display.set_caption("security dilemma")
            self._window = pygame.display.set_mode(surface.get_size())
            self._clock = pygame.time.Clock()
        self._window.blit(surface, (0, 0))
        pygame.event.pump()
        pygame.display.flip()
        self._clock.tick(self.fps)
