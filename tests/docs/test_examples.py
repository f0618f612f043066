"""The examples of the docs: code runs and prints what the page says, commands and configs are valid."""

from __future__ import annotations

import importlib.util
import shutil
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
import yaml
from docs.generators.commands import commands as known_commands

from security_dilemma_training import import_paths
from security_dilemma_training.benchmark.plan_config import BenchmarkConfig, load_benchmark
from security_dilemma_training.config import FourWorldsConfig, RunConfig, load, parse
from security_dilemma_training.phase_diagram.diagram_config import PhaseDiagramConfig
from security_dilemma_training.studies.finding import load_study
from security_dilemma_training.studies.study_config import StudyConfig
from tests.docs.pages import DOCS, PAGES, ROOT, Block, blocks, commands, follow

OTHERS = ("pip", "ray", "source", "cd", "git", "jupyter", "printf")
"""Programs of other packages and of the shell."""

ELSEWHERE = {
    "dataset.md": "test_dataset.py",
    "how_to/your_own_algorithm.md": "test_own_algorithm.py",
    "stage_games.md": "test_stage_games.py",
}
"""Pages whose code is run by a test of their own."""

SLOW = {"theory.md"}
"""Pages whose code takes more than a second."""

FOLLOWED = ("tutorial.md", "how_to/own_motive.md", "how_to/many_states.md")
"""Pages that are followed step by step."""

ALONE = ("--workers", "1")
SHORT = {
    "train": (
        "schedule.agent_steps=20000",
        "learner.n_epochs=1",
        "learner.backend=sb3",
        "evaluation.games=20",
        "seeds=[0,3]",
        *ALONE,
    ),
    "evaluate": ("--games", "20", *ALONE),
    "tournament": ("--games", "10", *ALONE),
}
"""What makes their commands short."""


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def python_of(page: str) -> list[tuple[Block, Block | None]]:
    """The examples of a page, each with the block that says what it prints."""
    found = blocks(text_of(page))
    pairs = zip_longest(found, found[1:])
    return [
        (block, after if after and after.language == "text" else None)
        for block, after in pairs
        if block.language == "python" and not block.title
    ]


def agree(printed: str, told: str) -> bool:
    """Whether what is printed is what the page tells; a line of … stands for any lines."""
    rest = printed.strip().splitlines()
    parts = [part.strip().splitlines() for part in told.strip().split("\n…\n")]
    whole = [line for part in parts for line in part]
    if len(parts) == 1:
        return rest == whole
    first, last = parts[0], parts[-1]
    return len(parts) == 2 and len(rest) > len(whole) and rest[: len(first)] == first and rest[-len(last) :] == last


CODED = [page for page in PAGES if page not in ELSEWHERE and python_of(page)]


def test_pages_with_a_test_of_their_own_have_it() -> None:
    assert set(ELSEWHERE) <= set(PAGES)
    assert all((Path(__file__).parent / test).exists() for test in ELSEWHERE.values())


def test_agree() -> None:
    assert agree("1\n2\n", "1\n2")
    assert agree("1\n2\n3\n4\n", "1\n…\n4")
    assert not agree("1\n2\n", "1\n3")
    assert not agree("1\n2\n3\n4\n", "1\n…\n3")
    assert not agree("1\n4\n", "1\n…\n4")


@pytest.mark.parametrize("page", [pytest.param(page, marks=[pytest.mark.slow] * (page in SLOW)) for page in CODED])
def test_code_runs_and_prints_what_the_page_says(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": page}
    for block, told in python_of(page):
        exec(compile(block.text, page, "exec"), names)
        printed = capsys.readouterr().out
        assert told is None or agree(printed, told.text), printed


def commands_of(page: str) -> list[list[str]]:
    return [words for block in blocks(text_of(page)) for words in commands(block)]


@pytest.mark.parametrize("page", [page for page in (*PAGES, "../README.md", "../CONTRIBUTING.md") if commands_of(page)])
def test_commands_are_valid(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_paths, "trust_imports", lambda: None)
    for program, *words in commands_of(page):
        if program == "security-dilemma":
            assert_valid(page, *words)
        elif program == "make":
            assert f"\n{words[0]}:" in (ROOT / "Makefile").read_text()
        elif program == "python" and words[0] == "-m":
            assert importlib.util.find_spec(words[1]) is not None
            assert all((ROOT / word).exists() for word in words[2:] if "/" in word)
        else:
            assert program in OTHERS or (program == "python" and is_saved(words[0], page)), [program, *words]


def is_saved(name: str, page: str) -> bool:
    """Whether the page says what to save under a name."""
    return name in {block.title for block in blocks(text_of(page))}


def assert_valid(page: str, name: str, *words: str) -> None:
    """A command of the package takes these words, and configs that are named are there, and take the changes."""
    if name in ("--help", "--version"):
        return
    command, above = known_commands()[name]
    if "--help" in words:
        return
    given = command.make_context(name, list(words), parent=above.parent).params
    if name == "study" and given["name"] is not None:
        load_study(given["name"], given["overrides"] or [])
    config = given.get("config") or next((Path(word) for word in words if word.endswith((".yaml", ".yml"))), None)
    if config is None or is_saved(str(config), page):
        return
    assert (ROOT / config).exists(), config
    changes = [word for word in words if "=" in word and not word.startswith("-")]
    if name == "train":
        load(ROOT / config, changes, RunConfig)
    elif name == "four-worlds":
        load(ROOT / config, changes, FourWorldsConfig)
    elif name == "benchmark":
        load_benchmark(ROOT / config, changes)
    elif name == "phase-diagram":
        load(ROOT / config, changes, PhaseDiagramConfig)


def configs_of(page: str) -> list[str]:
    return [block.text for block in blocks(text_of(page)) if block.language == "yaml"]


@pytest.mark.parametrize("page", [page for page in PAGES if configs_of(page)])
def test_configs_are_valid(page: str) -> None:
    for text in configs_of(page):
        data = yaml.safe_load(text)
        if "algorithms" in data or "schemes" in data:
            BenchmarkConfig.model_validate(data)
        elif "planes" in data:
            parse(data, PhaseDiagramConfig)
        elif "conditions" in data:
            parse(data, StudyConfig)
        elif "worlds" in data:
            parse(data, FourWorldsConfig)
        else:
            parse(data if "stage_game" in data else {"world": "intense"} | data, RunConfig)


@pytest.mark.slow
@pytest.mark.parametrize("page", FOLLOWED)
def test_pages_can_be_followed(page: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    follow(blocks(text_of(page)), tmp_path, SHORT, here=True)
