"""Comparisons of learners over seeds: which is better, how surely, and what so few seeds cannot tell.

Everywhere ``strata`` are one sequence of values, one per seed, for each stratum (world); seeds are the replicates and
nothing is assumed of how their outcomes are distributed: learned outcomes are bimodal. A value that is not a number is
refused, so that whoever leaves a seed out has to say so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from security_dilemma_training.statistics import Interval, bootstrap_interval, iqm

__all__ = [
    "Profile",
    "Strata",
    "holm",
    "paired_difference",
    "performance_profile",
    "probability_of_improvement",
    "rank_intervals",
    "rank_sum_test",
    "sign_flip_test",
]

Floats = NDArray[np.float64]
Strata = Sequence[ArrayLike] | NDArray[Any]

RESAMPLES = 10_000
ENUMERATED, FLIPS = 20, 20_000
"""Up to so many pairs every assignment of signs is looked at; beyond, so many random ones are."""


class Profile(NamedTuple):
    """A performance profile: the share of runs above each threshold, with pointwise 95 % bootstrap bounds."""

    thresholds: Floats  # (T,)
    share: Floats  # (T,)
    low: Floats  # (T,), NaN where a stratum has one seed only
    high: Floats  # (T,), likewise


def paired_difference(
    first: Strata,
    second: Strata,
    statistic: Callable[[Floats], NDArray[Any]] = iqm,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Return ``statistic(first) - statistic(second)`` with a stratified bootstrap interval over pairs of runs.

    Args:
        first: By stratum, the values of one side; value k of both sides is of the same seed.
        second: Those of the other.
        statistic: Reduces the last axis, of all strata pooled.
        resamples: Number of resamples; a seed is drawn with both of its values.
        seed: Seed of the interval's own generator.

    Raises:
        ValueError: If the sides do not match, or a stratum is empty or holds what is not a number.
    """
    pairs = [np.stack(pair) for pair in _matched(first, second)]

    def difference(drawn: Floats) -> NDArray[Any]:
        return np.asarray(statistic(drawn[0]) - statistic(drawn[1]))

    return bootstrap_interval(pairs, difference, resamples=resamples, seed=seed)


def probability_of_improvement(first: Strata, second: Strata, *, resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """Return ``P(X > Y) + ½ P(X = Y)`` of a run of each side, averaged over strata (Agarwal et al. 2021).

    In one stratum it is the Mann-Whitney U over the number of pairs of runs. The interval resamples the runs of each
    side and stratum.

    Args:
        first: By stratum, the values X.
        second: The values Y, in the same strata; their seeds need not match.
        resamples: Number of resamples.
        seed: Seed of the interval's own generator.

    Raises:
        ValueError: If the strata do not match, or one is empty or holds what is not a number.
    """
    wins = [_wins(x, y) for x, y in _opposed(first, second)]
    estimate = float(np.mean([matrix.mean() for matrix in wins]))
    if min(min(matrix.shape) for matrix in wins) < 2:
        return Interval(estimate, math.nan, math.nan)
    rng = np.random.default_rng(seed)
    drawn = [
        np.einsum(
            "rx,xy,ry->r", _weights(rng, resamples, len(matrix)), matrix, _weights(rng, resamples, matrix.shape[1])
        )
        for matrix in wins
    ]
    low, high = np.quantile(np.mean(drawn, axis=0), (0.025, 0.975))
    return Interval(estimate, float(low), float(high))


def performance_profile(strata: Strata, thresholds: ArrayLike, *, resamples: int = 2_000, seed: int = 0) -> Profile:
    """Return the share of runs whose value is above each threshold, averaged over strata (Agarwal et al. 2021).

    Args:
        strata: By stratum, the value of each seed.
        thresholds: (T,) values tau.
        resamples: Number of resamples of the pointwise bounds.
        seed: Seed of the bounds' own generator.

    Raises:
        ValueError: If a stratum is empty or holds what is not a number.
    """
    tau = np.asarray(thresholds, float)
    above = [values[:, None] > tau for values in _checked(strata)]
    share = np.mean([stratum.mean(axis=0) for stratum in above], axis=0)
    if min(map(len, above)) < 2:
        unknown = np.full(len(tau), math.nan)
        return Profile(tau, share, unknown, unknown)
    rng = np.random.default_rng(seed)
    drawn = np.mean([_weights(rng, resamples, len(stratum)) @ stratum for stratum in above], axis=0)
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    return Profile(tau, share, low, high)


def rank_intervals(
    contestants: Sequence[Strata],
    statistic: Callable[[Floats], NDArray[Any]] = iqm,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[Interval]:
    """Return the rank of each contestant, 1 for the highest, averaged over strata, with a bootstrap interval.

    Those that are equal share the mean of their ranks. In a resample the seeds of every contestant and stratum are
    drawn anew and all are ranked again.

    Args:
        contestants: Of each, the values by stratum; all have the same strata.
        statistic: Reduces the last axis, within one stratum.
        resamples: Number of resamples.
        seed: Seed of the intervals' own generator.

    Raises:
        ValueError: If strata do not match, or one is empty or holds what is not a number.
    """
    groups = [_checked(strata) for strata in contestants]
    if len({len(group) for group in groups}) != 1:
        raise ValueError("all contestants must have values in the same strata")
    ranks = _ranks(np.array([[statistic(values) for values in group] for group in groups])).mean(axis=-1)
    if min(values.size for group in groups for values in group) < 2:
        return [Interval(float(rank), math.nan, math.nan) for rank in ranks]
    rng = np.random.default_rng(seed)
    scores = [
        [statistic(values[rng.integers(values.size, size=(resamples, values.size))]) for values in group]
        for group in groups
    ]
    drawn = _ranks(np.array(scores)).mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975), axis=-1)
    return [Interval(*map(float, bounds)) for bounds in zip(ranks, low, high, strict=True)]


def rank_sum_test(first: Strata, second: Strata) -> float:
    """Return the exact two-sided p-value of the stratified Wilcoxon-Mann-Whitney test, unpaired (Wilcoxon 1945).

    Under the null hypothesis which side a run of a stratum belongs to is exchangeable. The statistic is the sum over
    strata of the rank sums, with mid-ranks for ties, and its permutation distribution is counted in full; as extreme
    is what lies as far from the middle. With values 0 and 1 in one stratum and equally many runs it is Fisher's exact
    test.

    Raises:
        ValueError: If the strata do not match, or one is empty or holds what is not a number.
    """
    strata = [(len(x), _doubled_ranks(np.concatenate([x, y]))) for x, y in _opposed(first, second)]
    step = int(np.gcd.reduce(np.concatenate([ranks for _, ranks in strata]))) or 1  # 2 where nothing is tied
    chances, lowest, observed, middle = np.ones(1), 0, 0, 0.0
    for chosen, ranks in strata:
        values = ranks // step
        low, own = _rank_sums(values, chosen)
        chances, lowest = np.convolve(chances, own), lowest + low
        observed += int(values[:chosen].sum())
        middle += chosen * float(values.mean())
    distance = np.abs(lowest + np.arange(len(chances)) - middle)
    return min(1.0, float(chances[distance >= abs(observed - middle) - 1e-6].sum()))


def sign_flip_test(differences: ArrayLike, *, seed: int = 0) -> float:
    """Return the two-sided p-value of Fisher's (1935) sign-flip permutation test for paired data.

    Under the null hypothesis the sign of each pair's difference is as likely the other; the statistic is their sum.
    With outcomes 0 and 1 it is McNemar's exact test. Above 20 pairs it rests on 20,000 random flips and counts the
    observed one among them, so that it is never 0.

    Args:
        differences: One for each pair; those of several strata may stand one after the other.
        seed: Seed of the random flips.

    Raises:
        ValueError: If there is none or one is not a number.
    """
    (values,) = _checked([differences])
    if values.size <= ENUMERATED:
        sums = np.zeros(1)
        for value in values:
            sums = np.concatenate([sums + value, sums - value])
    else:
        rng = np.random.default_rng(seed)
        flips = rng.integers(0, 2, size=(FLIPS, values.size), dtype=np.int8)
        sums = np.append((2.0 * flips - 1) @ values, values.sum())
    slack = 1e-9 * np.abs(values).sum()
    return float(np.mean(np.abs(sums) >= abs(values.sum()) - slack))


def holm(p_values: ArrayLike) -> Floats:
    """Return p-values adjusted for the number of tests by Holm's (1979) step-down method, in the order given.

    Raises:
        ValueError: If a p-value is not within [0, 1].
    """
    p = np.asarray(p_values, float)
    if not np.all((p >= 0) & (p <= 1)):
        raise ValueError(f"{p[~((p >= 0) & (p <= 1))]} are no p-values")
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p)))), 1)
    return adjusted


def _checked(strata: Strata) -> list[Floats]:
    groups = [np.asarray(values, float) for values in strata]
    if not groups or any(group.size == 0 for group in groups):
        raise ValueError("every stratum must hold the value of at least one seed")
    if any(np.isnan(group).any() for group in groups):
        raise ValueError("a value is not a number: leave out the seeds without one, and say so")
    return groups


def _opposed(first: Strata, second: Strata) -> list[tuple[Floats, Floats]]:
    """Both sides, stratum by stratum."""
    if len(first) != len(second):
        raise ValueError(f"both sides must have the same strata, not {len(first)} and {len(second)}")
    return list(zip(_checked(first), _checked(second), strict=True))


def _matched(first: Strata, second: Strata) -> list[tuple[Floats, Floats]]:
    """Both sides, stratum by stratum and seed by seed."""
    both = _opposed(first, second)
    if any(x.size != y.size for x, y in both):
        raise ValueError("in every stratum both sides must have the same seeds")
    return both


def _wins(x: Floats, y: Floats) -> Floats:
    """(len(x), len(y)): 1 where x is above y, ½ where they are equal."""
    wins: Floats = (x[:, None] > y) + 0.5 * (x[:, None] == y)
    return wins


def _weights(rng: np.random.Generator, resamples: int, runs: int) -> Floats:
    """(resamples, runs): the share that each run has in a resample."""
    weights: Floats = rng.multinomial(runs, np.full(runs, 1 / runs), size=resamples) / runs
    return weights


def _ranks(scores: Floats) -> Floats:
    """Mid-ranks along the first axis, 1 for the highest."""
    above = (scores[None] > scores[:, None]).sum(axis=1)
    alike = (scores[None] == scores[:, None]).sum(axis=1)
    ranks: Floats = above + (alike + 1) / 2
    return ranks


def _doubled_ranks(values: Floats) -> NDArray[np.int64]:
    """Twice the mid-ranks, whole numbers, less the smallest of them."""
    doubled = np.rint(-2 * _ranks(values[:, None])[:, 0]).astype(np.int64)
    shifted: NDArray[np.int64] = doubled - doubled.min()
    return shifted


def _rank_sums(values: NDArray[np.int64], chosen: int) -> tuple[int, Floats]:
    """The lowest sum of so many of the given integers, and from it on the chance of each, all choices alike."""
    counts = np.zeros((chosen + 1, int(values.sum()) + 1))
    counts[0, 0] = 1
    for value in values.tolist():
        counts[1:, value:] += counts[:-1, : counts.shape[1] - value].copy()
    ordered = np.sort(values)
    low, high = int(ordered[:chosen].sum()), int(ordered[len(values) - chosen :].sum())
    return low, counts[chosen, low : high + 1] / counts[chosen].sum()
