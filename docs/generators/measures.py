"""The reference of measures: the definition of everything that an evaluation measures."""

from __future__ import annotations

from docs.generators.tables import code, prose, table

from security_dilemma_training.measures import definitions

__all__ = ["measures"]


def measures() -> str:
    """Return a table of all measures."""
    return table(["measure", "definition"], [[code(name), prose(text)] for name, text in definitions().items()]) + "\n"
