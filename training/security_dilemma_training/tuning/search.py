"""The search for an algorithm's options: a study of Optuna on disk, which several processes may share and go on with.

A trial trains the learner among the panel (:mod:`security_dilemma_training.tuning.objective`) in each world of the
family with each seed; its value is the mean of these payoffs. The first trial is that of the defaults. Others are
suggested by the tree-structured Parzen estimator (Bergstra et al. 2011), and one whose mean so far is below the median
of the others at the same point is given up. What a trial is suggested depends on its number and on those that have
ended, so that one process finds the same whether or not it was interrupted. Who works on a trial holds its folder; a
trial that is in work but held by nobody was interrupted, and whoever comes first goes on with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.random import SeedSequence
from pydantic import Field

from security_dilemma_training.errors import CheckpointError
from security_dilemma_training.faults import ConfigError, Fault
from security_dilemma_training.sections import Count, Frozen
from security_dilemma_training.tuning.objective import PANEL, WORLDS_OF, panel_config, score
from security_dilemma_training.tuning.spaces import default_point, options_of, suggest
from security_dilemma_training.writing import folder_lock

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial, Trial

__all__ = ["Search", "open_study", "work"]

Report = Callable[[float, str], None]

RANDOM_TRIALS = 5
"""Trials before suggestions follow from others, and before any is given up."""


class Search(Frozen):
    """What is searched, and with how much effort."""

    algorithm: str
    """The learner's algorithm."""
    family: str
    """``offence`` or ``defence``."""
    folder: str
    """Folder of the trials and the results."""
    storage: str
    """Journal file of the study."""
    trials: Count = 20
    """Trials of the study in all, the defaults included."""
    agent_steps: Count = 100_000
    """Steps of the learner in each run."""
    seeds: Count = 2
    """Runs of a trial in each world."""
    games: Count = 4_000
    """Games that measure a run."""
    seed: int = Field(default=0, ge=0)
    """Seed of the suggestions; runs are seeded by their number."""

    @property
    def name(self) -> str:
        """The study's name in its storage."""
        return f"{self.algorithm}_{self.family}"

    @property
    def budget(self) -> dict[str, Any]:
        """What all trials of a study must share for their values to mean the same."""
        shared = {name: getattr(self, name) for name in ("agent_steps", "seeds", "games", "seed")}
        return shared | {"panel": list(PANEL), "worlds": list(WORLDS_OF[self.family])}

    @property
    def runs(self) -> list[tuple[str, int]]:
        """The worlds and seeds of a trial's runs, in their order."""
        return [(world, seed) for seed in range(self.seeds) for world in WORLDS_OF[self.family]]


def open_study(search: Search) -> Study:
    """Open the study of a search, or begin it.

    Raises:
        ConfigError: If Optuna is not installed, or the study is one of another budget.
    """
    try:
        import optuna
        from optuna.storages.journal import JournalFileBackend
    except ImportError as error:
        problem = "needs Optuna: pip install 'security-dilemma[tune]'"
        raise ConfigError([Fault("tune", problem)]) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        study_name=search.name,
        storage=optuna.storages.JournalStorage(JournalFileBackend(search.storage)),
        direction="maximize",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=RANDOM_TRIALS),
    )
    begun = study.user_attrs.get("budget")
    if begun is None:
        study.set_user_attr("budget", search.budget)
        study.enqueue_trial(default_point(search.algorithm), skip_if_exists=True)
    elif begun != search.budget:
        differing = ", ".join(name for name, value in search.budget.items() if begun.get(name) != value)
        problem = f"= {search.storage!r} holds a study with other {differing} ({begun}): choose another file or folder"
        raise ConfigError([Fault("storage", problem)])
    return study


def work(search: dict[str, Any], deadline: float | None, report: Report) -> None:
    """Do trials until there are as many as asked for, or time is up; called in a worker process.

    Args:
        search: The fields of a :class:`Search`.
        deadline: Time of the clock (``time.time``) after which no trial is begun; None: never.
        report: Called with the share of the whole study that is done and a message.
    """
    asked = Search(**search)
    study = open_study(asked)
    while deadline is None or time.time() < deadline:
        with ExitStack() as stack:
            trial = _next(study, asked, stack)
            if trial is None:
                return
            _do(study, trial, asked, report)


def _next(study: Study, search: Search, stack: ExitStack) -> Trial | None:
    """Go on with a trial that nobody works on, or begin one; None where there are enough."""
    from optuna.trial import Trial, TrialState

    begun = [state for state in TrialState if state != TrialState.WAITING]
    for left in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if _held(search, left.number, stack):
            if _now(study, left.number).state == TrialState.RUNNING:
                return Trial(study, left._trial_id)
            stack.close()
    while len(study.get_trials(deepcopy=False, states=begun)) < search.trials:
        trial = study.ask()
        if trial.number >= search.trials:
            study.tell(trial, state=TrialState.FAIL)
            return None
        if _held(search, trial.number, stack):
            return trial
    return None


def _now(study: Study, number: int) -> FrozenTrial:
    return next(trial for trial in study.get_trials(deepcopy=False) if trial.number == number)


def _held(search: Search, number: int, stack: ExitStack) -> bool:
    """Hold a trial's folder until the stack is closed; false if another process does."""
    folder = _folder(search, number)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        stack.enter_context(folder_lock(folder))
    except BlockingIOError:
        return False
    return True


def _folder(search: Search, number: int) -> Path:
    return Path(search.folder) / "trials" / f"{number:04d}"


def _do(study: Study, trial: Trial, search: Search, report: Report) -> None:
    """Do a trial, or what is left of it."""
    from optuna.trial import TrialState

    study.sampler = _sampler(search, trial.number)
    point = (search.algorithm, options_of(suggest(trial, search.algorithm)))
    configs = {world: panel_config(*point, world, search.agent_steps) for world in WORLDS_OF[search.family]}
    told = _now(study, trial.number).intermediate_values
    payoffs: list[float] = []
    for step, (world, seed) in enumerate(search.runs):
        folder = _folder(search, trial.number) / f"{world}_seed_{seed}"
        try:
            payoffs.append(
                score(folder, configs[world], seed, search.games, _part(study, search, trial.number, step, report))
            )
        except CheckpointError as error:
            trial.set_user_attr("failure", str(error))
            study.tell(trial, state=TrialState.FAIL)
            return
        if step not in told:
            trial.report(sum(payoffs) / len(payoffs), step)
        if step + 1 < len(search.runs) and trial.should_prune():
            break
    trial.set_user_attr("payoffs", payoffs)
    if len(payoffs) < len(search.runs):
        study.tell(trial, state=TrialState.PRUNED)
    else:
        study.tell(trial, sum(payoffs) / len(payoffs))


def _sampler(search: Search, number: int) -> Any:
    """What suggests the trial of a number; each has chance of its own."""
    from optuna.samplers import TPESampler

    return TPESampler(
        n_startup_trials=RANDOM_TRIALS, seed=int(SeedSequence([search.seed, number]).generate_state(1)[0])
    )


def _part(study: Study, search: Search, number: int, step: int, report: Report) -> Report:
    """Report a run's progress as that of the whole study."""
    ended = sum(trial.state.is_finished() for trial in study.get_trials(deepcopy=False))

    def told(share: float, message: str) -> None:
        done = ended + (step + share) / len(search.runs)
        report(min(1.0, done / search.trials), f"trial {number + 1} of {search.trials}, {message}")

    return told
