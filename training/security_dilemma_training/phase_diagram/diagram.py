"""The phase diagram: every run of its planes on an engine, its tables and its report."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from security_dilemma_training.batch_jobs import Batch, run_in_batches
from security_dilemma_training.benchmark.engines import Ended, Engine, RunJob
from security_dilemma_training.display import duration
from security_dilemma_training.errors import RunError
from security_dilemma_training.jobs import Outcome, exit_status, write_failed
from security_dilemma_training.phase_diagram.measured import measured_planes, seed_result
from security_dilemma_training.phase_diagram.pace import Crew, Pace, keep_pace, kept_pace, measured_pace
from security_dilemma_training.phase_diagram.wanted import Wanted, there, untrained, wanted_runs
from security_dilemma_training.provenance import tell_other_makers
from security_dilemma_training.runs import Run, held

if TYPE_CHECKING:
    from security_dilemma_training.phase_diagram.diagram_config import PhaseDiagramConfig

__all__ = ["WORTH_MEASURING", "phase_diagram", "print_plan"]

WORTH_MEASURING = 10_000_000
"""From so many agent-steps in all on it is measured beforehand how long they take: that takes half a minute itself."""

NOTHING = {"exploitability": None, "beliefs": None}


def phase_diagram(
    asked: PhaseDiagramConfig,
    engine: Engine,
    command: str = "security-dilemma phase-diagram",
    *,
    overwrite: bool = False,
) -> int:
    """Run what is asked and not there yet, write tables, figures and report, and print a map of each plane.

    A run that was interrupted goes on; one that is trained and measured is left as it is.

    Args:
        asked: The diagram.
        engine: What runs it.
        command: What was called, for the report.
        overwrite: Whether the runs that are asked for are deleted first and run anew.

    Returns:
        The exit status: 1 if a run failed (``failed.json`` says why, and the report covers the others), else 0.

    Raises:
        RunError: If the folder cannot be made, or another process works in it.
    """
    try:
        asked.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{asked.folder} cannot be made ({error.strerror}): choose another folder with --out") from error
    with held(asked.folder):
        diagram = _Diagram(asked, engine)
        outcomes = diagram.run(overwrite=overwrite)
        diagram.report(outcomes, command)
    return exit_status(outcomes)


def print_plan(asked: PhaseDiagramConfig, crew: Crew, *, here: bool = True, overwrite: bool = False) -> None:
    """Print what there is to do and about how long it takes, which is measured; nothing is written.

    Args:
        asked: The diagram.
        crew: What would work on it.
        here: Whether that is on this machine.
        overwrite: Whether runs that are there would be run anew.
    """
    wanted = wanted_runs(asked)
    todo = [one for one, found in zip(wanted, there(wanted), strict=True) if overwrite or found is None]
    for name, plane in asked.planes.items():
        axes = (f"{a.parameter} from {a.low:g} to {a.high:g} in {a.points} points" for a in plane.axes)
        print(f"{name}: {', '.join(axes)}")
    learning = len(todo) if overwrite else untrained(todo)
    print(_amount(asked, len(wanted), learning, len(todo)))
    if todo:
        config = todo[len(todo) // 2].config
        pace = kept_pace(asked.folder, config, crew) or measured_pace(config, len(todo), crew, here=here)
        print(
            _time(pace, learning, len(todo), crew) if pace else "how long it takes cannot be measured on this machine"
        )


def _amount(asked: PhaseDiagramConfig, runs: int, learning: int, measuring: int) -> str:
    steps = asked.schedule.agent_steps
    cells = sum(plane.x.points * plane.y.points for plane in asked.planes.values())
    todo = f"{learning} to train ({learning * steps:,} in all), {measuring} to measure"
    return f"{cells} cells, {runs} runs of {steps:,} agent-steps; {todo if measuring else 'all are there'}"


def _time(pace: Pace, learning: int, measuring: int, crew: Crew) -> str:
    each = f"a run learns for {pace.training:.1f} s and is measured for {pace.measuring:.1f} s"
    return f"takes about {duration(pace.seconds(learning, measuring, crew))} with {crew.told}: {each}, by {pace.source}"


class _Diagram:
    """One call: what is wanted, and what is there of it."""

    def __init__(self, asked: PhaseDiagramConfig, engine: Engine) -> None:
        self._asked, self._engine = asked, engine
        self._wanted = wanted_runs(asked)
        self._results: dict[str, dict[str, Any]] = {}  # by name of the run
        self._measuring: list[float] = []  # seconds of each run that was measured in this call

    def run(self, *, overwrite: bool) -> list[Outcome]:
        """Run what is not there, and return how each run ended."""
        if not overwrite:
            found = zip(self._wanted, there(self._wanted), strict=True)
            self._results = {one.name: results for one, results in found if results is not None}
        todo = [one for one in self._wanted if one.name not in self._results]
        learning = len(todo) if overwrite else untrained(todo)
        print(_amount(self._asked, len(self._wanted), learning, len(todo)), file=sys.stderr)
        made, refused = self._made(todo, overwrite)
        if not made:
            return refused
        with self._engine.session():
            learner = self._asked.learner
            crew = Crew(self._engine.at_once, self._engine.accelerators(learner))
            self._tell_time([run for _, run in made], crew)
            outcomes = run_in_batches(
                [(one.name, run) for one, run in made],
                self._do,
                crew.workers,
                lambda _learner: crew.accelerators,
                lambda place, outcome: self._ended(*made[place], outcome),
            )
            self._keep_pace([run for _, run in made], crew)
        return [*refused, *outcomes]

    def _made(self, todo: Sequence[Wanted], overwrite: bool) -> tuple[list[tuple[Wanted, Run]], list[Outcome]]:
        """The run folders, made or opened, and the outcomes of those that cannot be used."""
        made, refused = [], []
        for one in todo:
            try:
                made.append((one, Run.create(one.folder, one.config, one.seed, overwrite=overwrite)))
            except RunError as error:
                refused.append(Outcome(one.name, error=str(error)))
        tell_other_makers([run for _, run in made])
        return made, refused

    def _tell_time(self, todo: Sequence[Run], crew: Crew) -> None:
        """Tell about how long it takes, unless that is not worth to be measured."""
        config, learning = todo[len(todo) // 2].config, sum(not run.finished for run in todo)
        pace = kept_pace(self._asked.folder, config, crew)
        if pace is None and learning * config.schedule.agent_steps >= WORTH_MEASURING:
            pace = measured_pace(config, len(todo), crew, here=self._engine.name == "local")
            if pace is not None:
                keep_pace(self._asked.folder, config, crew, pace)
        if pace is not None:
            print(_time(pace, learning, len(todo), crew), file=sys.stderr)

    def _do(self, batches: Sequence[Batch], ended: Ended, *, accelerators: int, measured: bool) -> None:
        """Have batches run by the engine."""
        measures = NOTHING if measured else None
        jobs = [RunJob(batch.name, tuple(run.folder for run in batch.runs), measures) for batch in batches]
        self._engine.run(jobs, ended, accelerators)

    def _ended(self, one: Wanted, run: Run, outcome: Outcome) -> None:
        """Take the results of a run that was measured; on accelerators a run is trained first, and told twice."""
        if outcome.error is None and "values" in outcome.result:
            self._results[one.name] = json.loads(run.evaluation_path.read_text(encoding="utf-8"))
            cost = outcome.result["cost"]
            self._measuring.append(cost.job - cost.training)

    def _keep_pace(self, runs: Sequence[Run], crew: Crew) -> None:
        """Keep how fast the runs of this call went, if there were some for each process."""
        manifests = [run.manifest for run in runs]
        trained = [part["wall_seconds"] for part in manifests if part["status"] == "finished" and part["wall_seconds"]]
        if self._engine.name == "local" and min(len(trained), len(self._measuring)) >= 2 * crew.workers:
            training, measuring = (sum(values) / len(values) for values in (trained, self._measuring))
            pace = Pace(0.0, training, measuring, f"the last {len(self._measuring)} runs of this folder")
            keep_pace(self._asked.folder, runs[0].config, crew, pace)

    def report(self, outcomes: Sequence[Outcome], command: str) -> None:
        """Write what failed, tables, figures and the report, and print a map of each plane."""
        folder = self._asked.folder
        failed = write_failed(outcomes, folder)
        if self._results:
            from security_dilemma_training.phase_diagram.report import write_phase_report
            from security_dilemma_training.phase_diagram.terminal import print_planes

            found = {
                key: seed_result(self._results[one.name], one.folder)
                for one in self._wanted
                if one.name in self._results
                for key in one.keys
            }
            planes = measured_planes(self._asked, found)
            path = write_phase_report(planes, self._asked, command=command, failed=failed)
            print_planes(planes)
            print(f"report: {path}, and interactive: {path.with_suffix('.html')}")
