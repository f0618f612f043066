"""Engines: what runs the runs of a benchmark, processes of this machine or a Ray cluster; the results are the same."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from security_dilemma_training.batch_jobs import environments, local_accelerators
from security_dilemma_training.batch_work import train_folders
from security_dilemma_training.benchmark.single_run import run_and_measure_together
from security_dilemma_training.cli_options import cores
from security_dilemma_training.jobs import Job, Outcome, run_jobs

if TYPE_CHECKING:
    from security_dilemma_training.learner_sections import LearnerConfig

__all__ = ["ENGINES", "Engine", "LocalEngine", "RunJob", "engine"]

Ended = Callable[[int, Outcome], None]


@dataclass(frozen=True)
class RunJob:
    """A batch of runs to be trained and measured by one process.

    Attributes:
        name: What it is called in the display.
        folders: The run folders, made by :meth:`security_dilemma_training.runs.Run.create`; several only where a
            program trains them side by side, see :func:`security_dilemma_training.batches.batches`.
        measures: ``exploitability`` and ``beliefs`` of
            :func:`security_dilemma_training.benchmark.single_run.run_and_measure_together`; None: only trained.
    """

    name: str
    folders: tuple[Path, ...]
    measures: Mapping[str, Any] | None

    @property
    def work(self) -> Callable[..., list[dict[str, Any]]]:
        """What does it, called with ``folders`` and ``report``."""
        return train_folders if self.measures is None else partial(run_and_measure_together, **self.measures)


class Engine(ABC):
    """Runs runs, many at a time.

    Attributes:
        name: As on the command line and in the table.
    """

    name: str

    @property
    def at_once(self) -> int:
        """How many batches it works on at the same time on processors; known within :meth:`session`."""
        return 1

    def accelerators(self, learner: LearnerConfig) -> int:
        """Return how many accelerators it has for a learner, 0 if that learns on processors; within :meth:`session`."""
        del learner
        return 0

    @contextmanager
    def session(self) -> Iterator[None]:
        """Hold what the engine works with over several calls of :meth:`run`."""
        yield

    @abstractmethod
    def run(self, jobs: Sequence[RunJob], ended: Ended, accelerators: int = 0) -> list[Outcome]:
        """Run all jobs with one display of their progress; a run that fails leaves the others alone.

        When this returns or raises, everything that was learned stands in the run folders, so that what was
        interrupted goes on from its last checkpoint.

        Args:
            jobs: The batches, begun in this order.
            ended: Called with the place and the outcome of each as soon as it ends. The result of one that did not fail
                as a whole has an entry for each folder, as
                :func:`security_dilemma_training.benchmark.single_run.run_and_measure_together` returns them.
            accelerators: How many there are, of which each job takes one; 0: a core each.

        Returns:
            How each ended, in the order of ``jobs``.
        """


class LocalEngine(Engine):
    """Processes of this machine, which stay alive between runs.

    Args:
        workers: Processes at the same time, on processors; on accelerators there is one for each of them.
    """

    name = "local"

    def __init__(self, workers: int) -> None:
        self._workers = workers

    @property
    def at_once(self) -> int:
        """How many batches it works on at the same time, see :attr:`Engine.at_once`."""
        return self._workers

    def accelerators(self, learner: LearnerConfig) -> int:
        """Return how many accelerators of this machine there are for a learner, see :meth:`Engine.accelerators`."""
        return local_accelerators(learner)

    def run(self, jobs: Sequence[RunJob], ended: Ended, accelerators: int = 0) -> list[Outcome]:
        """Run all jobs, see :meth:`Engine.run`."""
        tasks = [Job(job.name, job.work, {"folders": list(map(str, job.folders))}, len(job.folders)) for job in jobs]
        return run_jobs(tasks, accelerators or self._workers, ended, environments(accelerators))


ENGINES = ("local", "ray")
"""The engines by name."""


def engine(name: str, workers: int | None, address: str | None = None) -> Engine:
    """Return an engine.

    Args:
        name: One of :data:`ENGINES`.
        workers: Batches of runs at the same time; None: one for each core, of this machine or of the cluster.
        address: Of a Ray cluster, as in ``192.168.1.5:6379``; None: a cluster of this machine alone is started.

    Raises:
        RunError: If the engine needs a package that is not there.
        ValueError: If there is no such engine, or an address is given to another than Ray.
    """
    if name not in ENGINES or (address is not None and name != "ray"):
        raise ValueError(f"engine = {name!r} must be one of {', '.join(ENGINES)}; an address is for ray alone")
    if name == "local":
        return LocalEngine(workers or cores())
    from security_dilemma_training.benchmark.engines_ray import RayEngine

    return RayEngine(workers or cores() if address is None else workers, address)
