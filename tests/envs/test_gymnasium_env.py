"""The Gymnasium face: one state learns against given opponents."""

from __future__ import annotations

import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env
from numpy.testing import assert_array_equal
from stable_baselines3.common.env_checker import check_env as sb3_check_env

from security_dilemma import parallel_env
from security_dilemma.actions import ACTION_MODES
from security_dilemma.gymnasium_env import SecurityDilemmaEnv
from security_dilemma.parallel_env import METADATA
from security_dilemma.params import ParameterError

HOLD, ARM_O, STRIKE, SILENT = 0, 2, 4, 0

# Both checkers recommend actions in [-1, 1]; rates and probabilities are in [0, 1] because that is what they are.
UNIT_RATES = "ignore:.*symmetric and normalized Box action space"


@pytest.fixture(autouse=True)
def _quick_headless_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setitem(METADATA, "render_fps", 1000)


@pytest.mark.filterwarnings(UNIT_RATES)
@pytest.mark.parametrize("mode", ACTION_MODES)
@pytest.mark.parametrize("n_states", [2, 3, 5])
def test_checkers_of_gymnasium_and_stable_baselines3(mode: Any, n_states: int) -> None:
    check_env(gymnasium.make("SecurityDilemma-v0", action_mode=mode, n_states=n_states).unwrapped)
    sb3_check_env(SecurityDilemmaEnv(action_mode=mode, n_states=n_states))


def test_it_is_registered_with_gymnasium() -> None:
    env = gymnasium.make("SecurityDilemma-v0", world="intense", render_mode="ansi")
    assert isinstance(env.unwrapped, SecurityDilemmaEnv)
    assert env.unwrapped.game.params.balance == pytest.approx(-0.9)
    env.reset(seed=0)
    assert str(env.render()).startswith("intense")
    env.close()


def test_faults_are_those_of_the_pettingzoo_face() -> None:
    with pytest.raises(ParameterError, match="did you mean 'greed'"):
        SecurityDilemmaEnv(gred=1)


def test_it_is_the_pettingzoo_game_seen_by_state_0() -> None:
    """The learner sees, is paid and ends as state_0 does; opponents see what the others see."""
    seen: list[Any] = []

    def opponents(observations: Any) -> Any:
        seen.append(observations.copy())
        return np.full((2, 3), (ARM_O, 1, 2))

    options = {"intents": "greedy"}
    env = SecurityDilemmaEnv(opponents, n_states=3, crisis_rate=1.0, surge_attack=2.0)
    game = parallel_env(n_states=3, crisis_rate=1.0, surge_attack=2.0)
    ends = set()
    for seed in range(12):
        observation, info = env.reset(seed=seed, options=options)
        observations, infos = game.reset(seed, options)
        ended = False
        while not ended:
            assert_array_equal(observation, observations["state_0"])
            masks = zip(info["action_mask"], infos["state_0"]["action_mask"], strict=True) if info else ()
            assert all(np.array_equal(*pair) for pair in masks)
            actions = {agent: np.array([ARM_O, 1, 2]) for agent in game.agents} | {"state_0": np.array([STRIKE, 0, 1])}
            expected = [observations.get(f"state_{k}", np.zeros_like(observation)) for k in (1, 2)]
            observation, reward, terminated, truncated, info = env.step([STRIKE, 0, 1])
            assert_array_equal(seen[-1], expected)
            observations, rewards, terminations, truncations, infos = game.step(actions)
            assert (reward, terminated, truncated) == (
                rewards["state_0"],
                terminations["state_0"],
                truncations["state_0"],
            )
            ended = terminated or truncated
        ends.add((bool(observation.any()), len(game.agents)))
    assert ends == {(True, 0), (False, 2), (False, 0)}, "it outlived both, died first, and died second"


def test_the_game_ends_for_the_learner_with_its_own_end() -> None:
    env = SecurityDilemmaEnv(lambda seen: np.full((1, 2), (STRIKE, SILENT)), crisis_rate=1.0, balance=3.0)
    env.reset(seed=0)
    terminated = truncated = False
    while not (terminated or truncated):
        _, reward, terminated, truncated, _ = env.step([HOLD, SILENT])
    assert terminated
    assert not truncated
    assert reward == pytest.approx(-0.25)
    with pytest.raises(ResetNeeded, match="call reset"):
        env.step([HOLD, SILENT])


@pytest.mark.parametrize("mode", ACTION_MODES)
def test_opponents_hold_by_default(mode: Any) -> None:
    env = SecurityDilemmaEnv(n_states=3, action_mode=mode, crisis_rate=1.0, balance=-3.0)
    env.reset(seed=0)
    for _ in range(10):
        env.step(np.zeros_like(env.action_space.sample()))
        state = env.game.state()
        assert not state[:6].any(), "nobody has armed"
        assert env.game.agents == ["state_0", "state_1", "state_2"], "nobody has struck"


def test_wrong_actions_are_named() -> None:
    env = SecurityDilemmaEnv(lambda seen: [[9, 9]])
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"state_0: action \[5, 0\] .* state_1: action array\(\[9, 9\]\)"):
        env.step([5, 0])


def test_opponents_must_act_for_everyone() -> None:
    env = SecurityDilemmaEnv(lambda seen: np.zeros((1, 3), int), n_states=3)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="opponents gave 1 actions for 2 states"):
        env.step([0, 0, 0])


def test_seeds() -> None:
    def play(env: SecurityDilemmaEnv, seed: int | None) -> list[Any]:
        observation, _ = env.reset(seed=seed)
        record, ended = [observation.tolist()], False
        while not ended:
            observation, reward, terminated, truncated, _ = env.step([ARM_O, SILENT])
            record.append([observation.tolist(), reward])
            ended = terminated or truncated
        return record

    first, second = SecurityDilemmaEnv(trust=0.5), SecurityDilemmaEnv(trust=0.5)
    runs = [[play(env, seed) for seed in (4, None, 4)] for env in (first, second)]
    assert runs[0] == runs[1]
    assert runs[0][0] == runs[0][2] != runs[0][1]


def test_no_warnings_in_play() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gymnasium.make("SecurityDilemma-v0")
        env.reset(seed=0)
        env.step(np.array([HOLD, SILENT]))
