"""Beliefs by Bayes' rule."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose, assert_array_equal

from security_dilemma.solver import GameTree, Profile, all_hold, posteriors, reassurance
from security_dilemma.solver.enumeration import Bools, Floats
from security_dilemma.stage_games import stage_game

PROBABILITIES = st.floats(0.01, 0.99)


def after(tree: GameTree, struck: bool) -> Bools:
    """Which information sets of the first state's second stage have seen a strike, or have not."""
    seen = tree.stages[1].observations[0][:, tree.entries["other_1_struck_me"]] > 0
    of_those: Bools = seen == struck
    return of_those


def test_separation_tells_everything() -> None:
    tree = GameTree.build(stage_game("kydd_reassurance"))
    first, second = posteriors(tree, reassurance(tree), 0)
    assert_allclose(first.greedy, 0.8)
    assert_allclose(second.greedy[after(tree, struck=True)], 1)
    assert_allclose(second.greedy[after(tree, struck=False)], 0)


def test_where_nobody_strikes_nothing_is_learnt() -> None:
    """And a strike, which nobody would make, has no Bayesian explanation."""
    tree = GameTree.build(stage_game("kydd_reassurance"))
    _, second = posteriors(tree, all_hold(tree), 1)
    assert_allclose(second.greedy[after(tree, struck=False)], 0.8)
    assert np.isnan(second.greedy[after(tree, struck=True)]).all()
    assert_array_equal(second.reach[after(tree, struck=True)], 0)


@settings(max_examples=20)
@given(PROBABILITIES, PROBABILITIES, PROBABILITIES)
def test_a_strike_tells_by_how_much_likelier_it_is(trust: float, seeker: float, greedy: float) -> None:
    tree = GameTree.build(stage_game("kydd_reassurance", trust=trust))
    _, second = posteriors(tree, mixed(tree, seeker, greedy), 0)
    struck = trust * seeker + (1 - trust) * greedy
    assert_allclose(second.greedy[after(tree, struck=True)], (1 - trust) * greedy / struck)
    assert_allclose(second.greedy[after(tree, struck=False)], (1 - trust) * (1 - greedy) / (1 - struck))
    assert second.reach[after(tree, struck=True)].sum() == pytest.approx(struck)


@settings(max_examples=20)
@given(PROBABILITIES, PROBABILITIES, PROBABILITIES)
def test_beliefs_average_to_the_prior(trust: float, seeker: float, greedy: float) -> None:
    tree = GameTree.build(stage_game("kydd_reassurance", trust=np.array([trust, 0.4])))
    for player, prior in ((0, 0.6), (1, 1 - trust)):
        for beliefs in posteriors(tree, mixed(tree, seeker, greedy), player):
            assert beliefs.reach.sum() == pytest.approx(1)
            assert beliefs.greedy @ beliefs.reach == pytest.approx(prior)


def mixed(tree: GameTree, seeker: float, greedy: float) -> Profile:
    """Each intent strikes with a probability of its own, in both stages."""
    place = tree.entries["own_greed"]

    def choose(_player: int, _stage: int, seen: Floats) -> tuple[float, float]:
        strike = greedy if seen[place] > 0 else seeker
        return 1 - strike, strike

    return tree.profile(choose)
