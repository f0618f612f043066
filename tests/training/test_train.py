"""Training a run: what it writes, exact resume, and learning in games with known answers."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from security_dilemma.state import Move
from security_dilemma_training.algorithms import on_policy
from security_dilemma_training.algorithms.on_policy import BatchedBootstrap
from security_dilemma_training.errors import RunError
from security_dilemma_training.faults import ConfigError
from security_dilemma_training.learners import build_games, load_policy
from security_dilemma_training.runs import Run
from security_dilemma_training.train import train
from tests.training.runs_for_tests import crisis_config, new_run, ppo, silent, small_config


def weights(run: Run) -> dict[str, Any]:
    """The arrays of a trained run's policy."""
    with np.load(run.policy_path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files if name != "meta"}


def strike_rate(run: Run, *, greedy: bool = False) -> float:
    """How often a state strikes in the one-shot crisis, over many draws of the learned policy."""
    games = build_games(run.config, 4000)
    observations = games.reset(0, intents=[[int(greedy)] * 2])
    actions = load_policy(run).act(observations, games.action_mask(), np.random.default_rng(0))
    return float(np.mean(actions[..., 0] == Move.STRIKE))


def test_a_run_writes_its_policy_and_its_progress(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", small_config(output={"tensorboard": True}))
    told: list[float] = []
    train(run, lambda share, _: told.append(share))
    assert run.finished
    assert not run.checkpoint_path.exists()
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert list(run.tensorboard_path.iterdir())
    with run.progress_path.open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["agent_steps"]) for row in rows] == [384, 768, 1152, 1536]
    assert float(rows[0]["train/entropy_coefficient"]) == pytest.approx(0.03)
    assert float(rows[-1]["train/entropy_coefficient"]) == pytest.approx(0.03 * (0.05 + 0.95 * 0.25))
    assert 0 <= float(rows[-1]["strike_rate_in_crisis/security_seeker"]) <= 1
    before = run.policy_path.stat().st_mtime_ns
    train(run, silent)
    assert run.policy_path.stat().st_mtime_ns == before


@pytest.mark.parametrize("device", ["cuda", "cuda:99", "mps"])
def test_a_device_that_is_not_there_is_told_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2 if ":" in device else 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    run = new_run(tmp_path / "run", small_config(learner={"device": device}))
    with pytest.raises(ConfigError, match=f"learner.device = '{device}' is not on this machine"):
        train(run, silent)
    assert not run.progress_path.exists()


def test_a_finished_run_without_its_policy_is_not_trained_again_unasked(tmp_path: Path) -> None:
    config = small_config(schedule={"agent_steps": 384})
    run = new_run(tmp_path / "run", config)
    train(run, silent)
    run.policy_path.unlink()
    with pytest.raises(RunError, match=r"policy\.npz is gone from a finished run: train it anew with --overwrite"):
        train(run, silent)
    assert not run.policy_path.exists()
    train(Run.create(run.folder, config, 0, overwrite=True), silent)
    assert run.policy_path.exists()


@pytest.mark.parametrize("game", [{"n_states": 2}, {"n_states": 3, "action_mode": "discrete"}])
def test_an_interrupted_run_goes_on_as_if_it_had_not_stopped(tmp_path: Path, game: dict[str, Any]) -> None:
    config = small_config(game=game)
    whole, parts = new_run(tmp_path / "whole", config), new_run(tmp_path / "parts", config)
    train(whole, silent)

    def interrupt(share: float, _message: str) -> None:
        if share >= 0.75:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(parts, interrupt)
    assert parts.manifest["status"] == "interrupted"
    assert parts.checkpoint_path.exists()
    torch.manual_seed(99)
    np.random.seed(99)  # what stable-baselines3 draws from
    train(Run.open(parts.folder), silent)
    for name, value in weights(whole).items():
        np.testing.assert_array_equal(weights(parts)[name], value, err_msg=name)
    timeless = [[{k: v for k, v in row.items() if "time/" not in k} for row in _rows(run)] for run in (whole, parts)]
    assert timeless[0] == timeless[1]


def _rows(run: Run) -> list[dict[str, str]]:
    with run.progress_path.open() as file:
        return list(csv.DictReader(file))


def test_bootstrapping_at_once_equals_slot_by_slot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = small_config(game={"max_cycles": 3})
    batched = new_run(tmp_path / "batched", config)
    train(batched, silent)

    class LeaveItToTheLibrary(BatchedBootstrap):
        def _on_step(self) -> bool:
            return True

    monkeypatch.setattr(on_policy, "BatchedBootstrap", LeaveItToTheLibrary)
    one_by_one = new_run(tmp_path / "one_by_one", config)
    train(one_by_one, silent)
    for name, value in weights(batched).items():
        np.testing.assert_allclose(weights(one_by_one)[name], value, rtol=1e-3, atol=1e-5, err_msg=name)


@pytest.mark.slow
def test_the_time_limit_is_no_end_for_the_critic(tmp_path: Path) -> None:
    # without crises the future is worth 1 less arms and signals; cut off after 4 steps it would be 1 - δ⁴ = 0.19
    changes: dict[str, Any] = {"learner": {"slots": 256, "batch_size": 2048, "learning_rate": 3e-3, "n_epochs": 8}}
    config = small_config(
        params={"crisis_rate": 0.0, "upkeep": 0.0, "burn_cost": 0.0},
        game={"max_cycles": 4},
        schedule={"agent_steps": 60 * 2048},
        **changes,
    )
    run = new_run(tmp_path / "run", config)
    model = ppo(config)
    model.learn(config.schedule.agent_steps, callback=BatchedBootstrap())
    with torch.no_grad():
        values = model.policy.predict_values(torch.as_tensor(build_games(config, 64).reset(0).reshape(128, -1)))
    assert float(values.mean()) == pytest.approx(1.0, abs=0.05)
    assert run.config.gamma == 0.95


@pytest.mark.slow
@pytest.mark.parametrize(
    ("params", "struck"),
    [
        ({"balance": -0.5}, 0.0),  # THEORY 2: where b ≤ 0 holding is dominant
        ({"balance": 0.5, "initiative_mean": 1.5}, 1.0),  # a private benefit that makes striking dominant
    ],
)
def test_a_dominant_move_is_learned(tmp_path: Path, params: dict[str, float], struck: float) -> None:
    run = new_run(tmp_path / "run", crisis_config(params=params))
    train(run, silent)
    assert strike_rate(run) == pytest.approx(struck, abs=0.03)


@pytest.mark.slow
def test_a_network_that_sees_its_intent_plays_by_it(tmp_path: Path) -> None:
    # b = 0.5, g = 1.5: a greedy state gains from striking a passive equal, P (1 + g) - c = 1.36 > 1; at trust 0.6 a
    # security seeker does best to hold, for m(b) = 0.17
    changes: dict[str, Any] = {"params": {"balance": 0.5, "greed": 1.5, "trust": 0.6}}
    run = new_run(tmp_path / "run", crisis_config(**changes))
    train(run, silent)
    assert strike_rate(run) < 0.05
    assert strike_rate(run, greedy=True) > 0.95


@pytest.mark.slow
@pytest.mark.parametrize(("probability", "struck"), [(0.42, 0.0), (0.92, 1.0)])
def test_the_initial_strike_probability_selects_the_equilibrium(
    tmp_path: Path, probability: float, struck: float
) -> None:
    # THEORY 3: at b = 1 a pair ends at war iff it starts above π* = 0.67
    learner = {"initial_strike_probability": probability, "entropy_coefficient": 0.0}
    run = new_run(tmp_path / "run", crisis_config(params={"balance": 1.0}, learner=learner))
    train(run, silent)
    assert strike_rate(run) == pytest.approx(struck, abs=0.05)
