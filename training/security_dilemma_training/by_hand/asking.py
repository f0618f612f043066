"""How a person is asked: a menu for arrow keys and numbers on a terminal, lines of numbers or names elsewhere."""

from __future__ import annotations

import os
import re
import select
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from security_dilemma.params import nearest
from security_dilemma.state import Move, Signal
from security_dilemma_training.by_hand.choices import Choice, Question
from security_dilemma_training.faults import ConfigError, Fault

try:
    import termios
    import tty
except ImportError:  # only POSIX systems have them
    termios = tty = None  # type: ignore[assignment]

__all__ = ["Asker", "Keys", "LeftError", "Lines", "asker"]

UP, DOWN, BACK, ENTER, HELP = ("k", "\x1b[A"), ("j", "\x1b[B"), ("\x1b[D", "\x7f"), ("\r", "\n"), ("?",)
QUIT = ("q", "Q", "\x04")  # the last one is Ctrl-D
KNOWN = {member.name.lower() for kind in (Move, Signal) for member in kind}
KEY = re.compile(r"\x1b[\[O][A-D]|.", re.DOTALL)
ESCAPE_SECONDS = 0.05  # within which the rest of an arrow key arrives


class LeftError(Exception):
    """The person has left the game."""


class Asker(Protocol):
    """What asks a person."""

    def ask(self, questions: Sequence[Question]) -> list[int]:
        """Return a value for each question.

        Raises:
            LeftError: If the person leaves.
        """
        ...


def asker(console: Console) -> Asker:
    """Return what asks on this terminal, or reads lines where there is none."""
    able = sys.stdin.isatty() and console.is_terminal and not console.is_dumb_terminal
    return Keys(console) if able and termios is not None else Lines(console, sys.stdin)


class Lines:
    """Reads a line for each turn, as ``1`` or ``arm_offensively assure``; what is left out is the first answer."""

    def __init__(self, console: Console, source: TextIO) -> None:
        """Read from ``source`` and explain on ``console``."""
        self._console, self._source = console, source
        self._explained = False

    def ask(self, questions: Sequence[Question]) -> list[int]:
        """Return a value for each question, see :class:`Asker`.

        Raises:
            LeftError: If the person leaves.
            ConfigError: If the lines end before the game does.
        """
        for question in questions:
            offered = ", ".join(f"{choice.value} {choice.name}" for choice in question.choices)
            self._say(f"  {question.name}: {offered}")
        if not self._explained:
            self._say("  A line for each turn, as `1` or `1 0`; `?` explains, `q` leaves.")
            self._explained = True
        while True:
            line = self._source.readline()
            words = line.split()
            if not line:
                self._ended()
            if words and words[0] in QUIT:
                raise LeftError
            if words and words[0] in HELP:
                for question in questions:
                    self._explain(question)
                continue
            answer = _answers(words, questions)
            if isinstance(answer, list):
                return answer
            self._say(f"  {answer}")

    def _ended(self) -> None:
        if self._source.isatty():
            raise LeftError
        problem = "ends before the game does: give a line for each turn, or q to leave"
        raise ConfigError([Fault("standard input", problem)])

    def _explain(self, question: Question) -> None:
        for choice in question.choices:
            self._say(f"  {question.name} {choice.value} {choice.name}: {choice.meaning}")

    def _say(self, words: str) -> None:
        self._console.print(words, markup=False, highlight=False, soft_wrap=True)


def _answers(words: Sequence[str], questions: Sequence[Question]) -> list[int] | str:
    """The values that a line gives, or what is wrong with it."""
    if not words:
        return f"an empty line is no answer: give a number for the {questions[0].name}"
    if len(words) > len(questions):
        asked = ", ".join(question.name for question in questions)
        return f"{' '.join(words)!r} has {len(words)} words: there is {asked} to choose"
    values = []
    for k, question in enumerate(questions):
        found = _chosen(words[k], question) if k < len(words) else question.choices[0]
        if isinstance(found, str):
            return found
        values.append(found.value)
    return values


def _chosen(word: str, question: Question) -> Choice | str:
    for choice in question.choices:
        if word in (str(choice.value), choice.name):
            return choice
    if word.isdigit() or word in KNOWN:
        offered = ", ".join(f"{choice.value} {choice.name}" for choice in question.choices)
        return f"{question.name} {word} cannot be chosen now: choose among {offered}"
    return f"{question.name} {word!r} is unknown: {nearest(word, [choice.name for choice in question.choices])}"


class Keys:
    """A menu for each question: arrow keys and Enter, or a number at once; ← goes back."""

    def __init__(self, console: Console) -> None:
        """Show menus on ``console`` and read the keys of standard input."""
        self._console = console
        self._waiting: list[str] = []

    def ask(self, questions: Sequence[Question]) -> list[int]:
        """Return a value for each question, see :class:`Asker`.

        Raises:
            LeftError: If the person leaves.
        """
        values: list[int] = []
        with _keys_at_once():
            while len(values) < len(questions):
                value = self._choose(questions[len(values)], first=not values)
                values = values[:-1] if value is None else [*values, value]
        return values

    def _choose(self, question: Question, *, first: bool) -> int | None:
        """Return the value that is chosen, or None to go back to the question before."""
        here, explained, word = 0, False, ""
        choices = question.choices
        with Live(console=self._console, auto_refresh=False, transient=True) as live:
            while True:
                live.update(_menu(question, here, explained, word, first), refresh=True)
                key, word = self._key(), ""
                numbered = [choice.value for choice in choices if key == str(choice.value)]
                if numbered:
                    return numbered[0]
                if key in ENTER:
                    return choices[here].value
                if key in QUIT:
                    raise LeftError
                if key in UP + DOWN:
                    here = (here + (1 if key in DOWN else -1)) % len(choices)
                elif key in HELP:
                    explained = not explained
                elif key in BACK and not first:
                    return None
                else:
                    word = _no_choice(key, choices)

    def _key(self) -> str:
        while not self._waiting:
            descriptor = sys.stdin.fileno()
            read = os.read(descriptor, 1024)
            if not read:
                raise LeftError
            while read in (b"\x1b", b"\x1b[", b"\x1bO") and select.select([descriptor], [], [], ESCAPE_SECONDS)[0]:
                read += os.read(descriptor, 1024)
            keys: list[str] = KEY.findall(read.decode(errors="replace"))
            self._waiting += [key.replace("\x1bO", "\x1b[") for key in keys]
        return self._waiting.pop(0)


def _menu(question: Question, here: int, explained: bool, word: str, first: bool) -> Group:
    rows = Table.grid(padding=(0, 2, 0, 0))
    for k, choice in enumerate(question.choices):
        name = Text(choice.name.replace("_", " "), style="reverse" if k == here else "")
        number = Text(f"  {'▸' if k == here else ' '} {choice.value}", style="bold")
        rows.add_row(number, name, Text(choice.meaning if explained or k == here else "", style="italic"))
    back = "" if first else "← back   "
    keys = Text(f"  ↑ ↓ Enter or a number   {back}? explain all   q leave", style="dim")
    heading = Text(f"  Your {question.name}", style="bold")
    return Group(heading, rows, keys, *([Text(f"  {word}", style="bold")] if word else []))


def _no_choice(key: str, choices: Sequence[Choice]) -> str:
    shown = key if key.isprintable() else "that key"
    return f"{shown} is no choice: {', '.join(str(choice.value) for choice in choices)}, arrow keys and Enter, ? or q"


@contextmanager
def _keys_at_once() -> Iterator[None]:
    """Let the terminal hand over keys as they are pressed, without showing them; Ctrl-C still interrupts."""
    descriptor = sys.stdin.fileno()
    settings = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor, termios.TCSADRAIN)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, settings)
