"""CONTRIBUTING.md and CITATION.cff: what they name is there, and the map has a place for every package."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MAP = GUIDE.split("\n## The map of the house")[1].split("\n## ")[0]
SOURCES = ("envs/security_dilemma", "training/security_dilemma_training")


def places(text: str) -> list[str]:
    """Paths in backticks: they have a slash, or are a file at the root."""
    named = re.findall(r"`([\w./-]+)`", text)
    return [name for name in named if "/" in name or re.fullmatch(r"[A-Z]+\.md", name)]


def test_what_it_names_is_there() -> None:
    short = {"algorithms/": "training/security_dilemma_training/algorithms/"}
    named = [short.get(name, name) for name in places(GUIDE)] + re.findall(r"\]\(([^)#:]+)\)", GUIDE)
    assert len(named) > 40
    assert [name for name in named if not (ROOT / name).exists()] == []
    assert (ROOT / "tests/notebooks/regenerate.py").exists()


def test_every_package_and_folder_has_a_place_in_the_map() -> None:
    on_map = {name.rstrip("/") for name in places(MAP)}
    packages = {
        path.parent.relative_to(ROOT).as_posix() for source in SOURCES for path in (ROOT / source).glob("*/__init__.py")
    }
    folders = {"configs", "notebooks", "docs", "tests", "benchmarks", *SOURCES}
    assert packages | folders <= on_map


def test_its_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"make ([a-z-]+)", GUIDE)
    assert {"setup", "fast", "test", "format", "schema"} <= set(targets)
    assert [target for target in targets if f"\n{target}:" not in makefile] == []


@pytest.fixture(scope="module")
def citation() -> dict[str, Any]:
    data = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return data


def test_the_citation_has_what_its_format_requires(citation: dict[str, Any]) -> None:
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert all(isinstance(citation[key], str) and citation[key] for key in ("message", "title", "abstract"))
    for cited in (citation, *citation["references"]):
        assert all(author.get("name") or author.get("family-names") for author in cited["authors"])
    assert all(isinstance(word, str) for word in citation["keywords"])


def test_the_citation_is_of_this_version(citation: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
    assert project["name"] in citation["title"]
