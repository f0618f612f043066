"""The command ``replay``: who plays which games, what is looked for, and what it writes and refuses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from security_dilemma_training import cli
from security_dilemma_training.replay import finding, page
from security_dilemma_training.replay.casting import cast
from security_dilemma_training.replay.episode import Episode
from security_dilemma_training.runs import Run
from tests.training.untrained import untrained


@pytest.fixture(autouse=True)
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run in the working directory, and configs of two and three states."""
    monkeypatch.chdir(tmp_path)
    Path("crises.yaml").write_text("world: doubly_dangerous\nparams: {crisis_rate: 1.0}\ngame: {max_cycles: 6}\n")
    learner = "learner: {slots: 6, n_steps: 8, batch_size: 48}"
    Path("three.yaml").write_text(f"world: intense\ngame: {{n_states: 3, max_cycles: 6}}\n{learner}\n")
    return untrained(Path("runs/seed_0"), params={"war_cost": 0.3}, game={"max_cycles": 6, "action_mode": "discrete"})


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, tuple[Episode, ...]]]:
    """What would have been written: the page itself has tests of its own."""
    pages: list[tuple[Path, tuple[Episode, ...]]] = []

    def write(episodes: Sequence[Episode], path: Path) -> None:
        pages.append((path, tuple(episodes)))

    monkeypatch.setattr(page, "write_replay", write)
    return pages


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["security-dilemma", "replay", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert isinstance(end.value.code, int)
    return end.value.code


Written = list[tuple[Path, tuple[Episode, ...]]]


def test_a_run_is_replayed_in_its_own_games_and_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], written: Written
) -> None:
    assert call(monkeypatch, "runs/seed_0", "--seed", "3") == 0
    (path, (episode,)) = written[0]
    assert path == Path("runs/seed_0/replay.html")
    assert (episode.seed, episode.world, episode.max_cycles) == (3, "not_intense", 6)
    assert episode.params["war_cost"] == 0.3
    assert episode.players == ("runs/seed_0",) * 2
    assert episode.intents == ("security_seeker",) * 2
    assert (episode.chosen, episode.belief_kind) == (None, None)
    out = capsys.readouterr().out
    assert f"not_intense: runs/seed_0, seed 3: {episode.outcome}" in out
    assert "written to runs/seed_0/replay.html" in out


def test_a_run_in_another_world_keeps_the_shape_of_its_game(monkeypatch: pytest.MonkeyPatch, written: Written) -> None:
    assert call(monkeypatch, "runs/seed_0", "dove", "--world", "intense", "--intents", "greedy,seeker") == 0
    episode = written[0][1][0]
    assert (episode.world, episode.max_cycles) == ("intense", 6)
    assert (episode.params["war_cost"], episode.params["balance"]) == (0.25, -0.9)
    assert episode.players == ("runs/seed_0", "dove")
    assert episode.intents == ("greedy", "security_seeker")


def test_a_game_is_looked_for_and_said_to_be_chosen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], written: Written
) -> None:
    asked = ("dove", "hawk", "--config", "crises.yaml", "--seed", "2", "--find", "war", "--out", "deep/war.html")
    assert call(monkeypatch, *asked) == 0
    (path, (episode,)) = written[0]
    assert path == Path("deep/war.html")
    assert path.parent.is_dir()
    chosen = "Seed 2, the first game looked at, was chosen because it sees a war; of 1000 such games 100.0% do."
    assert episode.chosen == chosen
    out = capsys.readouterr().out
    assert out.startswith(chosen)
    assert "crises: dove against hawk, seed 2: A tragic war, of two security seekers, in step 1" in out
    assert call(monkeypatch, *asked, "--beside", "dove") == 0
    assert [episode.chosen for episode in written[1][1]] == [chosen, None]  # the second one has the seed of the first


def test_a_second_game_has_the_same_seed_and_intents(monkeypatch: pytest.MonkeyPatch, written: Written) -> None:
    games = ("--config", "crises.yaml", "--seed", "4", "--intents", "drawn", "--out", "x.html")
    assert call(monkeypatch, "dove", *games, "--beside", "dove,hawk") == 0
    assert call(monkeypatch, "hawk", *games, "--beside-world", "intense") == 0
    assert call(monkeypatch, "hawk", *games, "--beside", "runs/seed_0") == 0
    first, second, third = (episodes for _, episodes in written)
    assert [episode.players for episode in first] == [("dove", "dove"), ("dove", "hawk")]
    assert [episode.world for episode in second] == ["doubly_dangerous", "intense"]
    assert [episode.players for episode in second] == [("hawk", "hawk")] * 2
    assert [episode.world for episode in third] == ["doubly_dangerous", "not_intense"]
    for one, other in (first, second, third):
        assert (one.seed, one.intents) == (other.seed, other.intents) == (4, one.intents)


def test_three_states_and_anyones_policy(monkeypatch: pytest.MonkeyPatch, written: Written) -> None:
    code = "import numpy as np\nclass Policy:\n    def act(self, seen, mask, rng):\n"
    Path("mine.py").write_text(f"{code}        return np.zeros((*seen.shape[:2], 3), int)\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert call(monkeypatch, "mine:Policy", "--config", "three.yaml") == 0
    (path, (episode,)) = written[0]
    assert (path, episode.players) == (Path("replay.html"), ("mine:Policy",) * 3)
    assert {row.move for row in episode.states} == {"hold", None}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("dove",), "world is missing: no player is a run folder, so name the games with --world"),
        (("dove", "--world", "intens"), "world = 'intens' is unknown: did you mean 'intense'?"),
        (("dove", "--world", "intense", "--config", "crises.yaml"), "are both given: give one of them"),
        (("dove", "hawk", "grim", "--world", "intense"), "are 3: give one for all states, or one for each of 2"),
        (("nobody", "--world", "intense"), "player 'nobody' is nobody's name"),
        (("dove", "--world", "intense", "--intents", "seeker,evil"), "'evil' must be seeker or greedy"),
        (("dove", "--world", "intense", "--intents", "greedy,seeker,seeker"), "are 3: give one for all states of"),
        (("dove", "--world", "intense", "--out", "there.html"), "is there already: replace it with --overwrite"),
        (("dove", "--world", "intense", "--out", "runs"), "is a folder: name a file in it"),
        (("dove", "--world", "intense", "--find", "war"), "find = 'war': none of 1000 games from seed 0 on"),
        (("dove", "--world", "intense", "--find", "glory"), "Invalid value for '--find'"),
        (("runs/seed_0", "--config", "three.yaml"), "was trained with n_states = 2, these games have 3"),
        (("runs/none", "--world", "intense"), "player 'runs/none' is nobody's name"),
        (("runs/none",), "player 'runs/none' is nobody's name"),
        (("runs",), "runs is not a run: it has no manifest.json"),
        (("runs/seed_0", "--beside", ""), "player '' is nobody's name"),
        (("dove", "--world", "intense", "--out", "there.html/x.html"), "which is a file: name a folder"),
    ],
)
def test_faults_are_told_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    written: Written,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    Path("there.html").write_text("kept")
    assert call(monkeypatch, *arguments) == 2
    error = capsys.readouterr().err
    assert told in " ".join(error.split())
    assert "Traceback" not in error
    assert written == []
    assert not Path("replay.html").exists()


def test_an_untrained_run_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], run: Run
) -> None:
    run.policy_path.unlink()
    assert call(monkeypatch, "runs/seed_0") == 2
    assert "policy.npz" in capsys.readouterr().err


def test_a_folder_of_a_path_is_not_told_on_the_page(run: Run, tmp_path: Path) -> None:
    found = cast([str(tmp_path / "runs/seed_0")])
    assert found.players == ("runs/seed_0", "runs/seed_0")
    assert found.title == "not_intense: runs/seed_0"


def test_a_title_says_the_world_once(run: Run) -> None:
    run.folder.parent.rename("not_intense")
    assert cast(["not_intense/seed_0", "dove"]).title == "not_intense: seed_0 against dove"
    assert cast(["not_intense/seed_0"], world="intense").title == "intense: not_intense/seed_0"


def test_an_interrupted_replay_writes_nothing_and_promises_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_given: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(finding, "find_game", interrupt)
    assert call(monkeypatch, "dove", "--world", "intense", "--find", "crisis") == 130
    assert capsys.readouterr().err.endswith("interrupted: nothing was written\n")
    assert not Path("replay.html").exists()


@pytest.mark.slow
def test_the_whole_command_writes_a_page_with_beliefs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("kydd.yaml").write_text("stage_game: kydd_reassurance\n")
    assert call(monkeypatch, "dove", "hawk", "--config", "kydd.yaml", "--beliefs", "--intents", "seeker,greedy") == 0
    text = Path("replay.html").read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "kydd: dove against hawk" in text
    assert "written to replay.html" in capsys.readouterr().out


def test_help_imports_neither_numpy_nor_torch_nor_altair() -> None:
    code = (
        "import sys; sys.argv = ['security-dilemma', 'replay', '--help']\n"
        "from security_dilemma_training.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'torch', 'altair', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_run_that_learned_among_partners_and_now_meets_itself_is_told_apart() -> None:
    untrained(Path("runs/seed_1"), game={"max_cycles": 6}, partners={"scheme": "frozen", "policies": ["dove"]})
    alone, among = cast(["runs/seed_1"]), cast(["runs/seed_1", "dove"])
    assert alone.players == ("runs/seed_1 (learned among partners, here among its like)",) * 2
    assert among.players == ("runs/seed_1", "dove")
    assert cast(["runs/seed_0"]).players == ("runs/seed_0",) * 2
