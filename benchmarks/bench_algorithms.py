"""Speed of each algorithm's training at its defaults.

Run with ``python benchmarks/bench_algorithms.py [AGENT_STEPS] [ALGORITHM ...]``; one process, one torch thread.
"""

from __future__ import annotations

import sys
import time

from stable_baselines3.common.logger import Logger

from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.config import RunConfig, parse
from security_dilemma_training.learners import build_games, build_learner
from security_dilemma_training.vec_env import GamesVecEnv

AGENT_STEPS = 100_000


def seconds(name: str, agent_steps: int) -> tuple[float, float]:
    """Seconds of CPU time and of wall time that a training takes, that of playing before learning starts included."""
    document = {"world": "doubly_dangerous", "learner": {"algorithm": name}, "schedule": {"agent_steps": agent_steps}}
    config = parse(document, RunConfig)
    model = build_learner(config, GamesVecEnv(build_games(config, config.n_games)), 0)
    model.set_logger(Logger(None, []))
    worked, began = time.process_time(), time.perf_counter()
    model.learn(agent_steps, callback=ALGORITHMS[name].callbacks(config))
    share = agent_steps / model.num_timesteps  # learners round up to whole updates
    return share * (time.process_time() - worked), share * (time.perf_counter() - began)


def main() -> None:
    """Print the table."""
    agent_steps = int(sys.argv[1]) if len(sys.argv) > 1 else AGENT_STEPS
    print(f"{'algorithm':15} {'agent-steps per CPU second':>28} {'per second':>14} {'CPU seconds of a million':>26}")
    for name in sys.argv[2:] or ALGORITHMS:
        worked, passed = seconds(name, agent_steps)
        rate = agent_steps / worked
        print(f"{name:15} {rate:28,.0f} {agent_steps / passed:14,.0f} {1e6 / rate:26,.0f}", flush=True)


if __name__ == "__main__":
    main()
