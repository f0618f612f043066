"""Closed forms of arms and of misperception, against the environment's own combat and payoffs."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, example, given, settings

from security_dilemma.combat import strike_probability
from security_dilemma.params import Params
from security_dilemma.payoffs import reward
from security_dilemma.state import Action
from security_dilemma.theory import (
    SecurityRequirement,
    label_information,
    misperception_cutoff,
    power_armament,
    security_requirement,
)
from tests.envs.builders import make_state
from tests.envs.crisis_cells import COSTS, STEEPNESS, crisis_matrix, eagerness, equals

BALANCES, SHARES, BROUGHT = st.floats(-2, 2), st.floats(0, 1), st.floats(0.1, 2)


def test_printed_figures() -> None:
    cases = ((1.0, 0.0, 1.3591, None), (0.6, 0.0, 0.9111, 4.6217), (1.0, 0.9, 0.1359, 0.9943))
    for b, d, reaction, arms in cases:
        found = security_requirement(b, d, 0.8, 0.2, home_defence=0.5)
        assert found.reaction == pytest.approx(reaction, abs=5e-5)
        assert found.spirals == (arms is None)
        if arms is not None:
            assert found.fixed_point() == pytest.approx(arms, abs=5e-5)
    assert [power_armament(1.0, n) for n in (2, 3, 4)] == pytest.approx([0.25, 0.2222, 0.1875], abs=5e-5)
    assert power_armament(0.0, 2) == 0
    assert misperception_cutoff(0.5, 0.2) == pytest.approx(0.6190, abs=5e-5)
    bits = [label_information((1 + d) / 2) for d in (0, 0.2, 0.5, 0.8, 0.95, 1)]
    assert bits == pytest.approx([0, 0.0290, 0.1887, 0.5310, 0.8313, 1], abs=5e-5)


# 8. Security-requirement map


def worth_of_a_strike(params: Params, arms: float, other: float) -> float:
    """What a greedy state with defensive ``other`` expects of striking one with defensive ``arms``."""
    chance = float(strike_probability(params, make_state(defensive=[arms, other], balance=params.balance))[1])
    return chance * (1 + float(params.greed)) - float(params.war_cost)


@given(BALANCES, SHARES, st.floats(0.05, 2), COSTS, STEEPNESS, BROUGHT, BROUGHT, st.floats(0, 20))
@example(b=1.0, d=0.0, beyond=0.6, c=0.2, k=1.0, attack=1.0, home=0.5, other=3.0)
@example(b=-2.0, d=1.0, beyond=0.6, c=0.2, k=1.0, attack=0.1, home=2.0, other=0.0)  # none needed
def test_required_arms_just_deter(
    b: float, d: float, beyond: float, c: float, k: float, attack: float, home: float, other: float
) -> None:
    greed = c + beyond
    params = Params(
        balance=b,
        distinguishability=d,
        greed=greed,
        war_cost=c,
        decisiveness=k,
        surge_attack=attack,
        home_defence=home,
    )
    found = security_requirement(b, d, greed, c, decisiveness=k, surge_attack=attack, home_defence=home)
    needed = found.answer(other)
    worth = worth_of_a_strike(params, needed, other)
    if needed > 0:
        assert worth == pytest.approx(1.0, abs=1e-7)
    else:
        assert worth <= 1 + 1e-9


@given(BALANCES, SHARES, st.floats(0.05, 2), COSTS, STEEPNESS)
@example(b=1.0, d=0.0, beyond=0.6, c=0.2, k=1.0)
@example(b=0.6, d=0.0, beyond=0.6, c=0.2, k=1.0)
def test_arms_settle_at_the_fixed_point_or_spiral(b: float, d: float, beyond: float, c: float, k: float) -> None:
    found = security_requirement(b, d, c + beyond, c, decisiveness=k, home_defence=0.5)
    assume(abs(found.reaction - 1) > 0.02 and abs(found.grievance) > 1e-3)
    first = second = 0.0
    for _ in range(1500):
        first = found.answer(second)
        second = found.answer(first)
        if second > 1e9:
            break
    if found.spirals and found.grievance > 0:
        assert second > 1e9
        with pytest.raises(ValueError, match="grow without bound"):
            found.fixed_point()
    else:
        assert second == pytest.approx(found.fixed_point(), rel=1e-6, abs=1e-9)


def test_distinguishability_stops_a_spiral() -> None:
    """The least distinguishability at which arms settle is 1 - 1/ρ(0)."""
    reaction = security_requirement(1.0, 0.0, 0.8, 0.2).reaction
    edge = 1 - 1 / reaction
    assert security_requirement(1.0, edge - 1e-9, 0.8, 0.2).spirals
    assert not security_requirement(1.0, edge + 1e-9, 0.8, 0.2).spirals


# 10. Realism as reward


def stage_payoffs(params: Params, spending: Any) -> Any:
    """What a peaceful step pays each state that spends shares of its economy on offensive arms, (..., N)."""
    spending = np.asarray(spending, float)
    still = make_state(spending.shape[-1])
    batch = type(still)(*(np.broadcast_to(x, (*spending.shape[:-1], *x.shape)) for x in still))
    state = batch._replace(offensive=spending / params.upkeep)
    nothing = np.zeros(spending.shape)
    idle = Action(nothing, nothing, nothing, nothing > 0, nothing.astype(int), nothing.astype(int))
    return reward(params, state, idle, state) / (1 - params.discount)


@settings(max_examples=50)
@given(st.floats(0, 12), st.integers(2, 8), st.floats(0.2, 1))
@example(weight=1.0, n=2, share_of_most=0.5)
@example(weight=8.0, n=2, share_of_most=1.0)  # all is spent
@example(weight=0.0, n=3, share_of_most=1.0)  # no realists, no arms
def test_nobody_gains_by_other_arms_than_the_power_armament(weight: float, n: int, share_of_most: float) -> None:
    k = share_of_most * n / (n - 1)
    params = Params(power_weight=weight, decisiveness=k, surge_attack=1e-6, upkeep=0.25)
    spent = power_armament(weight, n, k)
    profiles = np.full((2001, n), spent)
    profiles[1:, 0] = np.linspace(0, 1, 2000)
    payoffs = stage_payoffs(params, profiles)[:, 0]
    assert payoffs[1:].max() <= payoffs[0] + 1e-3 * weight * (1e-6 / max(spent, 1e-3)) ** min(k, 1) + 1e-4
    away = np.full((2, n), spent)
    away[:, 0] = 0.8 * spent, min(1.2 * spent, 1.0)
    if 0.01 < spent < 1:
        assert (stage_payoffs(params, away)[:, 0] < payoffs[0]).all()


# 12. Misperceived balance


@given(COSTS, st.floats(0.01, 0.99), STEEPNESS)
@example(c=0.2, share=0.25, k=1.0)
def test_at_the_cut_off_an_even_chance_leaves_a_state_indifferent(c: float, share: float, k: float) -> None:
    """And who sees a little less, or more, and so knows what the other does, does as the cut-off says."""
    greed = c + share * (1 + c)
    cutoff = misperception_cutoff(greed, c, k)
    assume(abs(cutoff) < 20)
    for shift, strikes in ((-0.05 / k, False), (0.05 / k, True)):
        assert (eagerness(crisis_matrix(equals(cutoff + shift, c, k, greed)), 0.5) > 0) == strikes
    at_cutoff = crisis_matrix(equals(cutoff, c, k, greed))
    assert eagerness(at_cutoff, 0.5) == pytest.approx(0, abs=1e-9)
    assert eagerness(at_cutoff, 0.0) < 0 < eagerness(at_cutoff, 1.0)


BY_STATE: Any = np.array([0.8, 0.9])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: security_requirement(float("nan"), 0.0, 0.8, 0.2), "balance = nan is outside"),
        (lambda: security_requirement(3.5, 0.0, 0.8, 0.2), r"balance = 3.5 is outside \[-3, 3\]"),
        (lambda: security_requirement(1.0, 0.0, 3.0, 0.2, decisiveness=1e-4), "decisiveness = 0.0001 is too small"),
        (lambda: security_requirement(1.0, 1.1, 0.8, 0.2), r"distinguishability = 1.1 is outside \[0, 1\]"),
        (lambda: security_requirement(1.0, 0.0, 0.2, 0.2), "greed = 0.2 must be above c = 0.2: less never strikes"),
        (lambda: security_requirement(1.0, 0.0, 0.8, 0.2, home_defence=0.0), "home_defence = 0.0 is outside"),
        (lambda: security_requirement(1.0, 0.0, 0.8, 0.2, decisiveness=5.0), "decisiveness = 5.0 is outside"),
        (lambda: SecurityRequirement(1.0, 0.5).fixed_point(), "reaction = 1.0 is not below 1"),
        (lambda: security_requirement(1.0, 0.0, BY_STATE, 0.2), "greed = .* must be one number"),
        (lambda: power_armament(-1.0, 2), "power_weight = -1.0 is outside"),
        (lambda: power_armament(1.0, 1), r"n_states = 1 must be a whole number in \[2, 8\]"),
        (lambda: power_armament(1.0, 3, 1.6), r"decisiveness = 1.6 must be in \(0, N/\(N-1\) = 1.5\]"),
        (lambda: misperception_cutoff(0.1, 0.2), "greed = 0.1 must be above c = 0.2"),
        (lambda: misperception_cutoff(1.41, 0.2), r"greed = 1.41 must be at most 1 \+ 2c = 1.4"),
        (lambda: misperception_cutoff(3.5, 0.2), r"greed = 3.5 is outside \[0, 3\]"),
        (lambda: label_information(1.5), r"accuracy = 1.5 must be in \[0, 1\]"),
    ],
)
def test_closed_forms_say_where_they_do_not_hold(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
