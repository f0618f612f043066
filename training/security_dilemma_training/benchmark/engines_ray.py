"""Ray as an engine: runs as tasks on the nodes of a cluster, which need no file system in common.

The files of a run folder go out as plain bytes and come back as such; the driver alone writes into the benchmark's
folder. Checkpoints come back while runs go on, so that those whose node dies go on elsewhere from their last ones, and
so do those that are interrupted. The nodes need this package, in the same versions.

A task is a batch of runs, see :class:`security_dilemma_training.benchmark.engines.RunJob`, on one core; one that learns
on an accelerator has a GPU to itself, which Ray chooses, in a process that ends with it.

A cluster that is started here listens on the loopback interface only, and Ray's token authentication is left on.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from security_dilemma_training.benchmark.engines import Ended, Engine, RunJob
from security_dilemma_training.benchmark.engines_files import Files, mirror_all, packed_all, unpack_all
from security_dilemma_training.benchmark.engines_node import remote_run
from security_dilemma_training.display import Display, display
from security_dilemma_training.errors import RunError
from security_dilemma_training.import_paths import trusted_imports
from security_dilemma_training.jobs import Outcome, failures
from security_dilemma_training.provenance import circumstances

if TYPE_CHECKING:
    from security_dilemma_training.learner_sections import LearnerConfig

__all__ = ["Mailbox", "RayEngine", "ray_session"]

RESUBMISSIONS = 3
"""How often a batch whose node or process died is begun again, from its last checkpoints."""

POLL_SECONDS, STOPPING_SECONDS = 0.5, 10.0

LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0"}
"""What Ray reads as it is imported: without its cluster mode it listens on the loopback interface, as it does by itself
on other systems than Linux (`_node_ip_address="127.0.0.1"` does not: Ray resolves it to the machine's own address)."""


class Mailbox:
    """What runs tell while they go on, to be taken by the driver; an actor on the driver's own node."""

    def __init__(self) -> None:
        self._mail: list[tuple[int, float, str, Files]] = []

    def put(self, index: int, share: float, message: str, files: Files) -> None:
        """Leave news of a batch: the share done, a message, and files of its runs with new checkpoints."""
        self._mail.append((index, share, message, files))

    def take(self) -> list[tuple[int, float, str, Files]]:
        """Return all news since the last call."""
        mail, self._mail = self._mail, []
        return mail


@contextmanager
def ray_session(workers: int | None, address: str | None) -> Iterator[Any]:
    """Connect to a cluster, or start one of this machine alone, and give Ray's module.

    Raises:
        RunError: If Ray is not installed or does not start, or would listen on more than the loopback interface.
    """
    if address is None:
        for name, value in LOOPBACK.items():
            os.environ.setdefault(name, value)
    try:
        import ray as module
    except ImportError as error:
        raise RunError("the engine ray needs Ray, an extra: pip install 'security-dilemma[ray]'") from error
    ray: Any = module
    options: dict[str, Any] = {"include_dashboard": False, "num_cpus": workers} if address is None else {}
    try:
        ray.init(address=address or "local", log_to_driver=False, logging_level=logging.ERROR, **options)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise RunError(f"Ray does not start or answer at {address or 'this machine'}: {error}") from error
    try:
        if address is None and not ip_address(ray.util.get_node_ip_address()).is_loopback:
            raise RunError("Ray listened on more than the loopback interface: unset RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER")
        yield ray
    finally:
        ray.shutdown()


class RayEngine(Engine):
    """Tasks of a Ray cluster, one core each, and one GPU where they learn on an accelerator.

    Args:
        workers: Cores of a cluster of this machine; of another one, batches sent out at the same time at most, None: as
            many as it has cores. Of those on GPUs there are as many as it has GPUs.
        address: Of the cluster; None: one of this machine is started.
    """

    name = "ray"

    def __init__(self, workers: int | None, address: str | None = None) -> None:
        self._workers, self._address = workers, address
        self._ray: Any = None

    @property
    def at_once(self) -> int:
        """How many batches it works on at the same time, see :attr:`Engine.at_once`."""
        return self._workers or _there(self._ray, "CPU")

    def accelerators(self, learner: LearnerConfig) -> int:
        """Return how many GPUs the cluster has, for a learner that may be on one, see :meth:`Engine.accelerators`."""
        return 0 if learner.device == "cpu" else int(self._ray.cluster_resources().get("GPU", 0))

    @contextmanager
    def session(self) -> Iterator[None]:
        """Hold the connection to the cluster, see :meth:`Engine.session`."""
        if self._ray is not None:
            yield
            return
        with ray_session(self._workers, self._address) as self._ray:
            try:
                yield
            finally:
                self._ray = None

    def run(self, jobs: Sequence[RunJob], ended: Ended, accelerators: int = 0) -> list[Outcome]:
        """Run all jobs, see :meth:`Engine.run`."""
        sizes = [len(job.folders) for job in jobs]
        with self.session(), display([job.name for job in jobs], sizes=sizes) as shown:
            ray, at_once = self._ray, accelerators or self._workers
            try:
                return _Runs(ray, jobs, ended, shown, gpus=1 if accelerators else 0).all(at_once)
            except ray.exceptions.RayError as error:
                raise RunError(f"the Ray cluster is lost ({error}): start it, and the same command goes on") from error


def _there(ray: Any, resource: str) -> int:
    return max(1, int(ray.cluster_resources().get(resource, 1)))


class _Runs:
    """The batches of one call: which wait, which are out, and how the others ended."""

    def __init__(self, ray: Any, jobs: Sequence[RunJob], ended: Ended, shown: Display, gpus: int) -> None:
        here = ray.get_runtime_context().get_node_id()
        strategy = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(here, soft=False)
        self._ray, self._jobs, self._ended, self._shown = ray, jobs, ended, shown
        self._mailbox = ray.remote(Mailbox).options(num_cpus=0, scheduling_strategy=strategy).remote()
        needs = {"num_cpus": 1, "num_gpus": gpus}
        self._task = ray.remote(remote_run).options(max_retries=0, **needs)  # by us: from the newest checkpoint
        self._versions = circumstances()["versions"]
        self._waiting, self._out = deque(range(len(jobs))), dict[Any, int]()
        self._began: dict[int, float] = {}
        self._lost = [0] * len(jobs)
        self._outcomes: dict[int, Outcome] = {}

    def all(self, at_once: int | None) -> list[Outcome]:
        """Send all out, so many at once, take in what comes back, and return how each ended."""
        try:
            while len(self._outcomes) < len(self._jobs):
                while self._waiting and len(self._out) < (at_once or _there(self._ray, "CPU")):
                    self._send(self._waiting.popleft())
                done, _ = self._ray.wait(list(self._out), timeout=POLL_SECONDS)
                self._read_mail()
                for reference in done:
                    self._take(reference)
                self._shown.tick()
        except BaseException:
            self._cancel()
            raise
        return [self._outcomes[index] for index in range(len(self._jobs))]

    def _send(self, index: int) -> None:
        job = self._jobs[index]
        if index not in self._began:
            self._began[index] = time.monotonic()
            self._shown.began(index)
        about = (job.measures, self._mailbox, self._versions, trusted_imports())
        reference = self._task.remote(index, packed_all(job.folders), *about)
        self._out[reference] = index

    def _read_mail(self) -> None:
        for index, share, message, files in self._ray.get(self._mailbox.take.remote()):
            if index not in self._outcomes:
                unpack_all(self._jobs[index].folders, files)
                self._shown.progress(index, share, message)

    def _take(self, reference: Any) -> None:
        """Take in what a task returned, or send it out again where its node or process died."""
        index, errors = self._out.pop(reference), self._ray.exceptions
        job, seconds = self._jobs[index], time.monotonic() - self._began[index]
        try:
            files, result, error = self._ray.get(reference)
        except (
            errors.WorkerCrashedError,
            errors.NodeDiedError,
            errors.ObjectLostError,
            errors.OutOfMemoryError,
        ) as lost:
            self._lost[index] += 1
            if self._lost[index] <= RESUBMISSIONS:
                self._waiting.appendleft(index)
                return
            result, error = None, f"its node or process died {self._lost[index]} times: {lost}"
        except errors.RayError as fault:
            result, error = None, str(fault)
        else:
            mirror_all(job.folders, files)
        self._outcomes[index] = outcome = Outcome(job.name, result, error, seconds)
        self._shown.ended(index, failed=failures(outcome, len(job.folders)))
        self._ended(index, outcome)

    def _cancel(self) -> None:
        """Stop what is out; what it has learned is taken in."""
        with suppress(Exception):
            for reference in self._out:
                self._ray.cancel(reference)
            if self._out:
                self._ray.wait(list(self._out), num_returns=len(self._out), timeout=STOPPING_SECONDS)
            self._read_mail()
