"""Scripted states of which it is known what they do, and why: races, sunk costs and fear that are there for sure.

They are no strategies of the literature and take part in no tournament. For each effect there is one that has it, and
one that is like it in all else.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from security_dilemma.arrays import Array
from security_dilemma.state import ARM_OFFENSIVELY, DISARM, HOLD, STRIKE
from security_dilemma.strategies import Strategy, View

__all__ = ["Believer", "Committed", "Drifter", "Fearful", "Racer", "Uncommitted"]


class Racer(Strategy):
    """Arms when a rival is ahead of it by more than half a purchase, and else now and then; it never strikes.

    Two of them run a Red Queen's race: who moves, and when, is chance, and every move is answered.
    """

    FIRST = 0.2
    """Chance to arm where nobody is ahead."""

    def decide(self, view: View) -> Array:
        """Draw level, or move first by chance."""
        behind = view.rival(view.others("arms")) - view.arms > 0.5 * view.roles.own.build
        return np.where(behind | (view.rng.random(behind.shape) < self.FIRST), ARM_OFFENSIVELY, HOLD)


class Drifter(Strategy):
    """Arms by chance about as often as a :class:`Racer`, whatever others do: arms rise, and nobody answers."""

    CHANCE = 0.25

    def decide(self, view: View) -> Array:
        """Draw a move."""
        return np.where(view.rng.random(view.crisis.shape) < self.CHANCE, ARM_OFFENSIVELY, HOLD)


class _Builder(Strategy):
    """Arms and strikes the likelier the more of something there is, and disarms now and then."""

    BASE, SLOPE, DISARMS, MOST = 0.2, 0.1, 0.2, 6.0
    """Chance to arm with nothing, and its rise for each unit of something up to the most; chance to disarm."""

    def decide(self, view: View) -> Array:
        """Draw a move; in a crisis strike or hold."""
        more = self.SLOPE * np.clip(self.something(view), 0.0, self.MOST)
        drawn = view.rng.random(view.crisis.shape)
        moves = np.where(drawn < self.BASE + more, ARM_OFFENSIVELY, np.where(drawn > 1 - self.DISARMS, DISARM, HOLD))
        return np.where(view.crisis, np.where(drawn < more, STRIKE, HOLD), moves)

    @abstractmethod
    def something(self, view: View) -> Array:
        """Return what it goes by, in units of arms, (G, N)."""


class Committed(_Builder):
    """Arms and strikes the likelier the more it has sunk in arms: what it has bought so far less what is left of it.

    It throws good money after bad (sunk costs: Arkes & Blumer 1985); the account is in its memory, kept by its stocks.
    """

    remembers = ("bought",)

    def something(self, view: View) -> Array:
        """Return what it has sunk."""
        bought = np.maximum(view.arms - (1 - view.roles.own.depreciation) * view.before.arms, 0.0)
        self.memory["bought"] = self.memory["bought"] + np.where(self.age > 0, bought, view.arms)[..., None]
        sunk: Array = self.memory["bought"][..., 0] - view.arms
        return sunk


class Uncommitted(_Builder):
    """Arms and strikes the likelier the more arms it has: it may look like sunk costs, and looks at no past."""

    def something(self, view: View) -> Array:
        """Return what it has."""
        return view.arms


class Believer(Strategy):
    """Strikes in a crisis iff it sees the balance on the side of offence, whatever the truth and the arms; never arms.

    A cult of the offensive as a rule (Van Evera 1999).
    """

    def decide(self, view: View) -> Array:
        """Strike on belief alone."""
        return np.where(view.crisis & (view.own("perceived_balance") > 0), STRIKE, HOLD)


class Fearful(Strategy):
    """Arms for attack in every step, and strikes only where the other's strike would be likelier to win than not.

    Reciprocal fear of surprise attack as a rule (Schelling 1960): what it sees of the other is all that moves it.
    """

    def decide(self, view: View) -> Array:
        """Strike out of fear alone."""
        return np.where(view.crisis & (view.rival(view.threat) > 0.5), STRIKE, ARM_OFFENSIVELY)
