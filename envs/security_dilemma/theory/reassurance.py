"""Reassurance: small first stakes, on which a security seeker risks trusting and a greedy state does not wait.

Kydd (2000, 2005), in two rounds of the crisis.
"""

from __future__ import annotations

from typing import NamedTuple

from security_dilemma.theory.crisis import crisis_payoffs, require_predation
from security_dilemma.theory.ranges import require, require_parameter

__all__ = ["Window", "reassurance_window"]


class Window(NamedTuple):
    """A closed interval of values at which types separate."""

    low: float
    high: float

    def __contains__(self, value: object) -> bool:
        """Whether a number lies in the interval, ends included."""
        return isinstance(value, int | float) and self.low <= value <= self.high


def reassurance_window(chance: float, war_cost: float, greed: float, trust: float) -> Window:
    """Return the first stakes α at which seekers hold and greedy states strike; there always are some, α = t is one.

    Two stages with stakes ``(α, 1-α)``, each paying its share of the crisis matrix. In the second, states that have
    seen each other hold, hold; all others strike. With each type's payoffs R, T, P, S (hold/hold, strike/hold,
    strike/strike, hold/strike), a greedy state strikes at once iff ``α >= t(T-P) / [t(T-R) + t(T-P) + (1-t)(P-S)]``
    and a seeker holds iff ``α <= t(R-P) / [t(T-P) + (1-t)(P-S)]``.

    Args:
        chance: P in (½, 1].
        war_cost: c, in (0, 0.5).
        greed: g of the greedy type, at least (1+c)/P - 1, so that it strikes a passive equal.
        trust: t in (0, 1): both types must be possible.

    Raises:
        ValueError: If an argument is outside its range.
    """
    require_predation(chance, war_cost, greed)
    require_parameter("trust", trust)
    require(0 < trust < 1, f"trust = {trust!r} must be in (0, 1): both types must be possible")
    t = trust
    seeker, greedy = crisis_payoffs(chance, war_cost), crisis_payoffs(chance, war_cost, greed)
    exploit = t * (greedy.strike_hold - greedy.strike_strike)
    at_once = t * (greedy.strike_hold - greedy.hold_hold) + (1 - t) * (greedy.strike_strike - greedy.hold_strike)
    risk = t * (seeker.strike_hold - seeker.strike_strike) + (1 - t) * (seeker.strike_strike - seeker.hold_strike)
    low = exploit / (at_once + exploit)
    high = min(1.0, t * (seeker.hold_hold - seeker.strike_strike) / risk)
    return Window(low, high)
