"""Stage games learned by stable-baselines3: real runs of a stage game, prepared starts, and exact readings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO

from security_dilemma import Games
from security_dilemma.actions import component_sizes
from security_dilemma.chance import Draws
from security_dilemma.dynamics import initial
from security_dilemma.params import PARAMETERS, Params
from security_dilemma.perception import observation_table, observe
from security_dilemma.stage_games import StageGame
from security_dilemma.state import Move, Signal
from security_dilemma_training.checkpoints import save_training
from security_dilemma_training.config import RunConfig, config_hash, parse
from security_dilemma_training.learner_sections import OnPolicyConfig
from security_dilemma_training.learners import LearnedPolicy, build_games, load_policy
from security_dilemma_training.runs import Run
from security_dilemma_training.schemes import build_scheme
from security_dilemma_training.train import train

__all__ = ["Rule", "after", "at_start", "learned", "run_config", "stage_config", "strikes"]

Floats = NDArray[np.floating[Any]]
Rule = Callable[[Mapping[str, Floats]], tuple[Floats, Floats]]
"""A readable strategy: what is observed, (rows,) for each entry's name -> moves and signals, (rows,) each."""

PREPARING_STEPS = 300
PREPARING_RATE = 1e-2
PREPARING_GAMES = 256
TREMBLE = 0.05
"""Chance with which a prepared start plays at random in each component, so that deviations are tried."""


def run_config(
    name: str, params: Params, shape: Mapping[str, Any], learner: Mapping[str, Any], updates: int
) -> RunConfig:
    """Return the config of a run of so many updates.

    Args:
        name: Its name.
        params: The game's parameters.
        shape: What ``game`` holds in a config.
        learner: Options of the learner.
        updates: Number of updates.

    Raises:
        ConfigError: Listing every fault of the options.
    """
    values = {key: np.asarray(getattr(params, key), object).tolist() for key in PARAMETERS}
    data = {"name": name, "params": values, "game": dict(shape), "learner": dict(learner)}
    options = parse(data, RunConfig).learner.narrowed(OnPolicyConfig)
    steps = updates * options.slots * options.n_steps
    schedule = {"agent_steps": steps, "checkpoint_every": steps}
    return parse(data | {"schedule": schedule, "output": {"tensorboard": False}}, RunConfig)


def stage_config(name: str, game: StageGame, learner: Mapping[str, Any], updates: int) -> RunConfig:
    """Return the config of a run of a stage game, see :func:`run_config`.

    Raises:
        ConfigError: Listing every fault of the options.
    """
    shape = {name: value for name, value in game.arguments().items() if name != "params"}
    return run_config(name, game.params, shape, learner, updates)


def learned(config: RunConfig, seed: int, folder: Path, start: Rule | None = None) -> LearnedPolicy:
    """Train in a run folder of its own below ``folder`` and return the policy; a finished run is read only.

    Args:
        config: What to learn.
        seed: Seed of the run.
        folder: Folder of the experiment's runs.
        start: What the first policy plays, but for :data:`TREMBLE`; None: an untrained network.

    Raises:
        RunError: If another process trains this run.
    """
    run = Run.create(folder / f"{config.label}-{config_hash(config.resolved())[:10]}" / f"seed_{seed}", config, seed)
    if start is not None and not run.finished and not run.checkpoint_path.exists():
        _prepare(run, start)
    train(run, lambda _share, _message: None)
    policy = load_policy(run)
    assert isinstance(policy, LearnedPolicy)
    return policy


def at_start(game: StageGame, *, greedy: bool = False, initiatives: int = 1) -> Floats:
    """Return what a state observes at the start, by private benefit of striking.

    Args:
        game: The stage game.
        greedy: Its intent.
        initiatives: Number of equally likely private benefits, the midpoints of as many equal parts of their range.

    Returns:
        (initiatives, obs_dim), as the first of the two states sees it.
    """
    both = np.ones((initiatives, 2))
    grid = (np.arange(initiatives) + 0.5) / initiatives
    draws = Draws(intent=both, initiative=both * grid[:, None], balance=both[:, 0] / 2, perception=0 * both)
    state = initial(game.params, draws, game.stages, intents=both * greedy)
    observations: Floats = observe(game.params, state, game.stages)[:, 0]
    return observations


def after(game: StageGame, intents: Sequence[int], *played: Sequence[tuple[Move, Signal]]) -> Floats:
    """Return what both states observe after some stages of a game that does not end by war, (2, obs_dim).

    Args:
        game: The stage game.
        intents: 1 for greedy and 0 for a security seeker, of both.
        played: (move, signal) of both, for each stage played.
    """
    games = Games(game.params, 1, stages=game.stages, war=game.war, max_cycles=len(game.stages), seed=0)
    observations = games.reset(0, intents=np.array([intents]))
    for actions in played:
        observations, *_ = games.step(np.array([[(int(move), int(signal)) for move, signal in actions]]))
    seen: Floats = observations[0]
    return seen


def strikes(policy: LearnedPolicy, observations: Floats) -> float:
    """Return the mean probability of striking over observations (rows, obs_dim)."""
    return float(policy.probabilities(observations)[0][..., Move.STRIKE].mean())


def _prepare(run: Run, rule: Rule) -> None:
    """Let the run begin with a network that plays by a rule but for trembles: a checkpoint before the first step.

    The critic is fitted to what the prepared policy earns; an untrained one would shake it.
    """
    config = run.config
    scheme = build_scheme(config, run.seed)
    (model,) = scheme.models
    assert isinstance(model, PPO)
    network = model.policy
    observations = _tried(config, run.seed)
    table = observation_table(config.resolved_params(), 2, config.game.stages, config.game.max_cycles)
    chosen = np.stack(rule({entry.name: observations[:, entry.place] for entry in table}), axis=-1)
    targets, rows = torch.as_tensor(chosen.astype(np.int64)), torch.as_tensor(observations)

    def imitation() -> torch.Tensor:
        logits = network.action_net(network.mlp_extractor.forward_actor(rows)).split(component_sizes(2), dim=-1)
        return torch.stack([_divergence(part, targets[:, k]) for k, part in enumerate(logits)]).sum()

    _fit([*network.mlp_extractor.policy_net.parameters(), *network.action_net.parameters()], imitation)
    seen, returns = (torch.as_tensor(part) for part in _earned(run, LearnedPolicy(network, "multidiscrete", 2)))

    def surprise() -> torch.Tensor:
        return ((network.predict_values(seen).flatten() - returns) ** 2).mean()

    _fit([*network.mlp_extractor.value_net.parameters(), *network.value_net.parameters()], surprise)
    model.learn(0)  # begins, so that there is a first observation to save
    save_training(run.checkpoint_path, scheme.state())


def _fit(weights: Sequence[torch.nn.Parameter], loss: Callable[[], torch.Tensor]) -> None:
    optimizer = torch.optim.Adam(weights, PREPARING_RATE)
    for _ in range(PREPARING_STEPS):
        optimizer.zero_grad()
        loss().backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def _earned(run: Run, policy: LearnedPolicy) -> tuple[Floats, Floats]:
    """What states see in games of a policy, (rows, obs_dim), and what they earn from there on, (rows,)."""
    games = build_games(run.config, PREPARING_GAMES, run.seed)
    rng, observations = np.random.default_rng(run.seed), games.reset(run.seed)
    steps: list[tuple[Floats, Floats, NDArray[np.bool_]]] = []
    for _ in range(2 * games.max_cycles):
        before = observations
        observations, rewards, _, _, info = games.step(policy.act(before, games.action_mask(), rng))
        steps.append((before, rewards, np.isin(np.arange(games.n_games), info["ended"])))
    seen, returns = [], []
    to_come, whole = np.zeros((games.n_games, 2), np.float32), np.zeros(games.n_games, bool)
    for before, rewards, ended in reversed(steps):
        whole = whole | ended
        to_come = rewards + np.where(ended[:, None], 0, to_come)
        seen.append(before[whole].reshape(-1, games.obs_dim))
        returns.append(to_come[whole].reshape(-1))
    return np.concatenate(seen).astype(np.float32), np.concatenate(returns).astype(np.float32)


def _tried(config: RunConfig, seed: int) -> Floats:
    """What states see in games at random, (rows, obs_dim)."""
    games = build_games(config, PREPARING_GAMES, seed)
    rng, seen = np.random.default_rng(seed), [games.reset(seed)]
    for _ in range(2 * config.game.max_cycles - 1):
        actions = np.stack([rng.integers(0, size, (games.n_games, 2)) for size in component_sizes(2)], axis=-1)
        seen.append(games.step(actions)[0])
    return np.concatenate([np.ascontiguousarray(part, np.float32).reshape(-1, games.obs_dim) for part in seen])


def _divergence(logits: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """Mean cross entropy from a rule that plays ``chosen`` but for trembles."""
    log_chances = logits.log_softmax(dim=-1)
    picked = log_chances.gather(1, chosen[:, None])[:, 0]
    return -((1 - TREMBLE) * picked + TREMBLE * log_chances.mean(dim=-1)).mean()
