"""The how-to on one's own algorithm: its files are written, and its commands run, as a reader would."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how_to" / "your_own_algorithm.md"
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)

WARNINGS = "error"


def section(title: str) -> list[tuple[str, str, str]]:
    """The blocks of a section: language, file name, content."""
    parts = dict(part.split("\n", 1) for part in PAGE.read_text(encoding="utf-8").split("\n## ")[1:])
    blocks: list[tuple[str, str, str]] = BLOCK.findall(parts[title])
    assert blocks, title
    return blocks


def follow(title: str, folder: Path) -> str:
    """Do what a section says, in a folder, with warnings as errors, and return what it prints."""
    (folder / "intense.yaml").write_text("world: intense\n")
    path = os.pathsep.join([str(ROOT / "envs"), str(ROOT / "training"), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONWARNINGS": WARNINGS, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    printed = ""
    for language, name, content in section(title):
        if name:
            (folder / name).write_text(content)
            continue
        assert language == "bash", f"a block of {language} without a file's name"
        for line in content.splitlines():
            program, *arguments = shlex.split(line)
            start = {"python": [], "security-dilemma": ["-m", "security_dilemma_training.cli"]}[program]
            command = [sys.executable, *start, *arguments]
            ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
            assert ended.returncode == 0, f"{line}\n{ended.stdout}\n{ended.stderr}"
            printed += ended.stdout
    return printed


def wars(printed: str) -> list[str]:
    """The tragic war rates of the tables of ``evaluate``."""
    return re.findall(r"^ Intense +([0-9.]+)", printed, re.MULTILINE)


@pytest.mark.slow
def test_a_policy_of_ones_own_is_measured_and_meets_others(tmp_path: Path) -> None:
    printed = follow("Ten lines of NumPy", tmp_path)
    assert len(wars(printed)) == 2
    assert "own_policy:Threshold" in (tmp_path / "runs/own/matrix.csv").read_text()


@pytest.mark.slow
def test_a_zip_of_stable_baselines3_is_measured(tmp_path: Path) -> None:
    printed = follow("Trained with stable-baselines3, outside this package", tmp_path)
    assert "ppo.zip among its like" in printed
    assert len(wars(printed)) == 1


@pytest.mark.slow
def test_a_policy_of_torchrl_is_trained_measured_and_meets_others(tmp_path: Path) -> None:
    pytest.importorskip("torchrl")
    printed = follow("Trained with TorchRL, through the PettingZoo face", tmp_path)
    assert "my_policy:policy among its like" in printed
    assert "my_policy:policy" in (tmp_path / "runs/torchrl/matrix.csv").read_text()


def test_the_entries_that_the_page_reads_are_those_it_names() -> None:
    from security_dilemma import WORLDS
    from security_dilemma.perception import observation_table
    from security_dilemma.state import Move

    places = {entry.name: entry.place for entry in observation_table(WORLDS["intense"])}
    assert (places["other_1_arms"], places["other_1_dossier"]) == (10, 11)
    assert (Move.ARM_DEFENSIVELY, Move.STRIKE) == (1, 4)
