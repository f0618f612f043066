"""Players of a condition that learns nothing: conditions that did, scripted states, and controls."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from security_dilemma.params import nearest
from security_dilemma.stages import MAX_STATES
from security_dilemma.strategies import ALLIANCE_STRATEGIES, strategies_of, strategy_fault
from security_dilemma_training.faults import Fault
from security_dilemma_training.players import player
from security_dilemma_training.policies import Policy
from security_dilemma_training.studies.controls import CONTROLS

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["is_scripted", "scripted", "scripted_faults"]


def is_scripted(name: str) -> bool:
    """Return whether a player's name is that of a control or of a scripted state."""
    return name in CONTROLS or name in strategies_of(MAX_STATES)


def scripted(name: str, config: RunConfig) -> Policy:
    """Return the control or the scripted state of a name, for a game."""
    return CONTROLS[name](config) if name in CONTROLS else player(name, config, trusted=False)


def scripted_faults(key: str, players: Sequence[str], learning: Collection[str], n_states: int) -> Iterator[Fault]:
    """Yield the faults of a condition's players.

    Args:
        key: Where they stand.
        players: Their names.
        learning: The conditions that learn.
        n_states: Number of states of the game.
    """
    names = [*learning, *CONTROLS, *strategies_of(n_states)]
    for name in players:
        if name in ALLIANCE_STRATEGIES and name not in names:
            yield Fault(key, f"= {name!r} {strategy_fault(name, n_states)}")
        elif name not in names:
            yield Fault(
                key, f"= {name!r} is neither a condition that learns nor a scripted state: {nearest(name, names)}"
            )
    if len(players) not in (1, n_states):
        yield Fault(key, f"= {list(players)} must be one name, or one for each of {n_states} states")
