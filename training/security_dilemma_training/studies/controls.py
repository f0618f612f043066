"""Scripted states that only studies know: controls that show what a metric is like where its cause is sure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from security_dilemma.strategies import Strategy
from security_dilemma_training.action_modes import in_mode
from security_dilemma_training.policies import Policy
from security_dilemma_training.studies.control_power import Challenger, Contagious, Entangled
from security_dilemma_training.studies.control_signals import CostlyListener, CostlySignaller, Separator
from security_dilemma_training.studies.control_states import Believer, Committed, Drifter, Fearful, Racer, Uncommitted

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["CONTROLS"]


def made(kind: type[Strategy], config: RunConfig) -> Policy:
    """Return a scripted state for the games of a config, in their action mode."""
    game = config.game
    options = {"reveal_intents": game.reveal_intents}
    state = kind(config.resolved_params(), game.n_states, game.stages, game.max_cycles, **options)
    return in_mode(state, "multidiscrete", game.action_mode, game.n_states)


STATES: Mapping[str, type[Strategy]] = MappingProxyType(
    {
        "costly_signaller": CostlySignaller,
        "costly_listener": CostlyListener,
        "separator": Separator,
        "believer": Believer,
        "racer": Racer,
        "drifter": Drifter,
        "committed": Committed,
        "uncommitted": Uncommitted,
        "fearful": Fearful,
        "entangled": Entangled,
        "contagious": Contagious,
        "challenger": Challenger,
    }
)
CONTROLS: Mapping[str, Callable[[RunConfig], Policy]] = MappingProxyType(
    {name: partial(made, kind) for name, kind in STATES.items()}
)
"""What makes a control for a game, by its name."""
