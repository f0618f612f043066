"""The array idioms that the rules share."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from security_dilemma.arrays import Array, count, facing, is_off, logistic, per_observer
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


@pytest.mark.parametrize("n", [2, 3, 8])
def test_count_of_flags(n: int) -> None:
    flags = np.arange(n) < np.arange(n + 1)[:, None]
    assert_array_equal(count(flags), np.arange(n + 1)[:, None])
    assert count(flags[0]).shape == (1,)


def test_facing_is_the_opponents_value() -> None:
    assert_array_equal(facing(np.array([1.0, 2.0]), np.array([True, True])), [2, 1])
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert_array_equal(facing(values, np.array(crisis_of(4, 1, 3))), [1, 4, 3, 2])
    assert_array_equal(facing(values, np.zeros(4, bool)), values)
    assert facing(0.25, np.zeros(4, bool)) == 0.25


def test_per_observer_puts_a_value_by_state_on_the_rows() -> None:
    assert per_observer(0.5) == 0.5
    assert_array_equal(per_observer(np.array([1.0, 2.0])) * np.ones((2, 2)), [[1, 1], [2, 2]])
