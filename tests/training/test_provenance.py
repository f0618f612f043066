"""What made a run, and what is told of runs that another version or revision made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training.provenance import circumstances, maker, tell_other_makers
from security_dilemma_training.runs import Run
from tests.training.runs_for_tests import new_run, small_config


def rewrite(run: Run, changes: dict[str, Any]) -> None:
    (run.folder / "manifest.json").write_text(json.dumps(run.manifest | changes))


def test_the_maker_is_a_version_and_a_revision() -> None:
    assert maker() == maker(circumstances())
    assert maker({"versions": {"security-dilemma": "0.0.1"}, "git_revision": "0ld"}) == "version 0.0.1 at 0ld"
    assert maker({"versions": {"security-dilemma": "0.0.1"}, "git_revision": None}) == "version 0.0.1"


def test_finished_runs_that_others_made_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [new_run(tmp_path / f"seed_{seed}", small_config(), seed) for seed in range(4)]
    for run in runs[:3]:
        run.policy_path.touch()
        rewrite(run, {"status": "finished"})
    tell_other_makers(runs)
    assert capsys.readouterr().err == ""
    rewrite(runs[1], {"git_revision": "0ld"})
    rewrite(runs[2], {"versions": {"security-dilemma": "0.0.1"}})
    rewrite(runs[3], {"git_revision": "0ld"})  # not finished: its training goes on and names its parts
    tell_other_makers(runs)
    told = capsys.readouterr().err
    assert told.startswith(f"2 finished runs made by another than the present {maker()} will be kept")
    assert told.count("\n") == 1
    assert f"{runs[1].folder} by version" in told
    assert "at 0ld" in told
