"""Recording: one game played and put down as an :class:`~security_dilemma_training.replay.episode.Episode`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from security_dilemma.perception import posture_share
from security_dilemma.spaces import INTENTS, resolve_intents
from security_dilemma.state import Move, Signal, State
from security_dilemma_training.one_game import Played, one_game
from security_dilemma_training.policies import Bools, Floats, Policy
from security_dilemma_training.replay.accounted import Step, accounted, state_name
from security_dilemma_training.replay.episode import Episode, StateRow, ViewRow
from security_dilemma_training.replay.telling import events, outcome
from security_dilemma_training.replay.why import why

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["Observers", "record_episode"]

DIGITS = 6
"""Significant digits of the numbers of an episode."""


class Observers(Protocol):
    """What holds beliefs about intents in place of the states: all that could be told from what each of them saw."""

    kind: str  # exact or probe

    def along(self, plays: Sequence[Played]) -> Floats:
        """Return the probability that [observer, observed] is greedy at the start of each step and at the end.

        Args:
            plays: The T steps of one game.

        Returns:
            (T + 1, N, N); NaN where there is no belief.
        """
        ...


def record_episode(
    config: RunConfig,
    policy: Policy,
    *,
    seed: int,
    intents: ArrayLike | None = None,
    title: str,
    players: Sequence[str],
    beliefs: Observers | None = None,
    chosen: str | None = None,
) -> Episode:
    """Play one game and record it.

    Args:
        config: The game.
        policy: Decides for every state.
        seed: Seed of the game and of the policy's chance.
        intents: ``security_seeker`` or ``greedy``, one or one per state; None: drawn from the prior.
        title: What the episode is called.
        players: Who plays each state.
        beliefs: What tells the beliefs of each observer along the game; None: none are recorded.
        chosen: How the seed was chosen, where it was looked for, in a sentence.

    Raises:
        ValueError: If an intent is unknown.
    """
    plays = list(one_game(config, policy, seed=seed, intents=intents))
    held = tuple(INTENTS[int(greedy)] for greedy in _greedy(config, plays[0].before, intents))
    steps = accounted(config, plays, held)
    states, total = [], np.zeros(config.game.n_states)
    for step in steps:
        total = total + config.gamma**step.number * step.played.paid
        states += [_state_row(step, i, total[i]) for i in range(config.game.n_states)]
    last = plays[-1].after
    crisis = last.crisis & (config.game.stages is None)
    states += [StateRow(**_standing(last, crisis, held[i], i)) for i in range(config.game.n_states)]
    return Episode(
        title=title,
        world=config.world or config.stage_game or config.label,
        players=tuple(players),
        seed=seed,
        intents=held,
        params=config.resolved()["params"],
        max_cycles=config.game.max_cycles,
        stages=tuple(" or ".join(moves) for moves, _ in config.game.stages or ()),
        outcome=outcome(steps),
        belief_kind=None if beliefs is None else beliefs.kind,
        states=tuple(states),
        views=_views(plays, None if beliefs is None else beliefs.along(plays)),
        events=events(steps),
        chosen=chosen,
    )


def _greedy(config: RunConfig, start: State, intents: ArrayLike | None) -> Any:
    """Which states are greedy, (N,): as given, or as drawn; greed of no worth cannot be told from none."""
    if intents is None:
        return start.greed > 0
    return np.broadcast_to(resolve_intents(intents), (config.game.n_states,))


def _plain(value: Any) -> float:
    return float(f"{float(value):.{DIGITS}g}")


def _standing(state: State, crisis: Bools, intent: str, i: int) -> dict[str, Any]:
    """What is so of a state before it acts."""
    return {
        "step": int(state.steps),
        "state": state_name(i),
        "intent": intent,
        "alive": bool(state.alive[i]),
        "offensive": _plain(state.offensive[i]),
        "defensive": _plain(state.defensive[i]),
        "economy": _plain(state.economy[i]),
        "crisis": bool(crisis[i]),
        "pledged": bool(state.pledged[i]),
    }


def _state_row(step: Step, i: int, total: float) -> StateRow:
    played = step.played
    standing = _standing(played.before, step.can_strike, step.intents[i], i)
    if not standing["alive"]:
        return StateRow(**standing)
    after, at_war = played.after, bool(played.after.belligerent[i])
    defended = [state_name(j) for j in np.flatnonzero(after.support[i]).tolist()]
    return StateRow(
        **standing,
        strike_chance=_plain(step.strike_chance[i]) if step.can_strike[i] else None,
        move=Move(int(after.last_move[i])).name.lower(),
        signal=Signal(int(played.action.signal[i])).name.lower(),
        supports=defended[0] if defended else None,
        struck=bool(after.struck[i]),
        belligerent=at_war,
        won=bool(after.won[i]) if at_war else None,
        win_chance=_plain(step.win_chance[i]) if at_war else None,
        payoff=_plain(played.paid[i]),
        total=_plain(total),
        terms={name: _plain(paid[i]) for name, paid in step.terms.items() if paid[i] != 0},
        why=why(step, i),
    )


def _views(plays: Sequence[Played], beliefs: Floats | None) -> tuple[ViewRow, ...]:
    """What the living make of each other, in every step and at the end."""
    rows = []
    for t, state in enumerate([*(played.before for played in plays), plays[-1].after]):
        share = posture_share(state.offensive, state.defensive)
        for i, j in np.argwhere(state.alive[:, None] & state.alive & ~np.eye(len(state.alive), dtype=bool)).tolist():
            rows.append(
                ViewRow(
                    step=t,
                    observer=state_name(i),
                    observed=state_name(j),
                    dossier=_plain(state.dossier[i, j]),
                    share=_plain(share[j]),
                    reported_arms=_plain(state.reported_arms[i, j]),
                    arms=_plain(state.offensive[j] + state.defensive[j]),
                    belief=None if beliefs is None or np.isnan(beliefs[t, i, j]) else _plain(beliefs[t, i, j]),
                )
            )
    return tuple(rows)
