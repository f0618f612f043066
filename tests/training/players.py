"""Scripted policies for the tests of what is measured."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from security_dilemma.params import Params
from security_dilemma.perception import observation_table
from security_dilemma.state import Move, Signal
from security_dilemma_training.trajectories import Bools, Floats


def with_support(actions: NDArray[Any]) -> NDArray[Any]:
    """Moves and signals, (n_games, n_states, 2), with support for nobody where there are more than two states."""
    return np.pad(actions, ((0, 0), (0, 0), (0, 1))) if actions.shape[1] > 2 else actions


class Scripted:
    """Plays one move and one signal for ever, or the move and signal of each state's intent."""

    def __init__(self, move: int, signal: int = Signal.SILENT, *, greedy: tuple[int, int] | None = None) -> None:
        self.plays = np.array([(move, signal), greedy or (move, signal)])

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        own_greed = 0
        return with_support(self.plays[(observations[..., own_greed] > 0).astype(int)])


class Coin:
    """Strikes in a crisis with a given probability and holds otherwise."""

    def __init__(self, probability: float) -> None:
        self.probability = probability

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        strike = mask[..., Move.STRIKE] & (rng.random(mask.shape[:2]) < self.probability)
        moves = np.where(strike, Move.STRIKE, Move.HOLD)
        return with_support(np.stack([moves, np.zeros_like(moves)], axis=-1))


class Richardson:
    """Continuous mode: buys ``a y - (m - depreciation) x + g`` with noise, so that ``Δx = a y - m x + g``."""

    def __init__(self, params: Params, a: Any, m: Any, g: Any, noise: float) -> None:
        self.params, self.a, self.m, self.g, self.noise = params, np.asarray(a), np.asarray(m), np.asarray(g), noise
        self.place = {entry.name: entry.place for entry in observation_table(params)}

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        own = observations[..., self.place["own_offensive"]]
        other = observations[..., self.place["other_1_arms"]]
        bought = self.a * other - (self.m - self.params.depreciation) * own + self.g
        bought = bought + self.noise * rng.standard_normal(own.shape)
        rate = bought / self.params.build
        assert rate.min() >= 0, "the script must stay linear"
        assert rate.max() <= 1, "the script must stay linear"
        return np.stack([rate, *[np.zeros_like(rate)] * 4], axis=-1).astype(np.float32)
