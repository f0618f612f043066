"""What theory says at a point of a plane: of striking, trust and arms among two equal states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from security_dilemma import theory
from security_dilemma_training.verdict import alike, parity_chances

__all__ = ["POSTURES", "CellTheory", "PostureTheory", "theory_at"]

POSTURES = ("unarmed", "armed for attack", "armed for defence")
"""Postures of equals between whose chances all others lie: none, and offensive or defensive arms up to the cap."""


class PostureTheory(NamedTuple):
    """What holds between equals of one posture."""

    chance: float  # P that a one-sided strike wins
    minimum_trust: float  # m, from which on peace is an equilibrium; 0 where striking is dominated
    predation: bool  # whether a greedy state strikes an equal that holds for certain

    @property
    def dominated(self) -> bool:
        """Whether a security seeker's strike is dominated, ``P <= 1/2`` (Jervis 1978)."""
        return not theory.is_stag_hunt(self.chance)

    def distrusted(self, trust: float) -> bool:
        """Whether fear of the greedy alone makes seekers strike: they strike for certain and ``t < m`` (Kydd 2005)."""
        return self.predation and trust < self.minimum_trust


class CellTheory(NamedTuple):
    """What theory says at a point."""

    trust: float  # t
    postures: tuple[PostureTheory, ...]  # in the order of POSTURES
    reaction: float | None  # ρ of the security-requirement map; None where even the greedy never strike

    @property
    def chances(self) -> tuple[float, float]:
        """The lowest and the highest P."""
        found = [posture.chance for posture in self.postures]
        return min(found), max(found)

    @property
    def minimum_trusts(self) -> tuple[float, float]:
        """The lowest and the highest minimum trust."""
        found = [posture.minimum_trust for posture in self.postures]
        return min(found), max(found)


def theory_at(params: Mapping[str, Any]) -> CellTheory:
    """Return what theory says of two states with these parameters.

    Args:
        params: Every parameter by name, such that theory says something, see
            :func:`security_dilemma_training.verdict.outside_theory`.
    """
    values = alike(params)
    trust, cost, greed = (float(values[name] or 0) for name in ("trust", "war_cost", "greed"))
    postures = tuple(_posture(chance, cost, greed) for chance in parity_chances(values))
    return CellTheory(trust, postures, _reaction(values))


def _posture(chance: float, cost: float, greed: float) -> PostureTheory:
    minimum = theory.minimum_trust(chance, cost) if theory.is_stag_hunt(chance) else 0.0
    return PostureTheory(chance, minimum, greed > theory.predation_threshold(chance, cost))


def _reaction(values: Mapping[str, Any]) -> float | None:
    """ρ, in which weapons serve attack by their fungibility, whether that is ``1 - d`` or overridden."""
    if values["greed"] <= values["war_cost"]:
        return None
    fungibility = values["fungibility_override"]
    return theory.security_requirement(
        values["balance"],
        values["distinguishability"] if fungibility is None else 1 - fungibility,
        values["greed"],
        values["war_cost"],
        decisiveness=values["decisiveness"],
        surge_attack=values["surge_attack"],
        home_defence=values["home_defence"],
    ).reaction
