"""Random play under JAX beside JaxMARL's coin_game and MPE_simple_spread_v3, by one harness and in one run.

Run with ``python benchmarks/bench_jax_stepping.py``. Games are played as JaxMARL's learners play them: one compiled
``lax.scan`` over steps of ``vmap(env.step)``, in which games that end start anew and random actions are drawn. All
take turns at short rounds, and the best round counts; compiling is timed apart. Two floors stand beside them: the
harness alone, and the harness with nothing but the random numbers of our steps.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import jaxmarl
import numpy as np

from security_dilemma.arrays import Array
from security_dilemma.jaxmarl_env import JaxMARLSecurityDilemma

SIZES = (1, 64, 1024, 4096, 16384)
STATES, STATES_GAMES = (2, 3, 4, 6, 8), 1024
OURS, DATA, HARNESS, CHANCE = "ours", "ours, params as data", "harness alone", "harness and our chance"
REFERENCE, REFERENCES = "coin_game", ("coin_game", "MPE_simple_spread_v3")
TARGET, TARGET_GAMES = 2.0, 4096  # times the agent-steps per second of the reference; both have two agents


class AsData(JaxMARLSecurityDilemma):
    """The JAX face's own step, with parameters of which nothing is known when it is compiled, so that it serves all."""

    def step(self, key: Array, state: Any, actions: Any, reset_state: Any = None) -> Any:
        """Play one step; a game that ends starts anew, and nothing else is asked for."""
        del reset_state
        params = jax.lax.optimization_barrier(jax.tree.map(lambda x: jnp.asarray(x, np.float32), self.params))
        sent = jnp.stack([jnp.reshape(actions[agent], (1,)) for agent in self.agents])
        seen, state, paid, over, _ = self.game.step(key, state, sent, params)
        return dict(zip(self.agents, seen, strict=True)), state, _by_agent(self, paid), {"__all__": over}, {}


class Harness:
    """No game at all: keys and actions are drawn, and nothing else happens."""

    def __init__(self, like: JaxMARLSecurityDilemma) -> None:
        self.like, self.agents = like, like.agents

    def action_space(self, agent: str) -> Any:
        """Those of our games."""
        return self.like.action_space(agent)

    def reset(self, _key: Array) -> tuple[Any, Array]:
        """Start with nothing."""
        return {}, jnp.zeros(())

    def step(self, key: Array, state: Array, actions: dict[str, Array]) -> tuple[Any, Array, Any, Any, Any]:
        """Take note of what is drawn, lest it be left out."""
        noted = self.noted(key)
        return {}, state, {agent: actions[agent] + noted for agent in self.agents}, {"__all__": noted < 0}, {}

    def noted(self, key: Array) -> Array:
        """The key."""
        return jax.random.key_data(key)[0].astype(np.float32)


class Chance(Harness):
    """The random numbers of a step of ours, the start of the next game included."""

    def noted(self, key: Array) -> Array:
        """Their sum."""
        game, params = self.like.game, self.like.params
        key, anew = jax.random.split(key)
        draws = game.step_draws(key, params), game.start_draws(anew, params)
        return jnp.stack([jnp.sum(x) for x in jax.tree.leaves(draws)]).sum()


@dataclass
class Contender:
    """One compiled environment at one number of games."""

    env: Any
    play: Any
    carry: Any
    steps: int
    compiling: float
    seconds: float = float("inf")  # of one step of all games

    def round(self) -> None:
        """Play on for one round."""
        start = time.perf_counter()
        self.carry = jax.block_until_ready(self.play(self.carry))
        self.seconds = min(self.seconds, (time.perf_counter() - start) / self.steps)


def _by_agent(env: Any, values: Array) -> dict[str, Array]:
    return dict(zip(env.agents, values, strict=True))


def contender(env: Any, n_games: int) -> Contender:
    """Compile random play of ``n_games`` games."""
    n_actions, steps = int(env.action_space(env.agents[0]).n), max(128, 2048 // n_games)

    def start(key: Array) -> Any:
        key, first = jax.random.split(key)
        seen, states = jax.vmap(env.reset)(jax.random.split(first, n_games))
        return key, seen, states, jnp.zeros(n_games), jnp.zeros(n_games, np.int32)

    def step(carry: Any, _: None) -> tuple[Any, None]:
        key, _seen, states, paid, ended = carry
        key, acting, chance = jax.random.split(key, 3)
        sent = jax.random.randint(acting, (len(env.agents), n_games), 0, n_actions)
        came = jax.vmap(env.step)(jax.random.split(chance, n_games), states, _by_agent(env, sent))
        seen, states, rewards, dones, _infos = came
        paid = paid + sum(rewards[agent] for agent in env.agents)
        return (key, seen, states, paid, ended + dones["__all__"]), None

    carry = jax.jit(start)(jax.random.key(0))
    began = time.perf_counter()
    play = jax.jit(lambda carry: jax.lax.scan(step, carry, length=steps)[0]).lower(carry).compile()
    return Contender(env, play, carry, steps, time.perf_counter() - began)


def race(envs: dict[str, Any], n_games: int, rounds: int) -> dict[str, Contender]:
    """Let environments take turns; the first round, which finds everything cold, is played as well."""
    racing = {name: contender(env, n_games) for name, env in envs.items()}
    for _ in range(rounds + 1):
        for one in racing.values():
            one.round()
    return racing


def by_size(sizes: list[int], rounds: int) -> float | None:
    """Print the table over numbers of games; return how many times the reference's rate ours is at the target's."""
    ours, reached = JaxMARLSecurityDilemma(), None
    envs = {OURS: ours, DATA: AsData(), HARNESS: Harness(ours), CHANCE: Chance(ours)}
    envs |= {name: jaxmarl.make(name) for name in REFERENCES}
    print(f"{'games':>7} {'':<24}{'µs/step':>9}{'game-steps/s':>14}{'agent-steps/s':>15}{'v coin':>8}{'compiling':>11}")
    for n_games in sizes:
        racing = race(envs, n_games, rounds)
        rates = {name: len(one.env.agents) * n_games / one.seconds for name, one in racing.items()}
        for name, one in racing.items():
            told = f"{1e6 * one.seconds:9.1f}{n_games / one.seconds:14,.0f}"
            if name not in (HARNESS, CHANCE):
                told += f"{rates[name]:15,.0f}{rates[name] / rates[REFERENCE]:8.2f}"
            print(f"{n_games:7,} {name:<24}{told:<46}{one.compiling:9.1f} s")
        print(f"{n_games:7,} {shares(racing)}", flush=True)
        reached = rates[OURS] / rates[REFERENCE] if n_games == TARGET_GAMES else reached
    return reached


def shares(racing: dict[str, Contender]) -> str:
    """Tell what part of a step of ours is harness, what part random numbers."""
    whole, harness, chance = (racing[name].seconds for name in (OURS, HARNESS, CHANCE))
    drawing = max(0.0, chance - harness)
    return f"a step of ours: harness {harness / whole:.0%}, its random numbers {drawing / whole:.0%}"


def by_states(rounds: int) -> None:
    """Print how time grows with the number of states."""
    print(f"\nours with N states, {STATES_GAMES:,} games; what states observe has so many numbers in all")
    print(f"{'N':>3}{'numbers':>9}{'µs/step':>9}{'v N=2':>7}{'game-steps/s':>14}{'agent-steps/s':>15}{'compiling':>11}")
    first = 0.0
    for n in STATES:
        ours = JaxMARLSecurityDilemma(n_states=n)
        racing = race({OURS: ours, HARNESS: Harness(ours), CHANCE: Chance(ours)}, STATES_GAMES, rounds)
        seconds = racing[OURS].seconds
        first, rate = first or seconds, STATES_GAMES / seconds
        told = f"{1e6 * seconds:9.1f}{seconds / first:7.2f}{rate:14,.0f}{n * rate:15,.0f}"
        print(f"{n:3}{n * ours.game.obs_dim:9}{told}{racing[OURS].compiling:9.1f} s  {shares(racing)}", flush=True)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--games", type=int, nargs="*", default=list(SIZES))
    given = parser.parse_args()
    print(f"JAX {jax.__version__} on {jax.devices()}, {os.cpu_count()} cores")
    reached = by_size(given.games, given.rounds)
    if reached:
        aim = f"{TARGET:.1f} times the agent-steps/s of {REFERENCE}"
        print(f"to reach at {TARGET_GAMES:,} games: {aim} (both have two agents); reached {reached:.1f} times")
    by_states(given.rounds)


if __name__ == "__main__":
    main()
