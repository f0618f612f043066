"""Routines, on sequences counted by hand and scripted states of which it is known how long they go on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise, permutations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from security_dilemma.params import WORLDS
from security_dilemma.state import Move
from security_dilemma_training.config import RunConfig, parse
from security_dilemma_training.policies import Bools, Floats, Matched, Policy
from security_dilemma_training.studies.routines import (
    CONFLICT,
    MEASUREMENT,
    PEACE,
    armed_pairs,
    changes_of_move,
    conduct,
    runs,
)
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import record
from tests.training.players import Coin, Scripted

CALM = WORLDS["intense"].replace(crisis_rate=0.0)
H, D, O, X = Move.HOLD, Move.ARM_DEFENSIVELY, Move.ARM_OFFENSIVELY, Move.DISARM  # noqa: E741


class Playing:
    """Plays moves by turns."""

    def __init__(self, *moves: int) -> None:
        self.moves, self.age = moves, 0

    def restart(self, n_games: int, which: NDArray[np.integer] | None = None) -> None:
        self.age = self.age if which is not None else 0

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        move = self.moves[self.age % len(self.moves)]
        self.age += 1
        return np.broadcast_to(np.array([move, 0]), (*observations.shape[:-1], 2))


class Drawing(Playing):
    """Draws each move anew among its moves."""

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        moves = rng.choice(self.moves, size=observations.shape[:-1])
        return np.stack([moves, np.zeros_like(moves)], axis=-1)


def of_row(row: Sequence[int], of: tuple[int, ...]) -> tuple[float, float, float]:
    values = np.array(row)[:, None]
    return runs(values, np.ones(values.shape, bool), of)


def test_runs_counted_by_hand() -> None:
    # one run of three, then two runs of one move each: five steps in three runs
    row = [O, O, O, H, D, O, H, H]
    found = runs(np.array(row)[:, None], np.ones((8, 1), bool), CONFLICT)
    assert (found.mean, found.longest) == (5 / 3, 3)
    # in random order: 4 · (8-4+1)/8 runs of O and 1 of D
    assert found.shuffled == pytest.approx(5 / (4 * 5 / 8 + 1))
    assert of_row(row, PEACE)[:2] == (3 / 2, 2)
    assert math.isnan(of_row([H, H], CONFLICT)[0])
    assert of_row([H, H], CONFLICT)[1] == 0


def test_what_is_expected_in_random_order_is_the_mean_over_all_orders() -> None:
    row = [O, O, O, H, D, H]
    counts = [5 - 1 - sum(a == b for a, b in pairwise(order) if a in CONFLICT) for order in permutations(row)]
    assert of_row(row, CONFLICT)[2] == pytest.approx(4 / np.mean(counts))


def test_steps_after_the_end_do_not_count_and_sequences_are_pooled() -> None:
    values = np.array([[O, H], [O, O], [O, O], [O, H]])
    there = np.array([[True, True], [True, True], [False, True], [False, True]])
    found = runs(values, there, CONFLICT)
    assert (found.mean, found.longest) == (2, 2)
    # the first always arms, in one run; of the second's two of four steps 2 · 3/4 runs are expected
    assert found.shuffled == pytest.approx(4 / (1 + 1.5))


def test_a_state_that_goes_on_is_persistent_and_one_that_draws_is_not() -> None:
    half = (O,) * 8 + (H,) * 8
    policies: dict[str, Policy] = {"goes on": Playing(*half), "draws": Drawing(O, H), "alternates": Playing(O, H)}
    found = {}
    for name, policy in policies.items():
        t = record(CALM, policy, n_games=100, intents=0, seed=0)
        found[name] = runs(*conduct(t), CONFLICT)
        assert changes_of_move(t) == pytest.approx({"goes on": 7 / 63, "draws": 0.5, "alternates": 1}[name], abs=0.02)
    assert (found["goes on"].mean, found["goes on"].longest) == (8, 8)
    # 32 of 64 steps are expected in 16.5 runs
    assert found["goes on"].persistence == pytest.approx(8 / (32 / 16.5))
    assert found["draws"].persistence == pytest.approx(1, abs=0.03)
    assert found["alternates"].persistence < 0.6


def test_a_pair_that_keeps_arming() -> None:
    match = Matched([Playing(O, O, H, H), Playing(D, D, D, H)])
    both, there = armed_pairs(record(CALM, match, n_games=2, intents=0, seed=0, max_cycles=8))
    assert both[:, 0, 0].tolist() == [True, True, False, False] * 2
    assert runs(both, there, (1,))[:2] == (2, 2)


def test_the_step_of_an_elimination_is_left_out() -> None:
    t = record(WORLDS["doubly_dangerous"].replace(crisis_rate=1.0), Coin(1.0), n_games=200, intents=0, seed=0)
    moves, there = conduct(t)
    assert there.sum(axis=0).max() == 2, "a hold, and the victor's strike in the first crisis"
    found = runs(moves, there, CONFLICT)
    assert (found.mean, found.longest) == (1, 0.5)


def test_routine_is_paid_for_and_goods_are_not_touched() -> None:
    asked = parse({"world": "intense", "params": {"crisis_rate": 0.0, "routine_weight": 0.5}}, RunConfig)
    free = parse({"world": "intense", "params": {"crisis_rate": 0.0}}, RunConfig)
    values = [dict(MEASUREMENT.of(Subject(Playing(O, H), one, games=5, seed=0))) for one in (asked, free)]
    assert values[0].keys() == MEASUREMENT.definitions.keys()
    assert values[0]["material_payoff"] == pytest.approx(values[1]["material_payoff"])
    still = MEASUREMENT.of(Subject(Scripted(Move.HOLD), asked, games=5, seed=0))
    assert still["material_payoff"] == pytest.approx(1)
    assert (still["peace_routine"], still["peace_routine_longest"], still["peace_persistence"]) == (64, 64, 1)
    assert math.isnan(still["conflict_routine"])
    assert math.isnan(still["armed_pair_routine"])
