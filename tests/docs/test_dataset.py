"""The example of docs/dataset.md runs on a dataset that is made as the page says."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import DOCS, ROOT, Block, blocks, follow

MADE = """\
security-dilemma train configs/intense.yaml schedule.agent_steps=20000 learner.n_epochs=1
security-dilemma export runs/intense --out intense.npz --games 100
"""


@pytest.mark.slow
def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    follow([Block("bash", "", MADE)], tmp_path, here=True)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    examples = [block for block in blocks((DOCS / "dataset.md").read_text("utf-8")) if block.language == "python"]
    assert len(examples) == 1
    exec(examples[0].text, names)
    assert 0 <= names["strikes"] <= 1
