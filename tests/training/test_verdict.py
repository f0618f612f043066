"""The verdict follows the seeds, comes out against theory where they do, and says how little few seeds tell."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from security_dilemma.combat import attack_strength, defence_strength
from security_dilemma.params import WORLDS, Params
from security_dilemma_training.verdict import (
    Agreement,
    Ending,
    Outcome,
    Verdict,
    ceiling,
    expectation,
    judge,
    parity_chances,
)

WAR, PEACE, BETWEEN = 0.95, 0.02, 0.5


EVEN = {"surge_attack": 1.0, "home_defence": 1.0}  # attack and defence are equal at every equal posture where d = 0


def values(params: Params) -> dict[str, Any]:
    return dataclasses.asdict(params)


def verdict(world: str, rates: list[float]) -> Verdict:
    return judge(rates, values(WORLDS[world]), horizon=20)


@pytest.mark.parametrize(
    ("world", "rates", "outcome"),
    [
        ("doubly_dangerous", [WAR] * 5, Outcome.SPIRAL),
        ("doubly_dangerous", [WAR] * 10 + [PEACE], Outcome.SPIRAL),
        ("intense", [PEACE] * 5, Outcome.NO_SPIRAL),
        ("not_intense", [WAR] * 5 + [PEACE] * 6, Outcome.SPLIT),
        ("doubly_safe", [PEACE] * 10 + [WAR], Outcome.NO_SPIRAL),
    ],
)
def test_in_line_with_theory(world: str, rates: list[float], outcome: Outcome) -> None:
    found = verdict(world, rates)
    assert found.outcome is outcome
    assert found.agreement is Agreement.IN_LINE
    assert "In line with the expectation" in found.words


@pytest.mark.parametrize(
    ("world", "rates", "outcome"),
    [
        ("doubly_dangerous", [PEACE] * 5, Outcome.NO_SPIRAL),
        ("doubly_dangerous", [PEACE] * 3 + [WAR] * 3, Outcome.SPLIT),
        ("intense", [WAR] * 5, Outcome.SPIRAL),
        ("not_intense", [WAR] * 5, Outcome.SPIRAL),
        ("doubly_safe", [PEACE] * 4 + [WAR] * 2, Outcome.SPLIT),
        ("intense", [BETWEEN] * 5, Outcome.UNSETTLED),
        ("not_intense", [BETWEEN] * 5, Outcome.UNSETTLED),
        ("not_intense", [BETWEEN] * 3 + [WAR, PEACE], Outcome.UNSETTLED),
        ("not_intense", [BETWEEN] + [PEACE] * 5, Outcome.UNSETTLED),
    ],
)
def test_against_theory(world: str, rates: list[float], outcome: Outcome) -> None:
    found = verdict(world, rates)
    assert found.outcome is outcome
    assert found.agreement is Agreement.AGAINST
    assert "Against the expectation" in found.words


def test_what_the_interval_still_allows_is_said() -> None:
    assert "does not rule the expected outcome out" in verdict("not_intense", [WAR] * 5).words
    assert "does not rule" not in verdict("doubly_dangerous", [PEACE] * 20).words


def test_one_seed_cannot_speak_against_a_split() -> None:
    found = verdict("not_intense", [WAR])
    assert found.outcome is Outcome.SPIRAL
    assert found.agreement is Agreement.TOO_FEW
    assert "One seed says nothing about the spread" in found.words
    assert "of 1 seed, 1 at war" in found.words
    assert verdict("doubly_dangerous", [PEACE] * 4).agreement is Agreement.AGAINST


def test_endings_are_measured_by_what_the_horizon_allows() -> None:
    params = values(WORLDS["doubly_dangerous"].replace(crisis_rate=0.02))
    highest = 1 - 0.98**19
    assert ceiling(params, 20) == pytest.approx(highest)
    rates = [0.81 * highest, 0.79 * highest, 0.21 * highest, 0.19 * highest]
    assert judge(rates, params, horizon=20).endings == (Ending.WAR, Ending.BETWEEN, Ending.BETWEEN, Ending.PEACE)
    assert ceiling(params, 20, stages=[(["hold", "strike"], 1.0)]) == 1


@pytest.mark.parametrize(("rate", "horizon"), [(0.0, 20), (0.5, 1), ([0.0, 0.0], 20)])
def test_no_verdict_where_no_war_is_possible(rate: Any, horizon: int) -> None:
    params = values(WORLDS["doubly_dangerous"]) | {"crisis_rate": rate}
    assert ceiling(params, horizon) == 0
    found = judge([0.0] * 20, params, horizon=horizon)
    assert found.outcome is Outcome.NONE
    assert found.agreement is Agreement.OPEN
    assert found.words == "No verdict: no war is possible within the horizon."
    possible = judge([0.0] * 20, values(WORLDS["doubly_dangerous"]), horizon=20)
    assert possible.agreement is Agreement.AGAINST


def test_the_chances_between_equals_by_hand() -> None:
    params = values(Params(balance=0.3, decisiveness=1.0, distinguishability=0.75, arms_cap=2.0))
    ratios = np.array([0.1 / 1, 2.1 / 1.5, 0.6 / 3])
    odds = np.exp(0.3) * ratios
    assert parity_chances(params) == pytest.approx(odds / (1 + odds))


@pytest.mark.parametrize("seed", range(20))
def test_no_equal_posture_leaves_the_range_of_chances(seed: int) -> None:
    rng = np.random.default_rng(seed)
    surge, home, cap, k = rng.uniform(0.05, 3, 4)
    params = Params(
        rng.uniform(-1, 1), rng.random(), surge_attack=surge, home_defence=home, arms_cap=cap, decisiveness=k
    )
    total, share = cap * rng.random(500), rng.random(500)
    offensive, defensive = total * share, total * (1 - share)
    ratio = attack_strength(params, offensive, defensive) / defence_strength(params, offensive, defensive)
    chance = 1 / (1 + np.exp(-k * (params.balance + np.log(ratio))))
    found = parity_chances(values(params))
    assert min(found) <= chance.min()
    assert chance.max() <= max(found)


def test_what_prototypes_told_is_not_called_theory() -> None:
    words = verdict("not_intense", [WAR]).words
    assert "Expected: split over seeds" in words
    assert "prototypes of this model" in words


def test_the_share_at_war_and_its_interval() -> None:
    found = verdict("not_intense", [WAR, WAR, PEACE, BETWEEN, PEACE])
    assert found.at_war.estimate == 0.4
    assert found.at_war.low < 0.4 < found.at_war.high
    assert "2 at war, 2 at peace, 1 in between" in found.words


@pytest.mark.parametrize(
    ("changes", "outcome", "reason"),
    [
        ({"balance": -0.1}, Outcome.NO_SPIRAL, "dominated"),
        ({"balance": 0.0, "war_cost": 0.1}, Outcome.NO_SPIRAL, "dominated"),
        (EVEN | {"balance": 0.0}, Outcome.NO_SPIRAL, "P ≤ 0.50"),
        (EVEN | {"balance": 0.5, "greed": 3.0}, None, "trust above its minimum 0.31"),
        (EVEN | {"balance": 0.5, "greed": 3.0, "trust": 0.2}, Outcome.SPIRAL, "trust 0.2 is below its minimum 0.31"),
        (EVEN | {"balance": 0.5, "greed": 0.1, "trust": 0.2}, None, "the greedy need not strike"),
        # unarmed Λ(2(.5 + ln .1)) = .03; all offensive at the cap Λ(2(.5 + ln(3.1/4))) = .62
        ({"balance": 0.5, "greed": 3.0, "trust": 0.2}, None, "P is 0.03 to 0.62"),
        # the balance is with the defence, but the postures of offence are not: Λ(2(-.5 + ln(3.1/1.15))) = .73
        ({"balance": -0.5, "distinguishability": 0.95}, None, "to 0.73: whether striking is dominated"),
        ({"balance": -0.5, "distinguishability": 0.95, "arms_cap": 0.5}, Outcome.NO_SPIRAL, "dominated"),
        ({"balance": -0.1, "surge_attack": 2.0}, None, "P ≥ 0.56"),
        ({"balance": -0.1, "balance_bias": 0.5}, None, "balance_bias"),
        ({"initiative_width": 0.7}, None, "initiative_width"),
        ({"war_cost": [0.1, 0.2]}, None, "differ"),
        ({"balance": [-0.9, -0.9]}, Outcome.NO_SPIRAL, "arms may be bought"),
    ],
)
def test_other_parameters(changes: dict[str, Any], outcome: Outcome | None, reason: str) -> None:
    found = expectation(values(Params()) | changes)
    assert found.outcome is outcome
    assert reason in found.reason


def test_no_prediction_where_theory_has_none() -> None:
    params = values(WORLDS["doubly_dangerous"])
    found = judge([WAR] * 5, params, horizon=20, n_states=3)
    assert found.agreement is Agreement.OPEN
    assert "Theory makes no prediction" in found.words
    assert expectation(params, stages=[(["hold", "strike"], 1.0)]).outcome is None


def test_no_seeds_no_verdict() -> None:
    with pytest.raises(ValueError, match="no share"):
        verdict("intense", [])
