"""The pages of the studies: what they tell was run as the configs ask it, and is told whole."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
from docs.generators.study_findings import findings

from security_dilemma_training.studies.finding import load_study, studies
from security_dilemma_training.studies.results import Results
from security_dilemma_training.studies.study_config import StudyConfig
from security_dilemma_training.studies.tables import measured_metrics
from tests.docs.pages import DOCS

FOLDER = DOCS / "studies"


def rows_of(name: str, file: str) -> list[dict[str, str]]:
    with (FOLDER / name / file).open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def as_measured(asked: StudyConfig, rows: Sequence[dict[str, str]]) -> Results:
    """What stands in a table of results."""
    found = {
        (row["condition"], int(row["seed"])): {
            name: float(value) if value else None for name, value in row.items() if name not in ("condition", "seed")
        }
        for row in rows
    }
    return Results(asked, found)


@pytest.mark.parametrize("name", studies())
def test_what_is_told_is_what_is_asked(name: str) -> None:
    asked, told = load_study(name, []), rows_of(name, "comparisons.csv")
    named = ("metric", "condition", "against", "expected", "why")
    assert [[row[key] for key in named] for row in told] == [
        [getattr(comparison, key) for key in named] for comparison in asked.comparisons
    ]
    results = as_measured(asked, rows_of(name, "results.csv"))
    assert set(results.values) == {(condition, seed) for condition in asked.conditions for seed in asked.seeds}
    assert set(asked.shown) - set(measured_metrics(results)) == set()


@pytest.mark.parametrize("name", studies())
def test_the_tests_are_those_of_the_seeds_in_the_table(name: str) -> None:
    asked = load_study(name, [])
    compared = as_measured(asked, rows_of(name, "results.csv")).compared
    told = rows_of(name, "comparisons.csv")
    assert [row["finding"] for row in told] == [str(one.finding) for one in compared]
    for row, one in zip(told, compared, strict=True):
        if row["p_holm"]:
            assert one.adjusted == pytest.approx(float(row["p_holm"]), rel=1e-4)


@pytest.mark.parametrize("name", studies())
def test_the_page_shows_figure_table_and_command(name: str) -> None:
    page = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert f"security-dilemma study {name}" in page
    assert f"]({name}/study.png)" in page
    assert (FOLDER / name / "study.png").is_file()
    assert f"generated/{name}.part.md" in page
    assert "RESULTS-TO-COME" not in page
    for heading in ("## What was found", "## Sources"):
        assert heading in page


def test_a_table_of_findings(tmp_path: Path) -> None:
    path = tmp_path / "comparisons.csv"
    path.write_text(
        "metric,condition,against,condition_middle,condition_low,condition_high,against_middle,against_low,"
        "against_high,p_holm,expected,finding\n"
        "arms,a,b,1.25,1,2,12.5,,,0.0001,higher,as expected\nat_war,a,b,,,,0,0,0.3,,equal,nothing to compare\n"
    )
    assert findings(path).splitlines()[2:] == [
        "| arms | a | b | 1.25 \\[1.00, 2.00\\] | 12.5 | <.001 | higher | as expected |",
        "| at war | a | b | – | 0.00 \\[0.00, 0.30\\] | – | equal | nothing to compare |",
    ]
