"""How long a phase diagram takes, by this machine's own speed: measured on short trainings, or on runs it has done.

A short training is one of the diagram's own with fewer steps, in each of as many processes as are going to work, all at
once, so that what they take from each other is in it.
"""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from security_dilemma_training.batch_jobs import environments
from security_dilemma_training.batches import batches, shape_of
from security_dilemma_training.cli_options import cores
from security_dilemma_training.config import RunConfig
from security_dilemma_training.errors import RunError
from security_dilemma_training.evaluate import evaluate_run
from security_dilemma_training.jobs import Job, run_jobs
from security_dilemma_training.runs import Run
from security_dilemma_training.writing import write_atomically

__all__ = ["PACE_FILE", "Crew", "Pace", "keep_pace", "kept_pace", "measured_pace", "short_training"]

PACE_FILE = "pace.json"
"""In the folder of a diagram: how fast its runs went."""

SHORT = 131_072
"""Agent-steps of a short training."""

Report = Callable[[float, str], None]


class Crew(NamedTuple):
    """What works on a diagram."""

    workers: int  # processes on processors
    accelerators: int = 0  # how many learn, each in a process of its own; 0: the workers do

    @property
    def told(self) -> str:
        """It in words."""
        workers = f"{self.workers} process{'es' * (self.workers > 1)}"
        more = f" and {self.accelerators} accelerator{'s' * (self.accelerators > 1)}" if self.accelerators else ""
        return workers + more


class Pace(NamedTuple):
    """How fast runs go, in seconds of the process that does them."""

    begin: float  # until a process learns: libraries, and compilation where there is one
    training: float  # of a run
    measuring: float  # of a run
    source: str  # on what it was measured

    def seconds(self, to_train: int, to_measure: int, crew: Crew) -> float:
        """Return about how long it takes to train so many runs, and to measure so many."""
        rounds = -(-to_train // (crew.accelerators or crew.workers)), -(-to_measure // crew.workers)
        return self.begin * (to_train > 0) + rounds[0] * self.training + rounds[1] * self.measuring


def measured_pace(config: RunConfig, runs: int, crew: Crew, *, here: bool = True) -> Pace | None:
    """Return the pace of short trainings of a config on this machine, one in each process at the same time.

    Args:
        config: Of one of the runs.
        runs: How many there are to be, which on accelerators learn side by side.
        crew: What works on them.
        here: Whether that is on this machine; otherwise processors elsewhere are taken to be as fast as here, and of
            accelerators elsewhere nothing is known: None is returned.

    Raises:
        RunError: If a training fails.
    """
    if crew.accelerators and not here:
        return None
    lanes = _side_by_side(config, runs, crew)
    processes = crew.accelerators or (crew.workers if here else min(crew.workers, cores()))
    jobs = [Job("how long it takes", short_training, {"config": config, "lanes": lanes})] * processes
    outcomes = run_jobs(jobs, processes, environments=environments(crew.accelerators))
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    if errors:
        raise RunError(f"a short training, to see how long it takes, failed: {errors[0]}")
    begin, training, measuring = (
        sum(outcome.result[name] for outcome in outcomes) / processes for name in ("begin", "training", "measuring")
    )
    steps, side = min(SHORT, config.schedule.agent_steps), f" of {lanes} runs side by side" if lanes > 1 else ""
    where = f"in each of {processes} processes at once" if processes > 1 else "in one process"
    machine = "" if here else ", on this machine"
    source = f"a short training of {steps:,} agent-steps{side} {where}{machine}"
    return Pace(begin, training, measuring, source)


def _side_by_side(config: RunConfig, runs: int, crew: Crew) -> int:
    """How many runs a process is going to train side by side, where that is faster than one after the other."""
    if not crew.accelerators:
        return 1
    alike = [Run(Path(), config, seed) for seed in range(runs)]
    return len(batches(alike, crew.accelerators, accelerator=True)[0])


def short_training(config: RunConfig, lanes: int, report: Report) -> dict[str, float]:
    """Train and measure short runs, and return ``begin``, ``training`` and ``measuring`` of a :class:`Pace`.

    Args:
        config: Of which the runs have fewer steps.
        lanes: Runs side by side.
        report: Called with the share done and a message.
    """
    from security_dilemma_training.train import train, train_together

    began, steps = time.monotonic(), config.schedule.agent_steps
    schedule = config.schedule.model_copy(update={"agent_steps": min(SHORT, steps)})
    short = config.model_copy(update={"schedule": schedule})
    with TemporaryDirectory() as folder:
        times: list[list[tuple[float, float]]] = [[], []]
        for part, told in enumerate(times):
            runs = [Run.create(Path(folder, f"{part}_{lane}"), short, lane) for lane in range(lanes)]

            def note(share: float, message: str, part: int = part, told: list[tuple[float, float]] = told) -> None:
                told.append((time.monotonic(), share))
                report(0.45 * (part + share), message)

            told.append((time.monotonic(), 0.0))
            train_together(runs, note) if lanes > 1 else train(runs[0], note)
        trained = time.monotonic()
        report(0.9, "evaluating")
        evaluate_run(runs[0])
        measured = time.monotonic()
    whole, per_step = trained - times[1][0][0], _seconds_per_step(times[1], short.schedule.agent_steps)
    more = steps - short.schedule.agent_steps
    return {
        "begin": max(0.0, times[0][1][0] - began),
        "training": (whole + more * per_step) / lanes,
        "measuring": measured - trained,
    }


def _seconds_per_step(told: Sequence[tuple[float, float]], steps: int) -> float:
    """Seconds for each agent-step of a run, between the first time that progress was told and the last."""
    learning = [(when, share) for when, share in told if share > 0]
    (first, begun), (last, done) = learning[0], next(one for one in learning if one[1] == learning[-1][1])
    if done > begun:
        return (last - first) / ((done - begun) * steps)
    return (last - told[0][0]) / steps


def kept_pace(folder: Path, config: RunConfig, crew: Crew) -> Pace | None:
    """Return the pace that is known in a folder, if it is of such runs by such a crew on this machine."""
    try:
        found = json.loads((folder / PACE_FILE).read_text(encoding="utf-8"))
        if found["of"] != _identity(config, crew):
            return None
        begin, training, measuring = (float(found[name]) for name in ("begin", "training", "measuring"))
        return Pace(begin, training, measuring, str(found["source"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_pace(folder: Path, config: RunConfig, crew: Crew, pace: Pace) -> None:
    """Write a pace into a folder, for the next call."""
    text = json.dumps(pace._asdict() | {"of": _identity(config, crew)}, indent=1, ensure_ascii=False)
    write_atomically(folder / PACE_FILE, text + "\n")


def _identity(config: RunConfig, crew: Crew) -> str:
    """What a pace is of: the shape of the runs, how they are measured, who works on them, and the machine."""
    about: Mapping[str, Any] = {
        "shape": shape_of(config),
        "evaluation": config.evaluation.model_dump(mode="json"),
        "crew": crew,
        "machine": [platform.node(), platform.platform()],
    }
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
