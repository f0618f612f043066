"""How time and memory grow with the number of states, and what networks that pool the other states cost.

Run with ``python benchmarks/bench_many_states.py``; ``--quick`` has N = 2, 4 and 8 alone, and one round of each. Games
are random play of the default world, 1,024 at once: by NumPy (``Games``), and by JAX (one compiled step under
``vmap``). CPU seconds of one thread count, the best of several rounds. Beside every figure stands how many times that
of N = 2 it is, and in brackets what part that is of the ceiling, (N / 2)²:

- bytes of a game, state and observations: dossiers, reported arms and support are pairs of states, and an observation
  has a block for each other state, so that they grow with N², and what is there for each state or once with less;
- what a step needs beyond them at its peak, by ``tracemalloc`` and by the analysis of JAX's compiler; and its time.

Networks see the same observations: deciding, and a gradient step, by PyTorch, for one agent-step, beside ``mlp`` with
the same hidden sizes. A pooled network encodes every other state, so that it is expected to grow with N - 1.
"""

from __future__ import annotations

import argparse
import os
import time
import tracemalloc
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
import torch

from security_dilemma import WORLDS, Games
from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.compiled.devices import limit_threads
from security_dilemma_training.config import RunConfig, parse

STATES, QUICK_STATES = tuple(range(2, 9)), (2, 4, 8)
TABLES = ("numpy", "jax", "networks")
GAMES, WORLD = 1024, "doubly_dangerous"
ROUNDS, ROUND_SECONDS = 5, 0.4
ROWS, NETWORKS = 3840, ("mlp", "mean_pooling", "attention")


class Measured(NamedTuple):
    """What one face needs with N states."""

    seconds: float  # of a step of all games
    held: int  # bytes of a game's state and observations
    peak: int  # bytes of a game that a step needs beyond them


def ceiling(n: int) -> float:
    """How many times what two states need is allowed at most, (N / 2)²."""
    return (n / 2) ** 2


def best_seconds(call: Callable[[], object], rounds: int) -> float:
    """CPU seconds of one call, in the best of several rounds."""
    best = float("inf")
    for _ in range(rounds):
        calls, start = 0, time.process_time()
        while time.process_time() - start < ROUND_SECONDS:
            call()
            calls += 1
        best = min(best, (time.process_time() - start) / calls)
    return best


def numpy_face(n: int, rounds: int) -> Measured:
    """Random play by ``Games``."""
    games = Games(WORLDS[WORLD], GAMES, n_states=n, seed=0)
    rng = np.random.default_rng(0)
    sizes = np.array([5, 5, n][: games.n_components])
    sent = [rng.integers(0, sizes, (GAMES, n, games.n_components)) for _ in range(16)]
    for action in sent:  # away from the start, where all games are in step
        seen, *_ = games.step(action)
    held = (sum(np.asarray(part).nbytes for part in games.state) + np.asarray(seen).nbytes) // GAMES
    turn = iter(lambda: games.step(sent[int(rng.integers(16))]), None)
    tracemalloc.start()
    next(turn)
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    next(turn)
    peak = (tracemalloc.get_traced_memory()[1] - before) // GAMES
    tracemalloc.stop()
    return Measured(best_seconds(lambda: next(turn), rounds), held, peak)


def jax_face(n: int, rounds: int) -> Measured:
    """Random play by the JAX face, a compiled step of all games."""
    import jax

    from security_dilemma.jax_face import JaxSecurityDilemma

    game = JaxSecurityDilemma(n)
    params = WORLDS[WORLD]
    sizes = np.array([5, 5, n][: 3 if n > 2 else 2])
    sent = np.random.default_rng(0).integers(0, sizes, (GAMES, n, len(sizes)))
    keys = jax.random.split(jax.random.key(0), GAMES)
    seen, state = jax.jit(jax.vmap(game.reset, (0, None)))(keys, params)
    step = jax.jit(jax.vmap(game.step, (0, 0, 0, None))).lower(keys, state, sent, params).compile()
    held = sum(leaf.nbytes for leaf in jax.tree.leaves((state, seen))) // GAMES
    analysis = step.memory_analysis()
    carry = [state]

    def play() -> None:
        carry[0] = jax.block_until_ready(step(keys, carry[0], sent, params))[1]

    play()
    peak = int(analysis.temp_size_in_bytes + analysis.output_size_in_bytes) // GAMES
    return Measured(best_seconds(play, rounds), held, peak)


def by_face(name: str, states: tuple[int, ...], rounds: int) -> None:
    """Print how a face grows with N."""
    face, called = (numpy_face, "NumPy, Games") if name == "numpy" else (jax_face, "JAX, a compiled step")
    print(f"\n{called}, {GAMES:,} games; in brackets: of the ceiling (N / 2)²")
    print(f"{'N':>3}{'ns/game-step':>14}{'v N=2':>14}{'ns/agent-step':>15}{'v N=2':>7}", end="")
    print(f"{'bytes/game':>12}{'v N=2':>14}{'peak bytes':>12}{'v N=2':>14}")
    first: Measured | None = None
    for n in states:
        found = face(n, rounds)
        first = first or found
        step = 1e9 * found.seconds / GAMES
        told = f"{n:3}{step:14,.0f}{_ratio(found.seconds, first.seconds, n)}"
        told += f"{step / n:15,.0f}{2 * found.seconds / (n * first.seconds):7.2f}"
        for now, then in ((found.held, first.held), (found.peak, first.peak)):
            told += f"{now:12,}{_ratio(now, then, n)}"
        print(told, flush=True)


def _ratio(now: float, then: float, n: int) -> str:
    """How many times what two states need, and what part of the ceiling that is."""
    ratio = now / then
    return f"{ratio:7.2f} ({ratio / ceiling(n):4.0%})"


def config_of(network: str, n: int) -> RunConfig:
    """A config whose learner has a network."""
    learner = {"network": network, "slots": 840, "n_steps": 32, "batch_size": 3840}
    return parse({"world": WORLD, "game": {"n_states": n}, "learner": learner}, RunConfig)


def network_seconds(network: str, n: int, rounds: int) -> tuple[float, float]:
    """Seconds of deciding for, and of learning from, :data:`ROWS` observations."""
    made: Any = ALGORITHMS["ppo"].network(config_of(network, n))
    dims, sizes = made.observation_space.shape[0], made.action_space.nvec
    rng = np.random.default_rng(0)
    seen = torch.as_tensor(rng.uniform(0, 1, (ROWS, dims)), dtype=torch.float32)
    sent = torch.as_tensor(rng.integers(0, sizes, (ROWS, len(sizes))))

    def decide() -> None:
        with torch.no_grad():
            made.forward(seen)

    def learn() -> None:
        values, log_chance, entropy = made.evaluate_actions(seen, sent)
        loss = values.square().mean() - log_chance.mean() - entropy.mean()
        made.optimizer.zero_grad()
        loss.backward()
        made.optimizer.step()

    return best_seconds(decide, rounds), best_seconds(learn, rounds)


def by_network(states: tuple[int, ...], rounds: int) -> None:
    """Print what networks cost beside ``mlp``."""
    print(f"\nnetworks of PPO by PyTorch, one thread, {ROWS:,} agent-steps at once; hidden sizes 64 and 64")
    beside = f"{'v mlp':>7}{'v N=2':>7}"
    print(f"{'N':>3} {'network':<14}{'µs to decide':>13}{beside}{'µs to learn':>13}{beside}")
    first: dict[str, tuple[float, float]] = {}
    for n in states:
        plain: tuple[float, float] | None = None
        for network in NETWORKS:
            found = network_seconds(network, n, rounds)
            plain, base = plain or found, first.setdefault(network, found)
            told = f"{n:3} {network:<14}"
            for now, other, two in zip(found, plain, base, strict=True):
                told += f"{1e6 * now / ROWS:13.2f}{now / other:7.2f}{now / two:7.2f}"
            print(told, flush=True)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="N = 2, 4 and 8 alone, one round each")
    parser.add_argument("--only", choices=TABLES, help="one table alone")
    given = parser.parse_args()
    states, rounds = (QUICK_STATES, 1) if given.quick else (STATES, ROUNDS)
    wanted = (given.only,) if given.only else TABLES
    torch.set_num_threads(1)
    limit_threads(1, "cpu")  # before JAX is imported
    versions = f"NumPy {np.__version__}, JAX {version('jax')}, PyTorch {torch.__version__}"
    print(f"{versions}; one thread of {os.cpu_count()} cores")
    for table in wanted:
        if table == "networks":
            by_network(states, rounds)
        else:
            by_face(table, states, rounds)


if __name__ == "__main__":
    main()
