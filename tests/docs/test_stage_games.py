"""The examples of docs/stage_games.md run and print what it says; what it names is there."""

from __future__ import annotations

import re

import pytest

from security_dilemma import theory
from security_dilemma.params import PARAMETERS
from security_dilemma.stage_games import STAGE_GAMES
from tests.docs.pages import DOCS, ROOT, blocks

DOC = (DOCS / "stage_games.md").read_text(encoding="utf-8")


def test_the_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    for block in blocks(DOC):
        if block.language == "python":
            exec(block.text, names)
    window = "Window(low=0.1796232085079129, high=0.6059069558468226)"
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "0.0"
    assert told[1][:15] == window[:15]
    assert told[2:5] == ["0.1 False", "0.4 True", "0.7 False"]
    assert told[5:] == ["[0.086, 0.636, 0.277] 0.125"]


def test_every_game_has_a_section() -> None:
    headings = re.findall(r"^## (.*)$", DOC, re.MULTILINE)
    assert {name for heading in headings for name in re.findall(r"`(\w+)`", heading)} == set(STAGE_GAMES)


def test_what_it_names_is_there() -> None:
    files = re.findall(r"configs/theory/\w+\.yaml|tests/[\w/]+\.py", DOC) + re.findall(r"\]\((\w+\.md)\)", DOC)
    assert [path for path in files if not ((ROOT / path).exists() or (DOCS / path).exists())] == []
    compound = set(re.findall(r"`(\w+_\w+)`", DOC))
    assert "strike_shares" in compound
    assert compound <= {*vars(theory), *PARAMETERS, *STAGE_GAMES}
