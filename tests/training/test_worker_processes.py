"""How worker processes are begun: forked from a server that is ready, with the environment of the moment."""

from __future__ import annotations

import os
import subprocess
import sys
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training.worker_processes import PRELOADED, loading_seconds, start_process

SECONDS = 60.0


def tell(connection: Connection[Any, Any], names: tuple[str, ...]) -> None:
    """Send the environment, which of some modules are there, the folder, the parent's number, and what loading took."""
    imported = [name for name in names if name in sys.modules]
    connection.send((dict(os.environ), imported, str(Path.cwd()), os.getppid(), loading_seconds()))


def told(extra: dict[str, str], names: tuple[str, ...] = ()) -> Any:
    """What a process that was just begun tells."""
    ours, theirs = Pipe()
    process = start_process(tell, (theirs, names), extra)
    assert ours.poll(SECONDS)
    found = ours.recv()
    process.join(SECONDS)
    assert process.exitcode == 0
    return found


@pytest.mark.slow
def test_a_worker_has_the_environment_and_the_folder_of_the_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_SERVER", "old")
    told({})  # the server is there from now on at the latest
    monkeypatch.delenv("OF_THE_SERVER")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.chdir(tmp_path)
    environment, _, folder, *_ = told({"ITS_OWN": "yes"})
    assert environment == {**os.environ, "ITS_OWN": "yes"}
    assert environment["OMP_NUM_THREADS"] == "7"
    assert Path(folder) == tmp_path
    assert "ITS_OWN" not in os.environ


@pytest.mark.slow
def test_workers_are_forked_from_one_server_which_has_imported_all_but_jax() -> None:
    names = (PRELOADED, "security_dilemma_training.train", "torch._dynamo", "stable_baselines3", "jax")
    found = [told({}, names) for _ in range(2)]
    assert [set(imported) for _, imported, *_ in found] == [set(names) - {"jax"}] * 2
    assert len({parent for *_, parent, _ in found} | {os.getpid()}) == 2
    assert found[0][-1] == found[1][-1] > 0
    assert loading_seconds() == 0


THREADS = f"""
import os
import {PRELOADED}
print(len(os.listdir("/proc/self/task")))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted where Linux lists them")
def test_what_the_server_imports_starts_no_thread() -> None:
    here = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", THREADS], env=here, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


@pytest.mark.slow
def test_elsewhere_than_on_linux_a_worker_is_spawned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    environment, imported, _, parent, loading = told({"ITS_OWN": "yes"}, ("torch",))
    assert environment["ITS_OWN"] == "yes"
    assert imported == []
    assert parent == os.getpid()
    assert loading == 0
