"""The main job: learn in every world with every seed, measure, and report in which worlds security seekers spiral."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from security_dilemma_training.jobs import Job, exit_status, run_jobs
from security_dilemma_training.runs import Run

if TYPE_CHECKING:
    from security_dilemma_training.config import FourWorldsConfig

__all__ = ["four_worlds", "train_and_evaluate"]

TRAINING_SHARE = 0.95
"""Share of a run's progress that its training stands for; the rest is its evaluation."""


def train_and_evaluate(folder: str, report: Callable[[float, str], None]) -> dict[str, Any]:
    """Train a run folder, or what is left of it, and measure its policy; called in a worker process.

    Args:
        folder: The run folder.
        report: Called with the share done and a message.

    Returns:
        The results of the run, see :mod:`security_dilemma_training.evaluate`.
    """
    from security_dilemma_training.evaluate import evaluate_run
    from security_dilemma_training.train import train

    run = Run.open(folder)
    train(run, lambda share, message: report(TRAINING_SHARE * share, message))
    report(TRAINING_SHARE, "evaluating")
    return evaluate_run(run)


def four_worlds(
    config: FourWorldsConfig, folder: Path, workers: int, command: str = "security-dilemma four-worlds"
) -> int:
    """Train and evaluate every seed in every world, write the report and print its table.

    What an interrupted call has finished is kept: runs are taken up where they stand.

    Args:
        config: The worlds, the learner and the seeds.
        folder: Where ``report.md``, ``results.csv``, ``results.json`` and the figures go; the runs stand below it.
        workers: Processes at the same time.
        command: What was called, for the report's instructions how to reproduce it.

    Returns:
        The exit status: 1 if a run failed (the report then covers the others), else 0.

    Raises:
        RunError: If a run folder holds a run of another config.
    """
    runs = [_create(config, world, seed) for seed in config.seeds for world in config.worlds]
    jobs = [
        Job(f"{run.config.label}/{run.folder.name}", train_and_evaluate, {"folder": str(run.folder)}) for run in runs
    ]
    outcomes = run_jobs(jobs, workers)
    results = [outcome.result for outcome in outcomes if outcome.error is None]
    if results:
        from security_dilemma_training.evaluate import summary_table
        from security_dilemma_training.report import write_report

        report = write_report(results, folder, command=command)
        Console().print(summary_table(results))
        print(f"report: {report}")
    return exit_status(outcomes)


def _create(config: FourWorldsConfig, world: str, seed: int) -> Run:
    asked = config.for_world(world)
    return Run.create(asked.folder / f"seed_{seed}", asked, seed)
