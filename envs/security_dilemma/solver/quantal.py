"""The logit agent quantal response equilibrium and its principal branch.

In a quantal response equilibrium (McKelvey & Palfrey 1998) each information set plays an action with a probability
proportional to ``exp(λ u)``, u being what the action is worth there given how everybody plays, oneself later included.
The principal branch starts at precision λ = 0 and is followed by its arc length (Turocy 2005), so that it can turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from security_dilemma.solver.enumeration import Floats
from security_dilemma.solver.payoffs import action_values, history_reach, sum_by
from security_dilemma.solver.tree import Behaviour, GameTree, Profile

__all__ = ["QuantalBranch", "QuantalResponse", "quantal_response_branch"]

FIRST_STEP = 0.05
LARGEST_STEP = 0.1
"""Of the arc, as a share of 1 + λ."""
SMALLEST_STEP = 1e-7
TURNING_STEP = 1e-3
"""A turn of the branch is located to this length of arc."""
CLOSE = 1e-11
"""Residual of a point, in units of log odds and relative to 1 + λ."""
STRAIGHT = 0.95
"""Smallest cosine between two tangents in turn."""
CORRECTIONS = 12
MOST_STEPS = 20_000


class QuantalResponse(NamedTuple):
    """A quantal response equilibrium."""

    precision: float  # λ
    profile: Profile


class QuantalBranch(NamedTuple):
    """The principal branch, as far as it first exceeds the largest precision asked for."""

    points: tuple[QuantalResponse, ...]  # at the precisions asked for, in the order in which the branch meets them
    turns: tuple[float, ...]  # precisions at which the branch turns back or forth, in order

    def at(self, precision: float) -> tuple[Profile, ...]:
        """Return the branch's profiles at a precision that was asked for: several where the branch has turned."""
        return tuple(point.profile for point in self.points if point.precision == precision)


def quantal_response_branch(
    tree: GameTree, precisions: Sequence[float], reference: Profile | None = None
) -> QuantalBranch:
    """Follow the principal branch of agent quantal response equilibria.

    Args:
        tree: The game. One step costs (number of actions of all information sets)² expected payoffs.
        precisions: The precisions λ asked for, each at least 0, in units of 1 / payoff.
        reference: What is played at λ = 0, every action with a positive probability; it multiplies ``exp(λ u)``.
            Default: all actions alike. A learner whose actions amount to fewer (four moves of five to a hold) starts
            at, and is drawn to, what its uniform policy amounts to; see :meth:`GameTree.behaviour_of`.

    Raises:
        ValueError: If a precision is negative or not finite, or the reference leaves an action out.
        ArithmeticError: If the branch cannot be followed.
    """
    asked = [float(precision) for precision in precisions]
    if not all(np.isfinite(precision) and precision >= 0 for precision in asked):
        raise ValueError(f"precisions = {list(precisions)!r} must be finite and in [0, ∞)")
    reference = tree.checked(tree.uniform() if reference is None else reference)
    if not all(np.all(part > 0) for behaviour in reference for part in behaviour):
        raise ValueError("reference: every action must have a positive probability")
    system = _System(tree, reference)
    points, turns = _followed(system, asked)
    return QuantalBranch(tuple(QuantalResponse(precision, system.profile(odds)) for precision, odds in points), turns)


class _System:
    """``F(z, λ) = z - z0 - λ Δu``: z are the log odds of each action against the first of its information set."""

    def __init__(self, tree: GameTree, reference: Profile) -> None:
        self._tree = tree
        self._shapes = [[part.shape for part in behaviour] for behaviour in reference]
        self.start = _against_first([np.log(part) for behaviour in reference for part in behaviour])

    def profile(self, odds: Floats) -> Profile:
        """Return the profile with these log odds."""
        behaviours: list[Behaviour] = []
        taken = 0
        for shapes in self._shapes:
            parts = []
            for rows, size in shapes:
                part = np.zeros((rows, size))
                part[:, 1:] = odds[taken : taken + rows * (size - 1)].reshape(rows, size - 1)
                taken += rows * (size - 1)
                part = np.exp(part - part.max(axis=-1, keepdims=True))
                parts.append(part / part.sum(axis=-1, keepdims=True))
            behaviours.append(tuple(parts))
        return behaviours[0], behaviours[1]

    def advantages(self, odds: Floats) -> Floats:
        """Return Δu: what each action is worth above the first of its information set, once that is reached."""
        profile = self.profile(odds)
        worth = []
        for player in range(2):
            own = profile[player]
            values = action_values(self._tree, profile, player, partial(_mean_value, own))
            reaches = history_reach(self._tree, profile, without=player)
            for stage, value, reach in zip(self._tree.stages, values, reaches, strict=True):
                reached = sum_by(stage.sets[:, player], reach, stage.n_sets(player))[:, None]
                # NaN where the other's probabilities are too small for float64: no step leads there
                worth.append(np.divide(value, reached, out=np.full_like(value, np.nan), where=reached > 0))
        return _against_first(worth)

    def residual(self, point: Floats) -> Floats:
        """Return F at a point (z, λ)."""
        fault: Floats = point[:-1] - self.start - point[-1] * self.advantages(point[:-1])
        return fault

    def jacobian(self, point: Floats) -> Floats:
        """Return F's derivatives by (z, λ), (n, n + 1); by z from central differences."""
        odds, precision = point[:-1], point[-1]
        derivative = np.empty((len(odds), len(point)))
        for k in range(len(odds)):
            shift = np.zeros(len(odds))
            shift[k] = 1e-5
            slope = (self.advantages(odds + shift) - self.advantages(odds - shift)) / 2e-5
            derivative[:, k] = -precision * slope
            derivative[k, k] += 1
        derivative[:, -1] = -self.advantages(odds)
        return derivative


def _mean_value(own: Behaviour, stage: int, values: Floats) -> Floats:
    mean: Floats = (values * own[stage]).sum(axis=-1)
    return mean


def _against_first(parts: list[Floats]) -> Floats:
    return np.concatenate([(part[:, 1:] - part[:, :1]).ravel() for part in parts])


def _followed(system: _System, asked: list[float]) -> tuple[list[tuple[float, Floats]], tuple[float, ...]]:
    """Predict along the tangent, correct at right angles to it, until the largest precision is exceeded."""
    here = _Place.at(system, np.append(system.start, 0.0), np.append(np.zeros(len(system.start)), 1.0))
    found = [(precision, system.start) for precision in asked if precision == 0]
    turns: list[float] = []
    furthest = max(asked, default=0.0)
    step = FIRST_STEP
    for _ in range(MOST_STEPS):
        if here.precision >= furthest:
            return found, tuple(turns)
        there = here.onward(system, step)
        turned = there is not None and there.forth != here.forth
        if there is None or there.tangent @ here.tangent < STRAIGHT or (turned and step > TURNING_STEP):
            step *= 0.5
            if step < SMALLEST_STEP:
                break
            continue
        if turned:
            turns.append(here.precision)
        low, high = sorted((here.precision, there.precision))
        between = sorted({p for p in asked if low < p <= high}, reverse=there.precision < here.precision)
        found += [(precision, _at_precision(system, here, there, precision)) for precision in between]
        here, step = there, min(1.5 * step, LARGEST_STEP * (1 + there.precision))
    least = min(float(part.min()) for behaviour in system.profile(here.point[:-1]) for part in behaviour)
    raise ArithmeticError(
        f"the branch could not be followed beyond precision {here.precision:g}, step {step:g}; the least probability "
        f"of an action is {least:.0e} there, and float64 ends at 1e-308"
    )


class _Place(NamedTuple):
    """A point of the branch."""

    point: Floats  # (n + 1,) log odds and precision
    jacobian: Floats  # (n, n + 1)
    tangent: Floats  # (n + 1,) unit vector along the branch

    @classmethod
    def at(cls, system: _System, point: Floats, before: Floats) -> _Place:
        """Return the place of a point; its tangent points on from the tangent ``before``."""
        jacobian = system.jacobian(point)
        tangent = np.linalg.solve(np.vstack([jacobian, before]), np.append(np.zeros(len(jacobian)), 1.0))
        return cls(point, jacobian, tangent / np.linalg.norm(tangent))

    @property
    def precision(self) -> float:
        return float(self.point[-1])

    @property
    def forth(self) -> bool:
        """Whether the precision grows along the branch."""
        return bool(self.tangent[-1] > 0)

    def onward(self, system: _System, step: float) -> _Place | None:
        """Return the place one step of arc on; None if the step is too long."""
        point = _corrected(system, self.point + step * self.tangent, self.tangent, self.jacobian)
        return None if point is None else _Place.at(system, point, self.tangent)


def _corrected(system: _System, guess: Floats, normal: Floats, jacobian: Floats) -> Floats | None:
    """Newton's method with derivatives from close by, in the plane through a guess at right angles to ``normal``.

    Returns:
        A point of the branch; None if the method does not converge.
    """
    point = guess
    bordered = np.vstack([jacobian, normal])
    for _ in range(CORRECTIONS):
        fault = system.residual(point)
        if np.abs(fault).max() <= CLOSE * (1 + abs(point[-1])):
            return point
        point = point - np.linalg.solve(bordered, np.append(fault, normal @ (point - guess)))
    return None


def _at_precision(system: _System, here: _Place, there: _Place, precision: float) -> Floats:
    """The branch's log odds at a precision between two of its places, which close in until Newton's method converges.

    Close to a turn the derivatives at fixed precision change fast, and those of a place further off do not serve.
    """
    normal = np.append(np.zeros(len(here.point) - 1), 1.0)
    arc = float(here.tangent @ (there.point - here.point))
    while arc > SMALLEST_STEP:
        share = (precision - here.precision) / (there.precision - here.precision)
        guess = np.append((here.point + share * (there.point - here.point))[:-1], precision)
        point = _corrected(system, guess, normal, there.jacobian)
        if point is not None:
            return point[:-1]
        middle = here.onward(system, 0.5 * arc)
        if middle is None:
            break
        passed = (middle.precision - precision) * (here.precision - precision) <= 0
        here, there = (here, middle) if passed else (middle, there)
        arc = float(here.tangent @ (there.point - here.point))
    raise ArithmeticError(f"no point of the branch at precision {precision:g}: it turns close by")
