"""The game tree of a stage game with finite types, stage by stage, and behaviour in it.

Information sets follow from what the environment lets a state observe and from its own past actions (perfect recall).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import Any, TypeAlias

import numpy as np

from security_dilemma.actions import component_sizes
from security_dilemma.params import ParameterError, Params
from security_dilemma.perception import observation_table, observe
from security_dilemma.solver.enumeration import (
    Bools,
    Choice,
    Floats,
    Ints,
    Transitions,
    choices,
    play,
    starts,
    types,
)
from security_dilemma.solver.finite import finite_faults, require_few
from security_dilemma.stage_games import StageGame
from security_dilemma.state import HOLD, SILENT, Move, Signal, State

__all__ = ["Behaviour", "GameTree", "Probabilities", "Profile", "Stage"]

Behaviour: TypeAlias = tuple[Floats, ...]
"""What one state does: by stage, (information sets, actions) probabilities."""

Profile: TypeAlias = tuple[Behaviour, Behaviour]
"""What both states do: ``profile[player][stage]``."""

Probabilities: TypeAlias = Callable[[Any], Sequence[Any]]
"""A policy: observations (rows, obs_dim) to the probabilities (rows, size) of each component of an action."""

DIGITS = 12
"""Decimals of an observation that count: rounding errors tell a state nothing."""


@dataclass(frozen=True, eq=False)
class Stage:
    """One stage of the tree, with H histories at its start.

    Attributes:
        choices: The actions that either state has.
        sets: (H, 2), each state's information set.
        observations: By state, (information sets, obs_dim): what is observed there.
        parents: By state, (information sets,): ``set * actions + action`` of the stage before; -1 in the first.
        greedy: (H, 2), who is greedy.
        transitions: What can happen.
    """

    choices: tuple[Choice, ...]
    sets: Ints
    observations: tuple[Floats, Floats]
    parents: tuple[Ints, Ints]
    greedy: Bools
    transitions: Transitions

    def n_sets(self, player: int) -> int:
        """Return the number of information sets of a state."""
        return len(self.parents[player])

    @cached_property
    def outcomes(self) -> dict[tuple[int, int, int], tuple[int, ...]]:
        """The transitions that may follow (history, first state's action, second state's action)."""
        found: dict[tuple[int, int, int], tuple[int, ...]] = {}
        steps = self.transitions
        for place, key in enumerate(np.column_stack([steps.history, steps.actions]).tolist()):
            found[tuple(key)] = (*found.get(tuple(key), ()), place)
        return found


@dataclass(frozen=True, eq=False)
class GameTree:
    """A stage game in extensive form; states act at the same time in every stage.

    Attributes:
        game: The stage game.
        params: Its parameters, in float64.
        prior: (histories of the first stage,), the probability of each pair of types.
        stages: The stages, in order.
        entries: Place of every entry of an observation, by name.
    """

    game: StageGame
    params: Params
    prior: Floats
    stages: tuple[Stage, ...]
    entries: dict[str, int]

    @classmethod
    def build(cls, game: StageGame, *, initiatives: int = 1) -> GameTree:
        """Enumerate a stage game.

        Args:
            game: The stage game; any parameters, also by state.
            initiatives: Number of equally probable initiatives that stand for ``U[h0 - w, h0 + w]``, where w > 0.

        Raises:
            ParameterError: Listing everything that is invalid or makes the game infinite.
            ValueError: If there are more plays than :data:`security_dilemma.solver.finite.MAX_TRANSITIONS`.
        """
        faults = finite_faults(game, initiatives)
        if faults:
            raise ParameterError(faults)
        params = game.params.cast(np.float64)
        first, second = types(params, initiatives)
        require_few(len(first) * len(second), len(choices(game, 0)), 0)
        state, prior, greedy = starts(game, params, list(product(first, second)))
        sequences = np.full((len(prior), 2), -1)
        stages: list[Stage] = []
        for place in range(len(game.stages)):
            options = choices(game, place)
            require_few(len(greedy), len(options), place)
            sets, observations, parents = _information(params, state, game, sequences)
            state, transitions = play(game, params, state, options)
            stages.append(Stage(options, sets, observations, parents, greedy, transitions))
            going = transitions.following >= 0
            history, greedy = transitions.history[going], greedy[transitions.history[going]]
            sequences = sets[history] * len(options) + transitions.actions[going]
        table = observation_table(params, 2, game.stages, len(game.stages))
        return cls(game, params, prior, tuple(stages), {entry.name: entry.place for entry in table})

    def __deepcopy__(self, _memo: dict[int, Any]) -> GameTree:
        """Return the tree itself: it never changes."""
        return self

    def n_actions(self, stage: int) -> int:
        """Return the number of actions of a stage."""
        return len(self.stages[stage].choices)

    def uniform(self) -> Profile:
        """Return the profile in which every action is as likely as any other."""
        return self.profile(lambda _player, stage, _seen: np.full(self.n_actions(stage), 1 / self.n_actions(stage)))

    def surely(self, stage: int, move: str = "hold", signal: str = "silent") -> Floats:
        """Return the probabilities over a stage's actions of one that is played for certain.

        Raises:
            ValueError: If the stage has no such action.
        """
        names = [(choice.move.name.lower(), choice.signal.name.lower()) for choice in self.stages[stage].choices]
        if (move, signal) not in names:
            raise ValueError(f"stage {stage} has no action {(move, signal)}; it has {names}")
        certain: Floats = np.eye(len(names))[names.index((move, signal))]
        return certain

    def profile(self, choose: Callable[[int, int, Floats], Any]) -> Profile:
        """Return the profile of a rule.

        Args:
            choose: From (player, stage, observation (obs_dim,)) to probabilities over the stage's actions, in the
                order of ``stages[stage].choices``. :attr:`entries` tells what stands where in an observation.

        Raises:
            ValueError: If what the rule returns is not a distribution over the stage's actions.
        """
        first, second = (
            tuple(
                np.array([choose(player, place, seen) for seen in stage.observations[player]], float)
                for place, stage in enumerate(self.stages)
            )
            for player in range(2)
        )
        return self.checked((first, second))

    def behaviour_of(self, first: Probabilities, second: Probabilities | None = None) -> Profile:
        """Return the profile of policies that see observations only.

        Moves that a stage does not enable count as holding, as they do in the game; signals that the stage game does
        not consider count as silence. Observations are handed over in float32, as :class:`Games` does.

        Args:
            first: The first state's policy; it gives the probabilities of moves and of signals, or in one component
                of the product of both.
            second: The second state's policy; None: the same.

        Raises:
            ValueError: If a policy gives no distributions, or if posture reports are noisy: the tree leaves that noise
                out as it tells nothing, but a policy may react to it.
        """
        if np.any(np.asarray(self.params.posture_noise) > 0):
            raise ValueError(f"posture_noise = {self.params.posture_noise!r} must be 0: a policy may react to noise")
        behaviours = []
        for player, policy in enumerate((first, second or first)):
            joint = [_joint(policy(stage.observations[player].astype(np.float32))) for stage in self.stages]
            behaviours.append(
                tuple(_counted(part, stage.choices) for part, stage in zip(joint, self.stages, strict=True))
            )
        return self.checked((behaviours[0], behaviours[1]))

    def checked(self, profile: Profile) -> Profile:
        """Return a profile.

        Raises:
            ValueError: If it is not one of this tree: shapes, negative probabilities, or rows that do not sum to 1.
        """
        for player in range(2):
            if len(profile[player]) != len(self.stages):
                raise ValueError(f"state {player} has {len(profile[player])} stages, the game {len(self.stages)}")
            for place, stage in enumerate(self.stages):
                given, shape = profile[player][place], (stage.n_sets(player), len(stage.choices))
                fault = f"state {player}, stage {place}: "
                if np.shape(given) != shape:
                    raise ValueError(f"{fault}shape {np.shape(given)} is not (information sets, actions) = {shape}")
                if not (np.all(given >= 0) and np.allclose(given.sum(axis=-1), 1, rtol=0, atol=1e-9)):
                    raise ValueError(f"{fault}a row is no distribution: each must be >= 0 and sum to 1")
        return profile


def _information(
    params: Params, state: State, game: StageGame, sequences: Ints
) -> tuple[Ints, tuple[Floats, Floats], tuple[Ints, Ints]]:
    """Group histories by what each state has observed and done: sets (H, 2), and by state observations and parents."""
    seen = observe(params, state, game.stages).round(DIGITS) + 0.0  # no minus before a zero
    sets, observations, parents = [], [], []
    for player in range(2):
        keys = np.column_stack([sequences[:, player], seen[:, player]])
        found, of_history = np.unique(keys, axis=0, return_inverse=True)
        sets.append(np.reshape(of_history, -1))
        parents.append(found[:, 0].astype(np.intp))
        observations.append(found[:, 1:])
    return np.stack(sets, axis=-1), (observations[0], observations[1]), (parents[0], parents[1])


def _joint(parts: Sequence[Any]) -> Floats:
    """Probabilities of (move, signal), (rows, moves, signals), from those of the components or of the product."""
    arrays, sizes = [np.asarray(part, float) for part in parts], component_sizes(2)
    shapes = [array.shape[1:] for array in arrays]
    if shapes not in ([(size,) for size in sizes], [(prod(sizes),)]):
        raise ValueError(f"a policy's probabilities have sizes {shapes}: components have {sizes}, or their product")
    if any(np.any(array < 0) or not np.allclose(array.sum(axis=-1), 1, rtol=0, atol=1e-4) for array in arrays):
        raise ValueError("a policy's probabilities are no distribution: each row must be >= 0 and sum to 1")
    joint: Floats = arrays[0] if len(arrays) == 1 else arrays[0][:, :, None] * arrays[1][:, None, :]
    return joint.reshape(-1, *sizes)


def _counted(joint: Floats, options: tuple[Choice, ...]) -> Floats:
    """Probabilities over a stage's actions: what is not among them counts as holding or as silence."""
    counted: Floats = np.zeros((len(joint), len(options)))
    moves, signals = {choice.move for choice in options}, {choice.signal for choice in options}
    for move in Move:
        for signal in Signal:
            effect = Choice(move if move in moves else Move(HOLD), signal if signal in signals else Signal(SILENT))
            counted[:, options.index(effect)] += joint[:, move, signal]
    counted /= counted.sum(axis=-1, keepdims=True)
    return counted
