"""Players: policies by name, whoever made them.

A player is named by

- the name of a scripted state, as ``tit_for_tat``;
- a run folder;
- a zip of stable-baselines3, of which only the weights are read (:mod:`security_dilemma_training.foreign`);
- ``module:attribute``, anyone's own code. The attribute is a policy, or makes one: a class or a function that is called
  with the config, or without arguments if it takes none.

A policy has ``act(observations, mask, rng) -> actions`` for all states of all games at once, and if it remembers
``restart(n_games, which)``: :class:`security_dilemma_training.trajectories.Policy` says what these are. It sends
actions of the game's mode, or of the one that its attribute ``action_mode`` names. :class:`EachState` makes one of
agents that each look after one state of one game. What comes back is checked, so that faults are told at once.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from security_dilemma.actions import ACTION_MODES, ActionMode
from security_dilemma.params import nearest
from security_dilemma.spaces import action_faults, action_shape
from security_dilemma.stages import MAX_STATES, allowed_signals
from security_dilemma.strategies import strategies_of, strategy_fault
from security_dilemma_training.action_modes import Around, in_mode, mode_fault
from security_dilemma_training.errors import RunError
from security_dilemma_training.faults import ConfigError, Fault
from security_dilemma_training.import_paths import is_import_path, look_here, source_of
from security_dilemma_training.policies import Bools, Floats, Policy

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig
    from security_dilemma_training.sections import GameConfig

__all__ = ["Agent", "Checked", "EachState", "game_faults", "is_zip", "player", "player_hash"]


class Agent(Protocol):
    """What decides for one state of one game."""

    def act(self, observation: Floats, mask: Bools, rng: np.random.Generator) -> Any:
        """Return an action of the game's mode.

        Args:
            observation: (obs_dim,) float32.
            mask: Which actions have their effect, flat.
            rng: The only source of chance.
        """
        ...


class EachState:
    """A policy of one agent for each state of each game, made anew when a game starts."""

    def __init__(self, make: Callable[[], Agent]) -> None:
        """Take what makes an agent, such as its class."""
        self._make = make
        self._agents: list[list[Agent]] = []
        self._n_states = 0

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        """Ask the agent of every living state in turn; the eliminated do nothing."""
        games, self._n_states = observations.shape[:2]
        if not self._agents:
            self.restart(games)
        living = np.argwhere((observations != 0).any(axis=-1)).tolist()
        said = [np.ravel(self._agent(g, i).act(observations[g, i], mask[g, i], rng)) for g, i in living]
        rows = np.stack(said)
        actions = np.zeros((games, self._n_states, rows.shape[-1]), rows.dtype)
        actions[tuple(np.transpose(living))] = rows
        return actions

    def restart(self, n_games: int, which: NDArray[np.integer] | None = None) -> None:
        """Put new agents into all games, or into those that start anew."""
        if which is None:
            self._agents = [[] for _ in range(n_games)]
        for game in [] if which is None else which.tolist():
            self._agents[game] = []

    def _agent(self, game: int, state: int) -> Agent:
        agents = self._agents[game]
        if not agents:
            agents += [self._make() for _ in range(self._n_states)]
        return agents[state]


class Checked(Around):
    """A policy from elsewhere, whose actions are checked for shape, type and range before they are played."""

    def __init__(self, policy: Policy, spec: str, mode: ActionMode, n_states: int) -> None:
        """Check what ``policy``, named ``spec``, sends in ``mode``."""
        super().__init__(policy)
        self._spec, self._mode, self._n_states = spec, mode, n_states

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> NDArray[Any]:
        """Return the policy's actions, (n_games, n_states, n_components); the eliminated do nothing.

        Raises:
            ConfigError: If they are of another shape or type than the mode's, or outside its range.
        """
        given = self._policy.act(observations, mask, rng)
        lead, one = observations.shape[:-1], action_shape(self._n_states, self._mode)
        shape = (*lead, *(one or (1,)))
        try:
            actions = np.array(given)
        except ValueError as error:
            raise self._error(f"sent what is no array: {error}") from error
        if actions.shape == (*lead, *one):
            actions = actions.reshape(shape)
        if actions.shape == shape and actions.dtype.kind in "fiu":
            actions[~(observations != 0).any(axis=-1)] = 0
        fault = action_faults(actions, shape, self._n_states, self._mode)
        if fault:
            raise self._error(f"sent what cannot be played: {fault}")
        return actions

    def memory_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what the policy remembers.

        Raises:
            ConfigError: If it remembers and cannot say what, so that a training among it has no checkpoints.
        """
        try:
            return super().memory_arrays()
        except TypeError as error:
            problem = (
                f"cannot be kept in a checkpoint: {error}; add them, or set schedule.checkpoint_every beyond the end"
            )
            raise self._error(problem) from error

    def _error(self, problem: str) -> ConfigError:
        return ConfigError([Fault(f"player {self._spec!r}", problem)])


def player(spec: str, config: RunConfig, *, trusted: bool) -> Policy:
    """Return the policy that a name stands for, as one of games of a config, whatever its own action mode.

    Args:
        spec: See the module.
        config: The game; for a zip without a config beside it also the learner that its weights are of.
        trusted: Whether ``module:attribute`` may be imported, which runs its code.

    Raises:
        ConfigError: If nobody is known by this name, it may not be imported, or it cannot play these games.
        RunError: If a run folder is damaged.
        CheckpointError: If a run is not trained yet, or weights are damaged or of another network.
    """
    game = config.game
    known = strategies_of(game.n_states)
    if spec in known:
        options = {"reveal_intents": game.reveal_intents}
        strategy = known[spec](config.resolved_params(), game.n_states, game.stages, game.max_cycles, **options)
        return in_mode(strategy, "multidiscrete", game.action_mode, game.n_states)
    if is_zip(spec):
        from security_dilemma_training.foreign import config_beside, load_zip
        from security_dilemma_training.learners import of_states

        theirs = config_beside(Path(spec)) or config
        shaped = of_states(theirs, game.n_states) if theirs.any_number else theirs
        return _fitting(spec, load_zip(Path(spec), shaped), theirs, game)
    if spec and Path(spec).is_dir():
        from security_dilemma_training.learners import load_policy
        from security_dilemma_training.runs import Run

        run = Run.open(spec)
        policy = load_policy(run, n_states=game.n_states if run.config.any_number else None)
        return _fitting(spec, policy, run.config, game)
    if is_import_path(spec):
        return _imported(spec, config, trusted)
    raise ConfigError([Fault(f"player {spec!r}", f"{strategy_fault(spec, game.n_states)}, {FORMS}")])


FORMS = "or give a run folder, a zip of stable-baselines3, or module:attribute"


def is_zip(spec: str) -> bool:
    """Return whether a player is named as a zip of stable-baselines3."""
    return spec.endswith(".zip") and Path(spec).is_file()


def player_hash(spec: str) -> str:
    """Return what a player is known by: a strategy's name, or the SHA-256 of its file.

    Of a zip the config beside it counts as well, of ``module:attribute`` the source of the module, which is found
    without running anything; what the module itself imports or reads does not count.

    Raises:
        ConfigError: If there is nothing of this name.
        RunError: If a run folder is damaged or has no policy yet.
    """
    if spec in strategies_of(MAX_STATES):
        return spec
    if is_import_path(spec):
        path = source_of(spec)
        return hashlib.sha256(spec.encode() + (path.read_bytes() if path else b"")).hexdigest()
    if is_zip(spec):
        beside = Path(spec).with_suffix(".yaml")
        files = [Path(spec), *([beside] if beside.is_file() else [])]
        return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    if not spec or not Path(spec).is_dir():
        raise ConfigError([Fault(f"player {spec!r}", f"{strategy_fault(spec, MAX_STATES)}, {FORMS}")])
    from security_dilemma_training.kept import policy_hash
    from security_dilemma_training.runs import Run

    found = policy_hash(Run.open(spec))
    if found is None:
        raise RunError(f"{spec} is not trained yet: `security-dilemma train CONFIG` goes on to its end")
    return found


def game_faults(theirs: GameConfig, ours: GameConfig, *, any_number: bool = False) -> list[str]:
    """Return why a policy of one kind of game cannot play another, each as what follows its name.

    Args:
        theirs: The games that it was trained in.
        ours: The games that it is to play.
        any_number: Whether it can play games of any number of states, see :attr:`Experiment.any_number`.
    """
    problems = []
    if theirs.n_states != ours.n_states and not any_number:
        problems.append(f"was trained with n_states = {theirs.n_states}, these games have {ours.n_states}")
    if theirs.stages != ours.stages:
        kinds = ["a stage game" if game.stages else "whole games" for game in (theirs, ours)]
        kinds = ["other stages", "these"] if kinds[0] == kinds[1] else kinds
        problems.append(f"was trained in {kinds[0]}, not in {kinds[1]}")
    if theirs.reveal_intents != ours.reveal_intents:
        values = f"{theirs.reveal_intents}, these games have {ours.reveal_intents}"
        problems.append(f"was trained with reveal_intents = {values}")
    allowed = zip(allowed_signals(ours.signals), allowed_signals(theirs.signals), strict=True)
    if any(here and not there for here, there in allowed):
        values = f"{theirs.signals}, and what else it says means nothing: these games have {ours.signals}"
        problems.append(f"was trained with signals = {values}")
    fault = mode_fault(theirs.action_mode, ours.action_mode)
    return [*problems, fault] if fault else problems


def _fitting(spec: str, policy: Policy, theirs: RunConfig, ours: GameConfig) -> Policy:
    problems = game_faults(theirs.game, ours, any_number=theirs.any_number)
    if problems:
        raise ConfigError([Fault(f"player {spec!r}", problem) for problem in problems])
    return in_mode(policy, theirs.game.action_mode, ours.action_mode, ours.n_states)


def _imported(spec: str, config: RunConfig, trusted: bool) -> Policy:
    """Import a policy, or what makes one, and check what it sends from then on."""
    if not trusted:
        problem = "would be imported, which runs its code: allow it with --trust-imports"
        raise ConfigError([Fault(f"player {spec!r}", problem)])
    game, (module, _, attribute) = config.game, spec.partition(":")
    look_here()
    try:
        inside = importlib.import_module(module)
    except ImportError as error:
        raise ConfigError([Fault(f"player {spec!r}", f"cannot be imported: {error}")]) from error
    try:
        found = attrgetter(attribute)(inside)
    except AttributeError as error:
        raise ConfigError([Fault(f"player {spec!r}", f"is not in its module: {error}")]) from error
    if isinstance(found, type) or not hasattr(found, "act"):
        if not callable(found):
            raise ConfigError([Fault(f"player {spec!r}", f"= {found!r} has no act(observations, mask, rng)")])
        found = found(config) if inspect.signature(found).parameters else found()
    if not callable(getattr(found, "act", None)):
        raise ConfigError([Fault(f"player {spec!r}", f"makes {found!r}, which has no act(observations, mask, rng)")])
    mode = getattr(found, "action_mode", game.action_mode)
    if mode not in ACTION_MODES:
        problem = f"has action_mode = {mode!r}: {nearest(str(mode), ACTION_MODES)}"
        raise ConfigError([Fault(f"player {spec!r}", problem)])
    fault = mode_fault(mode, game.action_mode)
    if fault:
        raise ConfigError([Fault(f"player {spec!r}", fault)])
    return in_mode(Checked(found, spec, mode, game.n_states), mode, game.action_mode, game.n_states)
