"""The JaxMARL face: JaxMARL's own wrapper and spaces work on it, and its games are those of the JAX face."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from security_dilemma import ParameterError
from security_dilemma.arrays import Array

pytestmark = pytest.mark.slow

MODES = ("discrete", "multidiscrete", "continuous")


def made(world: str, **options: Any) -> Any:
    """Games for JaxMARL, which takes seconds to be imported: only where a test needs it."""
    from security_dilemma.jaxmarl_env import JaxMARLSecurityDilemma

    return JaxMARLSecurityDilemma(world, **options)


def sampled(env: Any, key: Array) -> dict[str, Array]:
    keys = jax.random.split(key, env.num_agents)
    return {agent: env.action_space(agent).sample(one) for agent, one in zip(env.agents, keys, strict=True)}


@pytest.mark.parametrize("mode", MODES)
def test_games_are_those_of_the_jax_face(mode: Any) -> None:
    from jaxmarl.environments.multi_agent_env import MultiAgentEnv

    env = made("not_intense", n_states=3, action_mode=mode, crisis_rate=0.8)
    assert isinstance(env, MultiAgentEnv)
    key = jax.random.key(0)
    observations, state = env.reset(key)
    step = jax.jit(env.step_env)
    for t in range(6):
        assert all(env.observation_space(agent).contains(seen).all() for agent, seen in observations.items())
        assert_allclose(env.get_obs(state)["state_1"], observations["state_1"])
        assert_array_equal(env.get_avail_actions(state)["state_2"], env.game.action_mask(state)[2])
        actions = sampled(env, jax.random.key(100 + t))
        key = jax.random.key(t)
        sent = jnp.stack([jnp.reshape(actions[agent], (-1,)) for agent in env.agents])
        came = env.game.play(state, sent, env.game.step_draws(key, env.params), env.params)
        observations, state, rewards, dones, infos = step(key, state, actions)
        assert_allclose([rewards[agent] for agent in env.agents], came.reward, rtol=1e-5)
        assert_array_equal([dones[agent] for agent in env.agents], came.terminated | came.truncated)
        assert_array_equal(infos["truncated"], came.truncated)
        assert bool(dones["__all__"]) == bool(came.over)


def test_jaxmarls_wrapper_counts_whole_games() -> None:
    from jaxmarl.wrappers.baselines import LogWrapper

    env = LogWrapper(made("intense", max_cycles=4, crisis_rate=0.0))
    keys = jax.random.split(jax.random.key(1), 8)
    _, states = jax.vmap(env.reset)(keys)
    step, lengths = jax.jit(jax.vmap(env.step)), []
    for t in range(8):
        actions = {agent: jnp.zeros(8, jnp.int32) for agent in env.agents}
        _, states, _, dones, infos = step(jax.random.split(jax.random.key(t), 8), states, actions)
        assert_array_equal(dones["__all__"], t % 4 == 3)
        lengths.append(np.asarray(infos["returned_episode_lengths"]))
    assert_array_equal(lengths[-1], 4)
    # four of the slices of an undisturbed future, each (1 - discount)
    assert_allclose(infos["returned_episode_returns"], 4 * 0.05, rtol=1e-5)


def test_faults_are_told() -> None:
    with pytest.raises(ParameterError, match="war_cost"):
        made("intense", war_cost=2.0)
    with pytest.raises(ParameterError, match="intense"):
        made("intence")
