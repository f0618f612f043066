"""Escalation of commitment: sunk costs on paper, and states that go by them, look as if they did, or cannot."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from security_dilemma.params import Params
from security_dilemma.state import Move
from security_dilemma_training.analysis.situations import entries
from security_dilemma_training.policies import Bools, Floats, Policy, memory_of
from security_dilemma_training.studies.asking import move_shares, moves_of
from security_dilemma_training.studies.commitment import MEASUREMENT, bought, slopes, sunk_costs, within
from security_dilemma_training.studies.pasts import slope_within
from security_dilemma_training.studies.scripted import scripted
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import Trajectories, record
from tests.training.players import Coin, Scripted
from tests.training.runs_for_tests import small_config

CONFIG = small_config(params={"crisis_rate": 0.15}, game={"max_cycles": 26})
FLAT = small_config(params={"crisis_rate": 0.15}, game={"max_cycles": 26, "action_mode": "discrete"})
PLACE = {name: entry.place for name, entry in entries(CONFIG).items()}


class Steps:
    """Plays one move in each step, in all games alike."""

    def __init__(self, *moves: int) -> None:
        self.moves, self.at = moves, 0

    def restart(self, n_games: int, which: NDArray[np.integer] | None = None) -> None:
        self.at = 0

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        self.at += 1
        return np.broadcast_to([self.moves[min(self.at, len(self.moves)) - 1], 0], (*observations.shape[:-1], 2))


class Readable:
    """Arms the likelier the more arms it has, up to a threshold: a policy without memory that tells so."""

    def probabilities(self, observations: NDArray[Any]) -> tuple[NDArray[np.float64], ...]:
        own = observations[..., PLACE["own_offensive"]].astype(float)
        arms = np.where(own > 1, 0.7, 0.3)
        moves = np.zeros((*arms.shape, len(Move)))
        moves[..., Move.ARM_OFFENSIVELY], moves[..., Move.DISARM] = arms, 0.3
        moves[..., Move.HOLD] = 0.7 - arms
        return moves, np.full((*arms.shape, 5), 0.2)

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        shares = self.probabilities(observations)[0].cumsum(axis=-1)
        moves = (rng.random(shares.shape[:-1])[..., None] > shares).sum(axis=-1)
        return np.stack([moves, np.zeros_like(moves)], axis=-1)


def steps(*moves: int, **params: float) -> Trajectories:
    rules = {"crisis_rate": 0.0, "depreciation": 0.5, "build": 1.0} | params
    return record(Params(**rules), Steps(*moves), n_games=2, intents=0, seed=0, max_cycles=len(moves))


def of(policy: Policy, games: int = 150, config: Any = CONFIG) -> dict[str, float]:
    return dict(MEASUREMENT.of(Subject(policy, config, games=games, seed=3)))


def test_sunk_costs_are_what_was_bought_and_is_gone() -> None:
    """One unit bought in steps 0 and 1, halved by time, then halved twice over: A = 0, 1, 1.5, .75, .1875."""
    arm = Move.ARM_OFFENSIVELY
    t = steps(arm, arm, Move.HOLD, Move.DISARM, Move.HOLD)
    assert t.arms[:, 0, 0].tolist() == [0, 1, 1.5, 0.75, 0.1875]
    assert bought(t)[:, 0, 0].tolist() == [1, 1, 0, 0, 0]
    assert sunk_costs(t)[:, 0, 0].tolist() == [0, 0, 0.5, 1.25, 1.8125]


def test_arms_at_the_start_count_as_bought_and_what_the_cap_cuts_off_does_not() -> None:
    """A cap of 1 leaves of .5 + 1 just 1: half a unit was bought, and half a unit of the first is gone."""
    t = steps(Move.ARM_DEFENSIVELY, Move.ARM_DEFENSIVELY, Move.HOLD, arms_cap=1.0)
    assert t.arms[:, 0, 0].tolist() == [0, 1, 1]
    assert bought(t)[:, 0, 0].tolist() == [1, 0.5, 0]
    assert sunk_costs(t)[:, 0, 0].tolist() == [0, 0, 0.5]
    armed = t._replace(
        offensive=np.array([2.0, 1.0, 0.5])[:, None, None] + np.zeros_like(t.offensive), defensive=0 * t.arms
    )
    assert sunk_costs(armed)[:, 0, 0].tolist() == [0, 1, 1.5]


def test_the_eliminated_have_sunk_nothing() -> None:
    t = record(Params(crisis_rate=0.5), Coin(1.0), n_games=50, n_states=3, intents=0, seed=0)
    assert (sunk_costs(t)[~t.present] == 0).all()
    assert (bought(t) == 0).all()


def test_slopes_in_play() -> None:
    """Arming = .1 sunk + .3 seen, and seen = 2 sunk + something: the raw slope is .7, given what is seen it is .1."""
    rng = np.random.default_rng(0)
    sunk, noise = rng.random(20_000), rng.random(20_000)
    seen = 2 * sunk + noise
    found = slopes(0.1 * sunk + 0.3 * seen, sunk, seen[:, None], 0.5)
    assert found.raw == pytest.approx(0.7, abs=0.01)
    assert found.adjusted == pytest.approx(0.1, abs=1e-6)
    assert math.isnan(slopes(noise, seen, seen[:, None], 0.5).adjusted)


def test_strata_take_out_what_is_not_linear_between_them() -> None:
    """Arming jumps where what is seen passes 1, and sunk costs go with it: no slope is left within strata of 1."""
    rng = np.random.default_rng(0)
    seen = 2 * rng.random(5000)
    sunk = seen**2 + 0.1 * rng.random(5000)
    jump = (seen >= 1).astype(float)
    assert abs(slopes(jump, sunk, seen[:, None], 1.0).adjusted) < 1e-9
    assert abs(slopes(jump, sunk, seen[:, None], 9.0).adjusted) > 0.001
    assert within(np.array([[1.0], [3.0], [5.0]]), np.array([0, 0, 1])).tolist() == [[-1], [1], [0]]


def test_the_slope_within_situations() -> None:
    """Answers of a level of each situation and .2 for each unit sunk; levels, and the second thing, do not count."""
    rng = np.random.default_rng(0)
    past = rng.random((16, 300, 2))
    past[..., 0] += past[..., 1]
    answers = rng.random(300) + 0.2 * past[..., 0] - 0.5 * past[..., 1]
    found = slope_within(answers, past, rng)
    assert found.slope == pytest.approx(0.2)
    assert 0 < found.null < 0.1
    assert found.situations == 300
    assert math.isnan(slope_within(answers, np.ones((16, 300, 2)), rng).slope)


def test_the_null_holds_95_of_100_slopes_of_nothing() -> None:
    rng = np.random.default_rng(1)
    past = rng.random((8, 20, 1))
    drawn = [slope_within(rng.random((8, 20)), past, rng, permutations=60) for _ in range(120)]
    beyond = np.mean([abs(found.slope) > found.null for found in drawn])
    assert 0.01 < beyond < 0.11


def test_asking_leaves_the_memory_as_it_was() -> None:
    policy = scripted("committed", CONFIG)
    observations = np.random.default_rng(0).random((4, 2, len(PLACE))).astype(np.float32)
    mask = np.ones((4, 2, 10), bool)
    policy.act(observations, mask, np.random.default_rng(1))
    before = {name: kept.copy() for name, kept in memory_of(policy).items()}
    shares = move_shares(policy, CONFIG, 1 - observations, mask, np.random.default_rng(2), 5)
    np.testing.assert_allclose(shares.sum(axis=-1), 1)
    assert ((5 * shares) % 1 == 0).all()
    for name, kept in memory_of(policy).items():
        np.testing.assert_array_equal(kept, before[name])


def test_moves_of_flat_actions() -> None:
    assert moves_of(np.array([[[0], [7], [24]]]), FLAT).tolist() == [[0, 1, 4]]
    with pytest.raises(ValueError, match="continuous"):
        moves_of(np.zeros((1, 2, 5)), small_config(game={"action_mode": "continuous"}))


@pytest.mark.slow
def test_a_state_that_goes_by_its_sunk_costs_and_one_that_goes_by_its_arms() -> None:
    """One arms and strikes .1 more often for each unit sunk, the other for each unit it has."""
    committed, uncommitted = (of(scripted(name, CONFIG), games=200) for name in ("committed", "uncommitted"))
    assert committed["sunk_cost_arming"] == pytest.approx(0.1, abs=0.02)
    assert committed["sunk_cost_striking"] == pytest.approx(0.1, abs=0.03)
    for kind in ("arming", "striking"):
        assert committed[f"sunk_cost_{kind}"] > 3 * committed[f"sunk_cost_{kind}_null"]
        assert abs(uncommitted[f"sunk_cost_{kind}"]) < 2 * uncommitted[f"sunk_cost_{kind}_null"]
    assert committed["sunk_cost_arming_adjusted"] == pytest.approx(0.1, abs=0.03)
    assert abs(uncommitted["sunk_cost_arming_adjusted"]) < 0.02


def test_what_tells_its_probabilities_has_no_memory_and_no_sunk_costs() -> None:
    found = of(Readable(), games=40)
    assert found["sunk_cost_arming"] == found["sunk_cost_striking"] == found["sunk_cost_arming_null"] == 0
    assert abs(found["sunk_cost_arming_adjusted"]) < 0.02
    assert abs(found["sunk_cost_arming_raw"]) > 2 * abs(found["sunk_cost_arming_adjusted"])


def test_nothing_to_measure_it_on() -> None:
    peaceful = of(Scripted(Move.HOLD), games=20)
    assert all(math.isnan(value) for value in peaceful.values())
    assert set(peaceful) == set(MEASUREMENT.definitions)
    rates = small_config(game={"action_mode": "continuous", "max_cycles": 12})
    assert all(math.isnan(value) for value in of(scripted("committed", rates), games=5, config=rates).values())


def test_flat_actions_are_measured_alike() -> None:
    found = of(scripted("committed", FLAT), games=60, config=FLAT)
    assert found["sunk_cost_arming"] == pytest.approx(0.1, abs=0.05)
