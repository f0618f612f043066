"""Training one run, from its config to its policy; an interrupted one goes on where its last checkpoint stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from stable_baselines3.common.logger import KVWriter, TensorBoardOutputFormat

from security_dilemma_training.checkpoints import load_training, save_policies, save_training
from security_dilemma_training.errors import CheckpointError
from security_dilemma_training.progress import ProgressTable, Together
from security_dilemma_training.schemes import build_scheme

if TYPE_CHECKING:
    from security_dilemma_training.runs import Run
    from security_dilemma_training.schemes.scheme import Scheme

__all__ = ["train"]

Report = Callable[[float, str], None]


class _Course:
    """The course of a training: checkpoints and what is reported."""

    def __init__(self, run: Run, scheme: Scheme, report: Report) -> None:
        self._run, self._scheme, self._report = run, scheme, report
        self._saved_at = scheme.agent_steps

    def between_rollouts(self) -> None:
        """Save a checkpoint if it is time, and report."""
        steps, schedule = self._scheme.agent_steps, self._run.config.schedule
        if steps - self._saved_at >= schedule.checkpoint_every and self._scheme.resumable:
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
    try:
        scheme.learn(_Course(run, scheme, report).between_rollouts)
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
    except (KeyError, IndexError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise CheckpointError(
            f"{path} is not a training checkpoint of this run ({error!r}): train the run again with --overwrite"
        ) from error


def _outputs(run: Run, scheme: Scheme) -> list[KVWriter]:
    """Where the learners log."""
    outputs: list[KVWriter] = [ProgressTable(run.progress_path, scheme.agent_steps)]
    if run.config.output.tensorboard:
        outputs.append(TensorBoardOutputFormat(str(run.tensorboard_path)))
    return outputs if len(scheme.models) == 1 else [Together(len(scheme.models), outputs)]
