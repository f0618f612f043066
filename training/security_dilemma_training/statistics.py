"""Statistics over seeds: seeds, not episodes, are the replicates, and their outcomes are bimodal."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "FEW_SEEDS",
    "Interval",
    "bootstrap_interval",
    "few_seeds",
    "iqm",
    "least_p_of_groups",
    "least_p_of_pairs",
    "optimality_gap",
    "wilson_interval",
]

FEW_SEEDS = 5
"""Below this many seeds an interval over seeds is hardly worth the name: even if all seeds agree, the 95 % Wilson
interval of a share of seeds is wider than one half (4 of 4: from .51)."""

Z95 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""


class Interval(NamedTuple):
    """An estimate with a 95 % interval; the bounds are NaN where too few seeds allow none."""

    estimate: float
    low: float
    high: float


def iqm(values: ArrayLike) -> NDArray[np.float64]:
    """Return the interquartile mean over the last axis (Agarwal et al. 2021).

    The mean of the middle half of the sorted values; where a quarter is no whole number of values, those at its edges
    count by the fraction of them that lies within.
    """
    ordered = np.sort(np.asarray(values, float), axis=-1)
    n = ordered.shape[-1]
    edges = np.arange(n + 1) / n
    inside = np.clip(edges[1:], 0.25, 0.75) - np.clip(edges[:-1], 0.25, 0.75)
    mean: NDArray[np.float64] = ordered @ (2 * inside)
    return mean


def optimality_gap(values: ArrayLike, target: float = 1.0) -> NDArray[np.float64]:
    """Return by how much values fall short of a target, on average over the last axis (Agarwal et al. 2021).

    What lies above the target counts as the target: ``mean(max(target - x, 0))``. Discounted payoffs have 1, an
    undisturbed peaceful future, as their natural target, and are the same units in every world.
    """
    gap: NDArray[np.float64] = np.maximum(target - np.asarray(values, float), 0).mean(axis=-1)
    return gap


def bootstrap_interval(
    strata: Sequence[ArrayLike],
    statistic: Callable[[NDArray[np.float64]], NDArray[Any]] = iqm,
    *,
    resamples: int = 10_000,
    seed: int = 0,
) -> Interval:
    """Return a statistic with its 95 % stratified-bootstrap percentile interval (Efron & Tibshirani 1993).

    Args:
        strata: Values for each stratum (world), (..., seeds); each is resampled within itself. Values of one seed along
            leading axes (say, with and without a control) are resampled together, as paired data must be. The statistic
            is taken of all strata pooled; for the interval of one world, give that world alone.
        statistic: Reduces the last axis, and leading axes of its own, as
            ``lambda pairs: iqm(pairs[0]) - iqm(pairs[1])`` does for pairs.
        resamples: Number of resamples.
        seed: Seed of the interval's own generator.

    Raises:
        ValueError: If a stratum is empty or holds what is not a number.
    """
    groups = [np.asarray(values, float) for values in strata]
    if not groups or any(group.size == 0 for group in groups):
        raise ValueError("every stratum must hold the value of at least one seed")
    if any(np.isnan(group).any() for group in groups):
        raise ValueError("a value is not a number: leave out the seeds without one, and say so")
    estimate = float(statistic(np.concatenate(groups, axis=-1)))
    if min(group.shape[-1] for group in groups) < 2:
        return Interval(estimate, math.nan, math.nan)
    rng = np.random.default_rng(seed)
    drawn = [group[..., rng.integers(group.shape[-1], size=(resamples, group.shape[-1]))] for group in groups]
    low, high = np.quantile(statistic(np.concatenate(drawn, axis=-1)), (0.025, 0.975))
    return Interval(estimate, float(low), float(high))


def wilson_interval(successes: int, seeds: int) -> Interval:
    """Return a share of seeds with its 95 % Wilson (1927) score interval.

    Raises:
        ValueError: If there are no seeds or more successes than seeds.
    """
    if not 0 <= successes <= seeds or seeds == 0:
        raise ValueError(f"{successes} of {seeds} seeds is no share")
    share, z2 = successes / seeds, Z95**2
    centre = (share + z2 / (2 * seeds)) / (1 + z2 / seeds)
    half = Z95 / (1 + z2 / seeds) * math.sqrt(share * (1 - share) / seeds + z2 / (4 * seeds**2))
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half))


def few_seeds(seeds: int) -> str | None:
    """Return what so few seeds cannot tell, or None where there are enough."""
    if seeds >= FEW_SEEDS:
        return None
    if seeds == 1:
        return "one seed says nothing about the spread over seeds: no interval can be given"
    low = wilson_interval(seeds, seeds).low
    return f"{seeds} seeds tell little: even if all end alike, the share of seeds that do may be as low as {low:.2f}"


def least_p_of_pairs(pairs: int) -> float:
    """Return the smallest p-value that a sign-flip test of so many pairs can give, ``2 / 2^n``."""
    return min(1.0, 2.0 ** (1 - pairs))


def least_p_of_groups(*sizes: tuple[int, int]) -> float:
    """Return the smallest p-value that a rank-sum test can give, ``2 / Π (n+m choose n)``.

    Args:
        sizes: In each stratum, the runs n and m of both sides.
    """
    return min(1.0, 2 / math.prod(math.comb(n + m, n) for n, m in sizes))
