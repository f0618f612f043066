"""What a step pays: every payoff worked out by hand from the table in the design."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from security_dilemma.params import Params
from security_dilemma.payoffs import military_burden, reward
from tests.envs.builders import (
    ATTACK,
    BURN,
    DEFEND,
    DISARM,
    HOLD,
    LN2,
    PLEDGE,
    SILENT,
    STRIKE,
    crisis_of,
    decoded,
    make_draws,
    make_state,
    play,
    supports,
)

PLAIN = Params(
    balance=0.0, decisiveness=1.0, surge_attack=1.0, home_defence=1.0, war_cost=0.2, discount=0.9, upkeep=0.1
)
FIRST_WINS, SECOND_WINS = make_draws(war=0.0), make_draws(war=0.999)


def test_undisturbed_peace_is_worth_one() -> None:
    _, paid = play(PLAIN, make_state(), [HOLD, HOLD])
    assert_allclose(paid, [0.1, 0.1])
    assert_allclose(paid / (1 - 0.9), 1.0)


def test_a_peaceful_step_pays_what_arms_and_burning_leave_of_the_economy() -> None:
    state = make_state(offensive=[1.0, 0.0], defensive=[2.0, 0.0], economy=[2.0, 1.0])
    _, paid = play(PLAIN.replace(burn_cost=0.3), state, [HOLD, HOLD], [SILENT, BURN])
    assert_allclose(paid, [0.1 * 2 * (1 - 0.3), 0.1 * (1 - 0.3)])


def test_stocks_count_as_they_stood_at_the_start_of_the_step() -> None:
    state = make_state(offensive=[1.0, 1.0])
    _, paid = play(PLAIN, state, [ATTACK, DISARM])
    assert_allclose(paid, [0.09, 0.09])
    assert_allclose(military_burden(PLAIN, state), [0.1, 0.1])


def test_discount_and_upkeep_by_state() -> None:
    params = PLAIN.replace(discount=np.array([0.9, 0.5]), upkeep=np.array([0.1, 0.2]))
    _, paid = play(params, make_state(offensive=1.0), [HOLD, HOLD])
    assert_allclose(paid, [0.1 * 0.9, 0.5 * 0.8])


@pytest.mark.parametrize(
    ("moves", "draws", "expected"),
    [
        ([STRIKE, HOLD], FIRST_WINS, [1 + 0.5 - 0.2 + 0.03, -0.2]),
        ([STRIKE, HOLD], SECOND_WINS, [-0.2 + 0.03, 1 - 0.2]),
        ([HOLD, STRIKE], FIRST_WINS, [1 + 0.5 - 0.2, -0.2 + 0.04]),
        ([HOLD, STRIKE], SECOND_WINS, [-0.2, 1 - 0.2 + 0.04]),
        ([STRIKE, STRIKE], FIRST_WINS, [1.5 - 0.2 + 0.03, -0.2 + 0.04]),
        ([STRIKE, STRIKE], SECOND_WINS, [-0.2 + 0.03, 1 - 0.2 + 0.04]),
    ],
)
def test_war_between_two(moves: list[int], draws: object, expected: list[float]) -> None:
    state = make_state(greed=[0.5, 0.0], initiative=[0.03, 0.04], offensive=[1.0, 2.0], crisis=True)
    _, paid = play(PLAIN, state, moves, draws=draws)  # type: ignore[arg-type]
    assert_allclose(paid, expected)


def test_conquest_is_worth_the_others_economy_and_survival_ones_own() -> None:
    state = make_state(greed=[0.5, 0.5], economy=[2.0, 3.0], crisis=True)
    _, paid = play(PLAIN, state, [STRIKE, HOLD], draws=FIRST_WINS)
    assert_allclose(paid, [0.5 * 3 - 0.2 + 2, -0.2])


def test_spoils_are_absorbed_before_the_settlement() -> None:
    state = make_state(economy=[2.0, 3.0], crisis=True)
    _, paid = play(PLAIN.replace(spoils=0.5), state, [STRIKE, HOLD], draws=FIRST_WINS)
    assert_allclose(paid, [-0.2 + 2 + 1.5, -0.2])


@pytest.mark.parametrize(("pledged", "cost"), [(True, 0.3), (False, 0.0)])
def test_striking_under_ones_pledge_costs_audiences(pledged: bool, cost: float) -> None:
    params = PLAIN.replace(audience_cost=0.3)
    state = make_state(pledged=pledged, crisis=True)
    _, paid = play(params, state, [STRIKE, HOLD], [PLEDGE, PLEDGE], draws=FIRST_WINS)
    assert_allclose(paid, [1 - 0.2 - cost, -0.2])
    _, paid = play(params, state, [STRIKE, STRIKE], draws=FIRST_WINS)
    assert_allclose(paid, [1 - 0.2 - cost, -0.2 - cost])


def test_a_pledge_kept_costs_nothing() -> None:
    _, paid = play(PLAIN.replace(audience_cost=0.3), make_state(pledged=True), [STRIKE, HOLD])
    assert_allclose(paid, [0.1, 0.1])  # no crisis: the strike is a hold


def test_burning_is_paid_once_at_war_too() -> None:
    params = PLAIN.replace(burn_cost=0.3)
    state = make_state(economy=[2.0, 1.0], crisis=True)
    _, paid = play(params, state, [STRIKE, HOLD], [BURN, BURN], draws=FIRST_WINS)
    assert_allclose(paid, [2 - 0.2 - 0.1 * 2 * 0.3, -0.2 - 0.1 * 0.3])


def test_a_victor_who_leaves_others_alive_is_paid_as_in_peace() -> None:
    state = make_state(
        3, greed=[0.5, 0.0, 0.0], offensive=[1.0, 0.0, 0.0], economy=[2.0, 3.0, 1.0], crisis=crisis_of(3, 0, 1)
    )
    params = PLAIN.replace(burn_cost=0.3, spoils=0.5)
    _, paid = play(params, state, [STRIKE, HOLD, HOLD], [BURN, BURN, SILENT], draws=make_draws(3, war=0.0))
    # 0: conquest - cost + the peaceful step of an economy of 2 under 1 unit of arms and a burnt signal
    assert_allclose(paid, [0.5 * 3 - 0.2 + 0.1 * 2 * (1 - 0.1 - 0.3), -0.2 - 0.1 * 3 * 0.3, 0.1])


def test_the_last_of_three_is_settled() -> None:
    state = make_state(3, alive=[True, True, False], economy=[2.0, 3.0, 0.0], crisis=crisis_of(3, 0, 1))
    after, paid = play(PLAIN, state, [STRIKE, HOLD, HOLD], draws=make_draws(3, war=0.0))
    assert_allclose(paid, [2 - 0.2, -0.2, 0.0])
    _, paid = play(PLAIN.replace(upkeep=0.0), after, [HOLD] * 3, draws=make_draws(3))
    assert_allclose(paid[1:], [0.0, 0.0])


def test_each_supporter_of_the_victim_pays_for_it() -> None:
    params = PLAIN.replace(support_cost=0.07)
    state = make_state(4, crisis=crisis_of(4, 0, 1), support=supports(4, (2, 1), (3, 1), (0, 1), (1, 0)))
    _, paid = play(params, state, [STRIKE, HOLD, HOLD, HOLD], draws=make_draws(4, war=0.0))
    assert_allclose(paid, [0.1 - 0.2, -0.2, 0.1 - 0.07, 0.1 - 0.07])
    # nobody pays where both strike, where nobody strikes, and for the striker's side
    for moves, expected in (
        ([STRIKE, STRIKE, HOLD, HOLD], [-0.1, -0.2, 0.1, 0.1]),
        ([HOLD, HOLD, HOLD, HOLD], [0.1] * 4),
        ([HOLD, STRIKE, HOLD, HOLD], [-0.1, -0.2, 0.1, 0.1]),
    ):
        _, paid = play(params, state, moves, draws=make_draws(4, war=0.0))
        assert_allclose(paid, expected)


def test_share_of_power_among_the_living() -> None:
    params = PLAIN.replace(power_weight=2.0, decisiveness=2.0, distinguishability=1.0, upkeep=0.0)
    state = make_state(3, offensive=[2.0, 1.0, 5.0], defensive=[4.0, 4.0, 0.0], alive=[True, True, False])
    _, paid = play(params, state, [HOLD] * 3)
    # attacks 3 and 2: shares 9/13 and 4/13
    assert_allclose(paid, [0.1 + 2 * 0.1 * 9 / 13, 0.1 + 2 * 0.1 * 4 / 13, 0.0])


def test_breaking_a_routine_costs() -> None:
    params = PLAIN.replace(routine_weight=0.5)
    state = make_state(4, last_move=[HOLD, ATTACK, ATTACK, STRIKE])
    _, paid = play(params, state, [HOLD, ATTACK, DEFEND, STRIKE])  # the last one's strike is a hold
    assert_allclose(paid, [0.1, 0.1, 0.1 - 0.05, 0.1 - 0.05])


def test_a_routine_is_broken_by_the_move_that_was_made_also_by_who_dies_of_it() -> None:
    params = PLAIN.replace(routine_weight=0.5)
    state = make_state(last_move=[HOLD, ATTACK], crisis=True)
    _, paid = play(params, state, [STRIKE, ATTACK], draws=SECOND_WINS)
    assert_allclose(paid, [-0.2 - 0.05, 1 - 0.2])
    _, paid = play(params, state, [STRIKE, ATTACK], draws=FIRST_WINS)
    assert_allclose(paid, [1 - 0.2 - 0.05, -0.2])


def test_prosocial_states_care_for_the_mean_of_the_other_living() -> None:
    params = PLAIN.replace(prosocial_weight=np.array([0.5, 0.0, 1.0, 1.0]), upkeep=0.0)
    state = make_state(4, economy=[1.0, 2.0, 4.0, 0.0], alive=[True, True, True, False])
    _, paid = play(params, state, [HOLD] * 4)
    assert_allclose(paid, [0.1 + 0.5 * 0.3, 0.2, 0.4 + 0.15, 0.0])


def test_prosocial_states_mourn_the_loser_of_this_step() -> None:
    _, paid = play(PLAIN.replace(prosocial_weight=1.0), make_state(crisis=True), [STRIKE, HOLD], draws=FIRST_WINS)
    assert_allclose(paid, [0.8 - 0.2, -0.2 + 0.8])


def test_the_dead_are_paid_nothing() -> None:
    params = PLAIN.replace(power_weight=1.0, routine_weight=1.0, prosocial_weight=1.0)
    state = make_state(3, alive=[True, False, True], last_move=[HOLD, ATTACK, HOLD])
    _, paid = play(params, state, [HOLD, DEFEND, HOLD], [SILENT, BURN, SILENT])
    assert paid[1] == 0


@pytest.mark.parametrize("war", ["terminal", "scaled"])
def test_stakes_stand_in_for_the_discount(war: str) -> None:
    stages = ((("hold", "strike", "arm_offensively"), 0.25), (("hold", "strike"), 0.75))
    state = make_state(offensive=1.0, crisis=True, steps=0)
    params = PLAIN.replace(burn_cost=0.3, power_weight=0.4, routine_weight=0.2)
    _, paid = play(params, state, [ATTACK, HOLD], [SILENT, BURN], stages=stages, war=war)
    assert_allclose(paid, [0.25 * (0.9 + 0.2 - 0.2), 0.25 * (0.9 - 0.3 + 0.2)])
    _, paid = play(params, state._replace(steps=np.int32(1)), [ATTACK, HOLD], stages=stages, war=war)
    assert_allclose(paid, [0.75 * (0.9 + 0.2)] * 2)  # not enabled: a hold


def test_a_terminal_war_is_multiplied_by_the_stakes_that_remain() -> None:
    stages = ((("hold", "strike"), 0.2), (("hold", "strike"), 0.3), (("hold", "strike"), 0.5))
    params = PLAIN.replace(burn_cost=0.3, audience_cost=0.1)
    for step, stake, remaining in ((0, 0.2, 1.0), (1, 0.3, 0.8), (2, 0.5, 0.5)):
        state = make_state(greed=0.5, initiative=0.04, pledged=[True, False], crisis=True, steps=step)
        after, paid = play(params, state, [STRIKE, HOLD], [SILENT, BURN], draws=FIRST_WINS, stages=stages)
        assert_allclose(paid, [remaining * (1.5 - 0.2 + 0.04 - 0.1), remaining * -0.2 - stake * 0.3])
        assert after.alive.tolist() == [True, False]


def test_a_scaled_war_pays_its_stake_of_the_crisis_matrix() -> None:
    stages = ((("hold", "strike"), 0.2), (("hold", "strike"), 0.8))
    for step, stake in ((0, 0.2), (1, 0.8)):
        state = make_state(greed=0.5, initiative=0.04, economy=[2.0, 3.0], crisis=True, steps=step)
        params = PLAIN.replace(spoils=0.5)  # nobody is conquered, so there are none
        after, paid = play(params, state, [STRIKE, HOLD], draws=FIRST_WINS, stages=stages, war="scaled")
        assert_allclose(paid, [stake * (2 + 0.5 * 3 - 0.2 + 0.04), stake * -0.2])
        assert_allclose(after.economy, [2.0, 3.0])


def test_war_cost_and_greed_by_state() -> None:
    params = PLAIN.replace(war_cost=np.array([0.1, 0.4]), audience_cost=np.array([0.1, 0.2]))
    _, paid = play(params, make_state(crisis=True, pledged=True), [STRIKE, STRIKE], draws=SECOND_WINS)
    assert_allclose(paid, [-0.1 - 0.1, 1 - 0.4 - 0.2])


def test_the_expected_one_sided_war_is_the_lottery_of_the_design() -> None:
    state = make_state(balance=LN2, crisis=True)  # the striker wins with 2/3
    low, high = (play(PLAIN, state, [STRIKE, HOLD], draws=make_draws(war=u))[1] for u in (0.666, 0.667))
    assert_allclose(2 / 3 * low + 1 / 3 * high, [2 / 3 - 0.2, 1 / 3 - 0.2])


@pytest.mark.parametrize("weights", [{}, {"power_weight": 0.3, "routine_weight": 0.2, "prosocial_weight": 0.4}])
def test_fought_may_be_false_where_there_was_no_war(weights: dict[str, float]) -> None:
    params = PLAIN.replace(**weights)
    state = make_state(3, offensive=[1.0, 0.0, 2.0], crisis=crisis_of(3, 0, 1))
    action = decoded(params, state, [HOLD, DEFEND, STRIKE], [BURN, SILENT, SILENT])
    after, _ = play(params, state, [HOLD, DEFEND, STRIKE], [BURN, SILENT, SILENT])
    assert_allclose(
        reward(params, state, action, after), reward(params, state, action, after, fought=False), rtol=1e-12
    )
