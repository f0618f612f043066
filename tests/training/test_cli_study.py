"""The command ``study``: what it passes on, lists and refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training import cli
from security_dilemma_training.studies import study
from security_dilemma_training.studies.study_config import StudyConfig
from tests.training.study_results import TINY


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Replace the study; returns what it was asked."""
    told: list[dict[str, Any]] = []

    def run(config: StudyConfig, workers: int, command: str, **more: Any) -> int:
        told.append({"config": config, "workers": workers, "command": command, **more})
        return 1

    monkeypatch.setattr(study, "study", run)
    return told


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["security-dilemma", "study", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert isinstance(end.value.code, int)
    return end.value.code


def written() -> str:
    Path("mine.yaml").write_text(json.dumps({name: value for name, value in TINY.items() if name != "name"}))
    return "mine.yaml"


def test_what_the_command_passes_on(monkeypatch: pytest.MonkeyPatch, called: list[dict[str, Any]]) -> None:
    given = ("params.war_cost=0.3", "--seeds", "3", "--out", "some where", "--workers", "1", "--overwrite")
    assert call(monkeypatch, written(), *given) == 1
    (told,) = called
    config = told["config"]
    assert (config.folder, config.seeds, config.label) == (Path("some where"), (0, 1, 2), "mine")
    assert (config.params, told["workers"], told["overwrite"]) == ({"war_cost": 0.3}, 1, True)
    assert told["command"].startswith("security-dilemma study mine.yaml params.war_cost=0.3")


def test_a_plan_runs_nothing(
    monkeypatch: pytest.MonkeyPatch, called: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, written(), "--dry-run") == 0
    assert called == []
    assert "meet_grit: played by fearful, grit" in capsys.readouterr().out
    assert not Path("runs").exists()


def test_without_a_name_all_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Path("configs/studies").mkdir(parents=True)
    Path("configs/studies/mine.yaml").write_text("question: Is it so?\n")
    assert call(monkeypatch) == 0
    assert capsys.readouterr().out.split() == ["study", "asks", "mine", "Is", "it", "so?"]


def test_what_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(monkeypatch, "nothing_like_it") == 2
    assert "study = 'nothing_like_it' is unknown" in capsys.readouterr().err
    assert call(monkeypatch, written(), "seeds=[1,1]", "conditions.hawks.players=hauk") == 2
    told = capsys.readouterr().err
    assert "2 faults in mine.yaml" in told
    assert "did you mean 'hawk'?" in told
