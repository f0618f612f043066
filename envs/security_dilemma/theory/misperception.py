"""Misperception: leaders who differ a little over the balance (Van Evera 1999; Carlsson & van Damme 1993)."""

from __future__ import annotations

from math import log, log2

from security_dilemma.theory.ranges import require, require_parameter

__all__ = ["label_information", "misperception_cutoff"]


def misperception_cutoff(greed: float, war_cost: float, decisiveness: float = 1.0) -> float:
    """Return ``b* = logit(¼ + (1+c) / (2(1+g))) / k``: who sees a balance above it strikes, as private noise vanishes.

    A global game (Carlsson & van Damme 1993): the true balance is spread widely, each leader sees ``b + σ ε``, and at
    the cut-off expects a strike with probability ½.

    By the crisis matrix a strike that is met by one with probability π gains ``(1-π)[P(1+g) - (1+c)] + π(1+g)(P-½)``.
    It grows with π by ``1 + c - (1+g)/2``, whatever the balance: the other's strike invites one's own, and there is a
    cut-off, iff ``g <= 1 + 2c``. Greedier states strike for prey and not out of fear: where the gain is 0 at ``π = ½``,
    ``P < ½``, and who sees a little more would rather meet a certain strike in defence. So there the formula gives no
    equilibrium, nor does any other cut-off, and it is refused.

    Args:
        greed: g of both states, above c, so that beyond some balance striking is dominant; at most ``1 + 2c``, so that
            a strike is worth more the likelier the other's is.
        war_cost: c, in (0, 0.5).
        decisiveness: k, in (0, 4].

    Raises:
        ValueError: If an argument is outside its range.
    """
    for name, value in {"greed": greed, "war_cost": war_cost, "decisiveness": decisiveness}.items():
        require_parameter(name, value)
    require(greed > war_cost, f"greed = {greed!r} must be above c = {war_cost!r}: less never strikes one who holds")
    most = 1 + 2 * war_cost
    require(greed <= most, f"greed = {greed!r} must be at most 1 + 2c = {most:.4g}: more strikes for prey, not of fear")
    chance = 0.25 + (1 + war_cost) / (2 * (1 + greed))
    return log(chance / (1 - chance)) / decisiveness


def label_information(accuracy: float) -> float:
    """Return ``1 - H(q)`` bits: what a binary label of accuracy q tells about one of two equally likely types.

    Shannon (1948); at distinguishability d the accuracy is ``(1+d)/2``.

    Args:
        accuracy: q, in [0, 1].

    Raises:
        ValueError: If the accuracy is outside its range.
    """
    require(0 <= accuracy <= 1, f"accuracy = {accuracy!r} must be in [0, 1]")
    return 1 + sum(q * log2(q) for q in (accuracy, 1 - accuracy) if q > 0)
