"""What results are known by."""

from __future__ import annotations

from pathlib import Path

import pytest

import security_dilemma
from security_dilemma_training import kept
from security_dilemma_training.kept import source_hash


def test_the_source_of_the_rules_and_of_the_modules_named_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules, here = tmp_path / "rules", tmp_path / "here"
    for folder in (rules / "deeper", here):
        folder.mkdir(parents=True)
    named, other, deep = here / "named.py", here / "other.py", rules / "deeper" / "rule.py"
    for path in (rules / "__init__.py", named, other, deep):
        path.write_text("0\n")
    monkeypatch.setattr(security_dilemma, "__file__", str(rules / "__init__.py"))
    monkeypatch.setattr(kept, "__file__", str(here / "kept.py"))
    found = [source_hash(["named"])]
    for path in (named, deep, other):
        path.write_text("1\n")
        found.append(source_hash(["named"]))
    assert len(set(found)) == 3
    assert found[2] == found[3]
