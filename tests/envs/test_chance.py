"""Draws: shapes, kinds of distributions and seeds."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from security_dilemma.arrays import Array
from security_dilemma.chance import Draws, draw, draw_start, draw_step

UNIFORM = ("intent", "initiative", "balance", "war", "crisis", "dyad", "strike")
START = ("intent", "initiative", "balance", "perception")


@pytest.mark.parametrize("batch", [(), (7,), (3, 2)])
@pytest.mark.parametrize("n", [2, 5])
def test_shapes_and_dtypes(batch: tuple[int, ...], n: int) -> None:
    for dtype in (np.float32, np.float64):
        draws = draw(np.random.default_rng(0), n, batch, dtype)
        for name, value in draws._asdict().items():
            tail: tuple[int, ...] = () if name in ("balance", "war", "crisis", "dyad") else (n,)
            tail = (n, n) if name in ("posture", "arms") else tail
            assert np.shape(value) == (*batch, *tail), name
            assert np.asarray(value).dtype == dtype, name


def test_a_start_and_a_step_draw_what_they_use() -> None:
    rng = np.random.default_rng(0)
    start, step = draw_start(rng, 3, (4,)), draw_step(rng, 3, (4,), arms=False, strike=False)
    assert {name for name in Draws._fields if getattr(start, name) is not None} == set(START)
    assert {name for name in Draws._fields if getattr(step, name) is not None} == {"war", "crisis", "dyad", "posture"}


def test_equal_seeds_are_equal_and_others_differ() -> None:
    one, same, other = (draw(np.random.default_rng(seed), 3, (4,)) for seed in (1, 1, 2))
    for name in Draws._fields:
        assert_array_equal(getattr(one, name), getattr(same, name))
        assert not np.array_equal(getattr(one, name), getattr(other, name)), name


def test_distributions_and_independence() -> None:
    draws = draw(np.random.default_rng(0), 2, (20_000,), np.float64)
    columns: dict[str, Array] = {}
    for name, value in draws._asdict().items():
        flat = value.reshape(20_000, -1)
        columns |= {f"{name}{k}": flat[:, k] for k in range(flat.shape[1])}
        if name in UNIFORM:
            assert flat.min() >= 0
            assert flat.max() < 1
            assert abs(flat.mean() - 0.5) < 0.01
            assert abs(flat.var() - 1 / 12) < 0.005
        else:
            assert abs(flat.mean()) < 0.03
            assert abs(flat.var() - 1) < 0.05
    correlations = np.corrcoef(np.stack(list(columns.values()))) - np.eye(len(columns))
    assert np.abs(correlations).max() < 0.04
