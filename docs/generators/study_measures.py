"""The reference of studies: everything that a study can measure, with its definition, and the controls."""

from __future__ import annotations

from docs.generators.tables import code, prose, table

from security_dilemma_training.studies.controls import CONTROLS
from security_dilemma_training.studies.registry import MEASUREMENTS

__all__ = ["study_measures"]


def study_measures() -> str:
    """Return a section with a table of metrics for each measurement, and one of the controls."""
    parts = []
    for name, measurement in MEASUREMENTS.items():
        rows = [[code(metric), prose(text)] for metric, text in measurement.definitions.items()]
        parts += [f"## `{name}`", table(["metric", "definition"], rows)]
    names = ", ".join(code(name) for name in CONTROLS)
    parts += ["## Controls", f"Scripted states that only studies know, as `players` of a condition: {names}."]
    return "\n\n".join(parts) + "\n"
