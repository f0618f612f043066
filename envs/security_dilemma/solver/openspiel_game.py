"""The OpenSpiel game of a stage game's tree; imported only where OpenSpiel is there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyspiel
from open_spiel.python import policy

from security_dilemma.solver.tree import GameTree, Profile
from security_dilemma.stage_games import stage_game

__all__ = ["GAME_TYPE", "ProfilePolicy", "StageGameOfOpenSpiel", "StageStateOfOpenSpiel"]

GAME_TYPE = pyspiel.GameType(
    short_name="python_security_dilemma_stage_game",
    long_name="Stage game of the security dilemma",
    dynamics=pyspiel.GameType.Dynamics.SEQUENTIAL,
    chance_mode=pyspiel.GameType.ChanceMode.EXPLICIT_STOCHASTIC,
    information=pyspiel.GameType.Information.IMPERFECT_INFORMATION,
    utility=pyspiel.GameType.Utility.GENERAL_SUM,
    reward_model=pyspiel.GameType.RewardModel.TERMINAL,
    max_num_players=2,
    min_num_players=2,
    provides_information_state_string=True,
    provides_information_state_tensor=False,
    provides_observation_string=False,
    provides_observation_tensor=False,
    parameter_specification={"stage_game": "crisis", "initiatives": 1},
)


class StageGameOfOpenSpiel(pyspiel.Game):  # type: ignore[misc]
    """A stage game with finite types.

    Attributes:
        tree: The tree that it is played on.
    """

    def __init__(self, params: dict[str, Any] | None = None, tree: GameTree | None = None) -> None:
        """Take a tree, or build that of a ready-made stage game."""
        given: dict[str, Any] = {"stage_game": "crisis", "initiatives": 1} | (params or {})
        if tree is None:
            tree = GameTree.build(stage_game(str(given["stage_game"])), initiatives=int(given["initiatives"]))
        self.tree = tree
        bounds = [sum(getattr(stage.transitions.payoff, bound)() for stage in tree.stages) for bound in ("min", "max")]
        info = pyspiel.GameInfo(
            num_distinct_actions=max(len(stage.choices) for stage in tree.stages),
            max_chance_outcomes=max(2, len(tree.prior)),
            num_players=2,
            min_utility=min(0.0, bounds[0]),
            max_utility=max(0.0, bounds[1]),
            utility_sum=None,
            max_game_length=2 * len(tree.stages),
        )
        super().__init__(GAME_TYPE, info, params or {})

    def new_initial_state(self) -> StageStateOfOpenSpiel:
        """Return the state before chance draws the types."""
        return StageStateOfOpenSpiel(self)


class StageStateOfOpenSpiel(pyspiel.State):  # type: ignore[misc]
    """A point of play: in a stage, some of both states' actions given, or before a stroke of chance."""

    def __init__(self, game: StageGameOfOpenSpiel) -> None:
        """Start before the types are drawn."""
        super().__init__(game)
        self._tree = game.tree
        self._stage = 0
        self._play: int | None = None  # the history; None before the types are drawn
        self._chosen: list[int] = []
        self._paid = np.zeros(2)

    def current_player(self) -> int:
        """Return who acts: a state, chance, or nobody."""
        if self._play == -1:
            return int(pyspiel.PlayerId.TERMINAL)
        if self._play is None or len(self._chosen) == 2:
            return int(pyspiel.PlayerId.CHANCE)
        return len(self._chosen)

    def is_terminal(self) -> bool:
        """Return whether the game is over."""
        return self._play == -1

    def chance_outcomes(self) -> list[tuple[int, float]]:
        """Return the possible strokes of chance with their probabilities."""
        if self._play is None:
            return [(pair, float(p)) for pair, p in enumerate(self._tree.prior)]
        chances = self._tree.stages[self._stage].transitions.chance[list(self._outcomes())]
        return [(outcome, float(p)) for outcome, p in enumerate(chances)]

    def returns(self) -> list[float]:
        """Return what both states were paid, once the game is over."""
        return [float(paid) for paid in self._paid] if self.is_terminal() else [0.0, 0.0]

    def information_set(self, player: int) -> tuple[int, int]:
        """Return the stage and a state's information set in it."""
        return self._stage, int(self._tree.stages[self._stage].sets[self._play, player])

    def information_state_string(self, player: int | None = None) -> str:
        """Return the name of a state's information set."""
        player = self.current_player() if player is None else player
        stage, place = self.information_set(player)
        return f"state {player}, stage {stage}, information set {place}"

    def _legal_actions(self, _player: int) -> list[int]:
        return list(range(self._tree.n_actions(self._stage)))

    def _apply_action(self, action: int) -> None:
        if self._play is None:
            self._play = action
        elif len(self._chosen) < 2:
            self._chosen.append(action)
        else:
            steps, outcome = self._tree.stages[self._stage].transitions, self._outcomes()[action]
            self._paid = self._paid + steps.payoff[outcome]
            self._play, self._chosen, self._stage = int(steps.following[outcome]), [], self._stage + 1

    def _action_to_string(self, player: int, action: int) -> str:
        if player == pyspiel.PlayerId.CHANCE:
            return f"types {action}" if self._play is None else f"outcome {action}"
        return str(self._tree.stages[self._stage].choices[action])

    def _outcomes(self) -> tuple[int, ...]:
        """The transitions that may follow the actions chosen."""
        return self._tree.stages[self._stage].outcomes[(self._play or 0, self._chosen[0], self._chosen[1])]

    def __str__(self) -> str:
        return f"stage {self._stage}, history {self._play}, actions {self._chosen}"


class ProfilePolicy(policy.Policy):  # type: ignore[misc]
    """A profile of a tree's behaviour."""

    def __init__(self, game: StageGameOfOpenSpiel, profile: Profile) -> None:
        """Take a profile of the game's tree."""
        super().__init__(game, [0, 1])
        self._profile = game.tree.checked(profile)

    def action_probabilities(self, state: StageStateOfOpenSpiel, player_id: int | None = None) -> dict[int, float]:
        """Return the probability of each action of the state that acts."""
        player = state.current_player() if player_id is None else player_id
        stage, place = state.information_set(player)
        return {action: float(p) for action, p in enumerate(self._profile[player][stage][place])}


pyspiel.register_game(GAME_TYPE, StageGameOfOpenSpiel)
