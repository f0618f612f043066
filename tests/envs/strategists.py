"""Games between scripted states, for their tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from security_dilemma.arrays import Array
from security_dilemma.games import Games
from security_dilemma.params import Params
from security_dilemma.strategies import STRATEGIES, Strategy, View

LETTERS = "hdoxS"
"""One for each move: hold, arm defensively, arm offensively, disarm, strike."""


class Script(Strategy):
    """Plays given moves, one letter a step, and holds from then on."""

    def __init__(self, moves: str, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.moves = [LETTERS.index(letter) for letter in moves]

    def decide(self, view: View) -> Array:
        step = int(self.age[0, 0])
        return np.full(view.crisis.shape, self.moves[step] if step < len(self.moves) else 0)


def player(name: str, params: Params, *arguments: Any) -> Strategy:
    """A strategy by name, or a script of moves in quotation marks."""
    if name.startswith("'"):
        return Script(name.strip("'"), params, *arguments)
    return STRATEGIES[name](params, *arguments)


def sequences(params: Params, names: tuple[str, ...], steps: int, intents: Any = 0, **start: Any) -> tuple[str, ...]:
    """The moves of each state, one letter a step, up to the end of the first game."""
    n = len(names)
    games = Games(params, 1, n_states=n, max_cycles=steps, seed=0)
    observations = games.reset(0, intents=intents, **start)
    players, rng = [player(name, params, n) for name in names], np.random.default_rng(0)
    moves = []
    for _ in range(steps):
        mask = games.action_mask()
        actions = [p.act(observations, mask, rng)[:, place] for place, p in enumerate(players)]
        moves.append([LETTERS[action[0, 0]] for action in actions])
        observations, *_, info = games.step(np.stack(actions, axis=1))
        if info["ended"].size:
            break
    return tuple("".join(column) for column in zip(*moves, strict=True))


def witnessed(params: Params, n: int, games: int = 6, steps: int = 12, seed: int = 0) -> list[tuple[Array, Array]]:
    """Observations and masks of games in which everyone draws moves and signals, none of which begins anew."""
    played = Games(params, games, n_states=n, max_cycles=steps + 1, seed=seed)
    observations, rng, seen = played.reset(seed), np.random.default_rng(seed), []
    strategy = STRATEGIES["random"](params, n)
    for _ in range(steps):
        seen.append((observations, played.action_mask()))
        actions = strategy.act(*seen[-1], rng)
        observations = played.step(actions)[0]
    return seen
