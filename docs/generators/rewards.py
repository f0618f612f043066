"""What a step pays, with the numbers that the rules give at the defaults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from security_dilemma.chance import draw
from security_dilemma.dynamics import advance, initial
from security_dilemma.params import Params
from security_dilemma.payoffs import reward
from security_dilemma.state import BURN, SILENT, Action, State

__all__ = ["reward_rows"]

CERTAIN = {True: 0.0, False: 1.0}
"""Draws of a war that the striker wins, and loses, whatever its chance."""


def _crisis(greedy: int = 0, arms: float = 0.0, *, pledged: bool = False) -> State:
    """Two states in crisis, the first of which is of an intent, has defensive arms and is under a pledge."""
    draws = draw(np.random.default_rng(0), 2, dtype=np.float64)
    start = initial(Params(), draws, intents=np.array([greedy, 0]), defensive=np.array([arms, 0.0]))
    return start._replace(crisis=np.array([True, True]), pledged=np.array([pledged, False]))


def _paid(state: State, *, strikes: bool = False, wins: bool = True, burns: bool = False) -> float:
    """What the first state is paid for a step in which it strikes, or burns, and the other holds."""
    nothing = np.zeros(2)
    signal = np.array([BURN if burns else SILENT, SILENT])
    action = Action(nothing, nothing, nothing, np.array([strikes, False]), signal, np.zeros(2, int))
    draws = draw(np.random.default_rng(0), 2, dtype=np.float64)._replace(war=np.float64(CERTAIN[wins]))
    after = advance(Params(), state, action, draws)
    return float(reward(Params(), state, action, after)[0])


def reward_rows() -> Iterator[Sequence[str]]:
    """Yield what happens, what it pays and how much that is in a game of two states at the defaults."""
    rows = (
        ("a step in peace", "`(1-δ)·Y·(1 - upkeep·(O + D))`", _paid(_crisis())),
        ("the same with one unit of arms", "`(1-δ)·Y·upkeep` less", _paid(_crisis(arms=1.0))),
        ("the same, and a burnt signal", "`(1-δ)·Y·burn_cost` less", _paid(_crisis(arms=1.0), burns=True)),
        ("a war won, nobody else left", "`g·Y' + Y - war_cost`, `+ h` if it struck", _paid(_crisis(), strikes=True)),
        ("the same, greedy", "the same; a greedy state's `g` is `greed`", _paid(_crisis(greedy=1), strikes=True)),
        ("the same, in breach of a pledge", "`audience_cost` less", _paid(_crisis(1, pledged=True), strikes=True)),
        ("a war lost", "`-war_cost`, `+ h` if it struck", _paid(_crisis(), strikes=True, wins=False)),
    )
    for happens, pays, amount in rows:
        yield happens, pays, f"{amount:.4g}"
    yield "an ally is struck one-sidedly", "`support_cost` less", f"{-float(Params().support_cost):g}"
