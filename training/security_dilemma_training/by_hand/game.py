"""A game played by hand, from who plays to the record of it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from rich.console import Console

from security_dilemma.chance import draw_start
from security_dilemma.dynamics import initial
from security_dilemma.spaces import INTENTS
from security_dilemma_training.action_modes import in_mode
from security_dilemma_training.by_hand.asking import Asker
from security_dilemma_training.by_hand.person import Person
from security_dilemma_training.faults import ConfigError, Fault
from security_dilemma_training.players import player
from security_dilemma_training.policies import Matched
from security_dilemma_training.replay.casting import cast, run_of
from security_dilemma_training.replay.recording import record_episode
from security_dilemma_training.sections import game_config_faults

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig
    from security_dilemma_training.replay.episode import Episode

__all__ = ["DEFAULT_WORLD", "ByHand", "by_hand_config", "command", "same_moves"]

DEFAULT_WORLD = "doubly_dangerous"


class ByHand(NamedTuple):
    """What a person plays."""

    config: RunConfig
    against: str  # the name of who plays the other states
    seat: int  # the state that the person plays, from 0
    seed: int
    intent: str | None  # of the person; None: drawn

    def person(self, console: Console, asker: Asker) -> Person:
        """Return who sits there.

        Raises:
            ConfigError: If there is no such seat.
        """
        n = self.config.game.n_states
        if self.seat >= n:
            raise ConfigError([Fault("as", f"= {self.seat} must be in [0, {n - 1}]: the game has {n} states")])
        return Person(self.config, self.seat, console, asker, self.against)

    def play(self, person: Person) -> Episode:
        """Play the game and return the record of it.

        Raises:
            LeftError: If the person leaves.
            ConfigError: If the opponent is nobody's name or cannot play this game.
        """
        game = self.config.game
        seated = in_mode(person, "multidiscrete", game.action_mode, game.n_states)
        opponent = player(self.against, self.config, trusted=True)
        policies = [seated if k == self.seat else opponent for k in range(game.n_states)]
        return record_episode(
            self.config,
            Matched(policies),
            seed=self.seed,
            intents=self._intents(),
            title=f"{self.config.label}: you against {self.against}",
            players=["you" if k == self.seat else self.against for k in range(game.n_states)],
        )

    def _intents(self) -> list[str] | None:
        """The intents that the seed draws, with the person's own in its place; None where nothing is fixed."""
        if self.intent is None:
            return None
        rng, params = np.random.default_rng(self.seed), self.config.resolved_params().cast(np.float32)
        start = initial(params.replace(greed=1.0), draw_start(rng, self.config.game.n_states), self.config.game.stages)
        intents = [INTENTS[int(greed > 0)] for greed in start.greed.tolist()]
        intents[self.seat] = self.intent
        return intents


def by_hand_config(
    against: str, world: str | None, path: Path | None, n_states: int | None, max_cycles: int | None
) -> RunConfig:
    """Return the games to play: a world's or a file's, else those of the opponent's run, else the default world's.

    Args:
        against: Who plays the other states.
        world: One of Jervis's worlds.
        path: A config file.
        n_states: Number of states, if it is not the config's.
        max_cycles: Time limit in steps, if it is not the config's.

    Raises:
        ConfigError: If there is no such world, or values do not fit together.
    """
    chosen = DEFAULT_WORLD if world is None and path is None and run_of([against]) is None else world
    config = cast([against], world=chosen, path=path).config
    changes = {"n_states": n_states, "max_cycles": max_cycles}
    game = config.game.model_copy(update={name: value for name, value in changes.items() if value is not None})
    faults = game_config_faults(game)
    if faults:
        raise ConfigError(faults)
    return config.model_copy(update={"game": game})


def command(options: Mapping[str, Any]) -> str:
    """Return the command that plays a game of these options; those that are None are left out."""
    given = {name: str(value) for name, value in options.items() if value is not None}
    return shlex.join(["security-dilemma", "play", *(word for name in given for word in (f"--{name}", given[name]))])


def same_moves(options: Mapping[str, Any], done: Sequence[tuple[int, ...]], out: str = "game.html") -> str:
    """Return the command that plays a game again, turn by turn, and writes its replay.

    Args:
        options: Of the command ``play``, by name, the seed included.
        done: What was answered in each turn.
        out: The file to write.
    """
    lines = " ".join(shlex.quote(" ".join(map(str, values))) for values in done)
    return f"printf '%s\\n' {lines} | {command({**options, 'out': out})}"
