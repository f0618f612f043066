"""The command ``play``: lines from a pipe, keys on a terminal, how it ends and what it refuses."""

from __future__ import annotations

import io
import os
import re
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from security_dilemma_training import cli
from security_dilemma_training.replay import page
from tests.training.commands_for_tests import HEEDING_CTRL_C
from tests.training.untrained import untrained

ROOT = Path(__file__).parents[2]
GAME = ("--world", "doubly_dangerous", "--against", "grim", "--seed", "12")


def call(monkeypatch: pytest.MonkeyPatch, lines: str, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["security-dilemma", "play", *arguments])
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert isinstance(end.value.code, int)
    return end.value.code


def flowing(text: str) -> str:
    """Text without its line breaks."""
    return " ".join(text.split())


def test_a_game_from_a_pipe_ends_with_what_was_hidden(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "2 1\n" * 3, *GAME, "--max-cycles", "3", "--intent", "greedy") == 0
    told = capsys.readouterr().out
    before, end = told.split("the end ─", 1)
    assert "You are greedy: what you conquer is worth 0.5 of its economy to you." in flowing(before)
    assert re.search(r"you +greedy +you +-?\d\.\d{3}", end)
    assert re.search(r"state_1 +(security seeker|greedy) +grim +-?\d\.\d{3}", end)
    assert re.search(r"state_1 +(security seeker|greedy)", before) is None
    options = f"{' '.join(GAME[:4])} --intent greedy --max-cycles 3 --seed 12"
    assert f"the same game again: security-dilemma play {options}" in told


def test_the_commands_printed_at_the_end_play_the_same_game(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One with a drawn seed, to its war or its end; the moves of the last line give it again."""
    assert call(monkeypatch, "2 1\n4\n2\n" * 64, "--max-cycles", "9", "--against", "random") == 0
    first = capsys.readouterr().out
    words = shlex.split(first.splitlines()[-1])
    lines = words[words.index("%s\\n") + 1 : words.index("|")]
    again = words[words.index("play") + 1 : words.index("--out")]
    assert call(monkeypatch, "\n".join(lines) + "\n", *again) == 0
    second = capsys.readouterr().out
    assert second.split("the end ─")[1] == first.split("the end ─")[1]


def test_whoever_leaves_is_told_how_to_play_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "2\nq\n", *GAME) == 0
    told = capsys.readouterr().out
    assert told.endswith(f"left in step 1; the same game from the start: security-dilemma play {' '.join(GAME)}\n")
    assert "the end ─" not in told


def test_a_game_whose_replay_cannot_be_written_is_not_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fail(*_given: object) -> None:
        raise OSError(28, "No space left on device", "game.html")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(page, "write_replay", fail)
    assert call(monkeypatch, "2 1\n", *GAME, "--max-cycles", "1", "--out", "game.html") == 2
    told = capsys.readouterr()
    assert "printf '%s\\n' '2 1' | security-dilemma play" in told.out
    assert told.err == "security-dilemma: game.html: No space left on device\n"


@pytest.mark.slow
def test_a_run_is_played_against_in_its_own_games(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run = untrained(tmp_path / "run")
    assert call(monkeypatch, "0\n", "--against", str(run.folder), "--as", "1", "--max-cycles", "1") == 0
    told = flowing(capsys.readouterr().out)
    assert run.config.label.replace("_", " ") in told
    assert "you are state_1" in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--against", "grimm"), "player 'grimm' is nobody's name: did you mean 'grim'?"),
        (("--world", "tense"), "world = 'tense' is unknown: did you mean 'intense'?"),
        (("--as", "2"), "as = 2 must be in [0, 1]: the game has 2 states"),
        (("--intent", "hawkish"), "intent = 'hawkish' must be seeker or greedy"),
        (("--out", "there.html"), "out = 'there.html' is there already: replace it with --overwrite"),
        (("--out", "."), "out = '.' is a folder: name a file in it"),
        (("--out", "there.html/x.html"), "which is a file: name a folder"),
        (("--against", ""), "player '' is nobody's name"),
        (("--states", "9"), "Invalid value for '--states'"),
        ((), "standard input ends before the game does: give a line for each turn, or q to leave"),
    ],
)
def test_faults_are_told(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.html").write_text("kept")
    assert call(monkeypatch, "0\n", *arguments) == 2
    assert message in flowing(capsys.readouterr().err)
    assert Path("there.html").read_text() == "kept"


@pytest.mark.slow
def test_the_replay_of_a_game_is_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "games" / "one.html"
    assert call(monkeypatch, "2\n" * 2, *GAME, "--max-cycles", "2", "--out", str(out)) == 0
    assert f"its replay is in {out}; open it in a browser" in capsys.readouterr().out
    assert "doubly_dangerous: you against grim" in out.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_commands_of_the_page_run(tmp_path: Path) -> None:
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "docs/how_to/play.md").read_text(encoding="utf-8"), re.DOTALL)
    program = f"{shlex.quote(sys.executable)} -m security_dilemma_training.cli"
    paths = os.pathsep.join([str(ROOT / "envs"), str(ROOT / "training")])
    environment = os.environ | {"PYTHONPATH": paths}
    told = []
    for line, given in zip(blocks, ("q\n", None), strict=True):
        command = ["sh", "-c", line.replace("security-dilemma", program)]
        done = subprocess.run(
            command, input=given, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        told.append(done.stdout)
    assert "left in step 0" in told[0]
    assert "You: arm defensively, pledge." in told[1]
    assert "the end ─" in told[1]


class Terminal:
    """A terminal of 80 columns, on which the command runs."""

    def __init__(self, process: subprocess.Popen[bytes], keyboard: int) -> None:
        self.process, self._keyboard = process, keyboard
        self.shown = ""

    def press(self, keys: str) -> None:
        os.write(self._keyboard, keys.encode())

    def see(self, words: str, seconds: float = 30.0) -> None:
        """Wait until ``words`` come up after what was seen before, and have seen them."""
        end = time.monotonic() + seconds
        while words not in self.shown:
            ready = select.select([self._keyboard], [], [], max(0.0, end - time.monotonic()))[0]
            assert ready, f"{words!r} did not come up in: {self.shown}"
            try:
                self.shown += os.read(self._keyboard, 4096).decode(errors="replace")
            except OSError as error:  # the command has ended
                raise AssertionError(f"{words!r} did not come up in: {self.shown}") from error
        self.shown = self.shown.partition(words)[2]


@contextmanager
def terminal(*arguments: str) -> Iterator[Terminal]:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", HEEDING_CTRL_C, "play", *arguments]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80", "LINES": "40", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=environment, start_new_session=True
    ) as process:
        os.close(theirs)
        try:
            yield Terminal(process, ours)
        finally:
            process.kill()
            os.close(ours)


UP, DOWN, LEFT, ENTER = "\x1b[A", "\x1b[B", "\x1b[D", "\r"


@pytest.mark.slow
def test_arrow_keys_numbers_help_and_back_on_a_terminal() -> None:
    with terminal("--against", "dove", "--seed", "1", "--max-cycles", "2", "--intent", "seeker") as screen:
        screen.see("Your move")
        screen.press(DOWN)
        screen.see("buy 0.5 units of defensive arms")
        screen.press("x")
        screen.see("x is no choice: 0, 1, 2, 3")
        screen.press("?")
        screen.see("halve both stocks")
        screen.press(ENTER)
        screen.see("Your signal")
        screen.press(LEFT)
        screen.see("Your move")
        screen.press(UP + ENTER)
        screen.see("Your signal")
        screen.press("1")
        screen.see("You: disarm, assure.")
        screen.see("step 1")
        screen.press("1" + ENTER)
        screen.see("You: arm defensively, silent.")
        screen.see("the end")
        screen.see("the same game again")
        assert screen.process.wait(30) == 0


@pytest.mark.slow
def test_ctrl_c_and_q_give_the_terminal_back() -> None:
    termios = pytest.importorskip("termios")
    for keys, status in (("q", 0), ("\x04", 0), (None, 130)):
        with terminal(*GAME) as screen:
            screen.see("Your move")
            settings = termios.tcgetattr(screen._keyboard)
            assert not settings[3] & termios.ICANON
            if keys is None:
                screen.process.send_signal(signal.SIGINT)
            else:
                screen.press(keys)
            screen.see("left in step 0; the same game from the start: security-dilemma play")
            assert termios.tcgetattr(screen._keyboard)[3] & termios.ICANON
            assert screen.process.wait(30) == status
