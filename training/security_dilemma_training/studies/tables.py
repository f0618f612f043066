"""The tables of a study: a row for each seed of each condition, and a row for each comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from security_dilemma_training.csv_tables import csv_text
from security_dilemma_training.studies.results import Compared, Results
from security_dilemma_training.writing import write_atomically

__all__ = ["COMPARISONS_FILE", "RESULTS_FILE", "measured_metrics", "write_tables"]

RESULTS_FILE, COMPARISONS_FILE = "results.csv", "comparisons.csv"


def write_tables(results: Results, folder: Path) -> None:
    """Write both tables; what there is not is left empty.

    Args:
        results: What was measured.
        folder: Where to.
    """
    write_atomically(folder / RESULTS_FILE, csv_text(_seeds(results)))
    write_atomically(folder / COMPARISONS_FILE, csv_text(_comparison(one) for one in results.compared))


def measured_metrics(results: Results) -> list[str]:
    """Return the metrics that any seed has."""
    return [
        name for name in results.asked.definitions if any(one.get(name) is not None for one in results.values.values())
    ]


def _seeds(results: Results) -> Iterator[Mapping[str, Any]]:
    metrics = measured_metrics(results)
    for condition in results.asked.conditions:
        for seed in results.asked.seeds:
            found = results.values.get((condition, seed))
            if found is not None:
                yield {"condition": condition, "seed": seed, **{name: found[name] for name in metrics}}


def _comparison(one: Compared) -> Mapping[str, Any]:
    asked = one.comparison
    named = {"metric": asked.metric, "condition": asked.condition, "against": asked.against}
    sides = {
        f"{side}{part}": value
        for side, interval in zip(("condition", "against"), one.sides, strict=True)
        for part, value in zip(("_middle", "_low", "_high"), interval, strict=True)
    }
    found = {"difference": one.difference, "above": one.above}
    intervals = {
        f"{name}{part}": value
        for name, interval in found.items()
        for part, value in zip(("", "_low", "_high"), interval, strict=True)
    }
    seeds = {"seeds_condition": one.seeds[0], "seeds_against": one.seeds[1]}
    tests = {"p": one.p, "p_holm": one.adjusted, "least_p": one.least}
    told = {"expected": asked.expected, "finding": str(one.finding), "why": asked.why}
    return named | seeds | sides | intervals | tests | told
