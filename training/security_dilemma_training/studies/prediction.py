"""What tells beforehand where learned states are at war: one predictor of the cells of a phase diagram against another.

Cells are the replicates. They are points of a grid that was chosen, and a seed begins with the same weights in every
cell: an interval over cells says how much hangs on single cells of this grid, not what holds in other worlds.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from security_dilemma.params import PARAMETERS, Params
from security_dilemma_training.statistics import Interval, bootstrap_interval
from security_dilemma_training.studies.net_assessment import WEAPONS, net_assessment

__all__ = [
    "Assessed",
    "Cells",
    "assess",
    "held_out_losses",
    "predictors_of",
    "rank_correlation",
    "read_cells",
    "within_columns",
]

Floats = NDArray[np.float64]

RESAMPLES = 2000
PENALTY = 1.0
"""Of a squared slope of a standardised predictor, halved, as a standard normal prior has it: without it the slope has
no end where a predictor parts war from peace."""
NEWTON_STEPS = 30
OUTCOMES = ("tragic_war_rate", "arms")


class Cells(NamedTuple):
    """Cells of a plane: what was varied, and what became of it. M cells."""

    params: tuple[Params, ...]  # (M,)
    at_war: Floats  # (M,), seeds that ended at war
    seeds: Floats  # (M,), seeds
    outcomes: Mapping[str, Floats]  # (M,) each, by the names of OUTCOMES


class Assessed(NamedTuple):
    """How well a predictor does, and how much better another one does; intervals over cells."""

    predictor: str
    correlation: Mapping[str, Interval]  # by outcome, Spearman's rank correlation
    better: Mapping[str, Interval]  # by outcome, this one's correlation less the reference's; 0 for itself
    within: Mapping[
        str, Interval
    ]  # by outcome, the mean correlation over columns of equal balance; interval over these
    loss: Interval  # log loss of a seed's ending in cells left out of the fit, nats
    less_loss: Interval  # this one's loss less the reference's


def read_cells(path: Path, plane: str = "balance_distinguishability") -> Cells:
    """Read the cells of a plane from a phase diagram's ``cells.csv``; other parameters are the model's defaults.

    Raises:
        ValueError: If the file has no cell of that plane with a seed.
    """
    with path.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    rows = [row for row in table if row["plane"] == plane and int(row["seeds"])]
    if not rows:
        planes = ", ".join(sorted({row["plane"] for row in table})) or "none"
        raise ValueError(f"plane = {plane!r} has no cell with a seed in {path}: its planes are {planes}")
    params = tuple(Params(**{name: float(row[name]) for name in row if name in PARAMETERS}) for row in rows)
    at_war, seeds = (np.array([float(row[name]) for row in rows]) for name in ("at_war", "seeds"))
    return Cells(params, at_war, seeds, {name: np.array([float(row[name]) for row in rows]) for name in OUTCOMES})


def predictors_of(params: Sequence[Params], stock: float | None = None) -> dict[str, Floats]:
    """Return by name what may tell of war in cells of equal states, each such that more of it should mean more war.

    Args:
        params: Of every cell.
        stock: Units of arms of which the net assessment is; None: ``arms_cap``.
    """
    found = {
        f"net assessment, {kind} arms": np.array(
            [float(net_assessment(p, float(p.arms_cap) if stock is None else stock, share)[0]) for p in params]
        )
        for kind, share in WEAPONS.items()
    }
    return {
        **found,
        "b, the balance": np.array([float(p.balance) for p in params]),
        "-d, indistinguishability": np.array([-float(p.distinguishability) for p in params]),
    }


def rank_correlation(first: ArrayLike, second: ArrayLike) -> Floats:
    """Return Spearman's (1904) rank correlation along the last axis; NaN where one side does not vary."""
    x, y = (_ranks(np.asarray(values, float)) for values in (first, second))
    x, y = (ranks - ranks.mean(axis=-1, keepdims=True) for ranks in (x, y))
    scale = np.sqrt((x**2).sum(axis=-1) * (y**2).sum(axis=-1))
    correlation: Floats = np.divide((x * y).sum(axis=-1), scale, out=np.full(scale.shape, np.nan), where=scale > 0)
    return correlation


def held_out_losses(predictor: Floats, at_war: Floats, seeds: Floats) -> Floats:
    """Return the log loss of a seed's ending in each cell by a logistic regression on all other cells, (M,) nats.

    Without anything to go by but that half of the seeds end at war it is ln 2 = .693.

    Args:
        predictor: (M,) or (predictors, M).
        at_war: (M,) seeds at war.
        seeds: (M,) seeds.
    """
    values = np.atleast_2d(predictor)
    losses = np.empty(len(at_war))
    for left_out in range(len(at_war)):
        kept = np.arange(len(at_war)) != left_out
        middle, spread = values[:, kept].mean(axis=1), values[:, kept].std(axis=1)
        design = np.vstack(
            [np.ones(len(at_war)), (values - middle[:, None]) / np.where(spread > 0, spread, 1)[:, None]]
        )
        weights = _fit(design[:, kept], at_war[kept], seeds[kept])
        logit = float(weights @ design[:, left_out])
        share = at_war[left_out] / seeds[left_out]
        losses[left_out] = share * np.logaddexp(0, -logit) + (1 - share) * np.logaddexp(0, logit)
    return losses


def assess(
    predictors: Mapping[str, Floats], cells: Cells, reference: str, *, resamples: int = RESAMPLES
) -> list[Assessed]:
    """Return how well each predictor does, beside a reference, with 95 % bootstrap intervals over cells.

    Args:
        predictors: (M,) each, by name.
        cells: The cells.
        reference: Name of the predictor that the others are held against.
        resamples: Number of resamples of cells.
    """
    weights = _resamples(len(cells.params), resamples)
    losses = {name: held_out_losses(values, cells.at_war, cells.seeds) for name, values in predictors.items()}
    known = predictors[reference]
    found = []
    for name, values in predictors.items():
        own, better, within = {}, {}, {}
        for outcome, came in cells.outcomes.items():
            at, drawn = _correlations(values, came, weights)
            other_at, other_drawn = _correlations(known, came, weights)
            own[outcome] = _interval(at, drawn)
            better[outcome] = _interval(at - other_at, drawn - other_drawn)
            columns = within_columns(values, came, [float(p.balance) for p in cells.params])
            within[outcome] = bootstrap_interval([columns], _mean, resamples=resamples)
        less = losses[name] - losses[reference]
        means = (bootstrap_interval([drawn], _mean, resamples=resamples) for drawn in (losses[name], less))
        found.append(Assessed(name, own, better, within, *means))
    return found


def within_columns(predictor: Floats, outcome: Floats, column: Sequence[float]) -> Floats:
    """Return the rank correlation within each column, (columns,); 0 where predictor or outcome does not vary there.

    What a predictor tells beyond the parameter that the columns are of: that one does not vary within them.

    Args:
        predictor: (M,).
        outcome: (M,).
        column: (M,) which column each cell is in, a value of the parameter.
    """
    columns = [np.asarray(column) == value for value in sorted(set(column))]
    return np.array([float(np.nan_to_num(rank_correlation(predictor[one], outcome[one]))) for one in columns])


def _mean(drawn: Floats) -> Floats:
    mean: Floats = drawn.mean(axis=-1)
    return mean


def _resamples(cells: int, resamples: int) -> Floats:
    """How often each cell is in each resample, (resamples, M)."""
    drawn: Floats = np.random.default_rng(0).multinomial(cells, np.full(cells, 1 / cells), size=resamples).astype(float)
    return drawn


def _correlations(predictor: Floats, outcome: Floats, weights: Floats) -> tuple[float, Floats]:
    """The rank correlation of the cells, and of each resample, (resamples,), where ranks are those within it.

    A resample in which one side does not vary says nothing, and has 0.
    """
    total = weights.sum(axis=1, keepdims=True)
    sides = []
    for values in (predictor, outcome):
        ranks = weights @ _above(values).T  # of every cell among those drawn
        sides.append(ranks - (weights * ranks).sum(axis=1, keepdims=True) / total)
    x, y = sides
    scale = np.sqrt((weights * x**2).sum(axis=1) * (weights * y**2).sum(axis=1))
    within = np.divide((weights * x * y).sum(axis=1), scale, out=np.zeros(len(weights)), where=scale > 1e-9)
    return float(np.nan_to_num(rank_correlation(predictor, outcome))), within


def _interval(estimate: float, drawn: Floats) -> Interval:
    """The percentile interval of what resamples give."""
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Interval(estimate, float(low), float(high))


def _above(values: Floats) -> Floats:
    """(..., M, M): 1 where the first is above the second, one half where they are equal."""
    first, second = values[..., :, None], values[..., None, :]
    above: Floats = (first > second) + 0.5 * (first == second)
    return above


def _ranks(values: Floats) -> Floats:
    """Mid-ranks along the last axis, from 1."""
    ranks: Floats = _above(values).sum(axis=-1) + 0.5
    return ranks


def _fit(design: Floats, at_war: Floats, seeds: Floats) -> Floats:
    """The weights of a penalised logistic regression by Newton's method, (predictors + 1,); the first is free."""
    penalty = PENALTY * np.eye(len(design))
    penalty[0, 0] = 1e-6  # only so that it ends where all seeds end alike
    weights = np.zeros(len(design))
    for _ in range(NEWTON_STEPS):
        chance = 0.5 + 0.5 * np.tanh(0.5 * (weights @ design))
        gradient = design @ (at_war - seeds * chance) - penalty @ weights
        curvature = (design * (seeds * chance * (1 - chance))) @ design.T + penalty
        step = np.linalg.solve(curvature, gradient)
        weights = weights + step
        if math.isclose(float(np.abs(step).max()), 0.0, abs_tol=1e-10):
            break
    return weights
