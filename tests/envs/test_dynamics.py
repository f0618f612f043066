"""The start of a game, what a step changes, and the end: expected states worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from security_dilemma.actions import decode
from security_dilemma.chance import Draws, draw
from security_dilemma.dynamics import advance, initial, terminated
from security_dilemma.params import Params
from tests.envs.builders import (
    ASSURE,
    ATTACK,
    BURN,
    DEFEND,
    DISARM,
    HOLD,
    LN2,
    OPEN,
    PLEDGE,
    SILENT,
    STRIKE,
    crisis_of,
    make_draws,
    make_state,
    play,
    supports,
)

PLAIN = Params(balance=0.0, decisiveness=1.0, surge_attack=1.0, home_defence=1.0, depreciation=0.0)


def test_a_game_starts_unarmed_at_peace_and_knowing_nothing() -> None:
    state = initial(Params(initial_economy=2.0), make_draws(3))
    for name in ("offensive", "defensive", "greed", "initiative"):
        assert_array_equal(getattr(state, name), [0.0, 0.0, 0.0], name)
    assert_array_equal(state.economy, [2.0, 2.0, 2.0])
    assert_array_equal(state.alive, [True, True, True])
    for name in ("pledged", "crisis", "struck", "belligerent", "won"):
        assert_array_equal(getattr(state, name), [False, False, False], name)
    assert_array_equal(state.dossier, np.full((3, 3), 0.5))
    assert_array_equal(state.reported_arms, np.zeros((3, 3)))
    assert_array_equal(state.support, np.zeros((3, 3), bool))
    assert_array_equal(state.last_move, [HOLD] * 3)
    assert_array_equal(state.last_signal, [SILENT] * 3)
    assert state.steps == 0


def test_intents_are_drawn_by_trust_and_initiatives_uniformly() -> None:
    params = Params(trust=0.8, greed=0.5, initiative_mean=1.0, initiative_width=0.2)
    state = initial(params, make_draws(3, intent=[0.79, 0.8, 0.99], initiative=[0.0, 0.5, 0.75]))
    assert_allclose(state.greed, [0.0, 0.5, 0.5])
    assert_allclose(state.initiative, [0.8, 1.0, 1.1])


def test_the_balance_is_drawn_within_its_width_and_seen_with_bias_and_noise() -> None:
    params = Params(balance=0.5, balance_width=0.4, balance_bias=0.1, balance_noise=0.2)
    state = initial(params, make_draws(balance=0.75, perception=[1.0, -2.0]))
    assert_allclose(state.balance, [0.7, 0.7])
    assert_allclose(state.perceived_balance, [0.7 + 0.1 + 0.2, 0.7 + 0.1 - 0.4])


def test_reset_options_replace_what_is_drawn_or_zero() -> None:
    params = Params(balance=0.5, greed=np.array([0.5, 0.7]), balance_bias=0.1)
    state = initial(
        params,
        make_draws(intent=[0.0, 0.0]),
        intents=np.array([False, True]),
        offensive=np.array([1.0, 2.0]),
        defensive=np.array([0.5]),
        balance=np.array([-1.0]),
    )
    assert_allclose(state.greed, [0.0, 0.7])
    assert_allclose(state.offensive, [1.0, 2.0])
    assert_allclose(state.defensive, [0.5, 0.5])
    assert_allclose(state.balance, [-1.0, -1.0])
    assert_allclose(state.perceived_balance, [-0.9, -0.9])


def test_purchases_come_after_depreciation() -> None:
    params = PLAIN.replace(build=0.5, depreciation=0.1)
    state = make_state(4, offensive=1.0, defensive=0.4)
    after, _ = play(params, state, [HOLD, DEFEND, ATTACK, STRIKE])  # a strike outside a crisis is a hold
    assert_allclose(after.offensive, [0.9, 0.9, 0.9 + 0.5, 0.9])
    assert_allclose(after.defensive, [0.36, 0.36 + 0.5, 0.36, 0.36])
    assert_array_equal(after.last_move, [HOLD, DEFEND, ATTACK, HOLD])
    assert_array_equal(after.alive, [True] * 4)


def test_disarming_halves_both_stocks() -> None:
    params = PLAIN.replace(depreciation=0.1)
    after, _ = play(params, make_state(offensive=2.0, defensive=0.4), [DISARM, HOLD])
    assert_allclose(after.offensive, [0.9, 1.8])
    assert_allclose(after.defensive, [0.18, 0.36])
    assert_array_equal(after.last_move, [DISARM, HOLD])


def test_above_the_cap_both_stocks_are_scaled_down_alike() -> None:
    params = PLAIN.replace(build=1.0, arms_cap=3.0)
    after, _ = play(params, make_state(offensive=[2.0, 1.0], defensive=1.0), [ATTACK, ATTACK])
    assert_allclose(after.offensive, [3 * 3 / 4, 2.0])  # 3 and 1 above the cap, 2 and 1 just at it
    assert_allclose(after.defensive, [1 * 3 / 4, 1.0])


def test_the_cap_holds_for_stocks_that_nobody_bought() -> None:
    after, _ = play(PLAIN.replace(arms_cap=np.array([1.0, 4.0])), make_state(offensive=2.0, defensive=2.0), [HOLD] * 2)
    assert_allclose(after.offensive, [0.5, 2.0])
    assert_allclose(after.defensive, [0.5, 2.0])


def test_who_strikes_does_not_build_and_who_is_struck_may() -> None:
    params = PLAIN.replace(build=0.5)
    state = make_state(3, offensive=1.0, crisis=crisis_of(3, 0, 1))
    after, _ = play(params, state, [STRIKE, DEFEND, DEFEND], draws=make_draws(3, war=0.99))
    assert_array_equal(after.alive, [False, True, True])
    assert_allclose(after.defensive, [0.0, 0.5, 0.5])
    after, _ = play(params, state, [STRIKE, DEFEND, DEFEND], draws=make_draws(3, war=0.0))
    assert_array_equal(after.alive, [True, False, True])
    assert_allclose(after.offensive, [1.0, 0.0, 1.0])
    assert_allclose(after.defensive, [0.0, 0.0, 0.5])
    assert_array_equal(after.last_move[[0, 2]], [STRIKE, DEFEND])


def test_strikes_resolve_on_the_stocks_as_they_stand() -> None:
    # attack 1 against defence 1, although the defender buys nine more in this step
    after, _ = play(PLAIN.replace(build=9.0, arms_cap=20.0), make_state(crisis=True), [STRIKE, DEFEND])
    assert_array_equal(after.won, [False, True])  # u = .5 is not below .5
    after, _ = play(PLAIN.replace(build=9.0), make_state(crisis=True), [STRIKE, DEFEND], draws=make_draws(war=0.499))
    assert_array_equal(after.won, [True, False])


def test_the_loser_of_a_war_is_eliminated_whoever_struck() -> None:
    state = make_state(offensive=1.0, defensive=1.0, economy=2.0, crisis=True)
    for moves in ([STRIKE, HOLD], [HOLD, STRIKE], [STRIKE, STRIKE]):
        after, _ = play(PLAIN, state, moves, [PLEDGE, PLEDGE], draws=make_draws(war=0.0))
        assert_array_equal(after.alive, [True, False])
        assert_array_equal(after.won, [True, False])
        assert_array_equal(after.belligerent, [True, True])
        assert_array_equal(after.struck, [m == STRIKE for m in moves])
        assert_array_equal(after.crisis, [False, False])
        assert_array_equal(after.pledged, [True, False])
        for stock in (after.offensive, after.defensive, after.economy):
            assert stock[1] == 0
            assert stock[0] > 0
        assert_array_equal(terminated(after), [True, True])


def test_bystanders_strikes_do_not_count() -> None:
    state = make_state(4, crisis=crisis_of(4, 1, 3))
    after, _ = play(PLAIN, state, [STRIKE, HOLD, STRIKE, HOLD])
    assert_array_equal(after.belligerent, [False] * 4)
    assert_array_equal(after.alive, [True] * 4)


def test_a_state_ends_with_its_elimination_and_the_game_with_its_last_survivor() -> None:
    state = make_state(3, crisis=crisis_of(3, 0, 2))
    after, _ = play(PLAIN, state, [STRIKE, HOLD, HOLD], draws=make_draws(3, war=0.0))
    assert_array_equal(terminated(after), [False, False, True])
    last = after._replace(crisis=np.array([True, True, False]))
    after, _ = play(PLAIN, last, [HOLD, STRIKE, STRIKE], draws=make_draws(3, war=0.9))
    assert_array_equal(after.alive, [False, True, False])
    assert_array_equal(terminated(after), [True, True, True])


def test_a_finished_game_stays_finished() -> None:
    params = PLAIN.replace(growth=0.1, crisis_rate=1.0)
    state = make_state(3, alive=[True, False, False], economy=[1.0, 0.0, 0.0])
    after, _ = play(params, state, [STRIKE, STRIKE, ATTACK], [SILENT, PLEDGE, OPEN], [0, 1, 1])
    assert_array_equal(after.alive, [True, False, False])
    assert_array_equal(after.offensive, [0.0, 0.0, 0.0])
    assert_array_equal(after.crisis, [False] * 3)
    assert_array_equal(after.pledged, [False] * 3)
    assert_array_equal(after.last_signal, [SILENT] * 3)
    assert not after.support.any()


def test_the_victor_absorbs_its_spoils_before_the_economy_grows() -> None:
    params = PLAIN.replace(spoils=0.5, growth=0.1, upkeep=0.1, burn_cost=0.2)
    state = make_state(3, offensive=[1.0, 0.0, 0.0], economy=[2.0, 4.0, 3.0], crisis=crisis_of(3, 0, 1))
    after, _ = play(params, state, [STRIKE, HOLD, HOLD], [SILENT, SILENT, BURN], draws=make_draws(3, war=0.0))
    # (2 + ½·4)·(1 + .1·(1 - .1·1)) and 3·(1 + .1·(1 - .2))
    assert_allclose(after.economy, [4 * 1.09, 0.0, 3 * 1.08])


def test_an_economy_grows_by_what_arms_and_burning_leave() -> None:
    params = PLAIN.replace(growth=0.2, upkeep=0.25, burn_cost=0.1)
    state = make_state(offensive=[1.0, 0.0], defensive=[1.0, 0.0], economy=[1.0, 10.0])
    after, _ = play(params, state, [ATTACK, HOLD], [BURN, SILENT])
    assert_allclose(after.economy, [1 + 0.2 * (1 - 0.5 - 0.1), 12.0])


def test_no_burden_leaves_less_than_no_economy() -> None:
    params = PLAIN.replace(growth=3.0, burn_cost=2.0)
    after, _ = play(params, make_state(), [HOLD, HOLD], [BURN, SILENT])
    assert_allclose(after.economy, [0.0, 4.0])  # 1 + 3·(1 - 2) is below 0


def test_a_pledge_binds_in_the_next_step_and_no_longer() -> None:
    after, _ = play(PLAIN, make_state(), [HOLD, HOLD], [PLEDGE, ASSURE])
    assert_array_equal(after.pledged, [True, False])
    assert_array_equal(after.last_signal, [PLEDGE, ASSURE])
    after, _ = play(PLAIN, after, [HOLD, HOLD])
    assert_array_equal(after.pledged, [False, False])


def test_support_names_the_next_states_and_is_in_force_one_step_later() -> None:
    state = make_state(4, crisis=crisis_of(4, 0, 2))
    # 1 defends 2, 2 defends 0, 3 defends 2; declared in the very step of the strike it does not help yet
    moves, offers = [STRIKE, HOLD, HOLD, HOLD], [0, 1, 2, 3]
    after, _ = play(PLAIN, state, moves, support=offers, draws=make_draws(4, war=0.499))
    assert_array_equal(after.won, [True, False, False, False])
    assert_array_equal(after.support, np.zeros((4, 4), bool))  # those who concern the dead are void
    after, _ = play(PLAIN, state, [HOLD] * 4, support=offers, draws=make_draws(4, crisis=0.0, dyad=1.5 / 6))
    assert_array_equal(after.support, supports(4, (1, 2), (2, 0), (3, 2)))
    assert_array_equal(after.crisis, crisis_of(4, 0, 2))
    lost, _ = play(PLAIN, after, moves, draws=make_draws(4, war=0.251))  # 1 against 1 + 1 + 1: a quarter
    assert_array_equal(lost.alive, [False, True, True, True])
    assert not lost.support.any()


def test_support_of_a_dead_state_is_void() -> None:
    state = make_state(3, alive=[True, True, False])
    after, _ = play(PLAIN, state, [HOLD] * 3, support=[1, 1, 1])
    assert_array_equal(after.support, supports(3, (0, 1)))


def test_two_states_have_nobody_to_support() -> None:
    action = decode(PLAIN, make_state(), np.zeros((2, 2), int), Draws())
    after = advance(PLAIN, make_state(), action._replace(support=np.array([1, 1])), make_draws())
    assert not after.support.any()


@pytest.mark.parametrize(("rate", "uniform", "happens"), [(0.15, 0.149, True), (0.15, 0.151, False), (0.0, 0.0, False)])
def test_a_crisis_comes_at_its_rate(rate: float, uniform: float, happens: bool) -> None:
    after, _ = play(PLAIN.replace(crisis_rate=rate), make_state(), [HOLD] * 2, draws=make_draws(crisis=uniform))
    assert_array_equal(after.crisis, [happens] * 2)


def test_every_living_dyad_is_as_likely() -> None:
    params = PLAIN.replace(crisis_rate=1.0)
    n, count = 4, 3000
    alive = np.broadcast_to([True, True, False, True], (count, n))
    state = make_state(n)._replace(alive=alive)
    draws = make_draws(n, crisis=np.zeros(count), dyad=(np.arange(count) + 0.5) / count, war=np.zeros(count))
    after = advance(params, state, decode(params, state, np.zeros((count, n, 3), int), draws), draws)
    dyads, counts = np.unique(after.crisis, axis=0, return_counts=True)
    assert_array_equal(dyads[::-1], [crisis_of(4, 0, 1), crisis_of(4, 0, 3), crisis_of(4, 1, 3)])
    assert_array_equal(counts, [1000, 1000, 1000])


@pytest.mark.parametrize("n", range(2, 9))
def test_the_largest_draw_still_names_a_dyad(n: int) -> None:
    last = np.nextafter(np.float32(1), np.float32(0))
    start = initial(PLAIN, draw(np.random.default_rng(0), n))
    draws = draw(np.random.default_rng(0), n)._replace(crisis=np.float32(0), dyad=last)
    action = decode(PLAIN, start, np.zeros((n, 2 + (n > 2)), int), draws)
    assert_array_equal(advance(PLAIN, start, action, draws).crisis, crisis_of(n, n - 2, n - 1))


def test_no_crisis_of_one_survivor() -> None:
    state = make_state(3, alive=[False, True, False])
    for dyad in (0.0, 0.5, 0.999):
        after, _ = play(PLAIN.replace(crisis_rate=1.0), state, [HOLD] * 3, draws=make_draws(3, crisis=0.0, dyad=dyad))
        assert_array_equal(after.crisis, [False] * 3)


def test_a_dyad_of_states_with_their_own_rates_takes_the_mean() -> None:
    params = PLAIN.replace(crisis_rate=np.array([0.1, 0.3, 0.9]))
    for uniform, crisis in ((0.19, crisis_of(3, 0, 1)), (0.21, [False] * 3)):
        after, _ = play(params, make_state(3), [HOLD] * 3, draws=make_draws(3, crisis=uniform, dyad=0.0))
        assert_array_equal(after.crisis, crisis)


def test_a_crisis_lasts_one_step() -> None:
    after, _ = play(PLAIN, make_state(crisis=True), [HOLD, HOLD])
    assert_array_equal(after.crisis, [False, False])


def test_a_step_is_counted_and_intents_last() -> None:
    state = make_state(greed=[0.5, 0.0], initiative=[0.1, 0.2], balance=LN2, perceived_balance=[0.0, 1.0])
    after, _ = play(PLAIN, state, [ATTACK, DEFEND])
    assert after.steps == 2
    for name in ("greed", "initiative", "balance", "perceived_balance"):
        assert_array_equal(getattr(after, name), getattr(state, name), name)
