"""The Hobbesian trap: whose strikes cannot be predatory, and what part of them is due to what is seen."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from security_dilemma.params import WORLDS
from security_dilemma.state import Move, Signal
from security_dilemma_training.analysis.situations import entries
from security_dilemma_training.metrics import not_predatory, preemptive_share
from security_dilemma_training.policies import Bools, Floats, Matched, Policy
from security_dilemma_training.studies.hobbesian_trap import (
    MEASUREMENT,
    Asking,
    fear,
    trap_rate,
    trapped_strikes,
    trapped_wars,
)
from security_dilemma_training.studies.scripted import scripted
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import record
from tests.training.players import Scripted
from tests.training.runs_for_tests import small_config

CONFIG = small_config(world="doubly_dangerous", params={"crisis_rate": 0.3}, game={"max_cycles": 12})
PLACE = {name: entry.place for name, entry in entries(CONFIG).items()}
DANGEROUS = WORLDS["doubly_dangerous"].replace(crisis_rate=1.0)
STRIKES, HOLDS = (Move.STRIKE, Signal.SILENT), (Move.HOLD, Signal.SILENT)


class Wary:
    """Strikes with a tenth for each unit of the other's arms and a fifth of its dossier, and else arms; it tells so."""

    def probabilities(self, observations: NDArray[Any]) -> tuple[NDArray[np.float64], ...]:
        arms, share = (observations[..., PLACE[f"other_1_{name}"]].astype(float) for name in ("arms", "dossier"))
        strike = 0.1 * arms + 0.2 * share
        moves = np.stack([np.zeros_like(strike)] * 2 + [1 - strike, np.zeros_like(strike), strike], axis=-1)
        return moves, np.full((*strike.shape, 5), 0.2)

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        return np.broadcast_to([Move.ARM_OFFENSIVELY, Signal.SILENT], (*observations.shape[:-1], 2))


def of(*names: str, games: int = 40, config: Any = CONFIG) -> dict[str, float]:
    policies = [scripted(name, config) for name in names]
    policy: Policy = policies[0] if len(policies) == 1 else Matched(policies)
    return dict(MEASUREMENT.of(Subject(policy, config, games=games, seed=1)))


@pytest.mark.parametrize(
    ("plays", "strikes", "wars", "rate"),
    [
        ((STRIKES, HOLDS), 1.0, 1.0, 1.0),  # only the security seeker strikes
        ((HOLDS, STRIKES), 0.0, 0.0, 0.0),  # only the greedy state does
        ((STRIKES, STRIKES), 0.5, 0.0, 1.0),  # both: half of the strikes, and no war that is all a seeker's
    ],
)
def test_whose_strikes_and_wars_they_are(
    plays: tuple[tuple[int, int], ...], strikes: float, wars: float, rate: float
) -> None:
    seeker, greedy = plays
    t = record(DANGEROUS, Scripted(*seeker, greedy=greedy), n_games=20, intents=[0, 1], seed=0)
    assert trapped_strikes(t) == strikes
    assert trapped_wars(t) == wars
    assert trap_rate(t) == rate


@pytest.mark.parametrize(("spoils", "share"), [(0.4, 1.0), (1.0, 0.0)])
def test_a_seeker_that_gains_by_conquest_is_in_no_trap(spoils: float, share: float) -> None:
    """At b = 3 the unarmed win with Λ(2 (3 - ln 10)) = .8014, and .8014 (1 + spoils) - .25 is .872 and 1.353."""
    t = record(DANGEROUS.replace(spoils=spoils, balance=3.0), Scripted(*STRIKES), n_games=20, intents=0, seed=0)
    assert trapped_strikes(t) == trapped_wars(t) == trap_rate(t) == preemptive_share(t, ~t.greedy) == share
    assert not_predatory(t)[1].all() == bool(share)


def test_nobody_strikes() -> None:
    found = of("dove", games=10)
    assert math.isnan(found["trap_strikes"])
    assert math.isnan(found["trap_wars"])
    assert found["trap_rate"] == 0
    assert found["fear"] == found["fear_of_posture"] == 0
    assert math.isnan(found["fear_share"])
    assert set(found) == set(MEASUREMENT.definitions)


def test_fear_is_what_the_strike_probability_falls_by() -> None:
    """Of .1 arms + .2 dossier the other unarmed leaves .2 · ½, and wholly defensive arms leave .1 arms."""
    asking = Asking(Wary(), CONFIG, np.random.default_rng(0))
    t = record(CONFIG.resolved_params(), asking, n_games=40, intents=0, seed=0, max_cycles=12)
    met = t.crisis & t.present
    arms, dossier = t.arms[..., ::-1], t.dossier[..., [0, 1], [1, 0]]
    counts = met.sum(axis=(0, 2))
    some = counts > 0

    def by_game(values: NDArray[Any]) -> float:
        return float((np.where(met, values, 0).sum(axis=(0, 2))[some] / counts[some]).mean())

    found = fear(asking, t)
    assert found.strike == pytest.approx(by_game(0.1 * arms + 0.2 * dossier), abs=1e-5)
    assert found.unarmed == pytest.approx(0.1, abs=1e-5)
    assert found.defensive == pytest.approx(by_game(0.1 * arms), abs=1e-5)


def test_asking_changes_nothing_that_is_played() -> None:
    asked, plain = (
        record(DANGEROUS, policy, n_games=20, intents=0, seed=5, max_cycles=12)
        for policy in (
            Asking(scripted("committed", CONFIG), CONFIG, np.random.default_rng(9)),
            scripted("committed", CONFIG),
        )
    )
    np.testing.assert_array_equal(asked.move, plain.move)
    np.testing.assert_array_equal(asked.reward, plain.reward)


def test_only_security_seekers_are_asked_about() -> None:
    asking = Asking(scripted("hawk", CONFIG), CONFIG, np.random.default_rng(0))
    t = record(DANGEROUS, asking, n_games=10, intents=1, seed=0, max_cycles=12)
    assert math.isnan(fear(asking, t).strike)


@pytest.mark.slow
def test_fear_opportunity_and_habit() -> None:
    """All arm for attack; one strikes the armed, one the weaker, one whoever is there.

    Shown an unarmed other, the first does not strike any more, the second does now, and the third does as before.
    """
    fearful, bully, hawk = of("fearful"), of("bully"), of("hawk")
    assert fearful["fear"] > 0.5
    assert fearful["fear_share"] == 1
    assert fearful["fear_of_posture"] == 0  # where weapons serve both purposes (d = 0) posture is no matter
    assert bully["fear"] < -0.5
    assert hawk["fear"] == hawk["fear_share"] == 0
    assert 0.7 < hawk["trap_strikes"] < 0.9  # seekers are .8 of all states under the prior


def test_fear_of_posture_where_it_can_be_told_and_matters() -> None:
    seen = small_config(world="not_intense", params={"crisis_rate": 0.3}, game={"max_cycles": 12})
    assert of("fearful", config=seen)["fear_of_posture"] > 0.3


def test_the_fearful_fear_hawks_and_not_doves() -> None:
    """Among fearful and hawk half of those asked are hawks; against a dove there is nothing to fear."""
    with_hawk = of("fearful", "hawk")
    assert 0.2 < with_hawk["fear"] < 0.5
    assert of("fearful", "dove")["fear"] == 0


def test_fear_with_three_states_and_rates() -> None:
    three = small_config(world="doubly_dangerous", params={"crisis_rate": 0.3}, game={"n_states": 3, "max_cycles": 12})
    assert of("fearful", config=three)["fear_share"] == 1
    rates = small_config(game={"action_mode": "continuous", "max_cycles": 12})
    assert math.isnan(of("hawk", games=5, config=rates)["fear"])
