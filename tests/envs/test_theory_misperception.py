"""THEORY 12 against a global game that is solved without it: leaders who see the balance with a small private error."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from security_dilemma.theory import crisis_payoffs, misperception_cutoff
from tests.envs.crisis_cells import crisis_matrix, eagerness, equals

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(41)
CASES = [(0.35, 0.3, 1.0), (0.8, 0.1, 2.0), (1.1, 0.35, 0.7), (1.69, 0.35, 2.0), (1.3, 0.15, 1.0)]
"""Greed, war cost and decisiveness; the last two lie .01 and nothing below ``1 + 2c``."""


class Leader:
    """One of two equals of a greed who see the balance with an error."""

    def __init__(self, greed: float, cost: float, k: float, noise: float) -> None:
        # payoffs are linear in the chance that a one-sided strike wins
        certain = [np.array(crisis_payoffs(chance, cost, greed)) for chance in (0.0, 1.0)]
        self.least, self.most = (np.array([m[2] - m[0], m[3] - m[1]]) for m in certain)
        self.k, self.noise = k, noise

    def gain(self, seen: float, other: float) -> float:
        """How much better striking is than holding, facing one who strikes who sees more than ``other``.

        The true balance is what is seen less a normal error, and the other's view the truth with an error of its own.
        """
        true = seen - self.noise * NODES
        chance = (0.5 + 0.5 * np.tanh(0.5 * self.k * true))[:, None]
        facing_hold, facing_strike = ((1 - chance) * self.least + chance * self.most).T
        struck = np.array([NormalDist().cdf((b - other) / self.noise) for b in true])
        return float(((1 - struck) * facing_hold + struck * facing_strike) @ WEIGHTS / WEIGHTS.sum())

    def best_answer(self, other: float) -> float:
        """The cut-off that answers a cut-off best, by bisection: the gain rises with what is seen."""
        low, high = -8.0, 8.0
        for _ in range(24):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if self.gain(middle, other) > 0 else (middle, high)
        return 0.5 * (low + high)


@pytest.mark.parametrize(("greed", "cost", "k"), CASES)
def test_best_answers_lead_to_the_cut_off_from_either_side(greed: float, cost: float, k: float) -> None:
    """From one who never strikes and from one who always does: there is no other equilibrium in cut-offs."""
    leader, found = Leader(greed, cost, k, 0.15 / k), []
    for start in (8.0, -8.0):
        cutoff, before = start, np.inf
        while abs(cutoff - before) > 1e-4:
            before, cutoff = cutoff, leader.best_answer(cutoff)
        found.append(cutoff)
    assert found[0] == pytest.approx(found[1], abs=0.01)
    assert np.mean(found) == pytest.approx(misperception_cutoff(greed, cost, k), abs=0.02 / k)


@pytest.mark.parametrize(("greed", "cost"), [(0.35, 0.3), (1.55, 0.3), (1.65, 0.3), (2.5, 0.3)])
def test_the_bound_is_where_a_strike_of_the_other_stops_inviting_one(greed: float, cost: float) -> None:
    """What the other's strike adds to one's own gain is ``1 + c - (1+g)/2`` at any balance: above 0 iff g < 1 + 2c."""
    for b in (-2.0, -0.3, 0.6, 1.7):
        m = crisis_matrix(equals(b, cost, 1.0, greed))
        added = (m.strike_strike - m.hold_strike) - (m.strike_hold - m.hold_hold)
        assert added == pytest.approx(1 + cost - (1 + greed) / 2, abs=1e-9)
        assert (added > 0) == (greed < 1 + 2 * cost)


@pytest.mark.parametrize("excess", [0.01, 0.3, 1.0])
def test_beyond_the_bound_the_formula_gives_no_equilibrium_and_is_refused(excess: float) -> None:
    """Where the formula has the other indifferent, who sees more, and so is sure to be struck, would rather hold."""
    cost = 0.2
    greed = 1 + 2 * cost + excess
    chance = 0.25 + (1 + cost) / (2 * (1 + greed))
    formula = math.log(chance / (1 - chance))
    leader = Leader(greed, cost, 1.0, 1e-4)
    assert leader.gain(formula, formula) == pytest.approx(0, abs=1e-4)
    assert leader.gain(formula + 5e-4, formula) < 0 < leader.gain(formula - 5e-4, formula)
    with pytest.raises(ValueError, match=r"must be at most 1 \+ 2c = 1.4"):
        misperception_cutoff(greed, cost)


def test_at_the_bound_what_the_other_does_is_all_one() -> None:
    """There the cut-off is where a strike wins half of the time, and striking beyond it is dominant."""
    assert misperception_cutoff(1.4, 0.2, 3.0) == pytest.approx(0, abs=1e-12)
    for struck in (0.0, 0.4, 1.0):
        assert eagerness(crisis_matrix(equals(0.0, 0.2, 3.0, 1.4)), struck) == pytest.approx(0, abs=1e-9)
        assert eagerness(crisis_matrix(equals(0.1, 0.2, 3.0, 1.4)), struck) > 0
