"""The Red Queen's race, in games whose growth of arms is known, and among scripted states that race or do not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from security_dilemma.params import WORLDS, Params
from security_dilemma.state import Move
from security_dilemma_training.policies import Matched
from security_dilemma_training.studies.controls import CONTROLS
from security_dilemma_training.studies.red_queen import MEASUREMENT, SPAN, race
from security_dilemma_training.studies.scripted import scripted
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import Trajectories, record
from tests.training.players import Scripted
from tests.training.runs_for_tests import small_config

PEACE = Params(crisis_rate=0.0, surge_attack=1.0, home_defence=1.0)
CONFIG = small_config(params={"crisis_rate": 0.0}, game={"max_cycles": 12})


def built_up(*added: tuple[float, ...], start: float = 0.0) -> Trajectories:
    """Peaceful games whose states have these arms, all offensive, from the second step on."""
    t = record(PEACE, Scripted(Move.HOLD), n_games=len(added), n_states=len(added[0]), intents=0, seed=0, max_cycles=4)
    offensive = np.full(t.offensive.shape, start)
    offensive[1:] += np.array(added)
    return t._replace(offensive=offensive)


def of(*names: str, games: int = 200) -> dict[str, float]:
    policies = [scripted(name, CONFIG) for name in names]
    policy = policies[0] if len(policies) == 1 else Matched(policies)
    return dict(MEASUREMENT.of(Subject(policy, CONFIG, games=games, seed=1)))


def test_what_the_other_matched_is_the_smaller_addition() -> None:
    """Additions of 2 and 2, and of 0 and 0: matched 2 and 0, beside the other game's partner 0 and 0."""
    found = race(built_up((2, 2), (0, 0)), span=2)
    assert found.growth == 1
    assert found.matched == 1
    assert found.matched_null == 0
    assert found.dyads == 2


def test_relative_strength_stays_in_a_race_and_shifts_in_a_build_up() -> None:
    """All serve both purposes (d = 0), so S = 1 + arms: ln 3 from 2 units, and a null of half the partners."""
    raced = race(built_up((2, 2), (0, 0)), span=2)
    assert raced.shift == pytest.approx(0, abs=1e-6)
    assert raced.shift_null == pytest.approx(math.log(3))
    assert race(built_up((2, 0), (2, 0)), span=2).shift == pytest.approx(math.log(3))
    assert race(built_up((2, 0), (2, 0), start=1.0), span=2).shift == pytest.approx(math.log(2))


@pytest.mark.parametrize(("d", "shift"), [(0.0, math.log(3)), (1.0, 0.5 * math.log(3))])
def test_strength_is_of_attack_and_defence(d: float, shift: float) -> None:
    """Two units of offensive arms make 1 into 3 in attack, and in defence too if they serve it."""
    t = built_up((2, 0), (2, 0))
    assert race(t._replace(params=PEACE.replace(distinguishability=d)), span=2).shift == pytest.approx(shift)


def test_a_one_sided_build_up_is_no_race() -> None:
    found = race(built_up((3, 0), (3, 0)), span=2)
    assert found.growth == 1.5
    assert found.matched == found.matched_null == 0


def test_arms_that_fall_are_not_matched() -> None:
    assert race(built_up((-1, -1), (-1, 2), start=1.0), span=2).matched == 0


def test_the_null_is_over_all_other_games() -> None:
    """First states add 3, 0, 0 and second ones 3, 0, 3: own pairs match 3, 0, 0, others' 0 + 0 + 0 and 3 + 0 + 0."""
    found = race(built_up((3, 3), (0, 0), (0, 3)), span=2)
    assert found.matched == pytest.approx(1)
    assert found.matched_null == pytest.approx((0 / 3 + 3 / 3) / 2)


def test_three_states_are_three_dyads() -> None:
    """Additions of 3, 2 and 1: the dyads match 2, 1 and 1."""
    found = race(built_up((3, 2, 1), (3, 2, 1)), span=2)
    assert found.dyads == 6
    assert found.matched == pytest.approx(4 / 3)


def test_games_that_saw_war_do_not_count() -> None:
    hawks = Scripted(Move.STRIKE)
    t = record(WORLDS["doubly_dangerous"].replace(crisis_rate=0.3), hawks, n_games=100, intents=0, seed=0)
    long = t.active[3].sum()
    assert 0 < race(t, span=3).dyads == long < 100
    everywhere = record(WORLDS["doubly_dangerous"].replace(crisis_rate=1.0), hawks, n_games=9, intents=0, seed=0)
    nothing = race(everywhere, span=1 + len(everywhere.active))
    assert nothing.dyads == 0
    assert math.isnan(nothing.matched)


def test_a_war_among_others_leaves_a_dyad_at_peace() -> None:
    t = built_up((2, 2, 1), (2, 2, 1))
    belligerent = np.zeros(t.belligerent.shape, bool)
    belligerent[0, 0, 2] = True
    found = race(t._replace(belligerent=belligerent), span=2)
    assert found.dyads == 2 + 1 + 1


def test_one_game_has_no_null() -> None:
    found = race(built_up((2, 2)), span=2)
    assert found.matched == 2
    assert math.isnan(found.matched_null)


def test_states_that_race_and_states_that_do_not() -> None:
    """Racers answer each other, drifters arm as often and do not.

    Two hawks reach the cap of 3; a hawk beside a dove does so alone.
    """
    racers, drifters = of("racer"), of("drifter")
    assert racers["red_queen_excess"] > 0.1
    assert racers["red_queen_shift"] < 0.5 * racers["red_queen_shift_null"]
    assert abs(drifters["red_queen_excess"]) < 0.1
    assert drifters["red_queen_shift"] == pytest.approx(drifters["red_queen_shift_null"], abs=0.08)
    assert 0.7 < drifters["red_queen_growth"] / racers["red_queen_growth"] < 1.1
    assert of("dove", games=5)["red_queen_index"] == 0
    hawks, one_sided = of("hawk", games=5), of("hawk", "dove", games=5)
    assert hawks["red_queen_index"] == pytest.approx(3, abs=1e-5)
    assert hawks["red_queen_excess"] == 0
    assert one_sided["red_queen_index"] == 0
    assert one_sided["red_queen_growth"] == pytest.approx(1.5, abs=1e-5)
    assert one_sided["red_queen_shift"] > 1


def test_a_richardson_pair_races_to_where_each_has_the_same() -> None:
    """They grow towards g / (m - a) = 1 unit each, step for step: all of it is matched."""
    found = of("richardson", games=5)
    assert 0.4 < found["red_queen_growth"] < 1
    assert found["red_queen_index"] == pytest.approx(found["red_queen_growth"])


def test_definitions_and_controls() -> None:
    assert set(of("dove", games=3)) == set(MEASUREMENT.definitions)
    assert str(SPAN) in MEASUREMENT.definitions["red_queen_growth"]
    assert {"racer", "drifter", "committed", "uncommitted", "fearful"} <= set(CONTROLS)
