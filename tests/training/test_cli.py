"""The command line: what it passes on, what it tells of faults, and how fast it helps."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from security_dilemma.params import WORLDS, ParameterError
from security_dilemma_training import batch_jobs, cli, jobs
from security_dilemma_training.beliefs.probe import ProbeOptions
from security_dilemma_training.config import FourWorldsConfig, PPOConfig
from security_dilemma_training.errors import CheckpointError
from security_dilemma_training.jobs import Job, Outcome
from security_dilemma_training.responses.best_response import ResponseOptions
from security_dilemma_training.runs import Run

CONFIG = """
world: intense
learner: {slots: 8, n_steps: 8, batch_size: 32, hidden_sizes: [8]}
schedule: {agent_steps: 128}
seeds: [0, 1]
"""


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("trial.yaml").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Run jobs in this process, where modules can be replaced; returns the numbers of workers asked for."""
    asked: list[int] = []

    def run_here(
        jobs: Sequence[Job], workers: int, ended: Callable[[int, Outcome], None] = lambda *_: None, *_: Any
    ) -> list[Outcome]:
        asked.append(workers)
        outcomes = []
        for index, job in enumerate(jobs):
            outcomes.append(Outcome(job.name, job.function(report=lambda share, message: None, **job.kwargs)))
            ended(index, outcomes[-1])
        return outcomes

    monkeypatch.setattr(jobs, "run_jobs", run_here)
    monkeypatch.setattr(batch_jobs, "run_jobs", run_here)
    return asked


def replace_module(monkeypatch: pytest.MonkeyPatch, name: str, **content: Any) -> None:
    module = ModuleType(f"security_dilemma_training.{name}")
    vars(module).update(content)
    monkeypatch.setitem(sys.modules, module.__name__, module)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Replace training; returns the runs that were trained."""
    runs: list[Run] = []

    def train(run: Run, report: Callable[[float, str], None]) -> None:
        runs.append(run)
        run.policy_path.write_bytes(b"policy")

    replace_module(monkeypatch, "train", train=train, train_together=None)
    return runs


@pytest.fixture
def swept(monkeypatch: pytest.MonkeyPatch) -> list[tuple[FourWorldsConfig, Path, int]]:
    """Replace the four worlds; returns what they were asked."""
    asked: list[tuple[FourWorldsConfig, Path, int]] = []

    def four_worlds(config: FourWorldsConfig, folder: Path, workers: int, command: str, **more: Any) -> int:
        assert command.startswith("security-dilemma four-worlds")
        assert more["overwrite"] == ("--overwrite" in command)
        assert more["exploitability"] == (ResponseOptions() if "--exploitability" in command else None)
        assert more["beliefs"] == (ProbeOptions() if "--beliefs" in command else None)
        asked.append((config, folder, workers))
        return 1

    replace_module(monkeypatch, "four_worlds", four_worlds=four_worlds)
    return asked


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["security-dilemma", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert isinstance(end.value.code, int)
    return end.value.code


def test_train_trains_every_seed_in_its_folder(
    monkeypatch: pytest.MonkeyPatch, here: list[int], trained: list[Run], capsys: pytest.CaptureFixture[str]
) -> None:
    status = run(monkeypatch, "train", "trial.yaml", "seeds=[3,5]", "learner.n_steps=16", "--workers", "3")
    assert status == 0
    assert [(run.seed, run.folder) for run in trained] == [(k, Path(f"runs/trial/seed_{k}")) for k in (3, 5)]
    assert all(run.config.learner.narrowed(PPOConfig).n_steps == 16 for run in trained)
    assert here == [3]
    assert "security-dilemma evaluate runs/trial" in capsys.readouterr().out


def test_train_goes_on_and_overwrites(
    monkeypatch: pytest.MonkeyPatch, here: list[int], trained: list[Run], capsys: pytest.CaptureFixture[str]
) -> None:
    out = ("--out", "somewhere else/2024")
    assert run(monkeypatch, "train", "trial.yaml", *out) == 0
    assert trained[0].folder == Path("somewhere else/2024/seed_0")
    assert run(monkeypatch, "train", "trial.yaml", *out) == 0
    capsys.readouterr()
    assert run(monkeypatch, "train", "trial.yaml", *out, "learner.n_steps=16") == 2
    told = capsys.readouterr().err
    assert "learner.n_steps: 8 there, 16 now" in told
    assert "--overwrite" in told
    assert run(monkeypatch, "train", "trial.yaml", *out, "learner.n_steps=16", "--overwrite") == 0
    assert Run.open("somewhere else/2024/seed_0").config.learner.narrowed(PPOConfig).n_steps == 16
    partners = "partners={scheme: frozen, policies: ['somewhere else/2024/seed_5']}"
    assert run(monkeypatch, "train", "trial.yaml", *out, "seeds=[0,5]", partners, "--overwrite") == 2
    assert "would be deleted by --overwrite" in capsys.readouterr().err
    assert Run.open("somewhere else/2024/seed_0").config.learner.narrowed(PPOConfig).n_steps == 16


def test_evaluate_passes_runs_on_and_prints_the_table(
    monkeypatch: pytest.MonkeyPatch, here: list[int], trained: list[Run], capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[dict[str, Any]] = []

    def measured(run: Run, report: Any, *, games: int | None, seed: int | None, **more: Any) -> dict[str, Any]:
        asked.append(more)
        return {"folder": str(run.folder), "games": games, "seed": seed}

    def print_tables(results: Sequence[dict[str, Any]]) -> None:
        print("\n".join(f"{result['folder']} {result['games']} {result['seed']}" for result in results))

    replace_module(monkeypatch, "measuring", measured=measured)
    replace_module(monkeypatch, "summary", print_tables=print_tables)
    run(monkeypatch, "train", "trial.yaml")
    capsys.readouterr()
    assert run(monkeypatch, "evaluate", "runs", "runs/trial/seed_1", "--games", "7", "--seed", "9") == 0
    assert capsys.readouterr().out.splitlines() == ["runs/trial/seed_0 7 9", "runs/trial/seed_1 7 9"]
    assert run(monkeypatch, "evaluate", "runs/trial/seed_1") == 0
    assert capsys.readouterr().out == "runs/trial/seed_1 None None\n"
    assert run(monkeypatch, "evaluate", "runs/trial/seed_1", "--exploitability", "--beliefs") == 0
    assert asked[-2] == {"exploitability": None, "beliefs": None, "reuse": False}
    assert asked[-1] == {"exploitability": ResponseOptions(), "beliefs": ProbeOptions(), "reuse": False}


def test_evaluate_tells_untrained_and_missing_runs(
    monkeypatch: pytest.MonkeyPatch, here: list[int], trained: list[Run], capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "train", "trial.yaml")
    Path("runs/trial/seed_1/policy.npz").unlink()
    capsys.readouterr()
    assert run(monkeypatch, "evaluate", "runs/trial") == 2
    assert capsys.readouterr().err.startswith("security-dilemma: runs/trial/seed_1: no policy yet")
    assert run(monkeypatch, "evaluate", "runs/none") == 2
    assert "runs/none does not exist" in capsys.readouterr().err
    assert run(monkeypatch, "evaluate", "trial.yaml") == 2
    assert "trial.yaml is a file, not a run folder" in capsys.readouterr().err


def test_four_worlds_passes_everything_on(
    monkeypatch: pytest.MonkeyPatch, swept: list[tuple[FourWorldsConfig, Path, int]]
) -> None:
    Path("mine.yaml").write_text("worlds: [intense]\nseeds: [8]\n")
    arguments = ("--config", "mine.yaml", "--seeds", "3", "--workers", "4", "--out", "/tmp/out", "params.upkeep=0.1")
    assert run(monkeypatch, "four-worlds", *arguments) == 1
    assert run(monkeypatch, "four-worlds", *arguments, "--overwrite") == 1
    assert run(monkeypatch, "four-worlds", *arguments, "--exploitability", "--beliefs") == 1
    config, folder, workers = swept[0]
    assert (config.seeds, tuple(config.worlds), config.params) == ((0, 1, 2), ("intense",), {"upkeep": 0.1})
    assert (folder, workers) == (Path("/tmp/out"), 4)
    assert config.for_world("intense").folder == Path("/tmp/out/intense")


def test_four_worlds_takes_the_file_that_is_there_or_the_defaults(
    monkeypatch: pytest.MonkeyPatch,
    swept: list[tuple[FourWorldsConfig, Path, int]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(monkeypatch, "four-worlds")
    Path("configs").mkdir()
    Path("configs/four_worlds.yaml").write_text("worlds: [doubly_safe]\n")
    run(monkeypatch, "four-worlds")
    assert [tuple(config.worlds) for config, _, _ in swept] == [tuple(WORLDS), ("doubly_safe",)]
    assert [folder for _, folder, _ in swept] == [Path("runs/four_worlds")] * 2
    assert all(workers >= 1 for _, _, workers in swept)
    assert run(monkeypatch, "four-worlds", "--config", "none.yaml") == 2
    assert "does not exist" in capsys.readouterr().err
    Path("configs/four_worlds.yaml").unlink()
    assert run(monkeypatch, "four-worlds", "params.blance=1") == 2
    assert "1 fault in the command line:\n  params.blance = 1 is an unknown parameter" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("train", "trial.yaml", "learner.n_step=3"), "learner.n_step = 3 is an unknown key: did you mean 'n_steps'?"),
        (("train", "none.yaml"), "none.yaml:\n  the file does not exist"),
        (("train", "trial.yaml", "--out", "trial.yaml"), "trial.yaml/seed_0: Not a directory"),
        (("train",), "Missing argument"),
        (("trian",), "trian"),
        (("four-worlds", "--seeds", "0"), "--seeds"),
    ],
)
def test_faults_are_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    assert run(monkeypatch, *arguments) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (KeyboardInterrupt(), 130, "interrupted: the same command, without --overwrite, goes on where it stopped"),
        (ParameterError(["balance = 9 is outside [-3, 3]"]), 2, "security-dilemma: balance = 9 is outside [-3, 3]"),
        (CheckpointError("policy.npz is damaged"), 2, "security-dilemma: policy.npz is damaged"),
    ],
)
def test_what_stops_a_command_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, status: int, told: str
) -> None:
    def four_worlds(*_: object, **__: object) -> int:
        raise error

    replace_module(monkeypatch, "four_worlds", four_worlds=four_worlds)
    assert run(monkeypatch, "four-worlds") == status
    assert capsys.readouterr().err.strip() == told


def test_defects_keep_their_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def four_worlds(*_: object, **__: object) -> int:
        raise ZeroDivisionError

    replace_module(monkeypatch, "four_worlds", four_worlds=four_worlds)
    monkeypatch.setattr(sys, "argv", ["security-dilemma", "four-worlds"])
    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out.startswith("security-dilemma 0.")


@pytest.mark.parametrize("command", ["train", "evaluate", "four-worlds", "tournament"])
def test_help_shows_an_example_and_imports_nothing_heavy(command: str) -> None:
    script = (
        "import atexit, sys; from security_dilemma_training.cli import main\n"
        "heavy = {'torch', 'stable_baselines3', 'matplotlib', 'pandas', 'numpy'}\n"
        "atexit.register(lambda: print('heavy:', sorted(heavy & set(sys.modules))))\n"
        f"sys.argv = ['security-dilemma', '{command}', '--help']\n"
        "main()\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert f"security-dilemma {command} " in result.stdout.partition("Example")[2]
    assert result.stdout.endswith("heavy: []\n")


@pytest.mark.slow
def test_a_small_training_from_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "train", "trial.yaml", "seeds=[4]", "--workers", "1") == 0
    assert "1/1 ended in" in capfd.readouterr().err
    trained = Run.open("runs/trial/seed_4")
    assert trained.policy_path.exists()
    assert trained.progress_path.read_text().count("\n") == 3  # a header and two updates of 64 agent-steps
