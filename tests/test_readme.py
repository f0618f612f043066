"""The README's examples run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from security_dilemma_training.cli import app

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_python_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 3
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)
    *drawing, minimum_trust, nash_conv = capsys.readouterr().out.splitlines()
    assert "state_1" in "".join(drawing)
    assert float(minimum_trust) == pytest.approx(0.3301, abs=1e-4)
    assert float(nash_conv) == pytest.approx(0.0, abs=1e-12)
    assert len(getattr(names["env"], "possible_agents", ())) == 3


def test_the_files_and_commands_that_it_names_are_there() -> None:
    root = Path(__file__).parents[1]
    named = re.findall(r"\]\(([^)#:]+)\)", README) + re.findall(r"configs/\w+\.yaml", README)
    assert named
    assert [path for path in named if not (root / path).exists()] == []
    makefile = (root / "Makefile").read_text()
    for target in re.findall(r"make ([a-z-]+)", README):
        assert f"\n{target}:" in makefile
    commands = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    assert set(re.findall(r"security-dilemma ([a-z-]+)", README)) <= commands
