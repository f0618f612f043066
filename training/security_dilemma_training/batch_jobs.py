"""Runs as jobs, in batches: which are trained side by side, where, and in which order."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from security_dilemma_training.batch_work import train_folders
from security_dilemma_training.batches import batches, is_compiled
from security_dilemma_training.compiled import devices
from security_dilemma_training.jobs import Job, Outcome, outcomes_of_parts, run_jobs

if TYPE_CHECKING:
    from security_dilemma_training.learner_sections import LearnerConfig
    from security_dilemma_training.runs import Run

__all__ = ["Batch", "batch_name", "environments", "local_accelerators", "run_in_batches", "run_in_processes"]

Ended = Callable[[int, Outcome], None]


class Batch(NamedTuple):
    """Runs that one process works on."""

    names: tuple[str, ...]
    runs: tuple[Run, ...]

    @property
    def name(self) -> str:
        """What it is called in displays."""
        return batch_name(self.names)

    @property
    def folders(self) -> list[str]:
        """The run folders."""
        return [str(run.folder) for run in self.runs]


class Do(Protocol):
    """Works on batches, many at a time, and tells how each ended; a result is a list with an entry for each run."""

    def __call__(self, batches: Sequence[Batch], ended: Ended, *, accelerators: int, measured: bool) -> object:
        """Work on batches.

        Args:
            batches: In the order in which they are begun.
            ended: Called with the place of each batch and its outcome as soon as it ends.
            accelerators: How many there are, of which each batch takes one; 0: the batches are for processors.
            measured: Whether runs are measured, too; otherwise they are only trained.
        """


def batch_name(names: Sequence[str]) -> str:
    """Return what runs of these names are called together, as in ``intense/seed_0 … seed_7 (8 runs)``."""
    first, last = names[0], names[-1]
    if len(names) == 1:
        return first
    where, _, run = last.rpartition("/")
    return f"{first} … {run if first.rpartition('/')[0] == where else last} ({len(names)} runs)"


def run_in_batches(
    named: Sequence[tuple[str, Run]],
    do: Do,
    at_once: int,
    accelerators: Callable[[LearnerConfig], int],
    ended: Ended = lambda _place, _outcome: None,
    *,
    measured: bool = True,
) -> list[Outcome]:
    """Train runs, and measure them, in the batches that their learners and the machine suit.

    What learns on accelerators is trained first, and only trained: to measure a policy is work for a processor, of
    which there are more. A run that is trained already is measured alone.

    Args:
        named: Runs, and what they are called.
        do: Works on batches.
        at_once: How many batches it works on at the same time on processors.
        accelerators: How many accelerators there are for a learner; 0: it learns on processors.
        ended: Called with the place of each run and its outcome as soon as it ends, and for one that learns on an
            accelerator also when it is trained, with nothing measured in its result.
        measured: Whether runs are measured, too.

    Returns:
        How each run ended, in the order of ``named``.
    """
    stages = _Stages(named, do, ended)
    fast = _on_accelerators([run for _, run in named], accelerators)
    for (count, _), runs in fast.items():
        stages.run(batches(runs, count, accelerator=True), count, measured=False)
    failed = {run for run, outcome in stages.outcomes.items() if outcome.error is not None}
    left = [run for _, run in named if run not in (failed if measured else stages.outcomes)]
    alone = {run: [run] for run in left if is_compiled(run.config.learner) and run.finished}
    groups = [*alone.values(), *batches([run for run in left if run not in alone], at_once)]
    stages.run(groups, 0, measured)
    return [stages.outcomes[run] for _, run in named]


def _on_accelerators(runs: Sequence[Run], accelerators: Callable[[LearnerConfig], int]) -> dict[tuple[int, str], Any]:
    """The unfinished runs that learn on accelerators, by the number of these and the config's name for them."""
    counts: dict[tuple[str, bool], int] = {}
    found: dict[tuple[int, str], list[Run]] = {}
    for run in runs:
        learner = run.config.learner
        kind = (learner.device, is_compiled(learner))
        if learner.device == "cpu" or run.finished:
            continue
        if kind not in counts:
            counts[kind] = accelerators(learner)
        if counts[kind]:
            found.setdefault((counts[kind], learner.device), []).append(run)
    return found


class _Stages:
    """The stages of a call, and how each run ended in the last one that it was in."""

    def __init__(self, named: Sequence[tuple[str, Run]], do: Do, ended: Ended) -> None:
        self.outcomes: dict[Run, Outcome] = {}
        self._names = {run: name for name, run in named}
        self._places = {run: place for place, (_, run) in enumerate(named)}
        self._do, self._ended = do, ended

    def run(self, groups: Sequence[Sequence[Run]], accelerators: int, measured: bool) -> None:
        """Work on groups of runs."""
        stage = [Batch(tuple(self._names[run] for run in runs), tuple(runs)) for runs in groups]

        def ended(index: int, outcome: Outcome) -> None:
            batch = stage[index]
            for run, own in zip(batch.runs, outcomes_of_parts(outcome, batch.names), strict=True):
                self.outcomes[run] = own
                self._ended(self._places[run], own)

        if stage:
            self._do(stage, ended, accelerators=accelerators, measured=measured)


def run_in_processes(
    named: Sequence[tuple[str, Run]], workers: int, measure: Callable[..., Any] | None = None, **options: Any
) -> list[Outcome]:
    """Train runs, and measure them, in worker processes of this machine.

    Args:
        named: Runs, and what they are called.
        workers: Processes at the same time, on processors.
        measure: A function at the top level of a module that trains and measures a batch, called with ``folders``,
            ``report`` and the options; it returns a list with an entry for each run. None: runs are only trained.
        options: Of ``measure``.

    Returns:
        How each run ended, in the order of ``named``.
    """

    def do(batches: Sequence[Batch], ended: Ended, *, accelerators: int, measured: bool) -> None:
        function, more = (measure, options) if measured and measure is not None else (train_folders, {})
        jobs = [Job(batch.name, function, {"folders": batch.folders, **more}, len(batch.runs)) for batch in batches]
        run_jobs(jobs, accelerators or workers, ended, environments(accelerators))

    return run_in_batches(named, do, workers, local_accelerators, measured=measure is not None)


def local_accelerators(learner: LearnerConfig) -> int:
    """Return how many accelerators of this machine there are for a learner: one process is to have each."""
    return devices.accelerators(learner.device) if is_compiled(learner) else 0


def environments(accelerators: int) -> list[Mapping[str, str]]:
    """Return what the environment of each worker process says so that it sees one accelerator of several."""
    if accelerators < 2:
        return []
    visible = os.environ.get("CUDA_VISIBLE_DEVICES") or ",".join(str(place) for place in range(accelerators))
    return [{"CUDA_VISIBLE_DEVICES": name.strip()} for name in visible.split(",")[:accelerators]]
