"""The benchmark from its plan to its report: rows, what is not run twice, failures, and the same on every engine."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training.batch_work import Cost
from security_dilemma_training.benchmark.benchmark import run_benchmark
from security_dilemma_training.benchmark.engines import Ended, Engine, LocalEngine, RunJob
from security_dilemma_training.benchmark.plan_config import load_benchmark
from security_dilemma_training.benchmark.results import Row, read_rows
from security_dilemma_training.errors import RunError
from security_dilemma_training.jobs import Outcome
from security_dilemma_training.learner_sections import LearnerConfig
from security_dilemma_training.runs import Run
from security_dilemma_training.writing import folder_lock
from tests.training.runs_for_tests import silent

NOTHING = {"exploitability": None, "beliefs": None}
SMALL = (
    *("worlds=intense", "algorithms=ppo", "learner={slots: 16, n_steps: 8, batch_size: 64, hidden_sizes: [8]}"),
    *("schedule.agent_steps=256", "evaluation.games=20", "output.tensorboard=false", "seeds=0,1"),
)


class Here(Engine):
    """Does nothing but count: every run measures its seed."""

    name = "here"

    def __init__(self, fail: Sequence[int] = (), accelerators: int = 0) -> None:
        self.ran: list[str] = []
        self._fail, self._accelerators = fail, accelerators

    def accelerators(self, learner: LearnerConfig) -> int:
        return self._accelerators

    def run(self, jobs: Sequence[RunJob], ended: Ended, accelerators: int = 0) -> list[Outcome]:
        outcomes = []
        for index, job in enumerate(jobs):
            self.ran.append(job.name)
            assert bool(accelerators) == (job.measures is None)
            entries = [self._entry(Run.open(folder), job.measures is not None) for folder in job.folders]
            outcomes.append(Outcome(job.name, entries))
            ended(index, outcomes[-1])
        return outcomes

    def _entry(self, run: Run, measured: bool) -> dict[str, Any]:
        if run.seed in self._fail:
            return {"error": "no luck"}
        if not measured:
            with run.training():
                run.policy_path.write_bytes(b"policy")
            return {"cost": Cost(1.0, 1.5, 2.0, 2)}
        numbers = dict.fromkeys(("payoff", "tragic_war_rate", "war_rate", "welfare_loss", "arms_burden"), 0.5)
        more = {"exploitability_security_seeker": None, "exploitability_greedy": None, "measured_by": "nobody"}
        values = numbers | more | {"agent_steps": 256, "cpu_seconds": 1.0, "wall_seconds": 1.0 + run.seed}
        return {"values": values, "cost": Cost(1.0, 1.5, 2.0, 1)}


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def no_report(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Replace the report; returns what it was told."""
    from security_dilemma_training.benchmark import report, terminal

    told: list[dict[str, Any]] = []

    def write(rows: Any, folder: Path, **more: Any) -> Path:
        told.append({"rows": rows, **more})
        return folder / "report.md"

    monkeypatch.setattr(report, "write_benchmark_report", write)
    monkeypatch.setattr(terminal, "print_leaderboard", lambda *_: None)
    return told


def run(
    folder: str, *overrides: str, on: Engine | None = None, measures: Mapping[str, Any] = NOTHING, **more: Any
) -> int:
    """Run a small benchmark into a folder, with a command of its own."""
    changes = [*SMALL, *overrides]
    asked = load_benchmark(None, [*changes, f"output.folder={folder}"])
    return run_benchmark(asked, on or Here(), measures, "security-dilemma benchmark", changes, **more)


def rows_of(folder: str) -> list[Row]:
    return read_rows(Path(folder, "results.csv"))


def test_a_row_for_each_run_and_none_twice(no_report: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    first = Here()
    assert run("out", "seeds=0,1", on=first) == 0
    assert first.ran == ["ppo-intense/seed_0", "ppo-intense/seed_1"]
    before = Path("out/results.csv").read_text()
    more = Here()
    assert run("out", "seeds=0..2", on=more) == 0
    assert more.ran == ["ppo-intense/seed_2"]
    assert Path("out/results.csv").read_text().startswith(before)
    told = "2 of 3 runs are in out/results.csv already, 2 of them measured by another than the present version "
    assert told in capsys.readouterr().err
    assert [row["seed"] for row in rows_of("out")] == [0, 1, 2]
    assert len(no_report[-1]["rows"]) == 3
    assert Path("out/results.parquet").exists()
    other = Here()  # measured in another way: other rows
    assert run("out", "evaluation.games=30", "seeds=0", on=other) == 0
    assert len(other.ran) == 1
    assert len(rows_of("out")) == 4
    assert len(no_report[-1]["rows"]) == 1


def test_a_run_under_two_names_is_run_once(no_report: list[dict[str, Any]]) -> None:
    again = Here()
    assert run("out", "controls=none,posture_noise_off", "params={posture_noise: 0, arms_noise: 0}", on=again) == 0
    assert again.ran == ["ppo-intense/seed_0", "ppo-intense/seed_1"]
    assert [(row["control"], row["seed"]) for row in rows_of("out")] == [
        ("none", 0), ("posture_noise_off", 0), ("none", 1), ("posture_noise_off", 1),
    ]  # fmt: skip
    assert len({row["key"] for row in rows_of("out")}) == 2
    later = Here()
    renamed = "worlds={mine: {balance: -0.9, posture_noise: 0, arms_noise: 0}}"
    assert run("out", "params={}", renamed, on=later) == 0
    assert later.ran == []
    assert [row["world"] for row in rows_of("out")[4:]] == ["mine", "mine"]
    assert {row["run"] for row in rows_of("out")[4:]} <= {row["run"] for row in rows_of("out")[:4]}


def test_a_run_that_fails_loses_no_other_and_is_tried_again(
    no_report: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("out", "seeds=0..2", on=Here(fail=[1])) == 1
    assert "1 of 3 failed (ppo-intense/seed_1); the others are done" in capsys.readouterr().err
    assert json.loads(Path("out/failed.json").read_text()) == {"ppo-intense/seed_1": "no luck"}
    assert no_report[-1]["failed"] == {"ppo-intense/seed_1": "no luck"}
    assert [row["seed"] for row in rows_of("out")] == [0, 2]
    again = Here()
    assert run("out", "seeds=0..2", on=again) == 0
    assert again.ran == ["ppo-intense/seed_1"]
    assert not Path("out/failed.json").exists()


COMPILED = "algorithms={ppo: {}, compiled: {algorithm: ppo, backend: jax}}"


def test_compiled_runs_are_run_together_and_fail_alone(
    no_report: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    some = Here(fail=[1])
    assert run("out", COMPILED, "worlds=intense,doubly_safe", on=some) == 1
    assert some.ran == [
        *(f"ppo-{world}/seed_{seed}" for seed in (0, 1) for world in ("intense", "doubly_safe")),
        "compiled-intense/seed_0 … compiled-doubly_safe/seed_1 (4 runs)",
    ]
    assert "4 of 8 failed (" in capsys.readouterr().err
    names = [f"{algorithm}-{world}/seed_1" for algorithm in ("ppo", "compiled") for world in ("intense", "doubly_safe")]
    assert json.loads(Path("out/failed.json").read_text()) == dict.fromkeys(names, "no luck")
    assert {(row["algorithm"], row["world"], row["seed"]) for row in rows_of("out")} == {
        (algorithm, world, 0) for algorithm in ("ppo", "compiled") for world in ("intense", "doubly_safe")
    }


def test_what_accelerators_train_is_measured_afterwards(
    no_report: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    both = Here(accelerators=1)
    assert run("out", COMPILED, "algorithms.compiled.device=auto", on=both) == 0
    alone = [f"compiled-intense/seed_{seed}" for seed in (0, 1)]
    assert both.ran == ["compiled-intense/seed_0 … seed_1 (2 runs)", *alone, "ppo-intense/seed_0", "ppo-intense/seed_1"]
    assert len(rows_of("out")) == 4
    assert "training 6.0 s" in capsys.readouterr().err  # two runs there, and four here


def test_a_folder_that_cannot_be_used_fails_alone(no_report: list[dict[str, Any]]) -> None:
    run("out", "seeds=0")
    (manifest,) = Path("out").rglob("manifest.json")
    manifest.write_text("{")
    Path("out/results.csv").unlink()
    both = Here()
    assert run("out", "seeds=0,1", on=both) == 1
    assert both.ran == ["ppo-intense/seed_1"]
    assert "manifest.json is damaged" in json.loads(Path("out/failed.json").read_text())["ppo-intense/seed_0"]


def test_overwritten_runs_are_run_anew(no_report: list[dict[str, Any]]) -> None:
    run("out")
    anew = Here()
    run("out", on=anew, overwrite=True)
    assert len(anew.ran) == 2
    assert len(rows_of("out")) == 4
    assert len(no_report[-1]["rows"]) == 2


def test_what_the_report_is_told(no_report: list[dict[str, Any]]) -> None:
    run("out", "params.war_cost=0.1,0.3", "seeds=4")
    told = no_report[0]
    assert [json.loads(changes) for changes in told["rows"]["changes"]] == [
        {"params.war_cost": 0.1}, {"params.war_cost": 0.3},
    ]  # fmt: skip
    assert told["command"] == "security-dilemma benchmark"
    for row in rows_of("out"):
        assert told["curves"][row["key"]] == Path("out") / row["run"] / "progress.csv"
        assert told["ceilings"][row["key"]] == pytest.approx(1 - 0.85**19)


def test_two_cannot_work_in_one_folder() -> None:
    Path("out").mkdir()
    with folder_lock(Path("out")), pytest.raises(RunError, match=rf"out is in use by process {os.getpid()}: wait"):
        run("out")


def test_a_folder_that_cannot_be_made_is_told_with_what_to_do() -> None:
    Path("file").write_text("")
    with pytest.raises(
        RunError, match=r"file/out cannot be made \(Not a directory\): choose another folder with --out"
    ):
        run("file/out")


def test_a_table_of_another_version_stops_before_anything_is_run() -> None:
    Path("out").mkdir()
    Path("out/results.csv").write_text("key,score\n")
    none = Here()
    with pytest.raises(RunError, match="another version"):
        run("out", on=none)
    assert none.ran == []


MEASURED = ("payoff", "tragic_war_rate", "war_rate", "welfare_loss", "arms_burden")


class InThisProcess(Engine):
    """Runs the first of the runs that it is asked for, or all."""

    name = "here"

    def __init__(self, most: int | None = None) -> None:
        self._most = most

    def run(self, jobs: Sequence[RunJob], ended: Ended, accelerators: int = 0) -> list[Outcome]:
        outcomes = []
        for index, job in enumerate(jobs[: self._most]):
            outcomes.append(Outcome(job.name, job.work(folders=[str(folder) for folder in job.folders], report=silent)))
            ended(index, outcomes[-1])
        if len(outcomes) < len(jobs):
            raise KeyboardInterrupt
        return outcomes


@pytest.mark.slow
def test_from_nothing_to_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("out", "controls=none,signals_off", "seeds=0", on=LocalEngine(1)) == 0
    captured = capsys.readouterr()
    assert "report: out/report.md" in captured.out
    assert "Intense" in captured.out
    assert "CPU time: training" in captured.err
    assert Path("out/report.html").stat().st_size > 10_000
    assert [(row["control"], row["engine"]) for row in rows_of("out")] == [("none", "local"), ("signals_off", "local")]


@pytest.mark.slow
def test_the_command_of_a_row_gives_that_row(no_report: list[dict[str, Any]]) -> None:
    overrides = ["algorithms=ppo,dqn", "learner={slots: 16}", "algorithms.dqn.learning_starts=64"]
    overrides += ["algorithms.ppo.batch_size=64", "algorithms.ppo.n_steps=4,8", "controls=signals_off", "seeds=3"]
    assert run("out", *overrides, on=InThisProcess()) == 0
    rows = rows_of("out")
    assert [(row["algorithm"], row["changes"]) for row in rows] == [
        ("ppo", '{"algorithms.ppo.n_steps": 4}'), ("ppo", '{"algorithms.ppo.n_steps": 8}'), ("dqn", "{}"),
    ]  # fmt: skip
    for row in rows:
        program, command, *changes = shlex.split(row["command"])
        assert (program, command) == ("security-dilemma", "benchmark")
        assert run_benchmark(load_benchmark(None, [*changes, "output.folder=again"]), InThisProcess(), NOTHING) == 0
        same = rows_of("again")[-1]
        names = ("key", "algorithm", "changes", *MEASURED)
        assert {name: same[name] for name in names} == {name: row[name] for name in names}
    assert len(rows_of("again")) == len(rows)


def test_what_an_interrupted_benchmark_has_learned_is_kept(no_report: list[dict[str, Any]]) -> None:
    with pytest.raises(KeyboardInterrupt):
        run("out", on=InThisProcess(most=1))
    (row,) = rows_of("out")
    policy = Path("out", row["run"], "policy.npz")
    written = policy.stat().st_mtime_ns
    assert run("out", on=InThisProcess()) == 0
    assert policy.stat().st_mtime_ns == written
    assert rows_of("out")[0] == row
    assert [row["seed"] for row in rows_of("out")] == [0, 1]
