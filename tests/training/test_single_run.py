"""The numbers of a row: those of the run's evaluation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from security_dilemma_training.benchmark.plan_config import load_benchmark
from security_dilemma_training.benchmark.single_run import run_and_measure_together
from security_dilemma_training.runs import Run
from tests.training.runs_for_tests import silent

SMALL = (
    *("worlds=intense", "algorithms=ppo", "schedule.agent_steps=256", "evaluation.games=20"),
    *("output.tensorboard=false", "learner={slots: 12, n_steps: 8, batch_size: 48}", "params.trust=0.7"),
)


@pytest.mark.parametrize("n_states", [2, 3])
def test_the_numbers_of_a_row_are_those_of_the_evaluation(tmp_path: Path, n_states: int) -> None:
    (cell,) = load_benchmark(None, [*SMALL, f"game.n_states={n_states}"]).cells()
    made = Run.create(tmp_path / "run", cell.config, 0)
    values = run_and_measure_together([str(made.folder)], silent)[0]["values"]
    results = json.loads(made.evaluation_path.read_text())
    pairs = list(results["pairs"].values())
    for name in ("tragic_war_rate", "welfare_loss"):
        assert values[name] == pairs[0][name]
    if n_states == 2:
        weights = (0.49, 0.42, 0.09)
        assert values["war_rate"] == pytest.approx(sum(w * p["war_rate"] for w, p in zip(weights, pairs, strict=True)))
        seeker, greedy = "payoff_security_seeker", "payoff_greedy"
        payoff = 0.49 * pairs[0][seeker] + 0.21 * (pairs[1][seeker] + pairs[1][greedy]) + 0.09 * pairs[2][greedy]
        assert values["payoff"] == pytest.approx(payoff)
    rates = [pair["war_rate"] for pair in pairs]
    assert min(rates) - 0.2 <= values["war_rate"] <= max(rates) + 0.2
    assert values["agent_steps"] == 256
    assert values["exploitability_greedy"] is None
    assert values["cpu_seconds"] > 0
