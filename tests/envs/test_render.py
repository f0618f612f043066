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
from security_dilemma.render import Frame, ansi, headline, rgb_array
from security_dilemma.render.history import SHOWN
from security_dilemma.render.picture import CRISIS, DEFENCE, NEUTRAL, OFFENCE, WAR
from security_dilemma.state import State
from tests.envs.builders import ASSURE, ATTACK, DEFEND, OPEN, PLEDGE, STRIKE, crisis_of, make_state, supports

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
                                arms         last                           dossier on
  state   intent          off.  def.  econ.  move            signal defends   s0   s1   s2
┌ state_0 greedy          1.00  0.00   1.00  arm_offensively open   –          – 0.25    –
└ state_1 security seeker 0.25  2.50   1.25  arm_defensively pledge s0      0.75    –    –
  state_2 security seeker    –     –      –  eliminated      –      –          –    –    –
CRISIS between state_0 and state_1"""


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


@pytest.mark.parametrize("world", WORLDS)
def test_the_table_of_two_states_fits_a_terminal_of_80_columns(world: str) -> None:
    widest = {"last_move": ATTACK, "last_signal": ASSURE, "steps": 64, "economy": 123.4, "crisis": True}
    lines = ansi(frame(make_state(2, **widest), world)).splitlines()
    assert len(lines) == 6
    assert max(map(len, lines)) <= 80


def test_a_bracket_passes_by_who_is_not_in_the_crisis() -> None:
    rows = ansi(frame(make_state(4, crisis=crisis_of(4, 0, 2)))).splitlines()[3:7]
    assert [row[0] for row in rows] == ["┌", "│", "└", " "]


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
    assert image.flags.writeable
    assert image.shape[0] % 2 == image.shape[1] % 2 == 0, "encoders of videos take even sizes only"
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


NOW, SO_FAR = 456, slice(460, 710)  # where the columns of arms now end, and where those of arms so far stand


def test_arms_so_far_are_drawn_as_high_as_the_stocks_were() -> None:
    past = [make_state(offensive=[stock, 0], defensive=[0.5, 0], steps=k) for k, stock in enumerate((0.5, 1.5, 0.5))]
    image = rgb_array(Frame("intense", WORLDS["intense"], past[-1], 9, tuple(past[:-1])))[92:224, SO_FAR]
    offence = (image == np.array(OFFENCE)).all(axis=-1).sum(axis=0)
    heights = [int(offence[12 + 25 * k]) for k in range(10)]  # ten columns of 25 pixels
    assert heights[0] == heights[2] > 0
    assert abs(heights[1] - 3 * heights[0]) <= 3
    assert heights[3:] == [0] * 7


def test_a_crisis_and_a_war_have_marks_of_their_own_and_of_long_games_the_end_is_drawn() -> None:
    peace, war = make_state(), make_state(belligerent=True, struck=True, won=crisis_of(2, 0))
    shown = ((peace, ()), (peace, (make_state(crisis=True),)), (war, ()), (war, (war,) * SHOWN))
    images = [rgb_array(frame(state)._replace(past=past))[92:224, SO_FAR] for state, past in shown]
    dark = [int((image < 100).all(axis=-1).sum()) for image in images]
    assert 0 == dark[0] < dark[1] < dark[2] < dark[3]
    long = [rgb_array(frame(peace)._replace(past=(war,) * n + (peace,) * SHOWN)) for n in (1, 5)]
    assert np.array_equal(long[0], long[1])


def test_a_crisis_that_ends_in_war_has_the_mark_of_the_war_alone() -> None:
    crisis, war = make_state(crisis=True), make_state(belligerent=True, struck=True, won=crisis_of(2, 0))
    images = [rgb_array(frame(war)._replace(past=(past,))) for past in (crisis, make_state())]
    assert np.array_equal(images[0], images[1])


def test_the_past_is_drawn_whether_or_not_it_was_rendered_and_ends_with_its_game() -> None:
    games = [parallel_env(render_mode="rgb_array", crisis_rate=0.0) for _ in range(2)]
    for game in games:
        game.reset(seed=5)
        for _ in range(3):
            game.step({agent: np.array([ATTACK, 0]) for agent in game.agents})
            if game is games[0]:
                game.render()
    images = [np.asarray(game.render()) for game in games]
    assert np.array_equal(images[0], images[1])
    columns = (images[0][92:224, SO_FAR] == np.array(OFFENCE)).all(axis=-1).any(axis=0)
    assert round(columns.sum() * 65 / 250) == 3
    for game in games:
        game.reset(seed=5)
    assert not pixels(np.asarray(games[0].render())[92:356, SO_FAR], OFFENCE)


def test_bars_are_as_long_as_the_stocks_are_large() -> None:
    counts = {}
    for stock in (0.0, 1.0, 2.0, 3.0):
        image = rgb_array(frame(make_state(offensive=[stock, 0], defensive=[0, stock], dossier=0.5)))[:, :NOW]
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
        image = rgb_array(frame(state))[92:356, 40:76]
        upper, lower = pixels(image[:132], WAR), pixels(image[132:], WAR)
        assert (lower > upper) == (heavier == "lower")
    state = make_state(crisis=True)
    assert pixels(rgb_array(frame(state))[92:356, 20:76], CRISIS) > 300


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
    assert done.stdout.startswith("(412, ")


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
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    assert game.render() is None
    assert pygame.event.peek(pygame.QUIT), "the close button is the program's to answer"
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
