"""States that answer what others did: reciprocity, graduated and grim, and Richardson's linear reaction."""

from __future__ import annotations

import numpy as np

from security_dilemma.arrays import Array
from security_dilemma.state import ARM_DEFENSIVELY, ARM_OFFENSIVELY, ASSURE, DISARM, HOLD, OPEN, STRIKE
from security_dilemma.strategies.base import Strategy
from security_dilemma.strategies.judgement import armed, disarmed
from security_dilemma.strategies.view import View

__all__ = ["Grim", "Grit", "Richardson", "TitForTat"]


class TitForTat(Strategy):
    """Does in arms and in crises what the other did last (Axelrod 1984).

    It answers arming with arming, in kind as far as it can tell, and disarmament with disarmament; in a crisis it
    strikes who struck it in their last one.
    """

    remembers = ("struck",)

    def decide(self, view: View) -> Array:
        """Answer the rival's last move, and in a crisis what it did in the last one."""
        struck = view.others("struck_me") > 0
        met = (view.before.others("crisis") > 0) | struck
        self.memory["struck"] = np.where(met, struck, self.memory["struck"])
        in_kind = np.where(view.rival(view.others("dossier")) > 0.5, ARM_OFFENSIVELY, ARM_DEFENSIVELY)
        arms = np.where(view.rival(armed(view)), in_kind, np.where(view.rival(disarmed(view)), DISARM, HOLD))
        return np.where(view.crisis & (view.rival(self.memory["struck"]) > 0), STRIKE, arms)


class Grim(Strategy):
    """Trusts until it is once disappointed, and never again (the grim trigger: Friedman 1971).

    As soon as another has armed or struck it, it arms for attack and strikes that state in every crisis.
    """

    remembers = ("wronged",)

    def decide(self, view: View) -> Array:
        """Hold until wronged."""
        wrong = armed(view) | (view.others("struck_me") > 0)
        self.memory["wronged"] = np.maximum(self.memory["wronged"], wrong)
        alarmed = (self.memory["wronged"] * view.others("alive")).max(axis=-1) > 0
        strike = view.crisis & (view.rival(self.memory["wronged"]) > 0)
        return np.where(strike, STRIKE, np.where(alarmed, ARM_OFFENSIVELY, HOLD))


class Grit(Strategy):
    """Graduated reciprocation in tension reduction (Osgood 1962).

    Every few steps it takes an announced initiative whatever the other did: it halves its arms and opens its books.
    In between it answers disarmament with disarmament, and arming with defensive arms up to the other's level, no
    further; it never strikes.
    """

    PERIOD = 4
    """Steps from one initiative to the next."""

    def decide(self, view: View) -> Array:
        """Take an initiative when it is due, and else reciprocate."""
        exposed = view.rival(armed(view)) & (view.arms < view.rival(view.others("arms")))
        answer = np.where(exposed, ARM_DEFENSIVELY, np.where(view.rival(disarmed(view)), DISARM, HOLD))
        initiative = np.where(view.arms > 0, DISARM, HOLD)
        return np.where(self._due, initiative, answer)

    def say(self, view: View, moves: Array) -> Array:
        """Announce: open the books with an initiative, and assure in between."""
        del view
        return np.where(self._due, OPEN, np.full_like(moves, ASSURE))

    @property
    def _due(self) -> Array:
        return self.age % self.PERIOD == 0


class Richardson(Strategy):
    """Reacts linearly to the other's arms, ``Δx = a y - m x + g``, and never strikes (Richardson 1960).

    What its moves leave undone of the purchases, ``a y - (m - depreciation) x + g``, is carried over to the next step.
    Its arms are as offensive as defensive.
    """

    REACTION, RESTRAINT, GRIEVANCE = 0.3, 0.4, 0.1
    """a, m and g: two such states settle at ``g / (m - a) = 1`` unit of arms each."""

    remembers = ("owed",)

    def decide(self, view: View) -> Array:
        """Make the move that comes nearest to what is owed."""
        rules, own, other = view.roles.own, view.arms[..., None], view.rival(view.others("arms"))[..., None]
        linear = self.REACTION * other - self.RESTRAINT * own + self.GRIEVANCE
        owed = self.memory["owed"] + linear + rules.depreciation * own
        halved = 0.5 * (1 - rules.depreciation) * own
        buys, gives = 2 * owed >= rules.build, (halved > 0) & (2 * owed <= -halved)
        self.memory["owed"] = owed - np.where(buys, rules.build, np.where(gives, -halved, 0.0))
        kind = np.where(view.own("offensive") < view.own("defensive"), ARM_OFFENSIVELY, ARM_DEFENSIVELY)
        return np.where(buys[..., 0], kind, np.where(gives[..., 0], DISARM, HOLD))
