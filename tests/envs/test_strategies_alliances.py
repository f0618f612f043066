"""Whom scripted states of alliances defend, in observations that are set by hand and in games."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from security_dilemma.actions import component_sizes
from security_dilemma.arrays import Array
from security_dilemma.games import Games
from security_dilemma.params import WORLDS, ParameterError, Params
from security_dilemma.perception import observe
from security_dilemma.state import State
from security_dilemma.strategies import ALLIANCE_STRATEGIES, STRATEGIES, strategies_of, strategy_fault
from security_dilemma.strategies.alliances import standing_out
from tests.envs.builders import make_state, supports
from tests.envs.strategists import witnessed

PARAMS = WORLDS["doubly_dangerous"]
BUSY = PARAMS.replace(crisis_rate=0.5, trust=0.5)
CERTAIN = ("balancer", "bandwagoner", "buck_passer")


def armed(arms: list[float], **given: Any) -> State:
    """States of known arms, half of each kind, known to all as they are."""
    n, half = len(arms), np.array(arms) / 2
    return make_state(n, offensive=half, defensive=half, reported_arms=np.tile(arms, (n, 1)), **given)


def defended(name: str, state: State, strategy: Any = None) -> list[int]:
    """Whom each state defends after it has seen a state, by index; -1: nobody."""
    n = state.alive.shape[-1]
    strategy = strategy or ALLIANCE_STRATEGIES[name](PARAMS, n)
    seen = observe(PARAMS, state)[None]
    mask = np.ones((1, n, sum(component_sizes(n))), bool)
    support = strategy.act(seen, mask, np.random.default_rng(0))[0, :, 2]
    return [int((i + k) % n) if k else -1 for i, k in enumerate(support)]


def test_balancers_defend_the_weakest_against_the_strongest() -> None:
    # 2 is the strongest: 0 and 1 stand by each other, and the strongest by nobody
    assert defended("balancer", armed([1.0, 0.5, 3.0])) == [1, 0, -1]
    # 1 is the strongest of four; the weakest is 3, and the weakest other than itself is 0
    assert defended("balancer", armed([1.0, 3.0, 2.0, 0.5])) == [3, -1, 3, 0]


def test_bandwagoners_defend_the_strongest() -> None:
    assert defended("bandwagoner", armed([1.0, 0.5, 3.0])) == [2, 2, -1]
    assert defended("bandwagoner", armed([1.0, 3.0, 2.0, 0.5])) == [1, -1, 1, 1]


@pytest.mark.parametrize("name", ["balancer", "bandwagoner"])
def test_where_nobody_stands_out_there_is_no_side_to_take(name: str) -> None:
    assert defended(name, armed([1.0, 1.0, 1.0])) == [-1, -1, -1]
    assert defended(name, armed([2.0, 2.0, 1.0])) == [-1, -1, -1]


def test_the_eliminated_are_neither_strong_nor_defended() -> None:
    state = armed([1.0, 2.0, 0.0, 0.5], alive=[True, True, False, True])
    assert defended("balancer", state) == [3, -1, -1, 0]
    assert defended("bandwagoner", state) == [1, -1, -1, 1]
    two = armed([1.0, 2.0, 0.0], alive=[True, True, False])
    assert defended("balancer", two) == [-1, -1, -1]


def test_buck_passers_defend_nobody() -> None:
    assert defended("buck_passer", armed([1.0, 0.5, 3.0])) == [-1, -1, -1]


def test_chain_gangers_court_until_they_have_a_partner_and_then_stay() -> None:
    strategy = ALLIANCE_STRATEGIES["chain_ganger"](PARAMS, 4)
    courting = [defended("", armed([1.0] * 4), strategy) for _ in range(2)]
    assert all(-1 not in choice for choice in courting)
    pact = armed([1.0] * 4, support=supports(4, (0, 2), (2, 0), (1, 0)))
    assert [defended("", pact, strategy)[i] for i in (0, 2)] == [2, 0]
    # nothing is in force any more, and both stay; until one of them is gone
    assert [defended("", armed([1.0] * 4), strategy)[i] for i in (0, 2)] == [2, 0]
    alone = armed([1.0, 1.0, 0.0, 1.0], alive=[True, True, False, True])
    assert defended("", alone, strategy)[0] in (1, 3)


def test_support_that_is_drawn_goes_everywhere_alike() -> None:
    n, games = 4, 6000
    strategy = ALLIANCE_STRATEGIES["random_ally"](PARAMS, n)
    state = armed([1.0, 1.0, 0.0, 1.0], alive=[True, True, False, True])
    seen = np.broadcast_to(observe(PARAMS, state), (games, n, len(strategy.roles.places)))
    support = strategy.act(seen, np.ones((games, n, 14), bool), np.random.default_rng(0))[:, 0, 2]
    shares = np.bincount(support, minlength=n) / games
    assert shares[[0, 1, 3]] == pytest.approx(1 / 3, abs=4 * np.sqrt(2 / 9 / games))
    assert shares[2] == 0  # two places on is the one that is gone


def test_all_arm_and_strike_alike_whomever_they_defend() -> None:
    seen = witnessed(BUSY, 3)
    moves = {name: np.stack([a[..., :2] for a in replies(name, seen)]) for name in ALLIANCE_STRATEGIES}
    assert all(np.array_equal(moves["buck_passer"], other) for other in moves.values())
    assert set(np.unique(moves["buck_passer"][..., 0])) > {0, 1}


@pytest.mark.parametrize("name", CERTAIN)
def test_each_decides_for_itself_whatever_its_place(name: str) -> None:
    seen, order = witnessed(BUSY, 3), [1, 2, 0]
    actions = replies(name, seen)
    turned = replies(name, [(o[:, order], m[:, order]) for o, m in seen])
    assert np.array_equal(turned, actions[:, :, order])
    strange = [(np.where(np.arange(3)[:, None] == 0, o, 0 * o), m) for o, m in seen]
    assert np.array_equal(replies(name, strange)[:, :, 0], actions[:, :, 0])


def replies(name: str, seen: list[tuple[Array, Array]]) -> Array:
    """The actions of a strategy that sees one game after the other's steps, (T, G, N, components)."""
    strategy, rng = ALLIANCE_STRATEGIES[name](BUSY, 3), np.random.default_rng(1)
    return np.stack([strategy.act(observations, mask, rng) for observations, mask in seen])


@pytest.mark.parametrize("name", ALLIANCE_STRATEGIES)
def test_games_are_played_with_legal_actions(name: str) -> None:
    games = Games(BUSY, 20, n_states=5, seed=0)
    observations, rng, strategy = games.reset(0), np.random.default_rng(0), ALLIANCE_STRATEGIES[name](BUSY, 5)
    for _ in range(20):
        mask = games.action_mask()
        actions = strategy.act(observations, mask, rng)
        allowed = np.take_along_axis(mask[..., 10:], actions[..., 2:], axis=-1)[..., 0]
        assert (allowed | ~games.state.alive).all()
        observations, *_, info = games.step(actions)
        strategy.restart(20, info["ended"])


def test_two_states_have_no_alliances() -> None:
    for name, kind in ALLIANCE_STRATEGIES.items():
        with pytest.raises(ParameterError, match=r"n_states = 2: .* need a third state: give n_states in \[3, 8\]"):
            kind(Params(), 2)
        assert "2 states cannot have: set n_states in [3, 8]" in str(strategy_fault(name, 2))
        assert strategy_fault(name, 3) is None


def test_names_are_known_by_the_number_of_states() -> None:
    assert strategies_of(2) == dict(STRATEGIES)
    assert set(strategies_of(3)) == {*STRATEGIES, *ALLIANCE_STRATEGIES}
    assert strategy_fault("grim", 2) is None
    assert strategy_fault("balancr", 3) == "is nobody's name: did you mean 'balancer'?"


def test_who_stands_out_is_stronger_than_each_other_living_one() -> None:
    strength = np.array([[1.0, 2.0, 3.0], [3.0, 3.0, 1.0], [1.0, 2.0, 3.0], [1.0, 1.0 + 1e-6, 0.5]])
    living = np.array([[True] * 3, [True] * 3, [True, True, False], [True] * 3])
    expected = [[False, False, True], [False] * 3, [False, True, False], [False] * 3]
    assert standing_out(strength, living).tolist() == expected
