"""Contestants of a tournament: scripted states by name, learned policies from run folders, and anyone's own."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from security_dilemma.params import PARAMETERS, Params, nearest
from security_dilemma.strategies import STRATEGIES
from security_dilemma_training.config import RunConfig, parse
from security_dilemma_training.errors import CheckpointError, RunError
from security_dilemma_training.faults import ConfigError, Fault
from security_dilemma_training.import_paths import is_import_path
from security_dilemma_training.players import game_faults, is_zip, player, player_hash
from security_dilemma_training.runs import Run, find_runs
from security_dilemma_training.trajectories import Policy

__all__ = ["EVERY_STRATEGY", "Contestant", "Member", "contestants", "policy_of"]

EVERY_STRATEGY = "strategies"
"""Stands for all scripted states among players."""


class Member(NamedTuple):
    """One policy."""

    source: str  # the name of a player, see security_dilemma_training.players
    policy_sha256: str | None  # of a learned policy's file, or of the source of an imported one; None for a strategy

    @property
    def identity(self) -> str:
        """What determines how it plays: the strategy, or the learned policy wherever its file is."""
        return self.policy_sha256 or self.source

    @property
    def imported(self) -> bool:
        """Whether it is anyone's own code, which may play otherwise although its source is the same."""
        return is_import_path(self.source)


class Contestant(NamedTuple):
    """A row of the tournament's matrices: a strategy, or the seeds of one config, which are its replicates."""

    name: str
    members: tuple[Member, ...]

    @property
    def learned(self) -> bool:
        """Whether its members are learned policies."""
        return self.members[0].policy_sha256 is not None


def contestants(players: Sequence[str], n_states: int) -> list[Contestant]:
    """Return who plays, in the order given; those of the same name are numbered.

    Args:
        players: Names of strategies, ``strategies`` for all of them, zips of stable-baselines3, ``module:attribute``,
            run folders, or folders that hold runs: these count by config, all seeds of one together.
        n_states: Number of states of the games.

    Raises:
        ConfigError: Listing every player that is unknown, not trained, or of games of another shape.
    """
    faults: list[Fault] = [] if players else [Fault("players", "are missing: name strategies or run folders")]
    found: list[Contestant] = []
    for name in players:
        try:
            found += _named(name, n_states)
        except ConfigError as error:
            faults += error.faults
        except (RunError, CheckpointError) as error:
            faults.append(Fault(f"player {name!r}", str(error)))
    if faults:
        raise ConfigError(faults)
    return _numbered(found)


def policy_of(member: Member, params: Params, n_states: int, max_cycles: int) -> Policy:
    """Return a member as a policy of ``multidiscrete`` games of these parameters."""
    if member.policy_sha256 is None:
        return STRATEGIES[member.source](params, n_states, None, max_cycles)
    if member.imported:
        return player(member.source, _config(params, n_states, max_cycles), trusted=True)
    return _loaded(member.source, n_states)


@functools.lru_cache(maxsize=256)
def _loaded(source: str, n_states: int) -> Policy:
    """A learned policy, which is the same whatever the parameters are."""
    return player(source, _config(Params(), n_states), trusted=True)


def _config(params: Params, n_states: int, max_cycles: int = 64) -> RunConfig:
    """The games of a tournament as a config; of its learner only the network counts, for zips without a config."""
    values = {name: np.asarray(getattr(params, name), object).tolist() for name in PARAMETERS}
    game = {"n_states": n_states, "max_cycles": max_cycles}
    learner = {"slots": 128 * n_states, "batch_size": 128 * n_states}
    return parse({"name": "tournament", "params": values, "game": game, "learner": learner}, RunConfig)


def _named(name: str, n_states: int) -> list[Contestant]:
    """The contestants that one name stands for."""
    if name in STRATEGIES or name == EVERY_STRATEGY:
        return [Contestant(each, (Member(each, None),)) for each in (STRATEGIES if name == EVERY_STRATEGY else [name])]
    if is_zip(name) or is_import_path(name):
        player(name, _config(Params(), n_states), trusted=True)
        short = Path(name).stem if is_zip(name) else name
        return [Contestant(short, (Member(name, player_hash(name)),))]
    if not Path(name).exists():
        known = nearest(name, [*STRATEGIES, EVERY_STRATEGY])
        raise RunError(f"is neither a strategy nor a folder, a zip or module:attribute: {known}")
    return _learned([Run.open(folder) for folder in find_runs(name)], n_states)


def _learned(runs: Sequence[Run], n_states: int) -> list[Contestant]:
    """The runs by config, in the order of the folders.

    Raises:
        RunError: Naming every run that cannot play.
    """
    faults = [f"{run.folder} {problem}" for run in runs for problem in _problems(run, n_states)]
    if faults:
        raise RunError("; ".join(faults))
    kinds: dict[tuple[str, str], list[Member]] = {}
    for run in runs:
        member = Member(str(run.folder), hashlib.sha256(run.policy_path.read_bytes()).hexdigest())
        kinds.setdefault((run.config.label, run.manifest["config_hash"]), []).append(member)
    return [Contestant(f"learned_{label}", tuple(members)) for (label, _), members in kinds.items()]


def _problems(run: Run, n_states: int) -> list[str]:
    untrained = [] if run.policy_path.exists() else ["is not trained yet: `security-dilemma train CONFIG` goes on"]
    ours = _config(Params(), n_states).game
    return untrained + game_faults(run.config.game, ours, any_number=run.config.any_number)


def _numbered(found: Sequence[Contestant]) -> list[Contestant]:
    """The contestants under names of their own: the second of a name is ``name_2``, and so on."""
    counts: dict[str, int] = {}
    named = []
    for contestant in found:
        counts[contestant.name] = counts.get(contestant.name, 0) + 1
        number = counts[contestant.name]
        named.append(contestant if number == 1 else contestant._replace(name=f"{contestant.name}_{number}"))
    return named
