"""A tournament: every contestant meets every contestant in every world, and a population of them evolves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console

from security_dilemma.arrays import Value
from security_dilemma.params import WORLDS, ParameterError, Params, nearest, world_params
from security_dilemma.stages import game_faults
from security_dilemma_training.faults import ConfigError, Fault
from security_dilemma_training.jobs import Job, exit_status, run_jobs
from security_dilemma_training.runs import held
from security_dilemma_training.statistics import Z95, Interval, bootstrap_interval, wilson_interval
from security_dilemma_training.tournaments.contestants import Contestant, Member, contestants
from security_dilemma_training.tournaments.matches import Match, MatchResult, Side, play_all, stored

__all__ = [
    "CONDITIONS",
    "GAMES",
    "GREEDY_FACING_SEEKER",
    "SEEKERS",
    "SEEKER_FACING_GREEDY",
    "SELF_PLAY",
    "Entry",
    "Tournament",
    "run_tournament",
    "tournament_worlds",
]

SEEKERS, SELF_PLAY = "security_seekers", "self_play"
SEEKER_FACING_GREEDY, GREEDY_FACING_SEEKER = "seeker_facing_greedy", "greedy_facing_seeker"
CONDITIONS = {SEEKERS: (0, 0), SEEKER_FACING_GREEDY: (0, 1), GREEDY_FACING_SEEKER: (1, 0), "greedy_states": (1, 1)}
"""Intents of a contestant and of those whom it meets, 1 for greedy; all but the first where asked for.

Besides, under ``self_play`` a contestant of several seeds has each seed play itself, all of them security seekers.
"""

GAMES = 200
"""Games of each meeting of two policies, unless told otherwise."""


class Tournament(NamedTuple):
    """What is asked."""

    players: tuple[Contestant, ...]
    worlds: Mapping[str, Params]
    games: int  # of each meeting of two policies
    seed: int
    n_states: int
    max_cycles: int
    mixed: bool  # whether there are greedy states, too

    @property
    def conditions(self) -> dict[str, tuple[int, int]]:
        """Intents by name of condition."""
        return CONDITIONS if self.mixed else {SEEKERS: CONDITIONS[SEEKERS]}

    def match(self, world: str, first: Member, others: Member, intents: tuple[int, int]) -> Match:
        """Return a match in a world."""
        shape = (self.worlds[world], self.n_states, self.max_cycles)
        return Match(*shape, first, others, intents, self.games, self.seed)


class Entry(NamedTuple):
    """What a contestant, the row, gets among others, the column."""

    world: str
    condition: str
    row: str
    column: str
    meetings: int  # of two policies; seeds are the replicates where there are several
    games: int  # in all
    payoff: Interval  # discounted; an undisturbed peace is worth 1
    war_rate: Interval  # share of games that see a war
    survival: Interval  # share of the row's states that lose no war


class _Meeting(NamedTuple):
    """A match of an entry."""

    path: Path  # of its result
    match: Match
    turned: bool  # whether the row is the others' side

    def seen(self) -> tuple[MatchResult, Side]:
        """Return the result and the row's side of it."""
        result = stored(self.match, self.path)
        assert result is not None, f"{self.path} was just written"
        return result, result.others if self.turned else result.first


class _Plan(NamedTuple):
    """How an entry is measured."""

    world: str
    condition: str
    row: Contestant
    column: Contestant
    meetings: tuple[_Meeting, ...]


def tournament_worlds(
    names: Sequence[str], changes: Mapping[str, Value] | None = None, n_states: int = 2
) -> dict[str, Params]:
    """Return worlds by name with some parameters changed in all of them; no names: Jervis's four.

    Args:
        names: Of Jervis's worlds.
        changes: Values by name of parameter: a number, or a list of one number per state.
        n_states: Number of states.

    Raises:
        ParameterError: Listing every unknown world, or every parameter that is unknown or outside its range.
    """
    unknown = [f"unknown world {name!r}: {nearest(name, WORLDS)}" for name in names if name not in WORLDS]
    if unknown:
        raise ParameterError(unknown)
    given = {name: np.asarray(x) if isinstance(x, list | tuple) else x for name, x in (changes or {}).items()}
    return {name: world_params(None, WORLDS[name], given, n_states) for name in names or WORLDS}


def run_tournament(
    players: Sequence[str],
    worlds: Mapping[str, Params],
    folder: Path,
    workers: int,
    *,
    games: int = GAMES,
    seed: int = 0,
    n_states: int = 2,
    max_cycles: int = 64,
    mixed: bool = False,
    command: str = "security-dilemma tournament",
) -> int:
    """Play a tournament and write its report; what an interrupted call has played is kept.

    Args:
        players: Names of strategies, run folders, folders that hold runs, and others, see
            :func:`security_dilemma_training.tournaments.contestants.contestants`.
        worlds: Parameters by name of world.
        folder: Where ``tournament.md``, ``matrix.csv``, ``results.json``, the figures and the matches go.
        workers: Processes at the same time.
        games: Games of each meeting of two policies.
        seed: Seed of all games.
        n_states: Number of states; with more than two, one of the row's is among others of the column's.
        max_cycles: Time limit in steps.
        mixed: Whether to play the other pairs of intents than two security seekers, too.
        command: What was called, for the report.

    Returns:
        The exit status: 1 if a match failed, else 0.

    Raises:
        ConfigError: If a player is unknown, not trained, or of another game, or there are too few games.
        ParameterError: If there cannot be so many states or steps.
        RunError: If another process works in the folder.
    """
    from security_dilemma_training.tournaments.report import tournament_table, write_tournament

    faults = game_faults(n_states, max_cycles)
    if faults:
        raise ParameterError(faults)
    if games < n_states:
        raise ConfigError([Fault("games", f"= {games} must be at least {n_states}, one for each place")])
    asked = Tournament(tuple(contestants(players, n_states)), worlds, games, seed, n_states, max_cycles, mixed)
    matches = folder / "matches"
    matches.mkdir(parents=True, exist_ok=True)
    with held(folder):
        plans = _plans(asked, matches)
        _forget_imported(plans)
        status = exit_status(run_jobs(_jobs(plans), workers))
        if status == 0:
            entries = [_entry(plan) for plan in plans]
            path = write_tournament(asked, entries, folder, command)
            Console().print(tournament_table(entries))
            print(f"tournament: {path}")
    return status


def _plans(asked: Tournament, folder: Path) -> list[_Plan]:
    several = [player for player in asked.players if len(player.members) > 1]
    plans = []
    for world in asked.worlds:
        for condition, intents in asked.conditions.items():
            for i, row in enumerate(asked.players):
                for j, column in enumerate(asked.players):
                    pairs = _pairs(row, column) if i <= j else [(a, b) for b, a in _pairs(column, row)]
                    meetings = tuple(_meeting(asked.match(world, a, b, intents), folder) for a, b in pairs)
                    plans.append(_Plan(world, condition, row, column, meetings))
        for row in several:
            own = tuple(_meeting(asked.match(world, a, a, CONDITIONS[SEEKERS]), folder) for a in row.members)
            plans.append(_Plan(world, SELF_PLAY, row, row, own))
    return plans


def _pairs(row: Contestant, column: Contestant) -> list[tuple[Member, Member]]:
    """Who of two contestants meets whom: each seed the next one, so that seeds do not meet themselves."""
    count = max(len(row.members), len(column.members))
    return [(row.members[i % len(row.members)], column.members[(i + 1) % len(column.members)]) for i in range(count)]


def _meeting(match: Match, folder: Path) -> _Meeting:
    """A match, turned round where need be: of two states, one match tells of both sides."""
    sides = (match.first.identity, match.intents[0]), (match.others.identity, match.intents[1])
    turned = match.n_states == 2 and sides[1] < sides[0]
    match = match.reversed if turned else match
    return _Meeting(folder / f"{match.key}.json", match, turned)


def _forget_imported(plans: Sequence[_Plan]) -> None:
    """Delete the matches of imported players: they may play otherwise now although their source is the same."""
    for meeting in (meeting for plan in plans for meeting in plan.meetings):
        if meeting.match.first.imported or meeting.match.others.imported:
            meeting.path.unlink(missing_ok=True)


def _jobs(plans: Sequence[_Plan]) -> list[Job]:
    """A job for the matches of each entry that are still to be played, and that no entry before has."""
    known: set[Path] = set()
    jobs = []
    for plan in plans:
        asked = {meeting.path: meeting.match for meeting in plan.meetings if meeting.path not in known}
        missing = {str(path): match for path, match in asked.items() if not stored(match, path)}
        known |= set(asked)
        if missing:
            jobs.append(Job(f"{plan.world}: {plan.row.name} v {plan.column.name}", play_all, {"matches": missing}))
    return jobs


def _entry(plan: _Plan) -> Entry:
    seen = [meeting.seen() for meeting in plan.meetings]
    games = sum(result.games for result, _ in seen)
    if len(seen) > 1:
        ring = plan.condition != SELF_PLAY and plan.row.members == plan.column.members
        payoff = _over([side.payoff for _, side in seen], ring)
        war_rate = _over([result.wars / result.games for result, _ in seen], ring)
        survival = _over([side.survived / side.states for _, side in seen], ring)
    else:
        ((result, side),) = seen
        half = Z95 * side.spread / math.sqrt(games)
        payoff = Interval(side.payoff, side.payoff - half, side.payoff + half)
        war_rate, survival = wilson_interval(result.wars, games), wilson_interval(side.survived, side.states)
    names = plan.row.name, plan.column.name
    return Entry(plan.world, plan.condition, *names, len(seen), games, payoff, war_rate, survival)


def _over(values: Sequence[float], ring: bool) -> Interval:
    """The mean over meetings of seeds, with its bootstrap interval.

    Where each of n seeds meets the next one of its own kind, all in a ring, it is in two meetings, which are therefore
    alike. With a covariance of neighbours γ the mean has the variance ``(σ² + 2γ) / n``. As γ cannot exceed ``σ² / 2``
    in a long ring, half as many independent meetings vary at least as much: so many are drawn. Two seeds have but one
    pair, and no interval.
    """
    estimate = float(np.mean(values))
    if ring and len(values) < 3:
        return Interval(estimate, math.nan, math.nan)
    drawn = len(values) // 2 if ring else len(values)
    interval = bootstrap_interval([values], lambda sample: np.mean(sample[..., :drawn], axis=-1), resamples=2000)
    return interval._replace(estimate=estimate)
