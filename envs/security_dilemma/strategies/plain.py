"""States that look at nothing: the plain types of the hawk-dove game, and chance."""

from __future__ import annotations

import numpy as np

from security_dilemma.arrays import Array
from security_dilemma.state import ARM_OFFENSIVELY, ASSURE, HOLD, STRIKE, Move, Signal
from security_dilemma.strategies.base import Strategy
from security_dilemma.strategies.view import View

__all__ = ["Dove", "Hawk", "Random"]


class Dove(Strategy):
    """Never arms and never strikes, and says so (Maynard Smith & Price 1973)."""

    signal = ASSURE

    def decide(self, view: View) -> Array:
        """Hold."""
        return np.full_like(view.crisis, HOLD, int)


class Hawk(Strategy):
    """Arms for attack and strikes in every crisis (Maynard Smith & Price 1973)."""

    def decide(self, view: View) -> Array:
        """Strike where there is a crisis, and else prepare for it."""
        return np.where(view.crisis, STRIKE, ARM_OFFENSIVELY)


class Random(Strategy):
    """Draws every move and every signal with equal chance, as a policy that has learned nothing."""

    def decide(self, view: View) -> Array:
        """Draw a move."""
        return view.rng.integers(len(Move), size=view.crisis.shape)

    def say(self, view: View, moves: Array) -> Array:
        """Draw a signal."""
        return view.rng.integers(len(Signal), size=moves.shape)
