"""Observers: what could be told of intents along one game, from all that each state saw and did.

In stage games that the exact solver covers it is the Bayesian posterior given the policies; elsewhere it is the belief
of a probe that has learned from games of the same players (:mod:`security_dilemma_training.beliefs.probe`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from security_dilemma.solver import GameTree, Profile
from security_dilemma.solver.beliefs import posteriors
from security_dilemma.solver.enumeration import Choice
from security_dilemma.state import Move, Signal
from security_dilemma_training.algorithms.policies import Readable
from security_dilemma_training.beliefs.probe import (
    Histories,
    Probe,
    ProbeOptions,
    features_of,
    histories,
    train_probe,
)
from security_dilemma_training.beliefs.scores import exact_game
from security_dilemma_training.one_game import Played
from security_dilemma_training.policies import Floats, Matched, Policy
from security_dilemma_training.replay.recording import Observers

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["Bayesian", "Probing", "observers"]

SAME = 1e-3
"""How far an observation in float32 may be from that of its information set."""

Report = Callable[[float, str], None]


def observers(
    config: RunConfig,
    policy: Policy,
    report: Report = lambda _share, _message: None,
    options: ProbeOptions | None = None,
) -> Observers:
    """Return what holds beliefs along games of a config, exact where that is possible.

    Args:
        config: The games.
        policy: Who plays them.
        report: Called with the share done and a message.
        options: How a probe learns; None: the defaults.
    """
    tree, _ = exact_game(config)
    first, second = _of_state(policy, 0), _of_state(policy, 1)
    if tree is not None and isinstance(first, Readable) and isinstance(second, Readable):
        return Bayesian(tree, tree.behaviour_of(first.probabilities, second.probabilities))
    return Probing(config, _probe(config, policy, options or ProbeOptions(), report))


class Bayesian:
    """The posterior of a stage game, at the information sets that a game passes through."""

    kind = "exact"

    def __init__(self, tree: GameTree, profile: Profile) -> None:
        """Solve for the posteriors of both states."""
        self._tree = tree
        self._greedy = [[found.greedy for found in posteriors(tree, profile, player)] for player in range(2)]

    def along(self, plays: Sequence[Played]) -> Floats:
        """Return the posteriors, see :class:`security_dilemma_training.replay.recording.Observers`; none at the end."""
        belief = np.full((len(plays) + 1, 2, 2), np.nan)
        for player in range(2):
            parent = -1
            for place, played in enumerate(plays):
                found = self._set(place, player, parent, played.observation[player])
                if found is None:
                    break
                belief[place, player, 1 - player] = self._greedy[player][place][found]
                parent = found * self._tree.n_actions(place) + self._action(place, player, played)
        return belief

    def _set(self, place: int, player: int, parent: int, seen: Floats) -> int | None:
        """The information set of what a state saw, after what it did before; None where the tree has none."""
        stage = self._tree.stages[place]
        away = np.abs(stage.observations[player] - seen).max(axis=-1)
        away = np.where(stage.parents[player] == parent, away, np.inf)
        nearest = int(np.argmin(away))
        return nearest if away[nearest] < SAME else None

    def _action(self, place: int, player: int, played: Played) -> int:
        """The place of what a state did among the stage's actions; a signal that is not among them is silence."""
        options = self._tree.stages[place].choices
        move, signal = Move(int(played.after.last_move[player])), Signal(int(played.action.signal[player]))
        heard = signal if signal in {choice.signal for choice in options} else Signal.SILENT
        return options.index(Choice(move, heard))


class Probing:
    """A trained probe, which reads what each state saw and did."""

    kind = "probe"

    def __init__(self, config: RunConfig, probe: Probe) -> None:
        """Take a probe of games of a config."""
        self._config, self._probe = config, probe

    def along(self, plays: Sequence[Played]) -> Floats:
        """Return the probe's beliefs, see :class:`security_dilemma_training.replay.recording.Observers`."""
        game, n = self._config.game, self._config.game.n_states
        seen = np.stack([*(played.observation for played in plays), plays[-1].next_observation])[:, None]
        features = features_of(seen, [played.sent[None] for played in plays], game.action_mode, n)
        greedy = plays[0].before.greed > 0
        others = (np.arange(n)[:, None] + np.arange(1, n)) % n
        trust = np.broadcast_to(np.asarray(self._config.resolved_params().trust, float), (n,))
        read = np.ascontiguousarray(np.moveaxis(features[:, 0], 0, 1))
        there = np.ones((n, len(seen), n - 1), bool)
        found = self._probe.beliefs(Histories(read, there, greedy[others], greedy, trust[others]))
        belief = np.full((len(seen), n, n), np.nan)
        belief[:, np.arange(n)[:, None], others] = np.moveaxis(found, 0, 1)
        return belief


def _of_state(policy: Policy, state: int) -> Policy:
    """Who decides for a state; where states learned independently, each has a policy of its own within a match."""
    while isinstance(policy, Matched) and policy.seats is None:
        policy = policy.policies[state]
    return policy


def _probe(config: RunConfig, policy: Policy, options: ProbeOptions, report: Report) -> Probe:
    """A probe that has learned from games of the same players, their intents drawn from the prior."""
    torch.set_num_threads(config.learner.torch_threads)
    first, second, weights = np.random.SeedSequence(options.seed).generate_state(3).tolist()
    report(0.0, "playing games for the probe of beliefs")
    training = histories(policy, config, options.training_games, first)
    validation = histories(policy, config, options.validation_games, second)
    report(0.3, "training the probe of beliefs")
    return train_probe(training, validation, options, weights)
