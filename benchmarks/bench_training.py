"""Training with stable-baselines3 on Games, beside the same training in an environment that costs nothing.

Run with ``python benchmarks/bench_training.py``; one torch thread, both in one run, alternating, best of several.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from security_dilemma_training.algorithms.on_policy import BatchedBootstrap
from security_dilemma_training.config import RunConfig, parse
from security_dilemma_training.learners import build_games, build_learner
from security_dilemma_training.vec_env import GamesVecEnv

ROUNDS = 3
AGENT_STEPS = 4 * 512 * 128
SETTINGS: dict[str, dict[str, int]] = {
    "the four worlds' learner": {"slots": 512, "n_steps": 32, "batch_size": 4096},
    "n_steps 128, batch = rollout / 4": {"slots": 512, "n_steps": 128, "batch_size": 16384},
}
TARGET = 0.8  # share of the free environment's speed


class FreeVecEnv(GamesVecEnv):
    """The slots of some games in which nothing is ever computed."""

    def step_wait(self) -> VecEnvStepReturn:
        """Return what was made once."""
        return self._observations, self._rewards.copy(), self._done, self._infos_made

    def reset(self) -> NDArray[np.float32]:
        """Make what every step returns."""
        self._observations = super().reset()
        self._rewards, self._done = np.zeros(self.num_envs, np.float32), np.zeros(self.num_envs, bool)
        self._infos_made: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        return self._observations


def seconds_to_train(config: RunConfig, kind: type[GamesVecEnv]) -> float:
    """Seconds of wall time to train in slots of a kind."""
    vec_env: VecEnv = kind(build_games(config, config.n_games))
    model = build_learner(config, vec_env, 0)
    start = time.perf_counter()
    model.learn(config.schedule.agent_steps, callback=BatchedBootstrap())
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    print(f"{'learner':34} {'Games':>16} {'free environment':>18} {'share':>7}")
    for name, learner in SETTINGS.items():
        document = {"world": "doubly_dangerous", "learner": learner, "schedule": {"agent_steps": AGENT_STEPS}}
        config = parse(document, RunConfig)
        rounds = [[seconds_to_train(config, kind) for kind in (GamesVecEnv, FreeVecEnv)] for _ in range(ROUNDS)]
        games, free = (AGENT_STEPS / min(column) for column in zip(*rounds, strict=True))
        print(f"{name:34} {games:14,.0f}/s {free:16,.0f}/s {games / free:7.1%}")
    print(f"agent-steps per second; to reach: {TARGET:.0%}")


if __name__ == "__main__":
    main()
