"""Drawing: a table, an image or a window. pygame is imported only to draw; images need no window system.

In PettingZoo's ``rgb_array`` mode a game can be recorded as a video::

    from pettingzoo.utils.wrappers import RecordVideoParallel

    game = RecordVideoParallel(parallel_env(render_mode="rgb_array"), "videos")
"""

from security_dilemma.render.frame import Frame, headline
from security_dilemma.render.picture import rgb_array
from security_dilemma.render.renderer import RENDER_MODES, Renderer
from security_dilemma.render.table import ansi

__all__ = ["RENDER_MODES", "Frame", "Renderer", "ansi", "headline", "rgb_array"]
