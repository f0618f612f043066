"""The command ``phase-diagram``: what it passes on, what it tells beforehand, and what it refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training import cli
from security_dilemma_training.benchmark.engines import Engine, LocalEngine
from security_dilemma_training.benchmark.engines_ray import RayEngine
from security_dilemma_training.phase_diagram import diagram
from security_dilemma_training.phase_diagram.diagram_config import PhaseDiagramConfig
from security_dilemma_training.phase_diagram.pace import Crew, Pace
from tests.training.phase_results import TINY
from tests.training.runs_for_tests import merged


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Replace the diagram; returns what it was asked."""
    told: list[dict[str, Any]] = []

    def run(config: PhaseDiagramConfig, engine: Engine, command: str, **more: Any) -> int:
        told.append({"config": config, "engine": engine, "command": command, **more})
        return 1

    monkeypatch.setattr(diagram, "phase_diagram", run)
    return told


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["security-dilemma", "phase-diagram", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert isinstance(end.value.code, int)
    return end.value.code


def written(name: str = "trial.yaml", **changes: Any) -> str:
    Path(name).write_text(json.dumps(merged(TINY, changes)))  # which is YAML, too
    return name


def test_what_the_command_passes_on(monkeypatch: pytest.MonkeyPatch, called: list[dict[str, Any]]) -> None:
    changes = ("planes.small.x.points=3", "params.war_cost=0.3")
    assert call(monkeypatch, written(), *changes, "--seeds", "3", "--out", "some where", "--overwrite") == 1
    (told,) = called
    config = told["config"]
    assert (config.folder, config.seeds, len(config.cells())) == (Path("some where"), (0, 1, 2), 6)
    assert (config.label, config.params, told["overwrite"]) == ("trial", {"war_cost": 0.3}, True)
    assert isinstance(told["engine"], LocalEngine)
    assert told["command"].startswith("security-dilemma phase-diagram trial.yaml planes.small.x.points=3")
    call(monkeypatch, "trial.yaml", "--engine", "ray", "--address", "10.0.0.1:6379")
    assert isinstance(called[1]["engine"], RayEngine)


def test_the_defaults_without_a_file(monkeypatch: pytest.MonkeyPatch, called: list[dict[str, Any]]) -> None:
    call(monkeypatch)
    call(monkeypatch, "seeds=[4]")
    Path("configs").mkdir()
    written("configs/phase_diagram.yaml")
    call(monkeypatch, "seeds=[4]")
    assert [list(told["config"].planes) for told in called] == [["balance_distinguishability", "balance_trust"]] * 2 + [
        ["small"]
    ]
    assert called[1]["config"].seeds == (4,)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere.yaml",), "the file does not exist"),
        (("trial.yaml", "planes.small.x.high=9"), "planes.small.x.high = 9.0 is outside [-3, 3]"),
        (("trial.yaml", "planes.small.z=9"), "planes.small.z = 9 is an unknown key"),
        (("trial.yaml", "plane.small=9"), "plane = {'small': 9} is an unknown key: did you mean 'planes'?"),
        (("trial.yaml", "learner.slots=0"), "learner.slots = 0 must be a whole number in [2, ∞)"),
        (("trial.yaml", "--address", "10.0.0.1:6379"), "--engine ray"),
        (("trial.yaml", "--engine", "cloud"), "cloud"),
    ],
)
def test_faults_are_told_in_one_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    written()
    assert call(monkeypatch, *arguments) == 2
    errors = capsys.readouterr().err
    assert told in errors
    assert "Traceback" not in errors


def test_a_dry_run_measures_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, called: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    crews: list[tuple[int, Crew, bool]] = []

    def short(_config: object, runs: int, crew: Crew, *, here: bool) -> Pace | None:
        crews.append((runs, crew, here))
        return Pace(20.0, 6.0, 1.0, "a short training") if here else None

    monkeypatch.setattr(diagram, "measured_pace", short)
    phase_diagram_config = written()
    before = sorted(Path.cwd().rglob("*"))
    assert call(monkeypatch, phase_diagram_config, "--dry-run", "--workers", "2") == 0
    told = capsys.readouterr().out
    assert "small: balance from -1 to 1 in 2 points, trust from 0.5 to 0.9 in 2 points" in told
    assert "4 cells, 8 runs of 256 agent-steps; 8 to train (2,048 in all), 8 to measure" in told
    assert "takes about 48 s with 2 processes" in told
    far = ("--dry-run", "--workers", "9", "--engine", "ray", "--address", "10.0.0.1:6379")
    assert call(monkeypatch, phase_diagram_config, *far) == 0
    assert "cannot be measured on this machine" in capsys.readouterr().out
    assert crews == [(8, Crew(2), True), (8, Crew(9), False)]
    assert not called
    assert sorted(Path.cwd().rglob("*")) == before
