"""Random play of many games at once, beside a floor: only drawing the random numbers and filling the observations.

Run with ``python benchmarks/bench_games.py``; on one core, all figures from one run, best of several rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from security_dilemma import WORLDS, Games
from security_dilemma.chance import draw_step

SIZES = (1, 64, 1024, 16384)
ROUNDS, ROUND_SECONDS = 5, 0.4
TARGET = 5e6  # agent-steps per second and core at 16,384 games


def best_seconds(call: Callable[[int], object]) -> float:
    """Seconds of one call, in the best of several rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        calls, start = 0, time.perf_counter()
        while time.perf_counter() - start < ROUND_SECONDS:
            call(calls)
            calls += 1
        best = min(best, (time.perf_counter() - start) / calls)
    return best


def random_play(n_games: int) -> tuple[float, float]:
    """Seconds of a step of ``n_games`` games under random actions, and of the floor."""
    games = Games(WORLDS["doubly_dangerous"], n_games, seed=0)
    rng = np.random.default_rng(0)
    actions = [rng.integers(0, 5, (n_games, games.n_states, games.n_components)) for _ in range(16)]
    for action in actions:  # away from the start, where all games are in step
        games.step(action)

    def floor(_call: int) -> object:
        draw_step(rng, games.n_states, (n_games,), arms=False, strike=False)
        return np.ones((games.obs_dim, games.n_states, n_games), np.float32)

    return best_seconds(lambda call: games.step(actions[call % 16])), best_seconds(floor)


def main() -> None:
    """Print the table."""
    print(f"{'games':>7} {'µs/step':>9} {'agent-steps/s':>14} {'v 1 game':>9} {'of floor':>9}")
    single = 0.0
    for n_games in SIZES:
        seconds, floor = random_play(n_games)
        rate = 2 * n_games / seconds
        single = single or rate
        print(f"{n_games:7,} {1e6 * seconds:9.0f} {rate:14,.0f} {rate / single:9.1f} {floor / seconds:9.1%}")
    print(f"to reach at {SIZES[-1]:,} games: {TARGET:,.0f} agent-steps/s, reached {rate / TARGET:.0%} of it")


if __name__ == "__main__":
    main()
