"""How long a phase diagram takes is measured, told beforehand, and kept."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from security_dilemma_training.display import duration
from security_dilemma_training.phase_diagram import diagram, measured, pace, report
from security_dilemma_training.phase_diagram.diagram import phase_diagram, print_plan
from security_dilemma_training.phase_diagram.pace import Crew, Pace, keep_pace, kept_pace, measured_pace, short_training
from security_dilemma_training.phase_diagram.wanted import wanted_runs
from tests.training.no_figures import point
from tests.training.phase_results import NAMES, Here, tiny
from tests.training.runs_for_tests import silent

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(report, "save", point)
    monkeypatch.setattr(report, "phase_figure", lambda plane: None)
    monkeypatch.setattr(measured, "boundaries", lambda *_: [])


def test_seconds_follow_from_the_pace_and_who_works() -> None:
    found = Pace(begin=10.0, training=4.0, measuring=1.0, source="by hand")
    assert found.seconds(0, 0, Crew(2)) == 0
    assert found.seconds(7, 7, Crew(2)) == 10 + 4 * 4 + 4 * 1
    assert found.seconds(0, 7, Crew(2)) == 4 * 1
    assert found.seconds(8, 8, Crew(workers=4, accelerators=2)) == 10 + 4 * 4 + 2 * 1
    assert Crew(1).told == "1 process"
    assert Crew(4, 2).told == "4 processes and 2 accelerators"


def test_a_pace_is_kept_for_the_same_runs_on_the_same_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = wanted_runs(tiny())[0].config
    found = Pace(1.0, 2.0, 3.0, "by hand")
    assert kept_pace(tmp_path, config, Crew(2)) is None
    keep_pace(tmp_path, config, Crew(2), found)
    assert kept_pace(tmp_path, wanted_runs(tiny())[-1].config, Crew(2)) == found  # whatever cell and seed
    assert kept_pace(tmp_path, config, Crew(3)) is None
    assert kept_pace(tmp_path, wanted_runs(tiny(schedule={"agent_steps": 512}))[0].config, Crew(2)) is None
    assert kept_pace(tmp_path, wanted_runs(tiny(evaluation={"games": 21}))[0].config, Crew(2)) is None
    monkeypatch.setattr(platform, "node", lambda: "elsewhere")
    assert kept_pace(tmp_path, config, Crew(2)) is None
    (tmp_path / "pace.json").write_text("damaged")
    assert kept_pace(tmp_path, config, Crew(2)) is None


def test_the_pace_of_what_was_run_is_told_the_next_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    phase_diagram(tiny(), Here(monkeypatch))
    found = kept_pace(Path("out"), wanted_runs(tiny())[0].config, Crew(1))
    assert found is not None
    assert (found.measuring, found.source) == (0.5, "the last 8 runs of this folder")
    phase_diagram(tiny(seeds=[0, 1, 2]), Here(monkeypatch))
    words = (
        f"takes about {duration(found.seconds(4, 4, Crew(1)))} with 1 process: a run learns for {found.training:.1f} s"
    )
    assert words in capsys.readouterr().err


def test_many_steps_are_worth_a_measurement_beforehand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[tuple[int, Crew, bool]] = []

    def short(_config: object, runs: int, crew: Crew, *, here: bool) -> Pace:
        told.append((runs, crew, here))
        return Pace(20.0, 6.0, 1.0, "a short training")

    monkeypatch.setattr(diagram, "measured_pace", short)
    monkeypatch.setattr(diagram, "WORTH_MEASURING", 8 * 256)
    phase_diagram(tiny(), Here(monkeypatch, at_once=2, fail=NAMES))
    phase_diagram(tiny(), Here(monkeypatch, at_once=2, fail=NAMES))  # the pace is known by then
    monkeypatch.setattr(diagram, "WORTH_MEASURING", 8 * 256 + 1)
    phase_diagram(tiny("other"), Here(monkeypatch, at_once=2, fail=NAMES))
    assert told == [(8, Crew(2), True)]
    words = "takes about 48 s with 2 processes: a run learns for 6.0 s and is measured for 1.0 s, by a short training"
    assert capsys.readouterr().err.count(words) == 2


def test_of_accelerators_elsewhere_nothing_is_measured() -> None:
    config = wanted_runs(tiny())[0].config
    assert measured_pace(config, 8, Crew(2, accelerators=1), here=False) is None


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "sb3"])
def test_a_short_training_is_measured(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "SHORT", 2560)
    config = wanted_runs(tiny(learner={"backend": backend}, schedule={"agent_steps": 2560}))[0].config
    told: list[float] = []
    found = short_training(config, 1, lambda share, _message: told.append(share))
    assert min(found.values()) > 0
    assert told == sorted(told)
    longer = config.model_copy(update={"schedule": config.schedule.model_copy(update={"agent_steps": 10**9})})
    assert short_training(longer, 1, silent)["training"] > 100 * found["training"]


def test_a_plan_leaves_out_what_is_there(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    phase_diagram(tiny(), Here(monkeypatch))
    print_plan(tiny(), Crew(1))
    assert capsys.readouterr().out.endswith("4 cells, 8 runs of 256 agent-steps; all are there\n")
    print_plan(tiny(), Crew(1), overwrite=True)
    assert "8 to train (2,048 in all), 8 to measure\ntakes about" in capsys.readouterr().out
    monkeypatch.setattr(diagram, "measured_pace", lambda *_, here: None)
    print_plan(tiny(evaluation={"games": 30}), Crew(1))
    assert "0 to train (0 in all), 8 to measure" in capsys.readouterr().out
