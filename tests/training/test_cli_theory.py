"""The commands of theory and of tournaments: what they pass on, and what they tell of faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from security_dilemma.params import Params
from security_dilemma_training import cli
from security_dilemma_training.theory import table as theory_table
from security_dilemma_training.theory.settings import SETTINGS, Settings
from security_dilemma_training.tournaments import tournament


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command; return its exit status."""
    monkeypatch.setattr("sys.argv", ["security-dilemma", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    status = ended.value.code
    assert isinstance(status, int)
    return status


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Settings, dict[str, Any]]]:
    """Replace the table of theory; returns what it was asked."""
    asked: list[tuple[Settings, dict[str, Any]]] = []

    def run_theory(settings: Settings, **options: Any) -> int:
        asked.append((settings, options))
        return 1

    monkeypatch.setattr(theory_table, "run_theory", run_theory)
    return asked


@pytest.fixture
def matches(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Sequence[str], dict[str, Params], Path, dict[str, Any]]]:
    """Replace the tournament; returns what it was asked."""
    asked: list[tuple[Sequence[str], dict[str, Params], Path, dict[str, Any]]] = []

    def run_tournament(
        players: Sequence[str], worlds: dict[str, Params], folder: Path, workers: int, **options: Any
    ) -> int:
        asked.append((players, worlds, folder, {"workers": workers} | options))
        return 1

    monkeypatch.setattr(tournament, "run_tournament", run_tournament)
    return asked


def test_theory_takes_every_setting(
    monkeypatch: pytest.MonkeyPatch, tables: list[tuple[Settings, dict[str, Any]]]
) -> None:
    assert run(monkeypatch, "theory") == 1
    values = {field.name: 0.5 + 0.01 * place for place, field in enumerate(fields(Settings))} | {"war_cost": 0.3}
    given = [part for name, value in values.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    options = ["--learn", "--seeds", "7", "--out", "here", "--workers", "1"]
    assert run(monkeypatch, "theory", *given, *options) == 1
    (defaults, first), (settings, second) = tables
    assert defaults == Settings()
    assert (first["learn"], first["folder"]) == (False, Path("runs/theory"))
    assert settings == Settings(**values)
    assert (second["learn"], second["seeds"], second["folder"], second["workers"]) == (True, 7, Path("here"), 1)
    assert second["command"].startswith("security-dilemma theory --balance 0.5")


def test_theory_tells_what_it_takes_and_what_it_does_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "theory", "--help") == 0
    shown = capsys.readouterr().out
    assert all(f"--{name.replace('_', '-')}" in shown for name in SETTINGS)
    assert "in (0, 0.5)" in " ".join(shown.replace("│", " ").split())
    assert run(monkeypatch, "theory", "--war-cost", "0.7") == 2
    assert "war_cost = 0.7 is outside (0, 0.5)" in capsys.readouterr().err
    assert run(monkeypatch, "theory", "--war-cots", "0.3") == 2
    assert "--war-cost" in capsys.readouterr().err


def test_tournament_passes_everything_on(
    monkeypatch: pytest.MonkeyPatch,
    matches: list[tuple[Sequence[str], dict[str, Params], Path, dict[str, Any]]],
) -> None:
    options = ["--world", "intense", "--param", "war_cost=0.3", "--param", "greed=[0.1, 0.2]", "--mixed"]
    more = ["--games", "60", "--seed", "3", "--max-cycles", "9", "--out", "there", "--workers", "1"]
    assert run(monkeypatch, "tournament", "dove", "hawk", *options, *more) == 1
    assert run(monkeypatch, "tournament", "dove") == 1
    players, worlds, folder, asked = matches[0]
    assert (list(players), list(worlds), folder) == (["dove", "hawk"], ["intense"], Path("there"))
    assert worlds["intense"].war_cost == 0.3
    assert worlds["intense"].greed.tolist() == [0.1, 0.2]
    names = ("games", "seed", "n_states", "max_cycles", "mixed", "workers")
    assert [asked[name] for name in names] == [60, 3, 2, 9, True, 1]
    assert len(matches[1][1]) == 4
    assert matches[1][3]["games"] == tournament.GAMES


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("dvoe",), "did you mean 'dove'?"),
        (("dove", "--world", "intens"), "did you mean 'intense'?"),
        (("dove", "--param", "war_cost=0.9"), "war_cost = 0.9 is outside (0, 0.5)"),
        (("dove", "--param", "war_cost"), "must be key=value"),
        (("dove", "--games", "1"), "games = 1 must be at least 2"),
    ],
)
def test_tournament_tells_faults(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    assert run(monkeypatch, "tournament", *arguments, "--out", str(tmp_path)) == 2
    assert told in capsys.readouterr().err
