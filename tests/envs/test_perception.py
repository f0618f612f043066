"""Reports, dossiers and observations: expected values worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from security_dilemma.arrays import Array
from security_dilemma.params import Params
from security_dilemma.perception import (
    observation_table,
    observe,
    perceive_balance,
    posture_share,
    report,
    state_bounds,
)
from tests.envs.builders import (
    ASSURE,
    BURN,
    LN2,
    OPEN,
    PLEDGE,
    SILENT,
    crisis_of,
    make_draws,
    make_state,
    supports,
)

CLEAR = Params(distinguishability=1.0, posture_noise=0.0, intelligence_rate=1.0)
ARMED = (np.array([0.75, 0.0]), np.array([0.75, 0.5]))  # shares ½ and ¼


def reported(params: Params, signal: list[int] | None = None, prior: float = 0.5, **draws: Any) -> tuple[Array, Array]:
    """Reports on ``ARMED`` as (dossiers, arms)."""
    return report(params, np.full((2, 2), prior), ARMED, np.array(signal or [SILENT] * 2), make_draws(**draws))


def test_posture_share_is_even_without_arms() -> None:
    offensive, defensive = np.array([0.0, 0.75, 0.0, 1.5]), np.array([0.0, 0.75, 0.5, 0.0])
    assert_allclose(posture_share(offensive, defensive), [0.5, 0.5, 0.25, 0.875])


def test_a_report_carries_the_visible_share_of_a_posture() -> None:
    for visibility, seen in ((1.0, 0.25), (0.4, 0.4), (0.0, 0.5)):
        dossier, _ = reported(CLEAR.replace(distinguishability=visibility))
        assert_allclose(dossier[:, 1], [seen, seen])
        dossier, _ = reported(CLEAR.replace(distinguishability=0.3, visibility_override=visibility))
        assert_allclose(dossier[:, 1], [seen, seen])


def test_visibility_is_that_of_the_observed_state() -> None:
    dossier, _ = reported(CLEAR.replace(distinguishability=np.array([1.0, 0.4])))
    assert_allclose(dossier, [[0.5, 0.4], [0.5, 0.4]])


def test_noise_is_added_and_clipped() -> None:
    noise = np.array([[0.0, 1.0], [9.0, -9.0]])
    dossier, _ = reported(CLEAR.replace(posture_noise=0.1), posture=noise)
    assert_allclose(dossier, [[0.5, 0.35], [1.0, 0.0]])


def test_noise_and_rate_are_the_observers() -> None:
    params = CLEAR.replace(posture_noise=np.array([0.1, 0.2]), intelligence_rate=np.array([1.0, 0.5]))
    dossier, _ = reported(params, posture=np.ones((2, 2)))
    assert_allclose(dossier, [[0.6, 0.35], [0.5 + 0.5 * 0.2, 0.5 - 0.5 * 0.05]])


def test_the_worst_case_is_read_into_a_clipped_report() -> None:
    dossier, _ = reported(CLEAR.replace(worst_case=0.4), posture=np.zeros((2, 2)))
    assert_allclose(dossier[:, 1], 0.25 + 0.4 * 0.75)
    dossier, _ = reported(CLEAR.replace(worst_case=0.4, posture_noise=1.0), posture=np.full((2, 2), -9.0))
    assert_allclose(dossier, 0.4)
    dossier, _ = reported(CLEAR.replace(worst_case=np.array([0.4, 0.0])))
    assert_allclose(dossier[:, 1], [0.55, 0.25])


def test_a_dossier_takes_a_new_report_with_its_weight() -> None:
    dossier, _ = reported(CLEAR.replace(intelligence_rate=0.2), prior=0.9)
    assert_allclose(dossier[:, 1], 0.8 * 0.9 + 0.2 * 0.25)


def test_an_open_state_is_known_exactly_after_the_bias() -> None:
    params = CLEAR.replace(
        distinguishability=0.0, worst_case=1.0, posture_noise=0.5, intelligence_rate=0.1, arms_noise=1.0
    )
    dossier, arms = reported(params, [SILENT, OPEN], posture=np.ones((2, 2)), arms=np.ones((2, 2)))
    assert_allclose(dossier, [[0.55, 0.25], [0.55, 0.25]])
    assert_allclose(arms, [[1.5 * np.e, 0.5], [1.5 * np.e, 0.5]])


def test_arms_are_reported_with_log_normal_noise() -> None:
    noise = np.array([[0.0, LN2], [-LN2, 0.0]])
    _, arms = reported(CLEAR, arms=noise)
    assert_allclose(arms, [[1.5, 0.5], [1.5, 0.5]])
    _, arms = reported(CLEAR.replace(arms_noise=2.0), arms=noise)
    assert_allclose(arms, [[1.5, 0.5 * 4], [1.5 / 4, 0.5]])
    _, arms = reported(CLEAR.replace(arms_noise=np.array([1.0, 0.0])), arms=noise)
    assert_allclose(arms, [[1.5, 1.0], [1.5, 0.5]])


@pytest.mark.parametrize(("name", "argument"), [("arms_noise", "arms"), ("worst_case", "posture")])
def test_a_skipped_zero_equals_a_computed_one(name: str, argument: str) -> None:
    noise: dict[str, Any] = {argument: np.array([[0.3, -0.2], [1.0, 0.5]])}
    skipped = reported(CLEAR.replace(**{name: 0.0}), **noise)
    computed = reported(CLEAR.replace(**{name: np.zeros(2)}), **noise)
    for one, other in zip(skipped, computed, strict=True):
        assert_allclose(one, other, rtol=1e-12)


def test_a_leaders_view_of_the_balance() -> None:
    params = Params(balance_bias=np.array([0.1, -0.1]), balance_noise=0.5)
    assert_allclose(perceive_balance(params, np.array([0.9, 0.9]), np.array([1.0, 2.0])), [1.5, 1.8])


def test_what_two_states_observe() -> None:
    state = make_state(
        greed=[0.5, 0.0],
        initiative=[0.1, 0.2],
        offensive=[1.0, 2.0],
        defensive=[3.0, 4.0],
        economy=[5.0, 6.0],
        perceived_balance=[0.7, 0.8],
        balance=0.9,
        pledged=[True, False],
        crisis=True,
        dossier=[[0.11, 0.12], [0.21, 0.22]],
        reported_arms=[[1.1, 1.2], [2.1, 2.2]],
        last_signal=[PLEDGE, ASSURE],
        struck=[False, True],
        belligerent=True,
    )
    # own: greed initiative O D Y view pledge crisis; other: alive crisis arms dossier Y, five signals, struck, support
    first = [0.5, 0.1, 1, 3, 5, 0.7, 1, 1, 1, 1, 1.2, 0.12, 6, 0, 1, 0, 0, 0, 1, 0, 0]
    second = [0, 0.2, 2, 4, 6, 0.8, 0, 1, 1, 1, 2.1, 0.21, 5, 0, 0, 0, 1, 0, 0, 0, 0]
    assert_allclose(observe(Params(), state), [first, second])


def test_what_three_states_observe_of_each_other() -> None:
    state = make_state(
        3,
        economy=[5.0, 6.0, 7.0],
        crisis=crisis_of(3, 0, 2),
        dossier=[[0.0, 0.01, 0.02], [0.1, 0.0, 0.12], [0.2, 0.21, 0.0]],
        reported_arms=[[0, 1, 2], [10, 0, 12], [20, 21, 0]],
        last_signal=[BURN, OPEN, SILENT],
        support=supports(3, (1, 2), (2, 0)),
    )
    observation = observe(Params(), state)
    names = [entry.name for entry in observation_table(Params(), 3)]
    assert observation.shape == (3, len(names))

    def column(name: str) -> list[float]:
        values: list[float] = observation[:, names.index(name)].tolist()
        return values

    assert column("own_crisis") == [1, 0, 1]
    assert column("other_1_crisis") == [0, 0, 1]  # 0 of 1, 1 of 2, 2 of 0
    assert column("other_2_crisis") == [1, 0, 0]  # 0 of 2, 1 of 0, 2 of 1
    assert column("other_1_arms") == [1, 12, 20]
    assert column("other_2_arms") == [2, 10, 21]
    assert column("other_1_dossier") == [0.01, 0.12, 0.2]
    assert column("other_2_dossier") == [0.02, 0.1, 0.21]
    assert column("other_1_economy") == [6, 7, 5]
    assert column("other_1_open") == [1, 0, 0]
    assert column("other_2_open") == [0, 0, 1]
    assert column("other_1_burn") == [0, 0, 1]
    assert column("other_1_supported") == [0, 1, 1]  # 1 defends 2, 2 defends 0
    assert column("other_2_supported") == [0, 0, 0]
    assert column("other_1_supports_me") == [0, 0, 0]
    assert column("other_2_supports_me") == [1, 0, 1]  # 0 by 2, 2 by 1


def test_only_the_victim_sees_who_struck_it() -> None:
    state = make_state(3, struck=[True, False, False], belligerent=[True, False, True])
    names = [entry.name for entry in observation_table(Params(), 3)]
    observation = observe(Params(), state)
    assert_array_equal(observation[:, names.index("other_1_struck_me")], [0, 0, 1])
    assert_array_equal(observation[:, names.index("other_2_struck_me")], [0, 0, 0])


def test_an_eliminated_state_observes_zeros_and_is_seen_as_dead() -> None:
    state = make_state(3, alive=[True, False, True])
    observation = observe(Params(), state)
    names = [entry.name for entry in observation_table(Params(), 3)]
    assert_array_equal(observation[1], np.zeros(len(names)))
    assert_array_equal(observation[:, names.index("other_1_alive")], [0, 0, 1])
    assert_array_equal(observation[:, names.index("other_2_alive")], [1, 0, 0])


def test_a_stage_is_observed_as_one_hot() -> None:
    stages = ((("hold",), 0.5), (("hold", "strike"), 0.5))
    names = [entry.name for entry in observation_table(Params(), 2, stages)]
    assert names[8:10] == ["stage_0", "stage_1"]
    for step, one_hot in ((0, [1, 0]), (1, [0, 1]), (2, [0, 1])):
        observation = observe(Params(), make_state(crisis=True, steps=step), stages)
        assert observation.shape == (2, len(names))
        assert_array_equal(observation[:, 8:10], [one_hot, one_hot])


@pytest.mark.parametrize("n", [2, 3, 8])
def test_the_table_places_every_entry_once(n: int) -> None:
    table = observation_table(Params(), n)
    assert [entry.place for entry in table] == list(range(8 + 13 * (n - 1)))
    assert len({entry.name for entry in table}) == len(table)
    assert all(entry.low <= 0 <= entry.high and entry.low < entry.high and entry.meaning for entry in table)


def test_bounds_follow_the_parameters() -> None:
    params = Params(balance_width=0.5, balance_bias=-0.25, initiative_mean=-1.0, initiative_width=2.0, arms_cap=5.0)
    bounds = state_bounds(params, 2, 64)
    assert bounds["balance"] == (-3.5, 3.5)
    assert bounds["perceived_balance"] == (-3.75, 3.75)
    assert bounds["initiative"] == (-3.0, 3.0)
    assert bounds["offensive"] == pytest.approx((0.0, 5.0), rel=1e-5)
    assert bounds["economy"] == pytest.approx((0.0, 2.0), rel=1e-5)
    assert state_bounds(params.replace(growth=0.1), 2, 3)["economy"][1] == pytest.approx(2 * 1.1**3, rel=1e-5)
    noisy = state_bounds(params.replace(balance_noise=0.1, arms_noise=0.1), 2, 64)
    assert noisy["perceived_balance"] == (-np.inf, np.inf)
    assert noisy["reported_arms"] == (0.0, np.inf)
