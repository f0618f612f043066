"""Quantal responses against the closed form and against Gambit's own continuation."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given, settings
from numpy.testing import assert_allclose

from security_dilemma.solver import GameTree, Profile, nash_conv, quantal_response_branch
from security_dilemma.stage_games import stage_game
from security_dilemma.theory import parity_chance, quantal_responses
from tests.envs.gambit_games import GambitGame

TURNING: dict[str, Any] = {"trust": [0.38, 0.65], "initiative_mean": [0.15, 0.02], "balance": 0.55734, "greed": 0.7041}


def crisis(**changes: Any) -> GameTree:
    listed = {name: np.array(value) if isinstance(value, list) else value for name, value in changes.items()}
    return GameTree.build(stage_game("crisis", **listed))


def strikes(profile: Profile) -> float:
    """How often the first information set strikes in the first stage."""
    return float(profile[0][0][0, -1])


@pytest.mark.parametrize(("balance", "expected"), [(1.0, 0.1321), (2.0, 0.7052)])
def test_printed_figures(balance: float, expected: float) -> None:
    branch = quantal_response_branch(crisis(balance=balance), [5.0])
    assert strikes(branch.points[0].profile) == pytest.approx(expected, abs=5e-5)
    assert branch.points[0].precision == 5.0
    assert branch.turns == ()


@settings(max_examples=15)
@given(st.floats(0.05, 3), st.floats(0.05, 0.45), st.floats(0.1, 15), st.sampled_from([1, 4]))
def test_every_point_of_a_crisis_is_a_fixed_point_of_the_closed_form(
    balance: float, war_cost: float, precision: float, holds: int
) -> None:
    """Where the learner's five moves amount to four holds and a strike, the branch starts at a strike in five."""
    tree = crisis(balance=balance, war_cost=war_cost)
    first = holds / (holds + 1)
    reference = tree.profile(lambda *_: (first, 1 - first))
    chance = parity_chance(balance)
    fixed = quantal_responses(chance, war_cost, precision, holds)
    found = [strikes(profile) for profile in quantal_response_branch(tree, [precision], reference).at(precision)]
    assert found
    assert all(min(abs(x - root) for root in fixed) < 1e-8 for x in found)


def test_the_reference_of_a_uniform_learner() -> None:
    tree = crisis(balance=1.0)
    five = np.full((1, 5), 0.2)
    reference = tree.behaviour_of(lambda _seen: (five, five))
    assert strikes(reference) == pytest.approx(0.2)
    (start,) = quantal_response_branch(tree, [0.0], reference).points
    assert strikes(start.profile) == pytest.approx(0.2)


def difference(first: Profile, second: Profile) -> float:
    return max(
        float(np.abs(a - b).max())
        for one, other in zip(first, second, strict=True)
        for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("changes", [{"balance": 1.3}, {"trust": 0.7, "greed": 0.8}, {"initiative_mean": [0.2, -0.1]}])
def test_one_stage_as_gambit_has_it(changes: dict[str, Any]) -> None:
    tree = crisis(**changes)
    for precision in (1.0, 6.0):
        (point,) = quantal_response_branch(tree, [precision]).points
        assert difference(point.profile, GambitGame(tree).quantal_response(precision)) < 1e-6


def test_two_stages_as_gambit_has_them() -> None:
    tree = GameTree.build(stage_game("costly_signal", burn_cost=np.array([1.0, 2.0])))
    (point,) = quantal_response_branch(tree, [3.0]).points
    assert difference(point.profile, GambitGame(tree).quantal_response(3.0)) < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("name", ["kydd_reassurance", "costly_signal", "jackson_morelli"])
def test_stage_games_as_gambit_has_them(name: str) -> None:
    tree = GameTree.build(stage_game(name))
    for point in quantal_response_branch(tree, [2.0, 5.0]).points:
        assert difference(point.profile, GambitGame(tree).quantal_response(point.precision)) < 1e-6


def test_the_branch_tells_where_it_turns() -> None:
    """It passes a precision three times: forth, back and forth again; each point is an equilibrium of its own."""
    tree = crisis(**TURNING)
    branch = quantal_response_branch(tree, [5.0, 9.75, 20.0])
    back, forth = branch.turns
    assert back > 9.75 > forth
    assert [len(branch.at(precision)) for precision in (5.0, 9.75, 20.0)] == [1, 3, 1]
    rates = [strikes(profile) for profile in branch.at(9.75)]
    assert all(later - sooner > 1e-3 for sooner, later in pairwise(rates))


def test_between_its_turns_a_branch_is_met_three_times_at_every_precision() -> None:
    tree = crisis(**TURNING)
    back, forth = quantal_response_branch(tree, [20.0]).turns
    asked = np.linspace(forth, back, 27)[1:-1].tolist()
    branch = quantal_response_branch(tree, [20.0, *asked])
    assert [point.precision for point in branch.points] == [*asked, *asked[::-1], *asked, 20.0]
    rates = [strikes(point.profile) for point in branch.points]
    assert all(later > sooner for sooner, later in pairwise(rates))


@settings(max_examples=6)
@given(st.floats(-2, 3), st.floats(0.2, 0.9), st.floats(0.1, 1.5))
def test_precision_leads_to_an_equilibrium(balance: float, trust: float, greed: float) -> None:
    tree = crisis(balance=balance, trust=trust, greed=greed)
    few, many = (nash_conv(tree, quantal_response_branch(tree, [at]).points[-1].profile) for at in (1.0, 60.0))
    assume(few > 0.05)
    # the logit loses at most ln(actions) / precision a state
    assert many <= 2 * np.log(2) / 60


def test_odds_are_the_precision_times_the_advantage() -> None:
    """The definition itself, from expected payoffs of pure deviations: one information set, one stage."""
    tree = crisis(balance=1.2)
    (point,) = quantal_response_branch(tree, [4.0]).points
    struck = strikes(point.profile)
    chance = parity_chance(1.2)
    hold = (1 - struck) + struck * ((1 - chance) - 0.2)
    strike = (1 - struck) * (chance - 0.2) + struck * 0.3
    assert_allclose(np.log(struck / (1 - struck)), 4.0 * (strike - hold), atol=1e-9)


@pytest.mark.parametrize("precisions", [[-1.0], [float("nan")], [float("inf"), 1.0]])
def test_precisions_outside_their_range(precisions: list[float]) -> None:
    with pytest.raises(ValueError, match=r"precisions = .* must be finite and in \[0, ∞\)"):
        quantal_response_branch(crisis(), precisions)


def test_a_reference_that_leaves_an_action_out() -> None:
    tree = crisis()
    with pytest.raises(ValueError, match="every action must have a positive probability"):
        quantal_response_branch(tree, [1.0], tree.profile(lambda *_: (1.0, 0.0)))


@pytest.mark.slow
def test_probabilities_too_small_for_numbers_end_a_branch() -> None:
    """Burning costs the receiver 4.5, so that it does it with a chance of the order of exp(-4.5 precision)."""
    tree = GameTree.build(stage_game("costly_signal"))
    assert len(quantal_response_branch(tree, [100.0]).points) == 1
    with pytest.raises(ArithmeticError, match=r"beyond precision 1[56]\d.*the least probability of an action is \de-3"):
        quantal_response_branch(tree, [500.0])
