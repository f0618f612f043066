"""What scripted states make of what they see: payoffs of a crisis, temptation, evidence, and what they say."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from security_dilemma.arrays import Array
from security_dilemma.games import Games
from security_dilemma.params import WORLDS, Params
from security_dilemma.perception import observation_table
from security_dilemma.solver import GameTree, expected_payoffs
from security_dilemma.stage_games import StageGame, stage_game
from security_dilemma.state import Move, Signal
from security_dilemma.strategies import STRATEGIES, View
from security_dilemma.strategies.judgement import crisis_payoffs, tempted
from security_dilemma.strategies.view import Roles
from tests.envs.strategists import player

CRISES = ((("hold", "strike"), 0.25),) * 4


def uneven(rng: np.random.Generator) -> StageGame:
    """A crisis of two greedy states that differ in all that counts there."""
    ranges: dict[str, tuple[float, float]] = {
        "initial_economy": (0.5, 2),
        "greed": (0.1, 2),
        "war_cost": (0.05, 0.45),
        "decisiveness": (0.5, 2),
        "surge_attack": (0.5, 2),
        "home_defence": (0.5, 2),
        "initiative_mean": (-0.2, 0.2),
    }
    values = {name: rng.uniform(*bounds, 2) for name, bounds in ranges.items()}
    return stage_game("crisis", balance=float(rng.uniform(-1, 2)), trust=0.0, **values)


def cells(tree: GameTree) -> Array:
    """Expected payoffs (4, 2) of each state by own move and the other's, as the environment pays them."""
    hold, strike = (np.array([row]) for row in np.eye(2))
    rows = []
    for own, other in product((hold, strike), repeat=2):
        first, second = expected_payoffs(tree, ((own,), (other,))), expected_payoffs(tree, ((other,), (own,)))
        rows.append([first[0], second[1]])
    return np.array(rows)


@pytest.mark.parametrize("seed", range(10))
def test_the_payoffs_of_a_crisis_are_those_of_the_environment(seed: int) -> None:
    game = uneven(np.random.default_rng(seed))
    games = Games(n_games=1, dtype=np.float64, **game.arguments())
    roles = Roles.of(game.params.cast(np.float64), 2, game.stages, 1)
    view = View(games.reset(0), roles, np.random.default_rng(0))
    expected = cells(GameTree.build(game))
    found = np.asarray(crisis_payoffs(view, view.chance, view.threat, view.mutual))[:, 0, :, 0]
    striking = view.own("initiative")[0] * [[0], [0], [1], [1]]
    assert np.allclose(found, expected)
    # whether the other is tempted: what it would be paid, but for the private benefit that nobody else sees
    gains = (expected - striking)[2] - expected[0]
    assert np.array_equal(tempted(view)[0, :, 0], gains[::-1] > 0)


def moves_and_memory(name: str, others: list[tuple[int, int]]) -> tuple[list[int], list[Array]]:
    """What a first state does in four scaled crises, and its memory, against given moves and signals."""
    params = stage_game("crisis", greed=0.5).params  # too little greed to be tempted
    games, rng = Games(params, 1, stages=CRISES, war="scaled", max_cycles=4), np.random.default_rng(0)
    strategy = player(name, params, 2, CRISES)
    observations, moves, memory = games.reset(0), [], []
    for other in others:
        action = strategy.act(observations, games.action_mask(), rng)
        moves.append(int(action[0, 0, 0]))
        memory.append(next(iter(strategy.memory.values()))[0, 0, 0])
        observations, *_ = games.step(np.stack([action[:, 0], np.array([other])], axis=1))
    return moves, memory


def test_grim_never_forgives_a_strike() -> None:
    hold, strike = (Move.HOLD, Signal.SILENT), (Move.STRIKE, Signal.SILENT)
    moves, _ = moves_and_memory("grim", [hold, strike, hold, hold])
    assert moves == [Move.HOLD, Move.HOLD, Move.STRIKE, Move.STRIKE]


def test_a_burnt_cost_and_a_strike_are_evidence_of_intent() -> None:
    hold, strike, burn = (Move.HOLD, Signal.SILENT), (Move.STRIKE, Signal.SILENT), (Move.HOLD, Signal.BURN)
    _, log_odds = moves_and_memory("bayesian_reassurer", [hold, burn, strike, strike])
    assert log_odds == pytest.approx(np.log(9) * np.array([0, 0, 1, 0]))


def test_grim_calms_down_once_who_wronged_it_is_gone() -> None:
    params = Params(crisis_rate=0.0)
    games, rng = Games(params, 1, n_states=3), np.random.default_rng(0)
    grim = player("grim", params, 3)
    grim.act(games.reset(0), games.action_mask(), rng)
    moves = np.array([[[Move.HOLD, 0, 0], [Move.ARM_OFFENSIVELY, 0, 0], [Move.HOLD, 0, 0]]])
    observations, *_ = games.step(moves)
    assert grim.act(observations, games.action_mask(), rng)[0, 0, 0] == Move.ARM_OFFENSIVELY
    gone = observations.copy()
    gone[0, 0, [entry.name for entry in observation_table(params, 3)].index("other_1_alive")] = 0
    assert grim.act(gone, games.action_mask(), rng)[0, 0, 0] == Move.HOLD


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dove", [Signal.ASSURE] * 5),
        ("hawk", [Signal.SILENT] * 5),
        ("grit", [Signal.OPEN, Signal.ASSURE, Signal.ASSURE, Signal.ASSURE, Signal.OPEN]),
    ],
)
def test_what_states_say(name: str, expected: list[Signal]) -> None:
    params: Any = WORLDS["doubly_safe"].replace(crisis_rate=0.0)
    games, rng = Games(params, 1), np.random.default_rng(0)
    strategy, observations, said = STRATEGIES[name](params), games.reset(0), []
    for _ in expected:
        actions = strategy.act(observations, games.action_mask(), rng)
        said.append(int(actions[0, 0, 1]))
        observations, *_ = games.step(actions)
    assert said == expected
