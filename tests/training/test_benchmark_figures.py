"""Figures of a benchmark show every seed, whoever and wherever it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from security_dilemma_training.benchmark import figures
from security_dilemma_training.benchmark.results import frame
from security_dilemma_training.benchmark.tables import MeasuredCell, compare, contestants_of, gather, uncontrolled
from tests.training.benchmark_rows import row

WARS = {"ppo": (0.9, 0.92, 0.5), "a2c": (0.0, 0.91, 0.01)}


@pytest.fixture(scope="module")
def cells() -> list[MeasuredCell]:
    rows = [
        row(world, seed, war, algorithm=algorithm)
        for world in ("doubly_dangerous", "intense", "mine")
        for algorithm, wars in WARS.items()
        for seed, war in enumerate(wars)
        if (world, algorithm) != ("mine", "a2c")
    ]
    rows += [row("intense", seed, 0.02, control="intent_revealed") for seed in range(3)]
    return gather(frame(rows))


def points(axes: Axes) -> list[tuple[float, float]]:
    drawn = [np.ma.getdata(group.get_offsets()).reshape(-1, 2) for group in axes.collections]
    return [(float(x), float(y)) for pairs in drawn for x, y in pairs]


def shown(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if axes.get_visible()]


def test_every_seed_is_a_point_in_its_own_strip(cells: list[MeasuredCell]) -> None:
    figure = figures.strips(uncontrolled(cells), "tragic_war_rate", "rate", "Title", share=True)
    panels = shown(figure)
    assert len(panels) == 3
    names = [label.get_text() for label in panels[0].get_yticklabels()]
    assert names == ["a2c", "ppo"]
    for name, wars in WARS.items():
        own = sorted(x for x, y in points(panels[0]) if round(y) == names.index(name))
        assert own == pytest.approx(sorted(wars))
    assert len({y for _, y in points(panels[0])}) == 6  # equal values would not hide each other
    assert {text.get_text() for text in panels[0].texts} == {"1/3", "2/3", "at war"}


def test_the_middle_is_drawn_where_it_hides_no_heaps(cells: list[MeasuredCell]) -> None:
    figure = figures.strips(uncontrolled(cells), "payoff", "payoff", "Title")
    middles = [float(np.asarray(line.get_xdata())[0]) for line in shown(figure)[1].lines if line.get_marker() == "|"]
    known = [cell.interval("payoff").estimate for cell in cells if cell.world == "intense" and cell.control == "none"]
    assert sorted(middles) == pytest.approx(sorted(known))


def test_the_matrix_and_its_mirror_add_up(cells: list[MeasuredCell]) -> None:
    plain = uncontrolled(cells)
    figure = figures.improvement(compare(plain), contestants_of(plain))
    panels = shown(figure)
    assert len(panels) == 3  # all worlds, and two in which there are two
    numbers = [float(text.get_text().rstrip("*")) for text in panels[1].texts]
    assert numbers[0] + numbers[1] == pytest.approx(1, abs=0.011)
    image: Any = np.ma.filled(np.ma.asarray(panels[0].images[0].get_array()), np.nan)
    assert np.isnan(np.diagonal(image)).all()


def test_profiles_are_drawn_with_bands_unless_too_many(cells: list[MeasuredCell]) -> None:
    few = shown(figures.profiles(figures.profile_lines(uncontrolled(cells))))
    assert [len(axes.lines) for axes in few] == [2, 2, 1]
    assert [len(axes.collections) for axes in few] == [2, 2, 1]
    heights = np.asarray(few[0].lines[0].get_ydata())
    assert heights[0] == 1
    assert heights[-1] == 0
    many = gather(frame([row("intense", s, 0.1 * k, algorithm=f"a{k}") for k in range(5) for s in range(2)]))
    assert not shown(figures.profiles(figures.profile_lines(many)))[0].collections


def test_every_seed_has_its_learning_curve(cells: list[MeasuredCell]) -> None:
    steps = np.array([1e6, 2e6, 3e6])
    curves: dict[str, Any] = {
        str(r["key"]): {"agent_steps": steps, "games/wars_per_game": np.array([0.1, np.nan, 0.3])}
        for cell in cells
        for r in cell.rows[:2]
    }
    figure = figures.learning(uncontrolled(cells), curves, "games/wars_per_game", "Wars")
    lines = [np.asarray(line.get_xydata()) for axes in figure.axes for line in axes.lines]
    drawn = [line for line in lines if len(line)]
    assert len(drawn) == 2 * 5
    assert all(line.tolist() == [[1, 0.1], [3, 0.3]] for line in drawn)


def test_a_seed_is_joined_over_the_controls_where_there_are_any(cells: list[MeasuredCell]) -> None:
    figure = figures.controls(cells)
    (axes,) = figure.axes
    assert axes.get_title(loc="left") == "Intense"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["none", "intent revealed"]
    joined = [np.asarray(line.get_ydata()).tolist() for line in axes.lines]
    assert joined == [[war, 0.02] for war in WARS["ppo"]]
