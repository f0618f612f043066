"""Closed forms of the theory, with their sources: what the environment is checked against.

They are derived for a crisis between two equal states with an economy of 1, in units where an undisturbed peaceful
future is worth 1. Nothing in the rules imports this module.
"""

from __future__ import annotations

from math import isfinite, log, tanh
from typing import NamedTuple

import numpy as np

from security_dilemma.params import PARAMETERS

__all__ = [
    "CrisisPayoffs",
    "RichardsonRace",
    "balance_against_defenders",
    "crisis_payoffs",
    "critical_strike_probability",
    "is_stag_hunt",
    "minimum_trust",
    "parity_chance",
    "predation_threshold",
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
    _require(isfinite(balance), f"balance = {balance!r} must be finite")
    _require_parameter("decisiveness", decisiveness)
    return 0.5 + 0.5 * tanh(0.5 * decisiveness * balance)


def crisis_payoffs(chance: float, war_cost: float, greed: float = 0.0, initiative: float = 0.0) -> CrisisPayoffs:
    """Return the crisis matrix of the row state (Kydd 2005; Baliga & Sjöström 2004).

    Peace is worth 1, the victor of a war has ``1 + g - c``, the loser ``-c``, and who strikes has ``h`` besides.

    Args:
        chance: P, the chance that a one-sided strike wins, in [0, 1]; a mutual one is even.
        war_cost: c, in (0, 0.5).
        greed: g, in [0, 3]; 0 for a security seeker.
        initiative: h, the private benefit of striking, any finite number.

    Raises:
        ValueError: If an argument is outside its range.
    """
    _require_chance(chance)
    _require_parameter("war_cost", war_cost)
    _require_parameter("greed", greed)
    _require_parameter("initiative_mean", initiative)
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
    _require_chance(chance)
    return chance > 0.5


def critical_strike_probability(chance: float, war_cost: float) -> float:
    """Return ``π* = (1 + c - P) / (½ + c)``: struck with this probability, a security seeker is indifferent.

    Args:
        chance: P in [½, 1]; below, holding is dominant and there is no such probability.
        war_cost: c, in (0, 0.5).

    Raises:
        ValueError: If an argument is outside its range.
    """
    _require(0.5 <= chance <= 1, f"chance = {chance!r} must be in [0.5, 1]: below, a security seeker never strikes")
    _require_parameter("war_cost", war_cost)
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


def strike_is_risk_dominant(chance: float, war_cost: float) -> bool:
    """Whether striking is risk-dominant among security seekers, ``P > ¾ + c/2`` (Harsanyi & Selten 1988).

    Args:
        chance: P, in [0, 1].
        war_cost: c, in (0, 0.5).

    Raises:
        ValueError: If an argument is outside its range.
    """
    _require_chance(chance)
    _require_parameter("war_cost", war_cost)
    return chance > 0.75 + 0.5 * war_cost


def predation_threshold(chance: float, war_cost: float) -> float:
    """Return ``(1 + c) / P - 1``: a state greedier than this strikes an equal that holds for certain (Kydd 2005).

    Args:
        chance: P, in (0, 1].
        war_cost: c, in (0, 0.5).

    Raises:
        ValueError: If an argument is outside its range.
    """
    _require(0 < chance <= 1, f"chance = {chance!r} must be in (0, 1]")
    _require_parameter("war_cost", war_cost)
    return (1 + war_cost) / chance - 1


def balance_against_defenders(balance: float, defenders: int) -> float:
    """Return ``b - ln n``: the balance at which one defender is as hard to conquer as n equal ones at ``b``.

    Args:
        balance: Offence-defence balance b, any finite number.
        defenders: n, the struck state and its supporters, at least 1.

    Raises:
        ValueError: If an argument is outside its range.
    """
    _require(isfinite(balance), f"balance = {balance!r} must be finite")
    _require(defenders >= 1, f"defenders = {defenders!r} must be at least 1")
    return balance - log(defenders)


class RichardsonRace(NamedTuple):
    """Richardson's linear arms race (Richardson 1960): ``Δx = a y - m x + g`` and ``Δy = b x - n y + h``.

    Attributes:
        reaction: (a, b), arms added in answer to a unit of the other's.
        restraint: (m, n), share of own arms given up.
        grievance: (g, h), arms added whatever the other has.
    """

    reaction: tuple[float, float]
    restraint: tuple[float, float]
    grievance: tuple[float, float]

    def fixed_point(self) -> tuple[float, float]:
        """Return ``x* = (n g + a h) / (m n - a b)`` and ``y* = (m h + b g) / (m n - a b)``.

        Raises:
            ValueError: If ``m n = a b``: there is no single fixed point.
        """
        (a, b), (m, n), (g, h) = self
        determinant = m * n - a * b
        _require(determinant != 0, f"m n = a b = {a * b!r}: the race has no single fixed point")
        return (n * g + a * h) / determinant, (m * h + b * g) / determinant

    def spectral_radius(self) -> float:
        """Return the largest modulus of an eigenvalue of the step ``I + A``, ``A = [[-m, a], [b, -n]]``."""
        (a, b), (m, n), _ = self
        return float(np.abs(np.linalg.eigvals([[1 - m, a], [b, 1 - n]])).max())

    def is_stable(self) -> bool:
        """Whether the race settles: in discrete time a spectral radius below 1; ``m n > a b`` is not enough."""
        return self.spectral_radius() < 1


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _require_chance(chance: float) -> None:
    _require(0 <= chance <= 1, f"chance = {chance!r} must be in [0, 1]")


def _require_parameter(name: str, value: float) -> None:
    allowed = PARAMETERS[name]
    _require(allowed.contains(value), f"{name} = {value!r} is outside {allowed}: {allowed.meaning}")
