"""Worker processes, begun in milliseconds on Linux.

They are forked from a server of this process, which has imported what workers import; that takes seconds, and some
hundred megabytes that they share. It has one thread, and neither JAX nor a device is there yet. Elsewhere than on Linux
libraries may not bear to be forked, and every worker imports for itself.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any

__all__ = ["PRELOADED", "loading_seconds", "start_process"]

PRELOADED = "security_dilemma_training.preloaded"
"""What the server imports."""


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


def loading_seconds() -> float:
    """Return the CPU seconds that the server spent on loading; 0 in a process that is not forked from it."""
    preloaded = sys.modules.get(PRELOADED)
    return 0.0 if preloaded is None or os.getpid() == preloaded.PID else float(preloaded.SECONDS)


def _run(environment: Mapping[str, str], function: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)
    function(*arguments)


def _context() -> BaseContext:
    """How processes are started here; where they are forked, the server runs."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([PRELOADED])
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
