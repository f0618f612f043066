"""What came out of a study: every seed of every condition, intervals over seeds, and comparisons with their tests.

Seeds are the replicates. Outcomes over seeds are bimodal, so tests are of ranks and exact, shares have Wilson
intervals, and every seed is shown. The p-values of all comparisons of a study are adjusted together (Holm 1979).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np

from security_dilemma_training.comparisons import holm, probability_of_improvement, rank_sum_test
from security_dilemma_training.statistics import (
    Interval,
    bootstrap_interval,
    iqm,
    least_p_of_groups,
    wilson_interval,
)
from security_dilemma_training.studies.registry import SHARES
from security_dilemma_training.studies.study_config import Comparison, StudyConfig

__all__ = ["Compared", "Finding", "Results", "Values", "group_difference"]

Values = Mapping[str, float | None]
"""Metrics of one seed by name; None where there was nothing to measure one on."""

SIGNIFICANT = 0.05
RESAMPLES = 10_000


class Finding(StrEnum):
    """How a comparison stands to what was expected of it."""

    AS_EXPECTED = "as expected"
    AGAINST = "against the expectation"
    NOT_TOLD_APART = "not told apart"
    NO_DIFFERENCE = "no difference found, as expected"
    HIGHER = "higher"
    LOWER = "lower"
    MISSING = "nothing to compare"


class Compared(NamedTuple):
    """One comparison over seeds."""

    comparison: Comparison
    seeds: tuple[int, int]  # that have the metric, of the condition and of what it is held against
    sides: tuple[Interval, Interval]  # of both
    difference: Interval  # of the interquartile means, or of the shares
    above: Interval  # chance that a seed of the condition is above one of the other, ties count half
    p: float  # exact two-sided rank-sum test; NaN where a side has no seed
    adjusted: float  # by Holm, over all comparisons of the study
    least: float  # the smallest p that so many seeds can give

    @property
    def finding(self) -> Finding:
        """How it stands to what was expected."""
        expected = self.comparison.expected
        if math.isnan(self.p):
            return Finding.MISSING
        if self.adjusted >= SIGNIFICANT:
            return Finding.NO_DIFFERENCE if expected == "equal" else Finding.NOT_TOLD_APART
        side = "higher" if self.above.estimate > 0.5 else "lower"
        if expected == "open":
            return Finding(side)
        return Finding.AS_EXPECTED if side == expected else Finding.AGAINST


class Results:
    """All that was measured.

    Attributes:
        asked: The study.
        values: By condition and seed the metrics; what failed is missing.
    """

    def __init__(self, asked: StudyConfig, values: Mapping[tuple[str, int], Values]) -> None:
        """Take what was measured."""
        self.asked, self.values = asked, values

    def seeds(self, condition: str, metric: str) -> list[float]:
        """Return a metric of every seed that was measured, in the order of seeds; NaN where a seed has none."""
        found = (self.values.get((condition, seed)) for seed in self.asked.seeds)
        return [math.nan if (value := one.get(metric)) is None else value for one in found if one is not None]

    def known(self, condition: str, metric: str) -> list[float]:
        """Return a metric of the seeds that have it."""
        return [value for value in self.seeds(condition, metric) if not math.isnan(value)]

    def interval(self, condition: str, metric: str) -> Interval:
        """Return the interquartile mean over seeds with its 95 % interval, or the share where a metric is 0 or 1."""
        values = self.known(condition, metric)
        if not values:
            return Interval(math.nan, math.nan, math.nan)
        if metric in SHARES:
            return wilson_interval(round(sum(values)), len(values))
        return bootstrap_interval([values], resamples=RESAMPLES)

    @property
    def missing(self) -> int:
        """How many seeds of conditions are missing."""
        return len(self.asked.conditions) * len(self.asked.seeds) - len(self.values)

    @cached_property
    def compared(self) -> list[Compared]:
        """Every comparison."""
        pairs = [self._sides(comparison) for comparison in self.asked.comparisons]
        raw = [rank_sum_test([x], [y]) if x and y else math.nan for x, y in pairs]
        tested = [p for p in raw if not math.isnan(p)]
        adjusted = iter(holm(tested).tolist() if tested else [])
        every = [next(adjusted) if not math.isnan(p) else math.nan for p in raw]
        comparisons = zip(self.asked.comparisons, pairs, raw, every, strict=True)
        return [self._compared(comparison, x, y, p, own) for comparison, (x, y), p, own in comparisons]

    def _sides(self, comparison: Comparison) -> tuple[list[float], list[float]]:
        return self.known(comparison.condition, comparison.metric), self.known(comparison.against, comparison.metric)

    def _compared(
        self, comparison: Comparison, x: Sequence[float], y: Sequence[float], p: float, adjusted: float
    ) -> Compared:
        nothing = Interval(math.nan, math.nan, math.nan)
        metric, told = comparison.metric, bool(x and y)
        return Compared(
            comparison,
            (len(x), len(y)),
            (self.interval(comparison.condition, metric), self.interval(comparison.against, metric)),
            group_difference(x, y, mean=metric in SHARES) if told else nothing,
            probability_of_improvement([x], [y]) if told else nothing,
            p,
            adjusted,
            least_p_of_groups((len(x), len(y))) if told else math.nan,
        )


def group_difference(x: Sequence[float], y: Sequence[float], *, mean: bool = False, seed: int = 0) -> Interval:
    """Return the difference of two groups' interquartile means, x - y, with its 95 % percentile interval.

    The seeds of either group are resampled on their own (Efron & Tibshirani 1993).

    Args:
        x: Values of one group.
        y: Values of the other.
        mean: Whether means are taken, as of shares.
        seed: Seed of the interval's own generator.

    Raises:
        ValueError: If a group is empty.
    """
    if not len(x) or not len(y):
        raise ValueError("both groups must have a seed")
    rng, groups = np.random.default_rng(seed), (np.asarray(x, float), np.asarray(y, float))
    statistic = (lambda values: values.mean(axis=-1)) if mean else iqm
    estimate = float(statistic(groups[0]) - statistic(groups[1]))
    if min(map(len, groups)) < 2:
        return Interval(estimate, math.nan, math.nan)
    drawn = [statistic(group[rng.integers(len(group), size=(RESAMPLES, len(group)))]) for group in groups]
    low, high = np.quantile(drawn[0] - drawn[1], (0.025, 0.975))
    return Interval(estimate, float(low), float(high))
