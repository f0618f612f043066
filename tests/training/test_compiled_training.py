"""Runs of the compiled path: folders like any other, exact resume, lanes that do not touch each other, and theory."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from security_dilemma.state import Move
from security_dilemma_training.batches import batches, shape_of
from security_dilemma_training.checkpoints import load_training, save_training
from security_dilemma_training.compiled.lanes import OneByOne, SideBySide, compiled
from security_dilemma_training.errors import CheckpointError
from security_dilemma_training.evaluate import evaluate_run
from security_dilemma_training.learners import build_games, load_policy
from security_dilemma_training.runs import Run
from security_dilemma_training.train import train, train_together
from tests.training.runs_for_tests import crisis_config, jax_config, new_run, silent, small_config

pytestmark = pytest.mark.slow


@pytest.fixture
def quickly_compiled() -> Iterator[None]:
    """Leave out most optimizations: compiling takes a third less. Not where results are compared to the bit."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


def policy_of(run: Run) -> dict[str, Any]:
    with np.load(run.policy_path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files if name != "meta"}


def rows(run: Run) -> list[dict[str, str]]:
    """The table of progress without what the clock says."""
    with run.progress_path.open() as file:
        return [{k: v for k, v in row.items() if "time/" not in k} for row in csv.DictReader(file)]


def assert_same(one: Run, other: Run) -> None:
    for name, value in policy_of(one).items():
        np.testing.assert_array_equal(policy_of(other)[name], value, err_msg=name)
    assert rows(one) == rows(other)


def interrupt(share: float, _message: str) -> None:
    """Stop a training after three of four updates."""
    if share >= 0.75:
        raise KeyboardInterrupt


def worlds(tmp_path: Path) -> list[Run]:
    """Runs of one shape: seeds and parameters differ."""
    configs = [jax_config(), jax_config(), jax_config(world="intense"), jax_config(params={"war_cost": 0.4})]
    return [new_run(tmp_path / f"run_{k}", config, k % 3) for k, config in enumerate(configs)]


def test_a_run_leaves_what_every_run_leaves(tmp_path: Path) -> None:
    config = jax_config(output={"tensorboard": True}, evaluation={"games": 50})
    ours = new_run(tmp_path / "ours", config)
    theirs = new_run(tmp_path / "theirs", small_config(game={"max_cycles": 6}))
    told: list[float] = []
    train(ours, lambda share, _: told.append(share))
    train(theirs, silent)
    assert ours.finished
    assert not ours.checkpoint_path.exists()
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert list(ours.tensorboard_path.iterdir())
    assert {name: x.shape for name, x in policy_of(ours).items()} == {n: x.shape for n, x in policy_of(theirs).items()}
    assert [row["agent_steps"] for row in rows(ours)] == [row["agent_steps"] for row in rows(theirs)]
    assert rows(ours)[-1].keys() == rows(theirs)[-1].keys()
    assert float(rows(ours)[0]["train/entropy_coefficient"]) == pytest.approx(0.03)
    assert evaluate_run(ours)["pairs"].keys() == evaluate_run(theirs)["pairs"].keys()
    before = ours.policy_path.stat().st_mtime_ns
    train(ours, silent)
    assert ours.policy_path.stat().st_mtime_ns == before


@pytest.mark.parametrize("game", [{}, {"n_states": 3, "action_mode": "discrete"}])
def test_an_interrupted_run_goes_on_to_the_bit(tmp_path: Path, game: dict[str, Any]) -> None:
    config = jax_config(game=game)
    whole, parts = new_run(tmp_path / "whole", config), new_run(tmp_path / "parts", config)
    train(whole, silent)

    with pytest.raises(KeyboardInterrupt):
        train(parts, interrupt)
    assert parts.manifest["status"] == "interrupted"
    assert parts.checkpoint_path.exists()
    train(Run.open(parts.folder), silent)
    assert_same(parts, whole)


def test_lanes_do_not_touch_each_other(tmp_path: Path) -> None:
    together = worlds(tmp_path / "together")
    assert len({shape_of(run.config) for run in together}) == 1
    began = time.process_time()
    assert train_together(together, silent) == {}
    spent = time.process_time() - began
    for k in (1, 3):
        alone = new_run(tmp_path / f"alone_{k}", together[k].config, together[k].seed)
        train(alone, silent)
        assert_same(alone, together[k])
    assert rows(together[0]) != rows(together[1])
    assert rows(together[0]) != rows(together[2])
    manifests = [run.manifest for run in together]
    assert all(manifest["status"] == "finished" for manifest in manifests)
    assert 0 < sum(manifest["cpu_seconds"] for manifest in manifests) <= spent + 0.01  # each has its share


@pytest.mark.usefixtures("quickly_compiled")
def test_lanes_side_by_side_learn_the_same(tmp_path: Path) -> None:
    # as on an accelerator: one program over all of them, which may round otherwise
    runs = worlds(tmp_path)
    found, configs = compiled(runs[0].config), [run.config for run in runs]
    seeds = [run.seed for run in runs]
    one_by_one, together = OneByOne(found, configs, seeds), SideBySide(found, configs, seeds)
    for kept, other in zip(one_by_one.kept(), together.kept(), strict=True):
        for one, two in zip(jax.tree.leaves(kept), jax.tree.leaves(other), strict=True):
            np.testing.assert_allclose(two, one, atol=1e-6)
    told = [one_by_one.update(), together.update()]
    for one, two in zip(*told, strict=True):
        assert two.counts.games["ended"] == one.counts.games["ended"] > 0
        for name, value in one.train.items():
            assert float(two.train[name]) == pytest.approx(float(value), abs=2e-4), name
    for one, two in zip(one_by_one.kept(), together.kept(), strict=True):
        for a, b in zip(jax.tree.leaves(one.weights), jax.tree.leaves(two.weights), strict=True):
            np.testing.assert_allclose(b, a, atol=5e-5)
    again = SideBySide(found, configs, together.kept())
    assert int(again.kept()[2].updates) == 1


def test_runs_that_stand_elsewhere_go_on_together(tmp_path: Path) -> None:
    runs = worlds(tmp_path / "runs")

    with pytest.raises(KeyboardInterrupt):
        train_together(runs[:2], interrupt)
    told: list[float] = []
    assert train_together(runs, lambda share, _: told.append(share)) == {}
    assert told == sorted(told)
    for run in runs:
        alone = new_run(tmp_path / run.folder.name, run.config, run.seed)
        train(alone, silent)
        assert_same(alone, run)


def test_one_that_fails_leaves_the_others_alone(tmp_path: Path) -> None:
    runs = worlds(tmp_path)
    runs[1].checkpoint_path.write_bytes(b"damaged")
    np.savez(tmp_path / "of another", meta=np.array('{"kind": "training", "format": 2, "plain": {}}'), x=np.ones(3))
    (tmp_path / "of another.npz").rename(runs[2].checkpoint_path)
    failed = train_together(runs, silent)
    assert set(failed) == {runs[1], runs[2]}
    assert "is damaged" in str(failed[runs[1]])
    assert "is not a training checkpoint of this run" in str(failed[runs[2]])
    assert [run.manifest["status"] for run in runs] == ["finished", "failed", "failed", "finished"]
    assert runs[1].checkpoint_path.exists()
    with pytest.raises(CheckpointError, match="is damaged"):
        train(runs[1], silent)


def test_what_diverges_is_told(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", jax_config())
    with pytest.raises(KeyboardInterrupt):
        train(run, interrupt)
    state = load_training(run.checkpoint_path)
    for name in [name for name in state["lane"] if name.startswith("weights")]:
        state["lane"][name] = np.full_like(state["lane"][name], np.nan)
    save_training(run.checkpoint_path, state)
    with pytest.raises(CheckpointError, match=r"the training diverged; lower learner\.learning_rate"):
        train(run, silent)
    assert run.manifest["status"] == "failed"
    assert not run.policy_path.exists()


def test_a_checkpoint_of_the_other_path_is_refused(tmp_path: Path) -> None:
    theirs, ours = new_run(tmp_path / "theirs", small_config()), new_run(tmp_path / "ours", jax_config())

    with pytest.raises(KeyboardInterrupt):
        train(theirs, interrupt)
    ours.checkpoint_path.write_bytes(theirs.checkpoint_path.read_bytes())
    with pytest.raises(CheckpointError, match="is not a training checkpoint of this run"):
        train(ours, silent)


def strike_rate(run: Run) -> float:
    """How likely a security seeker strikes in the one-shot crisis."""
    games = build_games(run.config, 4000)
    observations = games.reset(0, intents=[[0, 0]])
    actions = load_policy(run).act(observations, games.action_mask(), np.random.default_rng(0))
    return float(np.mean(actions[..., 0] == Move.STRIKE))


@pytest.mark.usefixtures("quickly_compiled")
def test_the_basin_of_theory(tmp_path: Path) -> None:
    # THEORY 3: at b = 1 a pair ends at war iff it starts above π* = 0.67; from below see the next test
    learner = {"initial_strike_probability": 0.92, "entropy_coefficient": 0.0, "backend": "jax"}
    run = new_run(tmp_path / "run", crisis_config(params={"balance": 1.0}, learner=learner))
    train(run, silent)
    assert strike_rate(run) == pytest.approx(1.0, abs=0.05)


@pytest.mark.usefixtures("quickly_compiled")
@pytest.mark.parametrize(("balance", "settles"), [(1.0, 0.0264), pytest.param(0.5, None, marks=pytest.mark.nightly)])
def test_the_logit_response_of_theory(tmp_path: Path, balance: float, settles: float | None) -> None:
    # THEORY 4 with four moves that amount to a hold: x / (1 - x) = ¼ exp(λ [-(1 + c - P) + x (½ + c)])
    precision, cost = 5.0, 0.2
    chance = 1 / (1 + np.exp(-balance))
    x = 0.0
    for _ in range(1000):
        odds = 0.25 * np.exp(precision * (x * (0.5 + cost) - (1 + cost - chance)))
        x = odds / (1 + odds)
    assert settles is None or x == pytest.approx(settles, abs=1e-3)
    learner = {"slots": 2048, "n_steps": 1, "batch_size": 2048, "n_epochs": 4, "learning_rate": 1e-2, "backend": "jax"}
    learner |= {"entropy_coefficient": 1 / precision, "entropy_final_share": 1.0, "normalize_advantage": False}
    config = crisis_config(params={"balance": balance}, learner=learner, schedule={"agent_steps": 100 * 2048})
    run = new_run(tmp_path / "run", config)
    train(run, silent)
    assert strike_rate(run) == pytest.approx(x, abs=0.02)


def test_batches_keep_what_differs_apart(tmp_path: Path) -> None:
    runs = worlds(tmp_path)
    other = new_run(tmp_path / "other", jax_config(learner={"n_epochs": 3}))
    theirs = [new_run(tmp_path / f"sb3_{k}", small_config(), k) for k in range(2)]
    found = batches([*runs, other, *theirs], 2)
    assert [len(batch) for batch in found] == [1, 1, 2, 2, 1]
    assert {run.folder for batch in found for run in batch} == {run.folder for run in [*runs, other, *theirs]}
