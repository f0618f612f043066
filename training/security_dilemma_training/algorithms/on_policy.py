"""On-policy actor-critics: PPO (Schulman et al. 2017) and A2C (Mnih et al. 2016) of stable-baselines3."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from stable_baselines3 import A2C, PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.policies import ActorCriticPolicy, BasePolicy
from stable_baselines3.common.type_aliases import RolloutBufferSamples
from stable_baselines3.common.vec_env import VecEnv

from security_dilemma.actions import component_sizes
from security_dilemma.state import Move
from security_dilemma_training.algorithms.algorithm import Algorithm, falling, layers, spaces_of
from security_dilemma_training.algorithms.policies import LearnedPolicy
from security_dilemma_training.algorithms.pooled import PooledPolicy, layout_of
from security_dilemma_training.learner_sections import A2CConfig, ClippedConfig, OnPolicyConfig, PPOConfig

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig
    from security_dilemma_training.trajectories import Policy

__all__ = [
    "A2CAlgorithm",
    "BatchedBootstrap",
    "EntropyAnnealing",
    "LivingRolloutBuffer",
    "OnPolicy",
    "PPOAlgorithm",
    "clipped_options",
    "strike_bias",
]


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
            yield type(everything)(*(chunk[k] for chunk in chunks))


class BatchedBootstrap(BaseCallback):
    """Bootstraps all slots that ran into the time limit at once.

    Stable-baselines3 does the same one slot at a time, with a forward pass each; here the values of all last
    observations are taken in one, and its own loop finds nothing left to do.
    """

    def _on_step(self) -> bool:
        infos, rewards, dones = self.locals["infos"], self.locals["rewards"], self.locals["dones"]
        late = [slot for slot in dones.nonzero()[0].tolist() if infos[slot].get("TimeLimit.truncated")]
        if late:
            last_seen = torch.stack([torch.as_tensor(infos[slot].pop("terminal_observation")) for slot in late])
            assert isinstance(self.model, OnPolicyAlgorithm)
            with torch.no_grad():
                values = self._values(last_seen.to(self.model.device), late)
            rewards[late] += self.model.gamma * values.flatten().cpu().numpy()
        return True

    def _values(self, last_seen: torch.Tensor, slots: list[int]) -> torch.Tensor:
        """The values of last observations, (k, obs_dim), of the given slots."""
        del slots
        assert isinstance(self.model, OnPolicyAlgorithm)
        return self.model.policy.predict_values(last_seen)


class EntropyAnnealing(BaseCallback):
    """Lets the entropy's weight fall over the training, and logs it with the mean value of what was collected."""

    def __init__(self, learner: OnPolicyConfig) -> None:
        """Take the weight's start and final share from the learner's options."""
        super().__init__()
        self._entropy = falling(learner.entropy_coefficient, learner.entropy_final_share)

    def _on_rollout_start(self) -> None:
        assert isinstance(self.model, OnPolicyAlgorithm)
        self.model.ent_coef = self._entropy(1 - self.num_timesteps / self.model._total_timesteps)

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        assert isinstance(self.model, OnPolicyAlgorithm)
        self.logger.record("train/entropy_coefficient", self.model.ent_coef)
        self.logger.record("train/mean_value", float(self.model.rollout_buffer.values.mean()))


class OnPolicy(Algorithm):
    """What on-policy actor-critics have in common."""

    section: ClassVar[type[OnPolicyConfig]]
    on_policy = True
    library: ClassVar[type[OnPolicyAlgorithm]]
    network_class: ClassVar[type[BasePolicy]] = ActorCriticPolicy

    @abstractmethod
    def options(self, config: RunConfig) -> dict[str, Any]:
        """Return the arguments of the library's class that not all of these algorithms have."""

    def kind(self, config: RunConfig) -> type[BasePolicy]:
        """Return the network's class."""
        del config
        return self.network_class

    def network_options(self, config: RunConfig) -> dict[str, Any]:
        """Return the arguments of the network's class, besides its spaces."""
        return layers(config.learner.narrowed(self.section))

    def build(self, config: RunConfig, vec_env: VecEnv, seed: int | None) -> OnPolicyAlgorithm:
        """Return a learner, see :meth:`Algorithm.build`."""
        learner = config.learner.narrowed(self.section)
        model = self.library(
            self.kind(config),  # type: ignore[arg-type]  # some of the libraries have base classes of their own
            vec_env,
            learning_rate=falling(learner.learning_rate, learner.learning_rate_final_share),
            n_steps=learner.n_steps,
            gamma=config.gamma,
            gae_lambda=learner.gae_lambda,
            ent_coef=learner.entropy_coefficient,
            vf_coef=learner.value_coefficient,
            max_grad_norm=learner.max_grad_norm,
            policy_kwargs=self.network_options(config),
            seed=seed,
            device=learner.device,
            **self.options(config),
        )
        if learner.initial_strike_probability is not None:
            _bias_strikes(model.policy, config, learner.initial_strike_probability, self.other_moves(config))
        if learner.initial_value is not None:
            with torch.no_grad():
                model.policy.value_net.weight.zero_()
                model.policy.value_net.bias.fill_(learner.initial_value)
        return model

    def other_moves(self, config: RunConfig) -> int:
        """Return how many moves the policy draws besides a strike where it may strike."""
        del config
        return len(Move) - 1

    def network(self, config: RunConfig) -> torch.nn.Module:
        """Return a network, see :meth:`Algorithm.network`."""
        return self.kind(config)(*spaces_of(config), falling(0.0, 1.0), **self.network_options(config))

    def policy(self, network: torch.nn.Module, config: RunConfig) -> Policy:
        """Return the stochastic policy of a network."""
        assert isinstance(network, ActorCriticPolicy)
        return LearnedPolicy(network, config.game.action_mode, config.game.n_states)

    def callbacks(self, config: RunConfig) -> list[BaseCallback]:
        """Return the bootstrap at the time limit and the annealing of the entropy."""
        return [BatchedBootstrap(), EntropyAnnealing(config.learner.narrowed(self.section))]


class PPOAlgorithm(OnPolicy):
    """Proximal policy optimisation."""

    section = PPOConfig
    library = PPO

    def options(self, config: RunConfig) -> dict[str, Any]:
        """Return PPO's own arguments."""
        return clipped_options(config.learner.narrowed(PPOConfig)) | {"rollout_buffer_class": _buffer(config)}

    def kind(self, config: RunConfig) -> type[BasePolicy]:
        """Return the network's class: layers over the whole observation, or such as pool the other states."""
        return ActorCriticPolicy if config.learner.narrowed(PPOConfig).network == "mlp" else PooledPolicy

    def network_options(self, config: RunConfig) -> dict[str, Any]:
        """Return the arguments of the network's class, besides its spaces."""
        pooling = config.learner.narrowed(PPOConfig).network
        pooled = {} if pooling == "mlp" else {"layout": layout_of(config), "pooling": pooling}
        return super().network_options(config) | pooled


class A2CAlgorithm(OnPolicy):
    """Advantage actor-critic, synchronous."""

    section = A2CConfig
    library = A2C

    def options(self, config: RunConfig) -> dict[str, Any]:
        """Return A2C's own arguments."""
        learner = config.learner.narrowed(A2CConfig)
        return {"normalize_advantage": learner.normalize_advantage, "rollout_buffer_class": _buffer(config)}


def clipped_options(learner: ClippedConfig) -> dict[str, Any]:
    """Return the arguments of PPO and its kin that other on-policy algorithms do not have."""
    names = ("batch_size", "n_epochs", "clip_range", "normalize_advantage")
    return {name: getattr(learner, name) for name in names}


def _buffer(config: RunConfig) -> type[RolloutBuffer] | None:
    """The rollout buffer where states may be eliminated and the others go on; None is the library's own."""
    return LivingRolloutBuffer if config.game.n_states > 2 else None


def strike_bias(config: RunConfig, probability: float, others: int = len(Move) - 1) -> tuple[slice, float]:
    """Return which logits are those of striking, and the bias by which an untrained policy strikes with a probability.

    Args:
        config: The run's config, of a discrete action mode.
        probability: Of a strike, where the policy may strike.
        others: Number of other moves, which it plays all alike.
    """
    rest = math.prod(component_sizes(config.game.n_states)[1:])
    width = rest if config.game.action_mode == "discrete" else 1
    log_odds = math.log(probability / (1 - probability) * others)
    return slice(Move.STRIKE * width, (Move.STRIKE + 1) * width), log_odds


def _bias_strikes(policy: ActorCriticPolicy, config: RunConfig, probability: float, others: int) -> None:
    """Let the untrained policy strike with ``probability`` where it may, and play all ``others`` alike."""
    which, log_odds = strike_bias(config, probability, others)
    with torch.no_grad():
        policy.action_net.get_parameter("bias")[which] = log_odds
