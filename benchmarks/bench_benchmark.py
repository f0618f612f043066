"""What the machinery of ``security-dilemma benchmark`` costs beside the training, and two workers beside one.

Run with ``python benchmarks/bench_benchmark.py`` on an idle machine; all figures from one run. The same runs are
trained and measured bare, one after another in a process of their own, then as a benchmark with one and two workers.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

from security_dilemma_training.benchmark.benchmark import run_benchmark
from security_dilemma_training.benchmark.engines import LocalEngine
from security_dilemma_training.benchmark.plan_config import BenchmarkConfig, load_benchmark
from security_dilemma_training.four_worlds import train_and_evaluate
from security_dilemma_training.runs import Run, find_runs

CHANGES = ("algorithms=ppo", "worlds=doubly_dangerous,intense", "seeds=0,1", "output.tensorboard=false")
MOST_OVERHEAD, LEAST_SPEEDUP = 0.05, 1.7  # to reach
NOTHING = {"exploitability": None, "beliefs": None}


class Time(NamedTuple):
    """Seconds that something took."""

    wall: float
    cpu: float  # its processes included


def timed(call: Callable[[], object]) -> Time:
    """Take the time of a call and of the processes that it waits for."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    call()
    return Time(time.perf_counter() - wall, cpu_seconds() - cpu)


def cpu_seconds() -> float:
    """CPU seconds of this process and of all that it has started, ended or not."""
    here = psutil.Process()
    used = [process.cpu_times() for process in (here, *here.children(recursive=True))]
    return float(sum(one.user + one.system + one.children_user + one.children_system for one in used))


def asked(folder: Path) -> BenchmarkConfig:
    """The runs, into a folder."""
    return load_benchmark(None, [*CHANGES, f"output.folder={json.dumps(str(folder))}"])


def bare(folder: Path) -> None:
    """Train and measure the runs one after another, with nothing around it."""
    config = asked(folder)
    for cell in config.cells():
        for seed in config.seeds:
            run = Run.create(folder / cell.label / f"seed_{seed}", cell.config, seed)
            train_and_evaluate(str(run.folder), lambda _share, _message: None)


def training_seconds(folder: Path) -> float:
    """CPU seconds of the training of all runs of a folder."""
    return sum(float(Run.open(run).manifest["cpu_seconds"]) for run in find_runs(folder))


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    if arguments:
        bare(Path(arguments[0]))
        return
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name, kind) for kind in ("bare", "one", "two")]
        alone = timed(lambda: subprocess.run([sys.executable, __file__, str(folders[0])], check=True))
        one, two = (
            timed(lambda folder=folder, n=n: run_benchmark(asked(folder), LocalEngine(n), NOTHING))  # type: ignore[misc]
            for n, folder in enumerate(folders[1:], start=1)
        )
        training = training_seconds(folders[1])
    machinery = one.cpu - alone.cpu
    print(f"\n{'':24} {'wall':>8} {'CPU':>8}")
    for kind, seconds in (("bare", alone), ("benchmark, one worker", one), ("benchmark, two workers", two)):
        print(f"{kind:24} {seconds.wall:6.1f} s {seconds.cpu:6.1f} s")
    print(f"training alone: {training:.1f} s of CPU time in {len(asked(Path(name)).seeds) * 2} runs")
    share = f"{machinery / training:.1%} of the training's; to reach: below {MOST_OVERHEAD:.0%}"
    print(f"machinery beside it: {machinery:.1f} s of CPU time, {share}")
    print(f"two workers: {one.wall / two.wall:.2f} times as fast as one; to reach: {LEAST_SPEEDUP}")


if __name__ == "__main__":
    main(sys.argv[1:])
