"""Figures show every seed and are the same files each time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from security_dilemma_training import figures
from security_dilemma_training.summary import WorldSummary, run_key, summarise
from tests.training.experiments import evaluated, run_of
from tests.training.players import Coin


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> list[WorldSummary]:
    folder = tmp_path_factory.mktemp("runs")
    plays = {"doubly_dangerous": (0.9, 0.8, 0.9), "not_intense": (0.9, 0.0), "doubly_safe": (0.0,)}
    with pytest.MonkeyPatch.context() as patch:
        results = [
            evaluated(patch, run_of(folder, world, seed), Coin(chance))
            for world, chances in plays.items()
            for seed, chance in enumerate(chances)
        ]
    return summarise(results)


def points(figure: Figure) -> list[float]:
    """Heights of all points."""
    drawn = [np.asarray(group.get_offsets())[:, 1] for axes in figure.axes for group in axes.collections]
    return sorted(float(y) for heights in drawn for y in heights if not np.isnan(y))


@pytest.mark.slow
def test_every_seed_is_a_point_in_jerviss_order(worlds: list[WorldSummary]) -> None:
    figure = figures.tragic_war_rates(worlds)
    heights = points(figure)
    for rate in (rate for world in worlds for rate in world.tragic):
        assert any(abs(rate - height) < 1e-6 for height in heights)
    labels = [label.get_text().splitlines()[0] for label in figure.axes[0].get_xticklabels()]
    assert labels == ["Doubly dangerous", "Not intense", "Doubly safe"]
    assert "few seeds" in figure.axes[0].get_title(loc="left")
    bars = [patch for patch in figure.axes[0].patches if patch.get_height() > 0]  # type: ignore[attr-defined]
    assert len(bars) == 4  # war; war and peace; peace


def test_strikes_of_both_intents(worlds: list[WorldSummary]) -> None:
    heights = points(figures.strikes(worlds))
    assert len(heights) == 12
    assert heights[0] == 0
    assert heights[-1] > 0.7


def test_arms_end_where_too_few_are_left_and_the_mean_where_not_all_go_on(worlds: list[WorldSummary]) -> None:
    def run(steps: int, level: float) -> dict[str, Any]:
        states = np.r_[np.full(steps, 200), np.full(30 - steps, 9)]
        key = "both_security_seekers/security_seeker/"
        return {key + "arms": np.full(30, level), key + "states": states}

    first, second = map(run_key, worlds[1].results)
    curves = {first: run(20, 1.0), second: run(30, 2.0)}
    figure = figures.arms_over_time(worlds, curves)
    lines = [np.asarray(line.get_ydata()) for line in figure.axes[1].lines if len(np.asarray(line.get_ydata())) > 2]
    assert [(len(y), float(y[0])) for y in lines] == [(20, 1.0), (30, 2.0), (20, 1.5)]
    assert len(figure.axes[0].lines) == 1  # nothing but the cap


def test_learning_curves_are_smoothed_over_what_is_known(worlds: list[WorldSummary]) -> None:
    rates = np.array([0.0, np.nan, 1.0, 1.0, 1.0, 1.0, 1.0])
    curves = {run_key(worlds[2].results[0]): {"agent_steps": np.arange(7) * 1e6, "strike_rate_in_crisis/greedy": rates}}
    figure = figures.learning_curves(worlds, curves)
    drawn = np.asarray(figure.axes[2].lines[-1].get_ydata())
    assert drawn == pytest.approx([0.5, 2 / 3, 0.75, 1, 1, 1, 1])
    assert not figure.axes[0].lines


def test_files_are_the_same_each_time(worlds: list[WorldSummary], tmp_path: Path) -> None:
    first = [path.read_bytes() for path in figures.save(figures.strikes(worlds), tmp_path / "a")]
    again = figures.save(figures.strikes(worlds), tmp_path / "b")
    assert [path.name for path in again] == ["b.png", "b.svg"]
    assert first == [path.read_bytes() for path in again]
    assert first[0].startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "a.svg", "b.png", "b.svg"]


def test_the_legend_names_what_is_drawn_wherever_it_comes_first(worlds: list[WorldSummary]) -> None:
    figure = figures.tragic_war_rates([worlds[2], worlds[0], worlds[1]])
    names = sorted(text.get_text() for text in figure.legends[0].get_texts())
    assert names == ["expected", "interquartile mean, 95 % interval", "one seed"]


def test_any_number_of_worlds(worlds: list[WorldSummary]) -> None:
    for chosen in (worlds[:1], worlds * 3):
        assert len(figures.arms_over_time(chosen, {}).axes) >= len(chosen)
        assert len(figures.tragic_war_rates(chosen).axes[0].get_xticks()) == len(chosen)
