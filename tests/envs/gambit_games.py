"""A tree of a stage game as a game of Gambit, for cross-checks."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pygambit

from security_dilemma.solver import GameTree, Profile
from security_dilemma.solver.enumeration import Floats


class GambitGame:
    """A sequential form: chance draws the types, both act in turn unseen by each other, chance decides a war."""

    def __init__(self, tree: GameTree) -> None:
        self.tree = tree
        self.game = pygambit.Game.new_tree(players=["first", "second"])
        self.sets: dict[tuple[int, int, int], Any] = {}
        self.n_outcomes = 0
        for pair, node in enumerate(self._chance(self.game.root, [float(p) for p in tree.prior])):
            self._state_acts(node, 0, pair, (), (0.0, 0.0))

    def quantal_response(self, precision: float) -> Profile:
        """The branch's behaviour at a precision, as a profile of the tree."""
        (solution,) = pygambit.qre.logit_solve_lambda(self.game, [precision], first_step=0.01)
        # it is indexed by action, in the order of the game's players, information sets and actions
        flat = iter([solution[k] for k in range(len(solution))])
        found = {
            (player, information_set.number): [next(flat) for _ in information_set.actions]
            for player, who in enumerate(self.game.players)
            for information_set in who.infosets
        }

        def behaviour(player: int) -> tuple[Floats, ...]:
            stages = enumerate(self.tree.stages)
            sets = [[self.sets[player, k, place] for place in range(stage.n_sets(player))] for k, stage in stages]
            return tuple(np.array([found[player, one.number] for one in stage]) for stage in sets)

        return behaviour(0), behaviour(1)

    def _chance(self, node: Any, chances: list[float]) -> list[Any]:
        """Append a chance move and return what follows; a certain outcome needs none."""
        if len(chances) == 1:
            return [node]
        self.game.append_move(node, self.game.players.chance, [str(k) for k in range(len(chances))])
        exact = [Fraction(p) for p in chances[:-1]]
        self.game.set_chance_probs(node.infoset, [*exact, 1 - sum(exact)])
        return list(node.children)

    def _state_acts(
        self, node: Any, stage: int, history: int, chosen: tuple[int, ...], paid: tuple[float, float]
    ) -> None:
        if len(chosen) == 2:
            self._stage_ends(node, stage, (history, *chosen), paid)
            return
        player = len(chosen)
        key = (player, stage, int(self.tree.stages[stage].sets[history, player]))
        if key in self.sets:
            self.game.append_infoset(node, self.sets[key])
        else:
            names = [str(choice) for choice in self.tree.stages[stage].choices]
            self.game.append_move(node, list(self.game.players)[player], names)
            self.sets[key] = node.infoset
        for action, child in enumerate(list(node.children)):
            self._state_acts(child, stage, history, (*chosen, action), paid)

    def _stage_ends(self, node: Any, stage: int, key: tuple[int, ...], paid: tuple[float, float]) -> None:
        steps = self.tree.stages[stage].transitions
        outcomes = self.tree.stages[stage].outcomes[key[0], key[1], key[2]]
        for place, child in zip(outcomes, self._chance(node, [float(steps.chance[k]) for k in outcomes]), strict=True):
            total = (paid[0] + float(steps.payoff[place, 0]), paid[1] + float(steps.payoff[place, 1]))
            if steps.following[place] >= 0:
                self._state_acts(child, stage + 1, int(steps.following[place]), (), total)
            else:
                self.game.set_outcome(child, self._outcome(total))

    def _outcome(self, paid: tuple[float, float]) -> Any:
        self.n_outcomes += 1
        return self.game.add_outcome(str(self.n_outcomes), [Fraction(value) for value in paid])
