"""The environment against mathematics that does not come from its code, over ranges of parameters."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from numpy.testing import assert_allclose

from security_dilemma.actions import decode
from security_dilemma.dynamics import advance
from security_dilemma.params import Params
from security_dilemma.theory import (
    RichardsonRace,
    balance_against_defenders,
    crisis_payoffs,
    critical_strike_probability,
    is_stag_hunt,
    minimum_trust,
    parity_chance,
    peace_is_equilibrium,
    predation_threshold,
    strike_is_risk_dominant,
)
from tests.envs.builders import make_draws, make_state
from tests.envs.crisis_cells import (
    BALANCES,
    CELLS,
    COSTS,
    GREEDS,
    INITIATIVES,
    STEEPNESS,
    crisis_cell,
    crisis_matrix,
    equals,
    value,
)

# 1. Crisis matrix


@given(BALANCES, COSTS, STEEPNESS, GREEDS, INITIATIVES, st.sampled_from(["terminal", "scaled"]))
@example(b=1.0, c=0.2, k=1.0, g=0.5, h=0.1, war="terminal")
def test_crisis_matrix(b: float, c: float, k: float, g: float, h: float, war: str) -> None:
    chance = parity_chance(b, k)
    assume(1e-6 < chance < 1 - 1e-6)
    params = equals(b, c, k, g, h)
    expected = crisis_payoffs(chance, c, g, h)
    for (row, column), payoff in zip(CELLS, expected, strict=True):
        assert_allclose(crisis_cell(params, (row, column), war)[0], payoff, rtol=1e-9, atol=1e-9)
        assert_allclose(crisis_cell(params, (column, row), war)[1], payoff, rtol=1e-9, atol=1e-9)


# 2. Trust threshold


def test_printed_figures_of_the_trust_threshold() -> None:
    for b, critical, trust in ((1.0, 0.6699, 0.3301), (2.0, 0.4560, 0.5440)):
        assert critical_strike_probability(parity_chance(b), 0.2) == pytest.approx(critical, abs=5e-5)
        assert minimum_trust(parity_chance(b), 0.2) == pytest.approx(trust, abs=5e-5)
    assert predation_threshold(parity_chance(1.0), 0.2) == pytest.approx(0.6415, abs=5e-5)
    assert not strike_is_risk_dominant(parity_chance(1.7345), 0.2)
    assert strike_is_risk_dominant(parity_chance(1.7347), 0.2)


@given(st.floats(0.01, 3), COSTS, STEEPNESS)
def test_a_security_seeker_is_indifferent_at_the_critical_probability(b: float, c: float, k: float) -> None:
    chance = parity_chance(b, k)
    assume(chance < 1 - 1e-6)
    payoffs, critical = crisis_matrix(equals(b, c, k)), critical_strike_probability(chance, c)
    hold, strike = value(payoffs, critical)
    assert hold == pytest.approx(strike, abs=1e-9)
    for change, holds in ((-0.01, True), (0.01, False)):
        hold, strike = value(payoffs, critical + change)
        assert (hold > strike) == holds
    # with trust t, greedy states striking for certain: struck with probability 1 - t
    hold, strike = value(payoffs, 1 - minimum_trust(chance, c))
    assert hold == pytest.approx(strike, abs=1e-9)


@given(BALANCES, COSTS, STEEPNESS, st.floats(0, 1))
@example(b=1.0, c=0.2, k=1.0, t=1.0)  # certain trust: peace whatever the balance
@example(b=1.0, c=0.2, k=1.0, t=0.0)  # worst-case beliefs: war wherever offence has the advantage
@example(b=-1.0, c=0.2, k=1.0, t=0.0)
def test_peace_is_an_equilibrium_from_the_minimum_trust_on(b: float, c: float, k: float, t: float) -> None:
    chance = parity_chance(b, k)
    assume(1e-6 < chance < 1 - 1e-6)
    hold, strike = value(crisis_matrix(equals(b, c, k)), 1 - t)
    assume(abs(hold - strike) > 1e-9)
    assert peace_is_equilibrium(t, chance, c) == (hold > strike)


@given(BALANCES, COSTS, STEEPNESS)
@example(b=0.0, c=0.2, k=1.0)
def test_a_stag_hunt_iff_offence_has_the_advantage(b: float, c: float, k: float) -> None:
    assume(b == 0 or abs(b) > 1e-3)
    chance = parity_chance(b, k)
    assume(1e-6 < chance < 1 - 1e-6)
    payoffs = crisis_matrix(equals(b, c, k))
    assert payoffs.hold_hold > payoffs.strike_hold
    assert is_stag_hunt(chance) == (b > 0)
    assert (payoffs.strike_strike > payoffs.hold_strike + 1e-12) == (b > 0)


@given(st.floats(0.01, 3), COSTS, STEEPNESS)
def test_risk_dominance(b: float, c: float, k: float) -> None:
    chance = parity_chance(b, k)
    assume(chance < 1 - 1e-6)
    assume(abs(chance - 0.75 - c / 2) > 1e-6)
    hold, strike = value(crisis_matrix(equals(b, c, k)), 0.5)
    assert strike_is_risk_dominant(chance, c) == (strike > hold)


@given(BALANCES, COSTS, STEEPNESS, GREEDS)
def test_a_greedy_state_strikes_a_passive_equal_beyond_its_threshold(b: float, c: float, k: float, g: float) -> None:
    chance = parity_chance(b, k)
    assume(1e-6 < chance < 1 - 1e-6)
    threshold = predation_threshold(chance, c)
    assume(abs(g - threshold) > 1e-6)
    payoffs = crisis_matrix(equals(b, c, k, g))
    assert (payoffs.strike_hold > payoffs.hold_hold) == (g > threshold)


# 9. Richardson's linear race


@given(*[st.floats(0.0, 1.0)] * 2, *[st.floats(0.05, 2.5)] * 2, *[st.floats(0.0, 2.0)] * 2)
def test_the_fixed_point_stays(a: float, b: float, m: float, n: float, g: float, h: float) -> None:
    assume(abs(m * n - a * b) > 1e-3)
    x, y = RichardsonRace((a, b), (m, n), (g, h)).fixed_point()
    assert a * y - m * x + g == pytest.approx(0, abs=1e-8)
    assert b * x - n * y + h == pytest.approx(0, abs=1e-8)


@given(*[st.floats(0.0, 1.0)] * 2, *[st.floats(0.05, 2.5)] * 2)
@example(a=0.5, b=0.5, m=1.9, n=1.9)
def test_a_race_settles_iff_the_spectral_radius_is_below_one(a: float, b: float, m: float, n: float) -> None:
    assume(abs(m * n - a * b) > 1e-3)
    race = RichardsonRace((a, b), (m, n), (0.3, 0.2))
    assume(abs(race.spectral_radius() - 1) > 0.01)
    x, y = race.fixed_point()
    first, second = x + 1e-3, y + 1.3e-3  # off the axes of symmetry
    for _ in range(1500):
        first, second = first + a * second - m * first + 0.3, second + b * first - n * second + 0.2
        if abs(first) + abs(second) > 1e6:
            break
    assert race.is_stable() == (abs(first - x) + abs(second - y) < 1e-3)


def test_more_restraint_than_reaction_is_not_enough() -> None:
    race = RichardsonRace((0.5, 0.5), (1.9, 1.9), (1.0, 1.0))
    assert 1.9 * 1.9 > 0.5 * 0.5
    assert race.spectral_radius() == pytest.approx(1.4)
    assert not race.is_stable()


@settings(max_examples=25)
@given(st.floats(0, 0.15), st.floats(0, 0.15), st.floats(0.2, 0.6), st.floats(0.2, 0.6))
def test_a_scripted_richardson_pair_settles_in_the_environment(a: float, b: float, m: float, n: float) -> None:
    """Restraint is depreciation, reaction and grievance are build rates."""
    params = Params(depreciation=np.array([m, n]), build=1.0, arms_cap=100.0, crisis_rate=0.0)
    expected = RichardsonRace((a, b), (m, n), (0.1, 0.05)).fixed_point()
    state = make_state(offensive=[0.0, 2.0])
    for _ in range(120):
        x, y = state.offensive
        rates = np.zeros((2, 5))
        rates[:, 0] = [a * y + 0.1, b * x + 0.05]
        state = advance(params, state, decode(params, state, rates, make_draws(), "continuous"), make_draws())
    assert_allclose(state.offensive, expected, rtol=1e-5)


# Ranges of validity


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: parity_chance(float("inf")), "balance = inf must be finite"),
        (lambda: parity_chance(1.0, 0.0), r"decisiveness = 0.0 is outside \(0, 4\]"),
        (lambda: crisis_payoffs(1.5, 0.2), r"chance = 1.5 must be in \[0, 1\]"),
        (lambda: crisis_payoffs(0.5, 0.5), r"war_cost = 0.5 is outside \(0, 0.5\)"),
        (lambda: crisis_payoffs(0.5, 0.2, -1.0), r"greed = -1.0 is outside \[0, 3\]"),
        (lambda: crisis_payoffs(0.5, 0.2, 0.0, float("nan")), "initiative_mean = nan"),
        (lambda: critical_strike_probability(0.4, 0.2), "never strikes"),
        (lambda: minimum_trust(1.1, 0.2), r"chance = 1.1 must be in \[0.5, 1\]"),
        (lambda: minimum_trust(0.6, 0.6), "war_cost"),
        (lambda: is_stag_hunt(-0.1), "chance = -0.1"),
        (lambda: peace_is_equilibrium(1.2, 0.7, 0.2), r"trust = 1.2 is outside \[0, 1\]"),
        (lambda: peace_is_equilibrium(0.2, -0.7, 0.2), "chance = -0.7"),
        (lambda: strike_is_risk_dominant(float("nan"), 0.2), "chance = nan"),
        (lambda: predation_threshold(0.0, 0.2), r"chance = 0.0 must be in \(0, 1\]"),
        (lambda: balance_against_defenders(0.0, 0), "defenders = 0"),
        (lambda: RichardsonRace((0.5, 0.5), (0.5, 0.5), (1, 1)).fixed_point(), "no single fixed point"),
    ],
)
def test_closed_forms_say_where_they_do_not_hold(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
