"""The spaces hold whatever a game hands out, and refuse what a game cannot take."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from numpy.testing import assert_array_equal

from security_dilemma import WORLDS, env, parallel_env
from security_dilemma.actions import ACTION_MODES
from security_dilemma.spaces import INTENTS, action_fault, action_shape, resolve_intents

ARM_O, SILENT = 2, 0
OPTIONS: dict[str, Any] = {
    "none": {},
    "every": {
        "greed": 3.0,
        "initiative_mean": -2.0,
        "initiative_width": 3.0,
        "trust": 0.5,
        "war_cost": 0.49,
        "crisis_rate": 0.05,
        "posture_noise": 2.0,
        "arms_noise": 1.0,
        "worst_case": 1.0,
        "balance_width": 2.0,
        "balance_bias": -4.0,
        "balance_noise": 3.0,
        "growth": 0.05,
        "spoils": 2.0,
        "power_weight": 1.0,
        "routine_weight": 1.0,
        "prosocial_weight": 1.0,
        "initial_economy": 3.0,
        "build": 5.0,
    },
}
GAMES = [
    pytest.param(
        {"world": world, "action_mode": mode, "n_states": n, **OPTIONS[options]}, id=f"{world}-{mode}-{n}-{options}"
    )
    for world, mode, n, options in product(WORLDS, ACTION_MODES, (2, 3, 8), OPTIONS)
]


def assert_inside(game: Any, observations: dict[str, Any], rewards: dict[str, float]) -> None:
    for agent, observation in observations.items():
        assert game.observation_space(agent).contains(observation), (agent, observation)
    state = game.state()
    assert game.state_space.contains(state), state
    assert np.isfinite(state).all()
    assert np.isfinite(list(rewards.values())).all()


@pytest.mark.parametrize("game", GAMES)
def test_everything_stays_inside_its_space(game: dict[str, Any]) -> None:
    env = parallel_env(**game)
    for place, agent in enumerate(env.possible_agents):
        env.action_space(agent).seed(place)
    for seed in range(2):
        observations, _ = env.reset(seed=seed)
        assert_inside(env, observations, {})
        while env.agents:
            actions = {agent: env.action_space(agent).sample() for agent in env.agents}
            observations, rewards, *_ = env.step(actions)
            assert_inside(env, observations, rewards)


def test_everything_stays_inside_its_space_in_stage_games() -> None:
    stages = ((("hold", "strike", "arm_offensively"), 0.25), (("hold", "strike"), 0.75))
    for war in ("terminal", "scaled"):
        env = parallel_env(stages=stages, war=war, max_cycles=5)
        for seed in range(20):
            observations, _ = env.reset(seed=seed)
            while env.agents:
                observations, rewards, *_ = env.step({agent: env.action_space(agent).sample() for agent in env.agents})
                assert_inside(env, observations, rewards)


def test_bounds_are_tight_where_play_can_reach_them() -> None:
    """Growth, spoils and the cap are reached, so their bounds are no wider than need be."""
    env = parallel_env(crisis_rate=0, growth=0.02, upkeep=0, depreciation=0, max_cycles=64)
    env.reset(seed=0)
    while env.agents:
        env.step({agent: np.array([ARM_O, SILENT]) for agent in env.agents})
    state, space = env.state(), env.state_space
    assert_array_equal(state[:2], [3, 3])
    assert state[0] <= space.high[0] < 3.001
    economy = slice(4, 6)
    assert state[economy] == pytest.approx([1.02**64] * 2, rel=1e-5)
    assert (state[economy] <= space.high[economy]).all()
    assert env.state()[-1] == space.high[-1] == 64


@pytest.mark.parametrize("n_states", [2, 3, 5])
def test_action_spaces(n_states: int) -> None:
    sizes = [5, 5] if n_states == 2 else [5, 5, n_states]
    multi, flat, box = (
        parallel_env(n_states=n_states, action_mode=mode).action_space("state_1") for mode in ACTION_MODES
    )
    assert multi == spaces.MultiDiscrete(sizes)
    assert flat == spaces.Discrete(int(np.prod(sizes)))
    assert box == spaces.Box(0.0, 1.0, (5,), np.float32)
    for mode, space in zip(ACTION_MODES, (multi, flat, box), strict=True):
        assert action_shape(n_states, mode) == space.shape
        assert action_fault(space.sample(), n_states, mode) is None


def test_spaces_are_the_same_objects_each_time_and_one_per_agent() -> None:
    env = parallel_env()
    for of in (env.observation_space, env.action_space):
        assert of("state_0") is of("state_0")
        assert of("state_0") is not of("state_1")
        assert of("state_0") == of("state_1")


def test_worlds_share_their_spaces() -> None:
    envs = [parallel_env(world) for world in WORLDS]
    assert all(env.observation_space("state_0") == envs[0].observation_space("state_0") for env in envs)
    assert all(env.state_space == envs[0].state_space for env in envs)


def test_the_true_state_holds_the_intents_that_observations_hide() -> None:
    env = parallel_env(greed=0.7)
    seen, states = [], []
    for intents in ("security_seeker", "greedy"):
        observations, _ = env.reset(seed=0, options={"intents": ["security_seeker", intents]})
        seen.append(observations["state_0"])
        states.append(env.state())
    assert_array_equal(seen[0], seen[1])
    assert states[1][np.flatnonzero(states[0] != states[1])].tolist() == pytest.approx([0.7])


def test_intents_by_name_and_number() -> None:
    assert resolve_intents(INTENTS).tolist() == [False, True]
    assert resolve_intents([0, 1]).tolist() == [False, True]
    assert resolve_intents([[True, False]]).tolist() == [[True, False]]
    with pytest.raises(ValueError, match="did you mean 'greedy'"):
        resolve_intents("greed")


@pytest.mark.parametrize(
    ("mode", "action", "said"),
    [
        ("multidiscrete", np.array([5, 0, 0]), "move in 0…4"),
        ("multidiscrete", np.array([0, -1, 0]), "signal in 0…4"),
        ("multidiscrete", np.array([0, 0, 3]), "support in 0…2"),
        ("multidiscrete", np.array([0.0, 1.0, 0.0]), "must be integers"),
        ("multidiscrete", np.array([0, 0]), "has shape (2,), not (3,)"),
        ("multidiscrete", 3, "has shape (), not (3,)"),
        ("multidiscrete", None, "must be integers"),
        ("multidiscrete", [0, [1, 2]], "must be integers"),
        ("discrete", 75, "action in 0…74"),
        ("discrete", 2.0, "must be integers"),
        ("discrete", np.array([1]), "has shape (1,), not ()"),
        ("continuous", np.array([0, 0, 0, 0, 1.5]), "strike in [0, 1]"),
        ("continuous", np.array([-0.1, 0, 0, 0, 0]), "build_offensive in [0, 1]"),
        ("continuous", np.array([np.nan, 0, 0, 0, 0]), "build_offensive in [0, 1]"),
        ("continuous", np.array(["0"] * 5), "must be numbers"),
    ],
)
def test_wrong_actions_are_refused_with_name_value_and_range(mode: Any, action: Any, said: str) -> None:
    game = parallel_env(n_states=3, action_mode=mode)
    game.reset(seed=0)
    before = game.state()
    good = {agent: np.zeros_like(game.action_space(agent).sample()) for agent in game.agents}
    with pytest.raises(ValueError, match="state_1: action") as caught:
        game.step(good | {"state_1": action})
    assert said in str(caught.value)
    assert repr(action) in str(caught.value)
    assert "state_0: " not in str(caught.value)
    assert_array_equal(game.state(), before)

    turns = env(n_states=3, action_mode=mode)
    turns.reset(seed=0)
    turns.step(good["state_0"])
    with pytest.raises(ValueError, match="state_1: action"):
        turns.step(action)


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64, list])
def test_rates_of_any_type_leave_observations_as_they_are(kind: Any) -> None:
    game = parallel_env(action_mode="continuous", crisis_rate=0)
    game.reset(seed=0)
    rates = [1, 0, 0, 0, 0]
    observations, *_ = game.step(dict.fromkeys(game.agents, rates if kind is list else np.array(rates, kind)))
    for agent, observation in observations.items():
        assert observation.dtype == np.float32
        assert game.observation_space(agent).contains(observation)
        assert observation[2] == np.float32(0.5), "a whole build's worth of offensive arms"


def test_missing_and_surplus_actions_are_named_together() -> None:
    game = parallel_env(n_states=3)
    game.reset(seed=0)
    actions = {"state_0": [0, 0, 0], "state_9": [0, 0, 0], "state_2": [7, 0, 0]}
    with pytest.raises(ValueError, match="state_1: no action") as caught:
        game.step(actions)
    assert "'state_9': is not among the living states" in str(caught.value)
    assert "state_2: action [7, 0, 0] is out of range" in str(caught.value)


def test_actions_may_be_of_any_integer_type() -> None:
    results = []
    for kinds in ((np.int64, np.int64), (np.uint64, np.int8), (np.int32, np.uint8)):
        game = parallel_env()
        game.reset(seed=0)
        game.step({agent: np.array([ARM_O, SILENT], kind) for agent, kind in zip(game.agents, kinds, strict=True)})
        results.append(game.state())
    assert_array_equal(results[0], results[1])
    assert_array_equal(results[0], results[2])


def test_all_faults_of_options_are_listed_at_once() -> None:
    game = parallel_env(n_states=3)
    options = {"intents": ["greedy", "mean", 0], "offensive": [1, 2], "defensive": -1, "balance": 9}
    with pytest.raises(ValueError, match="intent 'mean'") as caught:
        game.reset(options=options)
    for said in ("offensive = [1, 2]", "stocks must be at least 0", "balance = 9 is outside [-3, 3]"):
        assert said in str(caught.value)
    with pytest.raises(ValueError, match="at most the cap"):
        game.reset(options={"offensive": 2, "defensive": [0, 0, 1.5]})
