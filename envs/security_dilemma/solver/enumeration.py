"""Every play of a stage game, through the environment's own functions: types, joint actions and who wins a war.

No rule is written here. Chance is enumerated by forcing the draws that the rules take as an argument.
"""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from security_dilemma.actions import decode
from security_dilemma.chance import Draws
from security_dilemma.combat import win_chance
from security_dilemma.dynamics import advance, initial, terminated
from security_dilemma.params import Params
from security_dilemma.payoffs import reward
from security_dilemma.stage_games import StageGame
from security_dilemma.stages import MOVE_NAMES
from security_dilemma.state import HOLD, Move, Signal, State

__all__ = [
    "Bools",
    "Choice",
    "Floats",
    "Ints",
    "Transitions",
    "Type",
    "choices",
    "play",
    "starts",
    "types",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


class Choice(NamedTuple):
    """An action of a stage: a move and a signal."""

    move: Move
    signal: Signal

    def __str__(self) -> str:
        return self.move.name.lower() + ("" if self.signal == Signal.SILENT else f"+{self.signal.name.lower()}")


class Type(NamedTuple):
    """What a state knows of itself when a game starts."""

    greedy: bool
    initiative: float  # the draw, in (0, 1)
    chance: float  # its prior probability


class Transitions(NamedTuple):
    """What can happen in one stage: a history, both states' actions and a stroke of chance, T of them in all."""

    history: Ints  # (T,) index of the history at the start of the stage
    actions: Ints  # (T, 2) index of each state's action among the stage's choices
    chance: Floats  # (T,) probability of this outcome, given history and actions
    payoff: Floats  # (T, 2) what the stage paid each state
    following: Ints  # (T,) index of the history at the start of the next stage; -1 where the game is over


def choices(game: StageGame, stage: int) -> tuple[Choice, ...]:
    """Return what a state can do in a stage: hold and the other enabled moves, each with each signal considered."""
    enabled = game.stages[stage][0]
    moves = [
        Move.HOLD,
        *(move for move, name in zip(Move, MOVE_NAMES, strict=True) if move != HOLD and name in enabled),
    ]
    signals = [signal for signal in Signal if signal.name.lower() in game.signals[stage]]
    return tuple(Choice(move, signal) for move, signal in product(moves, signals))


def types(params: Params, initiatives: int) -> tuple[list[Type], list[Type]]:
    """Return both states' types that can occur.

    A type is an intent, greedy with probability ``1 - trust``, and a private benefit of striking: where its
    distribution ``U[h0 - w, h0 + w]`` has a width, the midpoints of ``initiatives`` intervals of equal probability.
    """
    trust, width = (np.broadcast_to(np.asarray(x, float), (2,)) for x in (params.trust, params.initiative_width))

    def of_state(player: int) -> list[Type]:
        count = initiatives if width[player] > 0 else 1
        intents = [(greedy, p) for greedy, p in ((False, trust[player]), (True, 1 - trust[player])) if p > 0]
        return [Type(greedy, (k + 0.5) / count, float(p) / count) for greedy, p in intents for k in range(count)]

    return of_state(0), of_state(1)


def starts(game: StageGame, params: Params, pairs: list[tuple[Type, Type]]) -> tuple[State, Floats, Bools]:
    """Return the start of the game for every pair of types.

    Returns:
        The states, leading axis H; the prior probability (H,) of each; who is greedy (H, 2).
    """
    greedy = np.array([[state.greedy for state in pair] for pair in pairs])
    draw = np.array([[state.initiative for state in pair] for pair in pairs])
    prior = np.array([first.chance * second.chance for first, second in pairs])
    none = np.zeros_like(draw)
    draws = Draws(intent=none, initiative=draw, balance=np.full(len(pairs), 0.5), perception=none)
    return initial(params, draws, game.stages, intents=greedy), prior, greedy


def play(game: StageGame, params: Params, state: State, options: tuple[Choice, ...]) -> tuple[State, Transitions]:
    """Play one stage from every history, with every pair of actions and every stroke of chance.

    Args:
        game: The stage game.
        params: Its parameters, in float64.
        state: The histories at the start of the stage, leading axis H.
        options: The choices of the stage.

    Returns:
        The states of the histories that go on, and the transitions.
    """
    size = len(options)
    pairs = np.stack(np.divmod(np.arange(size * size), size), axis=-1)
    n_histories = len(state.steps)
    history = np.repeat(np.arange(n_histories), size * size)
    actions = np.tile(pairs, (n_histories, 1))
    first, paid = _step(game, params, _pick(state, history), _sent(options, actions), 0.0)
    at_war = np.flatnonzero(first.belligerent.any(axis=-1))
    chance = np.ones(len(history))
    chance[at_war] = win_chance(params, _pick(state, history[at_war]), first.struck[at_war])[..., 0]
    second, loss = _step(game, params, _pick(state, history[at_war]), _sent(options, actions[at_war]), 1.0)
    likely = np.concatenate([chance, 1 - chance[at_war]])
    possible = np.flatnonzero(likely > 0)
    after = State(*(np.concatenate(both)[possible] for both in zip(first, second, strict=True)))
    over = terminated(after, game.stages).all(axis=-1)
    going = np.flatnonzero(~over)
    following = np.full(len(possible), -1)
    following[going] = np.arange(len(going))
    origin = np.concatenate([np.arange(len(history)), at_war])[possible]
    payoff = np.concatenate([paid, loss])[possible]
    return _pick(after, going), Transitions(history[origin], actions[origin], likely[possible], payoff, following)


def _sent(options: tuple[Choice, ...], actions: Ints) -> Ints:
    """Actions as agents send them in ``multidiscrete`` mode, (T, 2, 2)."""
    return np.array(options, np.intp)[actions]


def _step(game: StageGame, params: Params, state: State, sent: Ints, war: float) -> tuple[State, Any]:
    """Play one step with a forced draw of war; noise is zero."""
    batch = len(state.steps)
    none, pairs = np.zeros(batch), np.zeros((batch, 2, 2))
    draws = Draws(war=np.full(batch, war), crisis=none, dyad=none, posture=pairs, arms=pairs)
    action = decode(params, state, sent, draws)
    after = advance(params, state, action, draws, game.stages, game.war)
    return after, reward(params, state, action, after, game.stages, game.war)


def _pick(state: State, which: Ints) -> State:
    return State(*(field[which] for field in state))
