"""Runs in batches: which go together, where and in which order, and that one which fails loses no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training import batch_jobs, train
from security_dilemma_training.batch_jobs import (
    Batch,
    Ended,
    batch_name,
    environments,
    run_in_batches,
    run_in_processes,
)
from security_dilemma_training.batch_work import TRAINING_SHARE, train_and_measure, train_folders
from security_dilemma_training.compiled import devices
from security_dilemma_training.errors import CheckpointError, RunError
from security_dilemma_training.jobs import Job, Outcome
from security_dilemma_training.learner_sections import LearnerConfig
from security_dilemma_training.runs import Run
from security_dilemma_training.writing import folder_lock
from tests.training.runs_for_tests import jax_config, new_run, silent, small_config

COMPILED = {"backend": "jax"}


@pytest.mark.parametrize(
    ("names", "together"),
    [
        (["intense/seed_0"], "intense/seed_0"),
        (["intense/seed_0", "intense/seed_1", "intense/seed_7"], "intense/seed_0 … seed_7 (3 runs)"),
        (["intense/seed_0", "doubly_safe/seed_1"], "intense/seed_0 … doubly_safe/seed_1 (2 runs)"),
        (["a", "b"], "a … b (2 runs)"),
    ],
)
def test_what_a_batch_is_called(names: list[str], together: str) -> None:
    assert batch_name(names) == together


def named_runs(folder: Path, learners: dict[str, dict[str, Any]]) -> list[tuple[str, Run]]:
    return [(name, new_run(folder / name, small_config(learner=own))) for name, own in learners.items()]


def finish(run: Run) -> None:
    with run.training():
        run.policy_path.write_bytes(b"policy")


class Doing:
    """Trains nothing, but says so; notes what it is asked."""

    def __init__(self, fail: Sequence[str] = ()) -> None:
        self.asked: list[tuple[list[str], int, bool]] = []
        self._fail = fail

    def __call__(self, batches: Sequence[Batch], ended: Ended, *, accelerators: int, measured: bool) -> None:
        for place, batch in enumerate(batches):
            self.asked.append((list(batch.names), accelerators, measured))
            ended(place, Outcome(batch.name, [self._entry(*one, measured) for one in zip(*batch, strict=True)]))

    def _entry(self, name: str, run: Run, measured: bool) -> dict[str, Any]:
        if name in self._fail:
            return {"error": "no luck"}
        if not run.finished:
            finish(run)
        return {"measured": measured}


def accelerators(count: int) -> Callable[[LearnerConfig], int]:
    """What a machine with so many accelerators says, which is asked only where one might be used."""

    def found(learner: LearnerConfig) -> int:
        assert learner.device != "cpu"
        return count

    return found


def test_on_processors_all_are_trained_and_measured_at_once(tmp_path: Path) -> None:
    named = named_runs(tmp_path, {"a": COMPILED, "b": {}, "c": COMPILED, "d": COMPILED, "e": {"device": "auto"}})
    finish(named[0][1])
    doing, ended = Doing(), dict[int, Outcome]()
    outcomes = run_in_batches(named, doing, 1, accelerators(0), ended.__setitem__)
    # what is trained already is only measured, alone; what stable-baselines3 trains is alone anyway
    assert doing.asked == [(["a"], 0, True), (["b"], 0, True), (["e"], 0, True), (["c", "d"], 0, True)]
    assert [outcome.name for outcome in outcomes] == ["a", "b", "c", "d", "e"]
    assert [ended[place] for place in range(5)] == outcomes
    parted = Doing()
    run_in_batches(named_runs(tmp_path / "more", dict.fromkeys("abcd", COMPILED)), parted, 2, accelerators(0))
    assert parted.asked == [(["a", "c"], 0, True), (["b", "d"], 0, True)]


def test_accelerators_only_train(tmp_path: Path) -> None:
    fast = {**COMPILED, "device": "auto"}
    named = named_runs(tmp_path, {"a": fast, "b": fast, "c": COMPILED, "d": fast, "e": {}, "f": fast})
    finish(named[0][1])
    doing, ended = Doing(fail=["d"]), list[tuple[int, Outcome]]()
    outcomes = run_in_batches(named, doing, 2, accelerators(2), lambda *one: ended.append(one))
    assert doing.asked[:2] == [(["b", "f"], 2, False), (["d"], 2, False)]
    assert doing.asked[2:] == [([name], 0, True) for name in ("a", "b", "f", "e", "c")]
    assert [outcome.error for outcome in outcomes] == [None, None, None, "no luck", None, None]
    assert [(place, (outcome.result or {}).get("measured")) for place, outcome in ended] == [
        (1, False), (5, False), (3, None), (0, True), (1, True), (5, True), (4, True), (2, True),
    ]  # fmt: skip


def test_what_is_only_trained_is_asked_for_once(tmp_path: Path) -> None:
    named = named_runs(tmp_path, {"a": {**COMPILED, "device": "auto"}, "b": COMPILED})
    doing = Doing()
    outcomes = run_in_batches(named, doing, 1, accelerators(1), measured=False)
    assert doing.asked == [(["a"], 1, False), (["b"], 0, False)]
    assert [outcome.result for outcome in outcomes] == [{"measured": False}] * 2


def test_a_batch_whose_process_dies_fails_in_all_its_runs(tmp_path: Path) -> None:
    def die(batches: Sequence[Batch], ended: Ended, *, accelerators: int, measured: bool) -> None:
        ended(0, Outcome(batches[0].name, None, "it was killed"))

    outcomes = run_in_batches(named_runs(tmp_path, dict.fromkeys("ab", COMPILED)), die, 1, accelerators(0))
    assert [(outcome.name, outcome.error) for outcome in outcomes] == [("a", "it was killed"), ("b", "it was killed")]


def test_processes_see_one_accelerator_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[list[str], int, Any]] = []

    def run_jobs(jobs: Sequence[Job], workers: int, ended: Ended, environments: Any) -> None:
        asked.append(([job.function.__name__ for job in jobs], workers, environments))
        for place, job in enumerate(jobs):
            for folder in job.kwargs["folders"] if job.function is train_folders else ():
                finish(Run.open(folder))
            ended(place, Outcome(job.name, [{}] * job.parts))

    def measure(**_: Any) -> None:
        pass

    monkeypatch.setattr(batch_jobs, "run_jobs", run_jobs)
    monkeypatch.setattr(devices, "accelerators", lambda device: {"auto": 2, "cuda:1": 1}[device])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    learners = {name: {**COMPILED, "device": "auto"} for name in "abc"}
    learners |= {"d": {**COMPILED, "device": "cuda:1"}, "e": {"device": "auto"}}
    run_in_processes(named_runs(tmp_path, learners), 3, measure)
    assert asked == [
        (["train_folders"] * 2, 2, [{"CUDA_VISIBLE_DEVICES": "4"}, {"CUDA_VISIBLE_DEVICES": "7"}]),
        (["train_folders"], 1, []),  # on the one that the config names
        (["measure"] * 5, 3, []),
    ]
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert [own["CUDA_VISIBLE_DEVICES"] for own in environments(3)] == ["0", "1", "2"]
    assert environments(0) == []


def in_a_batch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failed: Sequence[str]) -> list[str]:
    """Replace training side by side; returns the folders of a batch."""

    def train_together(runs: Sequence[Run], report: Any) -> dict[Run, CheckpointError]:
        for run in runs:
            if run.folder.name not in failed:
                finish(run)
            report(1.0, "trained")
        return {run: CheckpointError("diverged") for run in runs if run.folder.name in failed}

    monkeypatch.setattr(train, "train_together", train_together)
    return [str(run.folder) for _, run in named_runs(tmp_path, dict.fromkeys("abcd", COMPILED))]


def test_each_run_of_a_batch_fails_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def measured(run: Run, report: Any, *_: Any) -> dict[str, Any]:
        report(0.5, "evaluating")
        if run.folder.name == "c":
            raise ZeroDivisionError
        return {"of": run.folder.name}

    folders, told = in_a_batch(monkeypatch, tmp_path, ["b"]), list[tuple[float, str]]()
    monkeypatch.setattr("security_dilemma_training.measuring.measured", measured)
    Path(folders[3], "manifest.json").write_text("{")
    done = train_and_measure(folders, lambda *news: told.append(news), summed_up=lambda run, found: (run.seed, found))
    assert [one.found for one in done] == [(0, {"of": "a"}), None, None, None]
    first, *others = (one.entry("found") for one in done)
    assert first == {"found": (0, {"of": "a"}), "cost": done[0].cost}
    assert others[0] == {"error": "diverged"}
    assert others[1]["error"].startswith("Traceback")
    assert others[1]["error"].endswith("ZeroDivisionError\n")
    assert others[2]["error"].startswith(f"{folders[3]}/manifest.json is damaged")
    assert told[-2:] == [
        (TRAINING_SHARE + (1 - TRAINING_SHARE) * 0.5 / 4, "evaluating, run 1 of 4"),
        (TRAINING_SHARE + (1 - TRAINING_SHARE) * 2.5 / 4, "evaluating, run 3 of 4"),
    ]


def test_what_all_meet_is_told_of_each(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def train_together(runs: Sequence[Run], report: Any) -> None:
        raise RunError("no such device")

    folders = in_a_batch(monkeypatch, tmp_path, [])
    monkeypatch.setattr(train, "train_together", train_together)
    assert train_folders(folders, silent) == [{"error": "no such device"}] * 4


@pytest.mark.slow
def test_a_compiled_batch_loses_nothing_by_one_that_fails(tmp_path: Path) -> None:
    config = jax_config(evaluation={"games": 20})
    runs = [new_run(tmp_path / f"seed_{k}", config, k) for k in range(4)]
    runs[1].checkpoint_path.write_bytes(b"damaged")
    with folder_lock(runs[2].folder):
        done = train_and_measure([str(run.folder) for run in runs], silent)
    assert [one.error is None for one in done] == [True, False, False, True]
    assert "checkpoint.npz is damaged" in done[1].entry()["error"]
    assert "is in use by process" in done[2].entry()["error"]
    assert [run.manifest["status"] for run in runs] == ["finished", "failed", "created", "finished"]
    costs = [one.cost for one in done]
    for run, cost in zip(runs, costs, strict=True):
        assert run.finished == (cost.training > 0)
        assert cost.training == (run.manifest["cpu_seconds"] if run.finished else 0)
        assert cost.training < cost.job < cost.process
    assert sum(cost.job for cost in costs) <= costs[0].process
    # what is done is not done again, and has no share in the seconds of what is left
    runs[1].checkpoint_path.unlink()
    again = train_and_measure([str(run.folder) for run in runs], silent)
    assert [one.error for one in again] == [None] * 4
    assert [one.cost.training > 0 for one in again] == [False, True, True, False]
    assert again[0].found == done[0].found
