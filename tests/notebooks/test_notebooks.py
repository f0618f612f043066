"""The notebooks run from top to bottom, and what is committed is what they show."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.notebooks.regenerate import NOTEBOOKS, chosen, execute, read, strip

KILOBYTES = 500
MACHINE = re.compile(r"/(tmp|home|root|Users|var|opt|mnt|usr)/|[A-Z]:\\|\d{4}-\d{2}-\d{2}T\d{2}:|0x[0-9a-f]{6}")
"""Paths of a machine, times of an execution, addresses in memory."""

SLOTS = "\nlearner: {slots: 64, batch_size: 2048}"  # a rollout is no longer than what is to be learned
SMALLER = {
    "2_training_and_reading_a_run": {
        "{agent_steps: 400_000}": "{agent_steps: 20_000}" + SLOTS,
        "agent_steps=100_000": "agent_steps=20_000",
        "checkpoint_every=20_000": "checkpoint_every=4_000",
    },
    "3_the_four_worlds": {"{agent_steps: 400_000}": "{agent_steps: 20_000}" + SLOTS, "games: 500": "games: 100"},
    "4_inside_a_learned_policy": {
        '{"agent_steps": 600_000}': '{"agent_steps": 20_000}, "learner": {"slots": 64, "batch_size": 2048}',
        "GAMES = 300": "GAMES = 60",
    },
    "5_theory_against_learning": {"SEEDS = 10": "SEEDS = 2", "AT_ONCE = 200, 4": "AT_ONCE = 20, 4", "1600": "200"},
    "6_comparing_algorithms": {"agent_steps: 30_000": "agent_steps: 5_000", "seeds: [0, 1, 2]": "seeds: [0, 1]"},
}
"""Changes with which notebooks learn less; what kinds of things they show does not hang on it."""

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def outputs(notebook: Any) -> list[list[Any]]:
    """What each code cell shows."""
    return [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]


def kinds(notebook: Any) -> list[set[str]]:
    """The kinds of what each code cell shows; a stream's is its name."""
    return [{name for output in cell for name in output.get("data") or [output.name]} for cell in outputs(notebook)]


def words(notebook: Any) -> str:
    """All that each code cell shows but pictures."""
    data = [output.get("data") or {"": output.text} for cell in outputs(notebook) for output in cell]
    return "\n".join(str(text) for entry in data for name, text in entry.items() if not name.startswith("image/"))


def test_there_are_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "1_a_first_game",
        "2_training_and_reading_a_run",
        "3_the_four_worlds",
        "4_inside_a_learned_policy",
        "5_theory_against_learning",
        "6_comparing_algorithms",
    ]


def test_notebooks_are_chosen_by_the_beginning_of_their_names() -> None:
    assert chosen([]) == NOTEBOOKS
    assert [path.stem for path in chosen(["5", "1_a_first"])] == ["1_a_first_game", "5_theory_against_learning"]
    with pytest.raises(SystemExit, match="no notebook begins with 9, first: there are 1_a_first_game, 2_"):
        chosen(["9", "first", "1"])


def test_notebooks_name_each_other_as_they_are_called() -> None:
    named = {name for path in NOTEBOOKS for name in re.findall(r"\d_\w+\.ipynb", path.read_text(encoding="utf-8"))}
    assert named
    assert named <= {path.name for path in NOTEBOOKS}


@each
def test_committed_outputs_are_whole_and_name_no_machine(path: Path) -> None:
    notebook = read(path)
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in codes] == list(range(1, len(codes) + 1))
    assert not [output for cell in outputs(notebook) for output in cell if output.output_type == "error"]
    together = set.union(*kinds(notebook))
    assert {"image/png", "text/html"} <= together
    assert "stderr" not in together
    assert not any(cell.metadata for cell in notebook.cells)
    assert not MACHINE.search(words(notebook))
    assert path.stat().st_size < 1000 * KILOBYTES


@each
@pytest.mark.parametrize(
    "smaller", [pytest.param(True, marks=pytest.mark.slow), pytest.param(False, marks=pytest.mark.nightly)]
)
def test_runs_from_top_to_bottom_and_shows_what_is_committed(
    path: Path, smaller: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    committed = read(path)
    folder = tmp_path / "work"
    folder.mkdir()
    executed = execute(path, folder, SMALLER.get(path.stem, {}) if smaller else {})
    strip(executed)
    assert kinds(executed) == kinds(committed)
    assert not list(folder.iterdir())
