"""Results of a run: what is in them, that they are plain JSON, and that they say what the policy did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from security_dilemma.state import Move
from security_dilemma_training import evaluate as evaluate_module
from security_dilemma_training import learners
from security_dilemma_training.config import EvaluationConfig, RunConfig
from security_dilemma_training.evaluate import ARMS_FILE, evaluate_policy, evaluate_run, pairs_of_intents, summary_table
from security_dilemma_training.measures import BY_INTENT, BY_PAIR, SPIRAL
from security_dilemma_training.runs import Run
from security_dilemma_training.trajectories import Policy
from tests.training.experiments import evaluated, run_of
from tests.training.players import Coin, Scripted

STRIKE = Scripted(Move.STRIKE)
GREEDY_STRIKES = Scripted(Move.HOLD, greedy=(Move.STRIKE, 0))


def config(**options: object) -> RunConfig:
    return RunConfig.model_validate({"world": "doubly_dangerous", **options})


def test_pairs_of_two_and_of_many() -> None:
    assert pairs_of_intents(2) == {"both_security_seekers": 0, "mixed": 1, "both_greedy": 2}
    assert pairs_of_intents(4) == {"all_security_seekers": 0, "one_greedy": 1, "all_greedy": 4}


def test_each_pair_has_the_intents_that_its_name_says() -> None:
    pairs = evaluate_policy(GREEDY_STRIKES, config(), 400, 0)["pairs"]
    assert pairs["both_security_seekers"]["war_rate"] == 0
    assert pairs["both_security_seekers"]["tragic_war_rate"] == 0
    assert pairs["mixed"]["one_sided_wars_by_greedy"] == 1
    assert pairs["both_greedy"]["mutual_wars"] == 1
    assert pairs["mixed"]["tragic_war_rate"] is None
    assert pairs["both_greedy"]["strike_rate_security_seeker"] is None
    assert pairs["both_greedy"]["strike_rate_greedy"] == 1


def test_the_greedy_state_takes_every_place_in_turn() -> None:
    """One of two unequal states pays all the upkeep; averaged over places the intents pay alike."""
    unequal = config(params={"upkeep": [0.0, 0.2]})
    mixed = evaluate_policy(Scripted(Move.ARM_DEFENSIVELY), unequal, 200, 0)["pairs"]["mixed"]
    assert mixed["arms_burden_security_seeker"] == pytest.approx(mixed["arms_burden_greedy"], rel=1e-5)
    assert mixed["arms_burden_greedy"] > 0.1


def test_every_metric_is_there_and_what_is_null_has_a_reason_or_no_observations() -> None:
    found = evaluate_policy(STRIKE, config(), 50, 0)
    names = {row.name for row in BY_PAIR} | {"spiral_index"}
    names |= {f"{row.name}_{intent}" for row in BY_INTENT for intent in ("security_seeker", "greedy")}
    names |= {f"{name}_{i}" for name in SPIRAL if name != "spiral_index" for i in ("security_seeker", "greedy")}
    for values in found["pairs"].values():
        assert set(values) == names
    assert "no variation" in found["reasons"]["both_security_seekers"]["spiral_index"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_horizon_is_the_configs() -> None:
    certain = config(params={"crisis_rate": 1.0}, evaluation={"horizon": 1})
    found = evaluate_policy(STRIKE, certain, 50, 0)
    assert found["horizon"] == 1
    assert found["pairs"]["both_security_seekers"]["tragic_war_rate"] == 0
    assert found["pairs"]["both_security_seekers"]["war_rate"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 5])
def test_many_states(n: int) -> None:
    many = config(game={"n_states": n}, learner={"slots": 30 * n, "batch_size": 30 * n})
    pairs = evaluate_policy(Coin(0.5), many, 200, 1)["pairs"]
    assert list(pairs) == ["all_security_seekers", "one_greedy", "all_greedy"]
    assert pairs["all_security_seekers"]["tragic_war_rate"] > 0.8
    assert (
        0 < pairs["one_greedy"]["one_sided_wars_by_greedy"] < pairs["one_greedy"]["one_sided_wars_by_security_seekers"]
    )


def test_the_seed_decides() -> None:
    first, again, other = (evaluate_policy(Coin(0.3), config(), 100, seed) for seed in (1, 1, 2))
    assert first == again
    assert first["pairs"] != other["pairs"]


def test_a_run_is_evaluated_into_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(tmp_path, "intense", 3)
    results = evaluated(monkeypatch, run, Coin(0.4))
    assert json.loads(run.evaluation_path.read_text()) == results
    assert results["world"] == "intense"
    assert results["seed"] == 3
    assert results["games"] == 100
    assert results["params"]["balance"] == -0.9
    assert results["config_hash"] == run.manifest["config_hash"]
    assert results["train_seconds"] is None
    assert str(tmp_path) not in json.dumps(results)
    with np.load(run.folder / ARMS_FILE, allow_pickle=False) as arms:
        assert arms["mixed/greedy/arms"].shape == arms["mixed/greedy/states"].shape
        assert arms["both_security_seekers/security_seeker/states"][0] == 200
        assert "both_security_seekers/greedy/arms" not in arms


def test_games_and_seed_can_be_chosen_and_runs_of_one_seed_are_independent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [run_of(tmp_path, "doubly_dangerous", seed) for seed in (0, 1)]
    first, second = (evaluated(monkeypatch, run, Coin(0.4)) for run in runs)
    assert first["pairs"] != second["pairs"]
    chosen = evaluate_run(runs[0], games=30, seed=5)
    assert (chosen["games"], chosen["eval_seed"]) == (30, 5)
    assert json.loads(runs[0].evaluation_path.read_text()) == chosen


@pytest.mark.slow
def test_results_are_measured_again_only_where_something_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of(tmp_path, "intense", 0, game={"max_cycles": 8}, evaluation={"games": 20})
    run.policy_path.write_bytes(b"weights")
    asked: list[Run] = []

    def load_policy(run: Run) -> Policy:
        asked.append(run)
        return Coin(0.4)

    monkeypatch.setattr(learners, "load_policy", load_policy)

    def measured(run: Run, **options: Any) -> bool:
        before = len(asked)
        results = evaluate_run(run, **options, reuse=True)
        assert results == json.loads(run.evaluation_path.read_text())
        return len(asked) > before

    assert measured(run)
    assert not measured(run)
    assert not measured(Run.open(run.folder))
    assert evaluate_run(run) == evaluate_run(run, reuse=True)
    assert len(asked) == 2  # asked without leave to reuse
    for options in ({"games": 30}, {"seed": 5}):
        assert measured(run, **options)
    assert measured(run)
    changed = run.config.model_copy(update={"evaluation": EvaluationConfig(games=20, horizon=7)})
    assert measured(Run.create(run.folder, changed, 0))
    run = Run.open(run.folder)
    run.policy_path.write_bytes(b"other weights")
    assert measured(run)
    run.evaluation_path.write_text("{")
    assert measured(run)
    (run.folder / ARMS_FILE).unlink()
    assert measured(run)
    monkeypatch.setattr(evaluate_module, "maker", lambda: "version 99")
    assert measured(run)
    assert not measured(run)


def test_the_table_of_worlds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plays: list[tuple[str, int, Policy]] = [
        ("doubly_safe", 0, Coin(0.0)),
        ("doubly_dangerous", 0, STRIKE),
        ("doubly_dangerous", 1, STRIKE),
    ]
    results = [evaluated(monkeypatch, run_of(tmp_path, world, seed), policy) for world, seed, policy in plays]
    console = Console(width=160, record=True, file=(tmp_path / "out").open("w"))
    console.print(summary_table(results))
    text = console.export_text()
    console.file.close()
    assert text.index("Doubly dangerous") < text.index("Doubly safe")
    assert "2/2" in text
    assert "0/1" in text
    assert "✗ against it" in text
    assert "[0." in text
