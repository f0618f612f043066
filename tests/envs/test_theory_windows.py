"""Windows of reassurance and of costly signals: every deviation, at the payoffs that the environment's crisis pays."""

from __future__ import annotations

from itertools import product
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import assume, example, given

from security_dilemma.theory import (
    CrisisPayoffs,
    Window,
    parity_chance,
    predation_threshold,
    reassurance_window,
    signal_window,
)
from tests.envs.crisis_cells import COSTS, STEEPNESS, crisis_matrix, equals

OFFENCE, BEYOND, TRUSTS, STAKES = st.floats(0.05, 3), st.floats(0.01, 2), st.floats(0.02, 0.98), st.floats(0.01, 0.99)
MARGIN = 1e-7


def cell(payoffs: CrisisPayoffs, own: bool, other: bool) -> float:
    """A payoff by whether each strikes."""
    return payoffs[2 * own + other]


def matrices(b: float, c: float, k: float, g: float) -> tuple[CrisisPayoffs, CrisisPayoffs]:
    """The crisis of a security seeker and of a greedy state."""
    return crisis_matrix(equals(b, c, k)), crisis_matrix(equals(b, c, k, g))


def second_of(greedy: bool, struck_me: bool) -> bool:
    """Whether a state strikes in the second stage of the separating profile."""
    return greedy or struck_me


def two_rounds(payoffs: CrisisPayoffs, first: bool, then: dict[bool, bool], alpha: float, trust: float) -> float:
    """What a state expects that strikes first or not, and then by whether it was struck, if others separate."""
    total = 0.0
    for greedy, probability in ((False, trust), (True, 1 - trust)):
        at_once = cell(payoffs, first, greedy)
        later = cell(payoffs, then[greedy], second_of(greedy, first))
        total += probability * (alpha * at_once + (1 - alpha) * later)
    return total


def separates(seeker: CrisisPayoffs, greedy: CrisisPayoffs, alpha: float, trust: float) -> float:
    """The most that a deviation from the separating profile gains, over both types and all plans."""
    gain = 0.0
    for payoffs, type_ in ((seeker, False), (greedy, True)):
        planned = two_rounds(payoffs, type_, {met: second_of(type_, met) for met in (False, True)}, alpha, trust)
        plans = (
            two_rounds(payoffs, first, {False: calm, True: struck}, alpha, trust)
            for first, calm, struck in product((False, True), repeat=3)
        )
        gain = max(gain, max(plans) - planned)
    return gain


def test_printed_figures() -> None:
    chance = parity_chance(1.0)
    assert reassurance_window(chance, 0.2, 1.0, 0.2) == pytest.approx((0.1796, 0.6059), abs=5e-5)
    assert signal_window(chance, 0.2, 1.0) == pytest.approx((0.4621, 0.7), abs=5e-5)


@pytest.mark.parametrize("chance", [0.6, 0.8])
def test_the_least_greed_that_strikes_has_windows(chance: float) -> None:
    greed = predation_threshold(chance, 0.2)
    assert reassurance_window(chance, 0.2, greed, 0.5).low == pytest.approx(0.5)
    assert signal_window(chance, 0.2, greed) is not None


def test_where_deceit_gains_more_than_peace_is_worth_no_cost_separates() -> None:
    assert signal_window(0.9, 0.1, 2.0) is None


# 6. Reassurance in two rounds


@given(OFFENCE, COSTS, STEEPNESS, BEYOND, TRUSTS, STAKES)
@example(b=1.0, c=0.2, k=1.0, beyond=0.36, t=0.2, alpha=0.17)
@example(b=1.0, c=0.2, k=1.0, beyond=0.36, t=0.2, alpha=0.4)
@example(b=1.0, c=0.2, k=1.0, beyond=0.36, t=0.2, alpha=0.62)
@example(b=3.0, c=0.01, k=4.0, beyond=2.0, t=0.98, alpha=0.5)
def test_small_stakes_separate_inside_the_window_only(
    b: float, c: float, k: float, beyond: float, t: float, alpha: float
) -> None:
    chance = parity_chance(b, k)
    greed = predation_threshold(chance, c) + beyond
    assume(chance < 1 - 1e-6 and greed <= 3)
    window = reassurance_window(chance, c, greed, t)
    assert window.low - MARGIN <= t <= window.high
    assume(min(abs(alpha - window.low), abs(alpha - window.high)) > MARGIN)
    gain = separates(*matrices(b, c, k, greed), alpha, t)
    assert (gain <= 1e-9) == (alpha in window)


@given(OFFENCE, COSTS, STEEPNESS, BEYOND, TRUSTS)
def test_at_the_ends_of_the_window_a_type_is_indifferent(b: float, c: float, k: float, beyond: float, t: float) -> None:
    chance = parity_chance(b, k)
    greed = predation_threshold(chance, c) + beyond
    assume(chance < 1 - 1e-6 and greed <= 3)
    window = reassurance_window(chance, c, greed, t)
    seeker, greedy = matrices(b, c, k, greed)
    strikes, waits = ({False: True, True: True}, {False: True, True: True})
    assert two_rounds(greedy, True, strikes, window.low, t) == pytest.approx(
        two_rounds(greedy, False, waits, window.low, t)
    )
    if window.high < 1:
        trusts, defects = {False: False, True: True}, {False: True, True: True}
        assert two_rounds(seeker, False, trusts, window.high, t) == pytest.approx(
            two_rounds(seeker, True, defects, window.high, t)
        )


# 7. Costly signals


def signals(seeker: CrisisPayoffs, greedy: CrisisPayoffs, cost: float) -> float:
    """The most that a deviation gains where seekers burn and greedy states do not, and the receiver believes it."""
    gain = 0.0
    for payoffs, type_ in ((seeker, False), (greedy, True)):
        plans = {
            (burns, strikes): cell(payoffs, strikes, not burns) - cost * burns
            for burns, strikes in product((False, True), repeat=2)
        }
        gain = max(gain, max(plans.values()) - plans[not type_, type_])
    for sender_greedy in (False, True):  # the receiver knows the sender's type by its signal
        hold, strike = (cell(seeker, own, sender_greedy) for own in (False, True))
        gain = max(gain, (strike - hold) * (1 if not sender_greedy else -1))
    return gain


@given(OFFENCE, COSTS, STEEPNESS, BEYOND, st.floats(0, 3))
@example(b=1.0, c=0.2, k=1.0, beyond=0.36, cost=0.5)
@example(b=1.0, c=0.2, k=1.0, beyond=0.36, cost=0.4)
@example(b=1.0, c=0.2, k=1.0, beyond=0.36, cost=0.8)
@example(b=1.0, c=0.2, k=1.0, beyond=0.36, cost=0.0)  # a free message
def test_a_burnt_cost_separates_inside_the_window_only(
    b: float, c: float, k: float, beyond: float, cost: float
) -> None:
    chance = parity_chance(b, k)
    greed = predation_threshold(chance, c) + beyond
    assume(chance < 1 - 1e-6 and greed <= 3)
    window = signal_window(chance, c, greed)
    assume(window is None or min(abs(cost - window.low), abs(cost - window.high)) > MARGIN)
    gain = signals(*matrices(b, c, k, greed), cost)
    assert (gain <= 1e-9) == (window is not None and cost in window)


@given(OFFENCE, COSTS, STEEPNESS, BEYOND)
def test_no_window_holds_a_free_message(b: float, c: float, k: float, beyond: float) -> None:
    chance = parity_chance(b, k)
    greed = predation_threshold(chance, c) + beyond
    assume(greed <= 3)
    window = signal_window(chance, c, greed)
    assert window is None or 0.0 not in window


def test_membership_of_a_window() -> None:
    window = Window(0.25, 0.5)
    assert all(x in window for x in (0.25, 0.4, 0.5))
    assert not any(x in window for x in (0.2, 0.6, float("nan"), "0.4", None))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: reassurance_window(0.5, 0.2, 1.0, 0.2), r"chance = 0.5 must be in \(0.5, 1\]"),
        (lambda: reassurance_window(0.7, 0.2, 0.5, 0.2), r"greed = 0.5 must be at least .* = 0.7143: less does not"),
        (lambda: reassurance_window(0.7, 0.2, 4.0, 0.2), r"greed = 4.0 is outside \[0, 3\]"),
        (lambda: reassurance_window(0.7, 0.5, 1.0, 0.2), r"war_cost = 0.5 is outside \(0, 0.5\)"),
        (lambda: reassurance_window(0.7, 0.2, 1.0, 1.0), r"trust = 1.0 must be in \(0, 1\): both types"),
        (lambda: reassurance_window(0.7, 0.2, 1.0, float("nan")), "trust = nan"),
        (lambda: signal_window(0.4, 0.2, 1.0), "chance = 0.4"),
        (lambda: signal_window(0.7, 0.2, 0.1), "greed = 0.1 must be at least"),
    ],
)
def test_closed_forms_say_where_they_do_not_hold(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
