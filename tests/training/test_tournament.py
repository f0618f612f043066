"""A tournament: what is played, what an interrupted one goes on from, and what the report says."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from security_dilemma.params import WORLDS, ParameterError
from security_dilemma_training.errors import RunError
from security_dilemma_training.faults import ConfigError
from security_dilemma_training.jobs import Job, Outcome
from security_dilemma_training.runs import held
from security_dilemma_training.statistics import wilson_interval
from security_dilemma_training.tournaments import populations, tournament
from security_dilemma_training.tournaments import report as tournament_report
from security_dilemma_training.tournaments.contestants import Contestant, Member
from security_dilemma_training.tournaments.populations import evolution, matrix
from security_dilemma_training.tournaments.tournament import (
    CONDITIONS,
    GREEDY_FACING_SEEKER,
    SEEKER_FACING_GREEDY,
    SEEKERS,
    SELF_PLAY,
    Entry,
    Tournament,
    run_tournament,
    tournament_worlds,
)
from tests.training.runs_for_tests import silent
from tests.training.untrained import untrained

PAIRED = (("intense", "doubly_safe"), ("doubly_safe", "intense"))


def inline(jobs: list[Job], workers: int) -> list[Outcome]:
    """Do jobs in this process."""
    return [Outcome(job.name, job.function(report=silent, **job.kwargs)) for job in jobs]


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Jobs run in this process; the names of all of them."""
    names: list[str] = []

    def run(jobs: list[Job], workers: int) -> list[Outcome]:
        names.extend(job.name for job in jobs)
        return inline(jobs, workers)

    monkeypatch.setattr(tournament, "run_jobs", run)
    for name, small in (("STARTS", 20), ("STEPS", 200), ("DURATION", 200.0)):
        monkeypatch.setattr(populations, name, small)
    return names


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tournament_report, "save", lambda *_: [])


def entries_of_text(folder: Path) -> dict[tuple[str, ...], dict[str, str]]:
    with (folder / "matrix.csv").open() as file:
        rows = list(csv.DictReader(file))
    names = ("world", "condition", "row", "column")
    return {tuple(row[n] for n in names): {k: v for k, v in row.items() if k not in names} for row in rows}


def entries_of(folder: Path) -> dict[tuple[str, ...], dict[str, float]]:
    return {key: {k: float(v) for k, v in entry.items()} for key, entry in entries_of_text(folder).items()}


@pytest.mark.slow
def test_a_tournament_of_strategies(tmp_path: Path, in_process: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    worlds = tournament_worlds(["intense"])
    players = ["dove", "hawk", "bully"]
    assert run_tournament(players, worlds, tmp_path, 1, games=40, mixed=True, command="the command") == 0
    assert "tournament.md" in capsys.readouterr().out
    found = entries_of(tmp_path)
    assert len(found) == 4 * 9
    one, other = (found["intense", SEEKERS, *pair] for pair in (("dove", "hawk"), ("hawk", "dove")))
    assert one["war_rate"] == other["war_rate"] == 1
    assert np.isclose(one["survival"] + other["survival"], 1)
    assert one["payoff_low"] < one["payoff"] < one["payoff_high"]
    assert found["intense", SEEKERS, "dove", "dove"]["payoff"] == 1
    # one match tells of the seeker and of the greedy state in it
    sides = [
        found["intense", c, *p]
        for c, p in ((SEEKER_FACING_GREEDY, ("dove", "hawk")), (GREEDY_FACING_SEEKER, ("hawk", "dove")))
    ]
    assert np.isclose(sides[0]["survival"] + sides[1]["survival"], 1)
    results = json.loads((tmp_path / "results.json").read_text())
    assert set(results["replicator"]["intense"]) == {SEEKERS, "intents_drawn"}
    end = results["replicator"]["intense"][SEEKERS]["from_all_alike"]
    assert np.isclose(sum(end.values()), 1)
    assert end["hawk"] < 0.01
    text = (tmp_path / "tournament.md").read_text()
    assert "`the command`" in text
    assert "## Intense (b = -0.9, d = 0.0)" in text
    assert (tmp_path / "matrices_intense.png").exists()
    assert (tmp_path / "replicator.svg").exists()


@pytest.mark.usefixtures("no_figures")
def test_an_interrupted_tournament_goes_on(tmp_path: Path, in_process: list[str]) -> None:
    worlds = tournament_worlds(["intense"])
    run_tournament(["dove", "hawk"], worlds, tmp_path, 1, games=20)
    assert in_process == ["intense: dove v dove", "intense: dove v hawk", "intense: hawk v hawk"]
    before = (tmp_path / "matrix.csv").read_text()
    in_process.clear()
    run_tournament(["dove", "hawk"], worlds, tmp_path, 1, games=20)
    assert in_process == []
    assert (tmp_path / "matrix.csv").read_text() == before
    next((tmp_path / "matches").glob("*.json")).unlink()
    run_tournament(["dove", "hawk"], worlds, tmp_path, 1, games=20)
    assert len(in_process) == 1
    assert (tmp_path / "matrix.csv").read_text() == before
    in_process.clear()
    run_tournament(["dove", "hawk", "grim"], worlds, tmp_path, 1, games=20)
    assert in_process == ["intense: dove v grim", "intense: hawk v grim", "intense: grim v grim"]


def test_a_failed_match_is_told_and_no_report_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tournament, "run_jobs", lambda jobs, _: [Outcome(job.name, error="it broke") for job in jobs])
    assert run_tournament(["dove"], tournament_worlds(["intense"]), tmp_path, 1, games=20) == 1
    assert "it broke" in capsys.readouterr().err
    assert not (tmp_path / "tournament.md").exists()


@pytest.mark.usefixtures("no_figures")
def test_seeds_are_the_replicates_of_learned_players(tmp_path: Path, in_process: list[str]) -> None:
    for seed in range(3):
        untrained(tmp_path / "runs" / f"seed_{seed}", seed)
    worlds = tournament_worlds(["doubly_safe"])
    run_tournament([str(tmp_path / "runs"), "dove"], worlds, tmp_path / "out", 1, games=20)
    found = entries_of(tmp_path / "out")
    name = "learned_not_intense"
    assert found["doubly_safe", SEEKERS, name, name]["meetings"] == 3
    assert found["doubly_safe", SELF_PLAY, name, name]["meetings"] == 3
    assert found["doubly_safe", SEEKERS, "dove", name]["games"] == 60
    assert found["doubly_safe", SEEKERS, "dove", "dove"]["meetings"] == 1
    pairs = set()
    for path in (tmp_path / "out" / "matches").glob("*.json"):
        match = json.loads(path.read_text())["match"]
        pairs.add((match["first"], match["others"]))
    learned = [pair for pair in pairs if "dove" not in pair]
    assert len(learned) == 6  # each with itself, and with the next
    assert sum(first == others for first, others in learned) == 3
    text = (tmp_path / "out" / "tournament.md").read_text()
    assert "3 seeds tell little" in text
    assert "payoff in self-play" in text
    assert "no width, which is no certainty" in text


@pytest.mark.usefixtures("no_figures", "in_process")
def test_one_match_tells_of_both_sides(tmp_path: Path) -> None:
    run_tournament(["hawk", "dove"], tournament_worlds(["doubly_dangerous"]), tmp_path, 1, games=40)
    found = entries_of(tmp_path)
    hawk, dove = (found["doubly_dangerous", SEEKERS, *pair] for pair in (("hawk", "dove"), ("dove", "hawk")))
    assert hawk["payoff"] > dove["payoff"] + 0.3
    assert hawk["survival"] > 0.7
    assert np.isclose(hawk["survival"] + dove["survival"], 1)
    assert hawk["war_rate"] == dove["war_rate"] == 1
    assert len(list((tmp_path / "matches").iterdir())) == 3


@pytest.mark.usefixtures("no_figures", "in_process")
def test_seeds_of_two_worlds_meet_the_same_partners_from_either_side(tmp_path: Path) -> None:
    for world, seeds in (("intense", (0, 1)), ("doubly_safe", (2, 3, 4))):
        for seed in seeds:
            untrained(tmp_path / world / f"seed_{seed}", seed, world=world)
    players = [str(tmp_path / world) for world in ("intense", "doubly_safe")]
    run_tournament(players, tournament_worlds(["intense"]), tmp_path / "out", 1, games=10)
    found = entries_of_text(tmp_path / "out")
    one, other = (found["intense", SEEKERS, f"learned_{a}", f"learned_{b}"] for a, b in PAIRED)
    assert one["meetings"] == other["meetings"] == "3"
    assert one["war_rate"] == other["war_rate"]
    # among two seeds one match, among three three, between them three, and five with themselves
    assert len(list((tmp_path / "out" / "matches").iterdir())) == 1 + 3 + 3 + 5


def test_intents_are_drawn_with_the_trust_of_the_world() -> None:
    interval = wilson_interval(5, 10)
    wars = dict(zip(CONDITIONS, (0.1, 0.2, 0.4, 0.8), strict=True))
    entries = [
        Entry("intense", name, "a", "a", 1, 10, interval, interval._replace(estimate=war), interval)
        for name, war in wars.items()
    ]
    worlds = tournament_worlds(["intense"], {"trust": 0.7})
    asked = Tournament((Contestant("a", (Member("dove", None),)),), worlds, 10, 0, 2, 64, True)
    found = populations.populations_of(asked, entries)["intense"]
    assert found[SEEKERS].war_rate == pytest.approx(0.1)
    drawn = 0.49 * 0.1 + 0.21 * 0.2 + 0.21 * 0.4 + 0.09 * 0.8
    assert found[populations.DRAWN].war_rate == pytest.approx(drawn)


@pytest.mark.usefixtures("no_figures", "in_process")
def test_two_seeds_are_one_pair_and_one_seed_meets_itself(tmp_path: Path) -> None:
    for seed in range(2):
        untrained(tmp_path / "runs" / f"seed_{seed}", seed)
    worlds = tournament_worlds(["doubly_safe"])
    run_tournament([str(tmp_path / "runs")], worlds, tmp_path / "two", 1, games=20)
    among, alone = json.loads((tmp_path / "two" / "results.json").read_text())["entries"]
    assert (among["condition"], alone["condition"]) == (SEEKERS, SELF_PLAY)
    for quantity in ("payoff", "war_rate", "survival"):
        assert among[quantity]["low"] is None
        assert alone[quantity]["low"] is not None
    assert "meets itself" not in (tmp_path / "two" / "tournament.md").read_text()
    run_tournament([str(tmp_path / "runs" / "seed_0")], worlds, tmp_path / "one", 1, games=20)
    assert "One without another seed meets itself" in (tmp_path / "one" / "tournament.md").read_text()


def test_seeds_that_meet_in_a_ring_count_half() -> None:
    """A fifth of the seeds strike, so that a meeting sees a war with a chance of 1 - .8²."""
    rng, truth, held_by = np.random.default_rng(0), 1 - 0.8**2, {True: 0, False: 0}
    for strikes in rng.random((200, 20)) < 0.2:
        wars = (strikes | np.roll(strikes, -1)).astype(float)
        for ring in held_by:
            estimate, low, high = tournament._over(wars.tolist(), ring)
            assert estimate == wars.mean()
            held_by[ring] += low <= truth <= high
    assert held_by[True] >= 180
    assert held_by[False] < 180  # as if they were independent


def test_faulty_requests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="did you mean 'intense'"):
        tournament_worlds(["intens"])
    with pytest.raises(ParameterError, match=r"war_cost = 0.7 is outside \(0, 0.5\)"):
        tournament_worlds([], {"war_cost": 0.7})
    with pytest.raises(ConfigError, match="games = 1 must be at least 2"):
        run_tournament(["dove"], tournament_worlds([]), tmp_path, 1, games=1)
    with pytest.raises(ParameterError, match=r"n_states = 9 must be a whole number in \[2, 8\]"):
        run_tournament(["dove"], tournament_worlds([]), tmp_path, 1, n_states=9)
    with pytest.raises(ParameterError, match="war_cost has 2 values for 3 states"):
        tournament_worlds([], {"war_cost": [0.1, 0.2]}, 3)
    assert tournament_worlds([], {"war_cost": [0.1, 0.2]})["intense"].war_cost.tolist() == [0.1, 0.2]
    assert list(tournament_worlds([], {"war_cost": 0.3})) == list(WORLDS)
    assert tournament_worlds(["intense"], {"war_cost": 0.3})["intense"].war_cost == 0.3


def test_a_folder_in_use_is_refused(tmp_path: Path, in_process: list[str]) -> None:
    with held(tmp_path), pytest.raises(RunError, match="in use"):
        run_tournament(["dove"], tournament_worlds(["intense"]), tmp_path, 1, games=20)


def test_the_population_of_hawks_and_doves_in_the_full_game() -> None:
    """Among security seekers peace pays more than conquest: hawks die out unless they begin as a large majority."""
    found = evolution(["dove", "hawk"], np.array([[1.0, 0.1], [0.7, 0.4]]), np.array([[0.0, 1.0], [1.0, 1.0]]))
    # doves are worth x + .1 (1 - x), hawks .4 + .3 x: they part at x = 1/2
    assert abs(found.at_war - 0.5) < 0.06
    assert [round(float(point.max())) for _, point in found.points] == [1, 1]
    assert np.isclose(sum(basin for basin, _ in found.points), 1)


def test_the_matrix_of_a_condition() -> None:
    interval = wilson_interval(5, 10)
    entries = [
        Entry("w", SEEKERS, row, column, 1, 10, interval._replace(estimate=value), interval, interval)
        for row, column, value in (("a", "a", 1.0), ("a", "b", 2.0), ("b", "a", 3.0), ("b", "b", 4.0))
    ]
    assert matrix(entries, "w", SEEKERS).tolist() == [[1, 2], [3, 4]]


@pytest.mark.slow
def test_a_tournament_in_worker_processes(tmp_path: Path) -> None:
    assert run_tournament(["dove", "hawk"], tournament_worlds(["intense"]), tmp_path, 2, games=20) == 0
    assert entries_of(tmp_path)["intense", SEEKERS, "hawk", "hawk"]["war_rate"] == 1
