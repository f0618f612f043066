"""One game, step by step, with everything that the rules know of each step: what replays and played games are made of.

The game of a seed is that of the PettingZoo face after ``reset(seed=seed)``: same draws, same rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from security_dilemma.actions import action_mask, decode
from security_dilemma.arrays import is_off
from security_dilemma.chance import draw_start, draw_step
from security_dilemma.dynamics import advance, initial, terminated
from security_dilemma.payoffs import reward
from security_dilemma.perception import observe
from security_dilemma.spaces import resolve_intents
from security_dilemma.state import Action, State
from security_dilemma_training.policies import Bools, Floats, Policy, restart
from security_dilemma_training.trajectories import POLICY_STREAM

if TYPE_CHECKING:
    from security_dilemma.params import Params
    from security_dilemma_training.config import RunConfig

__all__ = ["Played", "one_game"]


class Played(NamedTuple):
    """One step of one game; N states, no batch axes."""

    params: Params  # in float32
    before: State  # at the start of the step
    observation: Floats  # (N, obs_dim), what each state saw before it acted
    mask: Bools  # (N, …), which actions had their effect
    sent: NDArray[Any]  # (N, n_components), the action of each state in the game's mode
    action: Action  # the same, decoded
    after: State  # at the end of the step
    paid: Floats  # (N,), payoff of the step
    next_observation: Floats  # (N, obs_dim), what each state sees after the step
    terminated: Bools  # (N,), eliminated, or the game is over
    truncated: bool  # the time limit cut the game off after this step


def one_game(config: RunConfig, policy: Policy, *, seed: int, intents: ArrayLike | None = None) -> Iterator[Played]:
    """Play one game of a config and yield its steps.

    Args:
        config: The game.
        policy: Decides for every state; one that remembers is told to forget first.
        seed: Seeds the game and the policy's chance, each with its own stream.
        intents: ``security_seeker`` or ``greedy``, or 0 and 1, one or one per state; None: drawn from the prior.

    Raises:
        ValueError: If an intent is unknown.
    """
    game = config.game
    n, stages = game.n_states, game.stages
    params = config.resolved_params().cast(np.float32)
    rng, own = np.random.default_rng(seed), np.random.default_rng([seed, POLICY_STREAM])
    start = {} if intents is None else {"intents": np.broadcast_to(resolve_intents(intents), (n,))}
    before = initial(params, draw_start(rng, n), stages, **start)
    restart(policy, 1)
    over = False
    while not over:
        seen = _observe(config, params, before)
        mask = action_mask(before, game.action_mode, stages, signals=game.signals)
        sent = policy.act(seen[None], mask[None], own)[0]
        draws = draw_step(rng, n, arms=not is_off(params.arms_noise), strike=game.action_mode == "continuous")
        action = decode(params, before, sent, draws, game.action_mode, signals=game.signals)
        after = advance(params, before, action, draws, stages, game.war)
        paid = reward(params, before, action, after, stages, game.war)
        ended, late = terminated(after, stages), int(after.steps) >= game.max_cycles
        over = bool(late or ended.all())
        yield Played(
            params, before, seen, mask, sent, action, after, paid, _observe(config, params, after), ended, late
        )
        before = after


def _observe(config: RunConfig, params: Params, state: State) -> Floats:
    return np.ascontiguousarray(
        observe(params, state, config.game.stages, reveal_intents=config.game.reveal_intents), np.float32
    )
