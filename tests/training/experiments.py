"""Results of scripted policies, measured as those of learned ones are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training import learners
from security_dilemma_training.config import RunConfig
from security_dilemma_training.evaluate import evaluate_run
from security_dilemma_training.runs import Run
from security_dilemma_training.trajectories import Policy


def run_of(folder: Path, world: str, seed: int, **options: Any) -> Run:
    """A run folder of a world of Jervis's that was never trained."""
    config = RunConfig.model_validate({"world": world, "evaluation": {"games": 100}, **options})
    return Run.create(folder / world / f"seed_{seed}", config, seed)


def evaluated(monkeypatch: pytest.MonkeyPatch, run: Run, policy: Policy) -> Mapping[str, Any]:
    """Results of a run as if it had learned ``policy``."""
    monkeypatch.setattr(learners, "load_policy", lambda _run: policy)
    return evaluate_run(run)
