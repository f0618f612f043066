"""Scripted states: strategies of the literature, by name, that act on observations alone."""

from types import MappingProxyType

from security_dilemma.params import nearest
from security_dilemma.strategies.alliances import Balancer, Bandwagoner, BuckPasser, ChainGanger, RandomAlly
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

__all__ = ["ALLIANCE_STRATEGIES", "STRATEGIES", "Strategy", "View", "strategies_of", "strategy_fault"]

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

ALLIANCE_STRATEGIES: MappingProxyType[str, type[Strategy]] = MappingProxyType(
    {
        "balancer": Balancer,
        "bandwagoner": Bandwagoner,
        "chain_ganger": ChainGanger,
        "buck_passer": BuckPasser,
        "random_ally": RandomAlly,
    }
)
"""Scripted states that differ in whom they defend, by name; for more than two states."""


def strategies_of(n_states: int) -> dict[str, type[Strategy]]:
    """Return the scripted states that can play a game of so many states, by name."""
    return {**STRATEGIES, **(ALLIANCE_STRATEGIES if n_states > 2 else {})}


def strategy_fault(name: str, n_states: int) -> str | None:
    """Return why no scripted state of this name can play a game of so many states, as what follows the name."""
    known = strategies_of(n_states)
    if name in known:
        return None
    if name in ALLIANCE_STRATEGIES:
        return f"plays alliances, which {n_states} states cannot have: set n_states in [3, 8], or {nearest('', known)}"
    return f"is nobody's name: {nearest(name, known)}"
