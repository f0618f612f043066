"""Matches between two policies: what one got among others, kept in files under the hash of all that determines it."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from security_dilemma.params import PARAMETERS, Params
from security_dilemma_training.kept import source_hash
from security_dilemma_training.metrics import wars
from security_dilemma_training.tournaments.contestants import Member, policy_of
from security_dilemma_training.trajectories import Bools, Floats, Matched, Trajectories, record
from security_dilemma_training.welfare import discounted_payoffs
from security_dilemma_training.writing import write_atomically

__all__ = ["Match", "MatchResult", "Side", "play", "play_all", "stored"]

MODULES = (
    *("tournaments/contestants", "tournaments/matches", "metrics", "trajectories", "welfare"),
    *("action_modes", "algorithms/policies", "learners", "players"),
)
"""The modules of this package that a match's result depends on, besides the environment's."""


class Match(NamedTuple):
    """One policy, the first, among others of another: games in which each place is the first's equally often."""

    params: Params
    n_states: int
    max_cycles: int
    first: Member
    others: Member
    intents: tuple[int, int]  # 1 for greedy, of the first and of the others
    games: int
    seed: int

    @property
    def determinants(self) -> dict[str, Any]:
        """Everything asked that determines the result, as plain data."""
        values = {name: getattr(self.params, name) for name in PARAMETERS}
        return {
            "params": {name: None if x is None else np.asarray(x, float).tolist() for name, x in values.items()},
            "first": self.first.identity,
            "others": self.others.identity,
        } | {name: getattr(self, name) for name in ("n_states", "max_cycles", "intents", "games", "seed")}

    @property
    def key(self) -> str:
        """The hash of what determines the result, the source of the rules included."""
        return _hash(self.determinants | {"source": _source_hash()})

    @property
    def among_equals(self) -> bool:
        """Whether all states are one policy of one intent, so that none of them is the first."""
        return self.first.identity == self.others.identity and self.intents[0] == self.intents[1]

    @property
    def reversed(self) -> Match:
        """Return the match of the second among firsts; with two states it is the same match seen from across."""
        return self._replace(first=self.others, others=self.first, intents=self.intents[::-1])


class Side(NamedTuple):
    """What one side of a match got; several states of a side count by their mean in each game."""

    payoff: float  # mean discounted payoff
    spread: float  # standard deviation over games
    survived: int  # states alive at the end
    states: int  # states in all games


class MatchResult(NamedTuple):
    """A match."""

    games: int
    wars: int  # games that saw a war
    first: Side
    others: Side


def play(match: Match) -> MatchResult:
    """Play a match."""
    first = policy_of(match.first, match.params, match.n_states, match.max_cycles)
    others = first
    if match.first.identity != match.others.identity:
        others = policy_of(match.others, match.params, match.n_states, match.max_cycles)
    # each place is the first's in every n-th game
    mine = np.arange(match.n_states) == np.arange(match.games)[:, None] % match.n_states
    played = record(
        match.params,
        Matched([first, others], np.where(mine, 0, 1)),
        n_games=match.games,
        intents=np.where(mine, *match.intents),
        seed=_stream(match),
        n_states=match.n_states,
        max_cycles=match.max_cycles,
    )
    return _result(played, mine, match.among_equals)


def stored(match: Match, path: Path) -> MatchResult | None:
    """Return the result of a match that is kept in a file, or None if there is none that can be read."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        sides = [Side(**data["result"].pop(name)) for name in ("first", "others")]
        result = MatchResult(first=sides[0], others=sides[1], **data["result"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return result if _plain(match.determinants) == data.get("match") else None


def play_all(matches: Mapping[str, Match], report: Callable[[float, str], None]) -> None:
    """Play matches, each kept in a file as soon as it is done; called in a worker process.

    Args:
        matches: By the path of the file.
        report: Called with the share done and a message.
    """
    for number, (path, match) in enumerate(matches.items()):
        report(number / len(matches), f"match {number + 1} of {len(matches)}")
        result = play(match)
        kept = result._asdict() | {name: getattr(result, name)._asdict() for name in ("first", "others")}
        text = json.dumps({"match": match.determinants, "result": kept}, indent=1, allow_nan=False)
        write_atomically(Path(path), text + "\n")


def _result(played: Trajectories, first: Bools, among_equals: bool) -> MatchResult:
    payoffs, survived = discounted_payoffs(played), _survivors(played)
    sides = [np.ones_like(first)] * 2 if among_equals else [first, ~first]
    mine, theirs = (_side(payoffs, survived, side) for side in sides)
    return MatchResult(len(payoffs), int(wars(played).any(axis=0).sum()), mine, theirs)


def _side(payoffs: Floats, survived: Bools, side: Bools) -> Side:
    means = np.mean(payoffs, axis=-1, where=side)
    spread = float(means.std(ddof=1)) if len(means) > 1 else 0.0
    return Side(float(means.mean()), spread, int((survived & side).sum()), int(side.sum()))


def _survivors(trajectories: Trajectories) -> Bools:
    """Who lost no war, (G, N) bool."""
    lost = trajectories.belligerent & ~trajectories.won & trajectories.active[..., None]
    survivors: Bools = ~np.any(lost, axis=0)
    return survivors


def _stream(match: Match) -> int:
    """Seed of the games: each match has its own, whatever else is played, and however the source is written."""
    return int(_hash(match.determinants)[:16], 16)


def _hash(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def _plain(data: Any) -> Any:
    return json.loads(json.dumps(data))


@functools.cache
def _source_hash() -> str:
    """The hash of the source of the environment and of :data:`MODULES`."""
    return source_hash(MODULES)
