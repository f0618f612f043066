"""Run folders trained side by side by one compiled program, from their configs to their policies.

Each run keeps a checkpoint, a table of progress and a policy of its own, as if it had been trained alone, so that an
interrupted one goes on whatever runs are beside it then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
from stable_baselines3.common.logger import TensorBoardOutputFormat

from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.checkpoints import load_training, save_policies, save_training
from security_dilemma_training.compiled.devices import device_of
from security_dilemma_training.compiled.lanes import Compiled, compiled, lanes_of
from security_dilemma_training.compiled.network import as_torch, from_torch
from security_dilemma_training.compiled.program import Lane, Told
from security_dilemma_training.errors import CheckpointError, RunError
from security_dilemma_training.first_policies import first_weights
from security_dilemma_training.learner_sections import PPOConfig
from security_dilemma_training.learner_states import load_weights, require_alike, require_learned
from security_dilemma_training.monitor import scalars
from security_dilemma_training.progress import ProgressTable

if TYPE_CHECKING:
    from security_dilemma_training.runs import Run

__all__ = ["learn"]

Report = Callable[[float, str], None]
Failed = dict["Run", CheckpointError | RunError]


def learn(runs: Sequence[Run], report: Report) -> Failed:
    """Learn what is left of some runs, whose folders are held, and write their policies.

    Args:
        runs: Runs of one shape, see :func:`security_dilemma_training.batches.shape_of`.
        report: Called with the share done and a message.

    Returns:
        The runs that diverged, or whose checkpoint or first policy is damaged, and why; the others are done.

    Raises:
        ConfigError: If this machine does not have the device.
    """
    with jax.default_device(device_of(runs[0].config.learner.device)):
        found = compiled(runs[0].config)
        courses, failed = _courses(found, runs)
        groups: dict[int, list[_Course]] = {}
        for course in courses:
            groups.setdefault(course.updates, []).append(course)
        report(0.0, "compiling")
        for place, group in enumerate(groups.values()):
            for share, message in _steps(found, group):
                report((place + share) / len(groups), message)
            for course in group:
                try:
                    course.finish()
                except CheckpointError as error:
                    failed[course.run] = error
    return failed


def _courses(found: Compiled, runs: Sequence[Run]) -> tuple[list[_Course], Failed]:
    courses: list[_Course] = []
    failed: Failed = {}
    for run in runs:
        try:
            courses.append(_Course(found, run))
        except (CheckpointError, RunError) as error:
            failed[run] = error
    return courses, failed


def _steps(found: Compiled, group: Sequence[_Course]) -> Iterator[tuple[float, str]]:
    """Make the updates that are left of runs that have made the same number; yield the share made and a message."""
    program, begun = found.program, group[0].updates
    lanes = lanes_of(found, [course.run.config for course in group], [course.start for course in group])
    every = max(1, group[0].run.config.schedule.checkpoint_every // program.rollout)
    together = f" in each of {len(group)} runs" if len(group) > 1 else ""
    for updates in range(begun + 1, program.updates + 1):
        for course, told in zip(group, lanes.update(), strict=True):
            course.tell(told)
        if updates == program.updates or (updates - begun) % every == 0:
            for course, lane in zip(group, lanes.kept(), strict=True):
                course.save(lane, last=updates == program.updates)
        yield updates / program.updates, f"{updates * program.rollout:,} agent-steps{together}"


class _Course:
    """The course of one run: what it goes on from, its checkpoints, and what is reported of it.

    Attributes:
        run: The run.
        updates: How many updates it had made when this training began.
        lane: Where it stood at its last checkpoint, as arrays of the host; None before the first.
        start: What it goes on from: that lane, one with another run's weights, or the seed with which it begins.
    """

    def __init__(self, found: Compiled, run: Run) -> None:
        """Read the run's checkpoint if there is one, or else the policy that it goes on from.

        Raises:
            CheckpointError: If it is damaged or of another run.
            RunError: If the run whose policy is gone on from is damaged.
        """
        self.run, self._program = run, found.program
        self.lane = _restored(run, found.shape) if run.checkpoint_path.exists() else None
        self.start = _first(run, found) if self.lane is None else self.lane
        self.updates = self._made = 0 if self.lane is None else int(self.lane.updates)
        self._began = time.monotonic()
        self._table = ProgressTable(run.progress_path, self.updates * self._program.rollout)
        self._rows: list[tuple[int, dict[str, Any]]] = []

    def tell(self, told: Told) -> None:
        """Keep the row of an update; rows are written with the next checkpoint."""
        self._made += 1
        learner = self.run.config.learner.narrowed(PPOConfig)
        steps, seconds = self._made * self._program.rollout, time.monotonic() - self._began
        row: dict[str, Any] = {f"train/{name}": float(value) for name, value in told.train.items()}
        row |= {"train/n_updates": self._made * learner.n_epochs, "train/clip_range": learner.clip_range}
        row |= {"time/iterations": self._made, "time/time_elapsed": int(seconds), "time/total_timesteps": steps}
        row["time/fps"] = int((self._made - self.updates) * self._program.rollout / seconds)
        row |= scalars(told.counts.games, told.counts.by_intent)
        self._rows.append((steps, row))

    def save(self, lane: Lane, *, last: bool) -> None:
        """Write what has been told, and unless it is the last of the training a checkpoint."""
        self.lane = lane
        if not last:
            save_training(self.run.checkpoint_path, {"lane": _named(lane)})
        self._table.extend(self._rows)
        if self.run.config.output.tensorboard:
            board = TensorBoardOutputFormat(str(self.run.tensorboard_path))
            for steps, row in self._rows:
                board.write(row, dict.fromkeys(row, ()), steps)
            board.close()
        self._rows = []

    def finish(self) -> None:
        """Write the policy.

        Raises:
            CheckpointError: If a weight is not finite.
        """
        assert self.lane is not None
        weights = as_torch(self.lane.weights)
        require_learned(weights)
        network = ALGORITHMS[self.run.config.learner.algorithm].network(self.run.config)
        load_weights(network, weights)
        save_policies(self.run.policy_path, [network])


def _named(tree: Any) -> dict[str, Any]:
    """The leaves of a lane, or of a part of it, by name."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {jax.tree_util.keystr(place, simple=True, separator="."): leaf for place, leaf in leaves}


def _alike(found: Mapping[str, Any], shape: Any) -> Any:
    """Named leaves as a tree of a given shape; a CheckpointError or KeyError if they are others."""
    expected = _named(shape)
    for name, leaf in expected.items():
        require_alike(name, found[name], leaf.shape, leaf.dtype.kind)
    return jax.tree.unflatten(jax.tree.structure(shape), [found[name] for name in expected])


def _first(run: Run, found: Compiled) -> Lane | int:
    """What a run begins with: its seed, or a lane with the weights that it goes on from.

    Raises:
        CheckpointError: If these are damaged or of another network.
        RunError: If their run is damaged.
    """
    arrays = first_weights(run.config)
    if arrays is None:
        return run.seed
    try:
        weights = _alike(_named(from_torch(arrays)), found.shape.weights)
    except KeyError as error:
        raise CheckpointError(f"learner.start_from is of another network than its config describes: {error}") from error
    return found.begun_with(weights, run.config, run.seed)


def _restored(run: Run, shape: Lane) -> Lane:
    """The lane of a run's checkpoint.

    Args:
        run: The run.
        shape: Shapes and types of its lane.

    Raises:
        CheckpointError: If it is damaged or of another run.
    """
    found = load_training(run.checkpoint_path)
    try:
        lane: Lane = _alike(found["lane"], shape)
    except CheckpointError as error:
        raise CheckpointError(f"{run.checkpoint_path}: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{run.checkpoint_path} is not a training checkpoint of this run ({error!r}): train the run again with "
            "--overwrite"
        ) from error
    return lane
