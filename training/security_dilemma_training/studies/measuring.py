"""One seed of one condition: who plays it, and what is measured of it; kept, so that nothing is measured twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from security_dilemma_training.config import RunConfig, config_hash, parse
from security_dilemma_training.errors import RunError
from security_dilemma_training.evaluate import evaluation_seed
from security_dilemma_training.kept import keep, kept, policy_hash
from security_dilemma_training.learners import load_policy
from security_dilemma_training.players import game_faults
from security_dilemma_training.policies import Matched, Policy
from security_dilemma_training.provenance import maker
from security_dilemma_training.runs import Run
from security_dilemma_training.studies.registry import MEASUREMENTS
from security_dilemma_training.studies.scripted import scripted
from security_dilemma_training.studies.subject import Subject

__all__ = ["MEASURED_FILE", "Measuring", "kept_values", "measure_seed"]

MEASURED_FILE = "study.json"
"""In the folder of a seed of a condition: what was measured of it."""

Report = Callable[[float, str], None]


class Measuring(NamedTuple):
    """What is to be measured of one seed of one condition."""

    folder: Path  # where to
    config: RunConfig  # the game
    seed: int
    players: tuple[str, ...]  # of each state, or of all: folders of runs, or names of scripted states
    runs: tuple[str, ...]  # which of these are folders of runs
    measures: tuple[str, ...]

    @property
    def about(self) -> dict[str, Any]:
        """What the results are of; no policy where one of the runs is not trained yet."""
        hashes = [policy_hash(Run(Path(name), self.config, self.seed)) for name in self.runs]
        return {
            "game": config_hash(self.config.resolved()),
            "seed": self.seed,
            "players": [Path(name).parent.name if name in self.runs else name for name in self.players],
            "measures": list(self.measures),
            "evaluation": self.config.evaluation.model_dump(mode="json"),
            "policy_sha256": None if None in hashes else hashes,
            "measured_by": maker(),
        }


def kept_values(one: Measuring) -> dict[str, float | None] | None:
    """Return what was measured of a seed if it is of these policies and by this version and revision; else None."""
    results = kept(one.folder / MEASURED_FILE, one.about)
    return results["values"] if results is not None else None


def measure_seed(
    folder: str,
    config: Mapping[str, Any],
    seed: int,
    players: Sequence[str],
    runs: Sequence[str],
    measures: Sequence[str],
    report: Report,
) -> dict[str, float | None]:
    """Measure one seed of a condition and keep it; called in a worker process.

    Args:
        folder: Where ``study.json`` goes.
        config: The game, as plain data of a run's config.
        seed: The seed.
        players: See :class:`Measuring`.
        runs: See there.
        measures: Names of the measurements.
        report: Called with the share done and a message.

    Returns:
        Every metric; None where there was nothing to measure it on.

    Raises:
        RunError: If a policy cannot play the game.
    """
    one = Measuring(Path(folder), parse(config, RunConfig), seed, tuple(players), tuple(runs), tuple(measures))
    about, found = one.about, dict[str, float]()
    games = one.config.evaluation
    subject = Subject(_policy(one), one.config, games=games.games, seed=_seed(one, games.seed))
    for place, name in enumerate(measures):
        report(place / len(measures), f"measuring {name}")
        values = MEASUREMENTS[name].of(subject)
        missing = set(MEASUREMENTS[name].definitions) ^ set(values)
        if missing:
            raise ValueError(f"{name} measures other metrics than it defines: {', '.join(sorted(missing))}")
        found |= values
    told: dict[str, float | None] = {k: float(value) if np.isfinite(value) else None for k, value in found.items()}
    one.folder.mkdir(parents=True, exist_ok=True)
    keep(one.folder / MEASURED_FILE, about | {"values": told})
    return told


def _seed(one: Measuring, seed: int) -> int:
    return evaluation_seed(Run(one.folder, one.config, one.seed), seed)


def _policy(one: Measuring) -> Policy:
    """Who plays: one policy for all states, or one for each."""
    policies = {name: _player(one, name) for name in dict.fromkeys(one.players)}
    if len(one.players) == 1:
        return policies[one.players[0]]
    return Matched([policies[name] for name in one.players])


def _player(one: Measuring, name: str) -> Policy:
    if name not in one.runs:
        return scripted(name, one.config)
    run = Run.open(name)
    problems = game_faults(run.config.game, one.config.game)
    if problems:
        raise RunError(f"{name} {'; it '.join(problems)}")
    return load_policy(run)
