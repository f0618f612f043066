"""Interactive charts of the four worlds show every seed, and say the same as the figures."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from security_dilemma.spaces import INTENTS
from security_dilemma_training import appendix_charts, charts, curve_charts
from security_dilemma_training.curves import strikes_series
from security_dilemma_training.figures import LABELS, expected_rates
from security_dilemma_training.pages.marks import MOST_POINTS, RunLine, points_of
from security_dilemma_training.responses.closeness import SMALL_GAIN
from security_dilemma_training.summary import RunKey, WorldSummary, run_key, summarise
from tests.training.experiments import evaluated, run_of
from tests.training.html_pages import data_of
from tests.training.players import Coin
from tests.training.test_appendices import found, held_beliefs

Made = tuple[list[WorldSummary], dict[RunKey, RunLine]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("runs")
    plays = {"doubly_dangerous": (0.9, 0.0, 0.9), "doubly_safe": (0.0,)}
    with pytest.MonkeyPatch.context() as patch:
        results = [
            dict(evaluated(patch, run_of(folder, world, seed), Coin(chance)))
            | {"exploitability": found(0.1 * seed or None), "beliefs": held_beliefs(0.1, 0.6, 20 + 5 * seed)}
            for world, chances in plays.items()
            for seed, chance in enumerate(chances)
        ]
    worlds = summarise(results)
    folders = {run_key(result): folder / str(result["world"]) / f"seed_{result['seed']}" for result in results}
    return worlds, charts.run_lines(worlds, folders, folder)


def test_every_run_tells_of_itself_and_how_to_replay_it(made: Made) -> None:
    worlds, runs = made
    lines = [runs[run_key(result)] for world in worlds for result in world.results]
    assert [line.name for line in lines][:2] == ["Doubly dangerous, seed 0", "Doubly dangerous, seed 1"]
    assert [line.facts["ends"] for line in lines] == [str(e) for world in worlds for e in world.verdict.endings]
    assert lines[0].facts["tragic war rate"] == f"{worlds[0].tragic[0]:.3f}"
    assert lines[0].replay.startswith("security-dilemma replay runs")
    assert lines[0].replay.endswith("/doubly_dangerous/seed_0 --find war")
    assert lines[1].replay.endswith("/doubly_dangerous/seed_1")


def test_every_seed_is_a_point_beside_what_is_expected(made: Made) -> None:
    worlds, runs = made
    (chart,) = charts.tragic_war_rates(worlds, runs).charts
    spec = chart.to_dict()
    seeds = data_of(spec, "run")
    assert [seed["value"] for seed in seeds] == pytest.approx([r for w in worlds for r in w.tragic], abs=1e-4)
    assert [round(seed["place"]) for seed in seeds] == [0, 0, 0, 1]
    assert len({seed["place"] for seed in seeds}) == 4
    regions = [(region["low"], region["high"]) for region in data_of(spec, "end")]
    assert regions == [region for world in worlds for region in expected_rates(world)]
    (middle,) = data_of(spec, "told")  # none for a single seed
    assert middle["value"] == pytest.approx(worlds[0].interval("seekers", "tragic_war_rate").estimate, abs=1e-3)


def test_strikes_are_by_intent(made: Made) -> None:
    worlds, runs = made
    (chart,) = charts.strikes(worlds, runs).charts
    seeds = data_of(chart.to_dict(), "run")
    for pair, intent in zip(("seekers", "mixed"), INTENTS, strict=True):
        values = [seed["value"] for seed in seeds if seed["who"] == LABELS[intent]]
        metric = f"strike_rate_{intent}"
        assert values == pytest.approx([v for w in worlds for v in w.values(pair, metric)], abs=1e-4)


def test_curves_are_those_of_the_figures_and_thinned_where_long(made: Made) -> None:
    worlds, runs = made
    steps = np.arange(1, 1001) * 1e3
    run = {"agent_steps": steps, "strike_rate_in_crisis/greedy": np.linspace(0.2, 0.9, 1000)}
    panels = curve_charts.learning_curves(worlds, runs, {run_key(worlds[0].results[1]): run})
    assert len(panels.charts) == 2
    (seed,) = data_of(panels.charts[0].to_dict(), "run")
    places, values = strikes_series(run, "greedy")
    assert seed["name"] == "Doubly dangerous, seed 1"
    assert len(seed["x"]) == len(seed["y"]) == MOST_POINTS
    assert (seed["x"][0], seed["x"][-1]) == pytest.approx((places[0], places[-1]))
    assert seed["y"] == pytest.approx(np.interp(seed["x"], places, values), abs=1e-3)
    assert not data_of(panels.charts[1].to_dict(), "run")


def test_what_is_not_known_stays_a_gap() -> None:
    assert points_of((np.arange(3), np.array([0.5, np.nan, 1 / 3]))) == {"x": [0, 1, 2], "y": [0.5, None, 0.3333]}
    assert points_of((np.zeros(0), np.zeros(0))) == {"x": [], "y": []}


def test_arms_have_a_panel_for_each_world_with_the_cap(made: Made) -> None:
    worlds, runs = made
    key = "both_security_seekers/security_seeker/"
    arms: dict[str, Any] = {key + "arms": np.linspace(0, 2, 30), key + "states": np.full(30, 200)}
    panels = curve_charts.arms_over_time(worlds, runs, {run_key(r): arms for r in worlds[0].results})
    spec = panels.charts[0].to_dict()
    assert len(data_of(spec, "run")) == 3
    assert [row["y"] for row in data_of(spec, "what")] == [3.0]
    assert spec["title"] == ["Doubly dangerous", "(split over seeds, 3 seeds)"]


def test_gains_and_beliefs_are_those_measured(made: Made) -> None:
    worlds, runs = made
    (chart,) = appendix_charts.exploitability(worlds, runs).charts
    spec = chart.to_dict()
    gains = [(row["who"], row["value"]) for row in data_of(spec, "gain")]
    seeker, greedy = (LABELS[intent] for intent in INTENTS)
    assert gains == [*[(seeker, 0.002)] * 3, (greedy, 0.1), (greedy, 0.2), (seeker, 0.002)]
    assert [row["high"] for row in data_of(spec, "high") if "run" not in row] == [SMALL_GAIN]
    spec = appendix_charts.beliefs_over_steps(worlds, runs).charts[0].to_dict()
    lengths = [len(row["x"]) for row in data_of(spec, "run") if row["who"] == "greedy states"]
    assert lengths == [20, 25, 30]
    assert [row["y"] for row in data_of(spec, "what")] == pytest.approx([0.2])


def test_charts_of_many_worlds_take_the_whole_width(made: Made) -> None:
    worlds, runs = made
    assert not charts.strikes(worlds, runs).broad
    assert charts.strikes(worlds * 3, runs).broad


def test_a_name_of_any_kind_is_a_label(made: Made) -> None:
    worlds, runs = made
    name = 'A"]\\ [b'
    (chart,) = charts.strikes([worlds[0]._replace(world=name)], runs).charts
    axis = chart.to_dict()["layer"][0]["encoding"]["x"]["axis"]
    (lines,) = json.loads(axis["labelExpr"].removesuffix("[datum.value]"))
    assert lines == [*name.split(" "), "b = 0.9", "d = 0.0", "2 of 3", "at war"]
