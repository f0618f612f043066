"""The JAX face: the rules of NumPy under its draws, one compilation for all worlds, games that start anew."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from security_dilemma import WORLDS, ParameterError, Params
from security_dilemma.actions import component_sizes, decode
from security_dilemma.arrays import Array
from security_dilemma.chance import Draws
from security_dilemma.dynamics import advance, initial, terminated
from security_dilemma.jax_face import JaxSecurityDilemma, _normal, _uniform, start_draws, step_draws
from security_dilemma.payoffs import reward
from security_dilemma.perception import observe
from security_dilemma.state import HOLD, STRIKE

STAGES = ((("hold", "strike"), 0.4), (("hold", "strike"), 0.6))
TENSE = Params(crisis_rate=0.7, trust=0.5, arms_noise=0.2, growth=0.02, spoils=0.3, power_weight=0.2)
KINDS: dict[str, dict[str, Any]] = {
    "two": {},
    "three": {"n_states": 3},
    "discrete": {"action_mode": "discrete"},
    "continuous": {"action_mode": "continuous"},
    "stages": {"stages": STAGES, "war": "scaled"},
    "revealed": {"reveal_intents": True, "signals": False},
}
GAMES = 64


KEYS = 4096


def to_numpy(draws: Draws) -> Draws:
    return Draws(*(None if x is None else np.asarray(x) for x in draws))


def some_actions(game: JaxSecurityDilemma, key: Array) -> Array:
    """Actions of all games, (GAMES, N, n_components)."""
    sizes = component_sizes(game.n_states)
    shape = (GAMES, game.n_states)
    if game.action_mode == "continuous":
        return jax.random.uniform(key, (*shape, 5))
    if game.action_mode == "discrete":
        return jax.random.randint(key, (*shape, 1), 0, int(np.prod(sizes)))
    return jax.random.randint(key, (*shape, len(sizes)), 0, jnp.asarray(sizes))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_with_the_same_draws_games_are_those_of_numpy(kind: str) -> None:
    game, params = JaxSecurityDilemma(**KINDS[kind]), TENSE.cast(np.float32)
    play = jax.jit(jax.vmap(game.play, in_axes=(0, 0, 0, None)))
    drawn = jax.vmap(lambda key: start_draws(key, game.n_states))(jax.random.split(jax.random.key(1), GAMES))
    state = initial(params, to_numpy(drawn), game.stages)
    wars = 0
    for step in range(len(STAGES) if game.stages else 8):
        keys = jax.random.split(jax.random.key(100 + step), GAMES)
        draws = jax.vmap(lambda key: step_draws(key, game.n_states))(keys)
        actions = some_actions(game, jax.random.key(200 + step))
        came = play(jax.tree.map(jnp.asarray, state), actions, draws, TENSE)
        action = decode(params, state, np.asarray(actions), to_numpy(draws), game.action_mode, signals=game.signals)
        after = advance(params, state, action, to_numpy(draws), game.stages, game.war)
        paid = reward(params, state, action, after, game.stages, game.war)
        assert_allclose(came.reward, paid, atol=2e-5)
        assert_allclose(
            came.observation, observe(params, after, game.stages, reveal_intents=game.reveal_intents), atol=2e-5
        )
        assert_array_equal(came.terminated, terminated(after, game.stages))
        for name, value in after._asdict().items():
            assert_allclose(getattr(came.state, name), value, atol=2e-5, err_msg=name)
        wars += int(after.belligerent.any(axis=-1).sum())
        state = after
    assert wars > GAMES // 4


@pytest.mark.slow
def test_all_worlds_are_one_compilation() -> None:
    game, traced = JaxSecurityDilemma(), 0

    def first_step(key: Array, params: Params) -> Array:
        nonlocal traced
        traced += 1
        _, state = game.reset(key, params)
        _, state, *_ = game.step(key, state, jnp.zeros((2, 2), jnp.int32), params)
        return game.play(
            state._replace(crisis=state.alive), jnp.array([[STRIKE, 0], [HOLD, 0]]), CERTAIN, params
        ).reward

    compiled = jax.jit(first_step)
    key = jax.random.key(0)
    alone = [np.asarray(compiled(key, params)) for params in WORLDS.values()]
    assert traced == 1
    together = jax.tree.map(lambda *values: jnp.asarray(values), *WORLDS.values())
    assert_allclose(jax.vmap(first_step, in_axes=(None, 0))(key, together), alone, rtol=1e-6)
    assert not np.allclose(alone[0], alone[1])  # a strike against the unarmed pays where offence has the advantage


CERTAIN = Draws(war=jnp.array(0.01), crisis=jnp.array(0.9), dyad=jnp.array(0.0), posture=jnp.zeros((2, 2)),
                arms=jnp.zeros((2, 2)), strike=jnp.ones(2))  # fmt: skip


@pytest.mark.slow
def test_games_that_end_start_anew_and_tell_how_they_ended() -> None:
    game = JaxSecurityDilemma(max_cycles=5)
    keys = jax.random.split(jax.random.key(3), 16)
    _, states = jax.vmap(game.reset, in_axes=(0, None))(keys, TENSE)
    step = jax.jit(jax.vmap(game.step, in_axes=(0, 0, 0, None)))
    ended_by_war = ended_by_time = 0
    for t in range(12):
        keys = jax.random.split(jax.random.key(10 + t), 16)
        strikes = jnp.full((16, 2, 2), STRIKE).at[:8].set(HOLD).at[..., 1].set(0)
        observations, states, rewards, over, told = step(keys, states, strikes, TENSE)
        assert rewards.shape == (16, 2)
        assert_array_equal(np.asarray(over), np.all(told["terminated"] | told["truncated"], axis=-1))
        assert_array_equal(np.asarray(states.steps)[np.asarray(over)], 0)
        assert_array_equal(np.asarray(states.steps)[~np.asarray(over)], told["final_state"].steps[~np.asarray(over)])
        assert_allclose(observations[~np.asarray(over)], told["final_observation"][~np.asarray(over)])
        ended_by_time += int(told["truncated"][:8].all(axis=-1).sum())
        ended_by_war += int(told["terminated"][8:].all(axis=-1).sum())
    assert ended_by_time == 16  # eight games of five steps, twice within twelve
    assert ended_by_war > 8


@pytest.mark.slow
@pytest.mark.parametrize("kind_of_key", ["threefry2x32", "rbg"])
def test_every_number_that_is_drawn_has_its_distribution_and_is_of_its_own(kind_of_key: str) -> None:
    n = 3
    for draw, uniforms, normals in ((start_draws, 2 * n + 1, n), (step_draws, 3 + n, 2 * n * (n - 1))):
        keys = jax.vmap(lambda seed: jax.random.key(seed, impl=kind_of_key))(jnp.arange(KEYS))
        drawn = to_numpy(jax.jit(jax.vmap(draw, in_axes=(0, None)), static_argnums=1)(keys, n))
        columns: dict[bool, list[Array]] = {True: [], False: []}
        for name, x in drawn._asdict().items():
            if x is None:
                continue
            assert x.dtype == np.float32, name
            if name in ("posture", "arms"):
                assert_array_equal(np.einsum("kii->ki", x), 0)
                x = x[:, ~np.eye(n, dtype=bool)]
            columns[name in ("posture", "arms", "perception")].extend(x.reshape(KEYS, -1).T)
        assert (len(columns[False]), len(columns[True])) == (uniforms, normals)
        assert all((x >= 0).all() and (x < 1).all() for x in columns[False])
        for x in columns[False]:
            assert stats.kstest(x, "uniform").pvalue > 1e-4
        for x in columns[True]:
            assert stats.kstest(x, "norm").pvalue > 1e-4
        everything = np.array(columns[False] + columns[True])
        beside_the_next_key = np.concatenate([everything[:, 1:], everything[:, :-1]])
        correlated = np.abs(np.corrcoef(beside_the_next_key) - np.eye(len(beside_the_next_key)))
        assert correlated.max() < 5 / np.sqrt(KEYS)


def test_words_of_every_size_become_numbers_within_bounds() -> None:
    words = jnp.array([0, 255, 256, 2**31, 2**32 - 1], jnp.uint32)
    assert_array_equal(_uniform(words), [0, 0, 2.0**-24, 0.5, 1 - 2.0**-24])
    normal = np.asarray(_normal(words))
    assert_allclose(normal, stats.norm.ppf(np.array([0, 0, 1, 2**23, 2**24 - 1]) / 2**24 + 2.0**-25), atol=1e-3)
    assert normal[0] == -normal[-1]


@pytest.mark.slow
def test_a_game_draws_what_it_uses() -> None:
    key, names = jax.random.key(5), Draws._fields
    two, three = JaxSecurityDilemma(), JaxSecurityDilemma(3, action_mode="continuous")
    plain, rich = Params(), Params(arms_noise=0.1, initiative_width=0.1, balance_width=0.1, balance_noise=0.1)
    of_start, of_step = names[:4], names[4:]

    def drawn(game: JaxSecurityDilemma, params: Params) -> set[str]:
        step, start = game.step_draws(key, params), game.start_draws(key, params)
        assert not any(getattr(step, name) is not None for name in of_start)
        for name, full in start_draws(key, game.n_states)._asdict().items():  # rules read all of them
            assert (getattr(start, name) is None) == (full is None)
            assert full is None or getattr(start, name).shape == full.shape
        return {k for k in of_step if getattr(step, k) is not None} | {k for k in of_start if getattr(start, k).any()}

    assert drawn(two, plain) == {"war", "crisis", "posture", "intent"}
    assert drawn(two, rich) == set(names) - {"dyad", "strike"}
    assert drawn(three, rich) == set(names)
    as_data = jax.tree.map(jnp.asarray, plain)  # of arrays nothing is known
    assert drawn(two, as_data) == drawn(two, rich)
    assert_array_equal(two.start_draws(key, rich).intent, start_draws(key, 2).intent)
    assert_array_equal(three.step_draws(key, rich).arms, step_draws(key, 3).arms)


@pytest.mark.slow
@pytest.mark.parametrize("params", [Params(crisis_rate=0.7, trust=0.5), TENSE], ids=["plain", "tense"])
def test_parameters_known_beforehand_are_those_given_as_data(params: Params) -> None:
    game = JaxSecurityDilemma(3)
    drawn = jax.vmap(lambda key: start_draws(key, 3))(jax.random.split(jax.random.key(1), GAMES))
    state = jax.tree.map(jnp.asarray, initial(params, drawn))
    known = jax.jit(jax.vmap(partial(game.play, params=params)))
    given = jax.jit(jax.vmap(game.play, in_axes=(0, 0, 0, None)))
    for step in range(6):
        keys = jax.random.split(jax.random.key(100 + step), GAMES)
        turn = (state, some_actions(game, jax.random.key(step)), jax.vmap(lambda key: step_draws(key, 3))(keys))
        one, other = known(*turn), given(*turn, params)
        for x, y in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
            assert x.dtype == y.dtype
            assert_allclose(x, y, atol=2e-5)
        state = one.state
    assert state.alive.any()
    assert not state.alive.all()


@pytest.mark.slow
def test_shapes_and_masks() -> None:
    game = JaxSecurityDilemma(3)
    observations, state = game.reset(jax.random.key(0), WORLDS["intense"])
    assert observations.shape == (3, game.obs_dim)
    mask = game.action_mask(state)
    assert mask.shape == (3, sum(component_sizes(3)))
    assert not mask[:, STRIKE].any()


def test_a_faulty_shape_is_refused_with_every_fault() -> None:
    with pytest.raises(ParameterError) as told:
        JaxSecurityDilemma(1, max_cycles=0, action_mode="discreet")  # type: ignore[arg-type]
    for word in ("n_states", "max_cycles", "discrete"):
        assert word in str(told.value)
