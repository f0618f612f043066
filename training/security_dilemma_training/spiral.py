"""The spiral index: how strongly states answer each other's arms, over how strongly they restrain their own.

Richardson's (1960) race ``Δx = a y - m x + g, Δy = b x - n y + h`` is estimated by ordinary least squares. In
continuous time it spirals where ``ab > mn``, so the index is ``sqrt(ab / (mn))``, or ``a / m`` for a symmetric pair.
It is read beside the micro-founded ρ of the security-requirement map.

The race is linear, the game's arms are not: a step that ends at the cap shows less than a state would have bought, so
such steps are left out. The most that one move buys censors likewise, and is not corrected for: where states want more
than ``build`` units a step, the reaction is underestimated.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from security_dilemma_training.metrics import wars
from security_dilemma_training.trajectories import Bools, Floats, Trajectories

__all__ = ["Index", "Reaction", "estimate", "reaction", "spiral_index"]

COLLINEAR = 1e-6
"""Least share of the variation of a regressor that the other must leave unexplained."""

FEWEST = 30
"""Steps that an estimate must rest on."""

CAPPED = 1 - 1e-4
"""Share of the cap from which on arms are at it."""


class Reaction(NamedTuple):
    """One side of a Richardson race, per step; NaN where it is not identified."""

    reaction: float  # a: arms bought per unit of the other's arms
    restraint: float  # m: arms given up per unit of one's own arms
    grievance: float  # g: arms bought whatever the others have
    steps: int  # observations it rests on
    reason: str | None = None  # why it is not identified


class Index(NamedTuple):
    """A spiral index; above 1 the race feeds itself."""

    value: float
    reason: str | None = None  # why there is none


def estimate(change: Floats, other: Floats, own: Floats) -> Reaction:
    """Return the least-squares fit of ``Δx = a y - m x + g``.

    Args:
        change: (k,) Δx, change of the own arms in a step.
        other: (k,) y, the other's arms at the start of the step.
        own: (k,) x, the own arms at the start of the step.
    """
    k = len(change)
    if k < FEWEST:
        return _unidentified(k, f"{k} peaceful steps below the cap are fewer than {FEWEST}, ten for each coefficient")
    means = [float(np.mean(values, dtype=float)) for values in (change, other, own)]
    dx, y, x = (np.asarray(v, float) - mean for v, mean in zip((change, other, own), means, strict=True))
    xx, yy, xy = float(x @ x), float(y @ y), float(x @ y)
    if xx <= COLLINEAR * k * means[2] ** 2 or xx == 0:
        return _unidentified(k, "no variation of the own arms")
    if yy <= COLLINEAR * k * means[1] ** 2 or yy == 0:
        return _unidentified(k, "no variation of the other's arms")
    determinant = xx * yy - xy * xy
    if determinant <= COLLINEAR * xx * yy:
        return _unidentified(k, "the own arms and the other's arms move as one")
    a = (float(y @ dx) * xx - float(x @ dx) * xy) / determinant
    m = (float(y @ dx) * xy - float(x @ dx) * yy) / determinant
    return Reaction(a, m, means[0] - a * means[1] + m * means[2], k)


def reaction(trajectories: Trajectories, who: Bools) -> Reaction:
    """Return the Richardson reaction of the states of ``who``, pooled over games and peaceful steps below the cap.

    A step is peaceful for a state that lives through it in a game that sees no war in it and goes on; it is below the
    cap if the state's own arms are at its end. The other's arms are the sum over all other living states.

    Args:
        trajectories: T steps of G games of N states.
        who: (G, N) bool, whose reaction.
    """
    t = trajectories
    peaceful = (t.present[:-1] & t.present[1:] & ~wars(t)[:-1, :, None]) & who
    arms = np.where(t.present, t.arms, 0)
    free = peaceful & (arms[1:] < CAPPED * np.asarray(t.params.arms_cap))
    others = arms.sum(axis=-1, keepdims=True) - arms
    return estimate((arms[1:] - arms[:-1])[free], others[:-1][free], arms[:-1][free])


def spiral_index(first: Reaction, second: Reaction) -> Index:
    """Return ``sqrt(ab / (mn))``, or a reason why there is none; with ``second = first`` it is ``a / m``.

    Args:
        first: Of one side, a and m.
        second: Of the other side, b and n.
    """
    for side in (first, second):
        if side.reason is not None:
            return Index(math.nan, side.reason)
    for side in (first, second):
        if side.restraint <= 0:
            return Index(math.nan, f"restraint m = {side.restraint:.3g} is not positive: arms grow by themselves")
    if second is first:
        return Index(first.reaction / first.restraint)
    product = first.reaction * second.reaction
    if product < 0:
        return Index(math.nan, f"reactions {first.reaction:.3g} and {second.reaction:.3g} have opposite signs")
    return Index(math.sqrt(product / (first.restraint * second.restraint)))


def _unidentified(steps: int, reason: str) -> Reaction:
    return Reaction(math.nan, math.nan, math.nan, steps, reason)
