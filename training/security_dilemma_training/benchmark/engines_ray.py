"""Ray as an engine: runs as tasks on the nodes of a cluster, which need no file system in common.

The files of a run folder go out as plain bytes and come back as such; the driver alone writes into the benchmark's
folder. Checkpoints come back while a run goes on, so that a run whose node dies goes on elsewhere from its last one,
and so does one that is interrupted. The nodes need this package, in the same versions.

A cluster that is started here listens on the loopback interface only, and Ray's token authentication is left on.
"""

from __future__ import annotations

import logging
import os
import platform
import tempfile
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from security_dilemma_training.benchmark.engines import Ended, Engine, RunJob
from security_dilemma_training.benchmark.engines_files import Files, mirror, packed, unpack
from security_dilemma_training.benchmark.single_run import run_and_measure
from security_dilemma_training.display import Display, display
from security_dilemma_training.errors import USERS_ERRORS, RunError
from security_dilemma_training.import_paths import trust_imports, trusted_imports
from security_dilemma_training.jobs import Outcome
from security_dilemma_training.provenance import circumstances

__all__ = ["Mailbox", "RayEngine", "ray_session", "remote_run"]

RESUBMISSIONS = 3
"""How often a run whose node or process died is begun again, from its last checkpoint."""

POLL_SECONDS, REPORT_SECONDS, STOPPING_SECONDS = 0.5, 1.0, 10.0

SENT_EARLY = ("checkpoint.npz", "progress.csv", "manifest.json")
"""Files that a run sends whenever it has a new checkpoint."""

LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0"}
"""What Ray reads as it is imported: without its cluster mode it listens on the loopback interface, as it does by itself
on other systems than Linux (`_node_ip_address="127.0.0.1"` does not: Ray resolves it to the machine's own address)."""


class Mailbox:
    """What runs tell while they go on, to be taken by the driver; an actor on the driver's own node."""

    def __init__(self) -> None:
        self._mail: list[tuple[int, float, str, Files]] = []

    def put(self, index: int, share: float, message: str, files: Files) -> None:
        """Leave news of a run: the share done, a message, and files if there is a new checkpoint."""
        self._mail.append((index, share, message, files))

    def take(self) -> list[tuple[int, float, str, Files]]:
        """Return all news since the last call."""
        mail, self._mail = self._mail, []
        return mail


def remote_run(
    index: int, files: Files, measures: Mapping[str, Any], mailbox: Any, versions: Mapping[str, Any], trusted: bool
) -> tuple[Files, Any, str | None]:
    """Train and measure a run in a folder of the node's own; what a Ray worker does.

    Args:
        index: The place of the run among all.
        files: Of the run folder.
        measures: See :class:`security_dilemma_training.benchmark.engines.RunJob`.
        mailbox: The :class:`Mailbox`.
        versions: Of the libraries that the driver runs with; others would learn something else.
        trusted: Whether the driver trusts import paths in configs.

    Returns:
        The files of the run folder, the result, and why it failed or None.
    """
    if trusted:
        trust_imports()
    with tempfile.TemporaryDirectory(prefix="security-dilemma-") as name:
        folder = Path(name)
        unpack(folder, files)
        result, error = None, None
        try:
            _refuse_other_versions(versions)
            result = run_and_measure(name, _reporter(index, folder, mailbox), **measures)
        except USERS_ERRORS as fault:
            error = str(fault).replace(name, "the run folder")
        except KeyboardInterrupt:  # cancelled: what it has cost goes back, and its last checkpoint
            mailbox.put.remote(index, 0.0, "", packed(folder, SENT_EARLY))
            raise
        except Exception:
            error = traceback.format_exc()
        return packed(folder), result, error


def _refuse_other_versions(versions: Mapping[str, Any]) -> None:
    here = circumstances()["versions"]
    others = [f"{name} {here.get(name)}, not {theirs}" for name, theirs in versions.items() if here.get(name) != theirs]
    if others:
        raise RunError(f"node {platform.node()} has other versions ({'; '.join(others)}): install the driver's")


def _reporter(index: int, folder: Path, mailbox: Any) -> Callable[[float, str], None]:
    """What reports progress now and then, and checkpoints as they come."""
    told, sent = -REPORT_SECONDS, (folder / SENT_EARLY[0]).exists() and (folder / SENT_EARLY[0]).stat().st_mtime_ns

    def report(share: float, message: str) -> None:
        nonlocal told, sent
        checkpoint = folder / SENT_EARLY[0]
        saved = checkpoint.exists() and checkpoint.stat().st_mtime_ns
        if saved == sent and time.monotonic() - told < REPORT_SECONDS:
            return
        files = packed(folder, SENT_EARLY) if saved and saved != sent else {}
        told, sent = time.monotonic(), saved
        mailbox.put.remote(index, share, message, files)

    return report


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
    """Tasks of a Ray cluster, one core each.

    Args:
        workers: Cores of a cluster of this machine; of another one, runs sent out at the same time at most, None: as
            many as it has cores.
        address: Of the cluster; None: one of this machine is started.
    """

    name = "ray"

    def __init__(self, workers: int | None, address: str | None = None) -> None:
        self._workers, self._address = workers, address

    def run(self, jobs: Sequence[RunJob], ended: Ended) -> list[Outcome]:
        """Run all jobs, see :meth:`Engine.run`."""
        with ray_session(self._workers, self._address) as ray, display([job.name for job in jobs]) as shown:
            try:
                return _Runs(ray, jobs, ended, shown).all(self._workers)
            except ray.exceptions.RayError as error:
                raise RunError(f"the Ray cluster is lost ({error}): start it, and the same command goes on") from error


class _Runs:
    """The runs of one call: which wait, which are out, and how the others ended."""

    def __init__(self, ray: Any, jobs: Sequence[RunJob], ended: Ended, shown: Display) -> None:
        here = ray.get_runtime_context().get_node_id()
        strategy = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(here, soft=False)
        self._ray, self._jobs, self._ended, self._shown = ray, jobs, ended, shown
        self._mailbox = ray.remote(Mailbox).options(num_cpus=0, scheduling_strategy=strategy).remote()
        self._task = ray.remote(remote_run).options(num_cpus=1, max_retries=0)  # by us: from the newest checkpoint
        self._versions = circumstances()["versions"]
        self._waiting, self._out = deque(range(len(jobs))), dict[Any, int]()
        self._began: dict[int, float] = {}
        self._lost = [0] * len(jobs)
        self._outcomes: dict[int, Outcome] = {}

    def all(self, at_once: int | None) -> list[Outcome]:
        """Send all out, so many at once, take in what comes back, and return how each ended."""
        try:
            while len(self._outcomes) < len(self._jobs):
                most = at_once or max(1, int(self._ray.cluster_resources().get("CPU", 1)))
                while self._waiting and len(self._out) < most:
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
        about = (dict(job.measures), self._mailbox, self._versions, trusted_imports())
        reference = self._task.remote(index, packed(job.folder), *about)
        self._out[reference] = index

    def _read_mail(self) -> None:
        for index, share, message, files in self._ray.get(self._mailbox.take.remote()):
            if index not in self._outcomes:
                unpack(self._jobs[index].folder, files)
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
            mirror(job.folder, files)
        self._outcomes[index] = outcome = Outcome(job.name, result, error, seconds)
        self._shown.ended(index, failed=error is not None)
        self._ended(index, outcome)

    def _cancel(self) -> None:
        """Stop what is out; its last checkpoints are taken in."""
        with suppress(Exception):
            for reference in self._out:
                self._ray.cancel(reference)
            if self._out:
                self._ray.wait(list(self._out), num_returns=len(self._out), timeout=STOPPING_SECONDS)
            self._read_mail()
