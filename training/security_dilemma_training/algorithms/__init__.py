"""The learning algorithms by name; see :class:`security_dilemma_training.algorithms.algorithm.Algorithm`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from security_dilemma_training.algorithms.algorithm import Algorithm
from security_dilemma_training.algorithms.on_policy import A2CAlgorithm, PPOAlgorithm

__all__ = ["ALGORITHMS", "Algorithm"]

ALGORITHMS: Mapping[str, Algorithm] = MappingProxyType(
    {algorithm.name: algorithm for algorithm in (PPOAlgorithm(), A2CAlgorithm())}
)
"""The algorithms by the names that configs have for them."""
