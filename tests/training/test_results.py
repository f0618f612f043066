"""The results table: rows that survive crashes and crowds, keys, and tables that are not ours."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from security_dilemma_training.benchmark.results import COLUMNS, append_row, frame, read_rows, row_key, write_parquet
from security_dilemma_training.errors import RunError


def row(**changes: Any) -> dict[str, Any]:
    """A row whose text needs quoting."""
    names = {"algorithm": "ppo", "scheme": "self_play", "world": "intense", "control": "none"}
    texts = {"changes": '{"params.balance": [0.1, 0.2]}', "engine": "local", "measured_by": 'version "1", at α'}
    numbers = {name: 0.1 + 0.2 for name, kind in COLUMNS.items() if kind == "number"}
    identity = {"key": "k" * 64, "config_hash": "c" * 64, "seed": 3, "agent_steps": 10**9}
    more = {"exploitability_greedy": None, "run": "runs/a/seed_3", "command": "security-dilemma benchmark 'a, b.yaml'"}
    return identity | names | texts | numbers | more | changes


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    assert read_rows(path) == []
    rows = [row(seed=seed) for seed in range(3)]
    for one in rows:
        append_row(path, one)
    assert read_rows(path) == rows
    text = path.read_text()
    assert text.splitlines()[0] == ",".join(COLUMNS)
    append_row(path, row(seed=9))
    assert path.read_text().startswith(text)


def test_not_a_number_is_nothing(tmp_path: Path) -> None:
    append_row(tmp_path / "results.csv", row(payoff=float("nan")))
    assert read_rows(tmp_path / "results.csv")[0]["payoff"] is None


@pytest.mark.parametrize("cut", [1, 40, 399])
def test_what_a_crash_left_of_a_row_is_no_row(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "results.csv"
    append_row(path, row(seed=0))
    whole = path.read_bytes()
    append_row(path, row(seed=1))
    path.write_bytes(path.read_bytes()[:-cut])
    assert [one["seed"] for one in read_rows(path)] == [0]
    append_row(path, row(seed=2))
    assert [one["seed"] for one in read_rows(path)] == [0, 2]
    assert path.read_bytes().startswith(whole)


def test_a_crash_within_a_letter_or_the_heading(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_bytes(b"key,config")
    assert read_rows(path) == []
    append_row(path, row())
    path.write_bytes(path.read_bytes() + "α".encode()[:1])
    assert read_rows(path) == [row()]


MANY = """
import sys
from pathlib import Path
from security_dilemma_training.benchmark.results import append_row
from tests.training.test_results import row
for seed in range(20):
    append_row(Path(sys.argv[1]), row(seed=int(sys.argv[2]) * 100 + seed))
"""


@pytest.mark.slow
def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    writers = [subprocess.Popen([sys.executable, "-c", MANY, str(path), str(n)], env=here) for n in range(2)]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert sorted(one["seed"] for one in read_rows(path)) == [100 * n + seed for n in range(2) for seed in range(20)]


def test_tables_of_another_version_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("key,seed,score\n")
    with pytest.raises(RunError, match=r"another version \(without config_hash, .*; with score\): move it away"):
        read_rows(path)
    path.write_text(",".join(reversed(list(COLUMNS))) + "\n")
    with pytest.raises(RunError, match="columns in another order"):
        read_rows(path)
    path.write_bytes(b"\xff\xfe\n")
    with pytest.raises(RunError, match="is damaged"):
        read_rows(path)
    path.write_bytes(b"not ours")
    with pytest.raises(RunError, match="no table of results: move it away"):
        read_rows(path)
    path.unlink()
    append_row(path, row())
    path.write_text(path.read_text() + '"' + "x\n" * 100_000)
    with pytest.raises(RunError, match=r"is damaged \(field larger than field limit .*\): restore it"):
        read_rows(path)


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("seed", "three", r"line 2: seed = 'three' must be a whole number"),
        ("payoff", "much", r"line 2: payoff = 'much' must be a number or nothing"),
        ("changes", "[1]", r"line 2: changes = '\[1\]' must be a JSON object"),
        ("changes", "__import__('os')", r"changes = .* must be a JSON object"),
    ],
)
def test_what_cannot_stand_in_a_column_is_told_with_its_line(
    tmp_path: Path, column: str, value: str, told: str
) -> None:
    path = tmp_path / "results.csv"
    append_row(path, row(**{column: value}))
    with pytest.raises(RunError, match=told):
        read_rows(path)


def test_a_line_that_is_too_short(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    append_row(path, row())
    path.write_text(path.read_text() + "a,b\n")
    with pytest.raises(RunError, match="line 3: 2 of 22 values; delete that line"):
        read_rows(path)


def test_rows_that_are_none_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    with pytest.raises(ValueError, match=r"differs in \{'payoff'\}"):
        append_row(path, {name: value for name, value in row().items() if name != "payoff"})
    with pytest.raises(ValueError, match="single line"):
        append_row(path, row(command="a\nb"))
    assert read_rows(path) == []


def test_parquet_holds_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(seed=seed, payoff=None if seed else 0.5) for seed in range(2)]
    assert write_parquet(rows, tmp_path / "results.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "results.parquet"), frame(rows))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert not write_parquet(rows, tmp_path / "other.parquet")
    assert not (tmp_path / "other.parquet").exists()


def test_columns_of_a_frame_have_their_types() -> None:
    shuffled = dict(reversed(row().items()))
    table = frame([shuffled, row(payoff=None)])
    assert list(table.columns) == list(COLUMNS)
    assert table["payoff"].tolist()[0] == 0.1 + 0.2
    assert table["exploitability_greedy"].isna().all()
    assert (table["seed"].dtype, table["war_rate"].dtype) == ("int64", "float64")
    assert frame([]).empty


def test_keys_tell_runs_and_measures_apart() -> None:
    keys = {
        row_key("a", 0, {"games": 10}, {"beliefs": None}),
        row_key("b", 0, {"games": 10}, {"beliefs": None}),
        row_key("a", 1, {"games": 10}, {"beliefs": None}),
        row_key("a", 0, {"games": 11}, {"beliefs": None}),
        row_key("a", 0, {"games": 10}, {"beliefs": {}}),
    }
    assert len(keys) == 5
    assert row_key("a", 0, {"x": 1, "y": 2}, {}) == row_key("a", 0, {"y": 2, "x": 1}, {})
