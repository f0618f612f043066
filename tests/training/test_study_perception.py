"""Who strikes on what it believes: choices made by hand, and states that strike by rule."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from security_dilemma.params import Params
from security_dilemma.perception import observation_table
from security_dilemma.state import Move
from security_dilemma_training.config import RunConfig
from security_dilemma_training.policies import Policy
from security_dilemma_training.studies.controls import CONTROLS
from security_dilemma_training.studies.perception import MEASUREMENT, choices, cutoff, separation, strike_agreement
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import Trajectories, record
from tests.training.players import Coin, Scripted

CULT = {"balance": -0.5, "balance_width": 2.0, "crisis_rate": 0.5}


def config_of(**params: Any) -> RunConfig:
    return RunConfig.model_validate({"params": CULT | params, "game": {"max_cycles": 20}})


def measured(policy: Policy, games: int = 600, **params: Any) -> dict[str, float]:
    return dict(MEASUREMENT.of(Subject(policy, config_of(**params), games=games, seed=4)))


def believer(**params: Any) -> Policy:
    return CONTROLS["believer"](config_of(**params))


class OneBelieves:
    """The first state strikes iff it sees a balance above 0, and the second iff it sees none such."""

    place = next(entry.place for entry in observation_table(Params()) if entry.name == "own_perceived_balance")

    def act(self, observations: Any, mask: Any, rng: np.random.Generator) -> Any:
        strikes = (observations[..., self.place] > 0) ^ np.array([False, True])
        moves = np.where(strikes & mask[..., Move.STRIKE], Move.STRIKE, Move.HOLD)
        return np.stack([moves, np.zeros_like(moves)], axis=-1)


def flags(text: str) -> Any:
    return np.array([letter == "s" for letter in text])


@pytest.mark.parametrize(
    ("struck", "seen", "chance", "parts"),
    [
        ("hhss", [0.0, 1.0, 2.0, 3.0], 1.0, 1.5),
        ("sshh", [0.0, 1.0, 2.0, 3.0], 0.0, math.nan),  # strikes on less, not on more
        ("hshs", [0.0, 1.0, 2.0, 3.0], 0.75, 1.5),  # above .5 or above 2.5 as well: half more of strikes than of holds
        ("hs", [1.0, 1.0], 0.5, math.nan),
        ("hhhs", [0.0, 0.0, 4.0, 4.0], (2 + 0.5) / 3, 2.0),
        ("sss", [0.0, 1.0, 2.0], math.nan, math.nan),
        ("hhh", [0.0, 1.0, 2.0], math.nan, math.nan),
    ],
)
def test_separation_and_cut_off_by_hand(struck: str, seen: list[float], chance: float, parts: float) -> None:
    values = np.array(seen)
    assert separation(flags(struck), values) == pytest.approx(chance, nan_ok=True)
    assert cutoff(flags(struck), values) == pytest.approx(parts, nan_ok=True)


def test_choices_are_of_the_game_and_its_leaders() -> None:
    """Three games whose balances are given; both leaders see them with biases of their own."""
    params = Params(balance=0.3, balance_bias=np.array([1.0, -2.0]), crisis_rate=1.0)
    t = record(params, Scripted(Move.HOLD), n_games=3, intents=[0, 1], seed=0, max_cycles=3)
    seekers = choices(t, ~t.greedy)
    assert seekers.struck.sum() == 0
    assert seekers.struck.size == 3 * 2  # the first step is never a crisis
    np.testing.assert_allclose(seekers.true, 0.3, atol=1e-6)
    np.testing.assert_allclose(seekers.perceived, 1.3, atol=1e-6)
    np.testing.assert_allclose(choices(t, t.greedy).perceived, -1.7, atol=1e-6)
    np.testing.assert_allclose(seekers.chance, 1 / (1 + math.exp(-2 * (0.3 + math.log(0.1 / 1.0)))), atol=1e-6)


def struck_as(pairs: list[tuple[int, int]]) -> Trajectories:
    """One step of so many games, each in crisis, with strikes as given."""
    params = Params(crisis_rate=1.0)
    t = record(params, Scripted(Move.HOLD), n_games=len(pairs), intents=0, seed=0, max_cycles=2)
    struck = np.zeros_like(t.struck)
    struck[1] = np.array(pairs, bool)
    return t._replace(struck=struck)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([(1, 1), (0, 0)], 1.0),
        ([(1, 0), (0, 1)], -1.0),
        ([(1, 1), (1, 0), (0, 1), (0, 0)], 0.0),
        ([(1, 1), (0, 0), (0, 0), (1, 0)], (1 / 4 - 9 / 64) / (15 / 64)),
        ([(1, 1), (1, 1)], math.nan),
        ([(0, 0)], math.nan),
    ],
)
def test_agreement_of_both_by_hand(pairs: list[tuple[int, int]], expected: float) -> None:
    assert strike_agreement(struck_as(pairs)) == pytest.approx(expected, nan_ok=True)


def test_who_strikes_on_belief_alone_has_its_cut_off_at_0_and_is_deluded_by_the_bias() -> None:
    """The positive control. The truth is uniform on [-2.5, 1.5]: with a bias of 1 it strikes above -1."""
    true, cult = measured(believer()), measured(believer(), balance_bias=1.0)
    for found, bias in ((true, 0.0), (cult, 1.0)):
        assert found["perceived_cutoff"] == pytest.approx(0, abs=0.05)
        assert found["true_cutoff"] == pytest.approx(-bias, abs=0.05)
        assert found["strikes_by_perception"] == found["strikes_by_truth"] == 1
        assert (found["strike_rate_perceived_offence"], found["strike_rate_perceived_defence"]) == (1, 0)
        assert found["strike_agreement"] == pytest.approx(1)
        assert found["dominated_strikes"] == 1  # unarmed, P is at most ½ up to a balance of ln 10
    assert true["deluded_strikes"] == 0
    assert cult["deluded_strikes"] == pytest.approx(1 / 2.5, abs=0.06)


def test_private_errors_part_the_leaders_and_belief_from_truth() -> None:
    found = measured(believer(balance_noise=1.0), balance_noise=1.0)
    assert found["strikes_by_perception"] == 1
    assert 0.7 < found["strikes_by_truth"] < 0.97
    assert 0.2 < found["strike_agreement"] < 0.8
    assert 0.1 < found["deluded_strikes"] < 0.6


def test_leaders_of_opposite_belief_do_the_opposite() -> None:
    found = measured(OneBelieves())
    assert found["strike_agreement"] == pytest.approx(-1)
    assert found["strikes_by_perception"] == pytest.approx(0.5, abs=0.05)


def test_a_coin_believes_nothing() -> None:
    """The null. Its strikes are deluded as often as anybody is who sees offence where it has no advantage."""
    found = measured(Coin(0.3), games=1500, balance_bias=1.0)
    assert found["strikes_by_perception"] == pytest.approx(0.5, abs=0.03)
    assert found["strikes_by_truth"] == pytest.approx(0.5, abs=0.03)
    assert found["strike_agreement"] == pytest.approx(0, abs=0.05)
    assert found["strike_rate_perceived_offence"] == pytest.approx(found["strike_rate_perceived_defence"], abs=0.04)
    assert found["deluded_strikes"] == pytest.approx(1 / 4, abs=0.04)  # b in (-1, 0] of [-2.5, 1.5]


def test_without_strikes_there_is_nothing_to_measure() -> None:
    found = measured(Scripted(Move.HOLD), games=20)
    rates = ("strike_rate_perceived_offence", "strike_rate_perceived_defence")
    assert all(found[name] == 0 for name in rates)
    assert all(math.isnan(value) for name, value in found.items() if name not in rates)
    assert_array_equal(list(found), list(MEASUREMENT.definitions))
