"""Trajectories: whole games of a policy, or of one for each state, from the start of each to its own end."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from security_dilemma.actions import ActionMode
from security_dilemma.combat import strike_probability
from security_dilemma.games import Games
from security_dilemma.params import Params
from security_dilemma.payoffs import military_burden
from security_dilemma.spaces import INTENTS
from security_dilemma.stages import Signals, Stages
from security_dilemma.state import State
from security_dilemma_training.policies import Bools, Floats, Matched, Policy, Remembering, Watched, restart

__all__ = [
    "Bools",
    "Floats",
    "Matched",
    "Policy",
    "Remembering",
    "Trajectories",
    "Watched",
    "by_intent",
    "record",
    "restart",
]

OUTCOME = ("struck", "belligerent", "won", "last_move", "last_signal")
POLICY_STREAM = 1  # keeps a policy's chance apart from the games', which is seeded by the bare seed


class Trajectories(NamedTuple):
    """One whole game per slot. T steps, G games, N states; steps after a game's end are not ``active``.

    Fields "at the start" are read before the states act in a step, fields "of the step" are what came of it.
    """

    active: Bools  # (T, G), the game is going on at the start of the step
    alive: Bools  # (T, G, N), at the start
    offensive: Floats  # (T, G, N), offensive stock O at the start, units of arms
    defensive: Floats  # (T, G, N), defensive stock D at the start, units of arms
    burden: Floats  # (T, G, N), κ(O+D) at the start, share of the economy
    economy: Floats  # (T, G, N), Y at the start
    crisis: Bools  # (T, G, N), in crisis at the start
    strike_chance: Floats  # (T, G, N), chance that a one-sided strike at the start wins; with N > 2 only in crisis
    dossier: Floats  # (T, G, N, N), [observer, observed] believed offensive share at the start
    support: NDArray[np.integer]  # (T, G, N), the state that is defended in the step, by its index; -1: nobody
    struck: Bools  # (T, G, N), struck in the step
    belligerent: Bools  # (T, G, N), at war in the step
    won: Bools  # (T, G, N), won that war
    move: NDArray[np.integer]  # (T, G, N), the Move of the step; a hold for who is eliminated in it (see struck)
    signal: NDArray[np.integer]  # (T, G, N), the Signal of the step; silent for who is eliminated in it
    reward: Floats  # (T, G, N), payoff of the step
    greedy: Bools  # (G, N), intents
    greed: Floats  # (G, N), extra value of conquest g
    initiative: Floats  # (G, N), private benefit of striking h
    truncated: Bools  # (G, N), alive at the time limit: its future was cut off
    final_economy: Floats  # (G, N), Y after the last step; 0 for the eliminated
    final_observation: Floats  # (G, N, obs_dim), what is seen after the last step; zeros for the eliminated
    start: State  # (G, N), the state in which each game started
    params: Params  # the parameters played
    stages: Stages | None  # the stages of a stage game
    war: str  # terminal or scaled
    max_cycles: int  # time limit in steps

    @property
    def arms(self) -> Floats:
        """(T, G, N), offensive plus defensive stock at the start of each step."""
        return self.offensive + self.defensive

    @property
    def present(self) -> Bools:
        """(T, G, N), which states are alive in a game that is going on."""
        return self.alive & self.active[..., None]


def by_intent(trajectories: Trajectories) -> dict[str, Bools]:
    """Return for each intent which states have it, (G, N) bool."""
    return dict(zip(INTENTS, (~trajectories.greedy, trajectories.greedy), strict=True))


def record(
    params: Params,
    policy: Policy,
    *,
    n_games: int,
    intents: ArrayLike,
    seed: int,
    n_states: int = 2,
    max_cycles: int = 64,
    stages: Stages | None = None,
    war: str = "terminal",
    action_mode: ActionMode = "multidiscrete",
    reveal_intents: bool = False,
    signals: Signals = True,
) -> Trajectories:
    """Play one whole game per slot; what a slot plays after its game's end is ignored.

    Args:
        params: The games' parameters.
        policy: Decides for every state; one that remembers is told to forget first.
        n_games: Number of games G.
        intents: 1 for greedy and 0 for a security seeker; broadcasts to (G, N).
        seed: Seeds the games and the policy's chance, each with its own stream.
        n_states: Number of states N.
        max_cycles: Time limit in steps.
        stages: The stages of a stage game.
        war: ``terminal``, or ``scaled`` in stage games.
        action_mode: The policy's action mode.
        reveal_intents: Whether each state observes the others' greed as well.
        signals: Which signals there are: all, none or those named.

    Raises:
        ParameterError: If the parameters or the shape of the game are at fault.
        ValueError: If the policy sends an action outside its space.
    """
    games = Games(
        params,
        n_games,
        n_states=n_states,
        max_cycles=max_cycles,
        stages=stages,
        war=war,
        action_mode=action_mode,
        reveal_intents=reveal_intents,
        signals=signals,
        seed=seed,
    )
    observations = games.reset(seed, intents=intents)
    restart(policy, n_games)
    rng = np.random.default_rng([seed, POLICY_STREAM])
    start, active = games.state, np.ones(n_games, bool)
    truncated, final_economy = np.zeros((n_games, n_states), bool), np.zeros((n_games, n_states), games.dtype)
    final_observation = np.zeros(observations.shape, games.dtype)
    steps: list[dict[str, NDArray[Any]]] = []
    while active.any():
        before = games.state
        observations, rewards, _, late, info = games.step(policy.act(observations, games.action_mask(), rng))
        steps.append(_row(games.params, before, games.state, rewards, active, info))
        ended = active[info["ended"]]
        first = info["ended"][ended]
        truncated[first], final_economy[first] = late[first], info["final_state"].economy[ended]
        final_observation[first] = info["final_observation"][ended]
        active = active.copy()
        active[first] = False
    return Trajectories(
        **{name: np.stack([step[name] for step in steps]) for name in steps[0]},
        greedy=np.broadcast_to(np.asarray(intents) != 0, (n_games, n_states)),
        greed=start.greed,
        initiative=start.initiative,
        truncated=truncated,
        final_economy=final_economy,
        final_observation=final_observation,
        start=start,
        params=games.params,
        stages=stages,
        war=war,
        max_cycles=max_cycles,
    )


def _row(
    params: Params, before: State, after: State, rewards: Floats, active: Bools, info: dict[str, Any]
) -> dict[str, NDArray[Any]]:
    """The fields of one step; games that ended have been restarted in ``after`` and are read from ``info``."""
    outcome = {name: np.array(getattr(after, name)) for name in OUTCOME}
    for name, values in outcome.items():
        values[info["ended"]] = getattr(info["final_state"], name)
    return {
        "active": active,
        "alive": before.alive,
        "offensive": before.offensive,
        "defensive": before.defensive,
        "burden": military_burden(params, before),
        "economy": before.economy,
        "crisis": before.crisis,
        "strike_chance": strike_probability(params, before),
        "dossier": before.dossier,
        "support": np.where(before.support.any(axis=-1), before.support.argmax(axis=-1), -1),
        "struck": outcome["struck"],
        "belligerent": outcome["belligerent"],
        "won": outcome["won"],
        "move": outcome["last_move"],
        "signal": outcome["last_signal"],
        "reward": rewards,
    }
