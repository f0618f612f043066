"""Where learners of the crisis end, against the crisis matrix that the environment pays."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, example, given

from security_dilemma.theory import critical_strike_probability, ends_at_war, parity_chance, quantal_responses
from tests.envs.crisis_cells import BALANCES, COSTS, STEEPNESS, crisis_matrix, eagerness, equals


def logistic(z: Any) -> Any:
    return 0.5 + 0.5 * np.tanh(0.5 * np.asarray(z))


def test_printed_figures() -> None:
    first, second = parity_chance(1.0), parity_chance(2.0)
    assert quantal_responses(first, 0.2, 5) == pytest.approx((0.1321,), abs=5e-5)
    assert quantal_responses(second, 0.2, 5) == pytest.approx((0.7052,), abs=5e-5)
    assert [ends_at_war(x, first, 0.2) for x in (0.42, 0.57, 0.67, 0.77, 0.92)] == [False, False, True, True, True]


# 3. Basin of independent learners


@given(BALANCES, COSTS, STEEPNESS, st.floats(0.01, 0.99))
@example(b=-1.0, c=0.2, k=1.0, x0=0.99)
def test_gradient_learners_end_where_the_basin_says(b: float, c: float, k: float, x0: float) -> None:
    chance = parity_chance(b, k)
    assume(1e-6 < chance < 1 - 1e-6)
    payoffs = crisis_matrix(equals(b, c, k))
    assume(abs(eagerness(payoffs, x0)) > 1e-2)
    log_odds = np.log(x0 / (1 - x0))
    for _ in range(400):  # the natural gradient of a logit in the expected payoff
        log_odds = np.clip(log_odds + 20 * eagerness(payoffs, float(logistic(log_odds))), -20, 20)
    assert float(logistic(log_odds)) == pytest.approx(float(ends_at_war(x0, chance, c)), abs=1e-6)


# 4. Entropy-regularised fixed points


@given(BALANCES, COSTS, STEEPNESS, st.floats(0, 60), st.integers(1, 5))
@example(b=1.0, c=0.2, k=1.0, precision=20.0, n=1)  # three of them
@example(b=1.0, c=0.2, k=1.0, precision=5.0, n=4)
@example(b=1.0, c=0.2, k=1.0, precision=0.0, n=4)
@example(b=0.0, c=0.25, k=1.0, precision=1e-264, n=1)
def test_every_quantal_response_is_found(b: float, c: float, k: float, precision: float, n: int) -> None:
    """By the residual of each, and by counting the changes of sign on a fine grid of log-odds."""
    chance = parity_chance(b, k)
    assume(1e-6 < chance < 1 - 1e-6)
    payoffs = crisis_matrix(equals(b, c, k))

    def excess(z: Any) -> Any:
        x = logistic(z)
        return z - precision * eagerness(payoffs, x) + np.log(n)

    found = quantal_responses(chance, c, precision, n)
    assert list(found) == sorted(found)
    for x in found:
        answer = logistic(precision * eagerness(payoffs, x) - np.log(n))
        assert x == pytest.approx(float(answer), rel=1e-6, abs=1e-9)
    grid = np.linspace(-precision * 1.6 - 3, precision * 1.6 + 3, 8001)
    values = excess(grid)
    assume(np.abs(values).min() > 0)
    inner = np.flatnonzero((values[1:-1] - values[:-2]) * (values[2:] - values[1:-1]) < 0) + 1
    assume(not inner.size or np.abs(values[inner]).min() > 1e-4)  # no tangency that the grid cannot tell
    assert len(found) == np.count_nonzero(np.diff(np.sign(values)))


def test_a_tangent_response_is_counted_once() -> None:
    """Where the map touches the diagonal: slope s = λ (½+c) > 4 and its turning point a fixed point."""
    chance, war_cost, slope = 0.95, 0.2, 6.0
    precision = slope / (0.5 + war_cost)
    turn = 0.5 - 0.5 * np.sqrt(1 - 4 / slope)
    low = np.log(turn / (1 - turn)) - slope * turn
    multiplicity = float(np.exp(-low - precision * (1 + war_cost - chance)))
    found = quantal_responses(chance, war_cost, precision, multiplicity)
    near = [x for x in found if abs(x - turn) < 1e-6]
    assert len(found) - len(near) == 1
    assert len(near) <= 2  # rounding may part the two that meet, or lose them
    around = [len(quantal_responses(chance, war_cost, precision, multiplicity * f)) for f in (0.99, 1.01)]
    assert sorted(around) == [1, 3]


def test_high_precision_gives_the_equilibria_of_the_stag_hunt() -> None:
    chance = parity_chance(1.0)
    peace, mixed, war = quantal_responses(chance, 0.2, 1e6)
    assert peace == pytest.approx(0.0, abs=1e-12)
    assert war == pytest.approx(1.0, abs=1e-12)
    assert mixed == pytest.approx(critical_strike_probability(chance, 0.2), abs=1e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ends_at_war(1.1, 0.7, 0.2), r"initial_strike_probability = 1.1 must be in \[0, 1\]"),
        (lambda: ends_at_war(0.5, 1.7, 0.2), "chance = 1.7"),
        (lambda: ends_at_war(0.5, 0.7, 0.0), r"war_cost = 0.0 is outside \(0, 0.5\)"),
        (lambda: quantal_responses(-0.1, 0.2, 5), "chance = -0.1"),
        (lambda: quantal_responses(0.7, 0.7, 5), "war_cost = 0.7"),
        (lambda: quantal_responses(0.7, 0.2, -1), r"precision = -1 must be in \[0, 1e\+09\]"),
        (lambda: quantal_responses(0.7, 0.2, float("inf")), "precision = inf"),
        (lambda: quantal_responses(0.7, 0.2, 5, 0), r"multiplicity = 0 must be in \[1, ∞\)"),
    ],
)
def test_closed_forms_say_where_they_do_not_hold(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
