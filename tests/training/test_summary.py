"""What is taken together as replicates of one world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training.report import write_report
from security_dilemma_training.summary import show_number, summarise
from security_dilemma_training.verdict import Outcome
from tests.training.experiments import evaluated, run_of
from tests.training.players import Coin


def result(folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int, **options: Any) -> dict[str, Any]:
    return dict(evaluated(monkeypatch, run_of(folder, "intense", seed, **options), Coin(1.0)))


@pytest.mark.slow
def test_results_over_different_horizons_are_no_replicates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = [result(tmp_path, monkeypatch, seed, evaluation={"games": 50, "horizon": 20}) for seed in (0, 1)]
    short = [result(tmp_path / "short", monkeypatch, seed, evaluation={"games": 50, "horizon": 1}) for seed in (0, 1)]
    assert long[0]["config_hash"] == short[0]["config_hash"]
    first, second = summarise([long[0], *short, long[1], long[1]])
    assert (first.world, second.world) == ("intense within 20 steps", "intense within 1 step")
    assert [row["horizon"] for row in first.results] == [20, 20]
    assert [row["horizon"] for row in second.results] == [1, 1]
    assert first.verdict.outcome is Outcome.SPIRAL
    assert second.verdict.outcome is Outcome.NONE
    assert [world.world for world in summarise(long)] == ["intense"]
    text = write_report([*long, *short], tmp_path / "report").read_text(encoding="utf-8")
    assert "No verdict: no war is possible within the horizon." in text


def test_configs_and_horizons_are_told_apart_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = result(tmp_path, monkeypatch, 0)
    shorter = one | {"horizon": 5}
    other = result(tmp_path / "other", monkeypatch, 0, game={"max_cycles": 30})
    names = [world.world for world in summarise([one, other, shorter])]
    one_hash, other_hash = (row["config_hash"][:6] for row in (one, other))
    assert names == [
        f"intense #{one_hash} within 20 steps",
        f"intense #{other_hash}",
        f"intense #{one_hash} within 5 steps",
    ]


def test_numbers_of_a_table() -> None:
    assert [show_number(value, 2) for value in (-0.004, -0.006, 0.5, float("nan"))] == ["0.00", "-0.01", "0.50", "–"]
