"""Phase diagrams without training: results made up as a rule says, and an engine that trains nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training.batch_work import Cost
from security_dilemma_training.benchmark.engines import Ended, Engine, RunJob
from security_dilemma_training.config import parse
from security_dilemma_training.jobs import Outcome
from security_dilemma_training.phase_diagram.diagram_config import PhaseDiagramConfig
from security_dilemma_training.phase_diagram.measured import MeasuredPlane, SeedResult, measured_planes
from security_dilemma_training.runs import Run
from security_dilemma_training.verdict import Ending, ending
from tests.training.experiments import evaluated
from tests.training.players import Coin
from tests.training.runs_for_tests import merged

WAR, BETWEEN, PEACE = 0.93, 0.5, 0.01
"""Tragic war rates of seeds that end so, where the highest is 0.954."""

SMALL: dict[str, Any] = {
    "planes": {
        "worlds": {
            "x": {"parameter": "balance", "low": -0.9, "high": 0.9, "points": 3},
            "y": {"parameter": "distinguishability", "low": 0, "high": 1, "points": 2},
        }
    },
    "seeds": [3, 4],
}
"""Six cells: one row where weapons serve both purposes, one where they do not."""

Rule = Callable[[Mapping[str, float], int], float | None]
"""The tragic war rate of a cell's values and a seed, or None where the seed is missing."""


def result_of(seed: int, rate: float, folder: Path) -> SeedResult:
    """A seed of a tragic war rate; arms, and with them a spiral index, are where there is war."""
    ends = ending(rate, 0.954)
    index = 1.4 if ends is Ending.WAR else math.nan
    values = {"tragic_war_rate": rate, "arms_burden": 0.05 * rate, "arms": 2.5 * rate, "welfare_loss": 0.4 * rate}
    reason = "" if ends is Ending.WAR else "no variation of the own arms"
    return SeedResult(seed, ends, values | {"spiral_index": index}, reason, 4.0 + seed, folder)


def made_up(rule: Rule, data: Mapping[str, Any] = SMALL) -> tuple[PhaseDiagramConfig, list[MeasuredPlane]]:
    """Return a diagram with results as a rule says."""
    asked = parse(data, PhaseDiagramConfig)
    found = {}
    for cell in asked.cells():
        for seed in asked.seeds:
            rate = rule(cell.values, seed)
            if rate is not None:
                found[cell.plane, cell.name, seed] = result_of(seed, rate, cell.folder / f"seed_{seed}")
    return asked, measured_planes(asked, found)


def offence_fights(values: Mapping[str, float], seed: int) -> float:
    """War where offence has the advantage, with the second seed only where weapons serve both purposes."""
    if values["balance"] <= 0:
        return PEACE
    return WAR if seed == 3 or values["distinguishability"] == 0 else BETWEEN


TINY: dict[str, Any] = {
    "planes": {
        "small": {
            "x": {"parameter": "balance", "low": -1, "high": 1, "points": 2},
            "y": {"parameter": "trust", "low": 0.5, "high": 0.9, "points": 2},
        }
    },
    "seeds": [0, 1],
    "learner": {"slots": 16, "n_steps": 8, "batch_size": 64, "hidden_sizes": [8], "device": "cpu"},
    "schedule": {"agent_steps": 256},
    "evaluation": {"games": 20},
}
NAMES = [f"small/balance={b},trust={t}/seed_{s}" for s in (0, 1) for t in ("0.5", "0.9") for b in ("-1", "1")]


def tiny(folder: Path | str = "out", **changes: Any) -> PhaseDiagramConfig:
    return parse(merged(merged(TINY, changes), {"output": {"folder": str(folder)}}), PhaseDiagramConfig)


class Here(Engine):
    """Trains nothing: every run of an offence balance learns to strike, every other one to hold."""

    name = "local"

    def __init__(self, patch: pytest.MonkeyPatch, fail: Sequence[str] = (), at_once: int = 1) -> None:
        self.batches: list[int] = []
        self.ran: list[str] = []
        self._patch, self._fail, self._at_once = patch, fail, at_once

    @property
    def at_once(self) -> int:
        return self._at_once

    def run(self, jobs: Sequence[RunJob], ended: Ended, accelerators: int = 0) -> list[Outcome]:
        outcomes = []
        for index, job in enumerate(jobs):
            self.batches.append(len(job.folders))
            outcomes.append(Outcome(job.name, [self._entry(folder) for folder in job.folders]))
            ended(index, outcomes[-1])
        return outcomes

    def _entry(self, folder: Path) -> dict[str, Any]:
        run = Run.open(folder)
        self.ran.append("/".join(folder.parts[-3:]))
        if self.ran[-1] in self._fail:
            return {"error": "no luck"}
        with run.training():
            run.policy_path.write_bytes(b"a policy")
        with self._patch.context() as patch:
            evaluated(patch, run, Coin(1.0 if run.config.params["balance"] > 0 else 0.0))
        return {"values": {}, "cost": Cost(1.0, 1.5, 2.0, 1)}
