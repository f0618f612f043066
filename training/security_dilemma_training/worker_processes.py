"""Worker processes, begun in milliseconds where the system can fork.

They are forked from a server of this process, which has imported what workers import; that takes seconds, and some
hundred megabytes that they share. It has one thread, and neither JAX nor a device is there yet. Where nothing can be
forked, as on Windows, every worker imports for itself.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any

__all__ = ["PRELOADED", "start_process"]

PRELOADED = (
    "security_dilemma_training.batch_work",
    "security_dilemma_training.measuring",
    "security_dilemma_training.train",
    "torch._dynamo",  # which the first optimizer imports
)
"""What the server imports. None of them may import JAX, which reads its environment as it is imported, or the command
line, which every worker runs once more where it is started with ``python -m``."""


def start_process(function: Callable[..., None], arguments: tuple[Any, ...], extra: Mapping[str, str]) -> BaseProcess:
    """Start a process that ends with this one at the latest.

    Args:
        function: What it runs, at the top level of a module.
        arguments: Of the function; they are pickled.
        extra: Environment variables beside those that this process has now.
    """
    environment = os.environ | extra
    process: Any = _context().Process(  # type: ignore[attr-defined]
        target=_run, args=(environment, function, arguments), daemon=True
    )
    process.start()
    started: BaseProcess = process
    return started


def _run(environment: Mapping[str, str], function: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)
    function(*arguments)


def _context() -> BaseContext:
    """How processes are started here; where they are forked, the server runs."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    with _one_thread():
        forkserver.ensure_running()
    return context


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let what is started meanwhile have one thread: to fork a process that has more may leave its locks held."""
    name = "OMP_NUM_THREADS"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
