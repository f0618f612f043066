"""Run folders: made, resumed, refused, damaged, held."""

from __future__ import annotations

import json
import multiprocessing
import os
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from security_dilemma_training.config import PPOConfig, RunConfig, config_hash, parse
from security_dilemma_training.runs import Run, RunError, find_runs, write_atomically
from security_dilemma_training.sources import read_yaml


def config(**changes: Any) -> RunConfig:
    return parse({"world": "intense", **changes}, RunConfig)


def test_a_run_folder_holds_what_was_asked_and_where_it_ran(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "deep" / "seed_3", config(seeds=[1, 3]), 3)
    manifest = run.manifest
    assert (manifest["seed"], manifest["config_hash"]) == (3, config_hash(config().resolved()))
    assert manifest["versions"]["numpy"] == np.__version__
    assert {"python", "platform", "git_revision"} <= set(manifest)
    assert (manifest["status"], manifest["started"], manifest["finished"]) == ("created", None, None)
    again = Run.open(run.folder)
    assert again.config.resolved() == config(seeds=[3]).resolved()
    assert again.seed == 3
    names = [run.progress_path, run.checkpoint_path, run.policy_path, run.evaluation_path, run.tensorboard_path]
    assert [path.name for path in names] == [
        "progress.csv",
        "checkpoint.npz",
        "policy.npz",
        "evaluation.json",
        "tensorboard",
    ]


def test_the_same_config_goes_on(tmp_path: Path) -> None:
    first = Run.create(tmp_path, config(), 0)
    first.checkpoint_path.write_bytes(b"so far")
    before = first.manifest
    again = Run.create(tmp_path, config(evaluation={"games": 7}, learner={"torch_threads": 2}), 0)
    assert again.checkpoint_path.read_bytes() == b"so far"
    assert again.manifest == before
    assert Run.open(tmp_path).config.evaluation.games == 7  # what the hash leaves out is as asked last


def test_another_config_is_refused_with_what_differs(tmp_path: Path) -> None:
    Run.create(tmp_path, config(), 0)
    with pytest.raises(RunError) as caught:
        Run.create(tmp_path, config(learner={"n_steps": 64}, params={"upkeep": 0.1}), 1)
    told = str(caught.value)
    for difference in (
        "learner.n_steps: 32 there, 64 now",
        "params.upkeep: 0.02 there, 0.1 now",
        "seed: 0 there, 1 now",
    ):
        assert difference in told
    assert "learner.slots" not in told
    assert "--overwrite" in told
    assert Run.open(tmp_path).seed == 0


def test_overwriting_begins_anew(tmp_path: Path) -> None:
    old = Run.create(tmp_path / "run", config(), 0)
    old.policy_path.write_bytes(b"old")
    new = Run.create(tmp_path / "run", config(learner={"n_steps": 64}), 1, overwrite=True)
    assert not new.policy_path.exists()
    assert (new.seed, Run.open(new.folder).config.learner.narrowed(PPOConfig).n_steps) == (1, 64)


@pytest.mark.parametrize("overwrite", [False, True])
def test_folders_that_are_no_runs_are_left_alone(tmp_path: Path, overwrite: bool) -> None:
    precious = tmp_path / "thesis.tex"
    precious.write_text("years of work")
    with pytest.raises(RunError, match="not empty and not a run"):
        Run.create(tmp_path, config(), 0, overwrite=overwrite)
    (tmp_path / "manifest.json").write_text('{"kind": "a web site"}')
    with pytest.raises(RunError, match="not the manifest of a run"):
        Run.create(tmp_path, config(), 0, overwrite=overwrite)
    with pytest.raises(RunError, match="is a file"):
        Run.create(precious, config(), 0, overwrite=overwrite)
    assert precious.read_text() == "years of work"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.json", "thesis.tex"]


def test_a_run_cut_off_at_its_very_beginning_can_be_made_again(tmp_path: Path) -> None:
    Run.create(tmp_path, config(), 0)
    (tmp_path / "manifest.json").unlink()
    (tmp_path / ".manifest.json.1.ab.tmp").touch()
    assert Run.create(tmp_path, config(), 5).manifest["seed"] == 5


def test_missing_and_damaged_runs_are_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="does not exist"):
        Run.open(tmp_path / "none")
    with pytest.raises(RunError, match=r"is not a run: it has no manifest\.json"):
        Run.open(tmp_path)
    run = Run.create(tmp_path / "run", config(), 0)
    good_config, good_manifest = (run.folder / "config.yaml").read_text(), (run.folder / "manifest.json").read_text()
    for name, text, told in [
        ("manifest.json", good_manifest[:40], "is damaged"),
        ("manifest.json", "[]", "not the manifest"),
        ("manifest.json", good_manifest.replace('"seed": 0', '"seed": "0"'), r"is damaged \(seed\)"),
        ("manifest.json", good_manifest.replace('"wall_seconds": 0.0', '"wall_seconds": []'), "wall_seconds"),
        ("config.yaml", good_config.replace("slots: 512", "slots: many"), "learner.slots = 'many'"),
        (
            "config.yaml",
            good_config.replace("slots: 512", "slots: 256"),
            r"config\.yaml was changed after the run began: restore",
        ),
    ]:
        (run.folder / name).write_text(text)
        with pytest.raises(RunError, match=told):
            Run.open(run.folder)
        (run.folder / "config.yaml").write_text(good_config)
        (run.folder / "manifest.json").write_text(good_manifest)
    (run.folder / "config.yaml").unlink()
    with pytest.raises(RunError, match="does not exist"):
        Run.open(run.folder)


def test_training_keeps_status_and_times(tmp_path: Path) -> None:
    run = Run.create(tmp_path, config(), 0)
    seen = []

    def stop() -> None:
        seen.append(run.manifest["status"])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), run.training():
        stop()
    assert seen == ["running"]
    interrupted = run.manifest
    assert (interrupted["status"], interrupted["finished"]) == ("interrupted", None)
    with pytest.raises(ZeroDivisionError), run.training():
        raise ZeroDivisionError
    assert run.manifest["status"] == "failed"
    with run.training():
        run.policy_path.touch()
        sum(range(300_000))
    finished = run.manifest
    assert finished["started"] == interrupted["started"]
    assert datetime.fromisoformat(finished["started"]) <= datetime.fromisoformat(finished["finished"])
    assert finished["wall_seconds"] > interrupted["wall_seconds"]
    assert finished["cpu_seconds"] > 0
    assert run.finished
    with run.training():
        pass
    assert run.manifest == finished  # nothing was left to do
    assert [part["status"] for part in finished["parts"]] == ["interrupted", "failed", "finished"]
    for name in ("wall_seconds", "cpu_seconds"):
        assert sum(part[name] for part in finished["parts"]) == pytest.approx(finished[name])


def test_a_finished_run_without_its_policy_is_refused(tmp_path: Path) -> None:
    run = Run.create(tmp_path, config(), 0)
    with run.training():
        pass
    assert not run.finished
    with pytest.raises(RunError, match="gone from a finished run"), run.training():
        pytest.fail("there is nothing to go on with")


def rewrite(run: Run, changes: dict[str, Any]) -> None:
    manifest = {name: value for name, value in (run.manifest | changes).items() if value != "gone"}
    (run.folder / "manifest.json").write_text(json.dumps(manifest))


def test_every_part_keeps_what_it_ran_on(tmp_path: Path) -> None:
    run = Run.create(tmp_path, config(), 0)
    assert "parts" not in run.manifest
    old = {"git_revision": "0ld", "started": "2026-01-01T00:00:00+00:00", "wall_seconds": 7.0, "parts": "gone"}
    rewrite(run, old)  # as before parts were kept
    with run.training():
        assert [part["git_revision"] for part in run.manifest["parts"]] == ["0ld", run.manifest["git_revision"]]
    first, second = run.manifest["parts"]
    assert (first["started"], first["wall_seconds"]) == (old["started"], 7.0)
    assert second["versions"]["numpy"] == np.__version__
    assert run.manifest["wall_seconds"] == pytest.approx(7.0 + second["wall_seconds"])


def test_an_option_that_came_later_leaves_old_runs_alone(tmp_path: Path) -> None:
    run = Run.create(tmp_path, config(), 0)
    path = tmp_path / "config.yaml"
    old = read_yaml(path)
    del old["learner"]["initial_value"], old["params"]["support_cost"], old["evaluation"]["horizon"]
    path.write_text(yaml.safe_dump(old))
    rewrite(run, {"config_hash": config_hash(old)})
    assert config_hash(old) != config_hash(config().resolved())
    assert Run.open(tmp_path).config.learner.narrowed(PPOConfig).initial_value is None
    Run.create(tmp_path, config(evaluation={"games": 7}, learner={"torch_threads": 3}), 0)
    again = Run.open(tmp_path)
    assert (again.config.evaluation.games, again.config.learner.torch_threads) == (7, 3)
    assert again.manifest["config_hash"] == config_hash(old)
    with pytest.raises(RunError, match=r"learner\.initial_value: None there, 0\.5 now"):
        Run.create(tmp_path, config(learner={"initial_value": 0.5}), 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"params": {"greed": [1e-5, 1 / 3], "upkeep": 1.1e-7}},
        {"game": {"stages": [[["hold", "strike"], 1.0]]}, "learner": {"learning_rate": 1, "max_grad_norm": 1e22}},
    ],
)
def test_the_files_own_words_have_the_hash_of_what_was_asked(tmp_path: Path, changes: dict[str, Any]) -> None:
    run = Run.create(tmp_path, config(**changes), 0)
    assert config_hash(read_yaml(tmp_path / "config.yaml")) == config_hash(run.config.resolved())
    assert Run.open(tmp_path).config.resolved_params().upkeep == run.config.resolved_params().upkeep


def hold(folder: str, connection: Connection[Any, Any]) -> None:
    with Run.open(folder).training():
        connection.send("held")
        connection.recv()
        os._exit(1)


@pytest.mark.slow
def test_two_processes_cannot_train_one_run(tmp_path: Path) -> None:
    run = Run.create(tmp_path, config(), 0)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=hold, args=(str(tmp_path), theirs))
    process.start()
    assert ours.recv() == "held"
    told = rf"is in use by process {process.pid}:"
    with pytest.raises(RunError, match=told), run.training():
        pytest.fail("the run is held")
    with pytest.raises(RunError, match=told):
        Run.create(tmp_path, config(), 1, overwrite=True)
    with pytest.raises(RunError, match=told):
        Run.create(tmp_path, config(evaluation={"games": 7}), 0)
    assert Run.open(tmp_path).config.evaluation.games == 2000
    ours.send("die without letting go")
    process.join()
    assert run.manifest["status"] == "running"  # as the dead process left it
    with run.training():
        pass
    assert run.manifest["status"] == "finished"


def test_runs_are_found_below_a_folder(tmp_path: Path) -> None:
    for name in ("b/seed_10", "b/seed_2", "a/seed_0"):
        Run.create(tmp_path / name, config(), 0)
    assert [str(path.relative_to(tmp_path)) for path in find_runs(tmp_path)] == ["a/seed_0", "b/seed_2", "b/seed_10"]
    assert find_runs(tmp_path / "b/seed_2") == [tmp_path / "b/seed_2"]
    for folder in (tmp_path / "none", tmp_path / "b/seed_2/none"):
        with pytest.raises(RunError, match="does not exist"):
            find_runs(folder)


def test_writing_is_atomic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.json"
    write_atomically(path, "Sjöström")
    assert path.read_bytes() == "Sjöström".encode()
    write_atomically(path, b"\x00\x01")
    assert path.read_bytes() == b"\x00\x01"

    def fail(descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, "half")
    assert path.read_bytes() == b"\x00\x01"
    assert [child.name for child in tmp_path.iterdir()] == ["file.json"]


def test_the_manifest_is_readable_json(tmp_path: Path) -> None:
    run = Run.create(tmp_path, config(name="own"), 0)
    assert json.loads((run.folder / "manifest.json").read_text())["name"] == "own"
