"""Arms: what security requires (Richardson 1960, micro-founded by the crisis), and what a share of power is worth."""

from __future__ import annotations

from math import exp, log
from typing import NamedTuple

import numpy as np

from security_dilemma.stages import MAX_STATES
from security_dilemma.theory.ranges import require, require_parameter

__all__ = ["RichardsonRace", "SecurityRequirement", "deterring_ratio", "power_armament", "security_requirement"]


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
        require(determinant != 0, f"m n = a b = {a * b!r}: the race has no single fixed point")
        return (n * g + a * h) / determinant, (m * h + b * g) / determinant

    def spectral_radius(self) -> float:
        """Return the largest modulus of an eigenvalue of the step ``I + A``, ``A = [[-m, a], [b, -n]]``."""
        (a, b), (m, n), _ = self
        return float(np.abs(np.linalg.eigvals([[1 - m, a], [b, 1 - n]])).max())

    def is_stable(self) -> bool:
        """Whether the race settles: in discrete time a spectral radius below 1; ``m n > a b`` is not enough."""
        return self.spectral_radius() < 1


class SecurityRequirement(NamedTuple):
    """Defensive arms that just deter an equal's strike, ``D_i = ρ D_j + γ0``; none where that is negative.

    Attributes:
        reaction: ρ, arms required in answer to a unit of the other's.
        grievance: γ0, arms required of a state that faces an unarmed one, in units of arms.
    """

    reaction: float
    grievance: float

    @property
    def spirals(self) -> bool:
        """Whether a unit of arms calls for more than a unit in answer, ``ρ > 1`` (Jervis 1978)."""
        return self.reaction > 1

    def answer(self, arms: float) -> float:
        """Return what a state needs against the other's defensive ``arms``, in units of arms."""
        return max(0.0, self.reaction * arms + self.grievance)

    def fixed_point(self) -> float:
        """Return what each needs once both have it, coming from no arms: ``γ0 / (1 - ρ)``, or 0 where ``γ0 <= 0``.

        Raises:
            ValueError: If arms grow without bound: ``ρ >= 1`` and ``γ0 > 0``.
        """
        reaction, grievance = self
        if grievance <= 0:
            return 0.0
        require(reaction < 1, f"reaction = {reaction!r} is not below 1: the arms that deter grow without bound")
        return grievance / (1 - reaction)


def security_requirement(
    balance: float,
    distinguishability: float,
    greed: float,
    war_cost: float,
    *,
    decisiveness: float = 1.0,
    surge_attack: float = 1.0,
    home_defence: float = 1.0,
) -> SecurityRequirement:
    """Return the arms that make a greedy state's strike worth exactly peace: the security-requirement map.

    ``ρ = (1-d) e^b / Ō`` and ``γ0 = eA e^b / Ō - eD`` with ``Ō = [(1+c)/(g-c)]^{1/k}``: Richardson's (1960) linear
    reaction with both of Jervis's (1978) variables in its coefficient. Both states have defensive arms only, which
    serve an attack by ``1-d``; there is no cap, and arms have no price.

    Args:
        balance: b, in [-3, 3].
        distinguishability: d, in [0, 1].
        greed: g of the state to be deterred, above c and at most 3; a less greedy one never strikes.
        war_cost: c, in (0, 0.5).
        decisiveness: k, in (0, 4].
        surge_attack: eA > 0, units of arms.
        home_defence: eD > 0, units of arms.

    Raises:
        ValueError: If an argument is outside its range.
    """
    given = {"distinguishability": distinguishability, "surge_attack": surge_attack, "home_defence": home_defence}
    for name, value in given.items():
        require_parameter(name, value)
    deterring = deterring_ratio(balance, greed, war_cost, decisiveness)
    return SecurityRequirement((1 - distinguishability) * deterring, surge_attack * deterring - home_defence)


def deterring_ratio(balance: float, greed: float, war_cost: float, decisiveness: float) -> float:
    """Return ``e^b / Ō``: the least ratio of defence to attack at which a strike is worth no more than peace.

    Raises:
        ValueError: If an argument is outside its range, see :func:`security_requirement`.
    """
    given = {"balance": balance, "greed": greed, "war_cost": war_cost, "decisiveness": decisiveness}
    for name, value in given.items():
        require_parameter(name, value)
    require(greed > war_cost, f"greed = {greed!r} must be above c = {war_cost!r}: less never strikes")
    log_ratio = balance - log((1 + war_cost) / (greed - war_cost)) / decisiveness
    require(log_ratio < 700, f"decisiveness = {decisiveness!r} is too small: no arms deter that can be computed with")
    return exp(log_ratio)


def power_armament(weight: float, n_states: int, decisiveness: float = 1.0) -> float:
    """Return what each of N states that value their share of power spends on it: ``min(1, k w (N-1) / N²)``.

    The symmetric equilibrium of Tullock's (1980) contest, offensive realism's race (Mearsheimer 2001): a share
    ``x_i^k / Σ_j x_j^k`` worth ``w``, arms at a price of 1 a unit and at most 1, nothing brought by who has none.

    Args:
        weight: w >= 0, worth of all power, in units of the price.
        n_states: N, from 2 to 8.
        decisiveness: k, in (0, N/(N-1)]; beyond, a state would rather have no arms and there is no such equilibrium
            (Pérez-Castrillo & Verdier 1992).

    Raises:
        ValueError: If an argument is outside its range.
    """
    require_parameter("power_weight", weight)
    whole = isinstance(n_states, int) and not isinstance(n_states, bool)
    require(
        whole and 2 <= n_states <= MAX_STATES, f"n_states = {n_states!r} must be a whole number in [2, {MAX_STATES}]"
    )
    most = n_states / (n_states - 1)
    require(0 < decisiveness <= most, f"decisiveness = {decisiveness!r} must be in (0, N/(N-1) = {most:.4g}]")
    return min(1.0, decisiveness * weight * (n_states - 1) / n_states**2)
