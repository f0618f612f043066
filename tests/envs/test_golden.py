"""Reference trajectories: a change of the rules is a diff of ``tests/golden`` that can be read."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.golden.regenerate import FOLDER, SCENARIOS, recorded_actions, replay

HINT = "if the rules were meant to change, run: python tests/golden/regenerate.py"


def assert_same(found: Any, expected: Any, where: str) -> None:
    """Compare what was replayed with what is stored, numbers with a tolerance of their rounding."""
    if isinstance(expected, dict):
        assert set(found) == set(expected), f"{where}: {HINT}"
        for name, value in expected.items():
            assert_same(found[name], value, f"{where}.{name}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), f"{where}: {HINT}"
        for place, value in enumerate(expected):
            assert_same(found[place], value, f"{where}[{place}]")
    elif isinstance(expected, int | float):
        assert found == pytest.approx(expected, rel=0, abs=2e-6), f"{where}: {HINT}"
    else:
        assert found == expected, f"{where}: {HINT}"


@pytest.mark.parametrize("name", SCENARIOS)
def test_replaying_the_actions_gives_the_recorded_trajectory(name: str) -> None:
    path = FOLDER / f"{name}.json"
    expected = json.loads(path.read_text(encoding="utf-8"))
    found = json.loads(json.dumps(replay(SCENARIOS[name], recorded_actions(path))))
    assert_same(found, expected, name)


def test_every_file_has_its_scenario() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(SCENARIOS)


@pytest.mark.parametrize("name", SCENARIOS)
def test_trajectories_show_what_they_are_for(name: str) -> None:
    """Each holds arms and a war; otherwise it would guard little."""
    steps = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["steps"]
    assert np.any([step["struck"] for step in steps])
    assert np.any([step["won"] for step in steps])
    assert len({move for step in steps for move in step["moves"]}) >= 3
