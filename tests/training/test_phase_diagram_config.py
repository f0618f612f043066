"""What is asked of a phase diagram: planes and their faults, the cells that they are made of, and their runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from security_dilemma.params import Params
from security_dilemma_training.config import ConfigError, PPOConfig, load, load_defaults, parse
from security_dilemma_training.phase_diagram.diagram_config import MOST_RUNS, PhaseDiagramConfig
from security_dilemma_training.phase_diagram.planes import PLANES, AxisConfig
from security_dilemma_training.phase_diagram.wanted import wanted_runs
from tests.training.phase_results import SMALL
from tests.training.runs_for_tests import merged

CONFIGS = Path(__file__).parents[2] / "configs"


def axis(parameter: str, low: float, high: float, points: int = 3) -> dict[str, Any]:
    return {"parameter": parameter, "low": low, "high": high, "points": points}


def asked(**changes: Any) -> PhaseDiagramConfig:
    return parse(merged(SMALL, changes), PhaseDiagramConfig)


def faults_of(data: Mapping[str, Any]) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        parse(data, PhaseDiagramConfig)
    return {fault.key: fault.problem for fault in caught.value.faults}


def test_values_are_even_and_legible() -> None:
    assert AxisConfig(parameter="trust", low=0, high=1, points=4).values == (0.0, 0.333, 0.667, 1.0)
    assert AxisConfig(parameter="balance", low=-1.5, high=1.5, points=7).values[3] == 0.0
    ends = AxisConfig(parameter="war_cost", low=0.12345, high=0.499999, points=2)
    assert ends.values == (0.12345, 0.499999)  # which are not rounded out of their range
    fine = AxisConfig(parameter="upkeep", low=0, high=1e-5, points=11).values
    assert len(set(fine)) == 11


def test_what_a_diagram_takes_for_what_is_left_out() -> None:
    config = parse({}, PhaseDiagramConfig)
    assert (config.seeds, config.schedule.agent_steps, config.evaluation.games) == ((0, 1, 2), 500_000, 500)
    assert config.planes == PLANES
    assert not config.output.tensorboard
    learner = config.learner.narrowed(PPOConfig)
    assert (learner.backend, learner.device) == ("jax", "auto")
    assert config.folder == Path("runs/phase_diagram")

    some = parse({"learner": {"n_epochs": 2}, "schedule": {"checkpoint_every": 5}}, PhaseDiagramConfig)
    assert (some.learner.narrowed(PPOConfig).backend, some.schedule.agent_steps) == ("jax", 500_000)
    other = parse({"learner": {"backend": "sb3", "device": "cpu"}}, PhaseDiagramConfig)
    assert other.learner.narrowed(PPOConfig).backend == "sb3"
    assert parse({"learner": {"algorithm": "a2c"}}, PhaseDiagramConfig).learner.algorithm == "a2c"


def test_the_files_are_the_defaults_and_a_finer_diagram() -> None:
    small = load(CONFIGS / "phase_diagram.yaml", [], PhaseDiagramConfig)
    assert small.model_dump(exclude={"name"}) == load_defaults([], PhaseDiagramConfig).model_dump(exclude={"name"})
    full = load(CONFIGS / "phase_diagram_full.yaml", [], PhaseDiagramConfig)
    assert (len(full.cells()), len(full.seeds), full.schedule.agent_steps) == (242, 5, 1_000_000)
    finer = load(CONFIGS / "phase_diagram.yaml", ["planes.balance_trust.x.points=11"], PhaseDiagramConfig)
    assert len(finer.cells()) == 49 + 77


def test_faults_of_planes_name_key_value_and_range() -> None:
    planes = {
        "a": {"x": axis("balance", -4, 1), "y": axis("balance", 0, 1)},
        "b": {"x": axis("balanse", 0, 1), "y": axis("trust", 0.9, 0.1)},
        "c/d": {"x": axis("balance", 0, 1), "y": axis("war_cost", 0.1, 0.5)},
    }
    faults = faults_of({"planes": planes})
    assert faults["planes.a.x.low"].startswith("= -4.0 is outside [-3, 3]: offence-defence balance")
    assert faults["planes.a.y.parameter"] == "= 'balance' is that of x, too: choose another parameter for one of them"
    assert faults["planes.b.x.parameter"] == "= 'balanse' is an unknown parameter: did you mean 'balance'?"
    assert faults["planes.b.y.high"].startswith("= 0.1 must be above y.low = 0.9")
    assert "outside (0, 0.5)" in faults["planes.c/d.y.high"]
    assert "names 'c/d': a name must be of the form" in faults["planes"]
    assert len(faults) == 6


def test_faults_of_single_values_are_told_as_everywhere() -> None:
    plane = {"x": axis("balance", 0, 1, 1), "y": {"parameter": "trust", "low": "none", "hig": 1}, "z": 3}
    faults = faults_of({"planes": {"a": plane}})
    assert faults["planes.a.x.points"] == "= 1 must be a whole number in [2, ∞)"
    assert faults["planes.a.y.low"] == "= 'none' must be a number"
    assert faults["planes.a.y.high"] == "is missing: it must be a number"
    assert faults["planes.a.y.hig"] == "= 1 is an unknown key: did you mean 'high'?"
    assert faults["planes.a.z"].startswith("= 3 is an unknown key")
    short = {"x": axis("balance", 0, 1, 1), "y": axis("trust", 0, 1)}
    both = faults_of({"planes": {"a": short}, "params": {"greed": 9}})
    assert set(both) == {"planes.a.x.points", "params.greed"}
    assert both["params.greed"].startswith("= 9 is outside [0, 3]")
    assert "a mapping of keys to values" in faults_of({"planes": {"a": 3}})["planes.a"]
    assert "planes" in faults_of({"planes": {}})


def test_too_many_runs_are_refused() -> None:
    plane = {"x": axis("balance", -1, 1, 60), "y": axis("trust", 0, 1, 60)}
    assert f"ask for 10,800 runs, more than {MOST_RUNS:,}" in faults_of({"planes": {"a": plane}})["planes"]
    assert "planes" not in faults_of({"planes": {"a": plane}, "seeds": [0, 1], "params": {"greed": 9}})


def test_what_fits_no_run_fits_no_diagram() -> None:
    assert "learner.batch_size" in faults_of({"learner": {"batch_size": 4095}})
    assert "partners.scheme" in faults_of({"partners": {"scheme": "independent"}})
    assert "seeds" in faults_of({"seeds": [1, 1]})


def test_a_cell_is_a_run_config_of_its_own() -> None:
    config = asked(params={"war_cost": 0.3}, output={"folder": "here"})
    cells = config.cells()
    assert [cell.name for cell in cells][:4] == [
        "balance=-0.9,distinguishability=0",
        "balance=0,distinguishability=0",
        "balance=0.9,distinguishability=0",
        "balance=-0.9,distinguishability=1",
    ]
    last = cells[-1]
    assert last.folder == Path("here/worlds/balance=0.9,distinguishability=1")
    assert last.config.label == "balance_0.9-distinguishability_1"
    assert last.config.resolved_params() == Params(balance=0.9, distinguishability=1.0, war_cost=0.3)
    assert (last.config.learner, last.config.schedule) == (config.learner, config.schedule)
    assert last.config.evaluation == config.evaluation
    assert len({cell.config_hash for cell in cells}) == 6


def test_a_cell_that_two_planes_share_is_run_once() -> None:
    both = {
        "first": {"x": axis("balance", -1, 1), "y": axis("trust", 0.6, 0.8, 2)},
        "second": {"x": axis("balance", 0, 1, 2), "y": axis("greed", 0.4, 0.5, 2)},  # trust 0.8, greed 0.5 by default
    }
    config = parse({"planes": both, "seeds": [0, 1]}, PhaseDiagramConfig)
    wanted = wanted_runs(config)
    assert len(wanted) == 2 * (6 + 4 - 2)
    assert [one.seed for one in wanted] == [0] * 8 + [1] * 8  # a seed everywhere before the next one
    (shared,) = [one for one in wanted if one.keys[-1] == ("second", "balance=1,greed=0.5", 0)]
    assert shared.keys == [("first", "balance=1,trust=0.8", 0), ("second", "balance=1,greed=0.5", 0)]
    assert shared.folder == Path("runs/phase_diagram/first/balance=1,trust=0.8/seed_0")
    assert shared.name == "first/balance=1,trust=0.8/seed_0"
