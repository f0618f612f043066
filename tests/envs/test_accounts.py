"""What payoffs are made of: the terms sum to the payoff, and each is what the table in the design says."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose

from security_dilemma.accounts import TERMS, payoff_terms
from security_dilemma.actions import ActionMode, decode
from security_dilemma.params import Params
from security_dilemma.stages import Stages
from security_dilemma.state import State
from tests.envs.builders import (
    BURN,
    DEFEND,
    HOLD,
    SILENT,
    STRIKE,
    crisis_of,
    decoded,
    make_draws,
    make_state,
    play,
    supports,
)
from tests.envs.rollouts import Rules, rollout, script
from tests.envs.test_invariants import parameters

PLAIN = Params(
    balance=0.0, decisiveness=1.0, surge_attack=1.0, home_defence=1.0, war_cost=0.2, discount=0.9, upkeep=0.1
)
WEIGHTS = {"power_weight": 0.3, "routine_weight": 0.2, "prosocial_weight": 0.4, "spoils": 0.5}
STAGES: Stages = (
    (("hold", "strike", "arm_offensively", "arm_defensively"), 0.2),
    (("hold", "strike"), 0.3),
    (("hold", "strike", "disarm"), 0.5),
)
FIRST_WINS, SECOND_WINS = make_draws(war=0.0), make_draws(war=0.999)


def told(params: Params, state: State, *deeds: Any, **more: Any) -> tuple[dict[str, list[float]], Any]:
    """The terms of one step, those that are not 0 for everyone, and what it paid."""
    kind = {name: more[name] for name in ("stages", "war") if name in more}
    after, paid = play(params, state, *deeds, **more)
    terms = payoff_terms(params, state, decoded(params, state, *deeds), after, **kind)
    assert tuple(terms) == TERMS
    assert_allclose(sum(terms.values()), paid, atol=1e-12)
    return {name: value.tolist() for name, value in terms.items() if np.any(value)}, paid


def assert_terms(terms: dict[str, list[float]], **expected: list[float]) -> None:
    assert set(terms) == set(expected)
    for name, value in expected.items():
        assert_allclose(terms[name], value, atol=1e-12, err_msg=name)


@st.composite
def kinds_of_games(draw: st.DrawFn) -> tuple[Params, int, Rules]:
    """Parameters anywhere, with and without optional weights, 2 to 4 states; and stage games of both kinds of war."""
    war = draw(st.sampled_from([None, "terminal", "scaled"]))
    n = draw(st.integers(2, 4)) if war is None else 2
    mode: ActionMode = draw(st.sampled_from(["multidiscrete", "discrete", "continuous"]))
    fixed: dict[str, Any] = draw(st.sampled_from([{}, WEIGHTS, WEIGHTS | {"routine_weight": np.linspace(0, 1, n)}]))
    return draw(parameters(n, **fixed)), n, Rules(None if war is None else STAGES, war or "terminal", mode)


@settings(max_examples=40)
@given(kinds_of_games(), st.integers(0, 2**32 - 1))
def test_the_terms_sum_to_the_payoff(kind: tuple[Params, int, Rules], seed: int) -> None:
    params, n, rules = kind
    played = script(seed, n, 3 if rules.stages else 8, (6,), rules.mode)
    turns = rollout(params, played, rules)
    for (before, after), actions, draws in zip(pairwise(turns), played.actions, played.draws, strict=True):
        action = decode(params, before.state, actions, draws, rules.mode)
        terms = payoff_terms(params, before.state, action, after.state, rules.stages, rules.war)
        assert tuple(terms) == TERMS
        assert all(value.shape == after.reward.shape for value in terms.values())
        scale = max(1.0, float(max(np.max(np.abs(value)) for value in terms.values())))
        assert_allclose(sum(terms.values()), after.reward, atol=1e-12 * scale)
        assert not any(np.any(value[~before.state.alive]) for value in terms.values())


def test_a_peaceful_step_less_arms_and_a_burnt_signal() -> None:
    state = make_state(offensive=[1.0, 0.0], defensive=[2.0, 0.0], economy=[2.0, 1.0], greed=0.5)
    terms, _ = told(PLAIN.replace(burn_cost=0.3), state, [HOLD, HOLD], [SILENT, BURN])
    assert_terms(terms, peaceful_step=[0.2, 0.1], upkeep=[-0.06, 0.0], burnt_signal=[0.0, -0.03])


def test_the_winner_keeps_its_future_and_the_loser_pays() -> None:
    params = PLAIN.replace(audience_cost=0.3, spoils=0.5)
    state = make_state(
        greed=[0.5, 0.0], initiative=[0.03, 0.04], economy=[2.0, 3.0], offensive=1.0, pledged=True, crisis=True
    )
    terms, paid = told(params, state, [STRIKE, HOLD], draws=FIRST_WINS)
    assert_terms(
        terms,
        undisturbed_future=[2.0, 0.0],
        conquest=[1.5, 0.0],
        initiative=[0.03, 0.0],
        broken_pledge=[-0.3, 0.0],
        war_cost=[-0.2, -0.2],
        spoils=[1.5, 0.0],
    )
    assert_allclose(paid, [2 + 1.5 + 0.03 - 0.3 - 0.2 + 1.5, -0.2])
    terms, _ = told(params, state, [STRIKE, HOLD], draws=SECOND_WINS)
    assert_terms(
        terms,
        undisturbed_future=[0.0, 3.0],
        initiative=[0.03, 0.0],
        broken_pledge=[-0.3, 0.0],
        war_cost=[-0.2, -0.2],
        spoils=[0.0, 1.0],
    )


def test_a_victor_who_leaves_others_alive_a_bystander_and_a_supporter() -> None:
    params = PLAIN.replace(support_cost=0.07)
    state = make_state(
        4,
        greed=[0.5, 0.0, 0.0, 0.0],
        offensive=[1.0, 0.0, 0.0, 2.0],
        crisis=crisis_of(4, 0, 1),
        support=supports(4, (2, 1)),
    )
    terms, _ = told(params, state, [STRIKE, HOLD, HOLD, HOLD], draws=make_draws(4, war=0.0))
    assert_terms(
        terms,
        peaceful_step=[0.1, 0.0, 0.1, 0.1],
        upkeep=[-0.01, 0.0, 0.0, -0.02],
        conquest=[0.5, 0.0, 0.0, 0.0],
        war_cost=[-0.2, -0.2, 0.0, 0.0],
        support=[0.0, 0.0, -0.07, 0.0],
    )


def test_power_routine_and_the_others() -> None:
    params = PLAIN.replace(power_weight=2.0, routine_weight=0.5, prosocial_weight=np.array([0.0, 1.0]), upkeep=0.0)
    terms, _ = told(params, make_state(), [HOLD, DEFEND])
    own = 0.1 + 2 * 0.1 / 2
    assert_terms(terms, peaceful_step=[0.1, 0.1], power=[0.1, 0.1], routine=[0.0, -0.05], prosocial=[0.0, own])


@pytest.mark.parametrize(("war", "future"), [("terminal", 0.8), ("scaled", 0.3)])
def test_stakes_scale_the_terms_of_a_stage(war: str, future: float) -> None:
    state = make_state(greed=0.5, crisis=True, steps=1)
    terms, _ = told(
        PLAIN.replace(burn_cost=0.3), state, [STRIKE, HOLD], [SILENT, BURN], draws=FIRST_WINS, stages=STAGES, war=war
    )
    assert_terms(
        terms,
        undisturbed_future=[future, 0.0],
        burnt_signal=[0.0, -0.3 * 0.3],
        conquest=[0.5 * future, 0.0],
        war_cost=[-0.2 * future] * 2,
    )
    terms, _ = told(PLAIN, state, [HOLD, HOLD], stages=STAGES, war=war)
    assert_terms(terms, peaceful_step=[0.3, 0.3])


@pytest.mark.slow
def test_the_same_terms_in_jax() -> None:
    params = PLAIN.replace(**WEIGHTS)
    state = make_state(greed=[0.5, 0.0], offensive=[1.0, 2.0], crisis=True)
    after, _ = play(params, state, [STRIKE, DEFEND], draws=FIRST_WINS)
    arguments = state, decoded(params, state, [STRIKE, DEFEND]), after
    expected = payoff_terms(params, *arguments)
    found = jax.jit(lambda *given: payoff_terms(params, *given))(*jax.tree.map(jnp.asarray, arguments))
    for name in TERMS:
        assert_allclose(found[name], expected[name], atol=1e-6, err_msg=name)
