"""Wars that spread, and wars that do not, with chances that follow from the rules."""

from __future__ import annotations

import math

import numpy as np
import pytest

from security_dilemma.params import WORLDS
from security_dilemma_training.config import RunConfig
from security_dilemma_training.studies import contagion
from security_dilemma_training.studies.control_power import Contagious
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import Trajectories, record
from tests.training.many_states import by_hand
from tests.training.players import Coin, Scripted

DANGEROUS = WORLDS["doubly_dangerous"]


def games(*wars: tuple[int, ...]) -> Trajectories:
    """Games of four states and eight steps with wars in given steps; who fights does not matter."""
    calm = by_hand([[-1] * 4] * 8)
    at_war = np.zeros((8, len(wars), 4), bool)
    for game, steps in enumerate(wars):
        at_war[list(steps), game, :2] = True
    return calm._replace(belligerent=at_war, active=np.ones((8, len(wars)), bool))


def test_contagion_by_hand() -> None:
    # first wars in steps 2 and 3; within two steps the first is followed by another, the second is not
    found = contagion.contagion(games((2, 4), (3, 6), (), (4,)), window=2)
    # without a war by step 2: games 1, 2 and 3, of which 1 and 3 have one by step 4; by step 3: games 2 and 3, of which
    # 3 has one by step 5; by step 4: game 2, which has none by step 6
    assert found.wars == 3
    assert found.after_war == pytest.approx(1 / 3)
    assert found.baseline == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)


def test_windows_that_are_cut_off_are_left_out() -> None:
    late = games((5, 7), ())
    assert contagion.contagion(late, window=2).wars == 1
    assert contagion.contagion(late, window=3).wars == 0
    assert math.isnan(contagion.contagion(late, window=3).after_war)


def test_there_is_no_baseline_where_every_game_is_at_war() -> None:
    assert contagion.contagion(games((2, 4), (2,)), window=2).wars == 0


def chance(per_step: float) -> float:
    """The chance of an event within the window that has a chance in every step."""
    return 1 - (1 - per_step) ** contagion.WINDOW


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 5])
def test_wars_that_spread(n: int) -> None:
    """Before a war .19 of the crises end in one, afterwards all do."""
    t = record(DANGEROUS, Contagious(DANGEROUS, n), n_games=600, n_states=n, intents=0, seed=0)
    found = contagion.contagion(t)
    error = math.sqrt(0.25 / found.wars)
    assert found.after_war == pytest.approx(chance(0.15), abs=4 * error)
    assert found.baseline == pytest.approx(chance(0.15 * 0.19), abs=4 * error)


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 5])
def test_wars_by_chance_do_not_spread(n: int) -> None:
    t = record(DANGEROUS, Coin(0.2), n_games=1000, n_states=n, intents=0, seed=0)
    found = contagion.contagion(t)
    error = math.sqrt(0.25 / found.wars)
    assert found.after_war == pytest.approx(chance(0.15 * 0.36), abs=4 * error)
    assert found.baseline == pytest.approx(chance(0.15 * 0.36), abs=4 * error)


@pytest.mark.parametrize("n", [2, 3])
def test_without_third_parties_or_wars_there_is_nothing_to_measure(n: int) -> None:
    learner = {"slots": 60, "batch_size": 60 * 32}
    config = RunConfig.model_validate({"world": "doubly_dangerous", "game": {"n_states": n}, "learner": learner})
    policy = Coin(1.0) if n == 2 else Scripted(0)
    found = contagion.MEASUREMENT.of(Subject(policy, config, games=20, seed=0))
    assert set(found) == set(contagion.MEASUREMENT.definitions)
    assert all(math.isnan(value) for value in found.values())
