"""The replicator dynamic over a population of strategies (Taylor & Jonker 1978), from a matrix of payoffs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["RestPoint", "evolve", "path", "random_populations", "rest_points", "velocity"]

Shares = NDArray[np.float64]


class RestPoint(NamedTuple):
    """Where populations end."""

    shares: Shares  # (n,), the mean of the populations that end here
    basin: float  # share of the starts that do


def velocity(payoffs: ArrayLike, shares: ArrayLike) -> Shares:
    """Return ``dx_i/dt = x_i [(A x)_i - x·A x]`` (Taylor & Jonker 1978, eq. 1), (..., n).

    Args:
        payoffs: A, (n, n), what the row strategy gets of a meeting with the column strategy.
        shares: x, (..., n), of the population, each a distribution.

    Raises:
        ValueError: If the payoffs are no finite square matrix, or the shares no distribution over its rows.
    """
    matrix, x = _checked(payoffs, shares)
    fitness = x @ matrix.T
    change: Shares = x * (fitness - np.sum(x * fitness, axis=-1, keepdims=True))
    return change


def path(payoffs: ArrayLike, start: ArrayLike, *, duration: float = 100.0, steps: int = 400) -> Shares:
    """Return populations over time, (steps + 1, ..., n), the start first.

    The logs of the shares are integrated by the classical Runge-Kutta method, so that shares stay a distribution, and
    who is there is never quite gone.

    Args:
        payoffs: A, (n, n).
        start: (..., n) shares.
        duration: In units of time in which a payoff that is better by 1 multiplies a share by e.
        steps: Number of equal steps; a step should not be much longer than one such unit over the spread of payoffs.

    Raises:
        ValueError: As :func:`velocity`.
    """
    matrix, x = _checked(payoffs, start)
    populations = [x]
    for _ in range(steps):
        populations.append(_step(matrix, populations[-1], duration / steps))
    return np.stack(populations)


def evolve(payoffs: ArrayLike, start: ArrayLike, *, duration: float = 2000.0, steps: int = 8000) -> Shares:
    """Return the populations at the end of :func:`path`, (..., n)."""
    matrix, x = _checked(payoffs, start)
    for _ in range(steps):
        x = _step(matrix, x, duration / steps)
    return x


def random_populations(count: int, strategies: int, seed: int = 0) -> Shares:
    """Return populations drawn evenly from all there can be, (count, strategies)."""
    return np.random.default_rng(seed).dirichlet(np.ones(strategies), count)


def rest_points(ends: ArrayLike, tolerance: float = 0.02) -> list[RestPoint]:
    """Return the distinct points among the ends of populations, the one with the largest basin first.

    Args:
        ends: (count, n), as of :func:`evolve`.
        tolerance: Ends count as one if no share differs by more than this from that of the first found.
    """
    left = np.asarray(ends, float)
    count, found = len(left), []
    while len(left):
        same = np.abs(left - left[0]).max(axis=-1) <= tolerance
        found.append(RestPoint(left[same].mean(axis=0), float(same.sum()) / count))
        left = left[~same]
    return sorted(found, key=lambda point: -point.basin)


def _step(matrix: NDArray[np.float64], x: Shares, h: float) -> Shares:
    """One Runge-Kutta step of ``d ln x_i/dt = (A x)_i`` up to a common term, which drops out of the shares."""
    first = x @ matrix.T
    second = _grown(x, 0.5 * h * first) @ matrix.T
    third = _grown(x, 0.5 * h * second) @ matrix.T
    fourth = _grown(x, h * third) @ matrix.T
    return _grown(x, h / 6 * (first + 2 * second + 2 * third + fourth))


def _grown(x: Shares, logs: NDArray[np.float64]) -> Shares:
    grown = x * np.exp(logs - logs.max(axis=-1, keepdims=True))
    shares: Shares = grown / grown.sum(axis=-1, keepdims=True)
    return shares


def _checked(payoffs: ArrayLike, shares: ArrayLike) -> tuple[NDArray[np.float64], Shares]:
    matrix, x = np.asarray(payoffs, float), np.asarray(shares, float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.all(np.isfinite(matrix)):
        raise ValueError(f"payoffs of shape {matrix.shape} must be a square matrix of finite numbers")
    good = x.ndim > 0 and x.shape[-1] == len(matrix) and np.all(x >= 0) and np.allclose(x.sum(axis=-1), 1)
    if not good:
        raise ValueError(f"shares must be {len(matrix)} numbers from 0 on that sum to 1, as many as strategies")
    return matrix, x
