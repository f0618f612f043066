"""The replicator dynamic does in games with known answers what is known of it."""

from __future__ import annotations

import numpy as np
import pytest

from security_dilemma.theory import crisis_payoffs, critical_strike_probability, parity_chance
from security_dilemma_training.tournaments.replicator import evolve, path, random_populations, rest_points, velocity


def test_a_stag_hunt_has_two_basins_that_part_at_the_critical_probability() -> None:
    """The crisis between security seekers: a population goes to war iff more than π* of it strike."""
    chance = parity_chance(1.0)
    payoffs = np.reshape(crisis_payoffs(chance, 0.2), (2, 2))  # rows and columns: hold, strike
    critical = critical_strike_probability(chance, 0.2)
    starts = np.linspace(0.01, 0.99, 197)
    ends = evolve(payoffs, np.stack([1 - starts, starts], axis=-1), duration=2000, steps=2000)
    assert np.array_equal(ends[:, 1] > 0.5, starts > critical)
    peace, war = rest_points(ends)
    assert np.allclose(peace.shares, [1, 0])
    assert np.allclose(war.shares, [0, 1])
    assert abs(peace.basin - critical) < 0.01
    assert np.isclose(peace.basin + war.basin, 1)


def test_hawks_and_doves_end_mixed_from_every_start() -> None:
    """Value V = 2 and cost C = 5: the share of hawks is V/C (Maynard Smith & Price 1973)."""
    payoffs = [[-1.5, 2.0], [0.0, 1.0]]
    ends = evolve(payoffs, random_populations(50, 2), duration=200, steps=800)
    (point,) = rest_points(ends)
    assert np.allclose(point.shares, [0.4, 0.6], atol=1e-6)
    assert point.basin == 1


def test_in_a_dilemma_only_defection_is_left() -> None:
    ends = evolve([[3.0, 0.0], [5.0, 1.0]], [0.99, 0.01], duration=100, steps=400)
    assert np.allclose(ends, [0, 1], atol=1e-6)


def test_a_zero_sum_cycle_keeps_its_product() -> None:
    """Rock, paper, scissors goes round on curves of constant x·y·z (Hofbauer & Sigmund 1998)."""
    payoffs = [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]
    populations = path(payoffs, [0.6, 0.3, 0.1], duration=50, steps=1000)
    assert np.allclose(populations.prod(axis=-1), 0.018, rtol=1e-4)
    assert populations[:, 0].min() < 0.12
    assert populations[:, 0].max() > 0.55


def test_the_path_follows_its_velocity_and_stays_a_distribution() -> None:
    rng = np.random.default_rng(0)
    payoffs, start = rng.normal(size=(5, 5)), rng.dirichlet(np.ones(5), 3)
    populations = path(payoffs, start, duration=1e-3, steps=1)
    assert np.allclose((populations[1] - populations[0]) / 1e-3, velocity(payoffs, start), atol=1e-3)
    later = path(payoffs, start, duration=20, steps=100)
    assert np.allclose(later.sum(axis=-1), 1)
    assert (later > 0).all()
    assert np.allclose(later[-1], evolve(payoffs, start, duration=20, steps=100))
    finer = path(payoffs, start, duration=20, steps=400)
    assert np.allclose(later[-1], finer[-1], atol=1e-4)


def test_a_constant_added_to_a_column_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    payoffs, start = rng.normal(size=(4, 4)), rng.dirichlet(np.ones(4))
    assert np.allclose(velocity(payoffs, start), velocity(payoffs + rng.normal(size=4), start))


def test_rest_points_are_counted_by_basin() -> None:
    points = rest_points(np.array([[1, 0], [0, 1], [0.99, 0.01], [1, 0], [0.5, 0.5]]))
    assert [point.basin for point in points] == [0.6, 0.2, 0.2]
    assert np.allclose(points[0].shares, [2.99 / 3, 0.01 / 3])


@pytest.mark.parametrize(
    ("payoffs", "shares", "message"),
    [
        ([[1.0, 2.0]], [0.5, 0.5], "square"),
        ([[1.0, np.nan], [0.0, 1.0]], [0.5, 0.5], "finite"),
        ([[1.0, 2.0], [0.0, 1.0]], [0.5, 0.6], "sum to 1"),
        ([[1.0, 2.0], [0.0, 1.0]], [1.5, -0.5], "from 0 on"),
        ([[1.0, 2.0], [0.0, 1.0]], [0.2, 0.3, 0.5], "2 numbers"),
    ],
)
def test_bad_input_is_refused(payoffs: list[list[float]], shares: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        velocity(payoffs, shares)
