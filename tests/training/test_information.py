"""The information estimator against exact figures, and on games in which postures do or do not tell."""

from __future__ import annotations

import math

import numpy as np
import pytest

from security_dilemma.params import WORLDS
from security_dilemma.state import Move, Signal
from security_dilemma_training.information import miller_madow, mutual_information, posture_bits, signal_bits
from security_dilemma_training.trajectories import record
from tests.training.players import Coin, Scripted

THEORY_11 = [(0, 0), (0.2, 0.0290), (0.5, 0.1887), (0.8, 0.5310), (0.95, 0.8313), (1, 1)]
OPPOSED = Scripted(Move.ARM_DEFENSIVELY, Signal.ASSURE, greedy=(Move.ARM_OFFENSIVELY, Signal.BURN))


@pytest.mark.parametrize(("d", "bits"), THEORY_11)
def test_one_binary_label_of_known_accuracy(d: float, bits: float) -> None:
    right, wrong = (1 + d) / 4, (1 - d) / 4
    assert mutual_information(np.array([[right, wrong], [wrong, right]])) == pytest.approx(bits, abs=5e-5)
    counts = np.array([[right, wrong], [wrong, right]]) * 4000
    assert mutual_information(counts) == pytest.approx(bits, abs=5e-5)


def test_tables_are_taken_together_and_an_empty_one_tells_nothing() -> None:
    tables = np.array([[[1, 0], [0, 1]], [[2, 2], [2, 2]], [[0, 0], [0, 0]]])
    assert mutual_information(tables) == pytest.approx([1, 0, math.nan], nan_ok=True)


@pytest.mark.parametrize("d", [0.0, 0.2, 0.8])
def test_few_samples_are_corrected(d: float) -> None:
    rng = np.random.default_rng(0)
    intent = rng.integers(2, size=(20_000, 200))
    label = np.where(rng.random(intent.shape) < (1 + d) / 2, intent, 1 - intent)
    cells = np.apply_along_axis(np.bincount, 1, 2 * intent + label, minlength=4).reshape(-1, 2, 2)
    exact = float(mutual_information(np.array([[1 + d, 1 - d], [1 - d, 1 + d]])))
    plain, corrected = mutual_information(cells).mean(), miller_madow(cells).mean()
    assert plain > exact + 0.003
    assert corrected == pytest.approx(exact, abs=0.001)


@pytest.mark.parametrize(("world", "low", "high"), [("doubly_safe", 0.9, 1.0), ("intense", -0.001, 0.002)])
def test_postures_tell_intents_apart_only_where_they_can_be_seen(world: str, low: float, high: float) -> None:
    t = record(WORLDS[world], OPPOSED, n_games=1000, intents=[0, 1], seed=0)
    assert low < posture_bits(t) <= high


def test_visibility_in_between_tells_in_between() -> None:
    """A full posture moves the report by .086; the dossier's noise is .3 sqrt(ρ/(2-ρ)): the label is right in .69."""
    params = WORLDS["intense"].replace(visibility_override=0.2, posture_noise=0.3)
    t = record(params, OPPOSED, n_games=1000, intents=[0, 1], seed=0)
    assert 0.08 < posture_bits(t) < 0.107


@pytest.mark.parametrize(
    ("of_greedy", "of_seekers", "bits"), [(0.55, 0.5, 1), (0.51, 0.45, 1), (0.5, 0.45, 0), (0.6, 0.55, 0)]
)
def test_a_posture_reads_as_offensive_above_one_half(of_greedy: float, of_seekers: float, bits: float) -> None:
    t = record(WORLDS["intense"], Scripted(Move.HOLD), n_games=1000, intents=[0, 1], seed=0)
    believed = np.where(t.greedy, of_greedy, of_seekers)[:, None, :]
    assert posture_bits(t._replace(dossier=np.broadcast_to(believed, t.dossier.shape))) == pytest.approx(
        bits, abs=0.002
    )


def test_signals_that_follow_intents_carry_one_bit_and_constant_ones_none() -> None:
    assert signal_bits(record(WORLDS["intense"], OPPOSED, n_games=200, intents=[0, 1], seed=0)) == pytest.approx(
        1, abs=0.01
    )
    silent = record(WORLDS["intense"], Scripted(Move.HOLD), n_games=200, intents=[0, 1], seed=0)
    assert signal_bits(silent) == pytest.approx(0, abs=1e-9)


def test_without_two_intents_there_is_nothing_to_tell() -> None:
    t = record(WORLDS["doubly_safe"], OPPOSED, n_games=10, intents=0, seed=0)
    assert math.isnan(posture_bits(t))
    assert math.isnan(signal_bits(t))


def test_many_states_one_of_them_greedy() -> None:
    t = record(WORLDS["doubly_safe"], OPPOSED, n_games=300, n_states=4, intents=np.arange(4) == 2, seed=0)
    entropy = -(0.25 * math.log2(0.25) + 0.75 * math.log2(0.75))
    assert signal_bits(t) == pytest.approx(entropy, abs=0.01)
    assert 0.9 * entropy < posture_bits(t) <= entropy
    fought = record(WORLDS["doubly_safe"], Coin(0.5), n_games=300, n_states=4, intents=np.arange(4) == 2, seed=0)
    assert posture_bits(fought) == pytest.approx(0, abs=0.01)
