"""The phase diagram from its config to its report: what is not run twice, what is missing, and how long it takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training.benchmark.engines import LocalEngine
from security_dilemma_training.errors import RunError
from security_dilemma_training.phase_diagram import measured, report
from security_dilemma_training.phase_diagram.diagram import phase_diagram
from security_dilemma_training.phase_diagram.wanted import there, wanted_runs
from security_dilemma_training.writing import folder_lock
from tests.training.no_figures import point
from tests.training.phase_results import NAMES, Here, tiny

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(report, "save", point)
    monkeypatch.setattr(report, "phase_figure", lambda plane: None)
    monkeypatch.setattr(measured, "boundaries", lambda *_: [])


def test_every_run_and_none_twice(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    first = Here(monkeypatch, at_once=2)
    assert phase_diagram(tiny(), first, "security-dilemma phase-diagram") == 0
    assert sorted(first.ran) == sorted(NAMES)
    assert first.batches == [4, 4]  # of one program, parted between two processes
    told = capsys.readouterr()
    assert "4 cells, 8 runs of 256 agent-steps; 8 to train (2,048 in all), 8 to measure" in told.err
    assert "0.9 0/2 2/2" in " ".join(told.out.split())
    assert Path("out/results.csv").read_text().count("\n") == 9
    assert Path("out/cells.csv").read_text().count("\n") == 5

    again = Here(monkeypatch)
    assert phase_diagram(tiny(), again) == 0
    assert again.ran == []
    assert "8 runs of 256 agent-steps; all are there" in capsys.readouterr().err
    assert Path("out/results.csv").read_text().count("\n") == 9

    more = Here(monkeypatch)
    assert phase_diagram(tiny(seeds=[0, 1, 2]), more) == 0
    assert [name[-6:] for name in more.ran] == ["seed_2"] * 4
    fewer = Here(monkeypatch)
    assert phase_diagram(tiny(seeds=[2]), fewer) == 0
    assert Path("out/results.csv").read_text().count("\n") == 5  # of what is asked

    anew = Here(monkeypatch)
    assert phase_diagram(tiny(seeds=[2]), anew, overwrite=True) == 0
    assert len(anew.ran) == 4


def test_a_run_that_is_trained_but_not_measured_as_asked_is_taken_up(monkeypatch: pytest.MonkeyPatch) -> None:
    phase_diagram(tiny(), Here(monkeypatch))
    wanted = wanted_runs(tiny())
    assert [found is not None for found in there(wanted)] == [True] * 8
    assert there(wanted_runs(tiny(evaluation={"games": 30}))) == [None] * 8
    (wanted[0].folder / "evaluation.json").unlink()
    (wanted[1].folder / "policy.npz").unlink()
    (wanted[2].folder / "manifest.json").write_text("damaged")
    assert [found is None for found in there(wanted)] == [True] * 3 + [False] * 5
    status = json.loads((wanted[3].folder / "manifest.json").read_text()) | {"status": "interrupted"}
    (wanted[3].folder / "manifest.json").write_text(json.dumps(status))
    assert there(wanted)[3] is None


def test_what_fails_is_told_and_missing_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unlucky = Here(monkeypatch, fail=NAMES[:1] + NAMES[2:3] + NAMES[6:7])
    assert phase_diagram(tiny(), unlucky) == 1
    assert json.loads(Path("out/failed.json").read_text()) == dict.fromkeys(
        NAMES[:1] + NAMES[2:3] + NAMES[6:7], "no luck"
    )
    told = capsys.readouterr()
    assert "3 of 8 failed" in told.err
    assert "0.9 –* 2/2" in " ".join(told.out.split())
    text = Path("out/report.md").read_text()
    assert "**Incomplete: 3 of the seeds that were asked for are missing, as 3 runs failed" in text
    assert "| -1 | 0.5 | 0/1 \\* |" in text
    assert "| -1 | 0.9 | 0/0 \\* | – |" in text
    better = Here(monkeypatch)
    assert phase_diagram(tiny(), better) == 0
    assert sorted(better.ran) == sorted(NAMES[:1] + NAMES[2:3] + NAMES[6:7])
    assert not Path("out/failed.json").exists()
    assert "Incomplete" not in Path("out/report.md").read_text()


def test_a_folder_of_another_run_is_refused_and_the_others_are_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    phase_diagram(tiny(seeds=[0]), Here(monkeypatch))
    engine = Here(monkeypatch)
    assert phase_diagram(tiny(params={"war_cost": 0.3}), engine) == 1
    assert [name[-6:] for name in engine.ran] == ["seed_1"] * 4
    assert "params.war_cost: 0.25 there, 0.3 now" in capsys.readouterr().err


def test_two_cannot_work_in_one_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("out").mkdir()
    with folder_lock(Path("out")), pytest.raises(RunError, match="in use"):
        phase_diagram(tiny(), Here(monkeypatch))
    Path("file").write_text("")
    with pytest.raises(RunError, match="choose another folder"):
        phase_diagram(tiny("file/below"), Here(monkeypatch))


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "sb3"])
def test_from_nothing_to_the_report_and_again(
    backend: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    learner: Mapping[str, Any] = {"backend": backend}
    assert phase_diagram(tiny(learner=learner), LocalEngine(1), "security-dilemma phase-diagram") == 0
    folder = Path("out")
    trained = {path: path.stat().st_mtime_ns for path in folder.rglob("policy.npz")}
    assert len(trained) == 8
    assert (folder / "report.html").stat().st_size > 100_000
    assert "seeds at war / seeds: balance →, trust ↑" in capsys.readouterr().out
    assert phase_diagram(tiny(learner=learner), LocalEngine(2)) == 0
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("policy.npz")} == trained
