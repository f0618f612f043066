"""What configs of many short runs have in common: phase diagrams and studies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import model_validator

from security_dilemma_training.config import Experiment
from security_dilemma_training.learner_sections import Learner, PPOConfig
from security_dilemma_training.sections import EvaluationConfig, OutputConfig, ScheduleConfig

__all__ = ["ShortRuns"]

LEFT_OUT: Mapping[str, Mapping[str, Any]] = {
    "learner": {"backend": "jax", "device": "auto"},
    "schedule": {"agent_steps": 500_000},
    "evaluation": {"games": 500},
    "output": {"tensorboard": False},
}
"""What holds in a section where a config leaves it out: there are many runs, and each one is to be short."""


class ShortRuns(Experiment):
    """Many short runs."""

    learner: Learner = PPOConfig(backend="jax", device="auto")
    """The learner and its options; PPO takes the jax backend where none is given."""
    schedule: ScheduleConfig = ScheduleConfig(agent_steps=500_000)
    """How long to learn."""
    evaluation: EvaluationConfig = EvaluationConfig(games=500)
    """How learned policies are measured."""
    output: OutputConfig = OutputConfig(tensorboard=False)
    """Where results go."""

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, data: Any) -> Any:
        """Let a section that gives some options keep what many short runs take for the others."""
        if not isinstance(data, Mapping):
            return data
        filled = dict(data)
        for section, options in LEFT_OUT.items():
            given = data.get(section)
            if isinstance(given, Mapping) and (section != "learner" or given.get("algorithm", "ppo") == "ppo"):
                filled[section] = {**options, **given}
        return filled
