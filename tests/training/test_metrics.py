"""Metrics on games whose outcome is known from the rules."""

from __future__ import annotations

import math

import numpy as np
import pytest

from security_dilemma.params import WORLDS, Params
from security_dilemma.state import Move, Signal
from security_dilemma_training import metrics
from security_dilemma_training.trajectories import Trajectories, by_intent, record
from tests.training.players import Coin, Scripted

DANGEROUS = WORLDS["doubly_dangerous"]
PASSIVE = (Move.HOLD, Signal.SILENT)
GREEDY_STRIKES = Scripted(*PASSIVE, greedy=(Move.STRIKE, Signal.PLEDGE))


def strikers(params: Params = DANGEROUS, n_games: int = 4000, seed: int = 0) -> Trajectories:
    return record(params, Scripted(Move.STRIKE), n_games=n_games, intents=0, seed=seed)


@pytest.mark.parametrize(("rate", "horizon"), [(0.15, 20), (0.15, 5), (0.05, 20), (0.5, 3), (0.3, 1)])
def test_the_ceiling_of_the_tragic_war_rate(rate: float, horizon: int) -> None:
    t = strikers(DANGEROUS.replace(crisis_rate=rate))
    ceiling = 1 - (1 - rate) ** (horizon - 1)
    error = math.sqrt(ceiling * (1 - ceiling) / 4000)
    assert metrics.tragic_war_rate(t, horizon) == pytest.approx(ceiling, abs=4 * error + 1e-9)
    assert metrics.war_rate(t, horizon) == metrics.tragic_war_rate(t, horizon)


def test_a_war_is_tragic_only_between_security_seekers() -> None:
    t = record(DANGEROUS, Scripted(Move.STRIKE), n_games=400, intents=np.arange(400)[:, None] % 2, seed=0)
    mixed = record(DANGEROUS, GREEDY_STRIKES, n_games=400, intents=[0, 1], seed=0)
    assert metrics.tragic_war_rate(t) == pytest.approx(0.954, abs=0.05)
    assert metrics.war_rate(mixed) > 0.9
    assert math.isnan(metrics.tragic_war_rate(mixed))


def test_only_wars_within_the_horizon_count() -> None:
    t = strikers(DANGEROUS.replace(crisis_rate=1.0), n_games=10)
    assert [metrics.tragic_war_rate(t, horizon) for horizon in (1, 2, 3)] == [0, 1, 1]


def test_nobody_strikes_and_there_is_no_war() -> None:
    t = record(DANGEROUS, Scripted(Move.HOLD), n_games=500, intents=[0, 1], seed=3)
    assert metrics.war_rate(t) == 0
    assert metrics.war_per_crisis(t) == 0
    assert metrics.crises_per_game(t) == pytest.approx(0.15 * 63, rel=0.05)
    assert metrics.time_to_war(t)[2:] == (0, 500)
    assert math.isnan(metrics.time_to_war(t).mean)
    assert all(math.isnan(share) for share in metrics.openings(t))
    for who in by_intent(t).values():
        assert metrics.strike_rate(t, who) == 0
        assert math.isnan(metrics.preemptive_share(t, who))
        assert math.isnan(metrics.offensive_share(t, who))
        assert metrics.mean_arms(t, who) == metrics.arms_burden(t, who) == 0


def test_war_per_crisis_and_strike_rate_of_independent_coins() -> None:
    t = record(DANGEROUS, Coin(0.3), n_games=4000, intents=0, seed=11)
    everyone = np.ones((4000, 2), bool)
    assert metrics.strike_rate(t, everyone) == pytest.approx(0.3, abs=0.02)
    assert metrics.war_per_crisis(t) == pytest.approx(1 - 0.7**2, abs=0.02)
    opened = metrics.openings(t)
    assert opened.mutual == pytest.approx(0.3**2 / 0.51, abs=0.02)
    assert opened.one_sided_by_security_seekers == pytest.approx(1 - opened.mutual)
    assert opened.one_sided_by_greedy == 0
    assert metrics.crises_per_game(t) * 0.51 == pytest.approx(metrics.war_rate(t), abs=0.05)


def test_time_to_war_counts_steps_from_one_and_says_what_is_censored() -> None:
    certain = metrics.time_to_war(strikers(DANGEROUS.replace(crisis_rate=1.0), n_games=10))
    assert certain == metrics.TimeToWar(2.0, 2.0, 10, 0)
    drawn = metrics.time_to_war(strikers(n_games=4000))
    assert drawn.mean == pytest.approx(1 + 1 / 0.15, rel=0.05)
    assert drawn.wars + drawn.censored == 4000


def test_who_opens_wars() -> None:
    t = record(DANGEROUS, GREEDY_STRIKES, n_games=300, intents=[0, 1], seed=1)
    assert metrics.openings(t) == metrics.Openings(0.0, 1.0, 0.0)
    seekers, greedy = by_intent(t).values()
    assert metrics.strike_rate(t, seekers) == 0
    assert metrics.strike_rate(t, greedy) == 1


@pytest.mark.parametrize(
    ("changes", "share"),
    [
        ({"balance": 1.0, "greed": 0.0}, 1.0),
        ({"balance": 1.0, "greed": 0.60}, 1.0),
        ({"balance": 1.0, "greed": 0.68}, 0.0),
        ({"balance": 1.0, "greed": 0.60, "initiative_mean": 0.1}, 0.0),
        ({"balance": 1.0, "greed": 0.60, "spoils": 0.1}, 0.0),
        ({"balance": 1.0, "greed": 0.60, "initial_economy": 2.0}, 0.0),
        ({"balance": 1.0, "greed": 0.40, "initial_economy": 2.0}, 1.0),  # .7311 · 2.8 - .2 = 1.847, between 1 and 2
    ],
)
def test_what_cannot_be_predatory(changes: dict[str, float], share: float) -> None:
    """A greedy state strikes a passive equal iff g > (1+c)/P - 1: .6415 at b=1, k=1, c=.2 (THEORY 2)."""
    even = Params(decisiveness=1.0, war_cost=0.2, surge_attack=1.0, home_defence=1.0, crisis_rate=1.0)
    t = record(even.replace(**changes), Scripted(Move.STRIKE), n_games=20, intents=1, seed=0)
    assert metrics.preemptive_share(t, t.greedy) == share


def test_arms_over_time_of_a_state_that_arms_in_every_step() -> None:
    arm = Scripted(Move.ARM_OFFENSIVELY, greedy=(Move.ARM_DEFENSIVELY, Signal.SILENT))
    t = record(DANGEROUS, arm, n_games=20, intents=[0, 1], seed=0, max_cycles=20)
    seekers, greedy = by_intent(t).values()
    expected = np.minimum(0.5 * (1 - 0.95 ** np.arange(20)) / 0.05, 3)
    curve = metrics.arms_over_time(t, seekers)
    assert np.allclose(curve.arms, expected, atol=1e-5)
    assert np.array_equal(curve.states, np.full(20, 20))
    assert np.isnan(curve.offensive_share[0])
    assert np.allclose(curve.offensive_share[1:], 1)
    assert metrics.mean_arms(t, seekers) == pytest.approx(expected.mean(), rel=1e-5)
    assert metrics.arms_burden(t, seekers) == pytest.approx(0.02 * expected.mean(), rel=1e-5)
    assert metrics.offensive_share(t, seekers) == 1
    assert metrics.offensive_share(t, greedy) == 0


def test_means_are_over_those_who_are_still_there() -> None:
    t = strikers(DANGEROUS.replace(crisis_rate=0.5), n_games=1000)
    curve = metrics.arms_over_time(t, ~t.greedy)
    assert np.array_equal(curve.states, 2 * t.active.sum(axis=1))
    assert curve.states[0] == 2000
    assert curve.states[2] == pytest.approx(1000, rel=0.15)


def test_arms_at_war() -> None:
    params = DANGEROUS.replace(crisis_rate=1.0)
    t = record(params, Scripted(Move.STRIKE), n_games=5, intents=0, seed=0)
    assert metrics.arms_at_war(t, ~t.greedy) == 0
    armed = t._replace(offensive=t.offensive + np.array([[[0.0]], [[1.5]]]))
    assert metrics.arms_at_war(armed, ~t.greedy) == 1.5
    assert metrics.mean_arms(armed, ~t.greedy) == 0.75


def test_signals_by_intent() -> None:
    speak = Scripted(Move.HOLD, Signal.ASSURE, greedy=(Move.HOLD, Signal.BURN))
    t = record(DANGEROUS, speak, n_games=10, intents=[0, 1], seed=0)
    seekers, greedy = by_intent(t).values()
    assert metrics.signal_use(t, seekers) == {"silent": 0, "assure": 1, "burn": 0, "pledge": 0, "open": 0}
    assert metrics.signal_use(t, greedy)["burn"] == 1


def test_a_lost_last_word_does_not_count_as_silence() -> None:
    t = record(DANGEROUS, Scripted(Move.STRIKE, Signal.ASSURE), n_games=200, intents=0, seed=0)
    assert metrics.war_rate(t) > 0.9
    assert metrics.signal_use(t, ~t.greedy)["assure"] == 1


@pytest.mark.parametrize("n", [3, 4])
def test_metrics_of_many_states(n: int) -> None:
    t = record(DANGEROUS, Coin(0.5), n_games=2000, n_states=n, intents=np.arange(n) == 0, seed=2)
    seekers = by_intent(t)["security_seeker"]
    assert metrics.strike_rate(t, seekers) == pytest.approx(0.5, abs=0.02)
    assert metrics.war_per_crisis(t) == pytest.approx(0.75, abs=0.02)
    opened = metrics.openings(t)
    assert sum(opened) == pytest.approx(1)
    assert opened.mutual == pytest.approx(1 / 3, abs=0.03)
    assert opened.one_sided_by_greedy == pytest.approx(opened.one_sided_by_security_seekers / (n - 1), rel=0.2)
