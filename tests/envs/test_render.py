"""Drawing: the table says what is so, images change with what they show, windows open and close."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from gymnasium.error import DependencyNotInstalled

from security_dilemma import parallel_env
from security_dilemma.parallel_env import METADATA
from security_dilemma.params import WORLDS
from security_dilemma.render import DEFENCE, GREEDY, NEUTRAL, OFFENCE, Frame, ansi, headline, rgb_array
from security_dilemma.state import State
from tests.envs.builders import ATTACK, DEFEND, OPEN, PLEDGE, STRIKE, crisis_of, make_state, supports

THREE = make_state(
    3,
    offensive=[1.0, 0.25, 0],
    defensive=[0, 2.5, 0],
    economy=[1, 1.25, 0],
    alive=[True, True, False],
    greed=[0.5, 0, 0],
    last_move=[ATTACK, DEFEND, 0],
    last_signal=[OPEN, PLEDGE, 0],
    support=supports(3, (1, 0)),
    crisis=crisis_of(3, 0, 1),
    dossier=[[0.5, 0.25, 0.5], [0.75, 0.5, 0.5], [0.5, 0.5, 0.5]],
    steps=7,
)
TABLE = """\
not_intense   b 0.9   visibility 0.95   fungibility 0.05   step 7 of 64
state    intent           offensive  defensive  economy  move             signal              in crisis  dossier on  state_0  state_1  state_2
state_0  greedy                1.00       0.00     1.00  arm_offensively  open                yes                          –     0.25     0.50
state_1  security seeker       0.25       2.50     1.25  arm_defensively  pledge, defends s0  yes                       0.75        –     0.50
state_2  security seeker       0.00       0.00     0.00  eliminated       –                                             0.50     0.50        –
CRISIS between state_0 and state_1"""  # noqa: E501


def frame(state: State, world: str = "not_intense", max_cycles: int = 64) -> Frame:
    return Frame(world, WORLDS[world], state, max_cycles)


def pixels(image: Any, color: tuple[int, int, int]) -> int:
    """How many pixels have exactly this colour."""
    return int((image == np.array(color, np.uint8)).all(axis=-1).sum())


@pytest.fixture
def _no_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setitem(METADATA, "render_fps", 1000)


def test_the_table() -> None:
    assert ansi(frame(THREE)) == TABLE


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "peace"),
        ({"crisis": crisis_of(3, 0, 2)}, "CRISIS between state_0 and state_2"),
        (
            {"belligerent": crisis_of(3, 0, 2), "struck": crisis_of(3, 2), "won": crisis_of(3, 0)},
            "WAR between state_0 and state_2: state_2 struck state_0, state_0 won",
        ),
        (
            {
                "belligerent": crisis_of(3, 1, 2),
                "struck": crisis_of(3, 1, 2),
                "won": crisis_of(3, 2),
                "crisis": crisis_of(3, 0, 2),
            },
            "WAR between state_1 and state_2: both sides struck, state_2 won; CRISIS between state_0 and state_2",
        ),
    ],
)
def test_the_headline(fields: dict[str, Any], said: str) -> None:
    assert headline(make_state(3, **fields)) == said


@pytest.mark.parametrize("n_states", range(2, 9))
def test_images_of_any_number_of_states(n_states: int) -> None:
    image = rgb_array(frame(make_state(n_states)))
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert image.flags.c_contiguous
    assert (image[0] == image[0, 0]).all(), "nothing touches the upper edge"
    assert (image[:, -1] == image[0, 0]).all(), "nothing is cut off on the right"


@pytest.mark.parametrize(
    "change",
    [
        {"offensive": [1.5, 0.25, 0]},
        {"defensive": [0, 2.0, 0]},
        {"economy": [2, 1.25, 0]},
        {"alive": True},
        {"greed": 0},
        {"dossier": 0.4},
        {"last_move": [STRIKE, DEFEND, 0]},
        {"last_signal": [OPEN, OPEN, 0]},
        {"support": False},
        {"crisis": False},
        {"crisis": crisis_of(3, 0, 2)},
        {"belligerent": crisis_of(3, 0, 2), "struck": crisis_of(3, 0), "won": crisis_of(3, 0)},
        {"steps": 8},
    ],
)
def test_images_and_tables_show_every_change(change: dict[str, Any]) -> None:
    changed = make_state(3, **(THREE._asdict() | change))
    assert not np.array_equal(rgb_array(frame(THREE)), rgb_array(frame(changed)))
    assert ansi(frame(THREE)) != ansi(frame(changed))


def test_images_show_world_and_time_limit() -> None:
    images = [rgb_array(frame(THREE, *facts)) for facts in (("intense", 64), ("not_intense", 64), ("not_intense", 9))]
    assert not np.array_equal(images[0], images[1])
    assert not np.array_equal(images[1], images[2])


def test_bars_are_as_long_as_the_stocks_are_large() -> None:
    counts = {}
    for stock in (0.0, 1.0, 2.0, 3.0):
        image = rgb_array(frame(make_state(offensive=[stock, 0], defensive=[0, stock], dossier=0.5)))
        counts[stock] = np.array([pixels(image, OFFENCE), pixels(image, DEFENCE)])
    assert not counts[0.0].any()
    np.testing.assert_allclose(counts[2.0] / counts[3.0], 2 / 3, atol=0.02)
    np.testing.assert_allclose(counts[1.0] / counts[3.0], 1 / 3, atol=0.02)


def test_dossiers_are_red_for_offence_and_blue_for_defence() -> None:
    for belief, color in ((0.0, DEFENCE), (0.5, NEUTRAL), (1.0, OFFENCE)):
        image = rgb_array(frame(make_state(dossier=belief, offensive=0.0)))
        assert pixels(image, color) > 1000
        assert pixels(rgb_array(frame(make_state(dossier=0.2))), color) < pixels(image, color)


def test_a_strike_is_an_arrow_towards_the_struck() -> None:
    """The arrow's head makes the half with the struck state redder."""
    for striker, heavier in ((0, "lower"), (1, "upper")):
        state = make_state(belligerent=True, struck=crisis_of(2, striker), won=crisis_of(2, striker))
        image = rgb_array(frame(state))[92:268, 40:76]
        upper, lower = pixels(image[:88], OFFENCE), pixels(image[88:], OFFENCE)
        assert (lower > upper) == (heavier == "lower")
    state = make_state(crisis=True)
    assert pixels(rgb_array(frame(state))[92:268, 20:76], GREEDY) > 300


def test_an_image_needs_no_window_system_nor_a_video_driver() -> None:
    code = (
        "import sys, security_dilemma as sd; e = sd.parallel_env(render_mode='rgb_array'); e.reset(seed=0);"
        "e.step({a: [0, 0] for a in e.agents}); assert 'pygame' not in sys.modules; print(e.render().shape);"
        "import pygame; assert not pygame.display.get_init()"
    )
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    bare = {name: value for name, value in os.environ.items() if name not in screens}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=bare, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("(324, ")


@pytest.mark.usefixtures("_no_window")
def test_human_mode_shows_each_step_and_closes() -> None:
    import pygame

    game = parallel_env(render_mode="human")
    game.reset(seed=0)
    window = pygame.display.get_surface()
    assert window is not None
    shown = pygame.surfarray.array3d(window)
    game.step({agent: np.array([ATTACK, 0]) for agent in game.agents})
    assert not np.array_equal(shown, pygame.surfarray.array3d(window)), "a step is shown without a call of render()"
    assert game.render() is None
    game.close()
    assert not pygame.display.get_init()
    game.close()
    game.reset(seed=1)
    assert pygame.display.get_init(), "a closed window opens again"
    game.close()


@pytest.mark.parametrize("mode", ["rgb_array", "human"])
def test_without_pygame_one_message_says_what_to_install(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygame", None)
    game = parallel_env(render_mode=mode)
    with pytest.raises(DependencyNotInstalled, match=r"pip install security-dilemma\[render\]"):
        game.reset(seed=0) and game.render()


def test_without_pygame_the_table_is_still_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygame", None)
    game = parallel_env(render_mode="ansi")
    game.reset(seed=0)
    assert "step 0 of 64" in str(game.render())


def test_render_without_a_mode_warns() -> None:
    game = parallel_env()
    game.reset(seed=0)
    with pytest.warns(UserWarning, match="give render_mode"):
        assert game.render() is None


def test_parameters_that_differ_by_state_are_shown_as_a_range() -> None:
    game = parallel_env(balance=[0.5, 0.9], render_mode="ansi")
    game.reset(seed=0)
    assert "b 0.5…0.9 " in str(game.render())
