"""The command ``tune``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from security_dilemma_training import cli
from security_dilemma_training.sources import read_yaml
from security_dilemma_training.tuning import outcome, tuned

SMALL = ["--trials", "2", "--agent-steps", "1500", "--seeds", "1", "--games", "40"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["security-dilemma", "tune", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert isinstance(end.value.code, int)
    return end.value.code


def test_what_cannot_be_searched_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "dqm", "--family", "offence") == 2
    assert "algorithm = 'dqm' is unknown: choose ppo, a2c" in capsys.readouterr().err
    assert run(monkeypatch, "dqn", "--family", "balance") == 2
    assert "'offence', 'defence'" in capsys.readouterr().err
    assert not Path("runs").exists()


def test_without_time_nothing_is_found(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("security_dilemma_training.jobs.run_jobs", lambda jobs, workers: [])
    assert run(monkeypatch, "a2c", "--family", "offence", *SMALL, "--timeout", "0") == 1
    assert "no trial has come to its end" in capsys.readouterr().err


@pytest.mark.slow
def test_a_search_is_shared_goes_on_and_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tuned, "TUNED_FILE", tmp_path / "tuned.yaml")
    monkeypatch.setattr(outcome, "FRESH_SEEDS", 1)
    asked = ["a2c", "--family", "defence", *SMALL]
    assert run(monkeypatch, *asked, "--workers", "2") == 0
    folder = Path("runs/tune/a2c_defence")
    first = (folder / "trials.csv").read_text()
    assert len(first.splitlines()) == 3
    assert not (tmp_path / "tuned.yaml").exists()
    capsys.readouterr()
    try:
        assert run(monkeypatch, *asked, "--workers", "1", "--write") == 0
    finally:
        tuned._tuned.cache_clear()
    assert (folder / "trials.csv").read_text() == first
    told = capsys.readouterr().out
    assert "default: payoffs among the panel with fresh seeds [" in told
    entry = read_yaml(tmp_path / "tuned.yaml")["a2c"]["defence"]
    assert entry == read_yaml(folder / "tuned.yaml")["a2c"]["defence"]
    assert (entry["found"]["agent_steps"], entry["found"]["complete"]) == (1500, 2)
    assert len(entry["found"]["payoffs"]["default"]) == 2
