"""Strategic militarisation: doves, deterrents and hawks (Jackson & Morelli 2009), and warning time (Jervis 1978)."""

from __future__ import annotations

from typing import NamedTuple

from security_dilemma.theory.arms import deterring_ratio
from security_dilemma.theory.ranges import require, require_chance, require_parameter

__all__ = ["Militarization", "militarization", "warning_distinguishability"]


class Militarization(NamedTuple):
    """A mix over armament: the share of states of each kind."""

    doves: float  # unarmed
    deterrents: float  # armed for defence
    hawks: float  # armed for attack

    @property
    def war(self) -> float:
        """The chance of war of a pair: hawks strike doves, and each other."""
        return self.hawks * (2 * self.doves + self.hawks)


def militarization(chance: float, war_cost: float, greed: float, burden: float) -> Militarization:
    """Return the symmetric equilibrium over armament of two greedy states that see it before a crisis.

    Jackson & Morelli's (2009) dove, deterrent and hawk where weapons have one purpose (d = 1) and both kinds of
    armament are equal in size and price. Hawks strike doves and each other; nobody strikes a deterrent, or anyone
    without being a hawk. With ``W = P(1+g)-c`` and ``L = (1-P)(1+g)-c`` a hawk's and a dove's payoff against each
    other, and ``M = (1+g)/2-c`` that of war between hawks: ``hawks = κB / (1-L)`` leave doves and deterrents equally
    well off, and ``doves = hawks (1-κB-M) / (W-1+κB)`` hawks too. It needs b < 0, so that striking without superiority
    is dominated; then every crisis has one equilibrium, and the mix is the only symmetric one.

    Args:
        chance: P, with which a hawk conquers a dove; high enough that ``W > 1``.
        war_cost: c, in (0, 0.5).
        greed: g of both states, in [0, 3].
        burden: κB, price of either armament in the crisis, as a share of the economy; above 0 and below ``1 - M``.

    Raises:
        ValueError: If an argument is outside its range.
    """
    require_chance(chance)
    require_parameter("war_cost", war_cost)
    require_parameter("greed", greed)
    victory, defeat = chance * (1 + greed) - war_cost, (1 - chance) * (1 + greed) - war_cost
    mutual = (1 + greed) / 2 - war_cost
    require(victory > 1, f"chance = {chance!r} must be above (1 + c) / (1 + g) = {(1 + war_cost) / (1 + greed):.4g}")
    require(0 < burden < 1 - mutual, f"burden = {burden!r} must be in (0, 1 - (1+g)/2 + c = {1 - mutual:.4g})")
    hawks = burden / (1 - defeat)
    doves = hawks * (1 - burden - mutual) / (victory - 1 + burden)
    return Militarization(doves, 1 - doves - hawks, hawks)


def warning_distinguishability(
    balance: float,
    build: float,
    greed: float,
    war_cost: float,
    *,
    decisiveness: float = 1.0,
    surge_attack: float = 1.0,
    home_defence: float = 1.0,
) -> float:
    """Return the distinguishability from which on warning keeps the peace: ``1 - (eD Ō e^{-b} - eA) / B``, clipped.

    Offensive arms are seen in time to be answered by defensive ones; nobody arms, and everyone would answer. What
    remains is to strike with the defensive arms of the last moment, which nobody can answer: they serve an attack by
    ``1-d``, and must not pay. ``Ō`` is that of :func:`~security_dilemma.theory.arms.security_requirement`.

    Args:
        balance: b in [-3, 0]: a state that is not superior does not strike back.
        build: B > 0, units of arms bought by one move, below the cap.
        greed: g of a greedy state, above c and at most 3.
        war_cost: c, in (0, 0.5).
        decisiveness: k, in (0, 4].
        surge_attack: eA > 0, units of arms.
        home_defence: eD > 0, units of arms.

    Raises:
        ValueError: If an argument is outside its range, or equals do not deter each other, armed or not.
    """
    require_parameter("balance", balance)
    require(balance <= 0, f"balance = {balance!r} must be at most 0: else fear alone may strike")
    for name, value in {"build": build, "surge_attack": surge_attack, "home_defence": home_defence}.items():
        require_parameter(name, value)
    ratio = deterring_ratio(balance, greed, war_cost, decisiveness)
    slack = home_defence / ratio - surge_attack
    require(ratio <= 1 and slack >= 0, f"greed = {greed!r}: at these values a greedy state strikes its equal")
    return min(max(1 - slack / build, 0.0), 1.0)
