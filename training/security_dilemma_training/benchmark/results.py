"""The results table of a benchmark: one row for each run, only ever added to, in CSV and where it can be in Parquet.

A row is found again by its ``key``, the SHA-256 of what determines its values: the hash of the config, the seed, the
options of the evaluation and what was measured. Rows of one key that differ in names are one run under several names.
"""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import io
import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from security_dilemma_training.errors import RunError
from security_dilemma_training.writing import file_lock, write_atomically

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "RESULTS_FILE", "Row", "append_row", "frame", "read_rows", "row_key", "write_parquet"]

RESULTS_FILE = "results.csv"
"""In the benchmark's folder; ``results.parquet`` stands beside it where pyarrow is there."""

Row = dict[str, Any]
"""A row by column; None where nothing was measured."""

TEXT, WHOLE, NUMBER = "text", "whole", "number"
COLUMNS: dict[str, str] = {
    "key": TEXT,
    "config_hash": TEXT,
    "seed": WHOLE,
    "algorithm": TEXT,
    "scheme": TEXT,
    "world": TEXT,
    "control": TEXT,
    "changes": TEXT,
    "agent_steps": WHOLE,
    "payoff": NUMBER,
    "tragic_war_rate": NUMBER,
    "war_rate": NUMBER,
    "welfare_loss": NUMBER,
    "arms_burden": NUMBER,
    "exploitability_security_seeker": NUMBER,
    "exploitability_greedy": NUMBER,
    "cpu_seconds": NUMBER,
    "wall_seconds": NUMBER,
    "engine": TEXT,
    "measured_by": TEXT,
    "run": TEXT,
    "command": TEXT,
}
"""The columns in their order, and what they hold; a number may be missing."""


def row_key(config_hash: str, seed: int, evaluation: Mapping[str, Any], measured: Mapping[str, Any]) -> str:
    """Return the key of a row.

    Args:
        config_hash: Of the run's config.
        seed: The run's seed.
        evaluation: The options of the evaluation, as plain data.
        measured: The options of what is measured beside it, by name; None of what is not.
    """
    about = {"config_hash": config_hash, "seed": seed, "evaluation": dict(evaluation), "measures": dict(measured)}
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a table, none where there is no file; what a crash left of a last row is no row.

    Raises:
        RunError: If the table is of another version or holds what cannot stand there, told with its line.
    """
    try:
        content = path.read_bytes()
        text = content[: content.rfind(b"\n") + 1].decode("utf-8")
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as error:
        raise RunError(f"{path} is damaged ({error}): restore it, or choose another folder with --out") from error
    if not text:
        if not _line(list(COLUMNS)).startswith(content):  # a crash leaves no more than a part of the heading
            raise RunError(f"{path} is no table of results: move it away, or choose another folder with --out")
        return []
    try:
        heading, *lines = csv.reader(io.StringIO(text, newline=""))
    except csv.Error as error:
        raise RunError(f"{path} is damaged ({error}): restore it, or choose another folder with --out") from error
    if heading != list(COLUMNS):
        missing = [name for name in COLUMNS if name not in heading]
        others = [name for name in heading if name not in COLUMNS]
        what = "; ".join(
            f"{kind} {', '.join(names)}" for kind, names in (("without", missing), ("with", others)) if names
        )
        problem = f"is a table of another version ({what or 'columns in another order'})"
        raise RunError(f"{path} {problem}: move it away, or choose another folder with --out")
    return [_parsed(path, number, cells) for number, cells in enumerate(lines, start=2)]


def append_row(path: Path, row: Row) -> None:
    """Add a row at the end of a table, under a lock and on the disk when this returns; the table is made if need be.

    What a crash has left of a row is cut off first, so that no half row ever has another behind it.

    Raises:
        ValueError: If the row has not just these columns, or a value that is more than one line.
        OSError: If the file cannot be written.
    """
    if set(row) != set(COLUMNS):
        raise ValueError(f"a row needs the columns {', '.join(COLUMNS)}: differs in {set(row) ^ set(COLUMNS)}")
    line = _line([_written(row[name]) for name in COLUMNS])
    with path.open("a+b") as file, file_lock(file):
        end = _end_of_rows(file)
        file.truncate(end)
        file.write((b"" if end else _line(list(COLUMNS))) + line)
        file.flush()
        os.fsync(file.fileno())


def frame(rows: Sequence[Row]) -> pd.DataFrame:
    """Return rows as a data frame whose columns have their types; NaN where a number is missing."""
    import pandas as pd

    kinds = {TEXT: "str", WHOLE: "int64", NUMBER: "float64"}
    table = pd.DataFrame([[row[name] for name in COLUMNS] for row in rows], columns=list(COLUMNS))
    return table.astype({name: kinds[kind] for name, kind in COLUMNS.items()})


def write_parquet(rows: Sequence[Row], path: Path) -> bool:
    """Write rows as Parquet, atomically, if pyarrow is there (the extra ``[parquet]``); return whether it is."""
    if importlib.util.find_spec("pyarrow") is None:
        return False
    file = io.BytesIO()
    frame(rows).to_parquet(file, engine="pyarrow", index=False)
    write_atomically(path, file.getvalue())
    return True


def _end_of_rows(file: io.BufferedRandom) -> int:
    """The place behind the last whole row."""
    file.seek(0, os.SEEK_END)
    end = file.tell()
    while end:
        begin = max(0, end - 4096)
        file.seek(begin)
        place = file.read(end - begin).rfind(b"\n")
        if place >= 0:
            return begin + place + 1
        end = begin
    return 0


def _line(cells: Sequence[str]) -> bytes:
    if any("\n" in cell or "\r" in cell for cell in cells):
        raise ValueError(f"a row must be a single line, not {cells!r}")
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


def _written(value: Any) -> str:
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)


def _parsed(path: Path, number: int, cells: Sequence[str]) -> Row:
    """One row with its types."""
    if len(cells) != len(COLUMNS):
        raise RunError(f"{path}, line {number}: {len(cells)} of {len(COLUMNS)} values; delete that line")
    row: Row = {}
    for (name, kind), cell in zip(COLUMNS.items(), cells, strict=True):
        try:
            row[name] = cell if kind == TEXT else int(cell) if kind == WHOLE else float(cell) if cell else None
            if name == "changes" and not isinstance(json.loads(cell), dict):
                raise ValueError("no object")
        except ValueError as error:
            needed = {WHOLE: "a whole number", NUMBER: "a number or nothing", TEXT: "a JSON object"}[kind]
            problem = f"{name} = {cell!r} must be {needed}"
            raise RunError(f"{path}, line {number}: {problem}; mend or delete that line") from error
    return row
