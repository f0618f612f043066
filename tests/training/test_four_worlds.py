"""The main job from end to end, on trainings of seconds."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training.beliefs.probe import ProbeOptions
from security_dilemma_training.config import FourWorldsConfig, parse
from security_dilemma_training.errors import RunError
from security_dilemma_training.four_worlds import four_worlds, train_and_evaluate
from security_dilemma_training.responses.best_response import ResponseOptions
from security_dilemma_training.runs import Run, find_runs
from security_dilemma_training.writing import folder_lock
from tests.training.no_figures import only_words
from tests.training.runs_for_tests import merged

SMALL: dict[str, Any] = {
    "worlds": ["doubly_dangerous", "doubly_safe"],
    "seeds": [0, 1],
    "learner": {"slots": 48, "n_steps": 8, "batch_size": 96},
    "schedule": {"agent_steps": 768},
    "evaluation": {"games": 60},
    "output": {"tensorboard": False},
}


def config(folder: Path, **changes: Any) -> FourWorldsConfig:
    """A small job whose results go to a folder."""
    asked = merged(SMALL, changes)
    return parse(merged(asked, {"output": {"folder": str(folder)}}), FourWorldsConfig)


def measurement(run: Path) -> tuple[str, int]:
    """What measured a run, and when."""
    path = run / "evaluation.json"
    return json.loads(path.read_text())["measured_by"], path.stat().st_mtime_ns


@pytest.mark.slow
def test_from_nothing_to_the_report_and_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "results"
    assert four_worlds(config(folder), folder, 2, "security-dilemma four-worlds --seeds 2") == 0
    assert "Doubly safe" in capsys.readouterr().out
    report = (folder / "report.md").read_text()
    assert "security-dilemma four-worlds --seeds 2" in report
    assert (folder / "results.csv").read_text().count("\n") == 1 + 2 * 2 * 3  # worlds, seeds, pairs of intents
    results = json.loads((folder / "results.json").read_text())
    assert {(result["world"], result["seed"]) for result in results} == {
        (world, seed) for world in SMALL["worlds"] for seed in (0, 1)
    }
    for name in ("tragic_war_rate", "arms_over_time"):
        assert (folder / f"{name}.png").stat().st_size > 10_000
    assert (folder / "report.html").stat().st_size > 100_000

    # more seeds: what is there is kept
    trained = {run: (run / "policy.npz").stat().st_mtime_ns for run in find_runs(folder)}
    measured = {run: measurement(run) for run in trained}
    elsewhere = folder / "doubly_safe" / "seed_1" / "manifest.json"
    elsewhere.write_text(json.dumps(json.loads(elsewhere.read_text()) | {"git_revision": "0ld"}))
    assert four_worlds(config(folder, seeds=[0, 1, 2]), folder, 2) == 0
    assert "made by another than the present" in capsys.readouterr().err
    assert len(find_runs(folder)) == 6
    assert all((run / "policy.npz").stat().st_mtime_ns == when for run, when in trained.items())
    for run, (maker, when) in measured.items():  # measured again only if the source was changed during the test
        assert measurement(run)[0] != maker or measurement(run)[1] == when


@pytest.mark.slow
def test_a_run_that_fails_loses_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    only_words(monkeypatch)
    folder = tmp_path / "results"
    asked = config(folder)
    assert four_worlds(asked, folder, 1) == 0
    (folder / "doubly_safe" / "seed_1" / "policy.npz").write_bytes(b"damaged")
    (folder / "doubly_safe" / "seed_1" / "evaluation.json").unlink()
    assert four_worlds(asked, folder, 1) == 1
    told = capfd.readouterr().err
    assert "doubly_safe/seed_1 failed" in told
    assert "policy.npz is damaged or not a checkpoint" in told
    assert "Traceback" not in told
    assert len(json.loads((folder / "results.json").read_text())) == 3
    assert (
        "**Incomplete: one run failed and is missing here: doubly_safe/seed_1.**" in (folder / "report.md").read_text()
    )
    failed = json.loads((folder / "failed.json").read_text())
    assert list(failed) == ["doubly_safe/seed_1"]
    assert "--overwrite" in failed["doubly_safe/seed_1"]

    assert four_worlds(asked, folder, 1, overwrite=True) == 0
    assert "Incomplete" not in (folder / "report.md").read_text()
    assert not (folder / "failed.json").exists()


@pytest.mark.slow
def test_compiled_runs_of_all_worlds_are_trained_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    only_words(monkeypatch)
    folder = tmp_path / "results"
    asked = config(folder, learner={"backend": "jax"})
    damaged = Run.create(folder / "doubly_safe" / "seed_1", asked.for_world("doubly_safe"), 1)
    damaged.checkpoint_path.write_bytes(b"damaged")
    assert four_worlds(asked, folder, 1) == 1
    told = capfd.readouterr().err
    assert "4/4 ended, 1 failed in" in told
    assert "1 of 4 failed (doubly_safe/seed_1); the others are done" in told
    assert list(json.loads((folder / "failed.json").read_text())) == ["doubly_safe/seed_1"]
    assert len(json.loads((folder / "results.json").read_text())) == 3
    assert damaged.manifest["status"] == "failed"


def only_result(folder: Path) -> dict[str, Any]:
    """The result of the one run, without the revision that measured it, which may change during a test."""
    (result,) = json.loads((folder / "results.json").read_text())
    return {name: value for name, value in result.items() if name != "measured_by"}


@pytest.mark.slow
def test_exploitability_and_beliefs_where_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    asked = config(folder, seeds=[0], worlds=["doubly_safe"])
    budget = ResponseOptions(agent_steps=768, starts=2, slots=32, validation_games=20, games=30)
    probe = ProbeOptions(training_games=40, validation_games=20, held_out_games=30, epochs=1)
    assert four_worlds(asked, folder, 1, exploitability=budget, beliefs=probe) == 0
    run = folder / "doubly_safe" / "seed_0"
    kept = {name: json.loads((run / f"{name}.json").read_text()) for name in ("exploitability", "beliefs")}
    found = only_result(folder)
    assert found == found | kept
    text = (folder / "report.md").read_text()
    assert "## How close to an equilibrium" in text
    assert "## Beliefs about intents" in text

    assert four_worlds(asked, folder, 1) == 0
    assert only_result(folder) == {name: value for name, value in found.items() if name not in kept}
    assert "equilibrium" not in (folder / "report.md").read_text()


def test_the_progress_of_a_run_never_goes_back(tmp_path: Path) -> None:
    asked = config(tmp_path, seeds=[0], worlds=["doubly_safe"], game={"max_cycles": 8}, evaluation={"games": 10})
    run = Run.create(tmp_path / "run", asked.for_world("doubly_safe"), 0)
    budget = ResponseOptions(agent_steps=1, starts=2, slots=16, validation_games=5, games=5)
    probe = ProbeOptions(training_games=10, validation_games=5, held_out_games=5, epochs=1)
    told: list[float] = []
    results = train_and_evaluate(str(run.folder), lambda share, _message: told.append(share), budget, probe)
    assert told == sorted(told)
    assert (told[0], max(told) <= 1) == (0, True)
    assert sum(share > 0.5 for share in told) >= 5
    assert {"exploitability", "beliefs"} < set(results)


def test_two_cannot_work_in_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    with folder_lock(folder), pytest.raises(RunError, match=rf"results is in use by process {os.getpid()}: wait"):
        four_worlds(config(folder), folder, 1)
    assert [path.name for path in folder.iterdir()] == [".lock"]


def settled(world: str, seeds: list[int], steps: int, folder: Path) -> list[float]:
    """The tragic war rates of a world's seeds under the four worlds' own learner."""
    asked = parse(
        {
            "worlds": [world],
            "seeds": seeds,
            "schedule": {"agent_steps": steps},
            "output": {"folder": str(folder), "tensorboard": False},
        },
        FourWorldsConfig,
    )
    assert four_worlds(asked, folder, 1) == 0
    results = json.loads((folder / "results.json").read_text())
    return [result["pairs"]["both_security_seekers"]["tragic_war_rate"] for result in results]


@pytest.mark.slow
def test_where_defence_has_the_advantage_seekers_do_not_spiral(tmp_path: Path) -> None:
    # b ≤ 0: striking is dominated (THEORY 2, 6); a short version of the nightly test
    assert max(settled("intense", [0], 500_000, tmp_path)) < 0.05


@pytest.mark.nightly
@pytest.mark.parametrize("world", ["doubly_dangerous", "intense", "not_intense", "doubly_safe"])
def test_every_seed_settles_and_only_where_offence_has_the_advantage_at_war(tmp_path: Path, world: str) -> None:
    rates = settled(world, list(range(20)), 1_000_000, tmp_path)
    ends = {"war" if rate > 0.9 else "peace" if rate < 0.2 else "between" for rate in rates}
    assert ends == ({"war", "peace"} if world in ("doubly_dangerous", "not_intense") else {"peace"})
