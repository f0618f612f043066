"""Everything that studies can measure, by name."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from security_dilemma_training.studies import (
    alliances,
    commitment,
    contagion,
    hegemony,
    history,
    hobbesian_trap,
    net_assessment,
    outcome,
    perception,
    realism,
    reassurance,
    red_queen,
    routines,
    signalling,
)
from security_dilemma_training.studies.measurement import Measurement

__all__ = ["MEASUREMENTS", "SHARES", "definitions_of"]

MODULES = (
    outcome,
    signalling,
    perception,
    net_assessment,
    realism,
    history,
    alliances,
    hegemony,
    contagion,
    red_queen,
    commitment,
    hobbesian_trap,
    reassurance,
    routines,
)
"""What has a measurement, in the order of tables."""

MEASUREMENTS: MappingProxyType[str, Measurement] = MappingProxyType(
    {module.MEASUREMENT.name: module.MEASUREMENT for module in MODULES}
)
"""The measurements by name."""

SHARES = frozenset(metric for measurement in MEASUREMENTS.values() for metric in measurement.shares)
"""Metrics that are 0 or 1 for a seed."""


def definitions_of(names: Sequence[str]) -> dict[str, str]:
    """Return the metrics of some measurements with their definitions."""
    return {metric: text for name in names for metric, text in MEASUREMENTS[name].definitions.items()}
