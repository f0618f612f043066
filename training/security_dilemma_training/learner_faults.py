"""Faults of a learner's options that do not fit each other, the game or the schedule."""

from __future__ import annotations

import math

from security_dilemma_training.faults import Fault
from security_dilemma_training.learner_sections import (
    ACTION_MODES_OF,
    ClippedConfig,
    LearnerConfig,
    OffPolicyConfig,
    OnPolicyConfig,
    PPOConfig,
    TabularConfig,
)
from security_dilemma_training.sections import GameConfig

__all__ = ["compiled_partner_faults", "learner_faults"]


def learner_faults(learner: LearnerConfig, game: GameConfig, learners: int, agent_steps: int) -> list[Fault]:
    """Return the faults of a learner's options that do not fit each other, the game or the schedule.

    Args:
        learner: The learner's section.
        game: The shape of the game.
        learners: Number of networks that share the slots and the steps.
        agent_steps: Steps of all of them.
    """
    faults = []
    modes = ACTION_MODES_OF[learner.algorithm]
    if game.action_mode not in modes:
        problem = f"= {game.action_mode!r} cannot be learned by {learner.algorithm}: choose {' or '.join(modes)}"
        faults.append(Fault("game.action_mode", problem, ("learner.algorithm",)))
    if learner.slots % game.n_states:
        near = max(learner.slots // game.n_states, 1) * game.n_states
        problem = f"= {learner.slots} must be a multiple of game.n_states = {game.n_states}: {near}, for example"
        faults.append(Fault("learner.slots", problem, ("game.n_states",)))
    elif isinstance(learner, ClippedConfig):
        faults += _batch_faults(learner, learners)
    elif isinstance(learner, OffPolicyConfig):
        faults += _replay_faults(learner, learner.slots // learners)
        faults += _start_faults(learner, learners, agent_steps)
    if isinstance(learner, TabularConfig) and learner.device not in ("cpu", "auto"):
        faults.append(Fault("learner.device", f"= {learner.device!r}: a table is on the processor, leave it out"))
    strikes = getattr(learner, "initial_strike_probability", None)
    if strikes is not None and game.action_mode == "continuous":
        problem = f"= {strikes} is for the discrete action modes: leave it out"
        faults.append(Fault("learner.initial_strike_probability", problem, ("game.action_mode",)))
    if isinstance(learner, OnPolicyConfig):
        faults += _first_policy_faults(learner)
    if isinstance(learner, PPOConfig) and learner.network != "mlp":
        faults += _pooled_faults(learner, game)
    if isinstance(learner, PPOConfig) and learner.backend == "jax":
        faults += _compiled_faults(learner, game)
    return faults


def compiled_partner_faults(learner: LearnerConfig, scheme: str) -> list[Fault]:
    """Return the fault of a scheme that the compiled path does not have."""
    if not (isinstance(learner, PPOConfig) and learner.backend == "jax") or scheme == "self_play":
        return []
    problem = f"= {scheme!r} is not learned by the jax backend: choose self_play, or learner.backend = 'sb3'"
    return [Fault("partners.scheme", problem, ("learner.backend",))]


def _first_policy_faults(learner: OnPolicyConfig) -> list[Fault]:
    """Return the faults of options of an untrained network where a learned one is gone on from."""
    if learner.start_from is None:
        return []
    problem = "would overwrite what was learned there: leave it out, or set it to null"
    return [
        Fault("learner.start_from", f"= {learner.start_from!r} and {name} = {value} are both given: {name} {problem}")
        for name in ("initial_strike_probability", "initial_value")
        if (value := getattr(learner, name)) is not None
    ]


def _pooled_faults(learner: PPOConfig, game: GameConfig) -> list[Fault]:
    """Return the faults of what the pooled networks do not have."""
    faults = []
    if game.action_mode != "multidiscrete":
        problem = f"= {learner.network!r} answers in multidiscrete mode only, not in {game.action_mode!r}: choose 'mlp'"
        faults.append(Fault("learner.network", problem, ("game.action_mode",)))
    if not learner.hidden_sizes:
        problem = f"= [] leaves {learner.network!r} no layer to pool: give at least one width, or choose network 'mlp'"
        faults.append(Fault("learner.hidden_sizes", problem, ("learner.network",)))
    return faults


def _compiled_faults(learner: PPOConfig, game: GameConfig) -> list[Fault]:
    """Return the faults of what the compiled path does not have."""
    faults = []
    if game.action_mode == "continuous":
        problem = "= 'continuous' is not learned by the jax backend: choose multidiscrete or discrete, or backend 'sb3'"
        faults.append(Fault("game.action_mode", problem, ("learner.backend",)))
    if learner.device == "mps":
        faults.append(Fault("learner.device", "= 'mps' is no device of the jax backend: choose 'cpu' or 'auto'"))
    return faults


def _replay_faults(learner: OffPolicyConfig, slots: int) -> list[Fault]:
    """Return the faults of numbers of agent-steps that are below one step of the slots of one network."""
    return [
        Fault(f"learner.{name}", f"= {value} must be at least the slots of a network = {slots}", ("learner.slots",))
        for name in ("buffer_size", "target_update_every")
        if (value := getattr(learner, name, slots)) < slots
    ]


def _start_faults(learner: OffPolicyConfig, learners: int, agent_steps: int) -> list[Fault]:
    """Return the fault of a training that is over before the first update."""
    rollout = learner.slots // learners * learner.train_every
    steps = math.ceil(agent_steps / learners / rollout) * rollout
    if steps > learner.learning_starts:
        return []
    whose = "" if learners == 1 else " of each learner"
    problem = f"= {learner.learning_starts} must be below the {steps} agent-steps{whose}: nothing would be learned"
    return [Fault("learner.learning_starts", problem, ("schedule.agent_steps", "partners.scheme"))]


def _batch_faults(learner: ClippedConfig, learners: int) -> list[Fault]:
    """Return the fault of a batch size that does not divide what one network learns from in an update."""
    steps = learner.slots // learners * learner.n_steps
    if steps % learner.batch_size == 0:
        return []
    sizes = "slots × n_steps" if learners == 1 else f"slots × n_steps / {learners} learners"
    near = next(k for k in range(min(learner.batch_size, steps), 0, -1) if steps % k == 0)
    problem = f"= {learner.batch_size} must divide {sizes} = {steps}: {near}, for example"
    return [Fault("learner.batch_size", problem, ("learner.slots", "learner.n_steps", "partners.scheme"))]
