"""The program of a lane, to be compiled: one update, that is a rollout, its advantages and all gradient steps.

A lane is one run: a seed in a world. Parameters are data, so that one program serves every world of its shape.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from security_dilemma.arrays import Array
from security_dilemma.jax_face import JaxSecurityDilemma
from security_dilemma.params import Params
from security_dilemma_training.algorithms.on_policy import strike_bias
from security_dilemma_training.algorithms.policies import sizes_of
from security_dilemma_training.compiled.learning import Batch, Rates, advantages, gradient_steps, optimizer
from security_dilemma_training.compiled.network import with_initial_options
from security_dilemma_training.compiled.pooled import network_of
from security_dilemma_training.compiled.rollout import Counts, Playing, Steps, choose, play, start
from security_dilemma_training.config import RunConfig
from security_dilemma_training.learner_sections import PPOConfig

__all__ = ["Lane", "Program", "Told"]


class Lane(NamedTuple):
    """Everything that a run goes on from."""

    weights: Any  # of the network
    optimizer: Any  # its state
    playing: Playing  # the games
    key: Array  # (2,) uint32, the data of a key of jax.random
    updates: Array  # () int32, how many have been made


class Told(NamedTuple):
    """What an update tells."""

    train: dict[str, Array]  # () each
    counts: Counts  # of the games


class Program:
    """How runs learn that differ in seeds and in the values of parameters only.

    Attributes:
        rollout: Agent-steps of an update.
        updates: Updates of the whole training.
    """

    def __init__(self, config: RunConfig) -> None:
        """Fix what shapes the program; of ``config`` neither parameters nor seeds matter."""
        game, self._config = config.game, config
        self._learner = config.learner.narrowed(PPOConfig)
        self._game = JaxSecurityDilemma(
            game.n_states,
            max_cycles=game.max_cycles,
            stages=game.stages,
            war=game.war,
            action_mode=game.action_mode,
            reveal_intents=game.reveal_intents,
            signals=game.signals,
        )
        self._sizes = sizes_of(game.action_mode, game.n_states)
        self._network = network_of(config)
        self.rollout = self._learner.slots * self._learner.n_steps
        self.updates = -(-config.schedule.agent_steps // self.rollout)

    def begin(self, seed: Array, params: Params) -> Lane:
        """Return a lane of which nothing is learned yet.

        Args:
            seed: () uint32.
            params: The parameters of its world, as arrays.
        """
        key, weights, games = jax.random.split(jax.random.key(seed), 3)
        learner = self._learner
        fresh = self._network.init(weights, jnp.zeros((1, self._game.obs_dim)))
        strikes = learner.initial_strike_probability
        bias = None if strikes is None else strike_bias(self._config, strikes)
        fresh = with_initial_options(fresh, bias, learner.initial_value)
        playing = start(self._game, games, self._config.n_games, params)
        state = optimizer(learner).init(fresh)
        return Lane(fresh, state, playing, jax.random.key_data(key), jnp.zeros((), jnp.int32))

    def update(self, lane: Lane, params: Params) -> tuple[Lane, Told]:
        """Make an update, and return the lane after it and what it tells."""
        key, acting, learning = jax.random.split(jax.random.wrap_key_data(lane.key), 3)

        def policy(key: Array, seen: Array) -> tuple[Array, Array]:
            return choose(self._network.apply(lane.weights, seen, method="policy"), self._sizes, key)

        playing, steps, counts, seen = play(self._game, lane.playing, acting, params, policy, self._learner.n_steps)
        data, values = self._data(lane.weights, steps, seen, params)
        rates = self.rates(lane.updates)
        learned = (lane.weights, lane.optimizer)
        learned, scalars = gradient_steps(self._network, self._learner, self._sizes, learned, data, rates, learning)
        scalars |= {"mean_value": jnp.mean(values), "explained_variance": _explained(values, data.target)}
        scalars |= rates._asdict()
        return Lane(*learned, playing, jax.random.key_data(key), lane.updates + 1), Told(scalars, counts)

    def _data(self, weights: Any, steps: Steps, seen: Array, params: Params) -> tuple[Batch, Array]:
        """What is learned from, and the values of it before."""

        def value(observation: Array) -> Array:
            return self._network.apply(weights, observation, method="value")

        gamma = jnp.asarray(1.0) if self._game.stages else jnp.max(params.discount)
        values = value(steps.observation)
        gains = advantages(steps, values, value(steps.last_seen), value(seen), gamma, self._learner.gae_lambda)
        rows = (steps.observation, steps.action, steps.log_chance, gains, gains + values, steps.living)
        return Batch(*(jnp.reshape(x, (-1, *x.shape[2:])) for x in rows)), jnp.reshape(values, (-1,))

    def rates(self, updates: Array) -> Rates:
        """Return the rates of an update: of learning as its rollout is over, the entropy's weight as it begins."""
        learner, total = self._learner, self._config.schedule.agent_steps

        def falling(begun: Array, first: float, final_share: float) -> Array:
            remaining = jnp.maximum(0.0, 1 - begun * self.rollout / total)
            return first * (final_share + (1 - final_share) * remaining)

        return Rates(
            falling(updates + 1, learner.learning_rate, learner.learning_rate_final_share),
            falling(updates, learner.entropy_coefficient, learner.entropy_final_share),
        )


def _explained(values: Array, targets: Array) -> Array:
    """The share of the targets' variance that values explain."""
    return 1 - jnp.var(targets - values) / jnp.var(targets)
