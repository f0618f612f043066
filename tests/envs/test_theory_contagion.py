"""Fear multiplier and contagion, against the crisis matrix that the environment pays."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, example, given

from security_dilemma.theory import (
    CrisisPayoffs,
    critical_strike_probability,
    dominant_hawks,
    fear_feedback,
    fear_multiplier,
    parity_chance,
    strike_shares,
    war_chance,
)
from tests.envs.crisis_cells import BALANCES, COSTS, STEEPNESS, crisis_matrix, eagerness, equals

MEANS, WIDTHS = st.floats(-1, 1), st.floats(0.02, 2)


def response(payoffs: CrisisPayoffs, mean: float, width: float, struck: Any) -> Any:
    """The share whose initiative makes striking better, by the environment's payoffs, if a share is expected to."""
    return np.clip((mean + width + eagerness(payoffs, struck)) / (2 * width), 0, 1)


def test_printed_figures() -> None:
    for b, share, war in ((1.0, 0.3301, 0.5512), (2.0, 0.5440, 0.7921)):
        (found,) = strike_shares(parity_chance(b), 0.2, 0.0, 0.7)
        assert found == pytest.approx(share, abs=5e-5)
        assert war_chance(found) == pytest.approx(war, abs=5e-5)
    chance = parity_chance(1.0)
    assert strike_shares(chance, 0.2, 0.16, 0.3)[0] == 0
    assert dominant_hawks(chance, 0.2, 0.16, 0.3) == 0
    assert strike_shares(chance, 0.2, 0.20, 0.3) == (1.0,)
    assert dominant_hawks(chance, 0.2, 0.20, 0.3) == pytest.approx(0.052, abs=5e-4)


@given(BALANCES, COSTS, STEEPNESS, MEANS, WIDTHS)
@example(b=1.0, c=0.2, k=1.0, mean=0.0, width=0.7)
@example(b=1.0, c=0.2, k=1.0, mean=0.16, width=0.3)
def test_every_equilibrium_share_is_found(b: float, c: float, k: float, mean: float, width: float) -> None:
    """By the residual of each, and by counting the changes of sign of the response on a fine grid."""
    chance = parity_chance(b, k)
    assume(1e-6 < chance < 1 - 1e-6)
    assume(abs(fear_feedback(c, width) - 1) > 1e-3)
    payoffs = crisis_matrix(equals(b, c, k))
    found = strike_shares(chance, c, mean, width)
    assert list(found) == sorted(found)
    for share in found:
        assert response(payoffs, mean, width, share) == pytest.approx(share, abs=1e-9)
    grid = np.linspace(-0.5, 1.5, 20002)  # the response is 0 to 1, so that it crosses the diagonal within
    excess = response(payoffs, mean, width, grid) - grid
    corners = [response(payoffs, mean, width, end) for end in (0.0, 1.0)]
    unclipped = [mean + width + eagerness(payoffs, end) for end in (0.0, 1.0)]
    assume(min(abs(unclipped[0]), abs(unclipped[1] - 2 * width)) > 1e-2)
    assume(np.abs(excess).min() > 0)
    assert len(found) == np.count_nonzero(np.diff(np.sign(excess)))
    assert (0.0 in found) == (corners[0] == 0)
    assert (1.0 in found) == (corners[1] == 1)


@given(BALANCES, COSTS, STEEPNESS, MEANS, WIDTHS)
def test_dominant_hawks_strike_even_one_who_holds(b: float, c: float, k: float, mean: float, width: float) -> None:
    chance = parity_chance(b, k)
    assume(1e-6 < chance < 1 - 1e-6)
    hawks = dominant_hawks(chance, c, mean, width)
    assert hawks == pytest.approx(float(response(crisis_matrix(equals(b, c, k)), mean, width, 0.0)), abs=1e-9)
    assert (hawks == 0) == (0.0 in strike_shares(chance, c, mean, width)) or hawks < 1e-12


@given(BALANCES, COSTS, STEEPNESS, st.floats(-0.3, 0.3), st.floats(0.51, 2))
def test_the_multiplier_is_of_the_dominant_hawks(b: float, c: float, k: float, mean: float, width: float) -> None:
    chance = parity_chance(b, k)
    assume(1e-6 < chance < 1 - 1e-6)
    (share,) = strike_shares(chance, c, mean, width)
    assume(0 < share < 1)
    assert share == pytest.approx(fear_multiplier(c, width) * dominant_hawks(chance, c, mean, width), rel=1e-9)


@given(st.floats(0.01, 3), COSTS, STEEPNESS)
def test_without_width_it_is_the_stag_hunt(b: float, c: float, k: float) -> None:
    chance = parity_chance(b, k)
    assume(chance < 1 - 1e-6)
    shares = strike_shares(chance, c, 0.0, 0.0)
    assert shares == pytest.approx((0.0, critical_strike_probability(chance, c), 1.0))
    assert dominant_hawks(chance, c, 0.0, 0.0) == 0
    assert dominant_hawks(chance, c, 1.5, 0.0) == 1
    assert strike_shares(chance, c, 1.5, 0.0) == (1.0,)


def test_who_is_indifferent_may_do_either() -> None:
    """Numbers without rounding: an even chance leaves one who is struck indifferent, h = ½ one who is not."""
    assert strike_shares(0.5, 0.25, 0.0, 0.0) == (0.0, 1.0)
    assert strike_shares(0.75, 0.25, 0.5, 0.0) == (0.0, 1.0)
    assert dominant_hawks(0.75, 0.25, 0.5, 0.0) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: strike_shares(1.5, 0.2, 0.0, 0.7), "chance = 1.5"),
        (lambda: strike_shares(0.7, 0.2, 0.0, -0.7), r"initiative_width = -0.7 is outside \[0, 100\]"),
        (lambda: strike_shares(0.7, 0.2, float("nan"), 0.7), "initiative_mean = nan"),
        (lambda: strike_shares(0.75, 0.25, 0.125, 0.375), "every share is an equilibrium"),
        (lambda: dominant_hawks(0.7, 0.7, 0.0, 0.7), "war_cost = 0.7"),
        (lambda: fear_feedback(0.2, -1.0), "initiative_width = -1.0"),
        (lambda: fear_multiplier(0.2, 0.35), r"above \(½ \+ c\) / 2 = 0.35: fear is contagious"),
        (lambda: fear_multiplier(0.2, 0.0), "fear is contagious"),
        (lambda: war_chance(1.2), r"share = 1.2 must be in \[0, 1\]"),
    ],
)
def test_closed_forms_say_where_they_do_not_hold(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
