"""The main job: learn in every world with every seed, measure, and report in which worlds security seekers spiral."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from security_dilemma_training.batch_jobs import run_in_processes
from security_dilemma_training.batch_work import train_and_measure
from security_dilemma_training.jobs import Outcome, exit_status, write_failed
from security_dilemma_training.provenance import tell_other_makers
from security_dilemma_training.runs import Run, held

if TYPE_CHECKING:
    from security_dilemma_training.beliefs.probe import ProbeOptions
    from security_dilemma_training.config import FourWorldsConfig
    from security_dilemma_training.responses.best_response import ResponseOptions

__all__ = ["four_worlds", "train_and_evaluate", "train_and_evaluate_together"]

Report = Callable[[float, str], None]


def train_and_evaluate(
    folder: str,
    report: Report,
    exploitability: ResponseOptions | None = None,
    beliefs: ProbeOptions | None = None,
) -> dict[str, Any]:
    """Train a run folder, or what is left of it, and measure its policy.

    Args:
        folder: The run folder.
        report: Called with the share done and a message.
        exploitability: The budget of a search for best responses; None: no search.
        beliefs: The options of a probe of beliefs; None: beliefs are not scored.

    Returns:
        The results of the run, see :func:`security_dilemma_training.measuring.measured`.
    """
    (done,) = train_and_measure([folder], report, exploitability, beliefs)
    if done.error is not None:
        raise done.error
    results: dict[str, Any] = done.found
    return results


def train_and_evaluate_together(
    folders: Sequence[str],
    report: Report,
    exploitability: ResponseOptions | None = None,
    beliefs: ProbeOptions | None = None,
) -> list[dict[str, Any]]:
    """Train the run folders of a batch, or what is left of them, and measure each one; called in a worker process.

    Args:
        folders: Run folders; several must be of the compiled path, and of one program.
        report: Called with the share done and a message.
        exploitability: The budget of a search for best responses; None: no search.
        beliefs: The options of a probe of beliefs; None: beliefs are not scored.

    Returns:
        For each its ``results``, or the ``error`` that it ended with.
    """
    return [done.entry("results") for done in train_and_measure(folders, report, exploitability, beliefs)]


def four_worlds(
    config: FourWorldsConfig,
    folder: Path,
    workers: int,
    command: str = "security-dilemma four-worlds",
    *,
    overwrite: bool = False,
    exploitability: ResponseOptions | None = None,
    beliefs: ProbeOptions | None = None,
) -> int:
    """Train and evaluate every seed in every world, write the report and print its table.

    What an interrupted call has finished is kept: runs are taken up where they stand.

    Args:
        config: The worlds, the learner and the seeds.
        folder: Where ``report.md``, ``report.html``, ``results.csv``, ``results.json`` and the figures go; the runs
            stand below it.
        workers: Processes at the same time, on processors.
        command: What was called, for the report's instructions how to reproduce it.
        overwrite: Whether the runs of these worlds and seeds that are there are deleted first.
        exploitability: The budget of a search for best responses to every policy; None: no search.
        beliefs: The options of a probe of beliefs about intents; None: beliefs are not scored.

    Returns:
        The exit status: 1 if a run failed (``failed.json`` says why, and the report covers the others), else 0.

    Raises:
        RunError: If a run folder holds a run of another config, or another process works in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with held(folder):
        runs = [_create(config, world, seed, overwrite) for seed in config.seeds for world in config.worlds]
        tell_other_makers(runs)
        named = [(f"{run.config.label}/{run.folder.name}", run) for run in runs]
        asked = {"exploitability": exploitability, "beliefs": beliefs}
        outcomes = run_in_processes(named, workers, train_and_evaluate_together, **asked)
        _report(outcomes, folder, command)
    return exit_status(outcomes)


def _create(config: FourWorldsConfig, world: str, seed: int, overwrite: bool) -> Run:
    asked = config.for_world(world)
    return Run.create(asked.folder / f"seed_{seed}", asked, seed, overwrite=overwrite)


def _report(outcomes: Sequence[Outcome], folder: Path, command: str) -> None:
    """Write what came out and print its table."""
    failed = write_failed(outcomes, folder)
    results = [outcome.result["results"] for outcome in outcomes if outcome.error is None]
    if results:
        from security_dilemma_training.report import write_report
        from security_dilemma_training.summary import print_tables

        report = write_report(results, folder, command=command, failed=failed)
        print_tables(results)
        print(f"report: {report}, and interactive: {report.with_suffix('.html')}")
