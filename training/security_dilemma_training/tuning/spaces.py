"""What ``security-dilemma tune`` searches: the options of each algorithm, and where their values may lie.

Every algorithm's defaults lie in its space, and every point of it is a config without faults: the batch size follows
from the slots, the steps of a rollout and the number of batches, all powers of two, so that it also divides what one of
two independent learners collects. Searched are options that say how well and how fast a learner learns. What selects
among equilibria of self-play instead, such as the probability of a first strike, is none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from security_dilemma_training.learner_sections import ALGORITHM_NAMES, MODELS

if TYPE_CHECKING:
    from optuna.trial import Trial

__all__ = ["SPACES", "Choice", "Range", "default_point", "options_of", "suggest"]


class Choice(NamedTuple):
    """One of some values."""

    values: tuple[Any, ...]


class Range(NamedTuple):
    """A number between two others, both included."""

    low: float
    high: float
    log: bool = True


Space = Mapping[str, Choice | Range]

WIDTHS = {"32x32": (32, 32), "64x64": (64, 64), "128x128": (128, 128)}
NETWORK: Space = {
    "learning_rate": Range(1e-4, 1e-2),
    "hidden_sizes": Choice(tuple(WIDTHS)),
    "activation": Choice(("tanh", "relu")),
}
ON_POLICY: Space = {
    **NETWORK,
    "slots": Choice((64, 128, 256, 512)),
    "n_steps": Choice((8, 16, 32, 64)),
    "entropy_coefficient": Range(1e-3, 1e-1),
    "gae_lambda": Choice((0.8, 0.9, 0.95, 0.99)),
}
CLIPPED: Space = {
    **ON_POLICY,
    "batches": Choice((2, 4, 8, 16)),
    "n_epochs": Choice((2, 4, 8)),
    "clip_range": Choice((0.1, 0.2, 0.3)),
}
OFF_POLICY: Space = {
    **NETWORK,
    "slots": Choice((32, 64, 128)),
    "learning_starts": Choice((1_000, 5_000)),
    "batch_size": Choice((128, 256, 512)),
    "train_every": Choice((2, 4, 8)),
    "gradient_steps": Choice((2, 4, 8)),
}
VALUES: Space = {
    **OFF_POLICY,
    "target_update_every": Choice((1_000, 2_500, 5_000, 10_000)),
    "exploration_share": Range(0.1, 0.8, log=False),
    "exploration_final": Choice((0.01, 0.02, 0.05)),
}
RATES: Space = {**OFF_POLICY, "target_share": Choice((0.005, 0.01, 0.02, 0.05))}

SPACES: Mapping[str, Space] = {
    "ppo": CLIPPED,
    "a2c": ON_POLICY,
    "maskable_ppo": CLIPPED,
    "recurrent_ppo": {**CLIPPED, "lstm_size": Choice((32, 64, 128))},
    "dqn": VALUES,
    "qr_dqn": {**VALUES, "n_quantiles": Choice((8, 16, 32))},
    "sac": RATES,
    "td3": {**RATES, "action_noise": Range(0.03, 0.3)},
    "tabular": {
        "learning_rate": Range(1e-2, 0.5),
        "slots": Choice((64, 128, 256, 512)),
        "cells": Choice((2, 3, 4, 5)),
        "initial_value": Choice((0.0, 0.5, 1.0)),
        "temperature": Range(1e-2, 0.5),
        "temperature_final_share": Choice((0.01, 0.03, 0.1)),
    },
}
"""The search space of each algorithm, by option; ``batches`` stands for the gradient steps of a pass over a rollout."""


def suggest(trial: Trial, algorithm: str) -> dict[str, Any]:
    """Return a point of an algorithm's space as a trial of Optuna suggests it."""
    point: dict[str, Any] = {}
    for name, where in SPACES[algorithm].items():
        if isinstance(where, Choice):
            point[name] = trial.suggest_categorical(name, where.values)
        else:
            point[name] = trial.suggest_float(name, where.low, where.high, log=where.log)
    return point


def options_of(point: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a learner at a point of its algorithm's space, as a config has them."""
    options = dict(point)
    if "hidden_sizes" in options:
        options["hidden_sizes"] = list(WIDTHS[options["hidden_sizes"]])
    if "batches" in options:
        options["batch_size"] = options["slots"] * options["n_steps"] // options.pop("batches")
    return options


def default_point(algorithm: str) -> dict[str, Any]:
    """Return the point of an algorithm's space at which its defaults are."""
    fields = dict(zip(ALGORITHM_NAMES, MODELS, strict=True))[algorithm].model_fields
    point = {name: fields[name].default for name in SPACES[algorithm] if name != "batches"}
    if "hidden_sizes" in point:
        point["hidden_sizes"] = "x".join(str(width) for width in point["hidden_sizes"])
    if "batches" in SPACES[algorithm]:
        point["batches"] = point["slots"] * point["n_steps"] // fields["batch_size"].default
    return point
