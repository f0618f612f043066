"""Engines: what runs the runs of a benchmark, processes of this machine or a Ray cluster; the results are the same."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from security_dilemma_training.benchmark.single_run import run_and_measure
from security_dilemma_training.cli_options import cores
from security_dilemma_training.jobs import Job, Outcome, run_jobs

__all__ = ["ENGINES", "Engine", "LocalEngine", "RunJob", "engine"]

Ended = Callable[[int, Outcome], None]


@dataclass(frozen=True)
class RunJob:
    """A run to be trained and measured.

    Attributes:
        name: What it is called in the display.
        folder: The run folder, made by :meth:`security_dilemma_training.runs.Run.create`.
        measures: ``exploitability`` and ``beliefs`` of
            :func:`security_dilemma_training.benchmark.single_run.run_and_measure`.
    """

    name: str
    folder: Path
    measures: Mapping[str, Any]


class Engine(ABC):
    """Runs runs, many at a time.

    Attributes:
        name: As on the command line and in the table.
    """

    name: str

    @abstractmethod
    def run(self, jobs: Sequence[RunJob], ended: Ended) -> list[Outcome]:
        """Run all jobs with one display of their progress; a run that fails leaves the others alone.

        When this returns or raises, everything that was learned stands in the run folders, so that what was
        interrupted goes on from its last checkpoint.

        Args:
            jobs: The runs, begun in this order.
            ended: Called with the place and the outcome of each as soon as it ends; the result of a run that did not
                fail is what :func:`security_dilemma_training.benchmark.single_run.run_and_measure` returns.

        Returns:
            How each ended, in the order of ``jobs``.
        """


class LocalEngine(Engine):
    """Processes of this machine, which stay alive between runs.

    Args:
        workers: Processes at the same time.
    """

    name = "local"

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def run(self, jobs: Sequence[RunJob], ended: Ended) -> list[Outcome]:
        """Run all jobs, see :meth:`Engine.run`."""
        tasks = [Job(job.name, run_and_measure, {"folder": str(job.folder), **job.measures}) for job in jobs]
        return run_jobs(tasks, self._workers, ended)


ENGINES = ("local", "ray")
"""The engines by name."""


def engine(name: str, workers: int | None, address: str | None = None) -> Engine:
    """Return an engine.

    Args:
        name: One of :data:`ENGINES`.
        workers: Runs at the same time; None: one for each core, of this machine or of the cluster.
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
