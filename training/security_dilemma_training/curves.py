"""Curves over a training, read back from what a run logged."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np

from security_dilemma_training.figures import Curves

__all__ = ["read_progress"]


def read_progress(path: Path, *beginnings: str) -> Curves:
    """Return the columns of a ``progress.csv`` whose names begin in a given way; NaN where a cell is empty."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in (rows[0] if rows else ()) if name.startswith(beginnings)]
    return {name: np.array([float(row[name]) if row[name] else math.nan for row in rows]) for name in names}
