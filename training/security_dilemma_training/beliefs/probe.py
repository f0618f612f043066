"""A probe: what can be told of the others' intent from everything that one state has seen and done.

A small recurrent network (GRU, Cho et al. 2014) reads a state's history and gives, after each observation, the
probability that each other state is greedy. It learns from games whose intents are drawn from the prior, so that it
approximates the Bayesian posterior given the policies that are played; other games, held out, are what it is scored on.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch.nn.functional import binary_cross_entropy_with_logits

from security_dilemma.actions import CONTINUOUS_COMPONENTS, ActionMode, component_sizes
from security_dilemma_training.playing import drawn_intents, play
from security_dilemma_training.sections import Frozen
from security_dilemma_training.trajectories import Bools, Floats, Policy, Watched

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["Histories", "Probe", "ProbeOptions", "features_of", "histories", "train_probe"]

Count = Annotated[int, Field(ge=1)]

CERTAINTY = 1e-3
"""A prior is taken to be at least this far from 0 and 1, where logits have no end."""


class ProbeOptions(Frozen):
    """How the probe learns, and on how many games it is scored."""

    training_games: Count = 4000
    """Games that it learns from."""
    validation_games: Count = 1000
    """Games that choose the epoch whose network is kept."""
    held_out_games: Count = 4000
    """Games that it is scored on."""
    epochs: Count = 8
    """Passes over the training games."""
    batch_size: Count = 128
    """Histories of a gradient step."""
    hidden_size: Count = 32
    """Width of the recurrent layer."""
    learning_rate: float = Field(default=5e-3, gt=0)
    """Adam's learning rate, which falls linearly by epoch."""
    seed: int = Field(default=3_000_000, ge=0)
    """Seed, together with the run's own, of the games and the probe."""


class Histories(NamedTuple):
    """What states saw and did. S = games × N histories of T steps and F features; K = N - 1 other states."""

    features: NDArray[np.float32]  # (S, T, F) the observation of a step, and the own action of the step before
    there: Bools  # (S, T, K), the game goes on and both the observer and the other, i+1, i+2, …, are alive
    greedy: Bools  # (S, K), whether that other is greedy
    own_greedy: Bools  # (S,), the observer's own intent
    trust: Floats  # (S, K), prior probability that the other is a security seeker


def histories(policy: Policy, config: RunConfig, games: int, seed: int) -> Histories:
    """Play games whose intents are drawn from the prior, and return what every state saw and did.

    Args:
        policy: Plays all states.
        config: The game.
        games: Number of games.
        seed: Seed of the games and of all chance.
    """
    game, n = config.game, config.game.n_states
    intents_stream, stream = np.random.SeedSequence(seed).generate_state(2).tolist()
    trust = np.broadcast_to(np.asarray(config.resolved_params().trust, float), (games, n))
    watched = Watched(policy)
    intents = drawn_intents(config, games, intents_stream)
    played = play(watched, config, n_games=games, intents=intents, seed=stream)
    features = features_of(np.stack(watched.observations), watched.actions, game.action_mode, n)
    others = (np.arange(n)[:, None] + np.arange(1, n)) % n  # (N, K)
    there = played.present[..., None] & played.present[..., others]
    return Histories(
        _by_observer(features),
        _by_observer(there),
        played.greedy[:, others].reshape(games * n, n - 1),
        played.greedy.reshape(-1),
        trust[:, others].reshape(games * n, n - 1),
    )


def features_of(
    observations: Floats, actions: Sequence[NDArray[Any]], mode: ActionMode, n_states: int
) -> NDArray[np.float32]:
    """Return what a probe reads of each step, (T, G, N, F): its observation and the own action of the step before.

    Args:
        observations: (T, G, N, obs_dim) of T steps of G games.
        actions: (G, N, n_components) of the same steps; that of the last is not needed.
        mode: The action mode.
        n_states: Number of states N.
    """
    done = np.stack([_one_hot(sent, mode, n_states) for sent in actions])
    before = np.concatenate([np.zeros_like(done[:1]), done])[: len(observations)]
    features: NDArray[np.float32] = np.concatenate([observations, before], axis=-1).astype(np.float32)
    return features


class Probe(torch.nn.Module):
    """A GRU over standardised features; it holds the prior until it has learned what moves a belief."""

    def __init__(self, features: int, others: int, hidden_size: int) -> None:
        """Begin with random weights."""
        super().__init__()
        self.mean, self.scale = torch.zeros(features), torch.ones(features)
        self.start = torch.nn.Parameter(torch.zeros(1, 1, hidden_size))
        self.gru = torch.nn.GRU(features, hidden_size, batch_first=True)
        self.head = torch.nn.Linear(hidden_size, others)
        torch.nn.init.zeros_(self.head.weight)
        torch.nn.init.zeros_(self.head.bias)

    def forward(self, features: torch.Tensor, prior: torch.Tensor) -> torch.Tensor:
        """Return the logits of beliefs, (S, T, K); each step sees itself and those before.

        Args:
            features: (S, T, F).
            prior: (S, K), probability that each other is greedy.
        """
        start = self.start.expand(1, len(features), -1).contiguous()
        hidden, _ = self.gru((features - self.mean) / self.scale, start)
        logits: torch.Tensor = self.head(hidden) + torch.logit(prior, CERTAINTY)[:, None]
        return logits

    def beliefs(self, seen: Histories) -> Floats:
        """Return the probability that each other is greedy after each observation, (S, T, K)."""
        with torch.no_grad():
            found: Floats = _logits(self, seen, slice(None)).sigmoid().double().numpy()
        return found


def train_probe(training: Histories, validation: Histories, options: ProbeOptions, seed: int) -> Probe:
    """Learn to tell intents by the log score, which the true posterior maximises.

    Args:
        training: Histories to learn from.
        validation: Histories that choose the epoch to keep.
        options: The probe's options.
        seed: Seed of the weights and of the order of the histories; torch's own generator is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        probe = Probe(training.features.shape[-1], training.greedy.shape[-1], options.hidden_size)
        seen = torch.as_tensor(training.features[training.there.any(axis=-1)])
        probe.mean, probe.scale = seen.mean(dim=0), seen.std(dim=0) + 1e-3
        optimizer = torch.optim.Adam(probe.parameters(), lr=options.learning_rate)
        best, kept = _loss(probe, validation), copy.deepcopy(probe.state_dict())
        for epoch in range(options.epochs):
            for group in optimizer.param_groups:
                group["lr"] = options.learning_rate * (1 - epoch / options.epochs)
            for batch in torch.split(torch.randperm(len(training.features)), options.batch_size):
                optimizer.zero_grad()
                _log_score(probe, training, batch.numpy()).backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(probe.parameters(), 1.0)
                optimizer.step()
            loss = _loss(probe, validation)
            if loss < best:
                best, kept = loss, copy.deepcopy(probe.state_dict())
        probe.load_state_dict(kept)
    return probe


def _log_score(probe: Probe, seen: Histories, which: NDArray[np.intp] | slice) -> torch.Tensor:
    """Mean negative log score of the beliefs of some histories."""
    logits = _logits(probe, seen, which)
    truth = torch.as_tensor(seen.greedy[which], dtype=torch.float32)[:, None].expand_as(logits)
    there = torch.as_tensor(seen.there[which])
    return binary_cross_entropy_with_logits(logits[there], truth[there])


def _logits(probe: Probe, seen: Histories, which: NDArray[np.intp] | slice) -> torch.Tensor:
    prior = torch.as_tensor(1 - seen.trust[which], dtype=torch.float32)
    logits: torch.Tensor = probe(torch.as_tensor(seen.features[which]), prior)
    return logits


def _loss(probe: Probe, seen: Histories) -> float:
    with torch.no_grad():
        return float(_log_score(probe, seen, slice(None)))


def _one_hot(actions: NDArray[Any], mode: ActionMode, n_states: int) -> NDArray[np.float32]:
    """Actions of a step as flags, one for each value of each component; rates as they are."""
    if mode == "continuous":
        return actions.reshape(*actions.shape[:-1], len(CONTINUOUS_COMPONENTS)).astype(np.float32)
    sizes = component_sizes(n_states)
    sizes = (int(np.prod(sizes)),) if mode == "discrete" else sizes
    flags = [actions[..., k, None] == np.arange(size) for k, size in enumerate(sizes)]
    return np.concatenate(flags, axis=-1).astype(np.float32)


def _by_observer(array: NDArray[Any]) -> NDArray[Any]:
    """Rearrange (T, G, N, …) to (S, T, …)."""
    steps, games, n = array.shape[:3]
    return np.ascontiguousarray(np.moveaxis(array, 0, 2)).reshape(games * n, steps, *array.shape[3:])
