"""The pages of the docs as their tests read them: blocks of code, the commands in them, and doing what they say."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest

from security_dilemma_training.cli import main

__all__ = ["DOCS", "PAGES", "ROOT", "Block", "blocks", "commands", "follow", "section"]

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md") if "generated" not in path.parts)
"""The pages that are committed, by their place in ``docs``."""

BLOCK = re.compile(r"^( *)```([^\n`]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r'title="([^"]+)"')
SHELL = ("bash", "console", "sh", "")
STARTS = {"python": [], "security-dilemma": ["-m", "security_dilemma_training.cli"]}
"""What a program is started with after the interpreter."""


class Block(NamedTuple):
    """A fenced block of a page."""

    language: str
    title: str  # name of the file that it is saved as; empty if it is none
    text: str


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of Markdown in order."""
    found = []
    for indent, told, body in BLOCK.findall(text):
        title = TITLE.search(told)
        lines = re.sub(f"^{indent}", "", body, flags=re.MULTILINE)
        found.append(Block(told.partition(" ")[0], title.group(1) if title else "", lines))
    return found


def section(text: str, title: str) -> list[Block]:
    """Return the blocks below a heading of the second level."""
    parts = dict(part.split("\n", 1) for part in text.split("\n## ")[1:])
    found = blocks(parts[title])
    assert found, title
    return found


def commands(block: Block) -> list[list[str]]:
    """Return the words of every command of a block for the shell, its program first and without a folder.

    The commands of a pipe are told one by one.
    """
    if block.language not in SHELL or block.title:
        return []
    lines = block.text.replace("\\\n", " ").splitlines()
    found = [shlex.split(line.removeprefix("$ "), comments=True) for line in lines]
    parts = [list(part) for words in found for piped, part in groupby(words, "|".__eq__) if not piped]
    return [[program.removeprefix(".venv/bin/"), *words] for program, *words in parts]


def follow(
    given: Iterable[Block],
    folder: Path,
    more: Mapping[str, Sequence[str]] = MappingProxyType({}),
    warnings: str = "error",
    *,
    here: bool = False,
) -> str:
    """Do what blocks say, in a folder: save those that have a name, run the commands of the others.

    Commands of other programs, which prepare the machine, are left out.

    Args:
        given: The blocks.
        folder: Where it is done.
        more: What commands of the package take as well, by the command, so that they are short.
        warnings: What Python does on a warning.
        here: Whether the package's commands run in this process, which saves the seconds that its imports take. Not
            where a page brings modules of its own.

    Returns:
        All that the commands print.
    """
    path = os.pathsep.join([str(ROOT / "envs"), str(ROOT / "training"), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONWARNINGS": warnings, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    printed = ""
    for block in given:
        if block.title:
            (folder / block.title).write_text(block.text, encoding="utf-8")
        for program, *words in commands(block):
            if program not in STARTS:
                continue
            extra = more.get(words[0], ())
            if here and program == "security-dilemma":
                printed += _called([program, *words, *extra], folder, environment)
                continue
            command = [sys.executable, *STARTS[program], *words, *extra]
            ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
            assert ended.returncode == 0, f"{program} {shlex.join(words)}\n{ended.stdout}\n{ended.stderr}"
            printed += ended.stdout
    return printed


def _called(words: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    """What a command of the package prints; it runs in this process."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", words)
        patch.setattr(sys, "path", [*sys.path])
        for name in environment.keys() - os.environ.keys() | {"PYTHONWARNINGS", "PYTHONPATH"}:
            patch.setenv(name, environment[name])
        patch.chdir(folder)
        with pytest.raises(SystemExit) as end:
            main()
    assert not end.value.code, f"{shlex.join(words)}\n{out.getvalue()}\n{err.getvalue()}"
    return out.getvalue()
