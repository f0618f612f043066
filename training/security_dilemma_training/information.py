"""Information: what postures and signals tell about intent, in bits (Shannon 1948)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from security_dilemma.state import Signal
from security_dilemma_training.metrics import speaking
from security_dilemma_training.trajectories import Bools, Floats, Trajectories

__all__ = ["miller_madow", "mutual_information", "posture_bits", "signal_bits"]


def mutual_information(joint: Floats | NDArray[np.integer]) -> Floats:
    """Return ``I = Σ p(a,b) log2[p(a,b) / (p(a) p(b))]`` in bits, (...).

    A binary label of accuracy q on an even binary prior carries ``1 - H(q)`` bits.

    Args:
        joint: (..., A, B) probabilities or counts; normalised here. All zero gives NaN.
    """
    table = np.asarray(joint, float)
    total = table.sum(axis=(-2, -1))
    entropies = [_entropy_sum(table.sum(axis=-1)), _entropy_sum(table.sum(axis=-2))]
    cells = table.reshape(*table.shape[:-2], table.shape[-2] * table.shape[-1])
    whole = np.where(total > 0, total, np.nan)
    bits: Floats = np.log2(whole) + (_entropy_sum(cells) - entropies[0] - entropies[1]) / whole
    return bits


def miller_madow(counts: NDArray[np.integer] | Floats) -> Floats:
    """Return the mutual information of samples in bits, corrected for the bias of few (Miller 1955), (...).

    The plug-in estimate is too high by about ``(K_ab - K_a - K_b + 1) / (2 n ln 2)``, K being the numbers of cells
    that occur. The corrected estimate may fall slightly below 0 where nothing is told.

    Args:
        counts: (..., A, B) counts of independent samples.
    """
    table = np.asarray(counts, float)
    cells = (table > 0).sum(axis=(-2, -1))
    labels = (table.sum(axis=-1) > 0).sum(axis=-1) + (table.sum(axis=-2) > 0).sum(axis=-1)
    n = table.sum(axis=(-2, -1))
    bias = np.divide(cells - labels + 1, 2 * n * np.log(2), out=np.zeros(n.shape), where=n > 0)
    corrected: Floats = mutual_information(table) - bias
    return corrected


def posture_bits(trajectories: Trajectories) -> float:
    """Return the bits that a state's posture, as it stands in the other's dossier, carries about its intent.

    The dossier is read as a binary label, offensive where it exceeds ½; games of one step are the samples, and steps
    are averaged with the number of their samples as weights, from the second step (dossiers start empty). NaN where
    intents do not vary.
    """
    t = trajectories
    n = t.greedy.shape[-1]
    about_other = ~np.eye(n, dtype=bool)
    there = (t.present[..., :, None] & t.present[..., None, :] & about_other)[1:]
    greedy = np.broadcast_to(t.greedy[:, None, :], there.shape)
    labels = (t.dossier[1:] > 0.5).astype(np.intp)
    return _mean_bits(greedy, labels, there, 2)


def signal_bits(trajectories: Trajectories) -> float:
    """Return the bits that a state's signal carries about its intent, averaged as in :func:`posture_bits`.

    Correlation is not communication: a message that moves nobody may carry bits, too.
    """
    t = trajectories
    greedy = np.broadcast_to(t.greedy, t.signal.shape)
    return _mean_bits(greedy, t.signal.astype(np.intp), speaking(t), len(Signal))


def _entropy_sum(weights: Floats) -> Floats:
    """``Σ w log2 w`` over the last axis, with ``0 log 0 = 0``."""
    total: Floats = (weights * np.log2(np.where(weights > 0, weights, 1))).sum(axis=-1)
    return total


def _mean_bits(greedy: Bools, labels: NDArray[np.intp], there: Bools, n_labels: int) -> float:
    """Corrected bits per step, averaged over steps by their samples; arrays have the steps as their first axis."""
    n_steps = len(labels)
    step = np.arange(n_steps).reshape(-1, *[1] * (labels.ndim - 1))
    cell = (step * 2 + greedy) * n_labels + labels
    counts = np.bincount(cell[there], minlength=n_steps * 2 * n_labels).reshape(n_steps, 2, n_labels)
    if not counts.sum(axis=(0, 2)).all():
        return float("nan")
    samples = counts.sum(axis=(1, 2))
    some = samples > 0
    return float(np.average(miller_madow(counts[some]), weights=samples[some]))
