"""Both backends learn the same in the four worlds, within their intervals over seeds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from security_dilemma import WORLDS
from security_dilemma_training.comparisons import holm, rank_sum_test
from security_dilemma_training.config import FourWorldsConfig, parse
from security_dilemma_training.four_worlds import four_worlds

SEEDS = 12


def rates(folder: Path, backend: str) -> dict[str, list[float]]:
    """The tragic war rates of every seed by world."""
    document = {
        "learner": {"backend": backend},
        "seeds": list(range(SEEDS)),
        "evaluation": {"games": 500},
        "output": {"folder": str(folder / backend), "tensorboard": False},
    }
    config = parse(document, FourWorldsConfig)
    assert four_worlds(config, config.folder, 2) == 0
    results = json.loads((config.folder / "results.json").read_text(encoding="utf-8"))
    return {
        world: [r["pairs"]["both_security_seekers"]["tragic_war_rate"] for r in results if r["world"] == world]
        for world in WORLDS
    }


@pytest.mark.nightly
def test_the_four_worlds_are_those_of_stable_baselines3(tmp_path: Path) -> None:
    theirs, ours = rates(tmp_path, "sb3"), rates(tmp_path, "jax")
    assert {len(found) for found in [*theirs.values(), *ours.values()]} == {SEEDS}
    adjusted = holm([rank_sum_test([theirs[world]], [ours[world]]) for world in WORLDS])
    assert min(adjusted) > 0.05
    for defence in ("intense", "doubly_safe"):
        assert max(theirs[defence] + ours[defence]) < 0.2
