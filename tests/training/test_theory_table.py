"""The table of theory: rows agree at settings nobody prepared, disagreement fails, and results are kept."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from security_dilemma.params import ParameterError
from security_dilemma.theory import crisis_payoffs
from security_dilemma_training.theory import learning, sb3_experiments, table
from security_dilemma_training.theory import targets as theory_targets
from security_dilemma_training.theory.figure import theory_figure
from security_dilemma_training.theory.learning import independent_job, learn_experiments, sb3_job
from security_dilemma_training.theory.settings import SETTINGS, Settings, basin_starts, contagion_means, window_points
from security_dilemma_training.theory.targets import arms, crisis, exact_rows, fear, identities, signals
from security_dilemma_training.theory.targets.rows import Learned, Row, Verdict, attach, bisected, closed, yes_or_no
from tests.training.runs_for_tests import silent

UNPREPARED = Settings(balance=1.3, war_cost=0.3, greed=1.3, trust=0.35, initiative_width=0.6, precision=3.0)
DEFENCE = Settings(balance=-0.7, distinguishability=0.4)
STRANGE = Settings(balance=2.5, decisiveness=1.7, war_cost=0.05, home_defence=0.6, greed=0.4, trust=0.9, reaction=0.5)
POOR = Settings(greed=0.0, trust=1.0, initiative_width=0.0, power_weight=0.0, reaction=0.0)


def failed(rows: list[Row]) -> list[tuple[Any, ...]]:
    return [(row.section, row.quantity, row.theory, row.environment) for row in rows if row.verdict is Verdict.FAIL]


@pytest.mark.parametrize("settings", [Settings(), UNPREPARED, DEFENCE, STRANGE, POOR])
@pytest.mark.parametrize(
    "section", [crisis.cells, crisis.basin, crisis.quantal_response, identities.identities, arms.power]
)
def test_quick_sections_agree(settings: Settings, section: Callable[[Settings], list[Row]]) -> None:
    rows = section(settings)
    assert rows
    assert not failed(rows)
    assert all(row.theory is not None or row.reason for row in rows)


NIGHTLY = pytest.mark.nightly
"""Of settings whose quick sections are in the gate anyway."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [Settings(), UNPREPARED, *(pytest.param(settings, marks=NIGHTLY) for settings in (DEFENCE, STRANGE, POOR))],
)
def test_the_whole_table_agrees(settings: Settings) -> None:
    rows = exact_rows(settings)
    assert not failed(rows)
    assert {row.section for row in rows} == set(range(1, 14))
    assert [row.section for row in rows] == sorted(row.section for row in rows)
    assert all(row.theory is not None or row.reason for row in rows)


def test_printed_figures_of_the_theory_page() -> None:
    """What stands in the cell of the environment, not in that of the closed form."""
    found = {row.quantity: row.environment for row in crisis.trust_threshold(Settings())}
    assert found["π*, critical probability of being struck"] == pytest.approx(0.6699, abs=5e-5)
    assert found["m, trust from which peace is an equilibrium"] == pytest.approx(0.3301, abs=5e-5)
    assert found["greed from which a passive equal is struck"] == pytest.approx(0.6415, abs=5e-5)
    burdens = [row.environment for row in arms.power(Settings())[1:]]
    assert burdens == pytest.approx([0.25, 0.2222, 0.1875], abs=1e-4)


@pytest.mark.slow
def test_printed_windows_maps_and_cutoff_of_the_theory_page() -> None:
    (cutoff,) = fear.misperception(Settings(greed=0.5))
    assert cutoff.environment == pytest.approx(0.6190, abs=1e-4)
    stakes = [row.environment for row in signals.reassurance_rows(Settings())[1:3]]
    assert stakes == pytest.approx([0.1796, 0.6059], abs=5e-5)
    costs = [row.environment for row in signals.signal_rows(Settings())[1:3]]
    assert costs == pytest.approx([0.4621, 0.7], abs=5e-5)
    for balance, d, slope, point in ((1.0, 0.0, 1.3591, None), (0.6, 0.0, 0.9111, 4.6217), (1.0, 0.9, 0.1359, 0.9943)):
        settings = Settings(balance=balance, distinguishability=d, greed=0.8, home_defence=0.5)
        rows = {row.quantity.split(",")[0]: row for row in arms.requirements(settings)}
        assert rows["ρ"].environment == pytest.approx(slope, abs=5e-5)
        assert rows["D*"].environment == (None if point is None else pytest.approx(point, abs=5e-4))


def test_what_does_not_apply_says_why() -> None:
    rows = {row.quantity: row for row in crisis.trust_threshold(DEFENCE)}
    row = rows["π*, critical probability of being struck"]
    assert row.verdict is Verdict.NOT_APPLICABLE
    assert "must be in [0.5, 1]" in str(row.reason)
    (window,) = signals.reassurance_rows(POOR)
    assert "both types must be possible" in str(window.reason)
    assert "does not exceed" in str(rows["m, trust from which peace is an equilibrium"].reason)


def test_a_wrong_closed_form_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    right = crisis_payoffs
    monkeypatch.setattr(crisis, "crisis_payoffs", lambda *args: right(*args)._replace(strike_hold=0.5))
    assert [row[1] for row in failed(crisis.cells(Settings()))] == [
        "security seeker: strike/hold",
        "greedy state: strike/hold",
    ]
    monkeypatch.setattr(crisis, "critical_strike_probability", lambda *_: 0.67)
    assert [row[1] for row in failed(crisis.trust_threshold(Settings()))] == [
        "π*, critical probability of being struck"
    ]


def test_verdicts() -> None:
    agrees = Row(1, "x", 1.0, 1.0 + 1e-7)
    assert agrees.verdict is Verdict.PASS
    assert Row(1, "x", 1.0, 1.1).verdict is Verdict.FAIL
    assert Row(1, "x", 1.0, math.nan).verdict is Verdict.FAIL
    assert Row(1, "x", None, 1.0, reason="why").verdict is Verdict.NOT_APPLICABLE
    assert Row(1, "x", 1.0).verdict is Verdict.NOT_APPLICABLE
    assert yes_or_no(1, "x", True, False).verdict is Verdict.FAIL


def test_learners_agree_on_the_mean_or_fail() -> None:
    asked = [Row(1, "x", 0.5, experiment=("e", "x"), learned_tolerance=0.1), yes_or_no(1, "y", True, True, ("e", "y"))]
    near, one_off = attach(asked, {"one": {"e": {"x": [0.4, 0.5], "y": [1, 1, 0]}}, "other": {"e": {"x": [0.52]}}})
    assert near.verdict is Verdict.PASS
    assert [learned.learner for learned in near.learned] == ["one", "other"]
    assert one_off.verdict is Verdict.FAIL
    far = attach(asked, {"one": {"e": {"x": [0.45]}}, "other": {"e": {"x": [0.3, 0.45]}}})[0]
    assert far.verdict is Verdict.FAIL
    assert attach(asked, {})[0].verdict is Verdict.NOT_APPLICABLE


def test_helpers() -> None:
    assert bisected(lambda x: x > 0.3, 0, 1) == pytest.approx(0.3)
    assert bisected(lambda x: x < 0.7, 0, 1) == pytest.approx(0.7)
    assert bisected(lambda x: x > 2, 0, 1) is None
    assert closed(lambda: 2.0) == (2.0, None)
    assert closed(lambda: math.log(-1))[0] is None


def test_settings_are_checked_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        Settings(balance=9, war_cost=0.5, precision=0, restraint=math.nan)
    assert [fault.split(" = ")[0] for fault in caught.value.faults] == ["balance", "war_cost", "precision", "restraint"]
    assert all(SETTINGS[name].meaning for name in SETTINGS)
    with pytest.raises(ParameterError, match="unknown stage game"):
        Settings().game("crysis")
    assert Settings(surge_attack=2.0).chance > Settings().chance


def test_places_around_boundaries() -> None:
    assert basin_starts(Settings()) == pytest.approx((0.4199, 0.5699, 0.6699, 0.7699, 0.9199))
    assert basin_starts(DEFENCE) == (0.2, 0.5, 0.8)
    assert contagion_means(Settings()) == pytest.approx((0.1389, 0.1989), abs=5e-5)
    assert window_points(0.2, 0.6, 0.0, 1.0) == pytest.approx((0.1, 0.4, 0.7))
    assert window_points(0.0, 1.0, 0.0, 1.0) == pytest.approx((0.5,))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the quick sections."""
    monkeypatch.setattr(theory_targets, "SECTIONS", (crisis.cells, crisis.basin, arms.power))


@pytest.mark.usefixtures("quick")
def test_a_run_writes_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "theory"
    assert table.run_theory(UNPREPARED, learn=False, seeds=2, folder=folder, workers=1, command="theory | x") == 0
    assert {path.name for path in folder.iterdir()} >= {
        f"theory.{kind}" for kind in ("md", "csv", "json", "png", "svg")
    }
    written = json.loads((folder / "theory.json").read_text())
    rows = theory_targets.exact_rows(UNPREPARED)
    assert [row["verdict"] for row in written["rows"]] == [row.verdict.value for row in rows]
    assert written["settings"]["balance"] == 1.3
    with (folder / "theory.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [line["quantity"] for line in lines] == [row.quantity for row in rows]
    page = (folder / "theory.md").read_text()
    assert "war_cost = 0.3" in page
    assert "0 fail" in page
    out = capsys.readouterr().out
    assert "security seeker: hold/strike" in out
    assert "0 fail" in out


@pytest.mark.usefixtures("quick")
def test_a_failed_row_gives_status_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arms, "power_armament", lambda *_: 0.4)
    assert table.run_theory(Settings(), learn=False, seeds=1, folder=tmp_path, workers=1) == 1
    assert "Failed: §10 burden of 2 states" in (tmp_path / "theory.md").read_text()


def test_learners_need_a_folder_and_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(theory_targets, "SECTIONS", ())
    with pytest.raises(ValueError, match="folder = None"):
        table.theory_table(Settings(), learn=True)
    with pytest.raises(ValueError, match="seeds = 0"):
        table.theory_table(Settings(), learn=True, folder=tmp_path, seeds=0)


def test_the_page_shows_every_learner_and_never_a_bare_mean() -> None:
    learned = (Learned("independent", (0.1, 0.3)), Learned("PPO", (0.2,)))
    rows = [Row(4, "x", 0.2, 0.2, learned=learned), Row(3, "y", 1.0, 1.0, outcome=True, learned=learned[:1])]
    page = table.markdown(rows, Settings(), "command", 2)
    assert "independent 0.2000 [0.1000, 0.3000]; PPO 0.2000 [0.2000, 0.2000]" in page
    assert "| yes | yes | independent 0 of 2 | fail |" in page
    assert "2 seeds tell little" in page


@pytest.mark.parametrize("settings", [Settings(), DEFENCE, Settings(initiative_width=0.35, initiative_mean=0.118915)])
def test_the_figure_is_drawn_everywhere(settings: Settings) -> None:
    rows = [*crisis.basin(settings), *fear.worst_case(settings)]
    names = {row.experiment for row in rows if row.experiment}
    results: dict[str, dict[str, dict[str, list[float]]]] = {"independent": {}, "PPO": {}}
    for experiment, measure in names:
        for learner in results.values():
            learner.setdefault(experiment, {})[measure] = [0.0, 1.0]
    panels = theory_figure(attach(rows, results), settings).axes
    assert len(panels) == 3
    shown = [line for line in panels[0].get_lines() if str(line.get_label()).startswith("PPO")]
    assert len(shown) == len(crisis.basin(settings))


@pytest.mark.slow
def test_what_learners_reached_is_found_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(precision=4.0)
    rows = crisis.quantal_response(settings)
    results, outcomes = learn_experiments(rows, settings, seeds=2, folder=tmp_path, workers=1)
    assert [outcome.error for outcome in outcomes] == [None] * 3
    assert not failed(attach(rows, results))
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "learned").iterdir()}
    assert len(kept) == 3
    again, _ = learn_experiments(rows, settings, seeds=2, folder=tmp_path, workers=1)
    assert again == results
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "learned").iterdir()} == kept
    assert [len(row.learned) for row in attach(rows, results)] == [1, 1]
    capsys.readouterr()


@pytest.fixture
def learned_at(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """An experiment of each kind that learns nothing; the folders of the runs, nowhere for independent learners."""
    folders: list[Path] = []

    def independent(settings: Settings, seeds: int) -> dict[str, list[float]]:
        folders.append(Path())
        return {"strike": [0.1] * seeds}

    def ppo(settings: Settings, seed: int, folder: Path) -> dict[str, float]:
        folders.append(folder)
        return {"strike_of_five_moves": 0.1}

    monkeypatch.setattr(learning, "INDEPENDENT", {"quantal_response": independent})
    monkeypatch.setattr(sb3_experiments, "EXPERIMENTS", {"quantal_response": ppo})
    return folders


def test_damaged_results_are_learned_again(tmp_path: Path, learned_at: list[Path]) -> None:
    first = independent_job("quantal_response", Settings(), 2, tmp_path, silent)
    assert independent_job("quantal_response", Settings(), 2, tmp_path, silent) == first
    assert len(learned_at) == 1
    (path,) = tmp_path.iterdir()
    for number, damaged in enumerate((path.read_text()[:50], "{}", "[1]", '{"values": {"strike": ["a"]}}'), 2):
        path.write_text(damaged)
        assert independent_job("quantal_response", Settings(), 2, tmp_path, silent) == first
        assert len(learned_at) == number


def test_another_source_of_rules_or_games_is_another_experiment(
    tmp_path: Path, learned_at: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for modules in learning.SOURCES.values():
        assert {"theory/targets/arms", "theory/targets/signals", "theory/settings"} <= set(modules)
    for source in ("before", "after"):
        monkeypatch.setattr(learning, "source_hash", lambda modules, source=source: source)
        for _ in range(2):
            independent_job("quantal_response", Settings(), 2, tmp_path, silent)
            sb3_job("quantal_response", Settings(), 0, tmp_path, tmp_path / "runs", silent)
    nowhere = Path()
    assert learned_at == [nowhere, tmp_path / "runs" / "before", nowhere, tmp_path / "runs" / "after"]


@pytest.mark.nightly
@pytest.mark.parametrize("settings", [Settings(), UNPREPARED])
def test_learners_of_twenty_seeds_agree(settings: Settings, tmp_path: Path) -> None:
    rows, outcomes = table.theory_table(settings, learn=True, seeds=20, folder=tmp_path, workers=2)
    assert not [outcome.error for outcome in outcomes if outcome.error]
    # just above its tipping point fear does not reach all seeds of PPO: a known disagreement, see docs/theory.md
    judged = [
        dataclasses.replace(row, learned=row.learned[:1]) if "above contagion" in str(row.quantity) else row
        for row in rows
    ]
    disagreeing = [
        (row.section, row.quantity, row.theory, row.learned) for row in judged if row.verdict is Verdict.FAIL
    ]
    assert not disagreeing, disagreeing
