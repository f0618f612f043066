"""Scripted states for more than two: loyalty that goes with belief, wars that spread, and a challenger that strikes.

They are no strategies of the literature and take part in no tournament: each has for sure what a measure looks for.
"""

from __future__ import annotations

import numpy as np

from security_dilemma.arrays import Array
from security_dilemma.state import HOLD, STRIKE
from security_dilemma.strategies import Strategy, View
from security_dilemma.strategies.alliances import ChainGanger
from security_dilemma_training.studies.hegemony import PARITY

__all__ = ["Challenger", "Contagious", "Entangled"]


class Entangled(ChainGanger):
    """Stands by a partner where it sees the balance on the side of offence, and by nobody where it does not.

    What Christensen & Snyder (1990) expect of allies, as a rule.
    """

    def defend(self, view: View) -> Array:
        """Stand by the partner, on belief."""
        return np.where(view.own("perceived_balance") > 0, super().defend(view), 0)


class Contagious(Strategy):
    """Strikes in every crisis once a state has been eliminated, and now and then before; it never arms."""

    FIRST = 0.1
    """Chance to strike in a crisis as long as all live."""

    def decide(self, view: View) -> Array:
        """Strike in a world of wars."""
        wars = (view.others("alive") < 0.5).any(axis=-1)
        strikes = wars | (view.rng.random(wars.shape) < self.FIRST)
        return np.where(view.crisis & strikes, STRIKE, HOLD)


class Challenger(Strategy):
    """Strikes whom it is catching up with, once their economies are about the same; it never arms (Organski 1958)."""

    def decide(self, view: View) -> Array:
        """Strike at parity, if it is the side that rises."""
        own, other = view.own("economy")[..., None], view.others("economy")
        ratio = own / np.where(other > 0, other, np.inf)
        equal = (ratio >= PARITY) & (ratio <= 1 / PARITY)
        rising = own * view.before.others("economy") > view.before.own("economy")[..., None] * other
        return np.where(view.crisis & view.rival(equal & rising), STRIKE, HOLD)
