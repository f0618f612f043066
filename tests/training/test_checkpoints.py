"""Checkpoints hold arrays only, and say what is wrong with them."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from security_dilemma_training.checkpoints import FORMAT, CheckpointError
from security_dilemma_training.learners import load_policy
from security_dilemma_training.runs import Run
from security_dilemma_training.train import train
from tests.training.runs_for_tests import new_run, silent, small_config


@pytest.fixture
def trained(tmp_path: Path) -> Run:
    run = new_run(tmp_path / "run", small_config(schedule={"agent_steps": 384}))
    train(run, silent)
    return run


class Hostile:
    """Runs a command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


def test_loading_runs_no_code(trained: Run, tmp_path: Path) -> None:
    trace = tmp_path / "executed"
    hostile = Hostile(f"touch {trace}")
    pickle.loads(pickle.dumps(hostile))  # noqa: S301 - the attack itself works
    assert trace.exists()
    trace.unlink()
    with np.load(trained.policy_path) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["policy.action_net.bias"] = np.array([hostile], dtype=object)
    np.savez(trained.policy_path, allow_pickle=True, **arrays)
    with pytest.raises(CheckpointError, match="damaged"):
        load_policy(trained)
    trained.policy_path.write_bytes(pickle.dumps(hostile))
    with pytest.raises(CheckpointError, match="damaged"):
        load_policy(trained)
    assert not trace.exists()


def test_a_damaged_file_is_refused(trained: Run) -> None:
    content = trained.policy_path.read_bytes()
    for damaged in (b"", content[: len(content) // 2], b"not a zip"):
        trained.policy_path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match=r"policy\.npz is damaged or not a checkpoint .* train the run again"):
            load_policy(trained)
    trained.policy_path.unlink()
    with pytest.raises(CheckpointError, match="does not exist: train the run first"):
        load_policy(trained)


def test_another_format_kind_or_network_is_refused(trained: Run) -> None:
    with np.load(trained.policy_path) as file:
        arrays = {name: file[name] for name in file.files}

    def rewrite(**changes: Any) -> None:
        meta = json.loads(str(arrays["meta"])) | changes
        np.savez(trained.policy_path, allow_pickle=False, **arrays | {"meta": np.array(json.dumps(meta))})

    rewrite(format=FORMAT + 1)
    with pytest.raises(CheckpointError, match=f"format {FORMAT + 1}; this version reads policy .* format {FORMAT}"):
        load_policy(trained)
    rewrite(kind="training")
    with pytest.raises(CheckpointError, match="is a training checkpoint"):
        load_policy(trained)
    arrays["policy.action_net.bias"] = np.zeros(3, np.float32)
    rewrite()
    with pytest.raises(CheckpointError, match=r"another network than its config describes: action_net\.bias"):
        load_policy(trained)


def test_a_training_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    def stop(share: float, _message: str) -> None:
        if share >= 0.75:
            raise KeyboardInterrupt

    runs = [
        new_run(tmp_path / name, small_config(learner={"hidden_sizes": sizes}))
        for name, sizes in (("wide", [64, 64]), ("narrow", [8, 8]))
    ]
    with pytest.raises(KeyboardInterrupt):
        train(runs[0], stop)
    runs[1].checkpoint_path.write_bytes(runs[0].checkpoint_path.read_bytes())
    with pytest.raises(CheckpointError, match="another network"):
        train(runs[1], silent)
    assert runs[1].manifest["status"] == "failed"
