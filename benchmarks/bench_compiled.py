"""Training by the compiled path beside stable-baselines3: the same network, batches and epochs, on the same cores.

Run with ``python benchmarks/bench_compiled.py``. Several seeds are parted among two worker processes, as by
``security-dilemma train``; one seed has one process, which JAX and PyTorch may let use both cores. Both paths are timed
in the same run, alternating, best of several; what it takes until the first update is done is told apart. ``--growth``
tells how time grows with seeds, with the cells of a grid and with the number of states.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

ROUNDS, UPDATES = 2, 6
SEEDS = (1, 8)
TARGETS = {1: 1.5, 8: 2.0}
GROWTH_SLOTS = 480  # a multiple of 2, 3, 4, 6 and 8 states
Task = dict[str, Any]


def document(task: Task, **learner: Any) -> dict[str, Any]:
    """The config of a task."""
    params = {"balance": task.get("balance", 0.9)}
    shape = {"slots": task["slots"], "batch_size": task["slots"] * 8}
    return {"params": params, "learner": shape | learner, "game": {"n_states": task["n_states"]}}


def train_sb3(task: Task, barrier: Any) -> tuple[float, float]:
    """Seconds of preparing, and of learning ``UPDATES`` updates of each seed, one after the other."""
    import torch

    from security_dilemma_training.config import RunConfig, parse
    from security_dilemma_training.schemes import build_scheme

    began = time.perf_counter()
    torch.set_num_threads(task["threads"])
    rollout = task["slots"] * 32
    data = document(task, torch_threads=task["threads"])
    config = parse(data | {"schedule": {"agent_steps": UPDATES * rollout}}, RunConfig)
    warm = parse(data | {"schedule": {"agent_steps": rollout}}, RunConfig)
    build_scheme(warm, 0).learn(lambda: None)
    schemes = [build_scheme(config, seed) for seed in task["seeds"]]
    prepared = time.perf_counter() - began
    barrier.wait()
    began = time.perf_counter()
    for scheme in schemes:
        scheme.learn(lambda: None)
    return prepared, time.perf_counter() - began


def train_jax(task: Task, barrier: Any) -> tuple[float, float]:
    """The same by the compiled path; all seeds together."""
    began = time.perf_counter()
    os.environ["NPROC"] = str(task["threads"])
    from security_dilemma_training.compiled.lanes import compiled, lanes_of
    from security_dilemma_training.config import RunConfig, parse

    config = parse(document(task, backend="jax"), RunConfig)
    grid = [config] * len(task["seeds"])
    if task.get("cells"):
        grid = [parse(document(task | {"balance": 0.1 * k}, backend="jax"), RunConfig) for k in range(len(grid))]
    lanes = lanes_of(compiled(config), grid, list(task["seeds"]))
    lanes.update()
    prepared = time.perf_counter() - began
    barrier.wait()
    began = time.perf_counter()
    for _ in range(UPDATES):
        lanes.update()
    return prepared, time.perf_counter() - began


def serve(path: str, task: Task, barrier: Any, answers: Any) -> None:
    """Do a task; what a worker process runs."""
    answers.put((train_jax if path == "jax" else train_sb3)(task, barrier))


def timed(path: str, seeds: Sequence[int], threads: int, workers: int, **task: Any) -> tuple[float, float]:
    """Agent-steps per second of learning with all seeds parted among workers, and seconds of preparing."""
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(workers), context.Queue()
    parts = [seeds[place::workers] for place in range(workers)]
    common = {"slots": 512, "n_states": 2, "threads": threads} | task
    processes = [
        context.Process(target=serve, args=(path, common | {"seeds": list(part)}, barrier, answers)) for part in parts
    ]
    for process in processes:
        process.start()
    found = [answers.get() for _ in processes]
    for process in processes:
        process.join()
    slowest = max(seconds for _, seconds in found)
    return len(seeds) * UPDATES * common["slots"] * 32 / slowest, max(prepared for prepared, _ in found)


def compare() -> None:
    """The two paths beside each other."""
    print(f"{'seeds':>5} {'path':>5} {'workers':>8} {'threads each':>13} {'agent-steps/s':>14} {'ready after':>12}")
    for count in SEEDS:
        seeds = list(range(count))
        ways = [("sb3", 1, 1), ("sb3", 2, 1), ("jax", 1, 1), ("jax", 2, 1)] if count == 1 else []
        ways = ways or [("sb3", 1, 2), ("jax", 1, 2), ("jax", 2, 1)]
        best: dict[tuple[str, int, int], tuple[float, float]] = {}
        for _ in range(ROUNDS):
            for path, threads, workers in ways:
                found = timed(path, seeds, threads, workers)
                best[path, threads, workers] = max(best.get((path, threads, workers), found), found)
        for (path, threads, workers), (rate, ready) in best.items():
            print(f"{count:5} {path:>5} {workers:8} {threads:13} {rate:14,.0f} {ready:10.1f} s")
        reached = [max(rate for (path, *_), (rate, _) in best.items() if path == which) for which in ("jax", "sb3")]
        ratio = reached[0] / reached[1]
        print(f"{count} seed{'s' * (count > 1)}: {ratio:.2f} times sb3's best; to reach: {TARGETS[count]}\n")


def growth() -> None:
    """How the time of an update grows, in one process with one thread."""
    print(f"{'what':>24} {'ms/update':>10} {'agent-steps/s':>14} {'ready after':>12}")
    rows: list[tuple[str, dict[str, Any], int]] = [(f"{n} seed{'s' * (n > 1)}", {}, n) for n in (1, 2, 4, 8)]
    rows += [(f"{n} cells of a grid", {"cells": True}, n) for n in (2, 8)]
    rows += [(f"{n} states", {"n_states": n, "slots": GROWTH_SLOTS}, 1) for n in (2, 3, 4, 6, 8)]
    for name, task, count in rows:
        rate, ready = max(timed("jax", list(range(count)), 1, 1, **task) for _ in range(2))
        steps = count * task.get("slots", 512) * 32
        print(f"{name:>24} {1e3 * steps / rate:10.0f} {rate:14,.0f} {ready:10.1f} s")


def main() -> None:
    """Print the tables."""
    if "--growth" in sys.argv:
        growth()
    else:
        compare()


if __name__ == "__main__":
    main()
