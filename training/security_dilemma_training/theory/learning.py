"""Experiments with learners for the table of theory, in parallel jobs whose results are kept and found again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from security_dilemma_training.jobs import Job, Outcome, run_jobs
from security_dilemma_training.kept import source_hash
from security_dilemma_training.provenance import maker
from security_dilemma_training.theory.independent_experiments import INDEPENDENT
from security_dilemma_training.theory.settings import Settings
from security_dilemma_training.theory.targets.rows import Results, Row
from security_dilemma_training.writing import write_atomically

__all__ = ["LEARNERS", "independent_job", "learn_experiments", "sb3_job"]

Values = dict[str, list[float]]

GAMES = ("theory/settings", "theory/targets/arms", "theory/targets/signals")
ALGORITHM = ("algorithms/algorithm", "algorithms/on_policy", "algorithms/policies")
SOURCES = {
    "independent": (*GAMES, "theory/independent", "theory/independent_experiments", "theory/armament"),
    "PPO": (*GAMES, "theory/sb3_experiments", "theory/sb3_stage_games", "learners", *ALGORITHM, "train", "vec_env"),
}
"""Modules that, besides the environment's, say what an experiment is, by kind of learner: what was reached in another
one, results as well as runs, is not found again."""

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
        # a prepared start is no part of a run's config: runs of another source are others
        own = runs / source_hash(SOURCES[SB3_LEARNERS])[:10]
        return {measure: [value] for measure, value in EXPERIMENTS[experiment](settings, seed, own).items()}

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
    """Return the results of an experiment that are kept, known by what was asked, or learn and keep them.

    A damaged file counts as none.
    """
    asked = {"learner": learner, "experiment": experiment, "settings": asdict(settings), "seeds": seeds}
    asked["source"] = source_hash(SOURCES[learner])
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]
    path = kept / f"{learner}-{experiment}-{digest}.json"
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        return _values(json.loads(path.read_text(encoding="utf-8"))["values"])
    values = _values(learn())
    write_atomically(path, json.dumps({"asked": asked, "made_by": maker(), "values": values}, indent=1) + "\n")
    return values


def _values(found: Mapping[str, Any]) -> Values:
    return {measure: [float(value) for value in each] for measure, each in found.items()}
