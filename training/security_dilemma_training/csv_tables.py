"""Rows as the text of a CSV file."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["csv_text"]


def csv_text(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as CSV with a line of headings; a value that there is not, None or NaN, is left empty.

    Args:
        rows: All with the same names in the same order.
    """
    text = io.StringIO(newline="")
    table: csv.DictWriter[str] | None = None
    for row in rows:
        if table is None:
            table = csv.DictWriter(text, list(row), lineterminator="\n")
            table.writeheader()
        table.writerow({name: _written(value) for name, value in row.items()})
    return text.getvalue()


def _written(value: Any) -> Any:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return "" if value is None else value
