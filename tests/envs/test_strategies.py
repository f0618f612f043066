"""Scripted states play what their sources say: expected sequences of moves against named opponents."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from security_dilemma.games import Games
from security_dilemma.params import WORLDS, Params
from security_dilemma.stage_games import stage_game
from security_dilemma.state import Move, Signal
from security_dilemma.strategies import STRATEGIES, View
from security_dilemma.strategies.calculating import BayesianReassurer
from security_dilemma.strategies.view import Roles
from security_dilemma.theory import minimum_trust, parity_chance, predation_threshold
from tests.envs.strategists import Script, player, sequences

CALM = dict[str, Any](posture_noise=0.0, crisis_rate=0.0)
BLIND = WORLDS["doubly_dangerous"].replace(**CALM)
SEEING = WORLDS["not_intense"].replace(**CALM)
SAFE = WORLDS["intense"].replace(**CALM)
SEEKERS, GREEDY = (0, 0), (1, 0)
CRISES = {"crisis_rate": 1.0}


@pytest.mark.parametrize(
    ("params", "names", "expected"),
    [
        (BLIND, ("dove", "hawk"), ("hhhhhh", "oooooo")),
        # in kind: a hawk's posture is seen as offensive where it can be seen
        (SEEING, ("tit_for_tat", "hawk"), ("hooooo", "oooooo")),
        (BLIND, ("tit_for_tat", "hawk"), ("hddddd", "oooooo")),
        (SEEING, ("tit_for_tat", "'hohhxh'"), ("hhohhx", "hohhxh")),
        (BLIND, ("tit_for_tat", "tit_for_tat"), ("hhhhhh", "hhhhhh")),
        (BLIND, ("grim", "'hhdhhh'"), ("hhhooo", "hhdhhh")),
        (BLIND, ("grim", "dove"), ("hhhhhh", "hhhhhh")),
        # an initiative every fourth step, and defensive arms up to the other's level in between
        (SEEING, ("grit", "hawk"), ("hdddxdddx", "ooooooooo")),
        (SEEING, ("grit", "'ohhhhhxh'"), ("hdhhxhhx", "ohhhhhxh")),
        (SEEING, ("grit", "grit"), ("hhhhhh", "hhhhhh")),
        # trust is lost where offensive arms can be seen, and not where they cannot
        (SEEING, ("bayesian_reassurer", "hawk"), ("hddddd", "oooooo")),
        (BLIND, ("bayesian_reassurer", "hawk"), ("hhhhhh", "oooooo")),
        (SEEING, ("bayesian_reassurer", "'dddddd'"), ("hhhhhh", "dddddd")),
        # with .1 owed a step an arming move of .5 is nearest from .25 on
        (BLIND, ("richardson", "dove"), ("hhdxhh", "hhhhhh")),
        (BLIND, ("deterrer", "dove"), ("hhhhhh", "hhhhhh")),
        (BLIND, ("bully", "dove"), ("oooooo", "hhhhhh")),
        (BLIND, ("bully", "hawk"), ("oooooo", "oooooo")),
        (BLIND, ("bully", "'hhoooh'"), ("oooooo", "hhoooh")),
        (BLIND, ("defensive_realist", "hawk"), ("hddddd", "oooooo")),
        (BLIND, ("defensive_realist", "'oohhxxhh'"), ("hddhhxxh", "oohhxxhh")),
        (BLIND, ("offensive_realist", "dove"), ("oooooo", "hhhhhh")),
        (BLIND, ("opportunist", "dove"), ("hhhhhh", "hhhhhh")),
    ],
)
def test_moves_between_security_seekers_in_peace(
    params: Params, names: tuple[str, str], expected: tuple[str, str]
) -> None:
    assert sequences(params, names, len(expected[0])) == expected
    assert sequences(params, names[::-1], len(expected[0])) == expected[::-1]


@pytest.mark.parametrize(
    ("params", "names", "intents", "expected"),
    [
        (BLIND, ("hawk", "dove"), SEEKERS, ("oS", "hh")),
        (BLIND, ("hawk", "hawk"), SEEKERS, ("oS", "oS")),
        (BLIND, ("dove", "dove"), SEEKERS, ("hhhh", "hhhh")),
        (BLIND, ("grim", "'hd'"), SEEKERS, ("hhS", "hdh")),
        (BLIND, ("tit_for_tat", "'hd'"), SEEKERS, ("hhdhh", "hdhhh")),
        # P(1 + .5) - .25 > 1 from P = 5/6 on, that is from O = .81 on against an unarmed state
        (BLIND, ("opportunist", "dove"), GREEDY, ("ooS", "hhh")),
        (BLIND, ("opportunist", "dove"), SEEKERS, ("hhhh", "hhhh")),
        # with the defence ahead conquest would not even pay at the cap
        (SAFE, ("opportunist", "'dddd'"), GREEDY, ("hhhhhh", "ddddhh")),
        # half a unit against none wins with .69
        (BLIND, ("bully", "dove"), SEEKERS, ("oS", "hh")),
        (SAFE, ("bully", "dove"), SEEKERS, ("oooooo", "hhhhhh")),
        (BLIND, ("bully", "hawk"), SEEKERS, ("oo", "oS")),
        # of equals with half a unit each the attacked wins with .508, with .975 each with .358
        (BLIND, ("offensive_realist", "'ooo'"), SEEKERS, ("ooS", "ooo")),
        (SAFE, ("offensive_realist", "'oo'"), SEEKERS, ("oooooo", "oohhhh")),
        (BLIND, ("defensive_realist", "'oo'"), SEEKERS, ("hddhhh", "oohhhh")),
        (BLIND, ("deterrer", "'oo'"), SEEKERS, ("hhdhhh", "oohhhh")),
    ],
)
def test_moves_in_crises(
    params: Params, names: tuple[str, str], intents: tuple[int, int], expected: tuple[str, str]
) -> None:
    assert sequences(params.replace(**CRISES), names, len(expected[0]), intents) == expected


@pytest.mark.parametrize("distinguishability", [0.0, 1.0])
@pytest.mark.parametrize("balance", [-0.9, 0.9])
def test_a_deterrer_ends_where_a_greedy_state_would_not_strike(balance: float, distinguishability: float) -> None:
    params = BLIND.replace(balance=balance, distinguishability=distinguishability)
    games = Games(params, 1, max_cycles=40)
    observations, players = games.reset(0), [player(name, params) for name in ("deterrer", "hawk")]
    rng, pays = np.random.default_rng(0), []
    for _ in range(30):
        actions = [p.act(observations, games.action_mask(), rng)[:, i] for i, p in enumerate(players)]
        observations, *_ = games.step(np.stack(actions, axis=1))
        state = games.state
        attack = params.surge_attack + state.offensive[0, 1] + params.fungibility * state.defensive[0, 1]
        defence = params.home_defence + state.defensive[0, 0] + params.fungibility * state.offensive[0, 0]
        odds = (np.exp(params.balance) * attack / defence) ** params.decisiveness
        pays.append(bool(odds / (1 + odds) * (1 + params.greed) - params.war_cost > 1))
    # depreciation lets it fall short for single steps, which the next purchase mends
    assert not any(np.logical_and(pays[15:-1], pays[16:]))
    assert (games.state.defensive[0, 0] > 0) == (params.balance > 0)


def test_two_richardson_states_settle_at_the_fixed_point() -> None:
    params = BLIND.replace(build=0.1)
    games = Games(params, 1, max_cycles=400)
    observations, strategy, rng = games.reset(0), player("richardson", params), np.random.default_rng(0)
    arms = []
    for _ in range(300):
        observations, *_ = games.step(strategy.act(observations, games.action_mask(), rng))
        arms.append((games.state.offensive + games.state.defensive)[0])
    fixed_point = 0.1 / (0.4 - 0.3)
    assert np.allclose(np.mean(arms[100:], axis=0), fixed_point, atol=0.05)
    assert np.allclose(games.state.offensive, games.state.defensive, atol=0.15)


@pytest.mark.parametrize("balance", [0.5, 1.0, 2.0])
def test_the_bayesian_reassurer_strikes_below_the_minimum_trust(balance: float) -> None:
    least = minimum_trust(parity_chance(balance), 0.2)
    for trust, expected in ((least - 0.01, Move.STRIKE), (least + 0.01, Move.HOLD)):
        assert _in_a_crisis("bayesian_reassurer", balance=balance, trust=trust)[0] == expected
    assert _in_a_crisis("bayesian_reassurer", balance=-balance, trust=0.0)[0] == Move.HOLD


def test_the_bayesian_reassurer_shows_its_books_while_it_trusts() -> None:
    assert _in_a_crisis("bayesian_reassurer", balance=1.0, trust=0.9)[1] == Signal.OPEN
    assert _in_a_crisis("bayesian_reassurer", balance=1.0, trust=0.1)[1] == Signal.SILENT


def test_the_opportunist_strikes_above_the_predation_threshold() -> None:
    threshold = predation_threshold(parity_chance(1.0), 0.2)
    for greed, expected in ((threshold - 0.01, Move.HOLD), (threshold + 0.01, Move.STRIKE)):
        assert _in_a_crisis("opportunist", intents=1, greed=greed)[0] == expected


def _in_a_crisis(name: str, intents: int = 0, **changes: float) -> list[int]:
    """Move and signal of a state in the one-shot crisis."""
    game = stage_game("crisis", **changes)
    arguments = game.arguments()
    games = Games(n_games=1, **arguments)
    strategy = STRATEGIES[name](game.params, 2, game.stages)
    action = strategy.act(games.reset(0, intents=intents), games.action_mask(), np.random.default_rng(0))
    return [int(x) for x in action[0, 0]]


def test_tit_for_tat_strikes_who_struck_it_and_forgives_who_held() -> None:
    stages = ((("hold", "strike"), 0.25),) * 4
    params = BLIND
    games = Games(params, 1, stages=stages, war="scaled", max_cycles=4)
    players = [STRATEGIES["tit_for_tat"](params, 2, stages), Script("ShSh", params, 2, stages)]
    observations, rng, moves = games.reset(0), np.random.default_rng(0), []
    for _ in stages:
        actions = [p.act(observations, games.action_mask(), rng)[:, i] for i, p in enumerate(players)]
        moves.append(int(actions[0][0, 0]))
        observations, *_ = games.step(np.stack(actions, axis=1))
    assert moves == [Move.HOLD, Move.STRIKE, Move.HOLD, Move.STRIKE]


@pytest.mark.parametrize(("balance", "spared"), [(1.0, 0), (3.0, 2)])
def test_the_posterior_of_the_bayesian_reassurer_is_that_of_bayes_rule(balance: float, spared: int) -> None:
    """A defensive purchase, read rightly with chance (1 + v)/2, and two crises that the other let pass.

    They tell something only where a greedy state would have struck, as it seems with what is known of its posture: it
    wins more than 5/6 of the wars that it opens at a balance of 3, and fewer at 1.
    """
    params = SEEING.replace(crisis_rate=1.0, visibility_override=0.5, balance=balance)
    games, rng = Games(params, 1, max_cycles=10), np.random.default_rng(0)
    strategy, other = player("bayesian_reassurer", params), player("'dhhh'", params)
    observations = games.reset(0)
    for _ in range(3):
        mask = games.action_mask()
        strategy.act(observations, mask, rng)
        holds = np.zeros((1, 2), int)
        observations, *_ = games.step(np.stack([holds, other.act(observations, mask, rng)[:, 1]], axis=1))
    strategy.act(observations, games.action_mask(), rng)
    read = 0.5 + 0.5 * (0.5 - 0.1)
    assert np.isclose(np.exp(strategy.memory["log_odds"][0, 0, 0]), read / (1 - read) * 9**spared)


@pytest.mark.parametrize(("trust", "expected"), [(0.8, 0.0), (1.0, 1.0)])
def test_evidence_without_end_leaves_a_posterior(trust: float, expected: float) -> None:
    """Against a state that arms for attack for four hundred steps; who is certain from the start stays so."""
    params = SEEING.replace(trust=trust)
    games, rng = Games(params, 1, max_cycles=500), np.random.default_rng(0)
    strategy, other = player("bayesian_reassurer", params, 2, None, 500), player("hawk", params, 2, None, 500)
    observations = games.reset(0)
    for _ in range(400):
        mask = games.action_mask()
        moves = [strategy.act(observations, mask, rng)[:, 0], other.act(observations, mask, rng)[:, 1]]
        observations, *_ = games.step(np.stack(moves, axis=1))
    assert strategy.memory["log_odds"][0, 0, 0] < -710
    roles = Roles.of(params, 2, None, 500)
    assert isinstance(strategy, BayesianReassurer)
    assert strategy.posterior(View(observations, roles, rng))[0, 0, 0] == pytest.approx(expected)
