"""The command ``tune`` of ``security-dilemma``."""

from __future__ import annotations

import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from security_dilemma_training.cli_options import Workers, cores

if TYPE_CHECKING:
    from security_dilemma_training.tuning.search import Search

__all__ = ["Family", "tune"]


class Family(StrEnum):
    """Families of worlds, see :data:`security_dilemma_training.tuning.tuned.FAMILIES`."""

    OFFENCE = "offence"
    DEFENCE = "defence"


def tune(
    algorithm: Annotated[str, typer.Argument(metavar="ALGORITHM", help="Such as ppo, dqn or sac.")],
    family: Annotated[Family, typer.Option(help="Worlds in which offence, or defence, has the advantage.")],
    trials: Annotated[int, typer.Option(min=1, help="Trials of the study in all, the defaults included.")] = 20,
    agent_steps: Annotated[int, typer.Option(min=1, help="Steps of the learner in each run.")] = 100_000,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of a trial in each world.")] = 2,
    games: Annotated[int, typer.Option(min=2, help="Games that measure a run.")] = 4_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of what is tried.")] = 0,
    timeout: Annotated[float | None, typer.Option(min=0, help="Minutes after which no trial is begun.")] = None,
    storage: Annotated[
        Path | None, typer.Option(help="Journal file of the study.", show_default="study.journal in its folder")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the study.", show_default="runs/tune/<algorithm>_<family>")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Make the values found the ones of learner.tuned.")] = False,
    workers: Workers = None,
) -> int:
    """Search the options with which an algorithm learns best among scripted states; the same command goes on.

    [bold]Example[/bold]

        security-dilemma tune dqn --family offence --trials 30
    """
    from security_dilemma_training.faults import ConfigError, Fault
    from security_dilemma_training.jobs import Job, exit_status, run_jobs
    from security_dilemma_training.learner_sections import ALGORITHM_NAMES
    from security_dilemma_training.tuning.search import Search, open_study, work

    if algorithm not in ALGORITHM_NAMES:
        raise ConfigError([Fault("algorithm", f"= {algorithm!r} is unknown: choose {', '.join(ALGORITHM_NAMES)}")])
    folder = out or Path("runs/tune") / f"{algorithm}_{family.value}"
    folder.mkdir(parents=True, exist_ok=True)
    search = Search(
        algorithm=algorithm,
        family=family.value,
        folder=str(folder),
        storage=str(storage or folder / "study.journal"),
        trials=trials,
        agent_steps=agent_steps,
        seeds=seeds,
        games=games,
        seed=seed,
    )
    study = open_study(search)
    deadline = None if timeout is None else time.time() + 60 * timeout
    asked = {"search": search.model_dump(), "deadline": deadline}
    count = min(workers or cores(), trials)
    status = exit_status(run_jobs([Job(f"{search.name} {k + 1}", work, asked) for k in range(count)], count))
    if status:
        return status
    if not any(trial.value is not None for trial in study.get_trials(deepcopy=False)):
        print("no trial has come to its end: give it more time, the same command goes on", file=sys.stderr)
        return 1
    return _told(search, workers or cores(), write)


def _told(search: Search, workers: int, write: bool) -> int:
    """Compare what was found with the defaults, and write it."""
    from security_dilemma_training.jobs import exit_status
    from security_dilemma_training.tuning.outcome import confirm, write_outcome
    from security_dilemma_training.tuning.search import open_study
    from security_dilemma_training.tuning.tuned import write_tuned

    study = open_study(search)
    entry, outcomes = confirm(search, study, workers)
    status = exit_status(outcomes)
    if status:
        return status
    whole = write_outcome(search, study, entry)
    for kind, payoffs in whole["found"]["payoffs"].items():
        print(f"{kind}: payoffs among the panel with fresh seeds {payoffs}")
    print(f"tuned: {Path(search.folder) / 'tuned.yaml'}")
    if write:
        write_tuned(search.algorithm, search.family, whole)
        print("these are the values of learner.tuned from now on")
    return 0
