"""Whole games played through the rules alone, in any array library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from security_dilemma.actions import ActionMode, action_mask, decode
from security_dilemma.arrays import Array
from security_dilemma.chance import Draws, draw
from security_dilemma.dynamics import advance, initial, terminated
from security_dilemma.params import PARAMETERS, Params
from security_dilemma.payoffs import reward
from security_dilemma.perception import observe
from security_dilemma.stages import Signals, Stages
from security_dilemma.state import State
from tests.envs.builders import random_actions


class Turn(NamedTuple):
    """What one step, or the start, makes of a game."""

    state: State
    reward: Array
    observation: Array
    mask: Array
    terminated: Array


class Script(NamedTuple):
    """Chance and actions of a whole game, as NumPy float64."""

    start: Draws
    draws: list[Draws]
    actions: list[Array]


class Rules(NamedTuple):
    """The static arguments of the rules."""

    stages: Stages | None = None
    war: str = "terminal"
    mode: ActionMode = "multidiscrete"
    reveal_intents: bool = False
    signals: Signals = True


def script(seed: int, n: int, steps: int, batch: tuple[int, ...] = (), mode: ActionMode = "multidiscrete") -> Script:
    """Draw chance and random actions for whole games."""
    rng = np.random.default_rng(seed)
    start = draw(rng, n, batch, np.float64)
    draws = [draw(rng, n, batch, np.float64) for _ in range(steps)]
    return Script(start, draws, [random_actions(rng, n, batch, mode) for _ in range(steps)])


def turn(params: Params, state: State, paid: Array, rules: Rules) -> Turn:
    """Everything that can be seen of a state."""
    masks = action_mask(state, rules.mode, rules.stages, signals=rules.signals)
    seen = observe(params, state, rules.stages, reveal_intents=rules.reveal_intents)
    return Turn(state, paid, seen, masks, terminated(state, rules.stages))


def first_turn(params: Params, start: Draws, rules: Rules) -> Turn:
    """The start of a game."""
    state = initial(params, start, rules.stages)
    return turn(params, state, 0 * state.offensive, rules)


def next_turn(params: Params, state: State, actions: Array, draws: Draws, rules: Rules) -> Turn:
    """One step of a game."""
    action = decode(params, state, actions, draws, rules.mode, signals=rules.signals)
    after = advance(params, state, action, draws, rules.stages, rules.war)
    return turn(params, after, reward(params, state, action, after, rules.stages, rules.war), rules)


def rollout(
    params: Params,
    played: Script,
    rules: Rules = Rules(),  # noqa: B008 - an immutable default
    *,
    begin: Callable[[Params, Draws], Turn] | None = None,
    step: Callable[[Params, State, Array, Draws], Turn] | None = None,
) -> list[Turn]:
    """Play a script; ``begin`` and ``step`` replace the functions of the rules, for compiled ones."""
    turns = [begin(params, played.start) if begin else first_turn(params, played.start, rules)]
    for draws, actions in zip(played.draws, played.actions, strict=True):
        state = turns[-1].state
        turns.append(step(params, state, actions, draws) if step else next_turn(params, state, actions, draws, rules))
    return turns


def converted(played: Script, convert: Callable[[Any], Array]) -> Script:
    """The same script in another array library."""
    start, *draws = (Draws(*(convert(x) for x in one)) for one in (played.start, *played.draws))
    return Script(start, draws, [convert(x) for x in played.actions])


def converted_params(params: Params, convert: Callable[[Any], Array]) -> Params:
    """The same parameters, those by state as arrays of another library."""
    arrays = {name: getattr(params, name) for name in PARAMETERS if np.ndim(getattr(params, name))}
    return params.replace(**{name: convert(np.asarray(value, np.float64)) for name, value in arrays.items()})


def leaves(one: Turn) -> dict[str, Array]:
    """Every array of a turn by name, as NumPy."""
    named = one.state._asdict() | {name: x for name, x in one._asdict().items() if name != "state"}
    return {name: np.asarray(x) for name, x in named.items()}


def by_pairs(observation: Array, own: int) -> tuple[Array, Array]:
    """Split observations into what concerns oneself, (N, own), and ``[i, j]`` what i sees of j, (N, N, entries)."""
    n = observation.shape[0]
    blocks = np.reshape(observation[:, own:], (n, n - 1, (observation.shape[1] - own) // (n - 1)))
    pairs = np.zeros((n, n, blocks.shape[-1]), blocks.dtype)
    for i in range(n):
        for k in range(1, n):
            pairs[i, (i + k) % n] = blocks[i, k - 1]
    return observation[:, :own], pairs
