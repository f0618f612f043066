"""The command ``benchmark``: what it passes on, what it shows beforehand, and what it refuses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training import cli
from security_dilemma_training.benchmark import benchmark
from security_dilemma_training.benchmark.engines import Engine
from security_dilemma_training.benchmark.engines_ray import RayEngine
from security_dilemma_training.benchmark.plan_config import BenchmarkConfig, load_benchmark
from security_dilemma_training.benchmark.plan_rows import wanted_rows
from security_dilemma_training.benchmark.plan_table import SPEEDS, estimated_seconds
from security_dilemma_training.learner_sections import ALGORITHM_NAMES
from tests.training.commands_for_tests import HEEDING_CTRL_C

CONFIG = """
algorithms: {ppo: , quick: {algorithm: a2c, slots: 64}}
worlds: [intense]
seeds: [0, 1]
schedule: {agent_steps: 70000}
"""


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("trial.yaml").write_text(CONFIG)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Replace the benchmark; returns what it was asked."""
    told: list[dict[str, Any]] = []

    def run_benchmark(
        config: BenchmarkConfig,
        engine: Engine,
        measures: Mapping[str, Any],
        command: str,
        source: Sequence[str],
        **more: Any,
    ) -> int:
        told.append({"config": config, "engine": engine, "measures": measures, "command": command, "source": source})
        told[-1] |= more
        return 1

    monkeypatch.setattr(benchmark, "run_benchmark", run_benchmark)
    return told


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["security-dilemma", "benchmark", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert isinstance(end.value.code, int)
    return end.value.code


def test_what_is_passed_on(monkeypatch: pytest.MonkeyPatch, asked: list[dict[str, Any]]) -> None:
    changes = ("algorithms=quick", "params.war_cost=0.1,0.2")
    assert run(monkeypatch, "trial.yaml", *changes, "--seeds", "3", "--out", "some where", "--overwrite") == 1
    (told,) = asked
    config = told["config"]
    assert (config.folder, config.seeds, len(config.cells())) == (Path("some where"), (0, 1, 2), 2)
    assert (told["engine"].name, told["overwrite"]) == ("local", True)
    assert told["measures"] == {"exploitability": None, "beliefs": None}
    assert told["source"] == ["trial.yaml", *changes]
    assert told["command"].startswith("security-dilemma benchmark trial.yaml algorithms=quick")
    row = wanted_rows(config, told["measures"], told["source"])[0]
    assert row.names["command"] == (
        "security-dilemma benchmark trial.yaml algorithms=quick worlds=intense schemes=self_play controls=none seeds=0 "
        "params.war_cost=0.1,"
    )


def test_ray_and_its_address(monkeypatch: pytest.MonkeyPatch, asked: list[dict[str, Any]]) -> None:
    run(monkeypatch, "trial.yaml", "--engine", "ray", "--address", "10.0.0.1:6379")
    assert isinstance(asked[0]["engine"], RayEngine)
    run(monkeypatch, "trial.yaml", "--address", "10.0.0.1:6379")
    assert len(asked) == 1


def test_the_defaults_without_a_file(monkeypatch: pytest.MonkeyPatch, asked: list[dict[str, Any]]) -> None:
    run(monkeypatch)
    run(monkeypatch, "seeds=4")
    Path("configs").mkdir()
    Path("configs/benchmark.yaml").write_text(CONFIG)
    run(monkeypatch, "worlds=doubly_safe")
    assert [list(told["config"].algorithms) for told in asked] == [[*ALGORITHM_NAMES]] * 2 + [["ppo", "quick"]]
    assert [told["source"] for told in asked] == [[], ["seeds=4"], ["configs/benchmark.yaml", "worlds=doubly_safe"]]


@pytest.mark.slow
def test_exploitability_is_part_of_what_is_asked(monkeypatch: pytest.MonkeyPatch, asked: list[dict[str, Any]]) -> None:
    run(monkeypatch, "trial.yaml", "--exploitability")
    assert asked[0]["config"].measures.exploitability
    assert asked[0]["measures"]["exploitability"] is not None
    assert asked[0]["source"] == ["trial.yaml", "measures.exploitability=true"]


def test_a_dry_run_shows_the_plan_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, asked: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(Path.cwd().rglob("*"))
    assert run(monkeypatch, "trial.yaml", "params.war_cost=0.1..0.3..0.1", "--dry-run", "--workers", "2") == 0
    told = capsys.readouterr().out
    assert "quick-intense" in told
    assert "params.war_cost=0.2" in told
    assert "6 cells, 12 runs, 12 to do" in " ".join(told.split())
    assert not asked
    assert sorted(Path.cwd().rglob("*")) == before


def test_the_estimate_takes_what_was_measured_where_it_can() -> None:
    wanted = wanted_rows(load_benchmark(Path("trial.yaml")), {}, [])
    rows = [{"algorithm": "quick", "agent_steps": 1000, "cpu_seconds": seconds} for seconds in (1.0, 2.0, 9.0)]
    assert estimated_seconds(wanted, rows) == pytest.approx(2 * 70_000 / SPEEDS["ppo"] + 2 * 70_000 / 500)
    assert set(SPEEDS) == set(ALGORITHM_NAMES)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere.yaml",), "the file does not exist"),
        (("trial.yaml", "algorithms=ppo,dqq"), "algorithms.dqq = 'dqq' is unknown: did you mean 'dqn'?"),
        (("trial.yaml", "learner.slots=0"), "learner.slots = 0 must be a whole number in [2, ∞)"),
        (("trial.yaml", "--address", "10.0.0.1:6379"), "--engine ray"),
        (("trial.yaml", "--engine", "cloud"), "cloud"),
    ],
)
def test_faults_are_told_in_one_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    assert run(monkeypatch, *arguments) == 2
    errors = capsys.readouterr().err
    assert told in errors
    assert "Traceback" not in errors


@pytest.mark.slow
def test_ctrl_c_stops_and_the_same_command_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = ["algorithms=ppo", "learner={slots: 64, n_steps: 16, batch_size: 512, hidden_sizes: [8]}", "seeds=0,1"]
    changes += ["schedule={agent_steps: 20480, checkpoint_every: 2048}", "evaluation.games=20"]
    changes += ["output.tensorboard=false", "output.folder=out"]
    command = ["trial.yaml", *changes, "--workers", "1"]
    heeding = [sys.executable, "-c", HEEDING_CTRL_C, "benchmark", *command]
    process = subprocess.Popen(heeding, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not list(Path("out").rglob("checkpoint.npz")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "goes on where it stopped" in errors
    (checkpoint,) = Path("out").rglob("checkpoint.npz")
    assert run(monkeypatch, *command) == 0
    assert not checkpoint.exists()
    assert Path("out/results.csv").read_text().count("\n") == 3
