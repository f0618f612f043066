"""How power gathers, and who strikes when, in games written by hand and of scripted states."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from security_dilemma.params import WORLDS, Params
from security_dilemma_training.config import RunConfig
from security_dilemma_training.studies import hegemony
from security_dilemma_training.studies.control_power import Challenger
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import record
from tests.training.many_states import by_hand, war_of
from tests.training.players import Coin

BARE = Params(surge_attack=1.0, distinguishability=1.0)
NOBODY = [[-1, -1, -1]] * 4
ARMS = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [2.0, 0.0, 1.0], [3.0, 1.0, 0.0]]
RISING = WORLDS["doubly_dangerous"].replace(
    crisis_rate=0.5, initial_economy=np.array([2.0, 1.0, 1.0]), growth=np.array([0.0, 0.03, 0.0])
)


def test_shares_of_power_by_hand() -> None:
    t = by_hand(NOBODY, BARE, offensive=ARMS, economy=[3.0, 2.0, 1.0])
    found = hegemony.largest_power_share(t)  # what each brings to an attack is one more than its offensive arms
    assert found == pytest.approx((1 / 3, 3 / 6, 4 / 7))
    assert hegemony.largest_economy_share(t) == pytest.approx((3 / 6, 3 / 6, 3 / 6))
    assert hegemony.survivors(t).tolist() == [[True, True, True]]


def test_who_loses_the_last_war_has_no_share_at_the_end() -> None:
    t = by_hand(NOBODY, BARE, offensive=ARMS, **war_of(4, 3, step=3, striker=0, victim=1))
    assert hegemony.survivors(t).tolist() == [[False, True, True]]
    assert hegemony.largest_power_share(t).end == pytest.approx(2 / 3)


def test_a_game_that_ended_early_counts_as_it_ended() -> None:
    alive = [[True] * 3, [True, True, False], [True, True, False], [True, True, False]]
    war = war_of(4, 3, step=1, striker=0, victim=1)
    t = by_hand(NOBODY, BARE, offensive=ARMS, alive=alive, **war)
    t = t._replace(active=np.array([[True], [True], [False], [False]]))
    assert hegemony.survivors(t).tolist() == [[False, True, False]]
    assert hegemony.largest_power_share(t) == pytest.approx((1 / 3, 1, 1))


def crisis(economies: list[float], *, war: bool) -> hegemony.Transition:
    fields: dict[str, Any] = war_of(2, 3, step=1, striker=0, victim=1)
    fields |= {} if war else {"struck": False, "belligerent": False, "won": False}
    return hegemony.transition(by_hand(NOBODY[:2], economy=economies, **fields))


def test_parity_is_a_fifth_of_the_larger_economy() -> None:
    assert crisis([1.0, 0.81, 9.0], war=True).parity == 1
    assert crisis([1.0, 0.81, 9.0], war=False).parity == 0
    assert math.isnan(crisis([1.0, 0.81, 9.0], war=True).preponderance)
    assert crisis([1.0, 0.79, 1.0], war=True).preponderance == 1
    assert crisis([1.0, 1.3, 1.0], war=False).preponderance == 0


@pytest.mark.parametrize(
    ("now", "share"), [([1.0, 1.5, 1.0], 0.0), ([1.5, 1.0, 1.0], 1.0), ([2.0, 2.0, 1.0], math.nan)]
)
def test_who_has_risen_is_told_by_growth_since_the_start(now: list[float], share: float) -> None:
    economy = [[1.0, 1.0, 1.0], now]
    t = by_hand(NOBODY[:2], None, economy=economy, **war_of(2, 3, step=1, striker=0, victim=1))
    assert hegemony.riser_strikes(t) == pytest.approx(share, nan_ok=True)


@pytest.mark.slow
def test_a_challenger_strikes_at_parity_and_nobody_else_does() -> None:
    t = record(RISING, Challenger(RISING, 3), n_games=150, n_states=3, intents=0, seed=0)
    found = hegemony.transition(t)
    assert found.parity > 0.2
    assert found.preponderance == 0
    assert hegemony.riser_strikes(t) == 1


@pytest.mark.slow
def test_strikes_by_chance_know_neither_parity_nor_risers() -> None:
    t = record(RISING.replace(crisis_rate=0.3), Coin(0.1), n_games=1500, n_states=3, intents=0, seed=1)
    there = (t.crisis & t.present).sum() / 2
    found = hegemony.transition(t)
    assert found.parity == pytest.approx(0.19, abs=0.02)
    assert found.parity - found.preponderance == pytest.approx(0, abs=4 * 2 * math.sqrt(0.19 * 0.81 / there))
    strikes = (t.struck.sum(axis=-1) == 1).sum()
    assert hegemony.riser_strikes(t) == pytest.approx(0.5, abs=4 * math.sqrt(0.25 / (0.5 * strikes)))


@pytest.mark.parametrize("n", [2, 3])
def test_everything_is_measured_and_defined(n: int) -> None:
    learner = {"slots": 60, "batch_size": 60 * 32}
    config = RunConfig.model_validate(
        {"world": "doubly_dangerous", "params": {"crisis_rate": 0.6}, "game": {"n_states": n}, "learner": learner}
    )
    found = hegemony.MEASUREMENT.of(Subject(Coin(1.0), config, games=40, seed=0))
    assert set(found) == set(hegemony.MEASUREMENT.definitions)
    assert found["sole_survivor"] == found["largest_economy_end"] == found["survivors"] == 1
    assert found["power_rise"] == pytest.approx(1 - 1 / n)
    assert math.isnan(found["parity_effect"])  # all economies are the same
