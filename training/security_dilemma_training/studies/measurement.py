"""What can be measured in a study, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from security_dilemma_training.studies.subject import Subject

__all__ = ["Measurement"]


class Measurement(NamedTuple):
    """A measurement: some metrics that belong together."""

    name: str
    definitions: Mapping[str, str]
    """By the name of each metric what it is, in one line with its unit; reports print it."""
    of: Callable[[Subject], Mapping[str, float]]
    """Measures one seed of one condition: every metric, NaN where there is nothing to measure it on."""
    shares: tuple[str, ...] = ()
    """Metrics that are 0 or 1 for a seed: over seeds they are a share, with a count and a Wilson interval."""
