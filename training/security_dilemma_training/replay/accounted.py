"""Steps of a game with their accounts: what each payoff is made of, and with which chance wars are won."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from security_dilemma.accounts import payoff_terms
from security_dilemma.combat import strike_probability, win_chance
from security_dilemma.spaces import INTENTS
from security_dilemma.stages import enabled_moves
from security_dilemma.state import Move, State
from security_dilemma_training.policies import Bools, Floats

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig
    from security_dilemma_training.one_game import Played

__all__ = ["Step", "accounted", "state_name"]


class Step(NamedTuple):
    """One step of a game of N states, accounted for."""

    number: int  # from 0
    played: Played
    terms: dict[str, Floats]  # (N,) by name, what the payoff is made of
    strike_chance: Floats  # (N,), chance that a one-sided strike would win
    can_strike: Bools  # (N,), in a crisis in which a strike has its effect
    win_chance: Floats  # (N,), chance to win the war of the step; meaningless for who is not at war
    held_chance: Floats  # (N,), the same, had it held still and its opponent not; for who struck and was struck
    intents: tuple[str, ...]  # security_seeker or greedy, by state
    staged: bool  # a stage of a stage game
    scaled: bool  # wars pay the stake of their stage, and nobody is eliminated

    @property
    def strikers(self) -> list[int]:
        """The states that struck."""
        return [int(i) for i in np.flatnonzero(self.played.after.struck)]

    @property
    def belligerents(self) -> list[int]:
        """The states at war: none or two."""
        return [int(i) for i in np.flatnonzero(self.played.after.belligerent)]

    @property
    def winner(self) -> int | None:
        """Who won the war of the step, if there was one."""
        return next((int(i) for i in np.flatnonzero(self.played.after.won)), None)

    @property
    def tragic(self) -> bool:
        """Whether there was a war between two security seekers."""
        return bool(self.belligerents) and all(self.intents[i] == INTENTS[0] for i in self.belligerents)


def state_name(i: int) -> str:
    """Return the name of a state, that of its agent in the PettingZoo face."""
    return f"state_{i}"


def accounted(config: RunConfig, plays: Sequence[Played], intents: Sequence[str]) -> list[Step]:
    """Account for every step of a game, in float64.

    Args:
        config: The game.
        plays: Its steps, see :func:`security_dilemma_training.one_game.one_game`.
        intents: ``security_seeker`` or ``greedy``, by state.
    """
    return [_account(config, number, played, tuple(intents)) for number, played in enumerate(plays)]


def _account(config: RunConfig, number: int, played: Played, intents: tuple[str, ...]) -> Step:
    game, params = config.game, config.resolved_params().cast(np.float64)
    before, after = _wide(played.before), _wide(played.after)
    can_strike = before.crisis
    if game.stages is not None:
        can_strike = can_strike & enabled_moves(before, game.stages)[..., Move.STRIKE]
    held_still = after.struck & ~np.eye(game.n_states, dtype=bool)  # by who holds still
    return Step(
        number=number,
        played=played,
        terms=payoff_terms(params, before, played.action, after, game.stages, game.war),
        strike_chance=strike_probability(params, before),
        can_strike=can_strike,
        win_chance=win_chance(params, before, after.struck),
        held_chance=np.diagonal(win_chance(params, before, held_still)),
        intents=intents,
        staged=game.stages is not None,
        scaled=game.war == "scaled",
    )


def _wide(state: State) -> State:
    """The same state in float64, so that terms that are small beside the payoff keep their digits."""
    return State(*(np.asarray(x, float) if np.asarray(x).dtype.kind == "f" else x for x in state))
