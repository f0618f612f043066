"""What states can do where all have a weapon against where none has: by hand, by the rules, and as a predictor."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from security_dilemma.params import Params
from security_dilemma.state import Move
from security_dilemma_training.config import RunConfig
from security_dilemma_training.studies.net_assessment import (
    MEASUREMENT,
    missions,
    net_assessment,
    of_arms_in_being,
)
from security_dilemma_training.studies.prediction import (
    Cells,
    assess,
    held_out_losses,
    predictors_of,
    rank_correlation,
    read_cells,
    within_columns,
)
from security_dilemma_training.studies.prediction_report import write_prediction
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import record
from tests.docs.pages import DOCS
from tests.training.players import Scripted

HAND: dict[str, Any] = {"decisiveness": 1.0, "surge_attack": 1.0, "home_defence": 1.0}
"""With these ``P = e^b r / (1 + e^b r)``, where r is the ratio of what is brought to attack and to defence."""


def hand(balance: float, d: float) -> Params:
    return Params(balance=balance, distinguishability=d, **HAND)


@pytest.mark.parametrize(
    ("d", "share", "ratio"),
    [
        (1.0, 1.0, 3.0),  # 1 + 2 against 1
        (1.0, 0.5, 1.0),  # 1 + 1 against 1 + 1
        (1.0, 0.0, 1 / 3),  # 1 against 1 + 2
        (0.5, 1.0, 3 / 2),  # 1 + 2 against 1 + ½·2
        (0.5, 0.0, 2 / 3),
        (0.0, 1.0, 1.0),  # 1 + 2 against 1 + 2, whatever they are called
        (0.0, 0.0, 1.0),
    ],
)
@pytest.mark.parametrize("odds", [1.0, 2.0])
def test_net_assessment_by_hand(d: float, share: float, ratio: float, odds: float) -> None:
    """Equals: ``2 (C - C0)``, with the odds of C the odds of the balance times what is brought."""
    chance, without = odds * ratio / (1 + odds * ratio), odds / (1 + odds)
    found = net_assessment(hand(math.log(odds), d), 2.0, share)
    assert found == pytest.approx([2 * (chance - without)] * 2)


def test_missions_of_states_that_differ_by_hand() -> None:
    """One has two units for attack, the other two for defence, and all weapons serve one purpose."""
    found = missions(hand(0.0, 1.0), [2.0, 0.0], [0.0, 2.0])
    assert found.conquer == pytest.approx([3 / (3 + 3), 1 / (1 + 1)])
    assert found.hold == pytest.approx([1 - 1 / 2, 1 - 1 / 2])
    stronger = missions(hand(0.0, 1.0), [2.0, 0.0], [0.0, 0.0])
    assert stronger.conquer == pytest.approx([3 / 4, 1 / 2])
    assert stronger.hold == pytest.approx([1 / 2, 1 / 4])


def test_missions_of_three_are_means_over_the_others_and_each_has_its_own_decisiveness() -> None:
    params = Params(balance=0.0, surge_attack=1, home_defence=1, distinguishability=1, decisiveness=np.array([1, 2, 1]))
    found = missions(params, [2.0, 2.0, 0.0], [0.0, 0.0, 1.0], n_states=3)
    # attack 3, 3, 1; defence 1, 1, 2
    conquer = [[3 / 4, 3 / 5], [9 / 10, 9 / 13], [1 / 2, 1 / 2]]
    assert found.conquer == pytest.approx([np.mean(row) for row in conquer])
    hold = [[1 - 9 / 10, 1 - 1 / 2], [1 - 3 / 4, 1 - 1 / 2], [1 - 3 / 5, 1 - 9 / 13]]
    assert found.hold == pytest.approx([np.mean(row) for row in hold])


@pytest.mark.parametrize("balance", [-1.0, 0.0, 0.7])
def test_arms_that_all_have_make_all_less_safe_or_safer(balance: float) -> None:
    """Arms for one purpose do what their name says; where nothing is told apart their name says nothing."""
    told, untold = Params(balance=balance, distinguishability=1.0), Params(balance=balance, distinguishability=0.0)
    offensive, mixed, defensive = (net_assessment(told, 3.0, share)[0] for share in (1.0, 0.5, 0.0))
    assert defensive < 0 < mixed < offensive
    assert np.ptp([net_assessment(untold, 3.0, share) for share in (1.0, 0.5, 0.0)]) == pytest.approx(0)


@pytest.mark.parametrize(
    ("stock", "share", "message"),
    [
        (0.0, 0.5, r"stock = 0.0 must be in \(0, 3\]"),
        (3.1, 0.5, "no state can have more than arms_cap"),
        (1.0, 1.2, r"offensive_share = 1.2 must be in \[0, 1\]"),
    ],
)
def test_bad_stocks_are_refused(stock: float, share: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        net_assessment(Params(), stock, share)
    with pytest.raises(ValueError, match=r"defensive = .* must not be below 0"):
        missions(Params(), 0.0, -1.0)


def measured(move: Move, **params: Any) -> dict[str, float]:
    config = RunConfig.model_validate({"params": {"crisis_rate": 0.5} | params, "game": {"max_cycles": 20}})
    return dict(MEASUREMENT.of(Subject(Scripted(move), config, games=50, seed=1)))


def test_arms_in_being_that_grow_and_that_are_not_there() -> None:
    """Whoever arms for attack in every step comes near the cap; whoever never arms has the null."""
    armed, unarmed = measured(Move.ARM_OFFENSIVELY), measured(Move.HOLD)
    assert unarmed["net_assessment_in_being"] == pytest.approx(0, abs=1e-6)
    assert 0.5 < armed["net_assessment_in_being"] < armed["net_assessment_offensive"]
    assert armed["differentiation"] == pytest.approx(0)  # d = 0
    safe = measured(Move.ARM_DEFENSIVELY, distinguishability=1.0)
    assert safe["net_assessment_in_being"] < 0
    assert safe["differentiation"] == pytest.approx(safe["net_assessment_offensive"] - safe["net_assessment_defensive"])
    assert list(safe) == list(MEASUREMENT.definitions)


def test_arms_in_being_by_hand() -> None:
    """In the second step of the game, with one purchase of half a unit: 1.5 against 1, so odds of 1.5."""
    params = hand(0.0, 1.0).replace(crisis_rate=1.0)
    t = record(params, Scripted(Move.ARM_OFFENSIVELY), n_games=3, intents=0, seed=0, max_cycles=2)
    assert of_arms_in_being(t) == pytest.approx(2 * (0.6 - 0.5), abs=1e-6)


# As a predictor


@pytest.mark.parametrize("seed", range(3))
def test_rank_correlation_is_that_of_scipy_with_ties(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 6, size=(2, 4, 15)).astype(float)
    assert rank_correlation(x, y) == pytest.approx([spearmanr(a, b).statistic for a, b in zip(x, y, strict=True)])
    assert np.isnan(rank_correlation(np.ones(5), np.arange(5)))


def cells_by_hand(at_war: list[float], arms: list[float], balances: list[float]) -> Cells:
    params = tuple(Params(balance=b, distinguishability=0.5) for b in balances)
    return Cells(params, np.array(at_war), np.full(len(at_war), 4.0), {"arms": np.array(arms)})


def test_a_predictor_that_knows_beats_one_that_does_not() -> None:
    """Positive control and null: war above the middle, told by the first and not by the second."""
    knows, blind = np.linspace(-1, 1, 24), np.tile([0.0, 1.0, 2.0], 8)
    cells = cells_by_hand(list(4.0 * (knows > 0)), list(knows + 2), list(np.repeat([0.0, 1.0], 12)))
    good, bad = assess({"knows": knows, "blind": blind}, cells, "blind", resamples=300)
    assert good.correlation["arms"] == pytest.approx((1, 1, 1))
    assert good.better["arms"].low > 0
    assert good.loss.high < bad.loss.low
    assert good.less_loss.high < 0
    assert bad.correlation["arms"].low < 0 < bad.correlation["arms"].high
    assert bad.loss.estimate == pytest.approx(math.log(2), abs=0.12)
    assert bad.less_loss == bad.better["arms"] == (0, 0, 0)
    assert good.within["arms"].estimate == pytest.approx(1)


def test_held_out_losses_by_hand() -> None:
    """A predictor that never varies leaves the intercept, the share at war of the cells that are kept."""
    losses = held_out_losses(np.ones(3), np.array([4.0, 2.0, 0.0]), np.full(3, 4.0))
    expected = [-math.log(2 / 8), -0.5 * math.log(0.5) - 0.5 * math.log(0.5), -math.log(1 - 6 / 8)]
    assert losses == pytest.approx(expected, rel=1e-3)


def test_within_columns_only_what_varies_there_counts() -> None:
    column = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    outcome = np.array([1.0, 2.0, 3.0, 9.0, 8.0, 7.0])
    assert within_columns(np.array(column), outcome, column) == pytest.approx([0, 0])
    assert within_columns(np.arange(6.0), outcome, column) == pytest.approx([1, -1])


def test_cells_of_a_phase_diagram_are_read(tmp_path: Path) -> None:
    path = tmp_path / "cells.csv"
    head = "plane,balance,distinguishability,trust,seeds,at_war,tragic_war_rate,arms\n"
    path.write_text(head + "p,1,0.5,0.8,3,2,0.6,1.5\np,0.5,0,0.8,0,0,,\nq,1,0,0.1,3,3,0.9,2\n", encoding="utf-8")
    cells = read_cells(path, "p")
    assert cells.params == (Params(balance=1.0, distinguishability=0.5, trust=0.8),)
    assert (cells.at_war.tolist(), cells.seeds.tolist(), cells.outcomes["arms"].tolist()) == ([2], [3], [1.5])
    found = predictors_of(cells.params, stock=2.0)
    assert found["net assessment, mixed arms"] == pytest.approx(net_assessment(cells.params[0], 2.0, 0.5)[:1])
    assert (found["b, the balance"].item(), found["-d, indistinguishability"].item()) == (1, -0.5)
    with pytest.raises(ValueError, match=r"plane = 'r' has no cell with a seed in .*: its planes are p, q"):
        read_cells(path, "r")


@pytest.mark.slow
def test_the_page_shows_what_the_phase_diagram_says(tmp_path: Path) -> None:
    table = write_prediction(DOCS / "phase_diagram" / "cells.csv", tmp_path)
    assert table in (DOCS / "studies" / "distinguishability.md").read_text(encoding="utf-8")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["net_assessment.png", "net_assessment.svg"]
