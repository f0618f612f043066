"""Training one run, from its config to its policy; an interrupted one goes on where its last checkpoint stands."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import KVWriter, Logger, TensorBoardOutputFormat

from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.algorithms.on_policy import BatchedBootstrap
from security_dilemma_training.checkpoints import load_training, save_policy, save_training
from security_dilemma_training.learners import build_games, build_learner
from security_dilemma_training.vec_env import GamesVecEnv
from security_dilemma_training.writing import write_atomically

if TYPE_CHECKING:
    from security_dilemma_training.runs import Run

__all__ = ["BatchedBootstrap", "ProgressTable", "Training", "train"]

Report = Callable[[float, str], None]


class ProgressTable(KVWriter):
    """Scalars as a CSV table, one row a rollout, written atomically; columns may come later.

    Args:
        path: The file; rows of an earlier, interrupted part of the run are kept up to ``steps``.
        steps: Agent-steps that the run goes on from.
    """

    def __init__(self, path: Path, steps: int) -> None:
        """Read what stands in the file up to ``steps``."""
        self._path = path
        self._rows: list[dict[str, Any]] = []
        if steps and path.exists():
            with path.open(newline="") as file:
                self._rows = [dict(row) for row in csv.DictReader(file) if int(row["agent_steps"]) <= steps]

    def write(self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0) -> None:
        """Add a row."""
        del key_excluded
        plain = {name: x.item() if hasattr(x, "item") else x for name, x in key_values.items()}
        self._rows.append({"agent_steps": step} | plain)
        columns = list(dict.fromkeys(name for row in self._rows for name in row))
        text = io.StringIO(newline="")
        table = csv.DictWriter(text, columns, lineterminator="\n")
        table.writeheader()
        table.writerows(self._rows)
        write_atomically(self._path, text.getvalue())

    def close(self) -> None:
        """Nothing is left open."""


class Training(BaseCallback):
    """Logs what happens in the games, saves checkpoints and reports progress."""

    def __init__(self, run: Run, vec_env: GamesVecEnv, report: Report) -> None:
        """Follow the training of ``run`` in ``vec_env``."""
        super().__init__()
        self._run, self._vec_env, self._report = run, vec_env, report
        self._schedule = run.config.schedule
        self._saved_at: int | None = None

    def _on_rollout_start(self) -> None:
        done = self.num_timesteps / self._schedule.agent_steps
        assert isinstance(self.model, PPO)
        if self._saved_at is None:
            self._saved_at = self.num_timesteps
        if self.num_timesteps - self._saved_at >= self._schedule.checkpoint_every:
            save_training(self._run.checkpoint_path, self.model, self._vec_env)
            self._saved_at = self.num_timesteps
        self._report(min(1.0, done), f"{self.num_timesteps:,} agent-steps")

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        for name, value in self._vec_env.monitor.read().items():
            self.logger.record(name, value)


def train(run: Run, report: Report) -> None:
    """Train a run to its end and write its policy.

    Args:
        run: The run; one with a checkpoint goes on from it, a finished one is left alone.
        report: Called with the share done and a message.

    Raises:
        CheckpointError: If the run's checkpoint is damaged or of another network.
        RunError: If another process trains this run.
    """
    with run.training():
        if not run.finished:
            _learn(run, report)
    run.checkpoint_path.unlink(missing_ok=True)
    report(1.0, "trained")


def _learn(run: Run, report: Report) -> None:
    config = run.config
    vec_env = GamesVecEnv(build_games(config, config.n_games))
    model = build_learner(config, vec_env, run.seed)
    assert isinstance(model, PPO)
    logger = Logger(None, [])
    model.set_logger(logger)
    if run.checkpoint_path.exists():
        load_training(run.checkpoint_path, model, vec_env)
    logger.output_formats.append(ProgressTable(run.progress_path, model.num_timesteps))
    if config.output.tensorboard:
        logger.output_formats.append(TensorBoardOutputFormat(str(run.tensorboard_path)))
    # stable-baselines3 counts what it is asked for from where the model stands
    left = config.schedule.agent_steps - model.num_timesteps
    if left > 0:
        own = ALGORITHMS[config.learner.algorithm].callbacks(config)
        callbacks: list[BaseCallback] = [*own, Training(run, vec_env, report)]
        model.learn(left, callback=callbacks, reset_num_timesteps=False)
    save_policy(run.policy_path, model.policy)
    model.logger.close()
