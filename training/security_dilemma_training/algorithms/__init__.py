"""The learning algorithms by name; see :class:`security_dilemma_training.algorithms.algorithm.Algorithm`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from security_dilemma_training.algorithms.algorithm import Algorithm
from security_dilemma_training.algorithms.continuous import SACAlgorithm, TD3Algorithm
from security_dilemma_training.algorithms.maskable import MaskablePPOAlgorithm
from security_dilemma_training.algorithms.on_policy import A2CAlgorithm, PPOAlgorithm
from security_dilemma_training.algorithms.recurrent import RecurrentPPOAlgorithm
from security_dilemma_training.algorithms.tabular import TabularAlgorithm
from security_dilemma_training.algorithms.value_learners import DQNAlgorithm, QRDQNAlgorithm

__all__ = ["ALGORITHMS", "Algorithm"]

EVERY: tuple[Algorithm, ...] = (
    *(PPOAlgorithm(), A2CAlgorithm(), MaskablePPOAlgorithm(), RecurrentPPOAlgorithm()),
    *(DQNAlgorithm(), QRDQNAlgorithm(), SACAlgorithm(), TD3Algorithm(), TabularAlgorithm()),
)
ALGORITHMS: Mapping[str, Algorithm] = MappingProxyType({algorithm.name: algorithm for algorithm in EVERY})
"""The algorithms by the names that configs have for them."""
