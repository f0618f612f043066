"""Rollouts of the compiled learner: what its games say of themselves, recounted by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from security_dilemma import WORLDS
from security_dilemma.actions import component_sizes
from security_dilemma.jax_face import JaxSecurityDilemma
from security_dilemma.params import Params
from security_dilemma.state import Move, Signal
from security_dilemma_training.compiled.rollout import Counts, Playing, Steps, play, start

pytestmark = pytest.mark.slow

GAMES, STEPS, LIMIT = 40, 60, 6


@cache
def random_play(n_states: int) -> Callable[[Any, Params], Any]:
    """Random play, compiled for any parameters."""
    game = JaxSecurityDilemma(n_states, max_cycles=LIMIT)
    sizes = component_sizes(n_states)

    def policy(key: Any, seen: Any) -> tuple[Any, Any]:
        keys = jax.random.split(key, len(sizes))
        drawn = [jax.random.randint(k, (len(seen),), 0, size) for k, size in zip(keys, sizes, strict=True)]
        return jnp.stack(drawn, axis=-1), jnp.zeros(len(seen))

    def run(key: Any, params: Params) -> Any:
        begin, go = jax.random.split(key)
        playing, rows, counts, _ = play(game, start(game, begin, GAMES, params), go, params, policy, STEPS)
        return rows, counts, playing

    call: Callable[[Any, Params], Any] = jax.jit(run)
    return call


def played(n_states: int, params: Params) -> tuple[Steps, Counts, Playing]:
    found: tuple[Steps, Counts, Playing] = jax.tree.map(np.asarray, random_play(n_states)(jax.random.key(0), params))
    return found


@pytest.fixture(scope="module", params=[2, 3])
def rollout(request: pytest.FixtureRequest) -> tuple[int, Steps, Counts, Playing]:
    params = WORLDS["doubly_dangerous"].replace(crisis_rate=0.5, upkeep=0.1)
    return (request.param, *played(request.param, params))


Rollout = tuple[int, Steps, Counts, Playing]


def by_game(values: Any, n_states: int) -> Any:
    return values.reshape(STEPS, GAMES, n_states, *values.shape[2:])


def over(rollout: Rollout) -> Any:
    """When games ended, (STEPS, GAMES): all of their states were done."""
    n, steps, _, _ = rollout
    return by_game(steps.done, n).all(axis=-1)


def test_games_end_in_time_and_start_anew(rollout: Rollout) -> None:
    n, steps, _, playing = rollout
    age = np.zeros(GAMES, int)
    seen_by_game = by_game(steps.observation, n)
    ended = over(rollout)
    for t in range(STEPS - 1):
        age = age + 1
        assert age.max() <= LIMIT
        assert ended[t][age == LIMIT].all()
        seen, last = seen_by_game[t + 1], by_game(steps.last_seen, n)[t]
        np.testing.assert_array_equal(seen[~ended[t]], last[~ended[t]])
        assert not seen[ended[t]][..., 2:4].any()  # no arms at the start
        assert (seen[ended[t]][..., 4] == 1).all()  # and an economy of 1
        age[ended[t]] = 0
    np.testing.assert_array_equal(playing.state.steps, np.where(ended[-1], 0, age + 1))


def test_only_the_time_limit_cuts_off(rollout: Rollout) -> None:
    n, steps, _, _ = rollout
    late, done = by_game(steps.late, n), by_game(steps.done, n)
    assert late.any()
    assert not (late & ~done).any()
    alive_last = by_game(steps.last_seen, n).any(axis=-1)
    assert alive_last[late].all()  # who is cut off lives, and its last observation can be valued


def test_the_eliminated_are_marked(rollout: Rollout) -> None:
    n, steps, _, _ = rollout
    living = by_game(steps.living, n)
    assert living.all() == (n == 2)  # with two states a game ends with the first elimination
    assert not steps.observation[~steps.living].any()
    assert not steps.reward[~steps.living].any()
    assert steps.observation[steps.living].any(axis=-1).all()


def test_counts_are_those_of_the_steps(rollout: Rollout) -> None:
    n, steps, counts, _ = rollout
    ended = over(rollout)
    assert counts.games["ended"] == ended.sum()
    assert counts.games["returned"] == n * ended.sum()
    returned, weight, total = np.zeros((GAMES, n)), 1.0 * np.ones((GAMES, 1)), 0.0
    for t in range(STEPS):
        returned += weight * by_game(steps.reward, n)[t]
        weight = weight * 0.95
        total += returned[ended[t]].sum()
        returned[ended[t]], weight[ended[t]] = 0, 1
    assert counts.games["returns"] == pytest.approx(total, rel=1e-4)
    greedy = steps.observation[..., 0] > 0
    kept = [steps.living & ~greedy, steps.living & greedy]
    arms = steps.observation[..., 2] + steps.observation[..., 3]
    crisis = steps.observation[..., 7] > 0
    struck = (steps.action[..., 0] == Move.STRIKE) & crisis
    sums: dict[str, Any] = {"steps": np.ones_like(arms), "arms": arms, "crises": crisis, "strikes": struck}
    sums["pledge"] = steps.action[..., 1] == Signal.PLEDGE
    for name, values in sums.items():
        expected = [(who * values).sum() for who in kept]
        if name == "pledge":  # who is eliminated in the step signals nothing
            assert (counts.by_intent[name] <= expected).all()
            np.testing.assert_allclose(counts.by_intent[name], expected, rtol=0.2)
        else:
            np.testing.assert_allclose(counts.by_intent[name], expected, rtol=1e-5, err_msg=name)


def test_wars_are_counted_by_game() -> None:
    _, counts, _ = played(2, WORLDS["doubly_dangerous"].replace(crisis_rate=0.0))
    assert counts.games["at_war"] == 0
    assert counts.games["ended"] == GAMES * (STEPS // LIMIT)
    steps, counts, _ = played(2, WORLDS["doubly_dangerous"].replace(crisis_rate=1.0))
    ended = by_game(steps.done & ~steps.late, 2).all(axis=-1)
    assert counts.games["at_war"] == ended.sum() > 0
