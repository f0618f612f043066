"""Jobs in worker processes: results, failures, deaths, interruption, and what is shown meanwhile."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from security_dilemma.params import ParameterError
from security_dilemma_training import display as display_module
from security_dilemma_training.display import display
from security_dilemma_training.errors import CheckpointError, RunError
from security_dilemma_training.faults import ConfigError, Fault
from security_dilemma_training.jobs import Job, Outcome, exit_status, failures, outcomes_of_parts, run_jobs

Report = Callable[[float, str], None]


def square(number: int, report: Report) -> int:
    report(0.5, "half way")
    return number * number


def whoami(report: Report) -> int:
    time.sleep(0.05)
    return os.getpid()


def fail(report: Report) -> None:
    raise ValueError("no such world")


def meet(kind: str, report: Report) -> None:
    raise {
        "run": RunError("in use"),
        "checkpoint": CheckpointError("damaged"),
        "config": ConfigError([Fault("learner.device", "= 'cuda' is not here")]),
        "parameter": ParameterError(["balance = 9 is outside [-3, 3]"]),
    }[kind]


def leave(report: Report) -> None:
    sys.exit(3)


def die(report: Report) -> None:
    report(0.1, "about to die")
    os._exit(7)


def be_killed(report: Report) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def unpicklable(report: Report) -> Callable[[], None]:
    return lambda: None


def linger(folder: str, report: Report) -> None:
    """Report for a long time; note an interruption, as a run folder does."""
    Path(folder, f"began_{os.getpid()}").touch()
    try:
        for step in range(6000):
            report(step / 6000, "lingering")
            time.sleep(0.01)
    except KeyboardInterrupt:
        Path(folder, f"stopped_{os.getpid()}").touch()
        raise


def test_results_come_in_the_order_of_the_jobs() -> None:
    outcomes = run_jobs([Job(f"{n}", square, {"number": n}) for n in range(5)], workers=2)
    assert [outcome.name for outcome in outcomes] == ["0", "1", "2", "3", "4"]
    assert [outcome.result for outcome in outcomes] == [0, 1, 4, 9, 16]
    assert all(outcome.error is None and outcome.seconds > 0 for outcome in outcomes)
    assert exit_status(outcomes) == 0


@pytest.mark.slow
def test_workers_are_kept() -> None:
    outcomes = run_jobs([Job("who", whoami)] * 6, workers=2)
    processes = {outcome.result for outcome in outcomes}
    assert len(processes) <= 2
    assert os.getpid() not in processes


@pytest.mark.slow
def test_each_worker_has_its_own_environment() -> None:
    where = Job("where", environment, {"name": "PLACE_OF_A_TEST"})
    own = [{"PLACE_OF_A_TEST": "left"}, {"PLACE_OF_A_TEST": "right"}]
    outcomes = run_jobs([Job("die", die), Job("die", die), where, where], 2, environments=own)
    assert {outcome.result for outcome in outcomes[2:]} == {"left", "right"}  # also where another took a place
    assert "PLACE_OF_A_TEST" not in os.environ


def three(report: Report) -> list[dict[str, str]]:
    return [{"found": "first"}, {"error": "no luck"}, {"found": "last"}]


def test_of_what_is_done_together_each_part_may_fail_alone(capfd: pytest.CaptureFixture[str]) -> None:
    outcomes = run_jobs([Job("three", three, parts=3), Job("die", die, parts=2)], workers=1)
    assert [failures(outcome, parts) for outcome, parts in zip(outcomes, (3, 2), strict=True)] == [1, 2]
    assert "5/5 ended, 3 failed in" in capfd.readouterr().err
    first, second, last = outcomes_of_parts(outcomes[0], "abc")
    assert (first.result, first.error, last.name) == ({"found": "first"}, None, "c")
    assert (second.result, second.error) == (None, "no luck")
    assert {part.error for part in outcomes_of_parts(outcomes[1], "ab")} == {outcomes[1].error}


@pytest.mark.slow
def test_failures_and_deaths_lose_no_other_job(capsys: pytest.CaptureFixture[str]) -> None:
    functions = [fail, leave, die, be_killed, unpicklable]
    jobs = [Job(function.__name__, function) for function in functions]
    jobs += [Job("unsendable", lambda report: None), Job("good", square, {"number": 3})]
    outcomes = {outcome.name: outcome for outcome in run_jobs(jobs, workers=1)}
    assert outcomes["good"].result == 9
    errors = {name: str(outcome.error) for name, outcome in outcomes.items()}
    assert errors["fail"].strip().endswith("ValueError: no such world")
    assert "SystemExit: 3" in errors["leave"]
    assert errors["die"] == "its process ended with status 7 before the job was done"
    assert errors["be_killed"] == "its process was killed by SIGKILL before the job was done"
    assert "pickle" in errors["unpicklable"]
    assert "cannot be sent" in errors["unsendable"]
    capsys.readouterr()
    assert exit_status(list(outcomes.values())) == 1
    told = capsys.readouterr().err
    assert "6 of 7 failed (fail, leave, die, be_killed, unpicklable, unsendable); the others are done" in told
    assert "ValueError: no such world" in told


@pytest.mark.slow
def test_what_the_user_can_mend_is_told_without_a_traceback() -> None:
    kinds = ("run", "checkpoint", "config", "parameter")
    outcomes = run_jobs([Job(kind, meet, {"kind": kind}) for kind in kinds], workers=1)
    assert [outcome.error for outcome in outcomes] == [
        "in use",
        "damaged",
        "1 fault:\n  learner.device = 'cuda' is not here",
        "balance = 9 is outside [-3, 3]",
    ]


def test_no_jobs_and_no_workers() -> None:
    assert run_jobs([], workers=2) == []
    with pytest.raises(ValueError, match="at least 1"):
        run_jobs([Job("who", whoami)], workers=0)


def linger_deafly(folder: str, report: Report) -> None:
    """Linger, where the interruption itself is lost, as in a callback of the garbage collector."""
    Path(folder, f"began_{os.getpid()}").touch()
    with suppress(KeyboardInterrupt):
        time.sleep(60)
    linger(folder, report)


def environment(name: str, report: Report) -> str | None:
    time.sleep(0.5)
    return os.environ.get(name)


INTERRUPTED = """
import signal
import sys
from security_dilemma_training import worker_processes
from security_dilemma_training.jobs import Job, run_jobs
from tests.training.test_jobs import linger, linger_deafly
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
    worker_processes.PRELOADED = "time"  # these workers learn nothing
    try:
        run_jobs([Job(str(n), globals()[sys.argv[2]], {"folder": sys.argv[1]}) for n in range(5)], workers=2)
    except KeyboardInterrupt:
        print("stopped")
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stop", "function"), [(signal.SIGINT, linger), (signal.SIGKILL, linger), (signal.SIGINT, linger_deafly)]
)
def test_stopping_the_main_process_stops_the_workers_in_order(
    tmp_path: Path, stop: signal.Signals, function: Callable[..., None]
) -> None:
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED)
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, str(script), str(tmp_path), function.__name__]
    process = subprocess.Popen(command, env=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while len(list(tmp_path.glob("began_*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(stop)
    output, errors = process.communicate(timeout=30)
    workers = {int(path.name.removeprefix("began_")) for path in tmp_path.glob("began_*")}
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, workers))
    assert {int(path.name.removeprefix("stopped_")) for path in tmp_path.glob("stopped_*")} == workers
    assert len(workers) == 2
    if stop == signal.SIGINT:
        assert output == "stopped\n"
        assert "Traceback" not in errors


def shown(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> str:
    """What two jobs of three show, the second of which fails."""
    monkeypatch.setattr(display_module, "LINE_SECONDS", 0.0)
    console = Console(file=io.StringIO(), force_terminal=terminal, width=120, _environ={"TERM": "xterm"})
    with display(["intense/seed_0", "[odd]", "late"], console) as what:
        what.began(0)
        what.began(1)
        what.progress(0, 0.5, "war rate .25")
        what.tick()
        what.ended(1, failed=True)
        what.tick()
        what.ended(0, failed=False)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_logs_get_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, last = shown(False, monkeypatch).splitlines()
    assert first.strip().startswith("17%  0/3 ended, about")
    assert first.endswith("running: intense/seed_0 50% (war rate .25), [odd] 0%")
    assert second.strip().startswith("50%  1/3 ended, 1 failed, about")
    assert second.endswith("running: intense/seed_0 50% (war rate .25)")
    assert last == "2/3 ended, 1 failed in 0 s"


def test_terminals_get_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(True, monkeypatch)
    assert "2/3 ended, 1 failed" in text
    assert "all" in text
    assert "\x1b[" in text


def test_what_counts_for_many_weighs_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display_module, "LINE_SECONDS", 0.0)
    console = Console(file=io.StringIO(), force_terminal=False, width=120)
    with display(["batch", "one"], console, sizes=[3, 1]) as what:
        what.began(0)
        what.began(1)
        what.progress(0, 0.5, "")
        what.progress(1, 1.0, "")
        what.tick()
        what.ended(0, failed=2)
    file = console.file
    assert isinstance(file, io.StringIO)
    first, last = file.getvalue().splitlines()
    assert first.strip().startswith("62%  0/4 ended")
    assert last == "3/4 ended, 2 failed in 0 s"


def test_lines_are_seldom() -> None:
    console = Console(file=io.StringIO(), force_terminal=False)
    with display(["one"], console) as what:
        what.began(0)
        for _ in range(100):
            what.tick()
        what.ended(0, failed=False)
    file = console.file
    assert isinstance(file, io.StringIO)
    assert file.getvalue() == "1/1 ended in 0 s\n"


def test_outcomes_of_a_run_show_on_stderr_only(capfd: pytest.CaptureFixture[str]) -> None:
    outcomes: list[Outcome] = run_jobs([Job("nine", square, {"number": 3})], workers=1)
    captured: Any = capfd.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("1/1 ended in")
    assert outcomes[0].result == 9
