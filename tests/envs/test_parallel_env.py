"""The PettingZoo face: who acts, what is handed out, what is refused and how."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any

import numpy as np
import pettingzoo  # type: ignore[import-untyped]
import pytest
from gymnasium.error import ResetNeeded
from numpy.testing import assert_allclose, assert_array_equal

from security_dilemma import WORLDS, Params, env, parallel_env, raw_env
from security_dilemma.perception import observation_table

HOLD, ARM_D, ARM_O, DISARM, STRIKE = range(5)
SILENT = 0


def moves(game: Any, **by_agent: int) -> dict[str, Any]:
    """Everyone alive holds but for the named."""
    extra = [0] if game.n_states > 2 else []
    return {agent: np.array([by_agent.get(agent, HOLD), SILENT, *extra]) for agent in game.agents}


def entry(game: Any, observation: Any, name: str) -> float:
    """Return the named entry of an observation."""
    table = {row.name: row.place for row in observation_table(game.params, game.n_states, game.stages)}
    return float(observation[table[name]])


def at_war(game: Any, **options: Any) -> Any:
    """Reset a game and let ``state_0`` strike until one of the two is gone."""
    game.reset(seed=0, options=options)
    while len(game.agents) == game.n_states:
        result = game.step(moves(game, state_0=STRIKE))
    return result


# --- how it is reached -------------------------------------------------------------------------------------------


def test_it_is_registered_with_pettingzoo() -> None:
    parallel = pettingzoo.make("parallel", "security_dilemma_v0", world="intense", n_states=3)
    turns = pettingzoo.make("aec", "security_dilemma_v0", world="intense", n_states=3)
    assert isinstance(parallel, pettingzoo.ParallelEnv)
    assert isinstance(turns, pettingzoo.AECEnv)
    assert parallel.params == turns.unwrapped.params == WORLDS["intense"].cast(np.float32)
    assert parallel.possible_agents == turns.possible_agents == ["state_0", "state_1", "state_2"]
    assert str(parallel) == "security_dilemma_v0"


def test_time_limit_can_be_given_to_make() -> None:
    assert pettingzoo.make("parallel", "security_dilemma_v0", max_cycles=5).max_cycles == 5


@pytest.mark.parametrize("make", [parallel_env, env, raw_env])
def test_worlds_parameters_and_overrides(make: Any) -> None:
    assert make("doubly_safe").unwrapped.params.balance == -0.9
    given = make(params=Params(greed=1.5), trust=0.25).unwrapped.params
    assert (given.greed, given.trust) == (1.5, 0.25)
    by_state = make(greed=[0.5, 1.0]).unwrapped.params.greed
    assert_array_equal(by_state, np.array([0.5, 1.0], np.float32))


def test_metadata() -> None:
    metadata = parallel_env().metadata
    assert metadata["name"] == "security_dilemma_v0"
    assert metadata["is_parallelizable"]
    assert set(metadata["render_modes"]) == {"ansi", "rgb_array", "human"}


def test_a_game_can_be_copied_and_pickled() -> None:
    game = parallel_env(crisis_rate=0.5)
    game.reset(seed=1)
    twins = [game, copy.deepcopy(game), pickle.loads(pickle.dumps(game))]  # noqa: S301
    for _ in range(5):
        states = [(twin.step(moves(twin, state_0=ARM_O)), twin.state())[1] for twin in twins]
        assert_array_equal(states[0], states[1])
        assert_array_equal(states[0], states[2])


# --- the course of a game ----------------------------------------------------------------------------------------


def test_step_without_a_game_asks_for_reset() -> None:
    game = parallel_env(max_cycles=1)
    with pytest.raises(ResetNeeded, match="call reset"):
        game.step({})
    with pytest.raises(ResetNeeded, match="call reset"):
        game.state()
    game.reset(seed=0)
    game.step(moves(game))
    with pytest.raises(ResetNeeded, match="call reset"):
        game.step({})


def test_the_eliminated_leave_and_the_rest_play_on() -> None:
    game = parallel_env(n_states=3, crisis_rate=1.0)
    observations, rewards, terminations, truncations, infos = at_war(game)
    dead = [agent for agent, over in terminations.items() if over]
    assert len(dead) == 1
    for results in (observations, rewards, terminations, truncations, infos):
        assert list(results) == ["state_0", "state_1", "state_2"]
    assert game.agents == [agent for agent in game.possible_agents if agent != dead[0]]
    assert infos[dead[0]] == {}
    assert not observations[dead[0]].any()
    assert not any(truncations.values())
    with pytest.raises(ValueError, match=f"'{dead[0]}': is not among the living states"):
        game.step(dict.fromkeys(game.possible_agents, np.zeros(3, int)))
    again, *_ = game.step(moves(game))
    assert list(again) == game.agents


def test_a_war_of_two_ends_the_game_for_both() -> None:
    game = parallel_env(crisis_rate=1.0, war_cost=0.25)
    _, rewards, terminations, truncations, _ = at_war(game, intents="security_seeker")
    assert terminations == {"state_0": True, "state_1": True}
    assert truncations == {"state_0": False, "state_1": False}
    assert game.agents == []
    assert sorted(rewards.values()) == pytest.approx([-0.25, 0.75])


def test_the_time_limit_truncates() -> None:
    game = parallel_env(crisis_rate=0, max_cycles=3)
    game.reset(seed=0)
    for left in (2, 1, 0):
        _, _, terminations, truncations, infos = game.step(moves(game))
        assert not any(terminations.values())
        assert all(truncations.values()) == (left == 0)
    assert game.agents == []
    assert all("action_mask" in info for info in infos.values())


def test_a_peaceful_step_is_paid_one_minus_discount() -> None:
    game = parallel_env(crisis_rate=0, discount=0.9)
    game.reset(seed=0)
    _, rewards, *_ = game.step(moves(game))
    assert rewards == pytest.approx({"state_0": 0.1, "state_1": 0.1})
    assert all(type(value) is float for value in rewards.values())


def test_strikes_count_only_in_a_crisis() -> None:
    game = parallel_env(crisis_rate=0)
    game.reset(seed=0)
    game.step(moves(game, state_0=STRIKE))
    _, _, terminations, *_ = game.step(moves(game, state_0=STRIKE))
    assert not any(terminations.values())


def test_stage_games_end_after_their_last_stage() -> None:
    game = parallel_env(stages=((("hold", "strike"), 0.25), (("hold",), 0.75)), max_cycles=2)
    _, infos = game.reset(seed=0)
    assert infos["state_0"]["action_mask"][0].tolist() == [1, 0, 0, 0, 1]
    _, rewards, terminations, _, infos = game.step(moves(game))
    assert rewards == pytest.approx({"state_0": 0.25, "state_1": 0.25})
    assert infos["state_0"]["action_mask"][0].tolist() == [1, 0, 0, 0, 0]
    _, rewards, terminations, truncations, _ = game.step(moves(game))
    assert rewards == pytest.approx({"state_0": 0.75, "state_1": 0.75})
    assert all(terminations.values())
    assert not any(truncations.values())


# --- masks -------------------------------------------------------------------------------------------------------


def test_masks_allow_strikes_in_crisis_only() -> None:
    game = parallel_env(crisis_rate=0.5, n_states=3)
    observations, infos = game.reset(seed=0)
    seen = set()
    for _ in range(30):
        for agent in game.agents:
            move, signal, support = infos[agent]["action_mask"]
            in_crisis = bool(entry(game, observations[agent], "own_crisis"))
            assert move.tolist() == [1, 1, 1, 1, int(in_crisis)]
            assert signal.tolist() == [1] * 5
            assert support.tolist() == [1] * 3
            seen.add(in_crisis)
        observations, _, _, _, infos = game.step(moves(game))
    assert seen == {True, False}


def test_masks_take_away_support_for_the_eliminated() -> None:
    game = parallel_env(n_states=3, crisis_rate=1.0)
    _, _, terminations, _, infos = at_war(game)
    dead = next(place for place, over in enumerate(terminations.values()) if over)
    for agent in game.agents:
        place = game.possible_agents.index(agent)
        expected = [int((place + k) % 3 != dead) for k in range(3)]
        assert infos[agent]["action_mask"][2].tolist() == expected


@pytest.mark.parametrize("mode", ["multidiscrete", "discrete"])
@pytest.mark.parametrize("n_states", [2, 3, 5])
def test_masked_samples_never_waste_a_strike(mode: Any, n_states: int) -> None:
    game = parallel_env(action_mode=mode, n_states=n_states, crisis_rate=0.3)
    per_move = 5 if n_states == 2 else 5 * n_states
    strikes = 0
    for seed in range(6):
        observations, infos = game.reset(seed=seed)
        while game.agents:
            actions = {agent: game.action_space(agent).sample(infos[agent]["action_mask"]) for agent in game.agents}
            for agent, action in actions.items():
                if (action // per_move if mode == "discrete" else action[0]) == STRIKE:
                    assert entry(game, observations[agent], "own_crisis")
                    strikes += 1
            observations, _, _, _, infos = game.step(actions)
    assert strikes


def test_masks_are_shared_and_read_only() -> None:
    game = parallel_env(crisis_rate=0)
    _, first = game.reset(seed=0)
    *_, second = game.step(moves(game))
    assert first["state_0"]["action_mask"] is second["state_0"]["action_mask"]
    assert first["state_0"] is not second["state_0"]
    with pytest.raises(ValueError, match="read-only"):
        first["state_0"]["action_mask"][0][0] = 0


def test_continuous_actions_have_no_mask() -> None:
    game = parallel_env(action_mode="continuous")
    _, infos = game.reset(seed=0)
    assert infos == {"state_0": {}, "state_1": {}}


# --- reset -------------------------------------------------------------------------------------------------------


def test_reset_options_fix_the_start() -> None:
    game = parallel_env(greed=0.7, balance_width=1.0)
    options = {"intents": ["greedy", "security_seeker"], "offensive": [1, 0], "defensive": 0.5, "balance": 0.3}
    observations, _ = game.reset(seed=0, options=options)
    for agent, greed, offensive in (("state_0", 0.7, 1.0), ("state_1", 0.0, 0.0)):
        seen = observations[agent]
        names = ("own_greed", "own_offensive", "own_defensive", "own_perceived_balance")
        assert_allclose([entry(game, seen, name) for name in names], [greed, offensive, 0.5, 0.3], rtol=1e-6)
    assert not game.reset(seed=0, options={"intents": 0})[0]["state_0"][0]


def test_unknown_reset_options_warn() -> None:
    game = parallel_env()
    with pytest.warns(UserWarning, match="unknown reset option 'intent' is ignored: did you mean 'intents'"):
        game.reset(seed=0, options={"intent": "greedy"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        game.reset(seed=0, options={"intents": "greedy", "balance": None})
