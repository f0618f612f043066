"""The benchmark: every run of a plan on an engine, a row for each in one table, and a report over them."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from security_dilemma_training.batch_jobs import Batch, run_in_batches
from security_dilemma_training.batch_work import Cost
from security_dilemma_training.benchmark.engines import Ended, Engine, RunJob
from security_dilemma_training.benchmark.plan_rows import Wanted, identity, wanted_rows
from security_dilemma_training.benchmark.results import RESULTS_FILE, Row, append_row, frame, read_rows, write_parquet
from security_dilemma_training.errors import RunError
from security_dilemma_training.jobs import Outcome, exit_status, write_failed
from security_dilemma_training.provenance import maker, tell_other_makers
from security_dilemma_training.runs import Run, held
from security_dilemma_training.verdict import ceiling

if TYPE_CHECKING:
    from security_dilemma_training.benchmark.plan_config import BenchmarkConfig

__all__ = ["run_benchmark"]


def run_benchmark(
    asked: BenchmarkConfig,
    engine: Engine,
    measures: Mapping[str, Any],
    command: str = "security-dilemma benchmark",
    source: Sequence[str] = (),
    *,
    overwrite: bool = False,
) -> int:
    """Run what is asked and not in the table yet, add its rows, write the report and print the leaderboard.

    A run that was interrupted goes on; one whose row is there is not run again, and one that is there under other names
    gets a row under these. The report covers what is asked; other rows of the table stay.

    Args:
        asked: The benchmark.
        engine: What runs it.
        measures: Options of what is measured beside the evaluation, by name; None of what is not, as
            :func:`security_dilemma_training.cli_options.measures` gives them.
        command: What was called, for the report.
        source: The config file, if there is one, and the changes of the command line, for each row's own command.
        overwrite: Whether the runs that are asked for are deleted first and run anew; the table keeps their old rows,
            of which the last counts.

    Returns:
        The exit status: 1 if a run failed (``failed.json`` says why), else 0.

    Raises:
        RunError: If the folder cannot be made, another process works in it, or its table is of another version or
            damaged.
    """
    try:
        asked.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{asked.folder} cannot be made ({error.strerror}): choose another folder with --out") from error
    with held(asked.folder):
        benchmark = _Benchmark(asked, engine, measures, source)
        outcomes = benchmark.run(overwrite=overwrite)
        benchmark.report(outcomes, command)
    return exit_status(outcomes)


class _Benchmark:
    """One call: what is wanted, and what the table has of it."""

    def __init__(
        self, asked: BenchmarkConfig, engine: Engine, measures: Mapping[str, Any], source: Sequence[str]
    ) -> None:
        self._asked, self._engine, self._measures = asked, engine, measures
        self._table = asked.folder / RESULTS_FILE
        self._wanted = wanted_rows(asked, measures, source)
        self._rows = {identity(row): row for row in read_rows(self._table)}
        self._costs: dict[int, tuple[float, float, float]] = {}
        self._loading = 0.0

    def run(self, *, overwrite: bool) -> list[Outcome]:
        """Run what has no row, and return how each run ended."""
        measured = {} if overwrite else {str(row["key"]): row for row in self._rows.values()}
        runs: dict[str, list[Wanted]] = {}
        for wanted in self._wanted:
            if wanted.key not in measured:
                runs.setdefault(wanted.key, []).append(wanted)
            elif wanted.identity not in self._rows:
                self._add(measured[wanted.key] | wanted.names)
        self._tell([measured[wanted.key] for wanted in self._wanted if wanted.key in measured])
        made, refused = self._made(runs, overwrite)
        if not made:
            return refused

        def ended(place: int, outcome: Outcome) -> None:
            if outcome.error is None:
                self._count(outcome.result["cost"])
                first, run = made[place]
                where = {"run": run.folder.relative_to(self._asked.folder).as_posix(), "engine": self._engine.name}
                for wanted in runs[first.key] if "values" in outcome.result else ():  # otherwise trained as yet
                    self._add(wanted.names | where | outcome.result["values"])

        engine, named = self._engine, [(first.name, run) for first, run in made]
        with engine.session():
            return [*refused, *run_in_batches(named, self._do, engine.at_once, engine.accelerators, ended)]

    def _do(self, batches: Sequence[Batch], ended: Ended, *, accelerators: int, measured: bool) -> None:
        """Have batches run by the engine."""
        measures = self._measures if measured else None
        jobs = [RunJob(batch.name, tuple(run.folder for run in batch.runs), measures) for batch in batches]
        self._engine.run(jobs, ended, accelerators)

    def _made(
        self, runs: Mapping[str, Sequence[Wanted]], overwrite: bool
    ) -> tuple[list[tuple[Wanted, Run]], list[Outcome]]:
        """The run folders, made or opened, and the outcomes of those that cannot be used."""
        made, refused = [], []
        for first, *_ in runs.values():
            folder = self._asked.folder / "runs" / first.cell.folder / f"seed_{first.seed}"
            try:
                made.append((first, Run.create(folder, first.cell.config, first.seed, overwrite=overwrite)))
            except RunError as error:
                refused.append(Outcome(first.name, error=str(error)))
        tell_other_makers([run for _, run in made])
        return made, refused

    def _add(self, row: Row) -> None:
        append_row(self._table, row)
        self._rows[identity(row)] = row

    def _count(self, cost: Cost) -> None:
        """Add up what a job cost; a process tells of all that it has done so far."""
        before = self._costs.get(cost.pid, (0.0, 0.0, 0.0))
        self._costs[cost.pid] = (before[0] + cost.training, before[1] + cost.job, max(before[2], cost.process))
        self._loading = max(self._loading, cost.loading)

    def _tell(self, there: Sequence[Row]) -> None:
        """Tell how many rows are there already, and how many of them another version has measured."""
        if there:
            others = sum(row["measured_by"] != maker() for row in there)
            more = f", {others} of them measured by another than the present {maker()}" if others else ""
            print(f"{len(there)} of {len(self._wanted)} runs are in {self._table} already{more}", file=sys.stderr)

    def report(self, outcomes: Sequence[Outcome], command: str) -> None:
        """Write the report and what failed, and print the leaderboard and what it cost."""
        folder = self._asked.folder
        failed = write_failed(outcomes, folder)
        write_parquet(list(self._rows.values()), self._table.with_suffix(".parquet"))
        rows = [self._rows[wanted.identity] for wanted in self._wanted if wanted.identity in self._rows]
        if rows:
            from security_dilemma_training.benchmark.report import write_benchmark_report
            from security_dilemma_training.benchmark.terminal import print_leaderboard

            table, ceilings = frame(rows), self._ceilings()
            curves = {str(row["key"]): folder / str(row["run"]) / "progress.csv" for row in rows}
            path = write_benchmark_report(
                table, folder, curves=curves, command=command, failed=failed, ceilings=ceilings
            )
            print_leaderboard(table, ceilings)
            print(f"report: {path}, and interactive: {path.with_suffix('.html')}")
        self._tell_costs()

    def _ceilings(self) -> dict[str, float]:
        """The highest tragic war rate that each run can have, by key."""
        ceilings = {}
        for cell, key in {wanted.key: (wanted.cell, wanted.key) for wanted in self._wanted}.values():
            horizon = min(cell.config.evaluation.horizon, cell.config.game.max_cycles)
            ceilings[key] = ceiling(cell.config.resolved()["params"], horizon, cell.config.game.stages)
        return ceilings

    def _tell_costs(self) -> None:
        """Tell how much of the CPU time of this call was learning."""
        if not self._costs:
            return
        training, jobs, processes = (sum(column) for column in zip(*self._costs.values(), strict=True))
        own = time.process_time()
        parts = {
            "training": training,
            "measuring and loading libraries": jobs - training + self._loading,
            "the workers' own": processes - jobs,
            "table and report": own,
        }
        total = sum(parts.values())
        told = ", ".join(f"{name} {seconds:.1f} s ({seconds / total:.1%})" for name, seconds in parts.items())
        print(f"CPU time: {told}", file=sys.stderr)
