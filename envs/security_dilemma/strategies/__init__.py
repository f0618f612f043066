"""Scripted states: strategies of the literature, by name, that act on observations alone."""

from types import MappingProxyType

from security_dilemma.strategies.base import Strategy
from security_dilemma.strategies.calculating import (
    BayesianReassurer,
    Bully,
    DefensiveRealist,
    Deterrer,
    OffensiveRealist,
    Opportunist,
)
from security_dilemma.strategies.plain import Dove, Hawk, Random
from security_dilemma.strategies.reciprocal import Grim, Grit, Richardson, TitForTat
from security_dilemma.strategies.view import View

__all__ = ["STRATEGIES", "Strategy", "View"]

STRATEGIES: MappingProxyType[str, type[Strategy]] = MappingProxyType(
    {
        "dove": Dove,
        "hawk": Hawk,
        "tit_for_tat": TitForTat,
        "grim": Grim,
        "grit": Grit,
        "bayesian_reassurer": BayesianReassurer,
        "richardson": Richardson,
        "opportunist": Opportunist,
        "deterrer": Deterrer,
        "bully": Bully,
        "defensive_realist": DefensiveRealist,
        "offensive_realist": OffensiveRealist,
        "random": Random,
    }
)
"""Scripted states by name."""
