"""States that differ in whom they defend: balancing, bandwagoning, chain-ganging and buck-passing (N > 2).

They arm and strike alike, so that what differs between them is due to their support. Power is what a state can bring to
an attack; Walt (1987) would have states balance against threats, in which nearness and intentions count as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from security_dilemma.arrays import Array
from security_dilemma.params import ParameterError, Params
from security_dilemma.state import ARM_DEFENSIVELY, HOLD
from security_dilemma.strategies.calculating import Opportunist
from security_dilemma.strategies.judgement import tempted
from security_dilemma.strategies.view import View

__all__ = ["Ally", "Balancer", "Bandwagoner", "BuckPasser", "ChainGanger", "RandomAlly", "standing_out"]

TIE = 1e-4
"""States whose strengths are nearer than this, in units of arms, count as equally strong."""


def standing_out(strength: Array, living: Array) -> Array:
    """Return which state is stronger than every other living one, (..., N) bool; none where the strongest are equal.

    Args:
        strength: (..., N), what each can bring to an attack, in units of arms.
        living: (..., N) bool.
    """
    ranked = np.sort(np.where(living, strength, -np.inf), axis=-1)
    return living & (strength > ranked[..., -2:-1] + TIE)


class Ally(Opportunist):
    """Arms for defence until a strike is not worth it even to a greedy rival; if it is greedy, it is an opportunist.

    With nobody to defend it is the plain state to which the others add support.

    Raises:
        ParameterError: With two states, who have nobody to ally with.
    """

    def __init__(self, params: Params, n_states: int = 3, *arguments: Any, **options: Any) -> None:
        """Prepare as any strategy does; with two states there are no alliances."""
        super().__init__(params, n_states, *arguments, **options)
        if n_states == 2:
            problem = "alliances need a third state: give n_states in [3, 8], or choose one of STRATEGIES"
            raise ParameterError([f"n_states = 2: {type(self).__name__} plays alliances, and {problem}"])

    def decide(self, view: View) -> Array:
        """Deter, or seize the opportunity."""
        deter = np.where(view.rival(tempted(view)), ARM_DEFENSIVELY, HOLD)
        return np.where(view.own("greed") > 0, super().decide(view), deter)


class Balancer(Ally):
    """Sides with the weaker against the strongest (Waltz 1979; Walt 1987).

    Where another state stands out as the strongest, it defends the weakest of the rest; otherwise nobody.
    """

    def defend(self, view: View) -> Array:
        """Stand by the weakest of those who face the strongest with it."""
        rest = _living(view) & ~_strongest(view)
        weakest = np.where(rest, view.other_attack, np.inf).argmin(axis=-1)
        return np.where(_strongest(view).any(axis=-1) & rest.any(axis=-1), weakest + 1, 0)


class Bandwagoner(Ally):
    """Sides with the strongest, where another state stands out as that (Walt 1987; Schweller 1994)."""

    def defend(self, view: View) -> Array:
        """Stand by the strongest."""
        return np.where(_strongest(view).any(axis=-1), _strongest(view).argmax(axis=-1) + 1, 0)


class ChainGanger(Ally):
    """Finds a partner and stands by it whatever comes (Snyder 1984; Christensen & Snyder 1990).

    It courts a living state, drawn anew in every step, until one defends it that it defends itself. From then on it
    defends that one as long as it lives.
    """

    remembers = ("partner",)

    def defend(self, view: View) -> Array:
        """Stand by the partner, or court one."""
        living, partner = _living(view), self.memory["partner"] > 0
        mutual = living & (view.others("supports_me") > 0.5) & (view.others("supported") > 0.5)
        partner = living & np.where((partner & living).any(axis=-1, keepdims=True), partner, mutual)
        self.memory["partner"] = 1.0 * partner
        courted = view.rng.random(living.shape) * living
        choice = np.where(partner.any(axis=-1), partner.argmax(axis=-1), courted.argmax(axis=-1))
        return np.where(living.any(axis=-1), choice + 1, 0)


class BuckPasser(Ally):
    """Leaves it to others to stand up for anyone (Waltz 1979; Christensen & Snyder 1990)."""


class RandomAlly(Ally):
    """Draws whom of the living others to defend, or nobody, with equal chance: the null of measures of alliances."""

    def defend(self, view: View) -> Array:
        """Draw."""
        nobody = np.ones_like(view.crisis)[..., None]
        choices = np.concatenate([nobody, _living(view)], axis=-1)
        return (view.rng.random(choices.shape) * choices).argmax(axis=-1)


def _living(view: View) -> Array:
    """Which of the others live, (G, N, N - 1) bool."""
    return view.others("alive") > 0.5


def _strongest(view: View) -> Array:
    """Which of the others stands out as the strongest of all, oneself included, (G, N, N - 1) bool."""
    strength = np.concatenate([view.attack, view.other_attack], axis=-1)
    living = np.concatenate([np.ones_like(view.crisis)[..., None], _living(view)], axis=-1)
    return standing_out(strength, living)[..., 1:]
