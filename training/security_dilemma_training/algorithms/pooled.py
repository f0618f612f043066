"""Actor-critics for any number of states: what a state sees of each other is encoded alike, and then pooled.

An observation holds a state's own entries and a block about every other state. One encoder reads the own entries, one
reads every block. Over the living the encodings are pooled by their mean (Zaheer et al. 2017, "Deep sets", *Advances in
Neural Information Processing Systems* 30) or by attention whose query is the own encoding (Vaswani et al. 2017,
"Attention is all you need", in the same volume). Moves, signals, support for nobody and the value follow from the own
encoding and what was pooled; support for a state also from that state's encoding, by one scorer for all.

So the policy does not depend on how the other states are numbered, an eliminated one does not count, and the weights
have the same shapes whatever N is: those learned with three states play among five. With two states there is no
support; its weights are there and do nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from gymnasium import spaces
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.type_aliases import Schedule
from torch import nn

from security_dilemma.params import Params
from security_dilemma.perception import observation_table
from security_dilemma.state import Move, Signal

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["FIRST", "GAINS", "NEVER", "Layout", "PooledPolicy", "encoder_sizes", "layout_of"]

FIRST = len(Move) + len(Signal) + 1
"""Logits that are there for every N: of moves, of signals and of supporting nobody."""

NEVER = -1e4
"""Logit of supporting an eliminated state: its probability is 0."""

GAINS = {"hidden": math.sqrt(2), "action": 0.01, "value": 1.0}
"""Gains of the orthogonal weights that a network starts with, as in stable-baselines3; scores count as actions."""


class Layout(NamedTuple):
    """What an observation is made of."""

    own: int  # entries about the state itself and the stage
    about: int  # entries about each other state, of which the first is whether it is alive
    others: int  # number of other states, N - 1


def layout_of(config: RunConfig) -> Layout:
    """Return the layout of the observations in games of a config."""
    game = config.game
    table = observation_table(Params(), game.n_states, game.stages, game.max_cycles, reveal_intents=game.reveal_intents)
    names = [entry.name for entry in table]
    own = sum(not name.startswith("other_") for name in names)
    return Layout(own, sum(name.startswith("other_1_") for name in names), game.n_states - 1)


def encoder_sizes(hidden_sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the widths of the encoders' layers: all but the last, which is that of the layer after pooling."""
    return tuple(hidden_sizes[:-1] or hidden_sizes)


class Trunks(nn.Module):
    """The hidden layers of policy and value, each with weights of its own."""

    def __init__(self, layout: Layout, sizes: Sequence[int], activation: type[nn.Module], pooling: str) -> None:
        """Make the layers, see the module."""
        super().__init__()
        self._layout, self._attends = layout, pooling == "attention"
        encoding, width = encoder_sizes(sizes)[-1], sizes[-1]
        for part in ("policy", "value"):
            for name, size in (("own", layout.own), ("other", layout.about)):
                self._add(f"{part}_{name}", (size, *encoder_sizes(sizes)), activation)
            for name in ("query", "key", "value") if self._attends else ():
                self._add(f"{part}_{name}", (encoding, encoding), None)
            self._add(f"{part}_joint", (2 * encoding, width), activation)
        self._add("pair", (width + encoding, width), activation)
        self._add("score", (width, 1), None)

    def forward(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what :meth:`forward_actor` and :meth:`forward_critic` do."""
        return self.forward_actor(rows), self.forward_critic(rows)

    def forward_actor(self, rows: torch.Tensor) -> torch.Tensor:
        """Return what the policy's answers follow from, (rows, width), and with N > 2 the scores of others beside it.

        Args:
            rows: Observations, (rows, obs_dim).
        """
        joint, encodings, living = self._trunk("policy", rows)
        if self._layout.others == 1:
            return joint
        common = joint[:, None].expand(-1, self._layout.others, -1)
        scores = self._net("score")(self._net("pair")(torch.cat([common, encodings], dim=-1)))[..., 0]
        return torch.cat([joint, torch.where(living, scores, NEVER)], dim=-1)

    def forward_critic(self, rows: torch.Tensor) -> torch.Tensor:
        """Return what the value follows from, (rows, width), of observations (rows, obs_dim)."""
        return self._trunk("value", rows)[0]

    def _trunk(self, part: str, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What own entries and pooled others make together, the encodings of the others, and who of them is alive."""
        own, about = rows[:, : self._layout.own], rows[:, self._layout.own :]
        about = about.reshape(len(rows), self._layout.others, self._layout.about)
        living = about[..., 0] > 0
        mine, encodings = self._net(f"{part}_own")(own), self._net(f"{part}_other")(about)
        if self._attends:
            query, keys = self._net(f"{part}_query")(mine), self._net(f"{part}_key")(encodings)
            likeness = (query[:, None] * keys).sum(dim=-1) / math.sqrt(keys.shape[-1])
            shares = torch.where(living, likeness, NEVER).softmax(dim=-1) * living
            pooled = (shares[..., None] * self._net(f"{part}_value")(encodings)).sum(dim=1)
        else:
            count = living.sum(dim=1, keepdim=True).clamp(min=1)
            pooled = (encodings * living[..., None]).sum(dim=1) / count
        return self._net(f"{part}_joint")(torch.cat([mine, pooled], dim=-1)), encodings, living

    def _net(self, name: str) -> nn.Module:
        return self.get_submodule(f"{name}_net")

    def _add(self, name: str, widths: Sequence[int], activation: type[nn.Module] | None) -> None:
        layers: list[nn.Module] = []
        for size, width in pairwise(widths):
            layers += [nn.Linear(size, width), *([activation()] if activation else [])]
        self.add_module(f"{name}_net", nn.Sequential(*layers))


class Answers(nn.Linear):
    """The policy's last layer: :data:`FIRST` logits, behind which the scores of the others stand."""

    def __init__(self, width: int, others: int) -> None:
        """Make the layer."""
        super().__init__(width, FIRST)
        self._others = others

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Return logits, (rows, sum of component sizes), of what :meth:`Trunks.forward_actor` returns."""
        first = super().forward(latent[:, : self.in_features])
        return first[:, :-1] if self._others == 1 else torch.cat([first, latent[:, self.in_features :]], dim=1)


class PooledPolicy(ActorCriticPolicy):
    """The network of stable-baselines3's PPO with hidden layers of :class:`Trunks`, see the module."""

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        lr_schedule: Schedule,
        *,
        layout: Layout,
        pooling: str,
        **options: Any,
    ) -> None:
        """Build the network.

        Args:
            observation_space: Of one state.
            action_space: Of one state, ``multidiscrete``.
            lr_schedule: The learning rate over the training.
            layout: Of observations.
            pooling: ``mean_pooling`` or ``attention``.
            options: As of :class:`ActorCriticPolicy`.
        """
        self._layout, self._pooling = layout, pooling
        super().__init__(observation_space, action_space, lr_schedule, **options)

    def _build(self, lr_schedule: Schedule) -> None:
        assert isinstance(self.net_arch, list)
        width = self.net_arch[-1]
        trunks = Trunks(self._layout, self.net_arch, self.activation_fn, self._pooling)
        self.mlp_extractor = trunks  # type: ignore[assignment]
        self.action_net = Answers(width, self._layout.others)
        self.value_net = nn.Linear(width, 1)
        parts = {"hidden": trunks, "action": self.action_net, "value": self.value_net}
        for name, module in [*parts.items(), ("action", trunks.get_submodule("score_net"))]:
            module.apply(partial(self.init_weights, gain=GAINS[name]))
        self.optimizer = self.optimizer_class(
            self.parameters(),
            lr=lr_schedule(1),  # type: ignore[call-arg]
            **self.optimizer_kwargs,
        )
