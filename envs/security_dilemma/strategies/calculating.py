"""States that weigh what a crisis would pay, by their own estimates of the other's forces and intent."""

from __future__ import annotations

import numpy as np

from security_dilemma.arrays import Array
from security_dilemma.state import ARM_DEFENSIVELY, ARM_OFFENSIVELY, DISARM, HOLD, OPEN, SILENT, STRIKE
from security_dilemma.strategies.base import Strategy
from security_dilemma.strategies.judgement import armed, crisis_payoffs, tempted
from security_dilemma.strategies.view import View

__all__ = ["BayesianReassurer", "Bully", "DefensiveRealist", "Deterrer", "OffensiveRealist", "Opportunist"]

MOST_LOG_ODDS = 500.0
"""What is more certain counts as this; its exponential is still a number."""


class BayesianReassurer(Strategy):
    """Holds and shows its books while it trusts enough, and else arms; strikes only out of mistrust (Kydd 2005).

    Its trust is the posterior probability that the other is a security seeker, by Bayes' rule from the prior and from
    what it saw: which way the posture of one that buys arms leans, as far as postures can be told apart; that it let
    pass, or took, a chance at which a greedy state gains by striking; and costs that it burnt. It expects of a greedy
    state the offensive arms, the strike and no burnt cost, and of a security seeker the contrary, each with the chance
    :attr:`ERROR` to err. Enough is Kydd's minimum trust between equals; in a crisis the same comparison decides at the
    forces as they are.
    """

    ERROR = 0.1

    remembers = ("log_odds",)

    def decide(self, view: View) -> Array:
        """Learn from what was seen, then compare the trust with the least that is needed."""
        self._learn(view)
        fear = view.rival(~self._trusts(view, view.chance, view.threat, view.mutual))
        mistrust = ~view.rival(self._trusts_an_equal(view))
        return np.where(view.crisis & fear, STRIKE, np.where(mistrust, ARM_DEFENSIVELY, HOLD))

    def say(self, view: View, moves: Array) -> Array:
        """Show the books where it trusts."""
        return np.where(view.rival(self._trusts_an_equal(view)), OPEN, np.full_like(moves, SILENT))

    def posterior(self, view: View) -> Array:
        """Return the probability that each other state is a security seeker, (G, N, N - 1)."""
        trust = view.roles.others.trust
        return trust / (trust + (1 - trust) * np.exp(-np.clip(self.memory["log_odds"], -MOST_LOG_ODDS, MOST_LOG_ODDS)))

    def _learn(self, view: View) -> None:
        right = np.log((1 - self.ERROR) / self.ERROR)
        # a posture is read rightly with chance (1 + v) / 2, so a purchase tells less than a deed
        read = 0.5 + view.roles.others.visibility * (0.5 - self.ERROR)
        posture = np.where(view.others("dossier") > 0.5, -1, 1) * np.log(read / (1 - read))
        struck = view.others("struck_me") > 0
        spared = (view.before.others("crisis") > 0) & tempted(view.before) & ~struck & (view.others("alive") > 0)
        deeds = right * (1.0 * spared + (view.others("burn") > 0) - struck)
        seen = deeds + np.where(armed(view), posture, 0.0)
        self.memory["log_odds"] = self.memory["log_odds"] + np.where(self.age[..., None] > 0, seen, 0.0)

    def _trusts(self, view: View, chance: Array, threat: Array, mutual: Array) -> Array:
        """Whether holding is worth as much as striking, if security seekers hold and greedy states strike."""
        payoffs, posterior = crisis_payoffs(view, chance, threat, mutual), self.posterior(view)
        peace, war = payoffs.hold_hold - payoffs.strike_hold, payoffs.hold_strike - payoffs.strike_strike
        return posterior * peace + (1 - posterior) * war >= 0

    def _trusts_an_equal(self, view: View) -> Array:
        return self._trusts(view, view.parity_chance, view.parity_chance, np.full_like(view.mutual, 0.5))


class Opportunist(Strategy):
    """Strikes when conquest pays better than peace, ``P (1 + g) - c > 1`` by its estimate (windows: Van Evera 1999).

    It arms for attack as long as a strike would pay with all the arms that it could have, so that a state without
    greed or a private benefit of striking does neither.
    """

    def decide(self, view: View) -> Array:
        """Strike if it pays, and else prepare for the day if it will ever come."""
        pays, ever = (self._pays(view, chance) for chance in (view.chance, view.full_chance))
        return np.where(view.crisis & pays, STRIKE, np.where(ever, ARM_OFFENSIVELY, HOLD))

    def _pays(self, view: View, chance: Array) -> Array:
        payoffs = crisis_payoffs(view, chance, view.threat, view.mutual)
        return view.rival(payoffs.strike_hold > payoffs.hold_hold)


class Deterrer(Strategy):
    """Arms defensively until a strike is not worth it even to a greedy other, and never strikes (Schelling 1966).

    With it arms stand at the security requirement: those that just deter.
    """

    def decide(self, view: View) -> Array:
        """Arm while a greedy rival would be tempted."""
        return np.where(view.rival(tempted(view)), ARM_DEFENSIVELY, HOLD)


class Bully(Strategy):
    """Escalates until it is matched (Leng & Wheeler 1979).

    It arms for attack unless the other has more arms than itself, and in a crisis strikes who has less, if it would
    rather win than lose.
    """

    def decide(self, view: View) -> Array:
        """Strike the weaker, back down before the stronger, and else arm."""
        other, likely = view.rival(view.others("arms")), view.rival(view.chance) > 0.5
        strike = view.crisis & (other < view.arms) & likely
        return np.where(strike, STRIKE, np.where(other > view.arms, HOLD, ARM_OFFENSIVELY))


class DefensiveRealist(Strategy):
    """Seeks an appropriate amount of power: it balances, and no more (Waltz 1979; Glaser 2010).

    It matches the other's arms with defensive ones and halves what exceeds them twice over. It strikes only where
    striking is risk-dominant: better than holding against even odds that the other strikes.
    """

    def decide(self, view: View) -> Array:
        """Balance, and pre-empt only where holding is too great a risk."""
        payoffs = crisis_payoffs(view, view.chance, view.threat, view.mutual)
        risk = payoffs.strike_hold + payoffs.strike_strike - payoffs.hold_hold - payoffs.hold_strike
        other = view.rival(view.others("arms"))
        balance = np.where(other > view.arms, ARM_DEFENSIVELY, np.where(view.arms > 2 * other, DISARM, HOLD))
        return np.where(view.crisis & (view.rival(risk) > 0), STRIKE, balance)


class OffensiveRealist(Strategy):
    """Seeks as much power as it can have and takes the worst for granted (Mearsheimer 2001).

    It arms for attack whatever the others do. Sure that the other will strike, it strikes in a crisis where it would
    rather meet it in attack than in defence.
    """

    def decide(self, view: View) -> Array:
        """Arm, and strike where attack is the better answer to an attack."""
        payoffs = crisis_payoffs(view, view.chance, view.threat, view.mutual)
        better = view.rival(payoffs.strike_strike > payoffs.hold_strike)
        return np.where(view.crisis & better, STRIKE, ARM_OFFENSIVELY)
