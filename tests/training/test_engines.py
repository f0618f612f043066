"""Engines, and what a node of Ray does: the same results as local processes, nodes that die, and what it listens on."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from security_dilemma_training.batch_work import train_folders
from security_dilemma_training.benchmark import engines, engines_ray
from security_dilemma_training.benchmark.engines import Engine, LocalEngine, RunJob, engine
from security_dilemma_training.benchmark.engines_files import mirror_all, packed_all, unpack, unpack_all
from security_dilemma_training.benchmark.engines_node import remote_run
from security_dilemma_training.benchmark.engines_ray import LOOPBACK, Mailbox, RayEngine
from security_dilemma_training.errors import RunError
from security_dilemma_training.jobs import Outcome
from security_dilemma_training.provenance import circumstances
from security_dilemma_training.runs import Run
from tests.training.runs_for_tests import jax_config, new_run, silent, small_config

NOTHING = {"exploitability": None, "beliefs": None}
VERSIONS = circumstances()["versions"]


class Box:
    """A mailbox that is no actor."""

    def __init__(self) -> None:
        self.mail: list[tuple[Any, ...]] = []
        self.put = self

    def remote(self, *news: Any) -> None:
        self.mail.append(news)


@pytest.mark.slow
def test_what_a_node_does(tmp_path: Path) -> None:
    made, box = new_run(tmp_path / "run", small_config(evaluation={"games": 20})), Box()
    files, entries, error = remote_run(5, packed_all([made.folder]), NOTHING, box, VERSIONS, False)
    assert error is None
    assert entries[0]["values"]["agent_steps"] == 4 * 384
    assert {f"0/{name}" for name in ("policy.npz", "evaluation.json", "progress.csv", "manifest.json")} <= set(files)
    assert "0/checkpoint.npz" not in files
    assert {index for index, *_ in box.mail} == {5}
    early = [set(sent) for *_, sent in box.mail if sent]
    begun = {"0/checkpoint.npz", "0/progress.csv", "0/manifest.json"}
    assert early[0] == begun  # as soon as there is one
    assert early[-1] == {"0/policy.npz", "0/progress.csv", "0/manifest.json"}
    # a checkpoint that comes back is one to go on from, to the same end
    again = [tmp_path / "again"]
    unpack_all(again, packed_all([made.folder]) | next(sent for *_, sent in box.mail if sent))
    ended, _, error = remote_run(5, packed_all(again), NOTHING, Box(), VERSIONS, False)
    assert error is None
    assert ended["0/policy.npz"] == files["0/policy.npz"]


def test_failures_on_a_node_are_told(tmp_path: Path) -> None:
    made = new_run(tmp_path / "run", small_config())
    files = packed_all([made.folder])
    _, entries, error = remote_run(0, files, NOTHING, Box(), {**VERSIONS, "numpy": "0.1"}, False)
    assert entries is None
    assert error is not None
    assert "has other versions (numpy" in error
    _, entries, error = remote_run(0, {**files, "0/manifest.json": b"{"}, NOTHING, Box(), VERSIONS, False)
    assert error is None
    assert entries[0]["error"].startswith("the run folder/manifest.json is damaged")
    _, _, error = remote_run(0, files, {"wrong": 1}, Box(), VERSIONS, False)
    assert error is not None
    assert "Traceback" in error


def test_a_batch_that_is_cancelled_sends_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, box = [new_run(tmp_path / name, small_config()) for name in "ab"], Box()

    def cancelled(folders: Sequence[str], report: Any) -> None:
        with Run.open(folders[0]).training():
            Path(folders[0], "policy.npz").write_bytes(b"done")
        with Run.open(folders[1]).training():
            Path(folders[1], "checkpoint.npz").write_bytes(b"half way")
            end = time.process_time() + 0.01
            while time.process_time() < end:  # at work
                pass
            raise KeyboardInterrupt

    monkeypatch.setattr(engines, "train_folders", cancelled)
    folders = [run.folder for run in made]
    with pytest.raises(KeyboardInterrupt):
        remote_run(0, packed_all(folders), None, box, VERSIONS, False)
    unpack_all(folders, box.mail[-1][-1])
    assert [run.manifest["status"] for run in made] == ["finished", "interrupted"]
    assert made[0].finished
    assert made[1].manifest["cpu_seconds"] > 0
    assert made[1].checkpoint_path.read_bytes() == b"half way"


@pytest.mark.slow
def test_a_node_trains_a_batch_side_by_side(tmp_path: Path) -> None:
    config = jax_config(evaluation={"games": 20})
    runs, box = [new_run(tmp_path / f"seed_{k}", config, k) for k in range(3)], Box()
    runs[1].checkpoint_path.write_bytes(b"damaged")
    folders = [run.folder for run in runs]
    files, entries, error = remote_run(0, packed_all(folders), NOTHING, box, VERSIONS, False)
    assert error is None
    assert [sorted(entry) for entry in entries] == [["cost", "values"], ["error"], ["cost", "values"]]
    assert "the run folder/checkpoint.npz is damaged" in entries[1]["error"]
    early = next(sent for *_, sent in box.mail if sent)
    assert {name for name in early if name.endswith("checkpoint.npz")} == {"0/checkpoint.npz", "2/checkpoint.npz"}
    mirror_all(folders, files)
    assert [Run.open(folder).finished for folder in folders] == [True, False, True]
    assert [run.checkpoint_path.exists() for run in runs] == [False, True, False]
    alone = new_run(tmp_path / "alone", config, 2)
    unpack(alone.folder, {name.removeprefix("2/"): early[name] for name in early if name.startswith("2/")})
    (entry,) = train_folders([str(alone.folder)], silent)
    assert "error" not in entry
    assert alone.policy_path.read_bytes() == runs[2].policy_path.read_bytes()


@pytest.mark.parametrize(("accelerators", "gpus"), [(0, 0), (3, 1)])
def test_what_learns_on_an_accelerator_has_a_gpu_of_the_cluster_to_itself(
    monkeypatch: pytest.MonkeyPatch, accelerators: int, gpus: int
) -> None:
    ray, chosen = MagicMock(), RayEngine(None, "10.0.0.1:6379")
    ray.cluster_resources.return_value = {"CPU": 8.0, "GPU": 3.0}
    monkeypatch.setattr(engines_ray, "ray_session", lambda *_: nullcontext(ray))
    with chosen.session():
        assert chosen.at_once == 8
        found = [chosen.accelerators(small_config(learner={"device": name}).learner) for name in ("cpu", "auto")]
        assert found == [0, 3]
        assert chosen.run([], lambda _index, _outcome: None, accelerators) == []
    ray.remote.return_value.options.assert_called_with(max_retries=0, num_cpus=1, num_gpus=gpus)


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


def test_engines_by_name() -> None:
    assert isinstance(engine("local", None), LocalEngine)
    with pytest.raises(ValueError, match="must be one of local, ray"):
        engine("cloud", 1)
    with pytest.raises(ValueError, match="an address is for ray alone"):
        engine("local", 1, "10.0.0.1:6379")


def jobs(folder: Path, seeds: int, **changes: Any) -> list[RunJob]:
    config = small_config(evaluation={"games": 20}, **changes)
    return [RunJob(f"seed_{k}", (new_run(folder / f"seed_{k}", config, k).folder,), NOTHING) for k in range(seeds)]


def policies(asked: list[RunJob]) -> list[str]:
    folders = [folder for job in asked for folder in job.folders]
    return [hashlib.sha256(Run.open(folder).policy_path.read_bytes()).hexdigest() for folder in folders]


def errors(outcomes: list[Outcome]) -> list[str | None]:
    return [outcome.error or entry.get("error") for outcome in outcomes for entry in outcome.result or [{}]]


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
    told = {"policies": here.policies(asked), "errors": here.errors(outcomes), "listening": listening}
    print(json.dumps(told))
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
    assert errors(run_on(LocalEngine(1), asked)) == [None, None]
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
        while not all((job.folders[0] / "checkpoint.npz").exists() for job in asked):
            time.sleep(0.05)
        cluster.remove_node(doomed, allow_graceful=False)
        (folder / "killed").touch()

    threading.Thread(target=kill, daemon=True).start()
    outcomes = here.run_on(RayEngine(None, cluster.address), asked)
    print(here.errors(outcomes))
    cluster.shutdown()
"""


@pytest.mark.nightly  # Ray takes most of a minute to notice that a node is gone
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
