"""PPO with invalid actions masked (Huang & Ontañón 2022), of sb3-contrib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.buffers import MaskableRolloutBuffer
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy

from security_dilemma.actions import component_sizes
from security_dilemma.perception import observation_table
from security_dilemma.stages import MOVE_NAMES, allowed_signals
from security_dilemma.state import Move
from security_dilemma_training.algorithms.on_policy import LivingRolloutBuffer, OnPolicy, clipped_options
from security_dilemma_training.algorithms.policies import ActorCritic, drawn, shares
from security_dilemma_training.learner_sections import MaskablePPOConfig

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig

__all__ = ["LivingMaskableRolloutBuffer", "MaskablePPOAlgorithm", "MaskedPolicy", "Masks"]


class LivingMaskableRolloutBuffer(LivingRolloutBuffer, MaskableRolloutBuffer):  # type: ignore[misc]
    """The same as :class:`LivingRolloutBuffer`, with masks."""


class Masks:
    """Which actions have their effect, read from observations alone: all that decides it is observed."""

    def __init__(self, config: RunConfig) -> None:
        """Take the shape of the game."""
        game = config.game
        table = observation_table(
            config.resolved_params(), game.n_states, game.stages, game.max_cycles, reveal_intents=game.reveal_intents
        )
        places = {entry.name: entry.place for entry in table}
        self._crisis = places["own_crisis"]
        self._stages = [places[f"stage_{k}"] for k in range(len(game.stages or ()))]
        self._alive = [places[f"other_{k}_alive"] for k in range(1, game.n_states)]
        enabled = [[name in moves for name in MOVE_NAMES] for moves, _ in game.stages or ()]
        self._enabled = np.array(enabled or [[True] * len(Move)])
        self._enabled[:, Move.HOLD] = True
        self._heard, self._flat = np.array(allowed_signals(game.signals)), game.action_mode == "discrete"
        self._sizes = component_sizes(game.n_states)

    def __call__(self, observations: NDArray[Any]) -> NDArray[np.bool_]:
        """Return the masks of observations (..., obs_dim), as :func:`security_dilemma.actions.action_mask` has them."""
        rows = observations.reshape(-1, observations.shape[-1])
        living = (rows != 0).any(axis=1, keepdims=True)
        stage = rows[:, self._stages].argmax(axis=1) if self._stages else np.zeros(len(rows), int)
        moves = self._enabled[stage] & living
        moves[:, Move.STRIKE] &= rows[:, self._crisis] > 0
        parts = [moves, living & self._heard]
        if len(self._sizes) > 2:
            parts.append(np.concatenate([living, rows[:, self._alive] > 0], axis=1))
        mask = self._product(parts) if self._flat else np.concatenate(parts, axis=1)
        return mask.reshape(*observations.shape[:-1], -1)

    def _product(self, parts: list[NDArray[np.bool_]]) -> NDArray[np.bool_]:
        """The flattened product of the components, the last running fastest."""
        product = parts[0]
        for part in parts[1:]:
            product = (product[:, :, None] & part[:, None, :]).reshape(len(product), -1)
        return product


class MaskedPolicy(ActorCritic):
    """A network whose policy leaves out what would have no effect."""

    def __init__(self, network: MaskableActorCriticPolicy, config: RunConfig) -> None:
        """Take over a network and put it into evaluation mode."""
        game = config.game
        super().__init__(network, game.action_mode, game.n_states)
        self._masks = Masks(config)

    def act(self, observations: NDArray[Any], mask: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[Any]:
        """Draw an action for every state of every game, see :meth:`ActorCritic.act`, among those that ``mask`` allows.

        What an eliminated state sends, to which it allows nothing, is ignored.
        """
        scores = self._allowed(observations, mask)
        return drawn(scores, self._sizes, rng).reshape(*observations.shape[:-1], -1)

    def probabilities(self, observations: NDArray[Any]) -> tuple[NDArray[np.float64], ...]:
        """Return how likely each value of each component is, see :class:`Readable`."""
        parts = shares(self._allowed(observations, self._masks(observations)), self._sizes)
        return tuple(part.reshape(*observations.shape[:-1], -1) for part in parts)

    def _allowed(self, observations: NDArray[Any], mask: NDArray[np.bool_]) -> NDArray[Any]:
        output = self._output(observations)
        allowed = mask.reshape(output.shape)
        return np.where(allowed | ~allowed.any(axis=1, keepdims=True), output, -np.inf)


class MaskablePPOAlgorithm(OnPolicy):
    """Proximal policy optimisation with masks."""

    section = MaskablePPOConfig
    library = MaskablePPO
    network_class = MaskableActorCriticPolicy

    def options(self, config: RunConfig) -> dict[str, Any]:
        """Return the arguments of its own."""
        buffer = LivingMaskableRolloutBuffer if config.game.n_states > 2 else None
        return clipped_options(config.learner.narrowed(MaskablePPOConfig)) | {"rollout_buffer_class": buffer}

    def other_moves(self, config: RunConfig) -> int:
        """Return how many moves the policy draws besides a strike: in a stage game those of the first crisis."""
        crises = (moves for moves, _ in config.game.stages or () if "strike" in moves)
        return len({"hold", *next(crises, MOVE_NAMES)}) - 1

    def policy(self, network: torch.nn.Module, config: RunConfig) -> MaskedPolicy:
        """Return the stochastic policy of a network, which masks."""
        assert isinstance(network, MaskableActorCriticPolicy)
        return MaskedPolicy(network, config)
