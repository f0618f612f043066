"""Best responses to a frozen policy of any kind, learned by stable-baselines3's PPO within a budget."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.policies import ActorCriticPolicy

from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.checkpoints import load_arrays
from security_dilemma_training.learner_sections import PPOConfig
from security_dilemma_training.learners import build_learner
from security_dilemma_training.partner_sections import SelfPlay
from security_dilemma_training.responses.best_response_env import ResponseGames, ResponseVecEnv, seats_of
from security_dilemma_training.sections import Frozen

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig
    from security_dilemma_training.trajectories import Policy

__all__ = ["ResponseOptions", "responder_config", "train_response"]

Report = Callable[[float, str], None]
Several = Annotated[int, Field(ge=2)]

POLICY_STREAM = 1  # keeps the frozen policy's chance apart from the learner's

MANY_STRIKES = 0.5
"""Probability of a strike under every second responder's first policy: it finds out early what war is worth."""


class ResponseOptions(Frozen):
    """The budget of the search for best responses, and the games that measure what they gain."""

    agent_steps: int = Field(default=200_000, ge=1)
    """Steps of the responder in each start, rounded up to whole updates."""
    starts: int = Field(default=3, ge=1)
    """Responders for each intent: the first from the policy's own weights if it has any, the others from random ones;
    validation games choose among them."""
    slots: Several = 128
    """Games side by side, one responder in each; batches shrink in proportion, so that few steps make many updates."""
    validation_games: Several = 4000
    """Games that choose among the responders."""
    games: Several = 20_000
    """Games, disjoint from those, that measure the chosen one."""
    seed: int = Field(default=2_000_000, ge=0)
    """Seed, together with the run's own, of the responders and of all games."""


class _Progress(BaseCallback):
    """Reports progress."""

    def __init__(self, agent_steps: int, report: Report) -> None:
        super().__init__()
        self._agent_steps, self._report = agent_steps, report

    def _on_rollout_start(self) -> None:
        done = min(1.0, self.num_timesteps / self._agent_steps)
        self._report(done, f"{self.num_timesteps:,} steps of the responder")

    def _on_step(self) -> bool:
        return True


def train_response(
    policy: Policy,
    config: RunConfig,
    options: ResponseOptions,
    *,
    greedy: bool,
    start: int,
    seed: int,
    weights: Path | None = None,
    report: Report = lambda _share, _message: None,
) -> ActorCriticPolicy:
    """Learn to answer a policy: one state of each game learns, the others play the policy.

    The learner is PPO with fewer slots, see :func:`responder_config`. Its network sees what a state observes and
    remembers nothing else, so that a best response which depends on more of the past is out of its reach.

    Args:
        policy: Plays all other states; it stays as it is.
        config: The game, and the learner's options.
        options: The budget.
        greedy: The responder's intent; the intents of the others are drawn with the params' trust.
        start: Number of the start: the first begins with ``weights`` if there are any, and of the others every second
            one strikes with probability :data:`MANY_STRIKES` at first, the rest as the config says.
        seed: Seed of the responder, of the games and of the policy's chance.
        weights: A policy file for a network of :func:`responder_config`.
        report: Called with the share done and a message.

    Returns:
        The responder's network.
    """
    game = config.game
    learner = _learner(config, options, start)
    asked = config.model_copy(update={"learner": learner, "partners": SelfPlay()})
    params = config.resolved_params()
    games = ResponseGames(
        params,
        options.slots,
        greedy=greedy,
        seats=seats_of(params, greedy, options.slots, game.n_states),
        n_states=game.n_states,
        max_cycles=game.max_cycles,
        stages=game.stages,
        war=game.war,
        action_mode=game.action_mode,
        reveal_intents=game.reveal_intents,
        signals=game.signals,
    )
    vec_env = ResponseVecEnv(games, policy, np.random.default_rng([seed, POLICY_STREAM]))
    model = build_learner(asked, vec_env, seed)
    assert isinstance(model, PPO)
    if start == 0 and weights is not None:
        load_arrays(weights, model.policy)
    model.set_logger(Logger(None, []))
    update = options.slots * learner.n_steps
    agent_steps = math.ceil(options.agent_steps / update) * update  # rates fall to their end, and not below it
    callbacks = [*ALGORITHMS[learner.algorithm].callbacks(asked), _Progress(agent_steps, report)]
    model.learn(agent_steps, callback=callbacks)
    return model.policy


def responder_config(config: RunConfig) -> RunConfig:
    """Return the config of who answers a policy of ``config``: PPO, with the run's own options if it learned by PPO."""
    learner = config.learner if isinstance(config.learner, PPOConfig) else PPOConfig()
    return config.model_copy(update={"learner": learner, "partners": SelfPlay()})


def _learner(config: RunConfig, options: ResponseOptions, start: int) -> PPOConfig:
    """The responder's learner: fewer slots, as many batches an update, and at first many strikes or not."""
    learner = responder_config(config).learner.narrowed(PPOConfig)
    steps, batches = options.slots * learner.n_steps, learner.slots * learner.n_steps // learner.batch_size
    sizes = (size for size in range(steps // batches, 1, -1) if steps % size == 0)
    changes: dict[str, Any] = {"slots": options.slots, "batch_size": next(sizes, steps), "device": "cpu"}
    changes["start_from"] = None
    if start % 2 and config.game.action_mode != "continuous":
        changes["initial_strike_probability"] = MANY_STRIKES
    return learner.model_copy(update=changes)
