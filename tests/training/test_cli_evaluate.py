"""The command ``evaluate``, of players that have no run folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from security_dilemma_training import cli
from security_dilemma_training.config import RunConfig, load
from security_dilemma_training.evaluate import evaluate_run
from security_dilemma_training.faults import ConfigError
from security_dilemma_training.import_paths import TRUST
from security_dilemma_training.player_evaluation import evaluate_player
from tests.training.untrained import untrained

OWN = """
import numpy as np

class Policy:
    def act(self, observations, mask, rng):
        return np.full((*observations.shape[:2], 2), MOVE)
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "own_policy", raising=False)
    monkeypatch.delenv(TRUST, raising=False)
    Path("trial.yaml").write_text("world: doubly_dangerous\nevaluation: {games: 50}\n")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["security-dilemma", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert isinstance(end.value.code, int)
    return end.value.code


@pytest.mark.parametrize(("move", "wars"), [(0, 0.0), (4, 1.0)])
def test_anyones_policy_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], move: int, wars: float
) -> None:
    Path("own_policy.py").write_text(OWN.replace("MOVE", f"[{move}, 0]"))
    asked = ["--player", "own_policy:Policy", "--config", "trial.yaml", "--out", "deep/results.json", "--seed", "7"]
    assert run(monkeypatch, "evaluate", *asked) == 0
    results = json.loads(Path("deep/results.json").read_text())
    assert results["player"] == "own_policy:Policy"
    assert (results["world"], results["games"], results["eval_seed"]) == ("trial", 50, 7)
    assert results["pairs"]["both_security_seekers"]["war_rate"] == wars
    assert "own_policy:Policy among its like in the games of trial.yaml" in capsys.readouterr().out


def test_a_player_is_measured_among_as_many_as_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--player", "hawk", "--config", "trial.yaml", "--out", "results.json", "--states", "4"]
    assert run(monkeypatch, "evaluate", *asked) == 0
    results = json.loads(Path("results.json").read_text())
    assert results["n_states"] == results["config"]["game"]["n_states"] == 4
    assert "one_greedy" in results["pairs"]
    Path("trial.yaml").write_text("world: intense\nparams: {greed: [0, 1]}\n")
    assert run(monkeypatch, "evaluate", *asked) == 2
    assert "params.greed" in capsys.readouterr().err


def test_a_run_measures_the_same_as_a_player(tmp_path: Path) -> None:
    trained = untrained(tmp_path / "run")
    as_run = evaluate_run(trained, 30)
    as_player = evaluate_player(str(trained.folder), trained.config, 30, trusted=False)
    assert as_player["pairs"] == as_run["pairs"]
    assert as_player["player_sha256"] == as_run["policy_sha256"]
    assert as_player["eval_seed"] == as_run["eval_seed"]


def test_faults_of_a_players_actions_are_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("own_policy.py").write_text(OWN.replace("MOVE", "[5, 0]"))
    assert run(monkeypatch, "evaluate", "--player", "own_policy:Policy", "--config", "trial.yaml") == 2
    told = capsys.readouterr().err
    assert "player 'own_policy:Policy' sent what cannot be played: action 5 of state_0 is out of range: move in" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "name either run folders or a --player"),
        (["runs/a", "--player", "dove"], "name either run folders or a --player"),
        (["--player", "dove"], "--player needs the --config of its games"),
        (["runs/a", "--config", "trial.yaml"], "--config, --states and --out go with --player"),
        (["runs/a", "--states", "3"], "--config, --states and --out go with --player"),
        (["--player", "dove", "--config", "trial.yaml", "--beliefs"], "are measured of runs"),
    ],
)
def test_options_that_do_not_go_together_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert run(monkeypatch, "evaluate", *arguments) == 2
    assert told in capsys.readouterr().err


def test_import_paths_in_config_files_need_trust(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("own_policy.py").write_text("raise AssertionError('it was imported')")
    Path("trial.yaml").write_text("world: intense\npartners: {scheme: frozen, policies: ['own_policy:Policy']}\n")
    asked = ["evaluate", "--player", "dove", "--config", "trial.yaml", "--games", "5"]
    assert run(monkeypatch, *asked) == 2
    told = capsys.readouterr().err
    assert "partners.policies = ['own_policy:Policy'] in a file would be imported" in told
    with pytest.raises(ConfigError, match="trust-imports"):
        load("trial.yaml", [], RunConfig)
    assert run(monkeypatch, *asked, "--trust-imports") == 0
