"""Equilibria of the literature have NashConv 0 where theory has them, and only there."""

from __future__ import annotations

import re
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, example, given, settings

from security_dilemma.solver import (
    GameTree,
    Profile,
    all_hold,
    all_strike,
    costly_signal,
    expected_payoffs_by_intent,
    gains_by_intent,
    greedy_strike,
    nash_conv,
    profile_of,
    reassurance,
)
from security_dilemma.stage_games import stage_game, with_stakes
from security_dilemma.theory import (
    crisis_payoffs,
    minimum_trust,
    parity_chance,
    predation_threshold,
    reassurance_window,
    signal_window,
    strike_shares,
)

BALANCES, COSTS, STEEPNESS = st.floats(0.1, 2.5), st.floats(0.02, 0.45), st.floats(0.3, 2)
MARGINS, SHARES = st.floats(0.02, 0.5), st.floats(0.05, 0.95)
CLOSE = 1e-3
"""How close to a boundary an example may not be."""


def is_equilibrium(value: float) -> bool:
    """Whether a NashConv is 0, but for rounding; what lies between is an error of these tests."""
    assert value < 1e-10 or value > 1e-7, value
    return value < 1e-10


@settings(max_examples=30)
@given(st.floats(-2.5, 2.5), COSTS, STEEPNESS)
@example(b=0.0, c=0.2, k=1.0)
def test_peace_always_and_war_iff_offence_has_the_advantage(b: float, c: float, k: float) -> None:
    """Among security seekers for certain (Jervis 1978)."""
    assume(b == 0 or abs(b) > CLOSE)
    tree = GameTree.build(stage_game("stag_hunt", balance=b, war_cost=c, decisiveness=k))
    assert is_equilibrium(nash_conv(tree, all_hold(tree)))
    assert is_equilibrium(nash_conv(tree, all_strike(tree))) == (b >= 0)


@settings(max_examples=25)
@given(BALANCES, COSTS, STEEPNESS, MARGINS, SHARES)
@example(b=1.0, c=0.2, k=1.0, margin=0.3585, trust=0.35)
@example(b=1.0, c=0.2, k=1.0, margin=0.3585, trust=0.31)
def test_security_seekers_hold_from_the_minimum_trust_on(
    b: float, c: float, k: float, margin: float, trust: float
) -> None:
    """Kydd (2000, 2005): where greedy states strike for certain."""
    chance = parity_chance(b, k)
    greed, least = predation_threshold(chance, c) + margin, minimum_trust(chance, c)
    assume(greed <= 3)
    assume(abs(trust - least) > CLOSE)
    tree = GameTree.build(stage_game("crisis", balance=b, war_cost=c, decisiveness=k, greed=greed, trust=trust))
    profile = greedy_strike(tree)
    assert is_equilibrium(nash_conv(tree, profile)) == (trust > least)
    # it is the security seekers who would rather strike; greedy states have nothing to gain
    assert gains_by_intent(tree, profile)[:, 1] == pytest.approx(0, abs=1e-12)


@settings(max_examples=25)
@given(BALANCES, COSTS, STEEPNESS, st.floats(-0.3, 0.5))
def test_a_greedy_state_strikes_one_that_holds_beyond_its_threshold(b: float, c: float, k: float, more: float) -> None:
    chance = parity_chance(b, k)
    greed = predation_threshold(chance, c) + more
    assume(0 < greed <= 3)
    assume(abs(more) > CLOSE)
    intents = np.array([0.0, 1.0])  # the first greedy, the second a security seeker, both known
    tree = GameTree.build(stage_game("crisis", balance=b, war_cost=c, decisiveness=k, greed=greed, trust=intents))
    assert is_equilibrium(nash_conv(tree, all_hold(tree))) == (more < 0)


@settings(max_examples=35)
@given(BALANCES, COSTS, MARGINS, SHARES, st.floats(0.02, 0.98))
@example(b=1.0, c=0.2, margin=0.3585, trust=0.2, first=0.17)
@example(b=1.0, c=0.2, margin=0.3585, trust=0.2, first=0.19)
@example(b=1.0, c=0.2, margin=0.3585, trust=0.2, first=0.60)
@example(b=1.0, c=0.2, margin=0.3585, trust=0.2, first=0.62)
def test_first_stakes_separate_exactly_inside_the_window(
    b: float, c: float, margin: float, trust: float, first: float
) -> None:
    """Kydd (2000): below it a greedy state waits, above it a security seeker does not dare to hold."""
    chance = parity_chance(b)
    greed = predation_threshold(chance, c) + margin
    assume(greed <= 3)
    window = reassurance_window(chance, c, greed, trust)
    assume(all(abs(first - bound) > CLOSE for bound in window))
    game = stage_game("kydd_reassurance", balance=b, war_cost=c, greed=greed, trust=trust)
    tree = GameTree.build(with_stakes(game, (first, 1 - first)))
    assert is_equilibrium(nash_conv(tree, reassurance(tree))) == (first in window)


def test_outside_the_window_it_is_the_expected_type_that_deviates() -> None:
    window = reassurance_window(parity_chance(1.0), 0.2, 1.0, 0.2)
    for first, seeker, greedy in ((window.low - 0.05, False, True), (window.high + 0.05, True, False)):
        tree = GameTree.build(with_stakes(stage_game("kydd_reassurance"), (first, 1 - first)))
        gain = gains_by_intent(tree, reassurance(tree))
        assert np.all((gain > 1e-3) == [seeker, greedy])


@settings(max_examples=35)
@given(BALANCES, COSTS, MARGINS, SHARES, st.floats(0.01, 1.5))
@example(b=1.0, c=0.2, margin=0.3585, trust=0.2, cost=0.46)
@example(b=1.0, c=0.2, margin=0.3585, trust=0.2, cost=0.465)
@example(b=1.0, c=0.2, margin=0.3585, trust=0.2, cost=0.695)
@example(b=1.0, c=0.2, margin=0.3585, trust=0.2, cost=0.705)
def test_a_burnt_cost_separates_exactly_inside_the_window(
    b: float, c: float, margin: float, trust: float, cost: float
) -> None:
    """Fearon (1997): too small a cost is burnt by greedy states too, too large a one by nobody."""
    chance = parity_chance(b)
    greed = predation_threshold(chance, c) + margin
    assume(greed <= 3)
    window = signal_window(chance, c, greed)
    bounds = () if window is None else (window.low, window.high)
    assume(all(abs(cost - bound) > CLOSE for bound in bounds))
    burn = np.array([9 * cost, 45.0])  # the stakes of signal and crisis are 1 to 9
    prior = np.array([trust, 1.0])
    tree = GameTree.build(stage_game("costly_signal", balance=b, war_cost=c, greed=greed, trust=prior, burn_cost=burn))
    assert is_equilibrium(nash_conv(tree, costly_signal(tree))) == (window is not None and cost in window)


def test_a_receiver_that_is_greedy_strikes_whatever_was_burnt() -> None:
    tree = GameTree.build(stage_game("costly_signal", trust=0.5))
    _, (_, crisis) = costly_signal(tree)
    greedy, believes = (tree.stages[1].observations[1][:, tree.entries[x]] > 0 for x in ("own_greed", "other_1_burn"))
    assert np.array_equal(crisis[:, 1] == 1, greedy | ~believes)


def test_free_messages_do_not_separate() -> None:
    """At a cost of 0 the greedy type would send what the security seeker sends."""
    tree = GameTree.build(stage_game("costly_signal", burn_cost=np.array([0.0, 45.0])))
    assert gains_by_intent(tree, costly_signal(tree))[0, 1] > 0.1


def strikes_above(tree: GameTree, cut_off: float) -> Profile:
    return profile_of(tree, lambda _player, _stage, seen: (seen["own_initiative"] > cut_off, False))


@settings(max_examples=8)
@given(st.floats(0.2, 2), st.floats(0.05, 0.45), st.floats(-0.2, 0.2), st.floats(0.2, 1.2))
@example(b=1.0, c=0.2, mean=0.0, width=0.7)
def test_cut_offs_of_the_initiative_are_equilibria(b: float, c: float, mean: float, width: float) -> None:
    """Baliga & Sjöström (2004): who strikes has an initiative above what the others' share makes worth while.

    With n midpoints the share of the tree misses that of the continuum by up to 1 / (2n), and so a type next to the
    cut-off may lose of the order of 1 / n, one of chance 1 / n.
    """
    chance, n = parity_chance(b), 40
    tree = GameTree.build(
        stage_game("baliga_sjostrom", balance=b, war_cost=c, initiative_mean=mean, initiative_width=width),
        initiatives=n,
    )
    for share in strike_shares(chance, c, mean, width):
        wrong = min(share + 0.2, 1.0) if share < 0.5 else share - 0.2
        right, off = (nash_conv(tree, strikes_above(tree, mean + width * (1 - 2 * x))) for x in (share, wrong))
        assert right < 1.5 / n**2
        assert off > right


def test_payoffs_of_separation_are_those_of_its_story() -> None:
    """Seekers meet in peace; a seeker that meets a greedy state loses a small first stake, then both strike."""
    tree = GameTree.build(stage_game("kydd_reassurance"))
    chance, trust, first = parity_chance(1.0), 0.2, 0.4
    seeker, greedy = crisis_payoffs(chance, 0.2), crisis_payoffs(chance, 0.2, 1.0)
    expected = [
        trust * seeker.hold_hold + (1 - trust) * (first * seeker.hold_strike + (1 - first) * seeker.strike_strike),
        trust * (first * greedy.strike_hold + (1 - first) * greedy.strike_strike) + (1 - trust) * greedy.strike_strike,
    ]
    for payoffs in expected_payoffs_by_intent(tree, reassurance(tree)):
        assert payoffs == pytest.approx(expected)


def test_the_example_of_the_docs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "exact_solutions.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(compile(block, "exact_solutions.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert printed[:3] == ["0.1 0.0656", "0.4 0.0", "0.7 0.0087"]
    assert printed[-1] == "[0. 1. 0. 1. 0. 1. 0. 1.]"
