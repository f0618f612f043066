"""Costly signals: a burnt cost that a security seeker can afford and a greedy state cannot (Fearon 1997)."""

from __future__ import annotations

from security_dilemma.theory.crisis import crisis_payoffs, require_predation
from security_dilemma.theory.reassurance import Window

__all__ = ["signal_window"]


def signal_window(chance: float, war_cost: float, greed: float) -> Window | None:
    """Return the costs at which one side's burnt cost separates its types, ``[(P-½)(1+g), ½+c]``; None where empty.

    Before a crisis the sender burns or is silent; a security seeker faces it, holds after a burnt cost and strikes
    after silence. The cost is in units of the crisis' stake. The prior trust does not matter. A free message costs 0,
    which no window holds: it cannot separate two types.

    Args:
        chance: P in (½, 1].
        war_cost: c, in (0, 0.5).
        greed: g of the greedy type, at least (1+c)/P - 1, so that it strikes a passive equal.

    Raises:
        ValueError: If an argument is outside its range.
    """
    require_predation(chance, war_cost, greed)
    seeker, greedy = crisis_payoffs(chance, war_cost), crisis_payoffs(chance, war_cost, greed)
    low = greedy.strike_hold - greedy.strike_strike
    high = seeker.hold_hold - seeker.strike_strike
    return Window(low, high) if low <= high else None
