"""The few statistics over seeds, cross-checked against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from security_dilemma_training.statistics import FEW_SEEDS, bootstrap_interval, few_seeds, iqm, wilson_interval

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("n", [4, 8, 20, 100])
def test_iqm_is_the_trimmed_mean_where_quarters_are_whole(n: int) -> None:
    values = RNG.normal(size=(5, n))
    assert np.allclose(iqm(values), stats.trim_mean(values, 0.25, axis=-1))


@pytest.mark.parametrize("n", [1, 2, 3, 5, 7, 11])
def test_iqm_counts_the_values_at_the_edges_by_fractions(n: int) -> None:
    """Four copies of every value leave the distribution as it is and make the quarters whole."""
    values = RNG.normal(size=n)
    assert iqm(values) == pytest.approx(stats.trim_mean(np.repeat(values, 4), 0.25))


def test_iqm_of_five_by_hand() -> None:
    assert iqm([0, 1, 2, 3, 100]) == pytest.approx((0.75 * 1 + 2 + 0.75 * 3) / 2.5)


def test_the_interval_of_one_stratum_is_scipys_percentile_bootstrap() -> None:
    values = RNG.normal(size=25)
    found = bootstrap_interval([values], seed=1)
    known = stats.bootstrap((values,), iqm, n_resamples=10_000, method="percentile", vectorized=False, rng=2)
    assert found.estimate == pytest.approx(float(iqm(values)))
    assert (found.low, found.high) == pytest.approx(tuple(known.confidence_interval), abs=0.03)


def test_the_interval_of_a_mean_of_many_values_is_the_normal_one() -> None:
    values = RNG.normal(size=400)
    found = bootstrap_interval([values], lambda drawn: drawn.mean(axis=-1))
    half = 1.96 * values.std() / 20
    assert found == pytest.approx((values.mean(), values.mean() - half, values.mean() + half), abs=0.01)


def test_strata_are_resampled_within_themselves() -> None:
    """Strata that are constant leave nothing to chance; pooled without strata they would."""
    worlds = [np.zeros(10), np.ones(10)]
    assert bootstrap_interval(worlds)[1:] == (0.5, 0.5)
    pooled = bootstrap_interval([np.concatenate(worlds)])
    assert pooled.low < 0.5 < pooled.high


def test_the_interval_has_its_own_seed() -> None:
    values = [RNG.normal(size=9)]
    assert bootstrap_interval(values, seed=3) == bootstrap_interval(values, seed=3)
    assert bootstrap_interval(values, seed=3) != bootstrap_interval(values, seed=4)


def test_one_seed_has_no_interval() -> None:
    found = bootstrap_interval([[0.3]])
    assert found.estimate == pytest.approx(0.3)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    with pytest.raises(ValueError, match="at least one seed"):
        bootstrap_interval([[0.3], []])


def test_what_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="leave out the seeds"):
        bootstrap_interval([[0.1, 0.2], [0.3, math.nan]])


@pytest.mark.parametrize(("k", "n"), [(0, 1), (1, 1), (0, 5), (2, 5), (5, 11), (20, 20)])
def test_wilson_is_scipys(k: int, n: int) -> None:
    known = stats.binomtest(k, n).proportion_ci(method="wilson")
    assert wilson_interval(k, n) == pytest.approx((k / n, known.low, known.high), abs=1e-12)


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3), (0, 0)])
def test_what_is_no_share_is_refused(k: int, n: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson_interval(k, n)


def test_few_seeds_are_said() -> None:
    assert "one seed" in str(few_seeds(1))
    assert "0.51" in str(few_seeds(4))
    assert few_seeds(FEW_SEEDS) is None
