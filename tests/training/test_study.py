"""A study from its config to its page: what is learned from what, what is not done twice, and what fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from security_dilemma_training.errors import RunError
from security_dilemma_training.jobs import Job, Outcome
from security_dilemma_training.learners import load_policy
from security_dilemma_training.runs import Run
from security_dilemma_training.studies import report, study
from security_dilemma_training.studies.measurement import Measurement
from security_dilemma_training.studies.measuring import measure_seed
from security_dilemma_training.studies.registry import MEASUREMENTS
from security_dilemma_training.studies.study import print_plan
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.train import train
from security_dilemma_training.writing import folder_lock
from tests.training.no_figures import point
from tests.training.study_results import tiny

Done = list[str]


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(report, "save", point)
    monkeypatch.setattr(report, "study_figure", lambda results: None)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Done:
    """Let everything be done in this process; returns what was, in order. A run that `unlucky` names fails."""
    told: Done = []

    def quiet(_share: float, _message: str) -> None:
        """Tell nobody."""

    def attempt(name: str, what: Callable[[], Any]) -> Outcome:
        told.append(name)
        if Path("unlucky").exists() and Path("unlucky").read_text() == name:
            return Outcome(name, error="no luck")
        return Outcome(name, what())

    def learn(named: Sequence[tuple[str, Run]], _workers: int) -> list[Outcome]:
        return [attempt(f"learn {name}", lambda run=run: train(run, quiet)) for name, run in named]  # type: ignore[misc]

    def measure(jobs: Sequence[Job], _workers: int) -> list[Outcome]:
        return [
            attempt(f"measure {job.name}", lambda job=job: job.function(report=quiet, **job.kwargs))  # type: ignore[misc]
            for job in jobs
        ]

    monkeypatch.setattr(study, "run_in_processes", learn)
    monkeypatch.setattr(study, "run_jobs", measure)
    return told


LEARNED = [f"learn {name}/seed_{seed}" for seed in (0, 1) for name in ("trusting", "fearful")]
LATER = [f"learn later/seed_{seed}" for seed in (0, 1)]
MEASURED = [
    f"measure {name}/seed_{seed}" for seed in (0, 1) for name in ("trusting", "fearful", "later", "meet_grit", "hawks")
]
FAILED = [f"measure {name}/seed_1" for name in ("fearful", "later", "meet_grit")]


@pytest.mark.slow
def test_everything_is_done_once_in_its_order(done: Done, capsys: pytest.CaptureFixture[str]) -> None:
    assert study.study(tiny(), 1, "security-dilemma study trial") == 0
    assert done == [*LEARNED, *LATER, *MEASURED]
    told = capsys.readouterr()
    assert "3 conditions learned with 2 seeds: 6 runs of 256 agent-steps, and 2 conditions in which nothing" in told.err
    assert "hawks" in told.out
    assert Path("out/results.csv").read_text().count("\n") == 11
    hawks = json.loads(Path("out/hawks/seed_0/study.json").read_text())
    assert (hawks["players"], hawks["policy_sha256"], hawks["values"]["at_war"]) == (["hawk"], [], 1.0)
    assert hawks["values"]["payoff_state_2"] is None
    grit = json.loads(Path("out/meet_grit/seed_1/study.json").read_text())
    assert (grit["players"], len(grit["policy_sha256"])) == (["fearful", "grit"], 1)

    done.clear()
    assert study.study(tiny(), 1, "again") == 0
    assert done == []
    print_plan(tiny())
    plan = capsys.readouterr().out
    assert "later: learned, beginning with the policy of fearful; trust = 0.9" in plan
    assert "10 of 10 are measured already; measures: outcome" in plan

    assert study.study(tiny(evaluation={"games": 30}), 1, "more games") == 0
    assert done == MEASURED


@pytest.mark.slow
def test_what_fails_is_told_and_missing(done: Done, capsys: pytest.CaptureFixture[str]) -> None:
    Path("unlucky").write_text("learn fearful/seed_1")
    assert study.study(tiny(), 1, "one fails") == 1
    assert done == [*LEARNED, LATER[0], *(name for name in MEASURED if name not in FAILED)]
    assert "**Incomplete: 3 of the seeds of conditions are missing" in Path("out/study.md").read_text()
    failed = json.loads(Path("out/failed.json").read_text())
    assert failed["later/seed_1"] == "fearful/seed_1, with whose policy it begins, failed"

    done.clear()
    Path("unlucky").unlink()
    assert study.study(tiny(), 1, "again") == 0
    assert done == [LEARNED[3], LATER[1], *(name for name in MEASURED if name in FAILED)]
    assert not Path("out/failed.json").exists()

    done.clear()
    assert study.study(tiny(params={"war_cost": 0.3}), 1, "another study") == 1
    assert "params.war_cost: 0.25 there, 0.3 now" in capsys.readouterr().err
    assert done == [name for name in MEASURED if "hawks" in name]


@pytest.mark.slow
def test_learning_on_begins_with_the_other_policy(done: Done) -> None:
    still = {"learner": {"learning_rate": 1e-9}}  # what it begins with is what it ends with
    asked = tiny(seeds=[3], learner={"learning_rate": 0.05}, conditions={"later": still, "trusting": still})
    assert study.study(asked, 1, "x") == 0
    seen = np.random.default_rng(0).random((4, 2, 21), np.float32)
    fearful, later, trusting = (
        load_policy(Run.open(f"out/{name}/seed_3")).probabilities(seen)[0]  # type: ignore[attr-defined]
        for name in ("fearful", "later", "trusting")
    )
    np.testing.assert_allclose(later, fearful, atol=1e-5)
    assert np.abs(trusting - fearful).max() > 0.01


def test_two_cannot_work_in_one_folder(done: Done) -> None:
    Path("out").mkdir()
    with folder_lock(Path("out")), pytest.raises(RunError, match="in use"):
        study.study(tiny(), 1, "x")
    Path("file").write_text("")
    with pytest.raises(RunError, match="choose another folder"):
        study.study(tiny("file/below"), 1, "x")
    assert done == []


def test_a_measurement_must_measure_what_it_defines(done: Done, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Measurement("wrong", {"arms": "arms"}, lambda _subject: {"armss": 1.0})
    monkeypatch.setattr("security_dilemma_training.studies.measuring.MEASUREMENTS", {"outcome": wrong})
    asked = tiny(conditions={"hawks": {"players": "hawk"}}, seeds=[0])
    one = study._measuring(asked, "hawks", 0)
    with pytest.raises(ValueError, match="outcome measures other metrics than it defines: arms, armss"):
        measure_seed(report=lambda *_: None, **study._arguments(one))


def test_populations_are_what_they_say() -> None:
    from security_dilemma_training.studies.scripted import scripted

    config = tiny(conditions={"hawks": {"params": {"trust": 0.75}}}).run_config("hawks", 0)
    subject = Subject(scripted("dove", config), config, games=40, seed=7)
    assert not subject.seekers.greedy.any()
    assert (subject.mixed.greedy.sum(axis=-1) == 1).all()
    assert subject.mixed.greedy.sum(axis=0).tolist() == [20, 20]
    assert subject.drawn.greedy.mean() == pytest.approx(0.25, abs=0.02)
    assert subject.seekers is subject.seekers
    again = Subject(subject.policy, config, games=40, seed=7)
    np.testing.assert_array_equal(again.drawn.reward, subject.drawn.reward)
    assert MEASUREMENTS["outcome"].of(subject)["welfare_loss"] == pytest.approx(0, abs=1e-6)
