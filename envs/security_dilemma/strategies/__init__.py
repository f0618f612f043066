"""Scripted states: strategies of the literature, by name, that act on observations alone."""

from types import MappingProxyType

from security_dilemma.strategies.base import Strategy
from security_dilemma.strategies.plain import Dove, Hawk, Random
from security_dilemma.strategies.view import View

__all__ = ["STRATEGIES", "Strategy", "View"]

STRATEGIES: MappingProxyType[str, type[Strategy]] = MappingProxyType(
    {
        "dove": Dove,
        "hawk": Hawk,
        "random": Random,
    }
)
"""Scripted states by name."""
