"""Contestants of a tournament: scripted states by name, and learned policies from run folders."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from security_dilemma.actions import component_sizes
from security_dilemma.params import Params, nearest
from security_dilemma.strategies import STRATEGIES
from security_dilemma_training.errors import RunError
from security_dilemma_training.faults import ConfigError, Fault
from security_dilemma_training.runs import Run, find_runs
from security_dilemma_training.trajectories import Bools, Floats, Policy

__all__ = ["EVERY_STRATEGY", "Contestant", "Member", "contestants", "policy_of"]

EVERY_STRATEGY = "strategies"
"""Stands for all scripted states among players."""


class Member(NamedTuple):
    """One policy."""

    source: str  # a strategy's name, or a run folder
    policy_sha256: str | None  # of a learned policy's file; None for a strategy

    @property
    def identity(self) -> str:
        """What determines how it plays: the strategy, or the learned policy wherever its file is."""
        return self.policy_sha256 or self.source


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
        players: Names of strategies, ``strategies`` for all of them, run folders, or folders that hold runs: these
            count by config, all seeds of one together.
        n_states: Number of states of the games.

    Raises:
        ConfigError: Listing every player that is unknown, not trained, or of games of another shape.
    """
    faults: list[Fault] = [] if players else [Fault("players", "are missing: name strategies or run folders")]
    found: list[Contestant] = []
    for player in players:
        if player in STRATEGIES or player == EVERY_STRATEGY:
            names = STRATEGIES if player == EVERY_STRATEGY else [player]
            found += [Contestant(name, (Member(name, None),)) for name in names]
            continue
        try:
            if not Path(player).exists():
                raise RunError(f"is neither a strategy nor a folder: {nearest(player, [*STRATEGIES, EVERY_STRATEGY])}")
            found += _learned([Run.open(folder) for folder in find_runs(player)], n_states)
        except RunError as error:
            faults.append(Fault(f"player {player!r}", str(error)))
    if faults:
        raise ConfigError(faults)
    return _numbered(found)


def policy_of(member: Member, params: Params, n_states: int, max_cycles: int) -> Policy:
    """Return a member as a policy of ``multidiscrete`` games of these parameters."""
    if member.policy_sha256 is None:
        return STRATEGIES[member.source](params, n_states, None, max_cycles)
    return _loaded(member.source)


class _Unflattened:
    """A policy of ``discrete`` games, which sends flattened actions, in ``multidiscrete`` ones."""

    def __init__(self, policy: Policy, n_states: int) -> None:
        self._policy, self._sizes = policy, component_sizes(n_states)

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        flat = self._policy.act(observations, mask, rng)[..., 0]
        return np.stack(np.unravel_index(flat, self._sizes), axis=-1)


@functools.lru_cache(maxsize=256)
def _loaded(folder: str) -> Policy:
    from security_dilemma_training.learners import load_policy

    run = Run.open(folder)
    policy = load_policy(run)
    return _Unflattened(policy, run.config.game.n_states) if run.config.game.action_mode == "discrete" else policy


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
    game = run.config.game
    problems = []
    if not run.policy_path.exists():
        problems.append("is not trained yet: `security-dilemma train CONFIG` goes on to its end")
    if game.n_states != n_states:
        problems.append(f"was trained with n_states = {game.n_states}, the tournament has {n_states}")
    if game.stages:
        problems.append("was trained in a stage game: a tournament plays whole games")
    if game.reveal_intents or not game.signals:
        options = f"game.reveal_intents = {game.reveal_intents} and game.signals = {game.signals}"
        problems.append(f"was trained with {options}: a tournament hides intents and hears signals")
    if game.action_mode == "continuous":
        problems.append("was trained with action_mode = 'continuous': matches take 'multidiscrete' or 'discrete'")
    return problems


def _numbered(found: Sequence[Contestant]) -> list[Contestant]:
    """The contestants under names of their own: the second of a name is ``name_2``, and so on."""
    counts: dict[str, int] = {}
    named = []
    for contestant in found:
        counts[contestant.name] = counts.get(contestant.name, 0) + 1
        number = counts[contestant.name]
        named.append(contestant if number == 1 else contestant._replace(name=f"{contestant.name}_{number}"))
    return named
