"""What a worker process does with a batch of runs: it trains them side by side, and measures one after the other.

A run that fails loses none of the others.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from security_dilemma_training.errors import USERS_ERRORS, RunError
from security_dilemma_training.runs import Run
from security_dilemma_training.worker_processes import loading_seconds

if TYPE_CHECKING:
    from security_dilemma_training.beliefs.probe import ProbeOptions
    from security_dilemma_training.responses.best_response import ResponseOptions

__all__ = ["Cost", "Done", "train_and_measure", "train_folders"]

TRAINING_SHARE = 0.95
"""Share of a batch's progress that its training stands for; the rest is its evaluation."""

TRAINING_SHARE_OF_ALL = 0.5
"""The same where exploitability or beliefs are measured, too."""

Report = Callable[[float, str], None]
Measure = Callable[[Run, Report], Any]


class Cost(NamedTuple):
    """CPU seconds of a run, and of its process since that began."""

    training: float
    job: float  # training and measuring, and its share of what was done for the whole batch
    process: float  # imports and whatever else the process did, too
    pid: int
    loading: float = 0.0  # before the process was forked; what workers of one machine share


class Done(NamedTuple):
    """How a run of a batch ended."""

    found: Any  # what was measured; None where nothing was, or the run failed
    error: Exception | None
    cost: Cost

    def entry(self, name: str | None = None) -> dict[str, Any]:
        """Return what is told of it: ``error``, or ``cost`` and what was found under a name.

        An error that is the user's to mend is told in words, every other one with its traceback.
        """
        if isinstance(self.error, USERS_ERRORS):
            return {"error": str(self.error)}
        if self.error is not None:
            return {"error": "".join(traceback.format_exception(self.error))}
        return {"cost": self.cost} | ({} if name is None else {name: self.found})


def train_folders(folders: Sequence[str], report: Report) -> list[dict[str, Any]]:
    """Train the run folders of a batch, or what is left of them; called in a worker process.

    Args:
        folders: Run folders; several must be of the compiled path, and of one program.
        report: Called with the share done and a message.

    Returns:
        For each its ``cost``, see :class:`Cost`, or the ``error`` that it ended with.
    """
    return [done.entry() for done in _work(folders, report, 1.0)]


def train_and_measure(
    folders: Sequence[str],
    report: Report,
    exploitability: ResponseOptions | None = None,
    beliefs: ProbeOptions | None = None,
    summed_up: Callable[[Run, dict[str, Any]], Any] = lambda _run, results: results,
) -> list[Done]:
    """Train the run folders of a batch, or what is left of them, and measure each one.

    Args:
        folders: As of :func:`train_folders`.
        report: Called with the share done and a message.
        exploitability: The budget of a search for best responses; None: no search.
        beliefs: The options of a probe of beliefs; None: beliefs are not scored.
        summed_up: Makes what is found of a run out of its results, see
            :func:`security_dilemma_training.measuring.measured`.

    Returns:
        How each ended, in the order of ``folders``.
    """
    from security_dilemma_training.measuring import measured

    def measure(run: Run, report: Report) -> Any:
        return summed_up(run, measured(run, report, exploitability, beliefs))

    return _work(folders, report, TRAINING_SHARE_OF_ALL if exploitability or beliefs else TRAINING_SHARE, measure)


class _Member:
    """A run of a batch."""

    def __init__(self, folder: str) -> None:
        self.run: Run | None = None
        self.error: Exception | None = None
        self._found: Any = None
        self._before, self._measuring = 0.0, 0.0
        try:
            self.run = Run.open(folder)
            self._before = float(self.run.manifest["cpu_seconds"])
        except RunError as error:
            self.error = error

    def measure(self, measure: Measure, report: Report) -> None:
        """Measure it unless it failed."""
        if self.run is None or self.error is not None:
            return
        began = time.process_time()
        try:
            self._found = measure(self.run, report)
        except Exception as error:
            self.error = error
        self._measuring = time.process_time() - began

    def done(self, shared: float) -> Done:
        """Return how it ended.

        Args:
            shared: Its share of the CPU seconds of what was done for the whole batch.
        """
        after = float(self.run.manifest["cpu_seconds"]) if self.run is not None and self.error is None else self._before
        job, process = shared + self._measuring, time.process_time()
        return Done(self._found, self.error, Cost(after - self._before, job, process, os.getpid(), loading_seconds()))


def _work(folders: Sequence[str], report: Report, share: float, measure: Measure | None = None) -> list[Done]:
    """Train, for a share of the progress, and then measure one run after the other."""
    began, count = time.process_time(), len(folders)
    batch = [_Member(folder) for folder in folders]
    runs = [member.run for member in batch if member.run is not None]
    failed = _train(runs, lambda done, message: report(share * done, message)) if runs else {}
    for member in batch:
        if member.run is not None:
            member.error = failed.get(member.run)
    shared = (time.process_time() - began) / count
    for place, member in enumerate(batch):

        def report_one(done: float, message: str, place: int = place) -> None:
            which = f", run {place + 1} of {count}" if count > 1 else ""
            report(share + (1 - share) * (place + done) / count, message + which)

        if measure is not None:
            member.measure(measure, report_one)
    return [member.done(shared) for member in batch]


def _train(runs: Sequence[Run], report: Report) -> Mapping[Run, Exception]:
    """Train runs, and return those that failed."""
    from security_dilemma_training.train import train, train_together

    try:
        if len(runs) > 1:
            return train_together(runs, report)
        train(runs[0], report)
    except Exception as error:
        return dict.fromkeys(runs, error)
    return {}
