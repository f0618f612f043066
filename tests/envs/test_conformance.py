"""PettingZoo's own tests of the API, for every two of world, action mode and number of states."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from security_dilemma import WORLDS, env, parallel_env, raw_env
from security_dilemma.actions import ACTION_MODES
from security_dilemma.parallel_env import METADATA

with warnings.catch_warnings():
    # PettingZoo's tests import a game of PettingZoo's in a way that PettingZoo deprecates.
    warnings.filterwarnings("ignore", "The old environment creation API", DeprecationWarning)
    from pettingzoo.test import api_test, max_cycles_test, parallel_api_test, parallel_seed_test, render_test, seed_test
    from pettingzoo.test.state_test import state_test

SIZES = (2, 3, 5)

GAMES = [
    pytest.param({"world": world, "action_mode": mode, "n_states": n}, id=f"{world}-{mode}-{n}")
    for row, world in enumerate(WORLDS)
    for column, mode in enumerate(ACTION_MODES)
    for n in (SIZES[(row + column) % len(SIZES)],)
]
GAMES += [
    pytest.param({"world": "doubly_safe", "action_mode": mode, "n_states": n, option: value}, id=f"{option}-{mode}-{n}")
    for (option, value), mode, n in product((("reveal_intents", True), ("signals", False)), ACTION_MODES, (2, 3))
]

# PettingZoo's tests hand an unknown reset option to every environment; that we warn about it is tested elsewhere.
UNKNOWN_OPTION = "ignore:unknown reset option 'options' is ignored"
# They expect Box or Discrete actions, though MultiDiscrete is as good a Gymnasium space as those.
MULTI_DISCRETE = "ignore:Action space for each agent probably should be"
# They hold an observation of zeros to be a defect; here it is what an eliminated state observes, by design.
ELIMINATED = "ignore:Observation numpy array is all zeros"


def test_every_two_of_world_mode_and_size_are_played_together() -> None:
    games: list[Any] = [param.values[0] for param in GAMES]
    for first, second, count in (
        ("world", "action_mode", 12),
        ("world", "n_states", 12),
        ("action_mode", "n_states", 9),
    ):
        assert len({(game[first], game[second]) for game in games}) == count


@pytest.fixture(autouse=True)
def _quick_headless_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setitem(METADATA, "render_fps", 0)


@pytest.mark.filterwarnings(UNKNOWN_OPTION)
@pytest.mark.parametrize("game", GAMES)
def test_parallel_api(game: dict[str, Any]) -> None:
    parallel_api_test(parallel_env(**game), num_cycles=20)


@pytest.mark.filterwarnings(UNKNOWN_OPTION, MULTI_DISCRETE, ELIMINATED)
@pytest.mark.parametrize("make", [env, raw_env])
@pytest.mark.parametrize("game", GAMES)
def test_api(game: dict[str, Any], make: Callable[..., Any]) -> None:
    api_test(make(**game), num_cycles=20)


@pytest.mark.parametrize("game", GAMES)
def test_seeds(game: dict[str, Any]) -> None:
    seed_test(partial(env, **game), num_cycles=10)
    parallel_seed_test(partial(parallel_env, **game), num_cycles=10)


@pytest.mark.parametrize("game", GAMES)
def test_render(game: dict[str, Any]) -> None:
    render_test(partial(env, **game), custom_tests={"ansi": lambda table: game["world"] in table})


@pytest.mark.parametrize("game", GAMES)
def test_state(game: dict[str, Any]) -> None:
    state_test(env(**game), parallel_env(**game), num_cycles=20)


@pytest.mark.parametrize("game", GAMES)
def test_time_limit(game: dict[str, Any]) -> None:
    """Without crises nothing but the time limit ends a game."""
    peaceful = {
        name: partial(make, **game, crisis_rate=0) for name, make in (("parallel_env", parallel_env), ("env", env))
    }
    max_cycles_test(SimpleNamespace(**peaceful))
