"""The array idioms that the rules share."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from security_dilemma.arrays import Array, facing, is_off, logistic, of_others, of_pairs, per_observer
from tests.envs.builders import crisis_of


def test_logistic_values() -> None:
    assert_allclose(logistic(np.array([0.0, np.log(3.0), -np.log(3.0)])), [0.5, 0.75, 0.25])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logistic_does_not_overflow(dtype: type) -> None:
    z: Array = np.array([-1e30, -1e3, 1e3, 1e30], dtype)
    assert_array_equal(logistic(z), [0, 0, 1, 1])
    assert logistic(z).dtype == dtype


def test_only_the_number_zero_is_off() -> None:
    assert is_off(0)
    assert is_off(0.0)
    assert not is_off(0.1)
    assert not is_off(np.zeros(2))
    assert not is_off(None)


def test_of_others_lists_the_next_states_in_order() -> None:
    assert_array_equal(of_others(np.array([10, 11])), [[11], [10]])
    assert_array_equal(of_others(np.array([10, 11, 12])), [[11, 12], [12, 10], [10, 11]])
    assert of_others(np.zeros((5, 6, 4))).shape == (5, 6, 4, 3)


def test_of_pairs_lists_what_a_state_holds_of_the_next_ones() -> None:
    assert_array_equal(of_pairs(np.array([[0, 1], [10, 11]])), [[1], [10]])
    pairs = np.array([[0, 1, 2], [10, 11, 12], [20, 21, 22]])
    assert_array_equal(of_pairs(pairs), [[1, 2], [12, 10], [20, 21]])
    assert of_pairs(np.zeros((5, 4, 4))).shape == (5, 4, 3)


@pytest.mark.parametrize("n", [2, 3, 8])
def test_of_pairs_agrees_with_of_others_on_columns(n: int) -> None:
    x = np.arange(3.0 * n).reshape(3, n)
    assert_array_equal(of_pairs(np.broadcast_to(x[:, None, :], (3, n, n))), of_others(x))


def test_facing_is_the_opponents_value() -> None:
    assert_array_equal(facing(np.array([1.0, 2.0]), np.array([True, True])), [2, 1])
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert_array_equal(facing(values, np.array(crisis_of(4, 1, 3))), [1, 4, 3, 2])
    assert_array_equal(facing(values, np.zeros(4, bool)), values)
    assert facing(0.25, np.zeros(4, bool)) == 0.25


def test_per_observer_puts_a_value_by_state_on_the_rows() -> None:
    assert per_observer(0.5) == 0.5
    assert_array_equal(per_observer(np.array([1.0, 2.0])) * np.ones((2, 2)), [[1, 1], [2, 2]])
