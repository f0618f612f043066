"""An interrupted run goes on bit for bit as if it had not stopped, whatever learns and with whom."""

from __future__ import annotations

import csv
import multiprocessing
import os
import random
import signal
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from security_dilemma import Games
from security_dilemma_training.algorithms import ALGORITHMS, off_policy
from security_dilemma_training.config import RunConfig, parse
from security_dilemma_training.runs import Run
from security_dilemma_training.train import train
from tests.training.runs_for_tests import new_run, silent

ON_POLICY = {"slots": 24, "n_steps": 4}
CLIPPED = ON_POLICY | {"batch_size": 48, "n_epochs": 2}
OFF_POLICY = {"slots": 24, "train_every": 4, "buffer_size": 250, "learning_starts": 100, "batch_size": 16}
VALUES = OFF_POLICY | {"gradient_steps": 2, "target_update_every": 120, "exploration_share": 0.7}
OPTIONS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("ppo", "maskable_ppo"), CLIPPED),
    "recurrent_ppo": CLIPPED | {"lstm_size": 8},
    "a2c": ON_POLICY,
    **dict.fromkeys(("dqn", "qr_dqn"), VALUES),
    **dict.fromkeys(("sac", "td3"), OFF_POLICY | {"gradient_steps": 2}),
    "tabular": {"slots": 24},
}
"""Options by which a rollout is 96 agent-steps (768 of the table), and the replay buffer overflows."""

SCHEMES: dict[str, dict[str, Any]] = {
    "self_play": {},
    "independent": {"scheme": "independent"},
    "population": {"scheme": "population", "strategies": ["grim"], "snapshot_every": 150, "pool_size": 2},
    "frozen": {"scheme": "frozen", "policies": ["richardson", "tit_for_tat"]},
}


def small(algorithm: str, scheme: str = "self_play", n_states: int = 2) -> RunConfig:
    """A config of six rollouts, with a checkpoint after every second one, in short games."""
    rollout = 32 * 24 if algorithm == "tabular" else 96
    learner = OPTIONS[algorithm] | {"algorithm": algorithm}
    if "batch_size" in learner and scheme == "independent":
        learner["batch_size"] = 96 // n_states
    data = {
        "world": "doubly_dangerous",
        "game": {"n_states": n_states, "max_cycles": 6},
        "learner": learner,
        "partners": SCHEMES[scheme],
        "schedule": {"agent_steps": 6 * rollout, "checkpoint_every": 2 * rollout},
        "output": {"tensorboard": False},
    }
    return parse(data, RunConfig)


def arrays(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files if name != "meta"}


def rows(run: Run) -> list[dict[str, str]]:
    """The table of progress without what the clock says."""
    with run.progress_path.open() as file:
        return [{k: v for k, v in row.items() if "time/" not in k and v} for row in csv.DictReader(file)]


def interrupt(monkeypatch: pytest.MonkeyPatch, run: Run, step: int) -> None:
    """Train until the given step of the games, and stop in the middle of it."""
    play, left = Games.step, [step]

    def stop(games: Games, actions: Any) -> Any:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        return play(games, actions)

    with monkeypatch.context() as patch:
        patch.setattr(Games, "step", stop)
        with pytest.raises(KeyboardInterrupt):
            train(run, silent)
    assert run.manifest["status"] == "interrupted"
    torch.manual_seed(99)
    np.random.seed(99)  # what stable-baselines3 draws from
    random.seed(99)


def assert_same(parts: Run, whole: Run) -> None:
    """Require of two finished runs the same weights and the same progress."""
    for file in ("policy.npz", "pool.npz"):
        if (whole.folder / file).exists():
            found = arrays(parts.folder / file)
            for name, value in arrays(whole.folder / file).items():
                np.testing.assert_array_equal(found[name], value, err_msg=f"{file}: {name}")
    assert rows(parts) == rows(whole)
    assert rows(whole)
    assert not parts.checkpoint_path.exists()


def goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: RunConfig) -> None:
    monkeypatch.setattr(off_policy, "LOG_EVERY", 130)  # some checkpoints stand between two rows
    whole, parts = new_run(tmp_path / "whole", config), new_run(tmp_path / "parts", config)
    train(whole, silent)
    rollout = 32 if config.learner.algorithm == "tabular" else 4  # steps of the games
    interrupt(monkeypatch, parts, 2 * rollout - 1)  # before the first checkpoint: it begins anew
    assert not parts.checkpoint_path.exists()
    interrupt(monkeypatch, parts, 3 * rollout + 1)
    assert parts.checkpoint_path.exists()
    interrupt(monkeypatch, Run.open(parts.folder), 3 * rollout)
    train(Run.open(parts.folder), silent)
    assert_same(parts, whole)


AMONG_THE_FAST = [("ppo", "self_play"), ("dqn", "self_play")]


@pytest.mark.parametrize(
    ("algorithm", "scheme"),
    [
        pytest.param(*both, marks=[] if both in AMONG_THE_FAST else [pytest.mark.slow])
        for both in product(ALGORITHMS, SCHEMES)
    ],
)
def test_every_learner_goes_on_in_every_scheme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, algorithm: str, scheme: str
) -> None:
    goes_on(tmp_path, monkeypatch, small(algorithm, scheme))


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("algorithm", ["ppo", "recurrent_ppo", "dqn"])
def test_runs_of_three_states_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, algorithm: str, scheme: str
) -> None:
    goes_on(tmp_path, monkeypatch, small(algorithm, scheme, n_states=3))


def train_and_die(folder: str) -> None:
    def die(share: float, _message: str) -> None:
        if share > 0.6:
            os.kill(os.getpid(), signal.SIGKILL)

    train(Run.open(folder), die)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["independent", "population"])
def test_a_run_whose_process_was_killed_goes_on(tmp_path: Path, scheme: str) -> None:
    config = small("ppo", scheme)
    whole, parts = new_run(tmp_path / "whole", config), new_run(tmp_path / "parts", config)
    train(whole, silent)
    process = multiprocessing.get_context("spawn").Process(target=train_and_die, args=(str(parts.folder),))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert parts.manifest["status"] == "running"
    assert parts.checkpoint_path.exists()
    train(Run.open(parts.folder), silent)
    assert_same(parts, whole)
