"""Comparisons over seeds: known cases, scipy beside them, and what must hold for any data."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from security_dilemma_training.comparisons import (
    holm,
    paired_difference,
    performance_profile,
    probability_of_improvement,
    rank_intervals,
    rank_sum_test,
    sign_flip_test,
)
from security_dilemma_training.statistics import (
    bootstrap_interval,
    iqm,
    least_p_of_groups,
    least_p_of_pairs,
    optimality_gap,
)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


SAMPLES = st.lists(st.integers(0, 3).map(float), min_size=1, max_size=6)
"""Few values, so that ties abound."""


def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(values.mean(axis=-1))


def far(pooled: NDArray[np.float64], n: int) -> float:
    """How far the rank sum of the first n is from its middle."""
    return float(abs(stats.rankdata(pooled)[:n].sum() - n * (len(pooled) + 1) / 2))


@given(SAMPLES, SAMPLES)
@settings(max_examples=40, deadline=None)
def test_improvement_is_scipys_u_over_all_pairs_and_its_own_complement(x: list[float], y: list[float]) -> None:
    found = probability_of_improvement([x], [y], resamples=10).estimate
    known = stats.mannwhitneyu(x, y, method="asymptotic").statistic if len(set(x + y)) > 1 else len(x) * len(y) / 2
    assert found == pytest.approx(known / (len(x) * len(y)))
    assert found + probability_of_improvement([y], [x], resamples=10).estimate == pytest.approx(1)


def test_the_interval_of_improvement_is_scipys_bootstrap(rng: np.random.Generator) -> None:
    x, y = rng.normal(0.5, size=12), rng.normal(size=9)

    def share(a: NDArray[Any], b: NDArray[Any], axis: int = -1) -> Any:
        return (a[..., :, None] > b[..., None, :]).mean(axis=(-2, -1))

    known = stats.bootstrap((x, y), share, n_resamples=10_000, method="percentile", rng=1).confidence_interval
    found = probability_of_improvement([x], [y])
    assert found[1:] == pytest.approx((known.low, known.high), abs=0.03)


def test_improvement_is_averaged_over_worlds_whatever_their_seeds() -> None:
    found = probability_of_improvement([[1, 1, 1, 1], [0, 0]], [[0, 0], [0, 0]])
    assert found == (0.75, 0.75, 0.75)
    assert math.isnan(probability_of_improvement([[1]], [[0, 0]]).low)


def test_the_interval_of_a_paired_difference_is_scipys_paired_bootstrap(rng: np.random.Generator) -> None:
    shared = rng.normal(size=25)
    x, y = shared + 0.1 * rng.normal(size=25) + 0.5, shared

    def difference(a: NDArray[Any], b: NDArray[Any], axis: int = -1) -> Any:
        return iqm(a) - iqm(b)

    known = stats.bootstrap((x, y), difference, n_resamples=10_000, method="percentile", paired=True, rng=1)
    found = paired_difference([x], [y])
    assert found.estimate == pytest.approx(float(iqm(x) - iqm(y)))
    assert found[1:] == pytest.approx(tuple(known.confidence_interval), abs=0.02)


def test_seeds_are_drawn_with_both_of_their_values(rng: np.random.Generator) -> None:
    """What differs by a constant in every pair leaves nothing to chance, in every stratum."""
    x, y = rng.normal(size=8), rng.normal(size=5)
    assert paired_difference([x + 2, y + 2], [x, y], mean) == pytest.approx((2, 2, 2))
    ratio = bootstrap_interval([np.stack([x, 3 * x])], lambda drawn: mean(drawn[1]) / mean(drawn[0]))
    assert ratio == pytest.approx((3, 3, 3))


def test_a_profile_is_the_empirical_survival_function_and_worlds_count_alike(rng: np.random.Generator) -> None:
    values, tau = rng.normal(size=15), np.linspace(-2, 2, 9)
    found = performance_profile([values], tau)
    assert found.share == pytest.approx(stats.ecdf(values).sf.evaluate(tau))
    binomial = [stats.binom(15, share).ppf((0.025, 0.975)) / 15 for share in found.share]
    assert np.stack([found.low, found.high], axis=-1) == pytest.approx(np.array(binomial), abs=1 / 15 + 1e-9)
    assert performance_profile([[1, 1, 1, 1], [0, 0]], [0.5]).share == pytest.approx([0.5])
    assert np.isnan(performance_profile([[1.0], [2.0, 3.0]], [0.5]).low).all()


def test_the_optimality_gap_stops_at_the_target(rng: np.random.Generator) -> None:
    assert optimality_gap([0.0, 0.5, 3.0]) == pytest.approx((1 + 0.5 + 0) / 3)
    values = rng.uniform(0, 1, size=9)
    assert optimality_gap(values) == pytest.approx(1 - values.mean())


def test_ranks_say_how_sure_they_are() -> None:
    clear = rank_intervals([[[5, 5.1, 5.2]], [[1, 1.1, 1.2]], [[3, 3.1, 3.2]]])
    assert clear == [(1, 1, 1), (3, 3, 3), (2, 2, 2)]
    tied = rank_intervals([[[0, 1, 0, 1]], [[1, 0, 1, 0]]])
    assert tied == [(1.5, 1, 2), (1.5, 1, 2)]
    assert [interval.estimate for interval in rank_intervals([[[1, 1], [0, 0]], [[0, 0], [0, 0]]])] == [1.25, 1.75]
    assert math.isnan(rank_intervals([[[1]], [[0]]])[0].low)


@given(SAMPLES, SAMPLES)
@settings(max_examples=30, deadline=None)
def test_the_rank_sum_test_counts_every_choice(x: list[float], y: list[float]) -> None:
    pooled = np.array(x + y)
    observed = far(pooled, len(x))
    choices = [
        far(np.r_[pooled[list(chosen)], np.delete(pooled, list(chosen))], len(x))
        for chosen in itertools.combinations(range(len(pooled)), len(x))
    ]
    assert rank_sum_test([x], [y]) == pytest.approx(np.mean(np.array(choices) >= observed - 1e-9))


def test_without_ties_the_rank_sum_test_is_scipys_exact_one(rng: np.random.Generator) -> None:
    for n, m in ((3, 3), (5, 5), (4, 9), (20, 25)):
        x, y = rng.normal(0.7, size=n), rng.normal(size=m)
        assert rank_sum_test([x], [y]) == pytest.approx(stats.mannwhitneyu(x, y, method="exact").pvalue)


@pytest.mark.parametrize(("first", "second"), [(0, 5), (1, 4), (2, 3), (5, 5)])
def test_of_wars_and_peaces_the_rank_sum_test_is_fishers(first: int, second: int) -> None:
    x, y = ([1.0] * k + [0.0] * (5 - k) for k in (first, second))
    known = stats.fisher_exact([[first, 5 - first], [second, 5 - second]]).pvalue
    assert rank_sum_test([x], [y]) == pytest.approx(known)


def test_worlds_add_up_in_the_rank_sum_test() -> None:
    """Two strata against scipy's permutation test, in which each stratum is permuted within itself."""
    strata = [(np.array([1.0, 2.0, 4.0]), np.array([0.0, 3.0])), (np.array([2.0, 2.0]), np.array([1.0, 2.0, 0.0]))]

    def sums(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
        pooled = stats.rankdata(np.r_[x, y])
        chosen = itertools.combinations(range(len(pooled)), len(x))
        return np.array([pooled[list(places)].sum() - len(x) * (len(pooled) + 1) / 2 for places in chosen])

    both = [sums(x, y) for x, y in strata]
    everything = np.add.outer(*both).ravel()
    observed = both[0][0] + both[1][0]  # the first choice is the one observed
    known = np.mean(np.abs(everything) >= abs(observed) - 1e-9)
    found = rank_sum_test([x for x, _ in strata], [y for _, y in strata])
    assert found == pytest.approx(known)


@given(st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=8))
@settings(max_examples=30, deadline=None)
def test_the_sign_flip_test_is_scipys_over_all_flips(differences: list[float]) -> None:
    values = np.array(differences)
    known = 1.0
    if len(values) > 1:
        known = stats.permutation_test(
            (values,),
            lambda x, axis: np.abs(x.sum(axis=axis)),
            permutation_type="samples",
            alternative="greater",
            n_resamples=np.inf,
            vectorized=True,
        ).pvalue
    assert sign_flip_test(values) == pytest.approx(known)


@pytest.mark.parametrize(("only_first", "only_second"), [(5, 0), (4, 1), (7, 3), (2, 2)])
def test_of_wars_and_peaces_the_sign_flip_test_is_mcnemars(only_first: int, only_second: int) -> None:
    differences = [1.0] * only_first + [-1.0] * only_second + [0.0] * 4
    known = stats.binomtest(only_first, only_first + only_second).pvalue
    assert sign_flip_test(differences) == pytest.approx(known)


def test_many_pairs_are_flipped_at_random_and_no_p_is_zero(rng: np.random.Generator) -> None:
    values = rng.normal(0.25, size=40)
    exact_enough = stats.ttest_1samp(values, 0).pvalue
    assert sign_flip_test(values) == pytest.approx(exact_enough, abs=0.02)
    assert sign_flip_test(values) == sign_flip_test(values)
    assert 0 < sign_flip_test(np.ones(60)) < 1e-3


def test_scipys_wilcoxon_agrees_where_differences_are_their_own_ranks() -> None:
    values = np.array([1.0, -2.0, 3.0, 4.0, -5.0, 6.0, 7.0, 8.0])
    assert sign_flip_test(values) == pytest.approx(stats.wilcoxon(values, method="exact").pvalue)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.sampled_from([0.01, 0.05, 0.2]))
@settings(max_examples=60, deadline=None)
def test_holm_rejects_what_closed_testing_with_bonferroni_rejects(p: list[float], level: float) -> None:
    """Marcus, Peritz & Gabriel (1976): a hypothesis falls if every intersection that contains it does."""
    adjusted = holm(p)
    for i in range(len(p)):
        sets = [chosen for k in range(1, len(p) + 1) for chosen in itertools.combinations(range(len(p)), k)]
        needed = max(min(1.0, len(chosen) * min(p[j] for j in chosen)) for chosen in sets if i in chosen)
        assert adjusted[i] == pytest.approx(needed)
        assert (adjusted[i] <= level) == (needed <= level) or adjusted[i] == pytest.approx(level)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]).size == 0
    for wrong in ([0.1, math.nan], [1.2], [-0.1]):
        with pytest.raises(ValueError, match="no p-values"):
            holm(wrong)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_the_least_p_values_are_those_of_the_clearest_cases(n: int) -> None:
    assert sign_flip_test(np.arange(1, n + 1)) == pytest.approx(least_p_of_pairs(n))
    high, low = np.arange(n) + 100.0, np.arange(n + 1) * 1.0
    assert rank_sum_test([high], [low]) == pytest.approx(least_p_of_groups((n, n + 1)))
    both = least_p_of_groups((n, n + 1), (n, n + 1))
    assert rank_sum_test([high, high], [low, low]) == pytest.approx(both)


def test_equal_values_tell_nothing_apart() -> None:
    same = [[0.4] * 5]
    assert probability_of_improvement(same, same) == pytest.approx((0.5, 0.5, 0.5))
    assert rank_sum_test(same, same) == 1
    assert sign_flip_test([0.0] * 5) == 1
    assert paired_difference(same, same) == (0, 0, 0)


def test_the_tests_keep_their_level(rng: np.random.Generator) -> None:
    """Of samples that do not differ no more than one in twenty is called different, and not far fewer."""
    p_values = [rank_sum_test([rng.normal(size=8)], [rng.normal(size=8)]) for _ in range(600)]
    flips = [sign_flip_test(rng.normal(size=9)) for _ in range(600)]
    assert 0.02 < np.mean(np.array(p_values) <= 0.05) < 0.08
    assert 0.02 < np.mean(np.array(flips) <= 0.05) < 0.08


Comparison = Callable[[Any, Any], Any]


@pytest.mark.parametrize(
    "compare", [probability_of_improvement, paired_difference, rank_sum_test, lambda x, y: rank_intervals([x, y])]
)
def test_what_cannot_be_compared_is_refused(compare: Comparison) -> None:
    for x, y, told in (
        ([[1.0, math.nan]], [[1.0, 2.0]], "not a number"),
        ([[]], [[]], "at least one seed"),
        ([], [], "at least one seed"),
        ([[1.0]], [[1.0], [2.0]], "same strata"),
    ):
        with pytest.raises(ValueError, match=told):
            compare(x, y)


def test_pairs_must_match_and_differences_be_numbers() -> None:
    with pytest.raises(ValueError, match="same seeds"):
        paired_difference([[1.0, 2.0]], [[1.0]])
    for wrong in ([], [1.0, math.nan]):
        with pytest.raises(ValueError, match=r"not a number|at least one seed"):
            sign_flip_test(wrong)
        with pytest.raises(ValueError, match=r"not a number|at least one seed"):
            performance_profile([wrong], [0.0])
