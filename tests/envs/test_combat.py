"""Who is at war and who wins: numbers worked out by hand from the contest in the design."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from security_dilemma.arrays import Array
from security_dilemma.combat import (
    attack_probability,
    attack_strength,
    defence_strength,
    mutual_probability,
    strike_probability,
    wage,
)
from security_dilemma.params import Params
from tests.envs.builders import LN2, LN3, crisis_of, make_state, supports

EVEN = Params(balance=0.0, decisiveness=1.0, surge_attack=1.0, home_defence=1.0)


def winners(params: Params, state: object, strike: list[bool], draw: float) -> Array:
    return wage(params, state, np.array(strike), np.asarray(draw)).won  # type: ignore[arg-type]


def test_strength_counts_the_other_weapon_by_its_fungibility() -> None:
    params = Params(distinguishability=0.75, surge_attack=0.5, home_defence=1.0)
    offensive, defensive = np.array([2.0, 0.0]), np.array([4.0, 0.0])
    assert_allclose(attack_strength(params, offensive, defensive), [0.5 + 2 + 1, 0.5])
    assert_allclose(defence_strength(params, offensive, defensive), [1 + 4 + 0.5, 1.0])


def test_fungibility_override_replaces_one_minus_d() -> None:
    params = Params(distinguishability=0.75, fungibility_override=1.0, surge_attack=0.5, home_defence=1.0)
    assert_allclose(attack_strength(params, np.array([2.0]), np.array([4.0])), [6.5])
    assert_allclose(defence_strength(params, np.array([2.0]), np.array([4.0])), [7.0])


def test_strength_of_each_state_by_its_own_parameters() -> None:
    params = Params(surge_attack=np.array([0.5, 2.0]), distinguishability=np.array([1.0, 0.0]))
    assert_allclose(attack_strength(params, np.array([1.0, 1.0]), np.array([4.0, 4.0])), [1.5, 7.0])


def test_supporters_add_their_own_home_defence() -> None:
    params = Params(distinguishability=0.5, home_defence=1.0)
    offensive, defensive = np.array([0.0, 2.0, 4.0]), np.array([0.0, 3.0, 1.0])
    strength = defence_strength(params, offensive, defensive, supports(3, (1, 0), (2, 0), (2, 1)))
    # alone: 1, 1+3+1 = 5, 1+1+2 = 4
    assert_allclose(strength, [1 + 5 + 4, 5 + 4, 4])


@pytest.mark.parametrize(
    ("balance", "k", "attack", "defence", "chance"),
    [
        (0.0, 1.0, 1.0, 1.0, 1 / 2),
        (LN2, 1.0, 1.0, 1.0, 2 / 3),
        (-LN3, 1.0, 1.0, 1.0, 1 / 4),
        (0.0, 2.0, 2.0, 1.0, 4 / 5),
        (LN2, 2.0, 1.0, 4.0, 1 / 5),
        (LN2, 2.0, 3.0, 1.0, 36 / 37),
    ],
)
def test_one_sided_contest(balance: float, k: float, attack: float, defence: float, chance: float) -> None:
    params = Params(decisiveness=k)
    assert_allclose(attack_probability(params, np.array(balance), np.array(attack), np.array(defence)), chance)


def test_mutual_contest_has_no_defenders_edge() -> None:
    assert_allclose(mutual_probability(np.array(2.0), np.array([3.0, 1.0]), np.array([1.0, 3.0])), [0.9, 0.1])


def test_strike_probability_of_two_armed_states() -> None:
    state = make_state(offensive=[2.0, 0.0], defensive=[0.0, 1.0], balance=LN2, crisis=True)
    params = EVEN.replace(distinguishability=1.0)
    # attacks 3 and 1 against defences 2 and 1, odds doubled by the balance: 3·2/2 and 1·2/1
    assert_allclose(strike_probability(params, state), [3 / 4, 2 / 3])


def test_strike_probability_of_a_dyad_among_three() -> None:
    state = make_state(3, offensive=[2.0, 9.0, 0.0], defensive=[0.0, 9.0, 1.0], crisis=crisis_of(3, 0, 2))
    chance = strike_probability(EVEN.replace(distinguishability=1.0), state)
    assert_allclose([chance[0], chance[2]], [3 / 5, 1 / 2])


def test_a_third_state_defends_the_struck_one_and_the_striker_does_not() -> None:
    params = EVEN.replace(distinguishability=1.0)
    base = make_state(3, defensive=[0.0, 0.0, 1.0], crisis=crisis_of(3, 0, 1))
    supported = base._replace(support=supports(3, (2, 1)))
    by_striker = base._replace(support=supports(3, (0, 1), (1, 0)))
    # attack 1 against 1; against 1 + (1 + 1) = 3 with support
    assert_allclose(strike_probability(params, base)[0], 1 / 2)
    assert_allclose(strike_probability(params, supported)[0], 1 / 4)
    assert_allclose(strike_probability(params, by_striker)[:2], [1 / 2, 1 / 2])


def test_a_one_sided_strike_is_won_below_its_chance() -> None:
    state = make_state(balance=LN2, crisis=True)  # the striker wins with 2/3
    for strike, draw, won in (
        ([True, False], 0.666, [True, False]),
        ([True, False], 0.667, [False, True]),
        ([False, True], 0.333, [True, False]),
        ([False, True], 0.334, [False, True]),
    ):
        assert_array_equal(winners(EVEN, state, strike, draw), won)


def test_the_second_state_strikes_with_its_own_chance() -> None:
    params = EVEN.replace(distinguishability=1.0)
    state = make_state(offensive=[2.0, 0.0], defensive=[0.0, 3.0], crisis=True)
    # 1 strikes with 1 against 1 and wins with a half; 0 would win with 3 against 4
    assert_array_equal(winners(params, state, [False, True], 0.499), [True, False])
    assert_array_equal(winners(params, state, [False, True], 0.501), [False, True])
    assert_array_equal(winners(params, state, [True, False], 0.428), [True, False])
    assert_array_equal(winners(params, state, [True, False], 0.429), [False, True])


def test_a_mutual_strike_is_a_contest_of_attacks() -> None:
    params = EVEN.replace(distinguishability=1.0)
    state = make_state(offensive=[2.0, 0.0], defensive=[0.0, 9.0], balance=3.0, crisis=True)
    war = wage(params, state, np.array([True, True]), np.asarray(0.749))  # attacks 3 against 1
    assert_array_equal(war.won, [True, False])
    assert_array_equal(war.struck, [True, True])
    assert_array_equal(war.belligerent, [True, True])
    assert_array_equal(winners(params, state, [True, True], 0.751), [False, True])


def test_support_counts_only_against_a_one_sided_strike() -> None:
    state = make_state(3, crisis=crisis_of(3, 0, 1), support=supports(3, (2, 0), (2, 1)))
    # one-sided: 1 against 1 + 1, so 1/3; mutual: even
    assert_array_equal(winners(EVEN, state, [True, False, False], 0.34), [False, True, False])
    assert_array_equal(winners(EVEN, state, [True, True, False], 0.34), [True, False, False])
    assert_array_equal(winners(EVEN, state, [False, True, False], 0.66), [True, False, False])


@pytest.mark.parametrize("dyad", [(0, 1), (0, 2), (1, 2)])
def test_only_the_dyad_is_at_war(dyad: tuple[int, int]) -> None:
    state = make_state(3, balance=LN2, crisis=crisis_of(3, *dyad))
    strike = np.array(crisis_of(3, dyad[0]))
    war = wage(EVEN, state, strike, np.asarray(0.666))
    assert_array_equal(war.belligerent, crisis_of(3, *dyad))
    assert_array_equal(war.won, crisis_of(3, dyad[0]))
    assert_array_equal(wage(EVEN, state, strike, np.asarray(0.667)).won, crisis_of(3, dyad[1]))


def test_decisiveness_by_state_is_the_strikers_and_in_a_mutual_war_the_mean() -> None:
    params = EVEN.replace(decisiveness=np.array([1.0, 3.0]), distinguishability=1.0)
    state = make_state(offensive=[1.0, 0.0], crisis=True)
    assert_allclose(strike_probability(params, state), [2 / 3, 1 / 2])
    # mutual: attacks 2 against 1, k = 2: 4/5
    assert_array_equal(winners(params, state, [True, True], 0.799), [True, False])
    assert_array_equal(winners(params, state, [True, True], 0.801), [False, True])


def test_no_strike_no_war() -> None:
    state = make_state(3, crisis=crisis_of(3, 0, 1))
    war = wage(EVEN, state, np.zeros(3, bool), np.asarray(0.0))
    for field in war:
        assert_array_equal(field, [False, False, False])
