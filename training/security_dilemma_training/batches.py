"""Batches: which runs are trained side by side, by one compiled program."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from security_dilemma_training.determinants import determinants
from security_dilemma_training.learner_sections import LearnerConfig, PPOConfig

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig
    from security_dilemma_training.runs import Run

__all__ = ["LANES", "batches", "is_compiled", "shape_of"]

LANES = {"processor": 8, "accelerator": 256}
"""Runs that a program trains side by side at most, where the config does not say: few on a processor, where they are
trained one after the other, so that progress is seen and little is lost by an interruption."""


def is_compiled(learner: LearnerConfig) -> bool:
    """Whether a learner is one of the compiled path."""
    return isinstance(learner, PPOConfig) and learner.backend == "jax"


def shape_of(config: RunConfig) -> str:
    """Return what runs must have in common to be trained by one program.

    That is all but seeds, the parameters' values and the policies that they go on from.
    """
    found = determinants(config.resolved()) | {"device": config.learner.device, "stages": bool(config.game.stages)}
    found["params"] = {name: np.shape(value) if value is not None else None for name, value in found["params"].items()}
    found["learner"] = {name: value for name, value in found["learner"].items() if name != "start_from"}
    return json.dumps(found, sort_keys=True)


def batches(runs: Sequence[Run], at_once: int, *, accelerator: bool = False) -> list[list[Run]]:
    """Return runs in batches: those of the compiled path with others of the same program, every other run alone.

    Args:
        runs: The runs.
        at_once: Batches that are trained at the same time; where there are few runs they are parted evenly among these.
        accelerator: Whether they are trained on an accelerator.
    """
    found: list[list[Run]] = []
    shapes: dict[str, list[Run]] = {}
    for run in runs:
        if is_compiled(run.config.learner):
            shapes.setdefault(shape_of(run.config), []).append(run)
        else:
            found.append([run])
    for alike in shapes.values():
        own = alike[0].config.learner.narrowed(PPOConfig).lanes
        most = own or LANES["accelerator" if accelerator else "processor"]
        count = min(len(alike), -(-len(alike) // (most * at_once)) * at_once)
        found += [alike[place::count] for place in range(count)]
    return found
