"""The crisis of two equal states: a stag hunt among security seekers (Jervis 1978; Kydd 2000, 2005)."""

from __future__ import annotations

from math import isfinite, log, tanh
from typing import NamedTuple

from security_dilemma.theory.ranges import require, require_chance, require_parameter

__all__ = [
    "CrisisPayoffs",
    "balance_against_defenders",
    "crisis_payoffs",
    "critical_strike_probability",
    "is_stag_hunt",
    "minimum_trust",
    "parity_chance",
    "peace_is_equilibrium",
    "predation_threshold",
    "require_predation",
    "strike_is_risk_dominant",
]


class CrisisPayoffs(NamedTuple):
    """Expected payoffs of the row state in a crisis, as own move and the other's."""

    hold_hold: float
    hold_strike: float
    strike_hold: float
    strike_strike: float


def parity_chance(balance: float, decisiveness: float = 1.0) -> float:
    """Return ``P = Λ(k b)``: the chance that a one-sided strike between equals wins.

    Args:
        balance: Offence-defence balance b, any finite number (Glaser & Kaufmann 1998).
        decisiveness: Steepness k of the contest, in (0, 4] (Hirshleifer 1989).

    Raises:
        ValueError: If an argument is outside its range.
    """
    require(isfinite(balance), f"balance = {balance!r} must be finite")
    require_parameter("decisiveness", decisiveness)
    return 0.5 + 0.5 * tanh(0.5 * decisiveness * balance)


def crisis_payoffs(chance: float, war_cost: float, greed: float = 0.0, initiative: float = 0.0) -> CrisisPayoffs:
    """Return the crisis matrix of the row state (Kydd 2005; Baliga & Sjöström 2004).

    Peace is worth 1, the victor of a war has ``1 + g - c``, the loser ``-c``, and who strikes has ``h`` besides.

    Args:
        chance: P, the chance that a one-sided strike wins, in [0, 1]; a mutual one is even.
        war_cost: c, in (0, 0.5).
        greed: g, in [0, 3]; 0 for a security seeker.
        initiative: h, the private benefit of striking, within the range of ``initiative_mean``.

    Raises:
        ValueError: If an argument is outside its range.
    """
    require_chance(chance)
    require_parameter("war_cost", war_cost)
    require_parameter("greed", greed)
    require_parameter("initiative_mean", initiative)
    return CrisisPayoffs(
        hold_hold=1.0,
        hold_strike=(1 - chance) * (1 + greed) - war_cost,
        strike_hold=chance * (1 + greed) - war_cost + initiative,
        strike_strike=(1 + greed) / 2 - war_cost + initiative,
    )


def is_stag_hunt(chance: float) -> bool:
    """Whether a crisis of security seekers is a stag hunt, ``P > ½``; otherwise holding is dominant (Jervis 1978).

    Args:
        chance: P, the chance that a one-sided strike between equals wins, in [0, 1].

    Raises:
        ValueError: If the chance is outside its range.
    """
    require_chance(chance)
    return chance > 0.5


def critical_strike_probability(chance: float, war_cost: float) -> float:
    """Return ``π* = (1 + c - P) / (½ + c)``: struck with this probability, a security seeker is indifferent.

    Args:
        chance: P in [½, 1]; below, holding is dominant and there is no such probability.
        war_cost: c, in (0, 0.5).

    Raises:
        ValueError: If an argument is outside its range.
    """
    require(0.5 <= chance <= 1, f"chance = {chance!r} must be in [0.5, 1]: below, a security seeker never strikes")
    require_parameter("war_cost", war_cost)
    return (1 + war_cost - chance) / (0.5 + war_cost)


def minimum_trust(chance: float, war_cost: float) -> float:
    """Return ``m = (P - ½) / (½ + c)``: the trust from which on peace is an equilibrium (Kydd 2000, 2005).

    It is the prior probability of facing a security seeker, where greedy states strike for certain, that is where
    their greed exceeds :func:`predation_threshold`.

    Args:
        chance: P in [½, 1].
        war_cost: c, in (0, 0.5).

    Raises:
        ValueError: If an argument is outside its range.
    """
    return 1 - critical_strike_probability(chance, war_cost)


def peace_is_equilibrium(trust: float, chance: float, war_cost: float) -> bool:
    """Whether security seekers who all hold are in equilibrium: ``t >= m``, and always where ``P <= ½`` (Kydd 2005).

    A step in t: with the worst-case belief that everyone strikes, ``t = 0``, seekers are at war wherever offence has
    the advantage; certain of facing one another, ``t = 1``, they may be at peace at every balance (Wendt 1992).

    Args:
        trust: t, prior probability of facing a security seeker, in [0, 1]; the others strike for certain.
        chance: P, in [0, 1].
        war_cost: c, in (0, 0.5).

    Raises:
        ValueError: If an argument is outside its range.
    """
    require_parameter("trust", trust)
    require_chance(chance)
    require_parameter("war_cost", war_cost)
    return chance <= 0.5 or trust >= minimum_trust(chance, war_cost)


def strike_is_risk_dominant(chance: float, war_cost: float) -> bool:
    """Whether striking is risk-dominant among security seekers, ``P > ¾ + c/2`` (Harsanyi & Selten 1988).

    Args:
        chance: P, in [0, 1].
        war_cost: c, in (0, 0.5).

    Raises:
        ValueError: If an argument is outside its range.
    """
    require_chance(chance)
    require_parameter("war_cost", war_cost)
    return chance > 0.75 + 0.5 * war_cost


def predation_threshold(chance: float, war_cost: float) -> float:
    """Return ``(1 + c) / P - 1``: a state greedier than this strikes an equal that holds for certain (Kydd 2005).

    Args:
        chance: P, in (0, 1].
        war_cost: c, in (0, 0.5).

    Raises:
        ValueError: If an argument is outside its range.
    """
    require(0 < chance <= 1, f"chance = {chance!r} must be in (0, 1]")
    require_parameter("war_cost", war_cost)
    return (1 + war_cost) / chance - 1


def require_predation(chance: float, war_cost: float, greed: float) -> None:
    """Require that offence has the advantage and that a greedy state strikes an equal that holds for certain.

    Raises:
        ValueError: If ``P`` is outside (½, 1], a parameter is outside its range, or the greed is too small.
    """
    require(0.5 < chance <= 1, f"chance = {chance!r} must be in (0.5, 1]: at ½ and below, seekers need no reassurance")
    require_parameter("greed", greed)
    least = predation_threshold(chance, war_cost)
    require(greed >= least, f"greed = {greed!r} must be at least (1 + c) / P - 1 = {least:.4g}: less does not strike")


def balance_against_defenders(balance: float, defenders: int) -> float:
    """Return ``b - ln n``: the balance at which one defender is as hard to conquer as n equal ones at ``b``.

    Args:
        balance: Offence-defence balance b, any finite number.
        defenders: n, the struck state and its supporters, at least 1.

    Raises:
        ValueError: If an argument is outside its range.
    """
    require(isfinite(balance), f"balance = {balance!r} must be finite")
    require(defenders >= 1, f"defenders = {defenders!r} must be at least 1")
    return balance - log(defenders)
