"""The how-to on videos: its example runs, and the video shows the game frame by frame."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from security_dilemma import parallel_env
from tests.envs.builders import ATTACK

PAGE = Path(__file__).parents[2] / "docs" / "how_to" / "video.md"


def frames(path: Path, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """The frames of a video, (n_frames, height, width, 3), by the ffmpeg that comes with moviepy."""
    from imageio_ffmpeg import get_ffmpeg_exe  # type: ignore[import-untyped]

    command = [get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, *shape).astype(np.int64)


@pytest.mark.slow
def test_the_example_writes_a_video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    shown = frames(tmp_path / "videos/rl-video-episode-0.mp4", names["game"].render().shape)
    assert len(shown) == int(names["game"].state()[-1]) + 1, "one for the start and one for each step"


@pytest.mark.slow
@pytest.mark.parametrize("n_states", [2, 8])
def test_a_frame_for_every_step_as_it_was_rendered(n_states: int, tmp_path: Path) -> None:
    from pettingzoo.utils.wrappers import RecordVideoParallel  # type: ignore[import-untyped]

    game = RecordVideoParallel(
        parallel_env(n_states=n_states, max_cycles=6, crisis_rate=0.0, render_mode="rgb_array"), str(tmp_path / "video")
    )
    game.reset(seed=1)
    rendered = [np.asarray(game.render(), int)]
    while game.agents:
        game.step({agent: np.array([ATTACK, *[0] * (1 + (n_states > 2))]) for agent in game.agents})
        rendered.append(np.asarray(game.render(), int))
    game.close()
    shown = frames(tmp_path / "video/rl-video-episode-0.mp4", rendered[0].shape)
    assert len(shown) == len(rendered) == 7
    distances = np.array([[np.abs(frame - image).mean() for image in rendered] for frame in shown])
    assert distances.argmin(axis=1).tolist() == list(range(7)), "each frame is that of its own step"
    assert distances.diagonal().max() < 5
