"""Action modes and masks."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from security_dilemma.actions import action_mask, component_sizes, decode
from security_dilemma.chance import Draws
from security_dilemma.dynamics import advance
from security_dilemma.params import Params
from tests.envs.builders import (
    ASSURE,
    ATTACK,
    BURN,
    DEFEND,
    DISARM,
    HOLD,
    OPEN,
    PLEDGE,
    SILENT,
    STRIKE,
    crisis_of,
    make_draws,
    make_state,
)

PARAMS = Params(build=0.4)


def test_values_are_numbered_in_the_order_of_the_design() -> None:
    assert [HOLD, DEFEND, ATTACK, DISARM, STRIKE] == [0, 1, 2, 3, 4]
    assert [SILENT, ASSURE, BURN, PLEDGE, OPEN] == [0, 1, 2, 3, 4]
    assert component_sizes(2) == (5, 5)
    assert component_sizes(3) == (5, 5, 3)
    assert component_sizes(8) == (5, 5, 8)


def test_a_move_a_signal_and_a_support() -> None:
    actions = np.array([[HOLD, SILENT, 0], [DEFEND, OPEN, 4], [ATTACK, BURN, 1], [DISARM, PLEDGE, 2], [STRIKE, 1, 3]])
    action = decode(PARAMS, make_state(5), actions, Draws())
    assert_allclose(action.build_defensive, [0, 0.4, 0, 0, 0])
    assert_allclose(action.build_offensive, [0, 0, 0.4, 0, 0])
    assert_allclose(action.disarm, [0, 0, 0, 1, 0])
    assert_array_equal(action.strike, [False, False, False, False, True])
    assert_array_equal(action.signal, [SILENT, OPEN, BURN, PLEDGE, ASSURE])
    assert_array_equal(action.support, [0, 4, 1, 2, 3])


def test_two_states_support_nobody() -> None:
    action = decode(PARAMS, make_state(2), np.array([[STRIKE, BURN], [HOLD, SILENT]]), Draws())
    assert_array_equal(action.support, [0, 0])


@pytest.mark.parametrize("n", [2, 3])
def test_discrete_is_the_flattened_product(n: int) -> None:
    sizes = component_sizes(n)
    state = make_state(n)._replace(alive=np.ones((prod(sizes), n), bool))
    flat = np.broadcast_to(np.arange(prod(sizes))[:, None, None], (prod(sizes), n, 1))
    product = np.stack(np.unravel_index(flat[..., 0], sizes), axis=-1)
    one, other = decode(PARAMS, state, flat, Draws(), "discrete"), decode(PARAMS, state, product, Draws())
    for x, y in zip(one, other, strict=True):
        assert_array_equal(x, y)


def test_rates() -> None:
    rates = np.array([[0.5, 0.25, 0.75, 0.5, 0.3], [0.0, 1.0, 0.0, 0.49, 0.31]])
    action = decode(PARAMS, make_state(), rates, make_draws(strike=[0.3, 0.3]), "continuous")
    assert_allclose(action.build_offensive, [0.2, 0.0])
    assert_allclose(action.build_defensive, [0.1, 0.4])
    assert_allclose(action.disarm, [0.75, 0.0])
    assert_array_equal(action.signal, [BURN, SILENT])
    assert_array_equal(action.strike, [False, True])  # u < p
    assert_array_equal(action.support, [0, 0])


@pytest.mark.parametrize("u", [0.0, 0.5, 0.999999])
def test_a_strike_probability_of_zero_or_one_is_certain(u: float) -> None:
    rates = np.zeros((2, 5))
    rates[1, 4] = 1.0
    action = decode(PARAMS, make_state(), rates, make_draws(strike=[u, u]), "continuous")
    assert_array_equal(action.strike, [False, True])


@pytest.mark.parametrize(
    ("rates", "move"),
    [
        ([0.6, 0.4, 0.0, 0.0, 0.0], ATTACK),
        ([0.4, 0.6, 0.0, 0.0, 0.0], DEFEND),
        ([0.2, 0.2, 0.9, 0.0, 0.0], DISARM),
        ([0.5, 0.2, 0.6, 0.0, 0.0], DISARM),
        ([0.6, 0.2, 0.5, 0.0, 0.0], ATTACK),
        ([0.2, 0.5, 0.5, 0.0, 0.0], DEFEND),
        ([0.2, 1.0, 0.3, 0.0, 0.0], DEFEND),
        ([1.0, 0.2, 0.3, 0.0, 0.0], ATTACK),
        ([0.0, 0.0, 0.0, 1.0, 0.0], HOLD),
        ([0.6, 0.0, 0.0, 0.0, 0.9], STRIKE),
    ],
)
@pytest.mark.parametrize("build", [0.4, 2.0])
def test_the_last_move_of_rates_is_the_largest(rates: list[float], move: int, build: float) -> None:
    """Rates are compared as they are sent, whatever the limit that building rates are shares of."""
    params, state = PARAMS.replace(build=build), make_state(crisis=True)
    action = decode(params, state, np.array([rates, [0.0] * 5]), make_draws(), "continuous")
    assert advance(params, state, action, make_draws(war=0.0)).last_move[0] == move


def test_rates_at_once_take_effect_at_once() -> None:
    params = PARAMS.replace(build=0.5, depreciation=0.2)
    state = make_state(offensive=1.0, defensive=2.0)
    rates = np.array([[0.5, 1.0, 0.5, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0, 0.0]])
    action = decode(params, state, rates, make_draws(), "continuous")
    after = advance(params, state, action, make_draws())
    # half the disarmament keeps three quarters: .75·.8·O + build
    assert_allclose(after.offensive, [0.6 + 0.25, 0.8])
    assert_allclose(after.defensive, [1.2 + 0.5, 1.6])


def test_a_state_that_strikes_neither_builds_nor_disarms() -> None:
    params = PARAMS.replace(depreciation=0.2)
    state = make_state(offensive=1.0, defensive=1.0, crisis=True)
    rates = np.array([[1.0, 1.0, 1.0, 0.0, 1.0], [1.0, 1.0, 1.0, 0.0, 0.0]])
    after = advance(params, state, decode(params, state, rates, make_draws(), "continuous"), make_draws(war=0.0))
    assert_array_equal(after.struck, [True, False])
    assert_allclose(after.offensive, [0.8, 0.0])
    assert_allclose(after.defensive, [0.8, 0.0])


def test_masks_of_components() -> None:
    state = make_state(3, alive=[True, True, False], crisis=crisis_of(3, 0, 1))
    mask = action_mask(state)
    signals = [1] * 5
    assert_array_equal(mask[0], np.array([1, 1, 1, 1, 1, *signals, 1, 1, 0], bool))  # may support 1, not the dead 2
    assert_array_equal(mask[1], np.array([1, 1, 1, 1, 1, *signals, 1, 0, 1], bool))
    assert_array_equal(mask[2], np.zeros(13, bool))
    calm = action_mask(make_state(2))
    assert_array_equal(calm, np.array([[1, 1, 1, 1, 0, *signals]] * 2, bool))


@pytest.mark.parametrize("n", [2, 3])
def test_the_mask_of_the_product_is_the_product_of_the_masks(n: int) -> None:
    state = make_state(n, alive=[True] * (n - 1) + [n == 2], crisis=crisis_of(n, 0, 1))
    sizes = component_sizes(n)
    parts = np.split(action_mask(state), np.cumsum(sizes)[:-1], axis=-1)
    flat = action_mask(state, "discrete")
    assert flat.shape == (n, prod(sizes))
    for action in range(prod(sizes)):
        values = np.unravel_index(action, sizes)
        allowed = np.all([part[:, value] for part, value in zip(parts, values, strict=True)], axis=0)
        assert_array_equal(flat[:, action], allowed)


def test_masks_of_rates() -> None:
    mask = action_mask(make_state(3, alive=[True, False, True], crisis=False), "continuous")
    assert_array_equal(mask, np.array([[1, 1, 1, 1, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 0]], bool))
    assert_array_equal(action_mask(make_state(crisis=True), "continuous"), np.ones((2, 5), bool))


def test_masks_of_stages() -> None:
    stages = ((("strike", "arm_offensively"), 0.5), (("disarm",), 0.5))
    moves = [action_mask(make_state(crisis=True, steps=k), stages=stages)[0, :5].tolist() for k in (0, 1)]
    assert moves == [[True, False, True, False, True], [True, False, False, True, False]]  # a hold is always possible
    rates = action_mask(make_state(crisis=True, steps=0), "continuous", stages)
    assert_array_equal(rates[0], [True, False, False, True, True])
