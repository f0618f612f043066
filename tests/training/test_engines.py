"""Run folders as bytes, and Ray: the same results as local processes, nodes that die, and what it listens on."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training.benchmark import engines_ray
from security_dilemma_training.benchmark.engines import Engine, LocalEngine, RunJob, engine
from security_dilemma_training.benchmark.engines_files import mirror, packed, unpack
from security_dilemma_training.benchmark.engines_ray import LOOPBACK, Mailbox, remote_run
from security_dilemma_training.errors import RunError
from security_dilemma_training.jobs import Outcome
from security_dilemma_training.provenance import circumstances
from security_dilemma_training.runs import Run
from tests.training.runs_for_tests import new_run, silent, small_config

NOTHING = {"exploitability": None, "beliefs": None}
VERSIONS = circumstances()["versions"]


def test_a_folder_comes_back_as_it_was(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    (here / "tensorboard").mkdir(parents=True)
    for name in ("a.npz", "tensorboard/events", ".lock", ".a.npz.1.tmp"):
        (here / name).write_bytes(name.encode())
    (here / "link").symlink_to(here / "a.npz")
    files = packed(here)
    assert files == {"a.npz": b"a.npz", "tensorboard/events": b"tensorboard/events"}
    assert packed(here, ("a.npz", "gone.csv")) == {"a.npz": b"a.npz"}
    unpack(there, files)
    assert packed(there) == files
    (there / "checkpoint.npz").write_bytes(b"old")
    (there / ".lock").touch()
    mirror(there, files)
    assert packed(there) == files
    assert (there / ".lock").exists()


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "", ".", "a\\..\\x", "C:x"])
def test_no_file_comes_back_outside_its_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    with pytest.raises(RunError, match="outside its folder: nothing was written"):
        unpack(folder, {"fine.csv": b"", name: b""})
    assert list(tmp_path.rglob("*")) == [folder]


class Box:
    """A mailbox that is no actor."""

    def __init__(self) -> None:
        self.mail: list[tuple[Any, ...]] = []
        self.put = self

    def remote(self, *news: Any) -> None:
        self.mail.append(news)


def test_what_a_node_does(tmp_path: Path) -> None:
    made, box = new_run(tmp_path / "run", small_config(evaluation={"games": 20})), Box()
    files, result, error = remote_run(5, packed(made.folder), NOTHING, box, VERSIONS, False)
    assert error is None
    assert result["values"]["agent_steps"] == 4 * 384
    assert {"policy.npz", "evaluation.json", "progress.csv", "manifest.json"} <= set(files)
    assert "checkpoint.npz" not in files
    assert {index for index, *_ in box.mail} == {5}
    early = [set(sent) for *_, sent in box.mail if sent]
    assert early[0] == {"checkpoint.npz", "progress.csv", "manifest.json"}  # as soon as there is one
    # a checkpoint that comes back is one to go on from, to the same end
    begun = tmp_path / "begun"
    unpack(begun, packed(made.folder) | next(sent for *_, sent in box.mail if sent))
    again, _, error = remote_run(5, packed(begun), NOTHING, Box(), VERSIONS, False)
    assert error is None
    assert again["policy.npz"] == files["policy.npz"]


def test_failures_on_a_node_are_told(tmp_path: Path) -> None:
    made = new_run(tmp_path / "run", small_config())
    files = packed(made.folder)
    _, result, error = remote_run(0, files, NOTHING, Box(), {**VERSIONS, "numpy": "0.1"}, False)
    assert result is None
    assert error is not None
    assert "has other versions (numpy" in error
    _, _, error = remote_run(0, {**files, "manifest.json": b"{"}, NOTHING, Box(), VERSIONS, False)
    assert error is not None
    assert error.startswith("the run folder/manifest.json is damaged")
    _, _, error = remote_run(0, files, {"wrong": 1}, Box(), VERSIONS, False)
    assert error is not None
    assert "Traceback" in error


def test_a_run_that_is_cancelled_sends_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, box = new_run(tmp_path / "run", small_config()), Box()

    def cancelled(folder: str, report: Any, **measures: Any) -> None:
        with Run.open(folder).training():
            Path(folder, "checkpoint.npz").write_bytes(b"half way")
            raise KeyboardInterrupt

    monkeypatch.setattr(engines_ray, "run_and_measure", cancelled)
    with pytest.raises(KeyboardInterrupt):
        remote_run(0, packed(made.folder), NOTHING, box, VERSIONS, False)
    unpack(made.folder, box.mail[-1][-1])
    assert made.manifest["status"] == "interrupted"
    assert made.manifest["cpu_seconds"] > 0
    assert made.checkpoint_path.read_bytes() == b"half way"


def test_news_are_taken_once() -> None:
    box = Mailbox()
    box.put(1, 0.5, "half", {})
    assert box.take() == [(1, 0.5, "half", {})]
    assert box.take() == []


def test_without_ray_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    with pytest.raises(RunError, match=r"pip install 'security-dilemma\[ray\]'"):
        engine("ray", 1).run([], lambda index, outcome: None)


def jobs(folder: Path, seeds: int, **changes: Any) -> list[RunJob]:
    config = small_config(evaluation={"games": 20}, **changes)
    return [RunJob(f"seed_{k}", new_run(folder / f"seed_{k}", config, k).folder, NOTHING) for k in range(seeds)]


def policies(asked: list[RunJob]) -> list[str]:
    return [hashlib.sha256(Run.open(job.folder).policy_path.read_bytes()).hexdigest() for job in asked]


def run_on(chosen: Engine, asked: list[RunJob]) -> list[Outcome]:
    ended: dict[int, Outcome] = {}
    outcomes = chosen.run(asked, ended.__setitem__)
    assert [ended[index] for index in range(len(asked))] == outcomes
    return outcomes


LISTENING = """
import json, sys
from pathlib import Path
from tests.training import test_engines as here
from security_dilemma_training.benchmark.engines_ray import RayEngine

if __name__ == "__main__":
    asked = here.jobs(Path(sys.argv[1]), 2)
    listening = []
    outcomes = RayEngine(2).run(asked, lambda index, outcome: listening.extend(here.listening()))
    errors = [outcome.error for outcome in outcomes]
    print(json.dumps({"policies": here.policies(asked), "errors": errors, "listening": listening}))
"""


def listening() -> list[str]:
    """The addresses on which this process, and all that it has started and those have, listen."""
    lines = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split()[3] for line in lines if any(f"pid={pid}," in line for pid in descendants())]


def descendants() -> set[int]:
    """This process, and all that it has started and those have."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(pid): int(parent) for pid, parent in map(str.split, listed.splitlines())}
    family = {os.getpid()}
    while grown := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= grown
    return family


@pytest.mark.slow
def test_the_same_seed_is_the_same_on_both_engines_and_ray_listens_on_loopback_only(tmp_path: Path) -> None:
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-W", "error", "-c", LISTENING, str(tmp_path / "ray")]
    done = subprocess.run(command, env=here, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    asked = jobs(tmp_path / "local", 2)
    assert all(outcome.error is None for outcome in run_on(LocalEngine(1), asked))
    assert told["errors"] == [None, None]
    assert told["policies"] == policies(asked)
    assert len(told["listening"]) >= 8  # of each of two times: the head's two, a raylet's and those of workers
    assert all("127.0.0.1" in address for address in told["listening"])


DYING = """
import sys, threading, time
from pathlib import Path
from ray.cluster_utils import Cluster
from tests.training import test_engines as here
from security_dilemma_training.benchmark.engines_ray import RayEngine

if __name__ == "__main__":
    soon = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 500, "health_check_failure_threshold": 4}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "_system_config": soon})
    cluster.add_node(num_cpus=1)
    doomed = cluster.add_node(num_cpus=1)
    folder = Path(sys.argv[1])
    asked = here.jobs(folder, 2, schedule={"agent_steps": 120 * 384, "checkpoint_every": 20 * 384})

    def kill():
        while not all((job.folder / "checkpoint.npz").exists() for job in asked):
            time.sleep(0.05)
        cluster.remove_node(doomed, allow_graceful=False)
        (folder / "killed").touch()

    threading.Thread(target=kill, daemon=True).start()
    outcomes = here.run_on(RayEngine(None, cluster.address), asked)
    print([outcome.error for outcome in outcomes])
    cluster.shutdown()
"""


@pytest.mark.slow
def test_a_node_that_dies_costs_no_run(tmp_path: Path) -> None:
    here = {**os.environ, **LOOPBACK, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", DYING, str(tmp_path)]
    done = subprocess.run(command, env=here, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[None, None]"
    assert (tmp_path / "killed").exists()
    parts = [len(Run.open(tmp_path / f"seed_{k}").manifest["parts"]) for k in range(2)]
    assert sorted(parts) == [1, 2]  # one went on elsewhere
    begun = [Run.open(tmp_path / f"seed_{k}") for k in range(2)]
    alone = new_run(tmp_path / "alone", begun[parts.index(2)].config, begun[parts.index(2)].seed)
    from security_dilemma_training.train import train

    train(alone, silent)
    assert alone.policy_path.read_bytes() == begun[parts.index(2)].policy_path.read_bytes()
