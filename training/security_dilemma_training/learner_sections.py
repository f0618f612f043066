"""The learners of a config: one section for each algorithm, with the options that it has, their ranges and meanings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Discriminator, Field, Tag

from security_dilemma.actions import ActionMode
from security_dilemma_training.faults import ConfigError, Fault
from security_dilemma_training.sections import Count, Frozen, Share

__all__ = [
    "ACTION_MODES_OF",
    "ALGORITHM_NAMES",
    "A2CConfig",
    "ClippedConfig",
    "ContinuousConfig",
    "DQNConfig",
    "Learner",
    "LearnerConfig",
    "MaskablePPOConfig",
    "NetworkConfig",
    "OffPolicyConfig",
    "OnPolicyConfig",
    "PPOConfig",
    "QRDQNConfig",
    "RecurrentPPOConfig",
    "SACConfig",
    "TD3Config",
    "TabularConfig",
    "ValueConfig",
]

Sizes = Annotated[tuple[Count, ...], Field(strict=False)]
Positive = Annotated[float, Field(gt=0)]
Kind = TypeVar("Kind", bound="LearnerConfig")


class LearnerConfig(Frozen):
    """What all learners have in common.

    The discount is no option: it is the game's own, see :attr:`RunConfig.gamma`.
    """

    algorithm: str
    """The learning algorithm."""
    slots: int = Field(default=512, ge=2)
    """Agents that learn side by side: the number of learning states times the number of games."""
    learning_rate: Positive = 1e-3
    """Step size at the start."""
    learning_rate_final_share: Share = 0.0
    """The learning rate falls linearly to this share of itself."""
    device: str = Field(default="cpu", pattern=r"^(auto|cpu|mps|cuda(:[0-9]+)?)$")
    """Where the network computes."""
    torch_threads: Count = 1
    """Threads of a worker process."""
    tuned: bool = False
    """Whether options that are left out take the values found by `security-dilemma tune` for the world's family."""

    def narrowed(self, kind: type[Kind]) -> Kind:
        """Return this very learner as one of a kind, for what only learners of that kind have.

        Raises:
            ConfigError: If it is of another kind.
        """
        if not isinstance(self, kind):
            kinds = " or ".join(
                name for name, model in zip(ALGORITHM_NAMES, MODELS, strict=True) if issubclass(model, kind)
            )
            raise ConfigError([Fault("learner.algorithm", f"= {self.algorithm!r} must be {kinds} here")])
        return self


class NetworkConfig(LearnerConfig):
    """What learners with a network have in common."""

    hidden_sizes: Sizes = (64, 64)
    """Widths of the hidden layers."""
    activation: Literal["tanh", "relu"] = "tanh"
    """Activation of the hidden layers."""


class OnPolicyConfig(NetworkConfig):
    """What learners from fresh steps have in common: a policy and a value, updated after every rollout."""

    n_steps: Count = 32
    """Steps of every slot between two updates."""
    entropy_coefficient: float = Field(default=0.03, ge=0)
    """Weight of the policy's entropy at the start."""
    entropy_final_share: Share = 0.05
    """The entropy's weight falls linearly to this share of itself."""
    gae_lambda: Share = 0.95
    """Weight of later steps in generalised advantage estimation."""
    value_coefficient: float = Field(default=0.5, ge=0)
    """Weight of the value's loss."""
    max_grad_norm: Positive = 0.5
    """Gradients are clipped to this norm."""
    normalize_advantage: bool = True
    """Whether advantages are normalised by batch; that rescales the precision of quantal responses."""
    initial_strike_probability: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Probability of a strike under the first policy, in the discrete modes; null: one of five moves."""
    initial_value: float | None = None
    """What the untrained critic expects of every state, in units of an undisturbed peaceful future; null: what its
    random weights say, which differs by seed."""
    start_from: Annotated[str, Field(min_length=1)] | None = None
    """Run folder whose learned policy and value are gone on from, with everything else begun anew; null: none."""


class ClippedConfig(OnPolicyConfig):
    """What proximal policy optimisation (Schulman et al. 2017) and its kin have in common."""

    batch_size: int = Field(default=4096, ge=2)
    """Agent-steps of a gradient step; divides slots times n_steps."""
    n_epochs: Count = 4
    """Passes over the collected steps in an update."""
    clip_range: Positive = 0.2
    """How far an update may move the probability ratio from 1."""


class PPOConfig(ClippedConfig):
    """Proximal policy optimisation (Schulman et al. 2017)."""

    algorithm: Literal["ppo"] = "ppo"
    """The learning algorithm."""
    backend: Literal["sb3", "jax"] = "sb3"
    """What learns: stable-baselines3, or the same algorithm compiled by JAX, for self-play in the discrete modes."""
    lanes: Count | None = None
    """Runs that the jax backend trains side by side in one process; null: 8, on an accelerator 256."""
    network: Literal["mlp", "mean_pooling", "attention"] = "mlp"
    """What policy and value see: all entries at once (mlp), or each other state by one encoder, pooled by mean or by
    attention, so that what is learned plays games of any number of states; pooled ones in multidiscrete mode only."""


class MaskablePPOConfig(ClippedConfig):
    """PPO whose policy never chooses an action that would have no effect (Huang & Ontañón 2022)."""

    algorithm: Literal["maskable_ppo"] = "maskable_ppo"
    """The learning algorithm."""


class RecurrentPPOConfig(ClippedConfig):
    """PPO whose policy and value remember what they have seen of the game in an LSTM layer."""

    algorithm: Literal["recurrent_ppo"] = "recurrent_ppo"
    """The learning algorithm."""
    lstm_size: Count = 32
    """Width of the LSTM layer."""


class A2CConfig(OnPolicyConfig):
    """Advantage actor-critic (Mnih et al. 2016, synchronous): one gradient step on every rollout."""

    algorithm: Literal["a2c"] = "a2c"
    """The learning algorithm."""
    n_steps: Count = 8
    """Steps of every slot between two updates."""
    normalize_advantage: bool = False
    """Whether advantages are normalised by batch; that rescales the precision of quantal responses."""


class OffPolicyConfig(NetworkConfig):
    """What learners from replayed steps have in common."""

    slots: int = Field(default=128, ge=2)
    """Agents that learn side by side: the number of learning states times the number of games."""
    buffer_size: Count = 100_000
    """Agent-steps that are remembered."""
    learning_starts: int = Field(default=5_000, ge=0)
    """Agent-steps played at random before the first update."""
    batch_size: int = Field(default=512, ge=2)
    """Agent-steps of a gradient step."""
    train_every: Count = 4
    """Steps of every slot between two updates."""
    gradient_steps: Count = 8
    """Gradient steps of an update."""


class ValueConfig(OffPolicyConfig):
    """What learners of action values have in common."""

    target_update_every: Count = 10_000
    """Agent-steps between two copies of the network into its target."""
    exploration_share: Annotated[float, Field(gt=0, le=1)] = 0.3
    """Share of the training over which exploration falls."""
    exploration_final: Share = 0.02
    """Probability of a random action afterwards."""
    max_grad_norm: Positive = 10.0
    """Gradients are clipped to this norm."""


class DQNConfig(ValueConfig):
    """Deep Q-learning (Mnih et al. 2015)."""

    algorithm: Literal["dqn"] = "dqn"
    """The learning algorithm."""


class QRDQNConfig(ValueConfig):
    """Quantile regression deep Q-learning (Dabney et al. 2018)."""

    algorithm: Literal["qr_dqn"] = "qr_dqn"
    """The learning algorithm."""
    n_quantiles: Count = 16
    """Quantiles of the return by which an action is valued."""


class ContinuousConfig(OffPolicyConfig):
    """What off-policy actor-critics have in common."""

    target_share: Annotated[float, Field(gt=0, le=1)] = 0.005
    """Share by which a gradient step moves the target network towards the network (τ)."""


class SACConfig(ContinuousConfig):
    """Soft actor-critic (Haarnoja et al. 2018), which sets the entropy's weight itself."""

    algorithm: Literal["sac"] = "sac"
    """The learning algorithm."""
    initial_entropy_weight: Positive = 0.05
    """Weight of the policy's entropy at the start, in undisturbed peaceful futures per nat."""


class TD3Config(ContinuousConfig):
    """Twin delayed deep deterministic policy gradients (Fujimoto et al. 2018)."""

    algorithm: Literal["td3"] = "td3"
    """The learning algorithm."""
    action_noise: float = Field(default=0.1, ge=0)
    """Standard deviation of the noise added to actions while learning."""


class TabularConfig(LearnerConfig):
    """Q-learning (Watkins & Dayan 1992) in a table over a few cells of the observation."""

    algorithm: Literal["tabular"] = "tabular"
    """The learning algorithm."""
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Step size at the start."""
    cells: Annotated[int, Field(ge=1, le=8)] = 3
    """Cells into which arms and dossiers are divided."""
    initial_value: float = 1.0
    """Value of every action at the start, in units of an undisturbed peaceful future."""
    temperature: Positive = 0.1
    """Temperature of the Boltzmann policy at the start, in the same units."""
    temperature_final_share: Share = 0.1
    """The temperature falls linearly to this share of itself."""


MODELS: tuple[type[LearnerConfig], ...] = (
    *(PPOConfig, A2CConfig, MaskablePPOConfig, RecurrentPPOConfig),
    *(DQNConfig, QRDQNConfig, SACConfig, TD3Config, TabularConfig),
)
ALGORITHM_NAMES: tuple[str, ...] = tuple(str(model.model_fields["algorithm"].default) for model in MODELS)
"""The algorithms, by the names that configs have for them."""

ACTION_MODES_OF: dict[str, tuple[ActionMode, ...]] = {
    **dict.fromkeys(("ppo", "a2c", "recurrent_ppo"), ("multidiscrete", "discrete", "continuous")),
    "maskable_ppo": ("multidiscrete", "discrete"),
    **dict.fromkeys(("dqn", "qr_dqn", "tabular"), ("discrete",)),
    **dict.fromkeys(("sac", "td3"), ("continuous",)),
}
"""The action modes that an algorithm can learn; the first is taken where the config leaves it out."""


def _algorithm(learner: Any) -> Any:
    if isinstance(learner, Mapping):
        return learner.get("algorithm", "ppo")
    return getattr(learner, "algorithm", None)


Learner = Annotated[
    Annotated[PPOConfig, Tag("ppo")]
    | Annotated[A2CConfig, Tag("a2c")]
    | Annotated[MaskablePPOConfig, Tag("maskable_ppo")]
    | Annotated[RecurrentPPOConfig, Tag("recurrent_ppo")]
    | Annotated[DQNConfig, Tag("dqn")]
    | Annotated[QRDQNConfig, Tag("qr_dqn")]
    | Annotated[SACConfig, Tag("sac")]
    | Annotated[TD3Config, Tag("td3")]
    | Annotated[TabularConfig, Tag("tabular")],
    Discriminator(_algorithm),
]
"""One of the algorithms, told by ``algorithm``; without it, PPO."""
