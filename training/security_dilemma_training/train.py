"""Training runs, from their configs to their policies; an interrupted one goes on where its last checkpoint stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from stable_baselines3.common.logger import KVWriter, TensorBoardOutputFormat

from security_dilemma_training.batches import is_compiled
from security_dilemma_training.checkpoints import load_training, save_policies, save_training
from security_dilemma_training.compiled.devices import limit_threads, require_jax
from security_dilemma_training.errors import CheckpointError, RunError
from security_dilemma_training.progress import ProgressTable, Together
from security_dilemma_training.schemes import build_scheme

if TYPE_CHECKING:
    from security_dilemma_training.runs import Run
    from security_dilemma_training.schemes.scheme import Scheme

__all__ = ["train", "train_together"]

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
    if is_compiled(run.config.learner):
        for error in train_together([run], report).values():
            raise error
        return
    with run.training():
        if not run.finished:
            _learn(run, report)
    run.checkpoint_path.unlink(missing_ok=True)
    report(1.0, "trained")


def train_together(runs: Sequence[Run], report: Report) -> dict[Run, CheckpointError | RunError]:
    """Train runs of the compiled path side by side, each to its end, and write their policies.

    Args:
        runs: Runs whose programs are the same, see :func:`security_dilemma_training.batches.batches`; those with a
            checkpoint go on from it, finished ones are left alone.
        report: Called with the share done and a message.

    Returns:
        The runs that failed, or that another process trains, and why; the others are trained.

    Raises:
        ConfigError: If this machine does not have the device, or not the packages.
    """
    config = runs[0].config
    limit_threads(config.learner.torch_threads, config.learner.device)  # before JAX is imported
    require_jax()
    from security_dilemma_training.compiled.training import learn

    failed: dict[Run, CheckpointError | RunError] = {}
    together = max(1, sum(not run.finished for run in runs))
    with ExitStack() as every:
        held = {run: every.enter_context(ExitStack()) for run in runs}
        for run, own in held.items():
            try:
                own.enter_context(run.training(together))
            except RunError as error:
                failed[run] = error
        unfinished = [run for run in runs if run not in failed and not run.finished]
        failed |= learn(unfinished, report) if unfinished else {}
        for run, own in held.items():
            with suppress(CheckpointError, RunError), own:
                if run in failed:
                    raise failed[run]
    for run in runs:
        if run not in failed:
            run.checkpoint_path.unlink(missing_ok=True)
    report(1.0, "trained")
    return failed


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
