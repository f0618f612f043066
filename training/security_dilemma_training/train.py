"""Training one run, from its config to its policy; an interrupted one goes on where its last checkpoint stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import KVWriter, TensorBoardOutputFormat

from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.checkpoints import load_training, save_policies, save_training
from security_dilemma_training.errors import CheckpointError
from security_dilemma_training.progress import ProgressTable, Together
from security_dilemma_training.schemes import build_scheme

if TYPE_CHECKING:
    from security_dilemma_training.runs import Run
    from security_dilemma_training.schemes.scheme import Scheme
    from security_dilemma_training.vec_env import GamesVecEnv

__all__ = ["ROWS", "Logging", "train"]

Report = Callable[[float, str], None]

ROWS = 200
"""Rows of the table of progress for learners that update more often than every rollout of an on-policy one."""


class Logging(BaseCallback):
    """Logs what happens in the games.

    On-policy learners write a row after each rollout by themselves; for the others it is done here, :data:`ROWS` times.
    """

    def __init__(self, games: GamesVecEnv | None, every: int | None) -> None:
        """Follow a learner.

        Args:
            games: The games to log; None: another learner in them does.
            every: Steps of the learner between two rows that are written here; None: it writes them itself.
        """
        super().__init__()
        self._games, self._every, self._started = games, every, 0

    def _on_rollout_start(self) -> None:
        self._started = self.num_timesteps

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        if self._every is not None and self.num_timesteps // self._every == self._started // self._every:
            return
        if self._games is not None:
            for name, value in self._games.monitor.read().items():
                self.logger.record(name, value)
        if self._every is not None:
            self.logger.dump(self.num_timesteps)


class _Course:
    """The course of a training: checkpoints and what is reported."""

    def __init__(self, run: Run, scheme: Scheme, report: Report) -> None:
        self._run, self._scheme, self._report = run, scheme, report
        self._saved_at = scheme.agent_steps

    def between_rollouts(self) -> None:
        """Save a checkpoint if it is time, and report."""
        steps, schedule = self._scheme.agent_steps, self._run.config.schedule
        if steps - self._saved_at >= schedule.checkpoint_every:
            save_training(self._run.checkpoint_path, self._scheme.state())
            self._saved_at = steps
        self._report(min(1.0, steps / schedule.agent_steps), f"{steps:,} agent-steps")


def train(run: Run, report: Report) -> None:
    """Train a run to its end and write its policy.

    Args:
        run: The run; one with a checkpoint goes on from it, a finished one is left alone.
        report: Called with the share done and a message.

    Raises:
        CheckpointError: If the run's checkpoint is damaged or of another network.
        ConfigError: If this machine does not have the device, or a partner cannot be had.
        RunError: If another process trains this run, or its partners are others than when it began.
    """
    with run.training():
        if not run.finished:
            _learn(run, report)
    run.checkpoint_path.unlink(missing_ok=True)
    report(1.0, "trained")


def _learn(run: Run, report: Report) -> None:
    scheme = build_scheme(run.config, run.seed)
    if run.checkpoint_path.exists():
        _go_on(run, scheme)
    outputs = _outputs(run, scheme)
    for model in scheme.models:
        model.logger.output_formats.extend(outputs)
    every = None
    if not ALGORITHMS[run.config.learner.algorithm].on_policy:
        every = max(1, run.config.schedule.agent_steps // len(scheme.models) // ROWS)
    try:
        scheme.learn(
            lambda k: [Logging(scheme.games if k == 0 else None, every)],
            _Course(run, scheme, report).between_rollouts,
        )
        scheme.finish(run.folder)
        save_policies(run.policy_path, scheme.networks)
    finally:
        for output in outputs:
            output.close()


def _go_on(run: Run, scheme: Scheme) -> None:
    """Put a scheme where its run's checkpoint stands."""
    path = run.checkpoint_path
    state = load_training(path)
    try:
        scheme.restore(state)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{path} is not a training checkpoint of this run ({error!r}): train the run again with --overwrite"
        ) from error


def _outputs(run: Run, scheme: Scheme) -> list[KVWriter]:
    """Where the learners log."""
    outputs: list[KVWriter] = [ProgressTable(run.progress_path, scheme.agent_steps)]
    if run.config.output.tensorboard:
        outputs.append(TensorBoardOutputFormat(str(run.tensorboard_path)))
    return outputs if len(scheme.models) == 1 else [Together(len(scheme.models), outputs)]
