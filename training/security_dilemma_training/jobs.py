"""Independent jobs in parallel processes, with one display of their progress."""

from __future__ import annotations

import json
import multiprocessing
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from security_dilemma_training.display import Display, display
from security_dilemma_training.errors import USERS_ERRORS
from security_dilemma_training.worker_processes import start_process
from security_dilemma_training.writing import write_atomically

__all__ = ["Job", "Outcome", "exit_status", "failures", "outcomes_of_parts", "run_jobs", "write_failed"]

FAILED_FILE = "failed.json"

STOPPING_SECONDS = 10.0
"""How long an interrupted job may take to put its things in order before it is killed."""


@dataclass(frozen=True)
class Job:
    """Something to do in a worker process.

    Attributes:
        name: What it is called in the display.
        function: A function at the top level of a module, called as ``function(report=report, **kwargs)``, where
            ``report(share, message)`` tells the share done, in [0, 1].
        kwargs: Its arguments; they are pickled.
        parts: How many things it does together, each of which may fail alone: then it returns a list with a mapping for
            each, which says under ``error`` why that one failed. 0: it is one thing, and returns whatever it likes.
    """

    name: str
    function: Callable[..., Any]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    parts: int = 0


@dataclass(frozen=True)
class Outcome:
    """How a job ended.

    Attributes:
        name: The job's name.
        result: What its function returned.
        error: Why it failed, with the traceback if it is a defect; None if it did not.
        seconds: How long it took.
    """

    name: str
    result: Any = None
    error: str | None = None
    seconds: float = 0.0


def outcomes_of_parts(outcome: Outcome, names: Sequence[str]) -> list[Outcome]:
    """Return how each part of a job ended, see :attr:`Job.parts`; where the job failed, all its parts did.

    Args:
        outcome: Of the job.
        names: What the parts are called.
    """
    if outcome.error is not None:
        return [Outcome(name, None, outcome.error, outcome.seconds) for name in names]
    return [
        Outcome(name, None if "error" in entry else entry, entry.get("error"), outcome.seconds)
        for name, entry in zip(names, outcome.result, strict=True)
    ]


def failures(outcome: Outcome, parts: int = 0) -> int:
    """Return how many parts of a job failed; of one without parts, whether it did."""
    if not parts:
        return int(outcome.error is not None)
    return sum(part.error is not None for part in outcomes_of_parts(outcome, [outcome.name] * parts))


def run_jobs(
    jobs: Sequence[Job],
    workers: int,
    ended: Callable[[int, Outcome], None] = lambda _index, _outcome: None,
    environments: Sequence[Mapping[str, str]] = (),
) -> list[Outcome]:
    """Run jobs in persistent worker processes; a job that fails, or whose process dies, leaves the others alone.

    Args:
        jobs: The jobs, begun in this order.
        workers: Number of processes at the same time, at least 1.
        ended: Called in this process with the place and the outcome of each job as soon as it ends.
        environments: Environment variables of each worker process, by its place, also of one that is begun anew; none:
            those of this process.

    Returns:
        How each job ended, in the order of ``jobs``.

    Raises:
        ValueError: If ``workers`` is below 1.
        KeyboardInterrupt: After all workers have stopped.
    """
    if workers < 1:
        raise ValueError(f"workers = {workers} must be at least 1")
    outcomes: dict[int, Outcome] = {}
    waiting, told = iter(enumerate(jobs)), 0
    own = [*environments, *[{}] * workers]
    pool = [_Worker(environment) for environment in own[: min(workers, len(jobs))]]
    try:
        with display([job.name for job in jobs], sizes=[job.parts or 1 for job in jobs]) as shown:
            while len(outcomes) < len(jobs):
                for worker in pool:
                    if worker.index is None:
                        _begin_next(worker, waiting, outcomes, shown)
                for worker in _with_news(pool):
                    _read(worker, outcomes, shown)
                for index in list(outcomes)[told:]:
                    ended(index, outcomes[index])
                told = len(outcomes)
                shown.tick()
    finally:
        _stop(pool)
    return [outcomes[index] for index in range(len(jobs))]


def write_failed(outcomes: Sequence[Outcome], folder: Path) -> dict[str, str]:
    """Write into a folder of results which jobs failed and why, as ``failed.json``, and return it by name.

    Where none failed there is no such file; one that is there is deleted.
    """
    failed = {outcome.name: outcome.error for outcome in outcomes if outcome.error is not None}
    path = folder / FAILED_FILE
    path.unlink(missing_ok=True)
    if failed:
        write_atomically(path, json.dumps(failed, indent=1, ensure_ascii=False) + "\n")
    return failed


def exit_status(outcomes: Sequence[Outcome]) -> int:
    """Tell on stderr which jobs failed and why, and return the exit status: 1 if any failed, else 0."""
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    for outcome in failed:
        print(f"\n{outcome.name} failed after {outcome.seconds:.0f} s:\n{outcome.error}", file=sys.stderr)
    if failed:
        names = ", ".join(outcome.name for outcome in failed)
        print(f"\n{len(failed)} of {len(outcomes)} failed ({names}); the others are done", file=sys.stderr)
    return 1 if failed else 0


class _Worker:
    """A worker process, started with its first job, and the job that it has now."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self.index: int | None = None
        self.job: Job
        self.process: Any = None
        self.connection: Connection[Any, Any]
        self._began = 0.0

    def begin(self, index: int, job: Job) -> None:
        """Hand over a job to the process, which runs."""
        self.index, self.job, self._began = index, job, time.monotonic()
        self.connection.send((job.function, dict(job.kwargs)))

    def start(self) -> None:
        """Start the process if there is none that lives."""
        if self.process is not None:
            if self.process.is_alive():
                return
            self.connection.close()
        self.connection, theirs = multiprocessing.Pipe()
        self.process = start_process(_serve, (theirs,), self._environment)
        theirs.close()

    def ended(self, result: Any = None, error: str | None = None) -> Outcome:
        """Return how the present job ended, and be free for the next."""
        self.index = None
        return Outcome(self.job.name, result, error, time.monotonic() - self._began)

    def died(self) -> Outcome:
        """Return the outcome of a job whose process is gone."""
        self.connection.close()
        self.process.join(STOPPING_SECONDS)
        code, self.process = self.process.exitcode, None
        killed = code is not None and code < 0
        how = f"was killed by {signal.Signals(-code).name}" if killed else f"ended with status {code}"
        return self.ended(error=f"its process {how} before the job was done")


def _begin_next(
    worker: _Worker, waiting: Iterator[tuple[int, Job]], outcomes: dict[int, Outcome], shown: Display
) -> None:
    for index, job in waiting:
        shown.began(index)
        worker.start()
        try:
            worker.begin(index, job)
        except (OSError, EOFError):
            outcomes[index] = worker.died()
        except Exception as error:  # what cannot be pickled raises many kinds
            outcomes[index] = worker.ended(error=f"it cannot be sent to a process: {error!r}")
        else:
            return
        shown.ended(index, failed=job.parts or 1)


def _with_news(pool: Sequence[_Worker]) -> list[_Worker]:
    """Wait shortly, and return the workers that have something to tell."""
    busy = {worker.connection: worker for worker in pool if worker.index is not None}
    return [busy[connection] for connection in wait(list(busy), timeout=0.5) if isinstance(connection, Connection)]


def _read(worker: _Worker, outcomes: dict[int, Outcome], shown: Display) -> None:
    """Take one message of a worker, or note its death."""
    index = worker.index
    assert index is not None
    try:
        kind, *content = worker.connection.recv()
    except (EOFError, OSError):
        outcomes[index] = worker.died()
    except Exception as error:  # what cannot be unpickled raises many kinds
        outcomes[index] = worker.ended(error=f"its result cannot be read: {error!r}")
    else:
        if kind == "progress":
            shown.progress(index, *content)
            return
        outcomes[index] = worker.ended(content[0]) if kind == "done" else worker.ended(error=content[0])
    shown.ended(index, failed=failures(outcomes[index], worker.job.parts))


def _stop(pool: Sequence[_Worker]) -> None:
    """End all processes: the idle ones at once, those at work as soon as they have put their things in order."""
    running = [worker for worker in pool if worker.process is not None]
    for worker in running:
        if worker.index is None:
            with suppress(OSError):
                worker.connection.send(None)
        else:
            worker.process.terminate()
    deadline = time.monotonic() + STOPPING_SECONDS
    try:
        for worker in running:
            worker.process.join(max(0.0, deadline - time.monotonic()))
    finally:
        for worker in running:
            if worker.process.is_alive():
                worker.process.kill()
            worker.connection.close()


def _serve(connection: Connection[Any, Any]) -> None:
    """Do jobs until told to stop; what a worker process runs."""
    stopping = False

    def interrupt(*_: object) -> None:
        nonlocal stopping
        stopping = True
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the main process, which then tells the workers
    signal.signal(signal.SIGTERM, interrupt)

    def report(share: float, message: str = "") -> None:
        if stopping:  # Python drops what is raised while a callback runs, such as that of JAX for the garbage collector
            raise KeyboardInterrupt
        try:
            connection.send(("progress", float(share), str(message)))
        except OSError as error:
            raise KeyboardInterrupt("the main process is gone") from error

    with suppress(KeyboardInterrupt, EOFError, OSError):
        while True:
            try:
                task = connection.recv()
                if task is None:
                    return
                function, kwargs = task
                connection.send(("done", function(report=report, **kwargs)))
            except (EOFError, KeyboardInterrupt):
                raise
            except USERS_ERRORS as error:
                connection.send(("failed", str(error)))
            except BaseException:
                connection.send(("failed", traceback.format_exc()))
