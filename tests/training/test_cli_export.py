"""The command ``export``: what it finds, what it passes on and what it refuses."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training import cli, episode_files
from security_dilemma_training.episode_files import read_episodes
from security_dilemma_training.runs import Run
from tests.training.untrained import untrained


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Two runs in the working directory."""
    monkeypatch.chdir(tmp_path)
    return [untrained(Path(f"runs/seed_{seed}"), seed=seed) for seed in (0, 1)]


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["security-dilemma", "export", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert isinstance(end.value.code, int)
    return end.value.code


def test_the_runs_of_a_folder_go_into_one_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("runs", "runs/seed_1", "--out", "games.npz", "--games", "3", "--seed", "8", "--pairs", "mixed")
    assert call(monkeypatch, *asked) == 0
    columns, metadata = read_episodes("games.npz")
    assert capsys.readouterr().out == f"{len(columns['run'])} rows in games.npz; what stands in them: docs/dataset.md\n"
    assert [run["folder"] for run in metadata["runs"]] == ["runs/seed_0", "runs/seed_1"]
    assert [part["episodes"] for part in metadata["parts"]] == [3, 3]
    assert set(columns["greedy_states"]) == {1}


def test_what_is_left_out_is_the_configs(monkeypatch: pytest.MonkeyPatch, runs: list[Run]) -> None:
    asked: list[Any] = []

    def export(opened: Sequence[Run], path: Path, **options: Any) -> int:
        report = options.pop("report")
        report(0.5, "half")
        asked.append(([run.folder for run in opened], path, options))
        return 0

    monkeypatch.setattr(episode_files, "export", export)
    Path("games.npz").touch()
    assert call(monkeypatch, "runs", "--out", "games.npz", "--overwrite") == 0
    folders = [run.folder for run in runs]
    assert asked == [(folders, Path("games.npz"), {"games": None, "seed": None, "pairs": ()})]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("runs", "--out", "there.npz"), "out = 'there.npz' is there already: replace it with --overwrite"),
        (("runs", "--out", "games.txt"), "out = 'games.txt' must end in .parquet or .npz"),
        (("nowhere", "--out", "games.npz"), "nowhere does not exist"),
        (
            ("runs", "--out", "games.npz", "--pairs", "both"),
            "pairs = both: unknown; 2 states have both_security_seekers",
        ),
        (("runs", "--out", "games.npz", "--games", "0"), "Invalid value for '--games'"),
        (("runs",), "Missing option '--out'"),
    ],
)
def test_faults_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    Path("there.npz").write_text("kept")
    assert call(monkeypatch, *arguments) == 2
    assert message in capsys.readouterr().err.replace("\n", " ")
    assert Path("there.npz").read_text() == "kept"
    assert not Path("games.npz").exists()
