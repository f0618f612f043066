"""Signalling and listening of states whose answers are known, by intervention and in play."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from security_dilemma.state import BURN, SILENT, Move, Signal
from security_dilemma_training.algorithms.policies import Readable
from security_dilemma_training.analysis.situations import entries
from security_dilemma_training.config import RunConfig, load
from security_dilemma_training.policies import Bools, Floats, Policy
from security_dilemma_training.studies.controls import CONTROLS
from security_dilemma_training.studies.signalling import (
    MEASUREMENT,
    met,
    shuffled_accuracy,
    signal_accuracy,
)
from security_dilemma_training.studies.study_config import StudyConfig
from security_dilemma_training.studies.subject import Subject
from tests.training.players import Scripted
from tests.training.runs_for_tests import small_config

TENSE = {"crisis_rate": 1.0, "trust": 0.5, "greed": 1.0}


class Chances:
    """Arms for defence, strikes and burns with chances that what it sees adds to: a weight for each entry by name."""

    def __init__(self, config: RunConfig, **weights: Mapping[str, float]) -> None:
        """Take for ``arms``, ``strikes`` and ``burns`` the chance with nothing seen, ``base``, and the weights."""
        self._weights, self._places = weights, {name: entry.place for name, entry in entries(config).items()}

    def _chance(self, what: str, seen: NDArray[Any]) -> NDArray[Any]:
        weights = dict(self._weights.get(what, {}))
        chance = np.full(seen.shape[:-1], weights.pop("base", 0.0))
        return chance + sum(weight * seen[..., self._places[name]] for name, weight in weights.items())

    def probabilities(self, observations: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        moves, signals = np.zeros((2, *observations.shape[:-1], 5))
        moves[..., Move.ARM_DEFENSIVELY] = self._chance("arms", observations)
        moves[..., Move.STRIKE] = self._chance("strikes", observations)
        signals[..., BURN] = self._chance("burns", observations)
        moves[..., Move.HOLD], signals[..., SILENT] = 1 - moves.sum(axis=-1), 1 - signals.sum(axis=-1)
        return moves, signals

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        drawn = [part.cumsum(axis=-1) > rng.random((*part.shape[:-1], 1)) for part in self.probabilities(observations)]
        return np.stack([part.argmax(axis=-1) for part in drawn], axis=-1)


def subject(policy: Any, games: int = 40, **changes: Any) -> Subject:
    config = small_config(**{"params": TENSE} | changes)
    made: Policy = CONTROLS[policy](config) if isinstance(policy, str) else policy(config)
    return Subject(made, config, games=games, seed=7)


def measured(policy: Any, **changes: Any) -> Mapping[str, float]:
    return MEASUREMENT.of(subject(policy, **changes))


def deaf_and_mute(config: RunConfig) -> Chances:
    return Chances(config, arms={"base": 0.3}, strikes={"base": 0.2}, burns={"base": 0.4})


def test_every_metric_of_the_measurement_is_defined() -> None:
    assert set(measured("separator", games=4)) == set(MEASUREMENT.definitions)


@pytest.mark.parametrize("name", ["costly_signaller", "costly_listener", "separator"])
@pytest.mark.parametrize("n_states", [2, 3])
def test_controls_do_what_they_tell(name: str, n_states: int) -> None:
    one = subject(name, games=10, game={"n_states": n_states})
    situations = met(one)
    assert isinstance(one.policy, Readable)
    told = one.policy.probabilities(situations.everywhere.observations)
    seen = situations.everywhere.observations.reshape(-1, 1, situations.everywhere.observations.shape[-1])
    mask = np.ones((len(seen), n_states, sum(part.shape[-1] for part in told)), bool)
    one.policy.restart(len(seen))  # type: ignore[attr-defined]
    done = one.policy.act(np.repeat(seen, n_states, axis=1), mask, np.random.default_rng(0))[:, 0]
    for k, part in enumerate(told):
        np.testing.assert_array_equal(part.argmax(axis=-1), done[:, k])
        np.testing.assert_array_equal(np.sort(part, axis=-1)[:, -2:], [[0.0, 1.0]] * len(done))


def test_a_separating_state_signals_listens_and_is_spared() -> None:
    """Every step from the second on is a crisis, and seekers are at war in it unless both have burnt."""
    found = measured("separator")
    assert (found["signal_shift"], found["signal_accuracy"], found["strike_response"]) == (1.0, 1.0, 1.0)
    assert found["signal_type_bits"] == pytest.approx(1.0, abs=0.03)
    assert (found["seekers_speak"], found["greedy_speak"]) == (1.0, 0.0)
    assert found["saying_effect"] == -1.0


def test_signalling_without_listening_and_listening_without_signalling() -> None:
    signals, listens = measured("costly_signaller"), measured("costly_listener")
    assert (signals["signal_shift"], listens["signal_shift"]) == (1.0, 0.0)
    assert (signals["strike_response"], listens["strike_response"]) == (0.0, 1.0)
    assert (signals["saying_effect"], listens["saying_effect"]) == (0.0, -1.0)
    assert (signals["signal_accuracy"], listens["signal_accuracy"]) == (1.0, 0.5)


def test_who_looks_at_neither_type_nor_message_has_exactly_nothing() -> None:
    found = measured(deaf_and_mute)
    for name in ("signal_shift", "strike_response", "arming_response"):
        assert found[name] == 0.0
    free = measured(deaf_and_mute, params=TENSE | {"burn_cost": 0.0}, game={"signals": ["burn"]})
    assert free["saying_effect"] == 0.0, "the same chance gives the same games"


def test_shifts_and_responses_by_hand() -> None:
    def some(config: RunConfig) -> Chances:
        return Chances(
            config,
            burns={"base": 0.8, "own_greed": -0.6},
            strikes={"base": 0.5, "other_1_burn": -0.3, "other_1_pledge": 0.1},
            arms={"base": 0.1, "other_1_open": 0.25},
        )

    found = measured(some)
    assert found["signal_shift"] == pytest.approx(0.6)
    assert found["strike_response"] == pytest.approx(0.3)
    assert math.isnan(found["strike_response_unheard"]), "the game has all signals"
    assert found["arming_response"] == pytest.approx(0.25)
    pledging = measured(some, game={"signals": ["pledge"]})
    assert pledging["signal_shift"] == 0.0, "to burn is to be silent here"
    assert pledging["strike_response"] == pytest.approx(0.1)
    assert pledging["strike_response_unheard"] == pytest.approx(0.3)
    assert pledging["arming_response"] == 0.0


def test_without_signals_there_is_nothing_to_hear() -> None:
    found = measured("separator", game={"signals": False})
    for name in ("signal_shift", "strike_response", "arming_response", "saying_effect", "seekers_speak"):
        assert found[name] == 0.0
    assert found["strike_response_unheard"] == 1.0
    assert found["signal_accuracy"] == 0.5


def test_greed_is_that_of_each_state() -> None:
    """Of two states one has nothing to be greedy of: its types are one, and half of the situations are its own."""
    found = measured("costly_signaller", params=TENSE | {"greed": [0.0, 0.8]})
    assert found["signal_shift"] == pytest.approx(0.5)


def test_accuracy_in_play_is_half_plus_half_the_distance() -> None:
    """Seekers burn in three steps of four, greedy states in one of four: .75 of guesses are right, .5 at the floor."""

    def leaning(config: RunConfig) -> Chances:
        return Chances(config, burns={"base": 0.75, "own_greed": -0.5})

    played = subject(leaning, games=200, params=TENSE | {"crisis_rate": 0.0}).mixed
    assert signal_accuracy(played) == pytest.approx(0.75, abs=0.01)
    assert math.isnan(signal_accuracy(played, np.zeros_like(played.greedy)))
    assert 0.5 <= shuffled_accuracy(played, 1) < 0.55


def test_the_floor_is_reached_by_who_says_the_same_of_both_types() -> None:
    one = subject(deaf_and_mute, games=200, params=TENSE | {"crisis_rate": 0.0})
    floor = shuffled_accuracy(one.mixed, 1)
    assert signal_accuracy(one.mixed) == pytest.approx(floor, abs=0.02)


def test_of_who_tells_no_probabilities_play_alone_is_measured() -> None:
    found = measured(lambda _: Scripted(Move.HOLD, Signal.BURN, greedy=(Move.HOLD, Signal.SILENT)))
    interventions = {"signal_shift", "strike_response", "strike_response_unheard", "arming_response"}
    assert {name for name, value in found.items() if math.isnan(value)} == interventions
    assert found["signal_accuracy"] == 1.0
    assert found["saying_effect"] == 0.0


def test_rates_have_no_messages_to_set() -> None:
    def holds(config: RunConfig) -> Any:
        return CONTROLS["costly_signaller"](config)

    found = measured(holds, game={"action_mode": "continuous"})
    assert math.isnan(found["saying_effect"])
    assert found["signal_accuracy"] == 1.0


def test_the_study_holds_one_kind_of_signal_against_another_in_the_same_world() -> None:
    study = load(Path("configs/studies/signals.yaml"), [], StudyConfig)
    sets = {name: study.run_config(name, 0).game.signals for name in study.conditions}
    for world in ("hidden", "seen"):
        assert [sets[f"{world}_{kind}"] for kind in ("none", "assure", "burn", "pledge", "open")] == [
            False,
            *(("silent", kind) for kind in ("assure", "burn", "pledge", "open")),
        ]
