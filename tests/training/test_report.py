"""The report says what was run and what came out, for any worlds and any number of seeds."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training.report import write_report
from security_dilemma_training.summary import summarise
from tests.training.experiments import evaluated, run_of
from tests.training.html_pages import Reader
from tests.training.no_figures import only_words
from tests.training.players import Coin

Results = list[Mapping[str, Any]]
PLAYS = {"doubly_safe": (0.0, 0.0), "doubly_dangerous": (0.9, 0.9), "intense": (0.9,)}


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Results]:
    folder = tmp_path_factory.mktemp("experiment")
    with pytest.MonkeyPatch.context() as patch:
        results = [
            dict(evaluated(patch, run_of(folder, world, seed), Coin(chance))) | {"train_seconds": 60.0}
            for world, chances in PLAYS.items()
            for seed, chance in enumerate(chances)
        ]
    progress = "agent_steps,strike_rate_in_crisis/greedy,loss\n16384,0.2,1\n32768,,\n49152,0.4,2\n"
    (folder / "doubly_safe/seed_0/progress.csv").write_text(progress)
    return folder, list(results)


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the page, see ``test_reports_in_browser``, and figures, see ``test_figures``."""
    only_words(monkeypatch)


@pytest.mark.usefixtures("words")
def test_the_report(experiment: tuple[Path, Results]) -> None:
    folder, results = experiment
    path = write_report(results, folder, command="security-dilemma four-worlds --seeds 2")
    text = path.read_text(encoding="utf-8")
    assert path == folder / "report.md"
    worlds = ["**Doubly dangerous.** Spiral", "**Intense.** Spiral", "**Doubly safe.** No spiral"]
    assert [text.index(words) for words in worlds] == sorted(text.index(words) for words in worlds)
    assert "Against the expectation" in text
    assert "In line with the expectation" in text
    assert "2 seeds tell little" in text
    assert "one seed says nothing" in text
    assert "5.0 minutes of CPU time, 60 seconds a run" in text
    assert "security-dilemma four-worlds --seeds 2" in text
    assert "entropy_coefficient: 0.03" in text
    assert "balance: 0.9, -0.9, -0.9  # by world" in text
    assert "No spiral index, and why:" in text
    seeds = text[text.index("## Every seed") : text.index("## What was run")]
    assert seeds.count("| at war |") == 3
    assert seeds.count("| at peace |") == 2
    assert str(folder) not in text
    assert "nan" not in text


@pytest.mark.slow
def test_every_figure_that_the_report_shows_is_there(experiment: tuple[Path, Results]) -> None:
    folder, results = experiment
    text = write_report(results, folder).read_text(encoding="utf-8")
    for name in ("tragic_war_rate", "strikes", "arms_over_time", "learning_curves"):
        assert f"({name}.png)" in text
        assert (folder / f"{name}.png").stat().st_size > 5000
        assert (folder / f"{name}.svg").exists()
    page, source = Reader(), (folder / "report.html").read_text(encoding="utf-8")
    page.feed(source)
    assert page.charts[:2] == ["tragic_war_rate-0", "strikes-0"]
    assert not page.pictures
    assert str(folder) not in source


@pytest.mark.usefixtures("words")
def test_without_run_folders_the_curves_are_left_out(experiment: tuple[Path, Results], tmp_path: Path) -> None:
    text = write_report(experiment[1], tmp_path / "elsewhere").read_text(encoding="utf-8")
    assert "arms_over_time" not in text
    assert "(strikes.png)" in text
    assert "learning_curves" not in text


@pytest.mark.usefixtures("words")
def test_results_are_tidy(experiment: tuple[Path, Results], tmp_path: Path) -> None:
    results = experiment[1]
    write_report(results, tmp_path)
    assert json.loads((tmp_path / "results.json").read_text()) == results
    with (tmp_path / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * len(results)
    assert [row["pair"] for row in rows[:3]] == ["both_security_seekers", "mixed", "both_greedy"]
    for row in rows:
        result = next(r for r in results if (r["world"], str(r["seed"])) == (row["world"], row["seed"]))
        for name, value in result["pairs"][row["pair"]].items():
            assert row[name] == ("" if value is None else str(value))


@pytest.mark.usefixtures("words")
def test_one_seed_of_one_world(experiment: tuple[Path, Results], tmp_path: Path) -> None:
    text = write_report(experiment[1][:1], tmp_path).read_text(encoding="utf-8")
    assert text.count("**Doubly safe.**") == 1
    assert "| Doubly safe | -0.9 | 0.95 | 1 | 0.000 |" in text


@pytest.mark.usefixtures("words")
def test_many_states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(tmp_path, "intense", 0, game={"n_states": 3}, learner={"slots": 30, "batch_size": 30})
    text = write_report([evaluated(monkeypatch, run, Coin(0.5))], tmp_path).read_text(encoding="utf-8")
    assert "Theory makes no prediction" in text


@pytest.mark.usefixtures("words")
def test_runs_that_failed_are_told_at_the_top(experiment: tuple[Path, Results], tmp_path: Path) -> None:
    failed = {"intense/seed_1": "damaged", "intense/seed_2": "killed"}
    for names, told in [
        (
            list(failed),
            "2 of the runs that were asked for failed and are missing here: intense/seed_1, intense/seed_2.",
        ),
        (["intense/seed_1"], "one run failed and is missing here: intense/seed_1."),
    ]:
        text = write_report(experiment[1], tmp_path, failed=names).read_text(encoding="utf-8")
        assert text.splitlines()[2] == f"**Incomplete: {told}**"
    assert "Incomplete" not in write_report(experiment[1], tmp_path).read_text(encoding="utf-8")


def test_nothing_to_report(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no results"):
        write_report([], tmp_path)


def test_runs_of_different_configs_are_no_replicates(experiment: tuple[Path, Results]) -> None:
    first = dict(experiment[1][0])
    other = first | {"config_hash": "0123456789"}
    names = [world.world for world in summarise([first, other])]
    assert names == [f"doubly_safe #{first['config_hash'][:6]}", "doubly_safe #012345"]
    assert len(summarise([first, first])[0].results) == 1
