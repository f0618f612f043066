"""Stage games as OpenSpiel has them: its own best responses and expected payoffs give the same numbers."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pyspiel
import pytest
from numpy.testing import assert_allclose
from open_spiel.python.algorithms import expected_game_score, exploitability

from security_dilemma import solver
from security_dilemma.solver import (
    GameTree,
    Profile,
    expected_payoffs,
    gains,
    nash_conv,
    openspiel_policy,
    reassurance,
    to_openspiel,
)
from security_dilemma.stage_games import STAGE_GAMES, stage_game

FINITE = [name for name, game in STAGE_GAMES.items() if game.action_mode != "continuous"]


def random_profile(tree: GameTree, seed: int) -> Profile:
    rng = np.random.default_rng(seed)
    first, second = (
        tuple(rng.dirichlet(np.ones(len(stage.choices)), stage.n_sets(player)) for stage in tree.stages)
        for player in range(2)
    )
    return first, second


@pytest.mark.parametrize("name", FINITE)
def test_nash_conv_is_that_of_openspiel(name: str) -> None:
    tree = GameTree.build(STAGE_GAMES[name], initiatives=3)
    game = to_openspiel(tree)
    profile = random_profile(tree, 7)
    found = exploitability.nash_conv(game, openspiel_policy(game, profile), return_only_nash_conv=False)
    assert_allclose(found.player_improvements, gains(tree, profile), atol=1e-12)
    assert found.nash_conv == pytest.approx(nash_conv(tree, profile), abs=1e-12)
    assert found.nash_conv > 1e-3


def test_it_finds_the_equilibrium_too() -> None:
    tree = GameTree.build(STAGE_GAMES["kydd_reassurance"])
    game = to_openspiel(tree)
    assert exploitability.nash_conv(game, openspiel_policy(game, reassurance(tree))) == pytest.approx(0, abs=1e-12)


def test_expected_payoffs_are_those_of_openspiel() -> None:
    tree = GameTree.build(stage_game("kydd_reassurance", balance=0.4, trust=np.array([0.3, 0.8])))
    game, profile = to_openspiel(tree), random_profile(tree, 8)
    policy = openspiel_policy(game, profile)
    values = expected_game_score.policy_value(game.new_initial_state(), [policy, policy])
    assert_allclose(values, expected_payoffs(tree, profile), atol=1e-12)


@pytest.mark.parametrize("name", FINITE)
def test_random_play_keeps_to_what_the_game_promises(name: str) -> None:
    tree = GameTree.build(STAGE_GAMES[name])
    game = to_openspiel(tree)
    rng = np.random.default_rng(3)
    for _ in range(20):
        state, moves = game.new_initial_state(), 0
        while not state.is_terminal():
            assert str(state)
            if state.is_chance_node():
                outcomes, chances = zip(*state.chance_outcomes(), strict=True)
                assert len(outcomes) <= game.max_chance_outcomes()
                assert sum(chances) == pytest.approx(1)
                action = rng.choice(outcomes, p=chances)
            else:
                legal = state.legal_actions()
                assert max(legal) < game.num_distinct_actions()
                assert len({state.action_to_string(action) for action in legal}) == len(legal)
                action, moves = rng.choice(legal), moves + 1
            state = state.child(action)
        assert moves <= game.max_game_length()
        assert all(game.min_utility() - 1e-9 <= paid <= game.max_utility() + 1e-9 for paid in state.returns())


def test_ready_made_games_load_by_name() -> None:
    to_openspiel(GameTree.build(STAGE_GAMES["crisis"]))
    game = pyspiel.load_game("python_security_dilemma_stage_game", {"stage_game": "baliga_sjostrom", "initiatives": 2})
    assert len(game.new_initial_state().chance_outcomes()) == 4
    state = game.new_initial_state().child(0)
    assert state.information_state_string() == "state 0, stage 0, information set 0"
    assert [state.action_to_string(action) for action in state.legal_actions()] == ["hold", "strike"]


def test_without_openspiel_the_error_says_what_to_install(monkeypatch: Any) -> None:
    tree = GameTree.build(STAGE_GAMES["crisis"])
    monkeypatch.setitem(sys.modules, "pyspiel", None)
    monkeypatch.delitem(sys.modules, "security_dilemma.solver.openspiel_game", raising=False)
    monkeypatch.delattr(solver, "openspiel_game", raising=False)
    with pytest.raises(ImportError, match=r"pip install 'security-dilemma\[openspiel\]'"):
        to_openspiel(tree)
    assert nash_conv(tree, tree.uniform()) > 0
