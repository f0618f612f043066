"""Stage games: enabled moves, stakes, war and the end; and the faults of a game's shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from security_dilemma.dynamics import initial, terminated
from security_dilemma.params import Params
from security_dilemma.stages import MOVE_NAMES, Stages, enabled_moves, game_faults, remaining_stake, stage_of, stake
from tests.envs.builders import ATTACK, DEFEND, DISARM, HOLD, STRIKE, make_draws, make_state, play

PARAMS = Params(balance=0.0, surge_attack=1.0, depreciation=0.0)
STAGES: Stages = (
    (("hold", "arm_offensively", "arm_defensively"), 0.2),
    (("hold", "strike"), 0.3),
    (("disarm", "strike"), 0.5),
)


def test_moves_are_named_in_their_order() -> None:
    assert MOVE_NAMES == ("hold", "arm_defensively", "arm_offensively", "disarm", "strike")


@pytest.mark.parametrize(("step", "place"), [(0, 0), (1, 1), (2, 2), (3, 2), (9, 2)])
def test_the_stage_follows_the_steps(step: int, place: int) -> None:
    state = make_state(crisis=True, steps=step)
    assert_array_equal(stage_of(state, STAGES), [k == place for k in range(3)])
    assert_allclose(stake(state, STAGES), [[0.2, 0.3, 0.5][place]])
    assert_allclose(remaining_stake(state, STAGES), [[1.0, 0.8, 0.5][place]])
    moves = [[1, 1, 1, 0, 0], [1, 0, 0, 0, 1], [0, 0, 0, 1, 1]][place]
    assert_array_equal(enabled_moves(state, STAGES), np.array(moves, bool))


def test_stages_of_a_batch_at_different_steps() -> None:
    state = make_state(crisis=True)._replace(steps=np.array([2, 0]))
    assert_allclose(stake(state, STAGES), [[0.5], [0.2]])


def test_a_stage_game_is_a_crisis_from_its_first_step_on() -> None:
    state = initial(PARAMS, make_draws(), STAGES)
    assert_array_equal(state.crisis, [True, True])
    after, _ = play(PARAMS, state, [HOLD, HOLD], stages=STAGES)
    assert_array_equal(after.crisis, [True, True])


@pytest.mark.parametrize(
    ("step", "moves", "expected"),
    [
        (0, [ATTACK, DEFEND], ([1.5, 1.0], [1.0, 1.5])),
        (0, [STRIKE, DISARM], ([1.0, 1.0], [1.0, 1.0])),
        (1, [ATTACK, DEFEND], ([1.0, 1.0], [1.0, 1.0])),
        (2, [DISARM, HOLD], ([0.5, 1.0], [0.5, 1.0])),
    ],
)
def test_a_move_that_a_stage_does_not_enable_is_a_hold(step: int, moves: list[int], expected: Any) -> None:
    state = make_state(offensive=1.0, defensive=1.0, crisis=True, steps=step)
    after, _ = play(PARAMS, state, moves, stages=STAGES)
    assert_allclose(after.offensive, expected[0])
    assert_allclose(after.defensive, expected[1])
    assert_array_equal(after.belligerent, [False, False])
    done = [m if MOVE_NAMES[m] in STAGES[step][0] else HOLD for m in moves]
    assert_array_equal(after.last_move, done)


def test_a_strike_counts_where_it_is_enabled() -> None:
    for step, fights in ((0, False), (1, True), (2, True)):
        after, _ = play(PARAMS, make_state(crisis=True, steps=step), [STRIKE, HOLD], stages=STAGES)
        assert_array_equal(after.belligerent, [fights, fights])


def test_a_terminal_war_ends_the_game() -> None:
    after, _ = play(PARAMS, make_state(crisis=True, steps=1), [STRIKE, HOLD], stages=STAGES)
    assert_array_equal(after.alive, [False, True])
    assert_array_equal(after.crisis, [False, False])
    assert_array_equal(terminated(after, STAGES), [True, True])


def test_after_a_scaled_war_play_goes_on_to_the_last_stage() -> None:
    state = make_state(offensive=1.0, economy=[1.0, 2.0], crisis=True, steps=1)
    after, _ = play(PARAMS.replace(spoils=1.0), state, [STRIKE, HOLD], stages=STAGES, war="scaled")
    assert_array_equal(after.alive, [True, True])
    assert_array_equal(after.struck, [True, False])
    assert_array_equal(after.won, [False, True])
    assert_allclose(after.offensive, [1.0, 1.0])
    assert_allclose(after.economy, [1.0, 2.0])
    assert_array_equal(terminated(after, STAGES), [False, False])
    after, _ = play(PARAMS, after, [STRIKE, STRIKE], stages=STAGES, war="scaled")
    assert_array_equal(after.alive, [True, True])
    assert_array_equal(terminated(after, STAGES), [True, True])


def test_a_game_without_stages_does_not_end_by_itself() -> None:
    assert_array_equal(terminated(make_state(steps=10_000)), [False, False])


def test_good_shapes_have_no_faults() -> None:
    assert game_faults(2, 64) == []
    assert game_faults(8, 1) == []
    assert game_faults(2, 3, STAGES, "scaled") == []


@pytest.mark.parametrize(
    ("shape", "part"),
    [
        ({"n_states": 1}, "n_states = 1 must be a whole number in [2, 8]"),
        ({"n_states": 9}, "[2, 8]"),
        ({"n_states": 2.0}, "[2, 8]"),
        ({"n_states": True}, "[2, 8]"),
        ({"max_cycles": 0}, "max_cycles = 0 must be a whole number"),
        ({"max_cycles": 2, "stages": STAGES}, "below the 3 stages"),
        ({"war": "terminel"}, "did you mean 'terminal'?"),
        ({"war": "scaled"}, "give stages too"),
        ({"n_states": 3, "stages": STAGES}, "stages are for two states"),
        ({"stages": ()}, "non-empty"),
        ({"stages": "strike"}, "non-empty"),
        ({"stages": (("strike", 1.0),)}, "non-empty list of moves"),
        ({"stages": ((("hold",),),)}, "must be (enabled moves, stake)"),
        ({"stages": ((("hold", "stirke"), 1.0),)}, "did you mean 'strike'?"),
        ({"stages": ((("hold",), 0.5), (("hold",), 0.4))}, "sum to 0.9, not to 1"),
        ({"stages": ((("hold",), 1.5), (("hold",), -0.5))}, "stake -0.5 is outside (0, 1]"),
        ({"stages": ((("hold",), "all"),)}, "must be (enabled moves, stake)"),
        ({"stages": ((("hold",), True),)}, "stake True is outside (0, 1]"),
        ({"stages": ((("hold", "strike", "hold"), 1.0),)}, "name 'hold' more than once"),
    ],
)
def test_each_fault_of_a_shape_is_explained(shape: dict[str, Any], part: str) -> None:
    faults = game_faults(**({"n_states": 2, "max_cycles": 64} | shape))
    assert any(part in fault for fault in faults), faults


def test_every_fault_is_reported_at_once() -> None:
    assert len(game_faults(1, 0, (((), 1.0),), "total")) == 6
