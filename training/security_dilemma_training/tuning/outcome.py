"""What a search has found: its table and figure, and the values, measured once more beside the defaults.

The best of many trials owes its payoff to luck as well. So its values, rounded, and the defaults are run again with
seeds that no trial had, and values that are not better there than the defaults are not taken.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from matplotlib import rc_context
from matplotlib.figure import Figure

from security_dilemma_training.errors import CheckpointError
from security_dilemma_training.figures import STYLE, save
from security_dilemma_training.jobs import Job, Outcome, run_jobs
from security_dilemma_training.provenance import maker
from security_dilemma_training.runs import Run
from security_dilemma_training.tuning.objective import PANEL, WORLDS_OF, panel_config, score
from security_dilemma_training.tuning.spaces import default_point, options_of
from security_dilemma_training.writing import write_atomically

if TYPE_CHECKING:
    from optuna import Study

    from security_dilemma_training.tuning.search import Search

__all__ = ["FRESH_SEED", "best_options", "confirm", "history_figure", "trials_table", "write_outcome"]

Report = Callable[[float, str], None]

FRESH_SEED = 1_000
"""The first seed of the runs that compare the best trial's values with the defaults."""

FRESH_SEEDS = 3
"""Seeds of these runs in each world, if a trial does not have more."""

DIGITS = 3
"""Significant digits to which numbers found are rounded."""


def best_options(study: Study) -> dict[str, Any]:
    """Return the best trial's options with numbers rounded; those of the first trial are the defaults, and empty."""
    best = study.best_trial
    rounded = {k: float(f"{v:.{DIGITS}g}") if isinstance(v, float) else v for k, v in best.params.items()}
    return options_of(rounded) if best.number else {}


def confirm(search: Search, study: Study, workers: int) -> tuple[dict[str, Any], list[Outcome]]:
    """Run the defaults and the options of the best trial with fresh seeds.

    Args:
        search: What was searched.
        study: Its trials, of which one at least came to its end.
        workers: Processes at the same time.

    Returns:
        ``values``, empty where they are not better than the defaults, and ``payoffs`` of both by run; and how the runs
        ended. A run that diverged has no payoff.
    """
    options = best_options(study)
    folders = {"default": "default", "tuned": f"trial_{study.best_trial.number:04d}"}
    kinds = {"default": options_of(default_point(search.algorithm)), "tuned": options}
    jobs = [
        Job(
            f"{kind} {world} {seed}",
            _payoff,
            {
                "folder": str(Path(search.folder) / "fresh" / folders[kind] / f"{world}_seed_{seed}"),
                "what": (search.algorithm, kinds[kind], world, search.agent_steps),
                "seed": FRESH_SEED + seed,
                "games": search.games,
            },
        )
        for kind in (kinds if options else ["default"])
        for seed in range(max(FRESH_SEEDS, search.seeds))
        for world in WORLDS_OF[search.family]
    ]
    outcomes = run_jobs(jobs, workers)
    payoffs: dict[str, list[float]] = {kind: [] for kind in kinds}
    for outcome in outcomes:
        if outcome.result is not None:
            payoffs[outcome.name.split()[0]].append(outcome.result)
    default, tuned = (sum(found) / len(found) if found else -math.inf for found in payoffs.values())
    told = {kind: [round(payoff, 4) for payoff in found] for kind, found in payoffs.items()}
    return {"values": options if tuned > default else {}, "payoffs": told}, outcomes


def _payoff(
    folder: str, what: tuple[str, dict[str, Any], str, int], seed: int, games: int, report: Report
) -> float | None:
    """Train and measure one run, in a worker process; None if the training diverged."""
    try:
        return score(Path(folder), panel_config(*what), seed, games, report)
    except CheckpointError:
        return None


def trials_table(study: Study) -> str:
    """Return the trials as CSV: number, state, value, payoffs of the runs, and the point of the space."""
    trials = study.get_trials(deepcopy=False)
    names = list(dict.fromkeys(name for trial in trials for name in trial.params))
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["trial", "state", "value", "payoffs", *names])
    for trial in trials:
        payoffs = " ".join(f"{payoff:.4f}" for payoff in trial.user_attrs.get("payoffs", []))
        value = "" if trial.value is None else f"{trial.value:.6f}"
        point = [trial.params.get(name, "") for name in names]
        table.writerow([trial.number, trial.state.name.lower(), value, payoffs, *point])
    return text.getvalue()


def history_figure(study: Study, title: str) -> Figure:
    """Draw the value of every trial, the best so far, and the defaults, which are the first trial."""
    ended = [t for t in study.get_trials(deepcopy=False) if t.state.name == "COMPLETE" and t.value is not None]
    given_up = [t for t in study.get_trials(deepcopy=False) if t.state.name == "PRUNED" and t.intermediate_values]
    numbers, values = [t.number for t in ended], [float(t.value or 0) for t in ended]
    with rc_context(STYLE):
        figure = Figure(figsize=(6, 3.2))
        axes = figure.subplots()
        axes.plot(numbers, values, "o", color="#0072b2", label="trial")
        stopped = [list(t.intermediate_values.values())[-1] for t in given_up]
        axes.plot([t.number for t in given_up], stopped, "x", color="0.6", label="given up")
        axes.step(
            numbers, [max(values[: k + 1]) for k in range(len(values))], where="post", color="#d55e00", label="best"
        )
        if numbers and numbers[0] == 0:
            axes.axhline(values[0], color="0.4", linestyle="--", linewidth=0.8, label="defaults")
        axes.set_title(title, loc="left")
        axes.set_xlabel("trial")
        axes.set_ylabel("payoff among the panel")
        axes.legend(loc="lower right", fontsize=8)
    return figure


def write_outcome(search: Search, study: Study, entry: dict[str, Any]) -> dict[str, Any]:
    """Write ``trials.csv``, ``history.png`` and ``tuned.yaml`` into the study's folder, and return the entry.

    Args:
        search: What was searched.
        study: Its trials.
        entry: Of :func:`confirm`.

    Returns:
        ``values``, and ``found``: what was searched, with how much effort, and the payoffs of fresh seeds.
    """
    folder = Path(search.folder)
    states = [trial.state.name.lower() for trial in study.get_trials(deepcopy=False)]
    seconds = sum(Run.open(path.parent).manifest["cpu_seconds"] for path in folder.rglob("manifest.json"))
    found = {
        "payoffs": entry["payoffs"],
        **{name: states.count(name) for name in ("complete", "pruned", "fail")},
        **{name: getattr(search, name) for name in ("agent_steps", "seeds", "games")},
        "worlds": list(WORLDS_OF[search.family]),
        "panel": list(PANEL),
        "train_cpu_seconds": round(seconds),
        "by": maker(),
    }
    whole = {"values": entry["values"], "found": found}
    write_atomically(folder / "trials.csv", trials_table(study))
    save(history_figure(study, f"{search.algorithm}, {search.family}"), folder / "history")
    text = yaml.safe_dump({search.algorithm: {search.family: whole}}, sort_keys=False)
    write_atomically(folder / "tuned.yaml", text)
    return whole
