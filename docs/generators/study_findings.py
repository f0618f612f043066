"""What the studies found, as tables: from the comparisons that stand beside their pages."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from docs.generators.tables import table

from security_dilemma_training.benchmark.markdown import escaped

__all__ = ["findings", "study_findings"]

HEADINGS = ("metric", "condition", "against", "of the one", "of the other", "p (Holm)", "expected", "found")


def study_findings(folder: Path) -> dict[str, str]:
    """Return for each study that has comparisons the text of its table, by the name of its part.

    Args:
        folder: Where the pages of the studies are, ``docs/studies``.
    """
    return {f"{path.parent.name}.part.md": findings(path) for path in sorted(folder.glob("*/comparisons.csv"))}


def findings(path: Path) -> str:
    """Return the table of comparisons of a study.

    Args:
        path: Its ``comparisons.csv``.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return table(HEADINGS, [_row(row) for row in rows]) + "\n"


def _row(row: Mapping[str, str]) -> list[str]:
    names = [escaped(row[name].replace("_", " ")) for name in ("metric", "condition", "against")]
    sides = [_side(row, side) for side in ("condition", "against")]
    return [*names, *sides, _p(row["p_holm"]), row["expected"], escaped(row["finding"])]


def _side(row: Mapping[str, str], side: str) -> str:
    if not row[f"{side}_middle"]:
        return "–"
    middle, low, high = (_number(row[f"{side}{part}"]) for part in ("_middle", "_low", "_high"))
    return escaped(f"{middle} [{low}, {high}]" if low else middle)


def _number(text: str) -> str:
    if not text:
        return ""
    value = float(text)
    return f"{value:z.{1 if abs(value) >= 10 else 2 if abs(value) >= 0.1 or value == 0 else 3}f}"


def _p(text: str) -> str:
    if not text:
        return "–"
    return f"{float(text):.3f}" if float(text) >= 0.001 else "<.001"
