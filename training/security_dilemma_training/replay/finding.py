"""Finding a game that shows something, and how usual it is: a chosen game is not to be mistaken for a typical one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from security_dilemma.spaces import resolve_intents
from security_dilemma_training.faults import ConfigError, Fault
from security_dilemma_training.one_game import Played, one_game
from security_dilemma_training.playing import drawn_intents, play
from security_dilemma_training.policies import Bools, Policy
from security_dilemma_training.trajectories import Trajectories

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["GAMES", "SHOWN", "Found", "find_game"]

GAMES = 1000
"""Games that are looked at, at most, and games of which the share is told."""

Report = Callable[[float, str], None]


class Shown(NamedTuple):
    """Something that a game can show."""

    words: str  # what it is that games see
    in_game: Callable[[Sequence[Played]], bool]
    in_games: Callable[[Trajectories], Bools]  # (G,), which of many do


class Found(NamedTuple):
    """A game that shows what was looked for."""

    seed: int
    place: int  # which it is of the games of one seed after the other, from 1
    first: int  # the seed of the first of these
    share: float  # of other games of the same kind that show it too
    words: str  # what it shows

    def __str__(self) -> str:
        which = "the first game looked at" if self.place == 1 else f"game {self.place} from seed {self.first} on"
        return (
            f"Seed {self.seed}, {which}, was chosen because it sees {self.words}; of {GAMES} such games "
            f"{self.share:.1%} do."
        )


def find_game(
    config: RunConfig,
    policy: Policy,
    shows: str,
    *,
    seed: int,
    intents: ArrayLike | None,
    report: Report = lambda _share, _message: None,
) -> Found:
    """Return the first game from a seed on that shows something.

    Args:
        config: The game.
        policy: Decides for every state.
        shows: A key of :data:`SHOWN`.
        seed: The first seed to look at.
        intents: See :func:`security_dilemma_training.one_game.one_game`.
        report: Called with the share of the games looked at and a message.

    Raises:
        ConfigError: If none of :data:`GAMES` games shows it.
    """
    shown = SHOWN[shows]
    report(0.0, f"playing {GAMES} games")
    share = _share(config, policy, shown, seed, intents)
    for place in range(GAMES if share else 0):
        report(place / GAMES, f"looking for {shown.words} in the game of seed {seed + place}")
        if shown.in_game(list(one_game(config, policy, seed=seed + place, intents=intents))):
            return Found(seed + place, place + 1, seed, share, shown.words)
    problem = f"= {shows!r}: none of {GAMES} games from seed {seed} on sees {shown.words}"
    raise ConfigError([Fault("find", f"{problem}; look for something else, or change players, intents or the world")])


def _share(config: RunConfig, policy: Policy, shown: Shown, seed: int, intents: ArrayLike | None) -> float:
    """The share of many games, played side by side, that show it."""
    held = drawn_intents(config, GAMES, seed) if intents is None else resolve_intents(intents)
    return float(shown.in_games(play(policy, config, n_games=GAMES, intents=held, seed=seed)).mean())


def _war(plays: Sequence[Played]) -> bool:
    return any(bool(played.after.belligerent.any()) for played in plays)


def _wars(games: Trajectories) -> Bools:
    fought: Bools = np.any(games.belligerent & games.present, axis=(0, 2))
    return fought


def _crisis(plays: Sequence[Played]) -> bool:
    return any(bool(played.before.crisis.any()) for played in plays)


def _crises(games: Trajectories) -> Bools:
    seen: Bools = np.any(games.crisis & games.present, axis=(0, 2))
    return seen


SHOWN = {
    "war": Shown("a war", _war, _wars),
    "peace": Shown("no war", lambda plays: not _war(plays), lambda games: ~_wars(games)),
    "crisis": Shown("a crisis", _crisis, _crises),
}
"""What can be looked for, by name."""
