"""Experiments with learners for the table of theory, in parallel jobs whose results are kept and found again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from security_dilemma_training.jobs import Job, Outcome, run_jobs
from security_dilemma_training.provenance import maker
from security_dilemma_training.theory.independent_experiments import INDEPENDENT
from security_dilemma_training.theory.settings import Settings
from security_dilemma_training.theory.targets.rows import Results, Row
from security_dilemma_training.writing import write_atomically

__all__ = ["LEARNERS", "independent_job", "learn_experiments", "sb3_job"]

Values = dict[str, list[float]]

SOURCES = {
    "independent": ("independent", "independent_experiments", "armament", "settings"),
    "PPO": ("sb3_experiments", "sb3_stage_games", "settings"),
}
"""Modules that say what an experiment is, by kind of learner: results of other experiments are not found again."""

INDEPENDENT_LEARNERS, SB3_LEARNERS = "independent", "PPO"
LEARNERS = (INDEPENDENT_LEARNERS, SB3_LEARNERS)
"""Kinds of learners, by the names that the table has for them."""


def learn_experiments(
    rows: Sequence[Row], settings: Settings, *, seeds: int, folder: Path, workers: int
) -> tuple[dict[str, Results], list[Outcome]]:
    """Let learners of both kinds do the experiments that the rows ask for.

    Args:
        rows: The rows of theory.
        settings: The settings.
        seeds: Number of seeds of each.
        folder: Where results and runs are kept; what is there already, of the same
            experiments, is not done again.
        workers: Processes at the same time.

    Returns:
        Results by kind of learner, and how every job ended.
    """
    kept = folder / "learned"
    kept.mkdir(parents=True, exist_ok=True)
    wanted = _wanted(rows)
    jobs = [*_independent_jobs(wanted, settings, seeds, kept), *_sb3_jobs(wanted, settings, seeds, kept, folder)]
    outcomes = run_jobs(jobs, workers)
    results: dict[str, dict[str, Values]] = {learner: {} for learner in LEARNERS}
    for job, outcome in zip(jobs, outcomes, strict=True):
        if outcome.error is None:
            learner = INDEPENDENT_LEARNERS if job.function is independent_job else SB3_LEARNERS
            found = results[learner].setdefault(job.kwargs["experiment"], {})
            for measure, values in outcome.result.items():
                found.setdefault(measure, []).extend(values)
    return dict(results), outcomes


def independent_job(
    experiment: str, settings: Settings, seeds: int, kept: Path, report: Callable[[float, str], None]
) -> Values:
    """Do one experiment with independent learners of all seeds at once; called in a worker process."""
    report(0.0, "learning")
    learn = partial(INDEPENDENT[experiment], settings, seeds)
    return _kept(kept, INDEPENDENT_LEARNERS, experiment, settings, seeds, learn)


def sb3_job(
    experiment: str, settings: Settings, seed: int, kept: Path, runs: Path, report: Callable[[float, str], None]
) -> Values:
    """Do one seed of one experiment with stable-baselines3; called in a worker process."""
    from security_dilemma_training.theory.sb3_experiments import EXPERIMENTS

    report(0.0, "learning")

    def learn() -> dict[str, list[float]]:
        return {measure: [value] for measure, value in EXPERIMENTS[experiment](settings, seed, runs).items()}

    return _kept(kept, SB3_LEARNERS, experiment, settings, seed, learn)


def _wanted(rows: Iterable[Row]) -> list[str]:
    """The experiments that rows ask for, in their order."""
    return list(dict.fromkeys(row.experiment[0] for row in rows if row.experiment is not None))


def _independent_jobs(wanted: Sequence[str], settings: Settings, seeds: int, kept: Path) -> list[Job]:
    shared: dict[str, Any] = {"settings": settings, "seeds": seeds, "kept": kept}
    return [
        Job(f"{INDEPENDENT_LEARNERS}/{name}", independent_job, {"experiment": name, **shared})
        for name in wanted
        if name in INDEPENDENT
    ]


def _sb3_jobs(wanted: Sequence[str], settings: Settings, seeds: int, kept: Path, folder: Path) -> list[Job]:
    from security_dilemma_training.theory.sb3_experiments import EXPERIMENTS

    shared: dict[str, Any] = {"settings": settings, "kept": kept, "runs": folder / "runs"}
    return [
        Job(f"{SB3_LEARNERS}/{name}/seed_{seed}", sb3_job, {"experiment": name, "seed": seed, **shared})
        for seed in range(seeds)
        for name in wanted
        if name in EXPERIMENTS
    ]


def _kept(
    kept: Path, learner: str, experiment: str, settings: Settings, seeds: int, learn: Callable[[], Mapping[str, Any]]
) -> Values:
    """Return the results of an experiment that are kept, known by what was asked, or learn and keep them."""
    asked = {"learner": learner, "experiment": experiment, "settings": asdict(settings), "seeds": seeds}
    asked["source"] = _source(SOURCES[learner])
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]
    path = kept / f"{learner}-{experiment}-{digest}.json"
    if path.exists():
        found: Values = json.loads(path.read_text())["values"]
        return found
    values = {measure: [float(value) for value in each] for measure, each in learn().items()}
    write_atomically(path, json.dumps({"asked": asked, "made_by": maker(), "values": values}, indent=1) + "\n")
    return values


def _source(modules: Sequence[str]) -> str:
    """Return a digest of the source of some modules of this package."""
    here = Path(__file__).parent
    return hashlib.sha256(b"".join((here / f"{name}.py").read_bytes() for name in modules)).hexdigest()
