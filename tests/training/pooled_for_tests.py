"""Small networks that pool the other states, and what they are asked, for tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.config import RunConfig
from tests.training.runs_for_tests import merged, small_config

POOLED = ("mean_pooling", "attention")
OWN, ABOUT = 8, 13  # entries of an observation: own, and about each other state

Floats = NDArray[np.float32]


def config_of(network: str, n_states: int = 3, **changes: Any) -> RunConfig:
    """The config of a small learner; 120 slots are a multiple of 2, 3, 4, 5, 6 and 8."""
    base = {"game": {"n_states": n_states}, "learner": {"network": network, "slots": 840 if n_states == 7 else 120}}
    return small_config(**merged(base, merged({"learner": {"batch_size": 120, "n_steps": 4}}, changes)))


def network(config: RunConfig, seed: int = 0) -> Any:
    """A network of which every weight matters: those of the start would leave the last layers next to nothing."""
    torch.manual_seed(seed)
    made: Any = ALGORITHMS["ppo"].network(config)
    with torch.no_grad():
        for value in made.parameters():
            value.normal_(std=0.3)
    return made


def answers(made: Any, seen: Floats) -> tuple[list[Floats], Floats]:
    """Logits of each component, and values."""
    with torch.no_grad():
        latent = made.mlp_extractor(torch.as_tensor(seen))
        logits, values = made.action_net(latent[0]).numpy(), made.value_net(latent[1]).numpy()[:, 0]
    return np.split(logits, np.cumsum(made.action_space.nvec)[:-1], axis=1), values


def observations(n_states: int, rows: int = 40) -> Floats:
    """Random observations of living states, all others alive."""
    seen = np.random.default_rng(0).uniform(0, 1, (rows, OWN + ABOUT * (n_states - 1))).astype(np.float32)
    blocks(seen)[..., 0] = 1
    return seen


def blocks(seen: Floats) -> Floats:
    """What is seen of each other state, (rows, N - 1, entries); a view."""
    return seen[:, OWN:].reshape(len(seen), -1, ABOUT)
