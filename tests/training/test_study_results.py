"""What studies make of seeds: intervals, tests, what was expected, tables and the page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from security_dilemma_training.statistics import wilson_interval
from security_dilemma_training.studies import report
from security_dilemma_training.studies.figures import study_figure
from security_dilemma_training.studies.report import show_middle, write_study
from security_dilemma_training.studies.results import Finding, group_difference
from security_dilemma_training.studies.terminal import comparisons_table, conditions_table
from tests.training.no_figures import point
from tests.training.study_results import TINY, made_up

ARMS = {"trusting": 0.1, "fearful": 2.0, "later": 1.0, "meet_grit": 0.5, "hawks": 1.5}


def fought(condition: str, seed: int) -> Mapping[str, float]:
    """Hawks and the fearful are at war, the others are not; arms rise a little with the seed."""
    return {"at_war": float(condition in ("hawks", "fearful")), "arms": ARMS[condition] + 0.01 * seed}


def compared(metric: str, condition: str, against: str, expected: str) -> dict[str, str]:
    return {"metric": metric, "condition": condition, "against": against, "expected": expected}


def test_a_share_has_a_count_and_other_metrics_a_middle() -> None:
    results = made_up(fought, seeds=5)
    assert results.interval("hawks", "at_war") == wilson_interval(5, 5)
    assert show_middle(results, "trusting", "at_war") == "0/5 [0.00, 0.43]"
    arms = results.interval("later", "arms")
    assert arms.estimate == pytest.approx(1.02)
    assert arms.low < 1.02 < arms.high
    assert show_middle(results, "later", "payoff") == "–"


def test_what_was_expected_is_held_against_what_was_found() -> None:
    asked = [
        compared("arms", "fearful", "trusting", "higher"),
        compared("arms", "fearful", "trusting", "lower"),
        compared("arms", "trusting", "fearful", "open"),
        compared("at_war", "later", "trusting", "equal"),
        compared("at_war", "later", "trusting", "higher"),
        compared("payoff", "later", "trusting", "higher"),
    ]
    found = [one.finding for one in made_up(fought, seeds=8, comparisons=asked).compared]
    assert found == [
        Finding.AS_EXPECTED, Finding.AGAINST, Finding.LOWER, Finding.NO_DIFFERENCE, Finding.NOT_TOLD_APART,
        Finding.MISSING,
    ]  # fmt: skip


def test_p_values_are_exact_and_adjusted_together() -> None:
    rng = np.random.default_rng(5)
    drawn = {name: rng.normal(size=6) + shift for name, shift in (("later", 0.8), ("trusting", 0.0), ("hawks", 2.0))}
    asked = [compared("arms", name, "trusting", "open") for name in ("later", "hawks")]
    results = made_up(
        lambda name, seed: {"arms": float(drawn[name][seed])} if name in drawn else None, seeds=6, comparisons=asked
    )
    exact = [mannwhitneyu(drawn[name], drawn["trusting"], method="exact").pvalue for name in ("later", "hawks")]
    assert [one.p for one in results.compared] == pytest.approx(exact)
    low, high = sorted(exact)
    assert sorted(one.adjusted for one in results.compared) == pytest.approx([min(2 * low, 1), max(2 * low, high)])
    assert results.compared[0].least == pytest.approx(2 / math.comb(12, 6))
    assert results.missing == 2 * 6


def test_the_difference_of_groups_resamples_each() -> None:
    interval = group_difference([3.0, 3.0, 3.0], [1.0, 1.0])
    assert interval == (2.0, 2.0, 2.0)
    spread = group_difference(list(np.linspace(0, 1, 40)), list(np.linspace(1, 2, 40)), mean=True)
    assert spread.estimate == pytest.approx(-1)
    assert spread.high - spread.low == pytest.approx(2 * 1.96 * math.sqrt(2 * (1 / 12) / 40), rel=0.1)
    assert math.isnan(group_difference([1.0], [2.0, 3.0]).low)
    with pytest.raises(ValueError, match="both groups"):
        group_difference([], [1.0])


def test_nothing_to_measure_is_no_number() -> None:
    results = made_up(lambda name, seed: {"arms": None if seed == 0 else 1.0} if name != "later" else None)
    assert results.known("hawks", "arms") == [1.0]
    assert math.isnan(results.seeds("hawks", "arms")[0])
    assert math.isnan(results.interval("later", "arms").estimate)
    arms = results.compared[1]
    assert (arms.finding, arms.seeds) == (Finding.MISSING, (0, 1))


def test_the_page_tells_it_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "save", point)
    monkeypatch.setattr(report, "study_figure", lambda results: None)
    results = made_up(lambda name, seed: fought(name, seed) if name != "meet_grit" else None, tmp_path, seeds=4)
    path = write_study(results, command="security-dilemma study trial", failed={"meet_grit/seed_0": "no luck"})
    text = path.read_text()
    assert "# Trial: Does trust keep the peace?" in text
    assert "**Incomplete: 4 of the seeds of conditions are missing, as 1 failed, see below.**" in text
    assert "**Few seeds.** 4 seeds tell little" in text
    assert "*Expected before anything was run.* More trust, less war (Kydd 2005)." in text
    assert "Of 2 comparisons: 2 not told apart." in text  # p = 2/70 each, twice that after correction
    assert "- **Not told apart**: at war (hawks against trusting)" in text
    assert "- Nothing of states." in text
    assert "| in fear | learned | 4 | 4/4" in text
    assert "| later | learned on from fearful | 4 |" in text
    assert "| meet grit | played by fearful, grit | 0 | – | – |" in text
    assert "Seeds of conditions that scripted states play differ in the luck of the games alone." in text
    assert "security-dilemma study trial" in text
    assert "- meet_grit/seed_0: no luck" in text
    rows = (tmp_path / "results.csv").read_text().splitlines()
    assert rows[0] == "condition,seed,at_war,arms"
    assert rows[1:5] == [f"trusting,{seed},0,{0.1 + 0.01 * seed:g}" for seed in range(4)]
    assert len(rows) == 1 + 4 * 4
    table = (tmp_path / "comparisons.csv").read_text().splitlines()
    assert table[1].startswith("at_war,hawks,trusting,4,4,1,0.51")
    assert table[1].endswith("0.0285714,0.0571429,0.0285714,higher,not told apart,they strike")


def test_so_few_seeds_are_said_to_be_too_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "save", point)
    monkeypatch.setattr(report, "study_figure", lambda results: None)
    for seeds, told in ((3, True), (8, False)):
        results = made_up(fought, tmp_path, seeds=seeds)
        text = write_study(results, command="x").read_text()
        assert ("**So few seeds cannot tell apart**" in text) is told


def test_the_terminal_shows_conditions_and_comparisons() -> None:
    results = made_up(fought, seeds=8)
    shown = conditions_table(results)
    assert [column.header for column in shown.columns] == ["condition", "at war", "arms"]
    assert list(shown.columns[0].cells) == ["trusting", "in fear", "later", "meet grit", "hawks"]
    found = comparisons_table(results)
    assert list(found.columns[4].cells) == ["as expected ✓", "higher"]
    nothing = [compared("payoff", "later", "trusting", "higher")]
    (p,) = comparisons_table(made_up(fought, seeds=2, comparisons=nothing)).columns[5].cells
    assert p == "–"


@pytest.mark.slow
def test_the_figure_has_a_panel_for_each_metric_and_a_point_for_each_seed() -> None:
    figure = study_figure(made_up(fought, seeds=6))
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in panels] == ["at war", "arms"]
    for axes in panels:
        assert [n for points in axes.collections if (n := np.shape(points.get_offsets())[0]) == 6] == [6] * 5
    names = [label.get_text() for label in panels[0].get_yticklabels()]
    assert names == ["trusting", "in fear", "later", "meet grit", "hawks"]
    assert len(TINY["conditions"]) == len(names)


def test_what_is_told_apart_is_told_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "save", point)
    monkeypatch.setattr(report, "study_figure", lambda results: None)
    asked = [
        compared("at_war", "hawks", "trusting", "higher"),
        compared("arms", "trusting", "fearful", "higher"),
        compared("at_war", "later", "trusting", "equal"),
        compared("payoff", "later", "trusting", "equal"),
    ]
    results = made_up(fought, tmp_path, seeds=8, comparisons=asked)
    text = write_study(results, command="x").read_text()
    counted = "1 as expected, 1 against the expectation, 1 no difference found, as expected, 1 nothing to compare."
    assert f"Of 4 comparisons: {counted}" in text
    assert (
        "- **at war**: hawks 8/8 [0.68, 1.00], trusting 0/8 [0.00, 0.32]; expected higher: **as expected**, p" in text
    )
    assert "- **No difference found, as expected**: at war (later against trusting)." in text
    assert "- **Nothing to compare**: payoff (later against trusting)." in text
    assert text.index("**as expected**") < text.index("**against the expectation**") < text.index("## Every condition")
