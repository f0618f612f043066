"""Learners: stable-baselines3's PPO in self-play, built from the config, and the policies it leaves."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.type_aliases import RolloutBufferSamples
from stable_baselines3.common.vec_env import VecEnv

from security_dilemma import Games
from security_dilemma.actions import ActionMode, component_sizes
from security_dilemma.spaces import action_space, observation_space
from security_dilemma.state import Move
from security_dilemma_training.checkpoints import load_arrays
from security_dilemma_training.faults import ConfigError, Fault

if TYPE_CHECKING:
    from security_dilemma_training.config import LearnerConfig, RunConfig
    from security_dilemma_training.runs import Run

__all__ = ["LearnedPolicy", "LivingRolloutBuffer", "build_games", "build_learner", "falling", "load_policy"]

ACTIVATIONS = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}


class LivingRolloutBuffer(RolloutBuffer):
    """A rollout buffer that leaves out the slots of eliminated states.

    Such a slot observes zeros, and a living state never does: it sees another that is alive. Its filler steps stand
    behind the end of its own episode, so they reach no advantage of a step that counts either.
    """

    def get(self, batch_size: int | None = None) -> Generator[RolloutBufferSamples, None, None]:
        """Yield shuffled batches, as equal in size as can be, of at most ``batch_size`` steps of living states."""
        everything = next(super().get(None))
        living = (everything.observations != 0).any(dim=1)
        batches = math.ceil(int(living.sum()) / (batch_size or len(living)))
        chunks = [torch.tensor_split(part[living], batches) for part in everything]
        for k in range(batches):
            yield RolloutBufferSamples(*(chunk[k] for chunk in chunks))


def build_games(config: RunConfig, n_games: int, seed: int | None = None) -> Games:
    """Return the games that a config describes."""
    game = config.game
    return Games(
        config.resolved_params(),
        n_games,
        n_states=game.n_states,
        max_cycles=game.max_cycles,
        stages=game.stages,
        war=game.war,
        action_mode=game.action_mode,
        reveal_intents=game.reveal_intents,
        signals=game.signals,
        seed=seed,
    )


def falling(start: float, final_share: float) -> Callable[[float], float]:
    """Return a schedule that falls linearly from ``start`` to ``final_share * start`` as training goes on.

    Its argument is the share of the training that remains, from 1 to 0; it is below 0 in the last update where the
    training is rounded up to whole updates, and what falls has then come to its end.
    """
    return lambda remaining: start * (final_share + (1 - final_share) * max(0.0, remaining))


def build_learner(config: RunConfig, vec_env: VecEnv, seed: int | None) -> PPO:
    """Return PPO (Schulman et al. 2017) in self-play: one network, which sees its own intent, plays every slot.

    Args:
        config: The run's config.
        vec_env: The slots to learn in.
        seed: Seed of the network's weights, of its actions and of the games; None leaves the generators alone.

    Raises:
        ConfigError: If this machine does not have the device.
    """
    learner = config.learner
    _require(learner.device)
    torch.set_num_threads(learner.torch_threads)
    model = PPO(
        "MlpPolicy",
        vec_env,
        learning_rate=falling(learner.learning_rate, learner.learning_rate_final_share),
        n_steps=learner.n_steps,
        batch_size=learner.batch_size,
        n_epochs=learner.n_epochs,
        gamma=config.gamma,
        gae_lambda=learner.gae_lambda,
        clip_range=learner.clip_range,
        normalize_advantage=learner.normalize_advantage,
        ent_coef=learner.entropy_coefficient,
        vf_coef=learner.value_coefficient,
        max_grad_norm=learner.max_grad_norm,
        rollout_buffer_class=LivingRolloutBuffer if config.game.n_states > 2 else None,
        policy_kwargs=_network(learner),
        seed=seed,
        device=learner.device,
    )
    if learner.initial_strike_probability is not None:
        _bias_strikes(model.policy, config, learner.initial_strike_probability)
    if learner.initial_value is not None:
        with torch.no_grad():
            model.policy.value_net.weight.zero_()
            model.policy.value_net.bias.fill_(learner.initial_value)
    return model


def _require(device: str) -> None:
    """Refuse a device that is not there; stable-baselines3 would take the processor in its place."""
    kind, _, index = device.partition(":")
    there = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if int(index or 0) >= there.get(kind, 1):
        raise ConfigError([Fault("learner.device", f"= {device!r} is not on this machine: choose 'cpu' or 'auto'")])


def _network(learner: LearnerConfig) -> dict[str, Any]:
    return {"net_arch": list(learner.hidden_sizes), "activation_fn": ACTIVATIONS[learner.activation]}


def _bias_strikes(policy: ActorCriticPolicy, config: RunConfig, probability: float) -> None:
    """Let the untrained policy strike with ``probability`` where it may, and play all else alike."""
    log_odds = math.log(probability / (1 - probability) * (len(Move) - 1))
    rest = math.prod(component_sizes(config.game.n_states)[1:])
    width = rest if config.game.action_mode == "discrete" else 1
    with torch.no_grad():
        bias = policy.action_net.get_parameter("bias")
        bias[Move.STRIKE * width : (Move.STRIKE + 1) * width] = log_odds


class LearnedPolicy:
    """A trained network as a stochastic policy whose chance comes from the caller's generator."""

    def __init__(self, network: ActorCriticPolicy, mode: ActionMode, n_states: int) -> None:
        """Take over a network and put it into evaluation mode."""
        network.set_training_mode(False)
        self._network, self._mode = network, mode
        sizes = component_sizes(n_states)
        self._sizes = (math.prod(sizes),) if mode == "discrete" else sizes

    def act(self, observations: NDArray[Any], mask: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[Any]:
        """Draw an action for every state of every game.

        Args:
            observations: (n_games, n_states, obs_dim).
            mask: Which actions have their effect; the network was trained without it and does not look at it.
            rng: Source of the draws.

        Returns:
            (n_games, n_states, n_components).
        """
        del mask
        lead, output = observations.shape[:-1], self._output(observations)
        if self._mode == "continuous":
            spread = self._network.log_std.exp().detach().numpy()
            drawn = output + spread * rng.standard_normal(output.shape)
            return np.reshape(np.clip(drawn, 0, 1), (*lead, -1))
        parts = self._parts(output + rng.gumbel(size=output.shape))
        return np.stack([part.argmax(axis=-1) for part in parts], axis=-1).reshape(*lead, -1)

    def probabilities(self, observations: NDArray[Any]) -> tuple[NDArray[np.float64], ...]:
        """Return how likely each value of each component of an action is; components are drawn independently.

        Args:
            observations: (..., obs_dim).

        Returns:
            One array (..., size) for each component, in ``discrete`` mode one over all actions.

        Raises:
            ValueError: If the action mode is continuous, where an action has a density.
        """
        if self._mode == "continuous":
            raise ValueError("action_mode = 'continuous' has densities: use 'multidiscrete' or 'discrete'")
        scores = self._output(observations).astype(float)
        odds = [np.exp(part - part.max(axis=-1, keepdims=True)) for part in self._parts(scores)]
        shares = [part / part.sum(axis=-1, keepdims=True) for part in odds]
        return tuple(share.reshape(*observations.shape[:-1], -1) for share in shares)

    def _output(self, observations: NDArray[Any]) -> NDArray[Any]:
        """What the network answers: logits, or means in ``continuous`` mode, (rows, outputs)."""
        rows = np.ascontiguousarray(observations, np.float32).reshape(-1, observations.shape[-1])
        with torch.no_grad():
            latent = self._network.mlp_extractor.forward_actor(torch.as_tensor(rows))
            output: NDArray[Any] = self._network.action_net(latent).numpy()
        return output

    def _parts(self, output: NDArray[Any]) -> list[NDArray[Any]]:
        """The outputs of each component."""
        return np.split(output, np.cumsum(self._sizes)[:-1], axis=-1)


def load_policy(run: Run, path: Path | None = None) -> LearnedPolicy:
    """Rebuild the network of a run from its config and load its weights; no code is read from the file.

    Args:
        run: A trained run.
        path: A policy file for the same network, as that of a response to the run's policy; None: the run's own.

    Raises:
        CheckpointError: If the run is not trained yet, or the file is damaged or of another network.
    """
    config = run.config
    game = config.game
    torch.set_num_threads(config.learner.torch_threads)
    observations = observation_space(
        config.resolved_params(), game.n_states, game.stages, game.max_cycles, reveal_intents=game.reveal_intents
    )
    network = ActorCriticPolicy(
        observations, action_space(game.n_states, game.action_mode), falling(0.0, 1.0), **_network(config.learner)
    )
    load_arrays(path or run.policy_path, network)
    return LearnedPolicy(network, game.action_mode, game.n_states)
