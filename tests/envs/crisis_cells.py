"""The crisis as the environment pays it, for tests of the theory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import hypothesis.strategies as st
from numpy.testing import assert_array_equal

from security_dilemma.combat import attack_strength, mutual_probability, strike_probability
from security_dilemma.dynamics import initial
from security_dilemma.params import Params
from security_dilemma.theory import CrisisPayoffs
from tests.envs.builders import HOLD, STRIKE, make_draws, play

CRISIS = ((("hold", "strike"), 1.0),)
CELLS = ((HOLD, HOLD), (HOLD, STRIKE), (STRIKE, HOLD), (STRIKE, STRIKE))
BALANCES, COSTS, STEEPNESS = st.floats(-3, 3), st.floats(0.01, 0.49), st.floats(0.1, 4)
GREEDS, INITIATIVES = st.floats(0, 3), st.floats(-1, 1)


def crisis_cell(params: Params, moves: Sequence[int], war: str = "terminal") -> Any:
    """Expected payoffs of both states in the one-shot crisis, by enumerating who wins."""
    state = initial(params, make_draws(intent=[1.0, 1.0]), CRISIS)
    struck = [move == STRIKE for move in moves]
    if not any(struck):
        return play(params, state, moves, stages=CRISIS, war=war)[1]
    one_sided = strike_probability(params, state)
    attack = attack_strength(params, state.offensive, state.defensive)
    mutual = mutual_probability(params.decisiveness, attack, attack[::-1])
    p = float(mutual[0] if all(struck) else one_sided[0] if struck[0] else 1 - one_sided[1])
    below, above = (
        play(params, state, moves, draws=make_draws(war=u), stages=CRISIS, war=war) for u in (p - 1e-9, p + 1e-9)
    )
    assert_array_equal(below[0].won, [True, False])
    assert_array_equal(above[0].won, [False, True])
    return p * below[1] + (1 - p) * above[1]


def crisis_matrix(params: Params) -> CrisisPayoffs:
    """The first state's crisis matrix, as the environment pays it."""
    return CrisisPayoffs(*(float(crisis_cell(params, (row, column))[0]) for row, column in CELLS))


def equals(b: float, c: float, k: float = 1.0, g: float = 0.0, h: float = 0.0) -> Params:
    """Two unarmed equals, with the intents given for certain."""
    return Params(
        balance=b, war_cost=c, decisiveness=k, greed=g, initiative_mean=h, surge_attack=1, home_defence=1, trust=0.0
    )


def value(payoffs: CrisisPayoffs, struck: float) -> tuple[float, float]:
    """Expected payoffs of holding and of striking against one who strikes with a probability."""
    hold = (1 - struck) * payoffs.hold_hold + struck * payoffs.hold_strike
    strike = (1 - struck) * payoffs.strike_hold + struck * payoffs.strike_strike
    return hold, strike


def eagerness(payoffs: CrisisPayoffs, struck: float) -> float:
    """How much better striking is than holding against one who strikes with a probability."""
    hold, strike = value(payoffs, struck)
    return strike - hold
