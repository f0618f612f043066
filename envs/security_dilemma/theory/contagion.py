"""Fear that spreads: private benefits of striking, and who strikes because others might (Baliga & Sjöström 2004)."""

from __future__ import annotations

from math import inf

from security_dilemma.theory.ranges import require, require_chance, require_parameter

__all__ = ["dominant_hawks", "fear_feedback", "fear_multiplier", "strike_shares", "war_chance"]


def strike_shares(chance: float, war_cost: float, mean: float, width: float) -> tuple[float, ...]:
    """Return the equilibrium shares π of security seekers that strike, where ``h ~ U[h0-w, h0+w]``.

    A state strikes iff ``h > 1 + c - P - π (½ + c)``. With ``r = (½+c)/(2w) < 1`` there is one equilibrium,
    ``π0/(1-r)`` with π and π0 clipped to [0, 1]; with ``r > 1`` there may be three. A width of 0 gives the stag hunt,
    whose middle equilibrium is ``π* - h0/(½+c)``.

    Args:
        chance: P, in [0, 1].
        war_cost: c, in (0, 0.5).
        mean: h0, within its parameter's range.
        width: w >= 0.

    Returns:
        The shares in ascending order.

    Raises:
        ValueError: If an argument is outside its range, or every share in [0, 1] is an equilibrium.
    """
    reach = _reach(chance, war_cost, mean, width)
    slope = 0.5 + war_cost
    shares = {0.0} if reach <= 0 else set()
    if reach + slope >= 2 * width:
        shares.add(1.0)
    if slope == 2 * width:
        require(reach != 0, f"initiative_width = {width!r}: r = 1 and π0 = 0, every share is an equilibrium")
    elif 0 < reach / (2 * width - slope) < 1:
        shares.add(reach / (2 * width - slope))
    return tuple(sorted(shares))


def dominant_hawks(chance: float, war_cost: float, mean: float, width: float) -> float:
    """Return ``π0 = [h0 + w - (1 + c - P)] / (2w)``, clipped: the share that strikes even one who holds for certain.

    Args:
        chance: P, in [0, 1].
        war_cost: c, in (0, 0.5).
        mean: h0, within its parameter's range.
        width: w >= 0.

    Raises:
        ValueError: If an argument is outside its range.
    """
    reach = _reach(chance, war_cost, mean, width)
    return float(reach > 0) if width == 0 else min(max(reach / (2 * width), 0.0), 1.0)


def fear_feedback(war_cost: float, width: float) -> float:
    """Return ``r = (½ + c) / (2w)``: by how much the share that strikes grows with the share expected to; ∞ at w = 0.

    Args:
        war_cost: c, in (0, 0.5).
        width: w >= 0.

    Raises:
        ValueError: If an argument is outside its range.
    """
    require_parameter("war_cost", war_cost)
    require_parameter("initiative_width", width)
    return (0.5 + war_cost) / (2 * width) if width > 0 else inf


def fear_multiplier(war_cost: float, width: float) -> float:
    """Return ``1 / (1 - r)``: how many strike for each dominant hawk, in the interior equilibrium.

    Args:
        war_cost: c, in (0, 0.5).
        width: w > (½ + c) / 2, so that ``r < 1``; else fear is contagious and has no multiplier.

    Raises:
        ValueError: If an argument is outside its range.
    """
    feedback = fear_feedback(war_cost, width)
    least = (0.5 + war_cost) / 2
    require(feedback < 1, f"initiative_width = {width!r} must be above (½ + c) / 2 = {least:.4g}: fear is contagious")
    return 1 / (1 - feedback)


def war_chance(share: float) -> float:
    """Return ``1 - (1-π)²``: the chance of war between two states that strike with probability π each.

    Args:
        share: π, in [0, 1].

    Raises:
        ValueError: If the share is outside its range.
    """
    require(0 <= share <= 1, f"share = {share!r} must be in [0, 1]")
    return 1 - (1 - share) ** 2


def _reach(chance: float, war_cost: float, mean: float, width: float) -> float:
    """How far the most eager state's benefit of striking exceeds what it takes to strike one who holds."""
    require_chance(chance)
    for name, value in {"war_cost": war_cost, "initiative_mean": mean, "initiative_width": width}.items():
        require_parameter(name, value)
    return mean + width - (1 + war_cost - chance)
