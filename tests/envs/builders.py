"""Hand-built states, actions and draws for the tests of the rules."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from security_dilemma.actions import component_sizes, decode
from security_dilemma.arrays import Array
from security_dilemma.chance import Draws
from security_dilemma.dynamics import advance
from security_dilemma.params import Params
from security_dilemma.payoffs import reward
from security_dilemma.stages import Stages
from security_dilemma.state import Action, Move, Signal, State

LN2 = 0.6931471805599453
LN3 = 1.0986122886681098
HOLD, DEFEND, ATTACK, DISARM, STRIKE = Move
SILENT, ASSURE, BURN, PLEDGE, OPEN = Signal
PAIRS = ("dossier", "reported_arms", "support")


def make_state(n: int = 2, **given: Any) -> State:
    """One game of ``n`` unarmed security seekers in float64, with some fields given."""
    start: dict[str, Any] = dict.fromkeys(State._fields, 0.0)
    start |= {"economy": 1.0, "dossier": 0.5, "alive": True, "steps": 1}
    start |= dict.fromkeys(("pledged", "support", "crisis", "struck", "belligerent", "won"), False)
    start |= dict.fromkeys(("last_move", "last_signal"), 0)
    fields = {}
    for name, value in (start | given).items():
        dtype = np.asarray(start[name]).dtype
        shape = () if name == "steps" else (n, n) if name in PAIRS else (n,)
        fields[name] = np.broadcast_to(np.asarray(value, np.int32 if dtype.kind == "i" else dtype), shape).copy()
    return State(**fields)


def crisis_of(n: int, *dyad: int) -> list[bool]:
    """The ``crisis`` field where the two states of ``dyad`` are in crisis."""
    return [i in dyad for i in range(n)]


def supports(n: int, *pairs: tuple[int, int]) -> Array:
    """The ``support`` field where i defends j for each (i, j)."""
    matrix = np.zeros((n, n), bool)
    for i, j in pairs:
        matrix[i, j] = True
    return matrix


def make_draws(n: int = 2, **given: Any) -> Draws:
    """Draws without noise, without a next crisis, where the first state of a dyad wins only beyond even odds."""
    start: dict[str, Any] = {"intent": np.full(n, 0.0), "initiative": np.full(n, 0.5), "balance": 0.5}
    start |= {"perception": np.zeros(n), "war": 0.5, "crisis": 1.0, "dyad": 0.0, "strike": np.full(n, 0.5)}
    start |= {"posture": np.zeros((n, n)), "arms": np.zeros((n, n))}
    return Draws(**{name: np.asarray(value, float) for name, value in (start | given).items()})


def decoded(
    params: Params,
    state: State,
    moves: Sequence[int],
    signals: Sequence[int] | None = None,
    support: Sequence[int] | None = None,
) -> Action:
    """The canonical action for moves, signals and supports by state."""
    n = len(moves)
    columns = [moves, signals or [SILENT] * n, support or [0] * n]
    actions = np.array(columns[: len(component_sizes(n))]).T
    return decode(params, state, actions, Draws())


def play(
    params: Params,
    state: State,
    moves: Sequence[int],
    signals: Sequence[int] | None = None,
    support: Sequence[int] | None = None,
    *,
    draws: Draws | None = None,
    stages: Stages | None = None,
    war: str = "terminal",
) -> tuple[State, Array]:
    """Play one step; return the state after it and what it paid."""
    action = decoded(params, state, moves, signals, support)
    draws = draws if draws is not None else make_draws(len(moves))
    after = advance(params, state, action, draws, stages, war)
    return after, reward(params, state, action, after, stages, war)


def stack(games: Sequence[Any]) -> Any:
    """Stack NamedTuples of arrays (states, draws) along a new leading batch axis."""
    return type(games[0])(*(np.stack([np.asarray(x) for x in field]) for field in zip(*games, strict=True)))


def random_actions(rng: np.random.Generator, n: int, batch: tuple[int, ...] = (), mode: str = "multidiscrete") -> Array:
    """Random actions of one mode, (*batch, n, components)."""
    if mode == "continuous":
        return rng.random((*batch, n, 5))
    sizes = component_sizes(n)
    limits = [prod(sizes)] if mode == "discrete" else list(sizes)
    return rng.integers(0, limits, (*batch, n, len(limits)))
