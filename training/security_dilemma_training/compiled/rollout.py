"""Rollouts of the compiled learner: all games of one lane are played for some steps, and what happens is counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from security_dilemma.arrays import Array
from security_dilemma.dynamics import initial
from security_dilemma.jax_face import JaxSecurityDilemma
from security_dilemma.params import Params
from security_dilemma.state import State
from security_dilemma_training.monitor import BY_INTENT, OF_GAMES, tally

__all__ = ["Counts", "Playing", "Steps", "chances", "choose", "play", "start", "started"]


class Playing(NamedTuple):
    """Games in progress, and what their states have got so far."""

    state: State  # (G, …)
    returned: Array  # (G, N), discounted payoffs of the present game so far
    weight: Array  # (G, N), discount of its next payoff


class Steps(NamedTuple):
    """What the slots of G games saw, did and got in T steps; a slot is one state of one game."""

    observation: Array  # (T, slots, obs_dim)
    action: Array  # (T, slots, components) int32
    log_chance: Array  # (T, slots), log probability of the action
    reward: Array  # (T, slots)
    done: Array  # (T, slots) bool, the state or its game came to an end
    late: Array  # (T, slots) bool, the time limit cut it off
    last_seen: Array  # (T, slots, obs_dim), after the step and before a new game started
    living: Array  # (T, slots) bool, was alive at the start of the step


class Counts(NamedTuple):
    """What happened in the games; see :mod:`security_dilemma_training.monitor`."""

    games: dict[str, Array]  # () each
    by_intent: dict[str, Array]  # (2,) each


def started(game: JaxSecurityDilemma, key: Array, n_games: int, params: Params) -> State:
    """Return fresh games, (G, …)."""
    draws = jax.vmap(game.start_draws, (0, None))(jax.random.split(key, n_games), params)
    return initial(params, draws, game.stages)


def start(game: JaxSecurityDilemma, key: Array, n_games: int, params: Params) -> Playing:
    """Return games of which nothing was played."""
    state = started(game, key, n_games, params)
    return Playing(state, jnp.zeros_like(state.greed), jnp.ones_like(state.greed))


def choose(logits: Array, sizes: tuple[int, ...], key: Array) -> tuple[Array, Array]:
    """Draw each component of an action by inversion of its distribution.

    Args:
        logits: (slots, sum of sizes).
        sizes: Number of values of each component.
        key: Of ``jax.random``.

    Returns:
        (slots, components) int32, and the log probabilities (slots,).
    """
    uniform = jax.random.uniform(key, (len(sizes), logits.shape[0]))
    actions = []
    for part, drawn in zip(_parts(logits, sizes), uniform, strict=True):
        below = jnp.cumsum(jax.nn.softmax(part, axis=-1), axis=-1)[:, :-1]
        actions.append(jnp.sum(drawn[:, None] >= below, axis=-1, dtype=jnp.int32))
    action = jnp.stack(actions, axis=-1)
    return action, chances(logits, action, sizes)[0]


def chances(logits: Array, action: Array, sizes: tuple[int, ...]) -> tuple[Array, Array]:
    """Return the log probability of actions and the entropy of the policy, (...) each.

    Args:
        logits: (..., sum of sizes).
        action: (..., components).
        sizes: Number of values of each component; components are drawn independently.
    """
    log_chance, entropy = jnp.zeros(logits.shape[:-1]), jnp.zeros(logits.shape[:-1])
    for place, part in enumerate(_parts(logits, sizes)):
        logs = jax.nn.log_softmax(part, axis=-1)
        chosen = action[..., place, None] == jnp.arange(sizes[place])
        log_chance = log_chance + jnp.sum(jnp.where(chosen, logs, 0), axis=-1)
        entropy = entropy - jnp.sum(jnp.exp(logs) * logs, axis=-1)
    return log_chance, entropy


def play(
    game: JaxSecurityDilemma,
    playing: Playing,
    key: Array,
    params: Params,
    policy: Callable[[Array, Array], tuple[Array, Array]],
    steps: int,
) -> tuple[Playing, Steps, Counts, Array]:
    """Play all games for some steps; a game that ends starts anew in the same step.

    Args:
        game: The kind of game.
        playing: The games.
        key: Of ``jax.random``.
        params: The games' parameters.
        policy: Called with a key and observations (slots, obs_dim); returns actions and their log probabilities.
        steps: Number of steps T.

    Returns:
        The games afterwards, the steps, the counts, and what the slots see then, (slots, obs_dim).
    """

    def step(carry: tuple[Playing, Array, Counts], key: Array) -> tuple[tuple[Playing, Array, Counts], Steps]:
        playing, seen, counts = carry
        acting, chance, anew = jax.random.split(key, 3)
        action, log_chance = policy(acting, seen)
        played, observed, row, counted = _step(game, playing, action, (chance, anew), params)
        counts = jax.tree.map(jnp.add, counts, counted)
        done = {"observation": seen, "action": action, "log_chance": log_chance}
        return (played, observed, counts), Steps(**done, **row)

    seen = _by_slot(game.observe(playing.state, params))
    nothing = Counts({name: jnp.zeros(()) for name in OF_GAMES}, {name: jnp.zeros(2) for name in BY_INTENT})
    (playing, seen, counts), rows = jax.lax.scan(step, (playing, seen, nothing), jax.random.split(key, steps))
    return playing, rows, counts, seen


def _step(
    game: JaxSecurityDilemma, playing: Playing, action: Array, keys: tuple[Array, Array], params: Params
) -> tuple[Playing, Array, dict[str, Array], Counts]:
    """One step of all games: the games, what is seen then, the rest of a row of :class:`Steps`, and the counts."""
    before, n_games = playing.state, playing.state.steps.shape[0]
    chance, anew = keys
    draws = jax.vmap(game.step_draws, (0, None))(jax.random.split(chance, n_games), params)
    came = game.play(before, jnp.reshape(action, (n_games, game.n_states, -1)), draws, params)
    over = jnp.all(came.terminated | came.truncated, axis=-1)
    fresh = started(game, anew, n_games, params)
    state = jax.tree.map(lambda new, old: jnp.where(_like(over, new), new, old), fresh, came.state)
    returned = playing.returned + playing.weight * came.reward
    counts = _counts(before, came.state, over, returned)
    discount = 1.0 if game.stages is not None else params.discount
    weight = jnp.where(over[:, None], 1, playing.weight * discount)
    row = {
        "reward": came.reward,
        "done": came.terminated | over[:, None],
        "late": came.truncated,
        "last_seen": came.observation,
        "living": before.alive,
    }
    played = Playing(state, jnp.where(over[:, None], 0, returned), weight)
    return played, _by_slot(game.observe(state, params)), {name: _by_slot(value) for name, value in row.items()}, counts


def _counts(before: State, after: State, over: Array, returned: Array) -> Counts:
    """The counts of one step."""
    games = {
        "ended": jnp.sum(over),
        "at_war": jnp.sum(jnp.any(after.belligerent, axis=-1)),
        "returns": jnp.sum(jnp.where(over[:, None], returned, 0)),
        "returned": jnp.sum(over) * returned.shape[-1],
    }
    return Counts(
        {name: games[name].astype(jnp.float32) for name in OF_GAMES}, tally(before, after.struck, after.last_signal)
    )


def _parts(logits: Array, sizes: tuple[int, ...]) -> list[Array]:
    """The logits of each component."""
    ends = [sum(sizes[: place + 1]) for place in range(len(sizes))]
    return [logits[..., end - size : end] for end, size in zip(ends, sizes, strict=True)]


def _like(flags: Array, values: Array) -> Array:
    """Flags of games with as many axes as values of games."""
    return jnp.reshape(flags, (flags.shape[0], *[1] * (values.ndim - 1)))


def _by_slot(values: Any) -> Any:
    """(G, N, …) as (slots, …)."""
    return jnp.reshape(values, (-1, *values.shape[2:]))
