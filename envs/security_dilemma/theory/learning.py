"""Where independent learners of the crisis end: basins, and entropy-regularised fixed points."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import acosh, exp, inf, log, sqrt

from security_dilemma.theory.crisis import critical_strike_probability
from security_dilemma.theory.ranges import require, require_chance, require_parameter

__all__ = ["ends_at_war", "quantal_responses"]

STEEPEST = 1e9
"""Largest precision; beyond, rounding hides where the map turns."""


def ends_at_war(initial_strike_probability: float, chance: float, war_cost: float) -> bool:
    """Whether two security seekers who learn independently end at war: iff they start above ``π*`` (Kydd 2005).

    A gradient of the expected payoff moves both away from ``π*``, to which see
    :func:`~security_dilemma.theory.crisis.critical_strike_probability`. Where ``P <= ½`` holding is dominant and they
    end at peace.

    Args:
        initial_strike_probability: x0, the same for both, in [0, 1].
        chance: P, in [0, 1].
        war_cost: c, in (0, 0.5).

    Raises:
        ValueError: If an argument is outside its range.
    """
    x = initial_strike_probability
    require(0 <= x <= 1, f"initial_strike_probability = {x!r} must be in [0, 1]")
    require_chance(chance)
    require_parameter("war_cost", war_cost)
    return chance > 0.5 and x > critical_strike_probability(chance, war_cost)


def quantal_responses(chance: float, war_cost: float, precision: float, multiplicity: float = 1) -> tuple[float, ...]:
    """Return the logit quantal-response equilibria (McKelvey & Palfrey 1995) of seekers, as strike probabilities.

    The fixed points of ``x = Λ(λ [-(1 + c - P) + x (½ + c)] - ln n)``: what learners with an entropy weight of
    ``1/λ`` settle at. The map increases, so every equilibrium is symmetric; there are one or three, or two where it is
    tangent to the diagonal.

    Args:
        chance: P, in [0, 1].
        war_cost: c, in (0, 0.5).
        precision: λ, in [0, 1e9].
        multiplicity: n, how many of a learner's actions amount to a hold, at least 1: four of five moves in a crisis.

    Returns:
        The fixed points in ascending order.

    Raises:
        ValueError: If an argument is outside its range.
    """
    require_chance(chance)
    require_parameter("war_cost", war_cost)
    require(0 <= precision <= STEEPEST, f"precision = {precision!r} must be in [0, {STEEPEST:g}]")
    require(1 <= multiplicity < inf, f"multiplicity = {multiplicity!r} must be in [1, ∞)")
    low = -precision * (1 + war_cost - chance) - log(multiplicity)
    slope = precision * (0.5 + war_cost)

    def excess(log_odds: float) -> float:
        return log_odds - low - slope * _logistic(log_odds)

    # it turns where x (1 - x) = 1 / slope, that is where cosh(log_odds / 2) = sqrt(slope) / 2
    turn = 2 * acosh(sqrt(slope) / 2) if slope > 4 else 0.0
    first, last = low - 1, low + slope + 1  # negative and positive there
    bounds = [first, *(min(max(z, first), last) for z in (-turn, turn)), last]
    roots = {root for ends in pairwise(bounds) for root in _root(excess, *ends)}
    return tuple(sorted(_logistic(root) for root in roots))


def _root(function: Callable[[float], float], low: float, high: float) -> list[float]:
    """The root of a function that is monotone on ``[low, high]``, if there is one, by bisection."""
    at_low, at_high = function(low), function(high)
    if at_low == 0 or at_high == 0:
        return [end for end, value in ((low, at_low), (high, at_high)) if value == 0]
    rising = at_low < 0
    if rising != (at_high > 0):
        return []
    while low < (middle := 0.5 * (low + high)) < high:
        if (function(middle) < 0) == rising:
            low = middle
        else:
            high = middle
    return [high]


def _logistic(z: float) -> float:
    return 1 / (1 + exp(-z)) if z > 0 else exp(z) / (1 + exp(z))
