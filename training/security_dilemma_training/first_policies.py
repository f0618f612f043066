"""Learning that goes on from another run's policy: what a network begins with where it is not untrained.

``learner.start_from`` names the run. The weights of policy and value are those learned there; the optimiser, the
learning rate, the entropy's weight and the games begin anew, so that what was learned meets other conditions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from security_dilemma_training.checkpoints import Arrays, policy_arrays
from security_dilemma_training.errors import CheckpointError, RunError
from security_dilemma_training.faults import ConfigError, Fault
from security_dilemma_training.kept import policy_hash
from security_dilemma_training.learner_sections import OnPolicyConfig
from security_dilemma_training.learner_states import load_weights

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig
    from security_dilemma_training.runs import Run

__all__ = ["first_policy_hash", "first_weights", "require_fitting"]

KEY = "learner.start_from"

SHAPING = ("hidden_sizes", "activation", "network")
"""Options of a network without which its weights mean something else."""


def first_policy_hash(config: RunConfig) -> str | None:
    """Return the SHA-256 of the policy that a config goes on from; None where it names none, or that is not there."""
    try:
        run = _source(config)
    except RunError:
        return None
    return None if run is None else policy_hash(run)


def first_weights(config: RunConfig, place: int = 0) -> Arrays | None:
    """Return the weights that a network of a config begins with, by name; None where it is untrained.

    Args:
        config: The run's config.
        place: Which of its networks, where states learn independently; all of them begin with the one of a run that
            has only one.

    Raises:
        CheckpointError: If the policy that is gone on from is missing or damaged.
        RunError: If its run is.
    """
    run = _source(config)
    if run is None:
        return None
    found = policy_arrays(run.policy_path)
    return found[place if len(found) > 1 else 0]


def require_fitting(config: RunConfig) -> None:
    """Refuse to go on from a policy that is not there, or is of another game or network than the config's.

    Raises:
        ConfigError: Listing why it cannot be gone on from.
    """
    try:
        run = _source(config)
        if run is None:
            return
        problems = _misfits(config, run)
        if not problems:
            _require_alike(config, run)
    except (RunError, CheckpointError) as error:
        problems = [f"cannot be gone on from: {error}"]
    if problems:
        path = _path(config)
        raise ConfigError([Fault(KEY, f"= {path!r} {problem}") for problem in problems])


def _path(config: RunConfig) -> str | None:
    return config.learner.start_from if isinstance(config.learner, OnPolicyConfig) else None


def _source(config: RunConfig) -> Run | None:
    """The run that a config goes on from; a RunError if it is not there or damaged."""
    from security_dilemma_training.runs import Run

    path = _path(config)
    return None if path is None else Run.open(path)


def _misfits(config: RunConfig, run: Run) -> list[str]:
    """Why a run's policy cannot be gone on from, each as what follows its name."""
    from security_dilemma_training.players import game_faults

    theirs, ours = run.config, config
    problems = game_faults(theirs.game, ours.game, any_number=theirs.any_number)
    if not problems and theirs.game.action_mode != ours.game.action_mode:
        problems.append(f"was trained with action_mode = {theirs.game.action_mode}, here it is {ours.game.action_mode}")
    if not isinstance(theirs.learner, OnPolicyConfig):
        return [*problems, f"was learned by {theirs.learner.algorithm}, which leaves no policy and value to go on from"]
    for name in SHAPING:
        then, now = (getattr(learner, name, "mlp") for learner in (theirs.learner, ours.learner))
        if then != now:
            problems.append(f"was learned with {name} = {then}, here it is {now}: give the same in learner.{name}")
    if theirs.n_networks not in (1, ours.n_networks):
        problems.append(f"holds {theirs.n_networks} networks, one for each state: here {ours.n_networks} learns")
    return problems


def _require_alike(config: RunConfig, run: Run) -> None:
    """Raise a CheckpointError if a run's networks are of another shape than those of a config, or damaged."""
    from security_dilemma_training.algorithms import ALGORITHMS

    with torch.random.fork_rng(devices=[]):  # the weights that it is made with are nobody's draw
        network = ALGORITHMS[config.learner.algorithm].network(config)
    for found in policy_arrays(run.policy_path):
        load_weights(network, found)
