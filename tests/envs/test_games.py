"""Many games at once: equal to the rules game by game, with restarts, seeds and clear errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from security_dilemma.actions import ActionMode
from security_dilemma.games import Games
from security_dilemma.params import ParameterError, Params
from security_dilemma.perception import observation_table, observe
from security_dilemma.stages import Stages
from security_dilemma.state import State
from tests.envs.builders import ATTACK, HOLD, STRIKE, random_actions

STAGES: Stages = ((("hold", "strike"), 0.3), (("hold", "arm_offensively"), 0.2), (("hold", "strike"), 0.5))
BUSY = Params(crisis_rate=0.5, trust=0.5, greed=0.7, arms_noise=0.1, growth=0.02, spoils=0.3, balance_width=0.2)
SHAPES: dict[str, dict[str, Any]] = {
    "two": {},
    "three": {"n_states": 3},
    "five_discrete": {"n_states": 5, "action_mode": "discrete"},
    "three_continuous": {"n_states": 3, "action_mode": "continuous"},
    "three_revealed": {"n_states": 3, "reveal_intents": True},
    "three_silenced": {"n_states": 3, "signals": False},
    "silenced_discrete": {"action_mode": "discrete", "signals": False},
    "silenced_continuous": {"action_mode": "continuous", "signals": False},
    "terminal": {"stages": STAGES},
    "scaled": {"stages": STAGES, "war": "scaled"},
}


def all_play(games: Games, *moves: int) -> Any:
    """Every game plays the same moves, silently."""
    actions = np.zeros((games.n_games, games.n_states, games.n_components), int)
    actions[..., 0] = moves
    return games.step(actions)


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_and_dtypes(shape: str) -> None:
    games = Games(BUSY, 5, max_cycles=4, seed=0, **SHAPES[shape])
    n = games.n_states
    table = observation_table(BUSY, n, games.stages, reveal_intents=games.reveal_intents)
    assert games.obs_dim == len(table)
    observations = games.reset()
    rng = np.random.default_rng(0)
    for _ in range(6):
        assert observations.shape == (5, n, games.obs_dim)
        assert observations.dtype == np.float32
        actions = random_actions(rng, n, (5,), games.action_mode)
        actions = actions.astype(np.float32) if games.action_mode == "continuous" else actions
        assert actions.shape == (5, n, games.n_components)
        observations, rewards, ended, truncated, info = games.step(actions)
        assert rewards.shape == ended.shape == truncated.shape == (5, n)
        assert rewards.dtype == np.float32
        assert ended.dtype == truncated.dtype == np.bool_
        over = len(info["ended"])
        assert info["final_observation"].shape == (over, n, games.obs_dim)
        assert info["final_state"].dossier.shape == (over, n, n)
        assert info["action_mask"].shape[:2] == (5, n)


def test_wide_rates_do_not_widen_the_games() -> None:
    games = Games(Params(), 2, action_mode="continuous", seed=0)
    observations, rewards, *_ = games.step(np.full((2, 2, 5), 0.5, np.float64))
    assert observations.dtype == rewards.dtype == np.float32
    assert {field.dtype for field in games.state} == {np.dtype(t) for t in (np.float32, np.int32, np.bool_)}


def test_a_war_terminates_and_the_game_restarts_in_the_same_step() -> None:
    games = Games(Params(crisis_rate=1.0), 4, seed=0)
    all_play(games, ATTACK, HOLD)
    assert_array_equal(games.state.steps, 1)
    observations, _, ended, truncated, info = all_play(games, STRIKE, STRIKE)
    assert ended.all()
    assert not truncated.any()
    assert_array_equal(info["ended"], range(4))
    assert_array_equal(info["final_state"].alive.sum(axis=-1), 1)
    assert_array_equal(games.state.steps, 0)
    assert games.state.alive.all()
    assert not games.state.offensive.any()
    assert not games.state.crisis.any()
    assert_array_equal(observations, observe(games.params, games.state))
    assert not np.array_equal(observations, info["final_observation"])


def test_the_time_limit_truncates_and_does_not_terminate() -> None:
    games = Games(Params(crisis_rate=0.0), 3, n_states=3, max_cycles=2, seed=0)
    for late in (False, True, False, True):
        _, _, ended, truncated, info = all_play(games, HOLD, HOLD, STRIKE)
        assert not ended.any()
        assert np.all(truncated == late)
        assert len(info["ended"]) == 3 * late


def test_a_war_in_the_last_cycle_terminates_and_does_not_truncate() -> None:
    games = Games(Params(crisis_rate=1.0), 3, max_cycles=2, seed=0)
    all_play(games, HOLD, HOLD)
    _, _, ended, truncated, _ = all_play(games, STRIKE, HOLD)
    assert ended.all()
    assert not truncated.any()


def test_an_eliminated_state_stays_terminated_while_the_others_play_on() -> None:
    games = Games(Params(crisis_rate=1.0), 50, n_states=3, max_cycles=3, seed=0)
    all_play(games, HOLD, HOLD, HOLD)
    _, _, first, _, info = all_play(games, STRIKE, STRIKE, STRIKE)
    assert_array_equal(first.sum(axis=-1), 1)
    assert len(info["ended"]) == 0
    assert not info["action_mask"][first].any()
    _, paid, second, truncated, info = all_play(games, HOLD, HOLD, HOLD)
    assert_array_equal(second, first)
    assert_array_equal(truncated, ~first)
    assert_array_equal(paid[first], 0)
    assert_array_equal(info["ended"], range(50))


def test_what_the_eliminated_send_is_ignored() -> None:
    finals = []
    for junk in (HOLD, ATTACK):
        games = Games(Params(crisis_rate=1.0), 20, n_states=4, seed=3)
        all_play(games, HOLD, HOLD, HOLD, HOLD)
        _, _, dead, _, _ = all_play(games, STRIKE, STRIKE, STRIKE, STRIKE)
        assert dead.any()
        actions = np.where(dead[..., None], [junk, 2, 1], [ATTACK, 1, 2])
        finals.append([games.step(actions)[:2], games.state])
    (seen, paid), state = finals[0]
    (other_seen, other_paid), other_state = finals[1]
    assert_array_equal(seen, other_seen)
    assert_array_equal(paid, other_paid)
    for x, y in zip(state, other_state, strict=True):
        assert_array_equal(x, y)


@pytest.mark.parametrize("war", ["terminal", "scaled"])
def test_a_stage_game_ends_by_itself(war: str) -> None:
    games = Games(Params(), 3, stages=STAGES, war=war, max_cycles=3, seed=0)
    for last in (False, False, True):
        _, _, ended, truncated, _ = all_play(games, HOLD, HOLD)
        assert np.all(ended == last)
        assert not truncated.any()
        assert games.state.crisis.all()


def test_fixed_starts_hold_until_the_next_reset() -> None:
    games = Games(Params(crisis_rate=1.0, trust=1.0, greed=0.7, balance_bias=0.25), 8, seed=0)
    games.reset(intents=[1, 0], offensive=[[1.0, 0.5]], defensive=0.25, balance=np.full((8, 1), -1.0))
    for _ in range(3):
        assert_allclose(games.state.greed, [[0.7, 0.0]] * 8, rtol=1e-6)
        assert_allclose(games.state.offensive, [[1.0, 0.5]] * 8)
        assert_allclose(games.state.defensive, 0.25)
        assert_allclose(games.state.balance, -1.0)
        assert_allclose(games.state.perceived_balance, -0.75)
        all_play(games, HOLD, HOLD)
        assert len(all_play(games, STRIKE, STRIKE)[4]["ended"]) == 8
    games.reset()
    assert not games.state.greed.any()
    assert not games.state.offensive.any()
    assert_allclose(games.state.balance, 0.9)


@pytest.mark.parametrize("shape", SHAPES)
def test_seeds(shape: str) -> None:
    def play(games: Games) -> list[Any]:
        rng = np.random.default_rng(7)
        results: list[Any] = []
        for _ in range(10):
            *step, info = games.step(random_actions(rng, games.n_states, (9,), games.action_mode))
            results += [*step, *games.state, info["ended"], *info["final_state"], info["final_observation"]]
        return results

    games = Games(BUSY, 9, max_cycles=6, seed=4, **SHAPES[shape])
    first, second = play(games), play(games)
    games.reset(4)
    again = play(games)
    fresh = play(Games(BUSY, 9, max_cycles=6, seed=4, **SHAPES[shape]))
    other = play(Games(BUSY, 9, max_cycles=6, seed=5, **SHAPES[shape]))
    for x, y, z in zip(first, again, fresh, strict=True):
        assert x.tobytes() == y.tobytes() == z.tobytes()
    for different in (second, other):
        assert any(x.shape != y.shape or np.any(x != y) for x, y in zip(first, different, strict=True))


def test_a_reset_without_a_seed_goes_on_with_the_generator() -> None:
    games = Games(Params(trust=0.5), 200, seed=4)
    first = games.state.greed.copy()
    games.reset()
    assert not np.array_equal(games.state.greed, first)
    games.reset(4)
    assert_array_equal(games.state.greed, first)


@pytest.mark.parametrize("shape", SHAPES)
def test_restored_games_go_on_as_they_would_have(shape: str) -> None:
    first, second = (Games(BUSY, 9, max_cycles=6, seed=seed, **SHAPES[shape]) for seed in (1, 2))
    rng = np.random.default_rng(7)
    scripted = [random_actions(rng, first.n_states, (9,), first.action_mode) for _ in range(8)]
    for actions in scripted[:3]:
        first.step(actions)
    second.restore(State(*(np.ascontiguousarray(x) for x in first.state)))
    second.rng.bit_generator.state = first.rng.bit_generator.state
    for actions in scripted[3:]:
        *one, _ = first.step(actions)
        *other, _ = second.step(actions)
        for x, y in zip([*one, *first.state], [*other, *second.state], strict=True):
            assert_array_equal(x, y)


def test_intents_follow_trust() -> None:
    games = Games(Params(trust=np.array([0.9, 0.2]), greed=0.5), 20_000, seed=0)
    assert_allclose((games.state.greed > 0).mean(axis=0), [0.1, 0.8], atol=0.01)


def test_crises_and_wars_come_at_their_rates() -> None:
    games = Games(Params(crisis_rate=0.3, decisiveness=1.0, surge_attack=1.0), 20_000, seed=0)
    _, _, ended, _, _ = all_play(games, HOLD, HOLD)
    assert not ended.any()
    assert abs(games.state.crisis[:, 0].mean() - 0.3) < 0.015
    assert_array_equal(games.state.crisis[:, 0], games.state.crisis[:, 1])
    _, _, ended, _, info = all_play(games, STRIKE, HOLD)
    assert abs(ended[:, 0].mean() - 0.3) < 0.015
    # unarmed at b = .9: Λ(.9) = .7109
    assert abs(info["final_state"].won[:, 0].mean() - 0.7109) < 0.025


def test_whole_numbers_may_be_numpys() -> None:
    games = Games(Params(), np.int8(100), n_states=np.uint8(3), max_cycles=np.int64(5), seed=np.int32(1))  # type: ignore[arg-type]
    plain = Games(Params(), 100, n_states=3, max_cycles=5, seed=1)
    rng = np.random.default_rng(0)
    for _ in range(6):
        actions = random_actions(rng, 3, (100,))
        assert_array_equal(games.step(actions)[0], plain.step(actions)[0])


@pytest.mark.parametrize(
    ("mode", "actions", "message"),
    [
        ("multidiscrete", np.zeros((2, 2), int), r"shape \(2, 2\).*\(3, 2, 2\)"),
        ("multidiscrete", np.zeros((3, 2, 2)), "must be integers"),
        ("multidiscrete", np.array([[[0, 0], [0, 0]]] * 2 + [[[0, 0], [1, 5]]]), r"action 5 of state_1.*signal in 0…4"),
        ("multidiscrete", np.full((3, 2, 2), -1), r"action -1 of state_0.*move in 0…4"),
        ("discrete", np.full((3, 2, 1), 25), r"action 25 of state_0.*0…24"),
        ("continuous", np.full((3, 2, 5), 1.5), r"action 1.5 of state_0.*build_offensive in \[0, 1\]"),
        ("continuous", np.full((3, 2, 5), np.nan), r"action nan of state_0"),
        ("continuous", np.zeros((3, 2, 5), bool), "must be numbers"),
    ],
)
def test_an_action_outside_its_space_is_explained(mode: ActionMode, actions: Any, message: str) -> None:
    games = Games(Params(), 3, action_mode=mode, seed=0)
    with pytest.raises(ValueError, match=message):
        games.step(actions)


def test_unknown_intents_are_explained() -> None:
    with pytest.raises(ValueError, match="did you mean 'greedy'"):
        Games(Params(), 3, seed=0).reset(intents=["greedy", "gredy"])


def test_every_fault_of_a_start_is_reported_at_once() -> None:
    games = Games(Params(), 3, seed=0)
    with pytest.raises(ParameterError, match=r"balance = 99 is outside .*; .*'offensive': -1.*at most the cap of 3"):
        games.reset(offensive=-1, balance=99)
    with pytest.raises(ParameterError, match=r"must be one value, or of shape \(3, 2\)"):
        games.reset(defensive=[0.1, 0.2, 0.3])


def test_states_stand_over_memory_with_the_games_last() -> None:
    # what makes large batches fast: element-wise rules run along the games
    games = Games(BUSY, 30, n_states=3, max_cycles=5, seed=0)
    rng = np.random.default_rng(0)
    for _ in range(12):
        observations, rewards, *_ = games.step(random_actions(rng, 3, (30,)))
        for name, field in games.state._asdict().items():
            assert field.strides[0] == field.itemsize, name
        assert observations.strides[0] == rewards.strides[0] == observations.itemsize


def test_a_state_that_was_returned_is_not_written_to() -> None:
    games = Games(BUSY, 30, n_states=3, max_cycles=5, seed=0)
    rng = np.random.default_rng(0)
    for _ in range(12):
        kept = games.state
        copies = State(*(x.copy() for x in kept))
        results = games.step(random_actions(rng, 3, (30,)))
        final = [x.copy() for x in results[4]["final_state"]]
        for x, y in zip(kept, copies, strict=True):
            assert_array_equal(x, y)
        seen = results[0].copy()
        games.step(random_actions(rng, 3, (30,)))
        assert_array_equal(results[0], seen)
        for x, y in zip(results[4]["final_state"], final, strict=True):
            assert_array_equal(x, y)
