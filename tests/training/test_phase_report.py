"""The report of a phase diagram says where seeds are at war and how well theory's boundaries tell, from counts."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training.phase_diagram import report
from security_dilemma_training.phase_diagram.boundaries import DOMINANCE, SPIRAL, TRUST
from security_dilemma_training.phase_diagram.charts import SHARE, phase_chart, run_lines
from security_dilemma_training.phase_diagram.figures import color_of, color_scale, phase_figure, text_color
from security_dilemma_training.phase_diagram.measured import METRICS, MeasuredPlane, seed_result
from security_dilemma_training.phase_diagram.report import write_phase_report
from security_dilemma_training.phase_diagram.sides import by_expectation, divided
from security_dilemma_training.phase_diagram.tables import write_tables
from security_dilemma_training.phase_diagram.terminal import print_planes
from security_dilemma_training.statistics import wilson_interval
from security_dilemma_training.verdict import Ending
from tests.training.html_pages import Reader, chart_in, data_of
from tests.training.no_figures import point
from tests.training.phase_results import BETWEEN, PEACE, SMALL, WAR, made_up, offence_fights
from tests.training.runs_for_tests import merged

COMMAND = "security-dilemma phase-diagram configs/phase_diagram.yaml --seeds 2"


@pytest.fixture(scope="module")
def planes() -> list[MeasuredPlane]:
    return made_up(offence_fights)[1]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of which one seed is missing."""
    folder = tmp_path_factory.mktemp("diagram")
    asked, planes = made_up(
        lambda values, seed: None if values["balance"] == 0 and seed == 4 else offence_fights(values, seed),
        merged(SMALL, {"output": {"folder": str(folder)}}),
    )
    (folder / "worlds" / "balance=0.9,distinguishability=0" / "seed_3").mkdir(parents=True)
    failed = {"worlds/balance=0,distinguishability=0/seed_4": "Loss | is <nan>"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "save", point)
        patch.setattr(report, "phase_figure", lambda plane: None)
        assert write_phase_report(planes, asked, command=COMMAND, failed=failed) == folder / "report.md"
    return folder


def test_a_cell_counts_its_seeds(planes: list[MeasuredPlane]) -> None:
    cells = {cell.cell.name: cell for cell in planes[0].cells}
    fought = cells["balance=0.9,distinguishability=0"]
    assert (fought.x, fought.y, fought.count(Ending.WAR)) == (0.9, 0.0, 2)
    assert fought.share == wilson_interval(2, 2)
    split = cells["balance=0.9,distinguishability=1"]
    assert [split.count(kind) for kind in Ending] == [1, 0, 1]
    assert split.values("spiral_index") == [1.4]
    assert split.interval("tragic_war_rate").estimate == pytest.approx((WAR + BETWEEN) / 2)
    assert math.isnan(cells["balance=0,distinguishability=0"].interval("spiral_index").estimate)


def test_sides_of_the_boundaries_by_hand(planes: list[MeasuredPlane]) -> None:
    # P = ½ armed for attack is at b = 0.255 for d = 0 and at -1.13 for d = 1, armed for defence at 0.255 and 3.69
    attack, defence, spiral = divided(planes[0])
    assert [one.boundary.kind for one in (attack, defence, spiral)] == [DOMINANCE, DOMINANCE, SPIRAL]
    assert [[len(side.cells) for side in one.sides] for one in (attack, defence, spiral)] == [[2, 4], [5, 1], [5, 1]]
    near, far = attack.sides
    assert (near.seeds, near.count(Ending.WAR), near.cells_at_war) == (4, 0, 0)
    assert (far.seeds, far.count(Ending.WAR), far.cells_at_war) == (8, 3, 2)
    assert far.share == wilson_interval(3, 8)
    assert far.by_seed == {3: (2, 4), 4: (1, 4)}
    assert (near.spirals, far.spirals) == ((0, 0), (3, 3))


def test_sides_of_the_trust_threshold_are_among_cells_that_need_trust() -> None:
    plane = {
        "x": {"parameter": "balance", "low": 0, "high": 1.5, "points": 2},
        "y": {"parameter": "trust", "low": 0.1, "high": 0.9, "points": 2},
    }
    _, planes = made_up(
        lambda values, seed: WAR if values["balance"] else PEACE, {"planes": {"t": plane}, "seeds": [1]}
    )
    (found,) = [one for one in divided(planes[0]) if one.boundary.kind == TRUST]
    assert found.boundary.label == "t = m(P), armed to the cap"
    assert [[cell.cell.name for cell in side.cells] for side in found.sides] == [
        ["balance=1.5,trust=0.9"],
        ["balance=1.5,trust=0.1"],
    ]


def test_what_theory_expects_of_cells(planes: list[MeasuredPlane]) -> None:
    sides = {side.name: (len(side.cells), side.count(Ending.WAR), side.seeds) for side in by_expectation(planes)}
    assert sides == {"no spiral": (2, 0, 4), "open": (4, 3, 8)}


def test_the_first_screen_counts_and_does_not_claim(written: Path) -> None:
    text = (written / "report.md").read_text(encoding="utf-8")
    first = text.split("\n## ")[0]
    assert "**Incomplete: 2 of the seeds that were asked for are missing, as 1 run failed, see below.**" in first
    assert "2 seeds tell little" in first
    assert "Of 10 seeds in 6 cells, 3 at war, 6 at peace, 1 in between; 2 of the cells have war." in first
    low, high = wilson_interval(0, 3)[1:]
    assert f"attack (P ≤ ½): 0 of 3 at war [{low:.2f}, {high:.2f}] in 2 cells. Beyond: 3 of 7 at war" in first
    assert "No spiral: 0 of 3 at war" in first
    assert "too narrow" in first


def test_the_report_says_what_was_run_and_how_to_repeat_it(written: Path) -> None:
    text = (written / "report.md").read_text(encoding="utf-8")
    assert f"\n{COMMAND}\n" in text
    assert "10 runs of 500,000 agent-steps" in text
    assert "\nlearner:\n  algorithm: ppo\n" in text
    assert "x: {parameter: balance, low: -0.9, high: 0.9, points: 3}" in text
    assert "- worlds/balance=0,distinguishability=0/seed\\_4: Loss \\| is \\<nan\\>" in text.replace(
        "seed_4", "seed\\_4"
    )
    assert "| 0 | 0 | 0/1 \\* |" in text
    assert "no variation of the own arms (7)" in text
    assert "These do not part the cells that were measured: P = ½, unarmed; t = m(P), unarmed;" in text


def test_the_tables_have_every_run_and_cell(written: Path) -> None:
    with (written / "results.csv").open(encoding="utf-8") as file:
        runs = list(csv.DictReader(file))
    assert len(runs) == 10
    assert {name: runs[-1][name] for name in ("plane", "balance", "distinguishability", "seed", "ends")} == {
        "plane": "worlds", "balance": "0.9", "distinguishability": "1", "seed": "4", "ends": "in between",
    }  # fmt: skip
    assert runs[-1]["run"] == "worlds/balance=0.9,distinguishability=1/seed_4"
    assert (runs[0]["spiral_index"], runs[0]["no_spiral_index"]) == ("", "no variation of the own arms")
    with (written / "cells.csv").open(encoding="utf-8") as file:
        cells = list(csv.DictReader(file))
    assert [(cell["seeds"], cell["missing"], cell["at_war"]) for cell in cells] == [
        ("2", "0", "0"), ("1", "1", "0"), ("2", "0", "2"), ("2", "0", "0"), ("1", "1", "0"), ("2", "0", "1"),
    ]  # fmt: skip
    low, high = wilson_interval(1, 2)[1:]
    assert float(cells[-1]["share_at_war_low"]) == pytest.approx(low, abs=1e-5)
    assert float(cells[-1]["share_at_war_high"]) == pytest.approx(high, abs=1e-5)
    assert (cells[0]["expected"], cells[2]["expected"]) == ("no spiral", "open")
    assert float(cells[2]["rho"]) == pytest.approx(math.exp(0.9) / math.sqrt(5), abs=1e-5)


def test_a_table_of_two_planes_has_the_parameters_of_both(tmp_path: Path) -> None:
    other = {
        "x": {"parameter": "trust", "low": 0.2, "high": 0.8, "points": 2},
        "y": {"parameter": "greed", "low": 0.1, "high": 1, "points": 2},
    }
    _, planes = made_up(lambda _values, _seed: PEACE, merged(SMALL, {"planes": {"other": other}, "seeds": [0]}))
    write_tables(planes, tmp_path)
    with (tmp_path / "results.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 10
    assert (rows[0]["trust"], rows[0]["greed"], rows[-1]["balance"], rows[-1]["trust"]) == ("0.8", "0.5", "0.9", "0.8")


def test_the_page_is_well_formed_and_fetches_nothing(written: Path) -> None:
    source = (written / "report.html").read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(source)
    assert reader.open == []
    assert reader.charts == ["worlds-0"]
    assert [f"<option>{option}</option>" in source for option in (SHARE, *(m.heading for m in METRICS))] == [True] * 6
    spec = chart_in(source, "worlds-0")
    cells = data_of(spec, "theory")
    assert len(cells) == 6 * 6  # cells by what they may be coloured by
    fought = next(row for row in cells if row["metric"] == SHARE and row["name"] == "balance=0.9,distinguishability=0")
    assert fought["text"] == "2/2"
    seeds = fought["seeds"].splitlines()
    assert seeds[0].startswith("seed 3: ends at war, tragic war rate 0.930, arms burden")
    assert seeds[1].strip().startswith("security-dilemma replay")
    assert seeds[1].endswith("/seed_3 --find war")
    assert len(seeds) == 3  # of seed 4 there is no folder
    missing = next(row for row in cells if row["metric"] == SHARE and row["name"] == "balance=0,distinguishability=0")
    assert missing["text"] == "0/1*"
    assert missing["share"].endswith("missing: seeds 4")
    assert len(data_of(spec, "run")) == 10
    assert {row["told"] for row in data_of(spec, "line")} == {
        "P = ½, armed for attack", "P = ½, armed for defence", "ρ = 1",
    }  # fmt: skip


def test_the_chart_says_the_same_as_the_figure(planes: list[MeasuredPlane]) -> None:
    plane = planes[0]
    (chart,) = phase_chart(plane, run_lines(planes, Path())).charts
    rows = data_of(chart.to_dict(), "theory")
    scale = color_scale(plane, "tragic_war_rate")
    by_rate = [row for row in rows if row["metric"] == "tragic war rate"]
    for row, cell in zip(by_rate, plane.cells, strict=True):
        color = color_of(cell.interval("tragic_war_rate").estimate, scale)
        assert row["color"] == "#" + "".join(f"{round(part * 255):02x}" for part in color)
    dark = [sum(int(row["color"][k : k + 2], 16) for k in (1, 3, 5)) for row in by_rate]
    assert dark[2] < dark[5] < dark[0]  # war, half of it, peace: light to dark


def test_colours_read_in_grey() -> None:
    _, planes = made_up(offence_fights)
    grey = [sum(color_of(v, color_scale(planes[0], "share"))) for v in (0, 0.25, 0.5, 0.75, 1)]
    assert grey == sorted(grey, reverse=True)
    index = color_scale(planes[0], "spiral_index")
    assert color_of(1.0, index) == pytest.approx((1, 1, 1), abs=0.01)
    assert sum(color_of(2.0, index)) < sum(color_of(0.0, index))
    assert color_of(99.0, index) == color_of(2.0, index)
    assert (text_color((1, 1, 1)), text_color((0.1, 0.1, 0.1))) == ("black", "white")


def test_the_map_in_the_terminal(planes: list[MeasuredPlane], capsys: pytest.CaptureFixture[str]) -> None:
    print_planes(planes)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[:1] == ["seeds at war / seeds: balance →, distinguishability ↑"]
    assert lines.index("1 0/2 0/2 1/2") == lines.index("0 0/2 0/2 2/2") - 1  # the highest row first
    assert "-0.9 0 0.9" in lines


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"game": {"n_states": 3}, "learner": {"slots": 510, "batch_size": 4080}}, "repeated crises of two states"),
        ({"params": {"balance_noise": 0.2}}, "no prediction is known to this report with balance_noise"),
        ({"params": {"greed": [0.2, 0.5]}}, "the states differ"),
    ],
)
def test_where_theory_says_nothing_its_boundaries_are_left_out(
    tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    data = merged(merged(SMALL, changes), {"output": {"folder": str(tmp_path)}})
    asked, planes = made_up(offence_fights, data)
    assert (planes[0].boundaries, divided(planes[0])) == ((), [])
    assert why in planes[0].outside
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "save", point)
        patch.setattr(report, "phase_figure", lambda plane: None)
        text = write_phase_report(planes, asked, command=COMMAND).read_text(encoding="utf-8")
    assert f"Theory draws no boundaries here: {planes[0].outside}." in text
    assert "0.93" in text


def test_evaluations_are_read_as_they_are() -> None:
    pair = {metric.of: 0.5 for metric in METRICS} | {"spiral_index": None, "tragic_war_rate": 0.76 * 0.954}
    results = {
        "pairs": {"both_security_seekers": pair},
        "reasons": {"both_security_seekers": {"spiral_index": "no variation of the own arms"}},
        "params": {"crisis_rate": 0.15},
        **{"n_states": 2, "seed": 7, "horizon": 20, "max_cycles": 64, "stages": None, "train_seconds": None},
    }
    found = seed_result(results, Path("run"))
    assert (found.seed, found.ending, found.reason) == (7, Ending.BETWEEN, "no variation of the own arms")
    assert found.values["arms_burden"] == 0.5
    assert math.isnan(found.values["spiral_index"])
    assert math.isnan(found.cpu_seconds)
    assert seed_result(results | {"horizon": 2}, Path("run")).ending is Ending.WAR  # 0.15 at most within two steps


@pytest.mark.slow
def test_the_figure_is_drawn_whatever_is_missing(tmp_path: Path) -> None:
    from security_dilemma_training.figures import save

    asked, planes = made_up(lambda values, seed: None if values["balance"] < 0 else offence_fights(values, seed))
    figure = phase_figure(planes[0])
    main, *others = (axes for axes in figure.axes if axes.get_title(loc="left"))
    assert {text.get_text() for text in main.texts} >= {"2/2", "0/2", "1/2", "none", "ρ = 1"}
    assert len(others) == 4
    assert all(len(axes.get_lines()) >= 3 for axes in (main, *others))  # theory's lines in every panel
    files = save(figure, tmp_path / asked.label)
    assert [path.stat().st_size > 10_000 for path in files] == [True, True]
    many = merged(SMALL, {"seeds": list(range(20))})
    assert phase_figure(made_up(offence_fights, many)[1][0]) is not None
