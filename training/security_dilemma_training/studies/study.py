"""A study from end to end: every condition is learned with every seed, measured, compared, drawn and summed up."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from security_dilemma_training.batch_jobs import run_in_processes
from security_dilemma_training.errors import RunError
from security_dilemma_training.jobs import Job, Outcome, exit_status, run_jobs, write_failed
from security_dilemma_training.provenance import tell_other_makers
from security_dilemma_training.runs import Run, held
from security_dilemma_training.studies.measuring import Measuring, kept_values, measure_seed
from security_dilemma_training.studies.results import Results, Values
from security_dilemma_training.studies.study_config import StudyConfig

__all__ = ["print_plan", "study"]

Key = tuple[str, int]
"""Condition and seed."""


def study(asked: StudyConfig, workers: int, command: str, *, overwrite: bool = False) -> int:
    """Do what is asked and not there yet, write tables, figure and ``study.md``, and print what came out.

    What an interrupted call has finished is kept; a run that was cut goes on from its checkpoint.

    Args:
        asked: The study; its folder is where to.
        workers: Processes at the same time.
        command: What was called, for the report.
        overwrite: Whether the runs of this study that are there are deleted first.

    Returns:
        The exit status: 1 if something failed (``failed.json`` says why, and the report covers the others), else 0.

    Raises:
        RunError: If the folder cannot be made, another process works in it, or it holds runs of another config.
    """
    try:
        asked.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{asked.folder} cannot be made ({error.strerror}): choose another folder with --out") from error
    with held(asked.folder):
        course = _Course(asked, workers)
        print(amount(asked), file=sys.stderr)
        for wave in asked.waves():
            course.learn(wave, overwrite=overwrite)
        values = course.measure(overwrite=overwrite)
        _report(asked, values, course.outcomes, command)
    return exit_status(course.outcomes)


def amount(asked: StudyConfig) -> str:
    """Return in words how much there is to do."""
    learning = [name for wave in asked.waves() for name in wave]
    runs, steps = len(learning) * len(asked.seeds), asked.schedule.agent_steps
    played = len(asked.conditions) - len(learning)
    more = f", and {played} condition{'s' * (played > 1)} in which nothing is learned" if played else ""
    return (
        f"{len(learning)} conditions learned with {len(asked.seeds)} seeds: {runs} runs of {steps:,} agent-steps{more}"
    )


def print_plan(asked: StudyConfig) -> None:
    """Print what there is to do; nothing is written."""
    print(amount(asked))
    for name, condition in asked.conditions.items():
        told = f"played by {', '.join(condition.players)}" if condition.players else "learned"
        after = f", beginning with the policy of {condition.after}" if condition.after else ""
        changes = ", ".join(f"{key} = {value}" for key, value in condition.params.items())
        print(f"  {name}: {told}{after}{f'; {changes}' if changes else ''}")
    measured = sum(kept_values(_measuring(asked, name, seed)) is not None for name, seed in _keys(asked))
    print(f"{measured} of {len(_keys(asked))} are measured already; measures: {', '.join(asked.measures)}")


def _keys(asked: StudyConfig) -> list[Key]:
    return [(name, seed) for seed in asked.seeds for name in asked.conditions]


def _measuring(asked: StudyConfig, name: str, seed: int) -> Measuring:
    """What is to be measured of one seed of a condition."""
    players = asked.conditions[name].players or (name,)
    learned = {one for one, condition in asked.conditions.items() if not condition.players}
    folders = {one: str(asked.run_folder(one, seed)) for one in players if one in learned}
    return Measuring(
        asked.run_folder(name, seed),
        asked.run_config(name, seed),
        seed,
        tuple(folders.get(one, one) for one in players),
        tuple(folders.values()),
        asked.measures,
    )


class _Course:
    """One call.

    Attributes:
        outcomes: How each run and each measuring that was done ended.
    """

    def __init__(self, asked: StudyConfig, workers: int) -> None:
        self._asked, self._workers = asked, workers
        self.outcomes: list[Outcome] = []
        self._failed: set[Path] = set()

    def learn(self, names: Sequence[str], *, overwrite: bool) -> None:
        """Train the runs of some conditions that are not trained."""
        named: list[tuple[str, Run]] = []
        for seed in self._asked.seeds:
            for name in names:
                self._make(named, name, seed, overwrite)
        tell_other_makers([run for _, run in named])
        todo = [(name, run) for name, run in named if not run.finished]
        if not todo:
            return
        outcomes = run_in_processes(todo, self._workers)
        self.outcomes += outcomes
        self._failed |= {run.folder for (_, run), done in zip(todo, outcomes, strict=True) if done.error is not None}

    def _make(self, named: list[tuple[str, Run]], name: str, seed: int, overwrite: bool) -> None:
        """Make or open a run; one that cannot be used, or that begins with one that failed, has failed."""
        folder, after = self._asked.run_folder(name, seed), self._asked.conditions[name].after
        told = f"{name}/seed_{seed}"
        if after is not None and self._asked.run_folder(after, seed) in self._failed:
            self._failed.add(folder)
            self.outcomes.append(Outcome(told, error=f"{after}/seed_{seed}, with whose policy it begins, failed"))
            return
        try:
            named.append((told, Run.create(folder, self._asked.run_config(name, seed), seed, overwrite=overwrite)))
        except RunError as error:
            self._failed.add(folder)
            self.outcomes.append(Outcome(told, error=str(error)))

    def measure(self, *, overwrite: bool) -> dict[Key, Values]:
        """Measure what is not measured yet, and return all that there is by condition and seed."""
        values: dict[Key, Values] = {}
        todo: list[tuple[Key, Measuring]] = []
        for key in _keys(self._asked):
            one = _measuring(self._asked, *key)
            if any(Path(name) in self._failed for name in one.runs):
                continue
            there = None if overwrite else kept_values(one)
            if there is not None:
                values[key] = there
            else:
                todo.append((key, one))
        jobs = [Job(f"{name}/seed_{seed}", measure_seed, _arguments(one)) for (name, seed), one in todo]
        outcomes = run_jobs(jobs, self._workers) if jobs else []
        self.outcomes += outcomes
        for (key, _), outcome in zip(todo, outcomes, strict=True):
            if outcome.error is None:
                values[key] = outcome.result
        return values


def _arguments(one: Measuring) -> dict[str, Any]:
    data = one.config.model_dump(mode="json")
    return one._asdict() | {"folder": str(one.folder), "config": data}


def _report(asked: StudyConfig, values: dict[Key, Values], outcomes: Sequence[Outcome], command: str) -> None:
    failed = write_failed(outcomes, asked.folder)
    if not values:
        return
    from security_dilemma_training.studies.report import write_study
    from security_dilemma_training.studies.terminal import print_results

    results = Results(asked, values)
    path = write_study(results, command=command, failed=failed)
    print_results(results)
    print(f"study: {path}")
