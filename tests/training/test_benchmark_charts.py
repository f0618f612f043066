"""Interactive charts of a benchmark show every seed, and say the same as the figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from security_dilemma_training.benchmark import charts, comparison_charts
from security_dilemma_training.benchmark.figures import profile_lines
from security_dilemma_training.benchmark.results import frame
from security_dilemma_training.benchmark.tables import MeasuredCell, compare, contestants_of, gather, uncontrolled
from tests.training.benchmark_rows import WARS, some_rows
from tests.training.html_pages import data_of


@pytest.fixture(scope="module")
def cells() -> list[MeasuredCell]:
    return gather(frame(some_rows()))


@pytest.fixture(scope="module")
def runs(cells: list[MeasuredCell]) -> charts.RunLines:
    return charts.run_lines(cells, Path("nowhere"))


def test_every_run_tells_of_itself(cells: list[MeasuredCell], runs: charts.RunLines) -> None:
    assert len(runs) == 25
    assert len({line.key for line in runs.values()}) == 25
    line = runs["doubly_dangerous", "ppo", "intent_revealed", 3]
    assert line.name == "Doubly dangerous, ppo, intent revealed, seed 3"
    assert line.told == "ends at peace, payoff 0.965, tragic war rate 0.010, arms burden 0.010"
    assert line.replay == ""


def test_every_seed_is_in_its_strip(cells: list[MeasuredCell], runs: charts.RunLines) -> None:
    plain = uncontrolled(cells)
    panels = charts.strips(plain, runs, "tragic_war_rate", "tragic war rate", share=True)
    assert [chart.to_dict()["title"] for chart in panels.charts] == ["Doubly dangerous", "Intense"]
    spec = panels.charts[0].to_dict()
    names = contestants_of(plain)
    for place, name in enumerate(names):
        own = [row["value"] for row in data_of(spec, "run") if round(row["place"] - 0.12) == place]
        assert own == pytest.approx(list(WARS[name, "doubly_dangerous"]))
    told = {row["name"]: row["told"] for row in data_of(spec, "top")}
    assert told == {"a2c": "2/5 at war", "ppo": "5/5 at war"}


def test_the_middle_is_the_interquartile_mean(cells: list[MeasuredCell], runs: charts.RunLines) -> None:
    spec = charts.strips(uncontrolled(cells), runs, "payoff", "payoff").charts[1].to_dict()
    found = {row["name"]: row["value"] for row in data_of(spec, "middle")}
    known = {
        cell.contestant: cell.interval("payoff").estimate for cell in uncontrolled(cells) if cell.world == "intense"
    }
    assert found == pytest.approx(known, abs=1e-3)


def test_the_matrix_and_its_mirror_add_up(cells: list[MeasuredCell]) -> None:
    plain = uncontrolled(cells)
    pairs = compare(plain)
    panels = comparison_charts.improvement(pairs, contestants_of(plain))
    assert len(panels.charts) == 3  # all worlds, and two
    first, second = data_of(panels.charts[1].to_dict(), "chance")
    assert first["value"] + second["value"] == pytest.approx(1, abs=1e-3)
    pair = pairs[1]
    assert first["value"] == pytest.approx(pair.improvement.estimate, abs=1e-3)
    assert (first["told"], second["told"]) == ("a2c than ppo", "ppo than a2c")
    assert first["adjusted"] == f"{pair.adjusted:.2g}"
    low, high = (float(part.split("[")[1].split(",")[0]) for part in (first["chance"], second["chance"]))
    assert low == pytest.approx(pair.improvement.low, abs=0.006)
    assert high == pytest.approx(1 - pair.improvement.high, abs=0.006)


def test_profiles_keep_every_step(cells: list[MeasuredCell]) -> None:
    lines = profile_lines(uncontrolled(cells))
    spec = comparison_charts.profiles(lines).charts[0].to_dict()
    rows = {row["learner"]: row for row in data_of(spec, "learner")}
    for cell, found in lines:
        if cell.world == "doubly_dangerous":
            row = rows[cell.contestant]
            assert len(row["x"]) < 60
            drawn = np.interp(found.thresholds, row["x"], row["y"])
            assert np.abs(drawn - found.share).max() < 0.2  # of five seeds, and only within a step
            assert np.mean(np.abs(drawn - found.share) > 1e-6) < 0.03


def test_curves_are_of_the_learner_that_is_chosen(cells: list[MeasuredCell], runs: charts.RunLines) -> None:
    steps = np.array([1e6, 2e6, 3e6])
    curves: dict[str, Any] = {
        str(row["key"]): {"agent_steps": steps, "games/wars_per_game": np.array([0.1, np.nan, 0.3])}
        for cell in cells
        for row in cell.rows[:2]
    }
    panels = charts.learning(uncontrolled(cells), runs, curves, "games/wars_per_game", "Wars")
    assert (panels.choose, list(panels.options)) == ("learner", ["a2c", "ppo"])
    spec = panels.charts[0].to_dict()
    assert {param["name"]: param.get("value") for param in spec["params"]}["learner"] == "a2c"
    rows = data_of(spec, "run")
    assert [row["learner"] for row in rows].count("ppo") == 2
    assert all((row["x"], row["y"]) == ([1, 3], [0.1, 0.3]) for row in rows)


def test_learners_of_whom_nothing_was_logged_cannot_be_chosen(cells: list[MeasuredCell], runs: charts.RunLines) -> None:
    ppo = next(cell for cell in cells if cell.contestant == "ppo")
    logged = {"agent_steps": np.array([1e6]), "games/wars_per_game": np.array([0.1])}
    panels = charts.learning(cells, runs, {str(ppo.rows[0]["key"]): logged}, "games/wars_per_game", "Wars")
    assert panels.options == ["ppo"]
    nothing = {"agent_steps": np.array([1e6]), "games/wars_per_game": np.array([np.nan])}
    panels = charts.learning(cells, runs, {str(ppo.rows[0]["key"]): nothing}, "games/wars_per_game", "Wars")
    assert not [row for chart in panels.charts for row in data_of(chart.to_dict(), "run")]


def test_a_seed_knows_its_runs_under_all_controls(cells: list[MeasuredCell], runs: charts.RunLines) -> None:
    (chart,) = charts.controls(cells, runs).charts
    rows = data_of(chart.to_dict(), "run")
    assert len(rows) == 10
    assert {row["control"] for row in rows} == {"none", "intent revealed"}
    for row in rows:
        assert len(row["joined"]) == 2
        assert row["run"] in row["joined"]
        assert all(key.endswith(f"/{row['seed']}") for key in row["joined"])
