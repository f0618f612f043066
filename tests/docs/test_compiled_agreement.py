"""What the page of the compiled path says of both backends in the four worlds is what their tables hold."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from security_dilemma import WORLDS
from security_dilemma_training.comparisons import holm, rank_sum_test
from security_dilemma_training.statistics import wilson_interval
from security_dilemma_training.verdict import Ending, ceiling, ending

DOCS = Path(__file__).parents[2] / "docs"
TABLES = {"sb3": DOCS / "four_worlds" / "results.csv", "jax": DOCS / "compiled" / "four_worlds.csv"}
MEASURES = ("tragic_war_rate", "arms_security_seeker", "welfare_loss")


def seekers(backend: str, world: str) -> list[dict[str, str]]:
    with TABLES[backend].open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["pair"] == "both_security_seekers"]
    return [row for row in rows if row["world"] == world]


def at_war(backend: str, world: str) -> tuple[int, int]:
    """Seeds at war, and seeds."""
    rows = seekers(backend, world)
    highest = ceiling({"crisis_rate": WORLDS[world].crisis_rate}, 20)
    ends = [ending(float(row["tragic_war_rate"]), highest) for row in rows]
    return ends.count(Ending.WAR), len(rows)


@pytest.mark.parametrize("world", WORLDS)
def test_both_backends_agree_within_their_intervals(world: str) -> None:
    ours, theirs = (wilson_interval(*at_war(backend, world)) for backend in TABLES)
    assert ours.low <= theirs.high
    assert theirs.low <= ours.high


def test_no_measure_tells_the_backends_apart() -> None:
    columns = [
        [[float(row[name]) for row in seekers(backend, world)] for backend in TABLES]
        for world in WORLDS
        for name in MEASURES
    ]
    p_values = [rank_sum_test([one], [other]) for one, other in columns]
    assert min(p_values) > 0.05
    assert min(holm(p_values)) > 0.5


@pytest.mark.parametrize("world", WORLDS)
def test_the_page_has_the_counts(world: str) -> None:
    page = (DOCS / "compiled.md").read_text(encoding="utf-8")
    row = next(line for line in page.splitlines() if line.startswith(f"| {world.replace('_', ' ')} |"))
    for backend in TABLES:
        wars, seeds = at_war(backend, world)
        low, high = wilson_interval(wars, seeds)[1:]
        assert f"{wars} of {seeds} [{low:.2f}, {high:.2f}]" in row
