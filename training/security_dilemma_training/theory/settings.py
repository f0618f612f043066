"""The numbers at which the environment and its learners are held against theory."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields
from types import MappingProxyType
from typing import Any

from security_dilemma.arrays import Value
from security_dilemma.params import PARAMETERS, ParameterError, Range
from security_dilemma.stage_games import StageGame, stage_game
from security_dilemma.theory import critical_strike_probability, parity_chance

__all__ = [
    "MEASURES",
    "SETTINGS",
    "Settings",
    "basin_starts",
    "contagion_means",
    "critical",
    "trust_levels",
    "window_points",
]

MEASURES = MappingProxyType(
    {
        "basin": "war_from_{:.4f}",
        "quantal_response": "strike",
        "quantal_response_of_five_moves": "strike_of_five_moves",
        "fear_multiplier": "share",
        "fear_multiplier_war": "war",
        "contagion": "share_at_{:.4f}",
        "trust_threshold": "war_at_{:.4f}",
        "reassurance": "separating_at_{:.4f}",
        "costly_signal": "separating_at_{:.4f}",
        "power": "burden_of_{}",
        "cutoff": "cutoff",
    }
)
"""What experiments with learners measure, by experiment: names of quantities, with the place of the value they vary.

Wars and separation are outcomes, 0 or 1; shares and strikes are probabilities; a burden is a share of the economy.
"""

APART, WIDE = 0.1, 0.25
"""Distances from a boundary at which outcomes are looked at."""

SHARED = ("balance", "war_cost", "decisiveness", "surge_attack", "home_defence", "greed")
"""Settings that are parameters of every stage game of theory."""


def _setting(default: float, low: float, high: float, meaning: str, *, open_low: bool = False) -> Any:
    return field(default=default, metadata={"range": Range("", meaning, low, high, open_low=open_low)})


@dataclass(frozen=True)
class Settings:
    """Where theory is checked; those that are parameters of the environment have its ranges, see ``SETTINGS``.

    Raises:
        ParameterError: Listing every value outside its range.
    """

    balance: float = 1.0
    war_cost: float = 0.2
    decisiveness: float = 1.0
    surge_attack: float = 1.0
    home_defence: float = 1.0
    greed: float = 1.0
    trust: float = 0.2
    distinguishability: float = 0.0
    initiative_mean: float = 0.0
    initiative_width: float = 0.7
    power_weight: float = 1.0
    contagion_width: float = _setting(
        0.3, 0, 100, "half-width of the benefit of striking in the contagion", open_low=True
    )
    precision: float = _setting(5.0, 0, 1000, "precision λ of logit responses, 1 / entropy weight", open_low=True)
    reaction: float = _setting(0.1, 0, 1, "a of a scripted Richardson race, per step")
    restraint: float = _setting(0.2, 0, 0.95, "m of a scripted Richardson race, per step", open_low=True)
    grievance: float = _setting(0.1, 0, 1, "g of a scripted Richardson race, units of arms per step", open_low=True)

    def __post_init__(self) -> None:
        """Check every value."""
        faults = [
            f"{name} = {value!r} is outside {SETTINGS[name]}: {SETTINGS[name].meaning}"
            for name, value in asdict(self).items()
            if not SETTINGS[name].contains(value)
        ]
        if faults:
            raise ParameterError(faults)

    @property
    def chance(self) -> float:
        """``P = Λ(k [b + ln(eA / eD)])``: the chance that a one-sided strike between unarmed equals wins."""
        return parity_chance(self.balance + math.log(self.surge_attack / self.home_defence), self.decisiveness)

    def game(self, name: str, **changes: Value) -> StageGame:
        """Return a ready-made stage game at these settings: balance, war cost, combat and greed, and further changes.

        Raises:
            ParameterError: Listing an unknown name, and every parameter that is unknown or outside its range.
        """
        return stage_game(name, **({shared: getattr(self, shared) for shared in SHARED} | changes))


SETTINGS: MappingProxyType[str, Range] = MappingProxyType(
    {f.name: f.metadata["range"] if "range" in f.metadata else PARAMETERS[f.name] for f in fields(Settings)}
)
"""Every setting's range and meaning."""


def critical(settings: Settings) -> float | None:
    """Return π*, the probability of being struck that leaves a security seeker indifferent; None where ``P <= ½``."""
    return critical_strike_probability(settings.chance, settings.war_cost) if settings.chance > 0.5 else None


def basin_starts(settings: Settings) -> tuple[float, ...]:
    """Return initial strike probabilities around π*; where there is none, three between 0 and 1."""
    boundary = critical(settings)
    if boundary is None:
        return (0.2, 0.5, 0.8)
    return _between([boundary + step for step in (-WIDE, -APART, 0.0, APART, WIDE)])


def trust_levels(settings: Settings) -> tuple[float, ...]:
    """Return levels of trust around the minimum trust m; where there is none, three between 0 and 1."""
    boundary = critical(settings)
    if boundary is None:
        return (0.2, 0.5, 0.8)
    return _between([1 - boundary + step for step in (-WIDE, -APART, APART, WIDE)])


def contagion_means(settings: Settings) -> tuple[float, float]:
    """Return mean benefits of striking just below and above the one from which on no peace is an equilibrium.

    Beyond ``1 + c - P`` striking is dominant; where the most eager hawk is beyond it, fear spreads (Baliga & Sjöström
    2004).
    """
    tipping = 1 + settings.war_cost - settings.chance - settings.contagion_width
    return tipping - APART * settings.contagion_width, tipping + APART * settings.contagion_width


def window_points(low: float, high: float, least: float, most: float) -> tuple[float, ...]:
    """Return points below, inside and above a window, as far as there is room for them between two bounds."""
    points = (0.5 * (least + low), 0.5 * (low + high), high + WIDE * (most - high))
    return tuple(round(point, 4) for point in points if least < point < most)


def _between(values: list[float]) -> tuple[float, ...]:
    """Values that are probabilities, neither 0 nor 1, rounded as their names are."""
    return tuple(round(value, 4) for value in values if 0.01 < value < 0.99)
