"""Judgements that several strategies share: what others bought, and what a crisis would pay."""

from __future__ import annotations

import numpy as np

from security_dilemma.arrays import Array
from security_dilemma.strategies.view import View
from security_dilemma.theory import CrisisPayoffs

__all__ = ["armed", "crisis_payoffs", "disarmed", "tempted"]


def armed(view: View) -> Array:
    """Whether each other state bought arms in the last step, by its reported arms, (G, N, N - 1) bool.

    Its arms are nearer to what buying would have left it with than to what holding would.
    """
    held, rules = _held(view), view.roles.others
    return view.others("arms") > 0.5 * (held + np.minimum(held + rules.build, rules.arms_cap))


def disarmed(view: View) -> Array:
    """Whether each other state halved its arms in the last step, by its reported arms, (G, N, N - 1) bool."""
    held = _held(view)
    return (held > 0) & (view.others("arms") < 0.75 * held)


def crisis_payoffs(view: View, chance: Array, threat: Array, mutual: Array) -> CrisisPayoffs:
    """Return what a state expects of a crisis with each other state (Kydd 2005), (G, N, N - 1) each.

    It is :func:`security_dilemma.theory.crisis_payoffs` with each side's own economy and chances, and the audience
    cost of a pledge in force. Peace is worth an undisturbed future, Y; so is survival to the victor.

    Args:
        view: What is seen.
        chance: Chance that an own one-sided strike wins, (G, N, N - 1).
        threat: Chance that the other's wins.
        mutual: Chance to win if both strike.
    """
    rules = view.roles.own
    greed, economy, initiative = (view.own(name)[..., None] for name in ("greed", "economy", "initiative"))
    prize = economy + greed * view.others("economy")
    striking = initiative - rules.war_cost - rules.audience_cost * view.own("pledge")[..., None]
    return CrisisPayoffs(
        hold_hold=economy + np.zeros_like(prize),
        hold_strike=(1 - threat) * prize - rules.war_cost,
        strike_hold=chance * prize + striking,
        strike_strike=mutual * prize + striking,
    )


def tempted(view: View) -> Array:
    """Whether each other state, if it were greedy, would gain by striking a state that holds, (G, N, N - 1) bool.

    That is ``P (Y_j + γ Y_i) - c > Y_j``, the predation threshold of Kydd (2005) at the forces as they are seen.
    """
    rules, economy = view.roles.others, view.others("economy")
    prize = economy + rules.greed * view.own("economy")[..., None]
    return view.threat * prize - rules.war_cost > economy


def _held(view: View) -> Array:
    """The arms that each other state would have now if it had held."""
    return (1 - view.roles.others.depreciation) * view.before.others("arms")
