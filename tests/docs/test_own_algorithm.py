"""The how-to on one's own algorithm: its files are written, and its commands run, as a reader would."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, blocks, follow, section

PAGE = (DOCS / "how_to" / "your_own_algorithm.md").read_text(encoding="utf-8")


def followed(title: str, folder: Path) -> str:
    """What the commands of a section print."""
    games = [block for block in blocks(PAGE) if block.title == "intense.yaml"]
    return follow([*games, *section(PAGE, title)], folder)


def wars(printed: str) -> list[str]:
    """The tragic war rates of the tables of ``evaluate``."""
    return re.findall(r"^ Intense +([0-9.]+)", printed, re.MULTILINE)


@pytest.mark.slow
def test_a_policy_of_ones_own_is_measured_and_meets_others(tmp_path: Path) -> None:
    printed = followed("Ten lines of NumPy", tmp_path)
    assert len(wars(printed)) == 2
    assert "own_policy:Threshold" in (tmp_path / "runs/own/matrix.csv").read_text()


@pytest.mark.slow
def test_a_zip_of_stable_baselines3_is_measured(tmp_path: Path) -> None:
    printed = followed("Trained with stable-baselines3, outside this package", tmp_path)
    assert "ppo.zip among its like" in printed
    assert len(wars(printed)) == 1


@pytest.mark.slow
def test_a_policy_of_torchrl_is_trained_measured_and_meets_others(tmp_path: Path) -> None:
    pytest.importorskip("torchrl")
    printed = followed("Trained with TorchRL, through the PettingZoo face", tmp_path)
    assert "my_policy:policy among its like" in printed
    assert "my_policy:policy" in (tmp_path / "runs/torchrl/matrix.csv").read_text()


def test_the_entries_that_the_page_reads_are_those_it_names() -> None:
    from security_dilemma import WORLDS
    from security_dilemma.perception import observation_table
    from security_dilemma.state import Move

    places = {entry.name: entry.place for entry in observation_table(WORLDS["intense"])}
    assert (places["other_1_arms"], places["other_1_dossier"]) == (10, 11)
    assert (Move.ARM_DEFENSIVELY, Move.STRIKE) == (1, 4)
