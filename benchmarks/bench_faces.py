"""Steps per second of the PettingZoo face beside mpe2's simple_spread_v3 and PettingZoo's rps_v2, in one run.

Random actions are sampled beforehand, so that the environments alone are timed. The environments take turns at short
rounds of the same play, and the best round counts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import pettingzoo  # type: ignore[import-untyped]
from mpe2 import simple_spread_v3

import security_dilemma

FACES: dict[str, Callable[[], Any]] = {
    "simple_spread_v3": simple_spread_v3.parallel_env,
    "rps_v2": lambda: pettingzoo.make("parallel", "classic/rps_v2"),
    "security_dilemma_v0 N=2": lambda: security_dilemma.parallel_env(n_states=2),
    "security_dilemma_v0 N=3": lambda: security_dilemma.parallel_env(n_states=3),
}
REFERENCE = "simple_spread_v3"


def sampled(env: Any) -> list[dict[str, Any]]:
    """Return 64 cycles of random actions, the same in every run."""
    for place, agent in enumerate(env.possible_agents):
        env.action_space(agent).seed(place)
    return [{agent: env.action_space(agent).sample() for agent in env.possible_agents} for _ in range(64)]


def play(env: Any, actions: list[dict[str, Any]], cycles: int) -> tuple[float, int]:
    """Play the same cycles, resets included; return the seconds taken and the agent-steps made."""
    env.reset(seed=0)
    made = 0
    start = time.perf_counter()
    for cycle in range(cycles):
        if not env.agents:
            env.reset()
        made += len(env.agents)
        sample = actions[cycle % 64]
        env.step({agent: sample[agent] for agent in env.agents})
    return time.perf_counter() - start, made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--cycles", type=int, default=250)
    given = parser.parse_args()
    envs = {name: make() for name, make in FACES.items()}
    actions = {name: sampled(env) for name, env in envs.items()}
    best: dict[str, tuple[float, float]] = dict.fromkeys(envs, (0.0, 0.0))
    for _ in range(given.rounds):
        for name, env in envs.items():
            seconds, made = play(env, actions[name], given.cycles)
            best[name] = max(best[name], (made / seconds, given.cycles / seconds))
    print(f"{'face':<26}{'agent-steps/s':>14}{'cycles/s':>10}{'µs/cycle':>10}{'ratio':>8}")
    for name, (agent_steps, cycles) in best.items():
        ratio = agent_steps / best[REFERENCE][0]
        print(f"{name:<26}{agent_steps:>14,.0f}{cycles:>10,.0f}{1e6 / cycles:>10.0f}{ratio:>8.2f}")


if __name__ == "__main__":
    main()
