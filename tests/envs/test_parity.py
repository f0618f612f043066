"""One source for every array library, and for one game or many: the same chance gives the same games.

Discrete outcomes are compared only in games where no draw lies within rounding of its threshold.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any

import array_api_strict
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import security_dilemma.jax_face  # noqa: F401  makes Params data that JAX can trace
from security_dilemma.actions import decode
from security_dilemma.arrays import Array
from security_dilemma.combat import attack_strength, mutual_probability, strike_probability
from security_dilemma.dynamics import advance
from security_dilemma.params import PARAMETERS, Params
from security_dilemma.payoffs import reward
from security_dilemma.state import State
from tests.envs.rollouts import (
    Rules,
    Script,
    Turn,
    converted,
    converted_params,
    first_turn,
    leaves,
    next_turn,
    rollout,
    script,
)

GAMES, STEPS = 48, 10
STAGES = ((("hold", "strike"), 0.3), (("hold", "arm_defensively", "arm_offensively"), 0.2), (("hold", "strike"), 0.5))
RICH: dict[str, Any] = {
    "distinguishability": 0.4,
    "trust": 0.6,
    "initiative_mean": 0.1,
    "initiative_width": 0.2,
    "crisis_rate": 0.6,
    "arms_noise": 0.2,
    "worst_case": 0.1,
    "balance_width": 0.3,
    "balance_bias": 0.1,
    "balance_noise": 0.2,
    "growth": 0.02,
    "spoils": 0.4,
    "power_weight": 0.3,
    "routine_weight": 0.2,
    "prosocial_weight": 0.1,
}
CASES: dict[str, tuple[int, Params, Rules]] = {
    "two": (2, Params(crisis_rate=0.6), Rules()),
    "two_rich": (2, Params(**RICH), Rules()),
    "two_continuous": (2, Params(**RICH), Rules(mode="continuous")),
    "four_rich": (4, Params(**RICH), Rules()),
    "four_by_state": (
        4,
        Params(
            **RICH | {n: np.array([0.9, 1.0, 1.1, 1.2]) * RICH.get(n, 0.4) for n in PARAMETERS if n[-9:] != "_override"}
        ),
        Rules(),
    ),
    "four_discrete": (4, Params(**RICH), Rules(mode="discrete")),
    "four_revealed": (4, Params(**RICH), Rules(reveal_intents=True)),
    "four_silenced": (4, Params(**RICH), Rules(mode="discrete", signals=False)),
    "two_silenced": (2, Params(**RICH), Rules(mode="continuous", signals=False)),
    "four_of_some_signals": (4, Params(**RICH), Rules(mode="discrete", signals=("burn", "open"))),
    "two_of_some_signals": (2, Params(**RICH), Rules(signals=("pledge",))),
    "terminal": (2, Params(**RICH), Rules(STAGES)),
    "scaled": (2, Params(**RICH), Rules(STAGES, "scaled")),
}


@lru_cache
def reference(case: str) -> tuple[Script, list[Turn], Array]:
    """A script, its games in NumPy float64, and which of them stay clear of every threshold."""
    n, params, rules = CASES[case]
    played = script(hash_of(case), n, len(rules.stages) if rules.stages else STEPS, (GAMES,), rules.mode)
    turns = rollout(params, played, rules)
    return played, turns, clear_games(params, played, turns, rules)


def hash_of(case: str) -> int:
    return sum(map(ord, case))


def clear_games(params: Params, played: Script, turns: list[Turn], rules: Rules) -> Array:
    """Games in which every draw keeps a distance from its threshold, (games,) bool."""
    margin = np.abs(played.start.intent - params.trust).min(axis=-1)
    for (before, after), draws, actions in zip(pairwise(turns), played.draws, played.actions, strict=True):
        state = before.state
        attack = attack_strength(params, state.offensive, state.defensive)
        one_sided = strike_probability(params, state)
        k = 0.5 * (np.asarray(params.decisiveness) + np.broadcast_to(params.decisiveness, attack.shape)[..., None])
        mutual = mutual_probability(k.swapaxes(-1, -2), attack[..., None], attack[..., None, :])
        everything = np.concatenate([one_sided, 1 - one_sided, mutual.reshape(GAMES, -1)], axis=-1)
        at_war = after.state.belligerent.any(axis=-1)
        margin = np.where(at_war, np.minimum(margin, np.abs(draws.war[:, None] - everything).min(axis=-1)), margin)
        living = after.state.alive.sum(axis=-1)
        place = np.where(living > 1, draws.dyad * living * (living - 1) / 2, 0.5)
        rates = 0.5 * np.add.outer(np.ravel(params.crisis_rate), np.ravel(params.crisis_rate)).ravel()
        margin = np.minimum(margin, np.abs(draws.crisis[:, None] - rates).min(axis=-1))
        margin = np.minimum(margin, np.abs(place - np.round(place)))
        if rules.mode == "continuous":
            margin = np.minimum(margin, np.abs(draws.strike - actions[..., 4]).min(axis=-1))
            margin = np.minimum(margin, np.abs(actions[..., 3] - 0.5).min(axis=-1))
    return margin > 1e-5


def to_strict(x: Any) -> Any:
    return None if x is None else array_api_strict.asarray(np.asarray(x))


def to_float32(x: Any) -> Any:
    return None if x is None else np.asarray(x, np.float32 if np.asarray(x).dtype.kind == "f" else np.int32)


def to_jax(x: Any) -> Any:
    return None if x is None else jnp.asarray(to_float32(x))


def assert_same_games(found: list[Turn], expected: list[Turn], clear: Array, rtol: float, atol: float) -> None:
    assert clear.mean() > 0.8
    for t, (one, other) in enumerate(zip(found, expected, strict=True)):
        for name, value in leaves(other).items():
            got = leaves(one)[name]
            assert got.shape == value.shape, name
            assert got.dtype.kind == value.dtype.kind, name
            assert_allclose(got[clear], value[clear], rtol=rtol, atol=atol, err_msg=f"{name} at turn {t}")


def test_reference_games_are_rich() -> None:
    for case in CASES:
        _, turns, clear = reference(case)
        assert np.any([t.state.won[clear] for t in turns]), case
        assert np.any([t.state.struck[clear].sum(axis=-1) == 2 for t in turns]), case
        assert np.any([t.state.crisis[clear] & ~t.state.belligerent[clear] for t in turns]), case


@pytest.mark.parametrize("case", CASES)
def test_array_api_strict(case: str) -> None:
    _, params, rules = CASES[case]
    played, turns, _ = reference(case)
    found = rollout(converted_params(params, to_strict), converted(played, to_strict), rules)
    assert_same_games(found, turns, np.ones(GAMES, bool), 1e-12, 1e-14)


@pytest.mark.parametrize("case", CASES)
def test_numpy_float32(case: str) -> None:
    _, params, rules = CASES[case]
    played, turns, clear = reference(case)
    found = rollout(params.cast(np.float32), converted(played, to_float32), rules)
    assert_same_games(found, turns, clear, 2e-4, 2e-5)


@pytest.mark.parametrize("case", CASES)
def test_float32_games_hold_32_bit_numbers(case: str) -> None:
    _, params, rules = CASES[case]
    played = reference(case)[0]
    for one in rollout(params.cast(np.float32), converted(played, to_float32), rules):
        wide = {name: x.dtype for name, x in leaves(one).items() if x.dtype not in (np.float32, np.int32, np.bool_)}
        assert not wide


@pytest.mark.slow
@pytest.mark.parametrize("case", ["two_rich", "four_by_state"])
def test_jax_eager(case: str) -> None:
    _, params, rules = CASES[case]
    played, turns, clear = reference(case)
    found = rollout(converted_params(params, to_jax), converted(played, to_jax), rules)
    assert_same_games(found, turns, clear, 2e-4, 2e-5)


JITTED = ("two_continuous", "four_by_state", "four_discrete", "four_revealed", "two_silenced", "terminal", "scaled")


@pytest.mark.slow
@pytest.mark.parametrize("case", JITTED)
def test_jax_jitted_with_traced_parameters(case: str) -> None:
    _, params, rules = CASES[case]
    played, turns, clear = reference(case)
    begin: Callable[..., Turn] = jax.jit(lambda p, start: first_turn(p, start, rules))
    step: Callable[..., Turn] = jax.jit(lambda p, state, actions, draws: next_turn(p, state, actions, draws, rules))
    found = rollout(converted_params(params, to_jax), converted(played, to_jax), rules, begin=begin, step=step)
    assert_same_games(found, turns, clear, 2e-4, 2e-5)


@pytest.mark.slow
def test_jax_vmap_over_parameters() -> None:
    played, turns, _ = reference("two_rich")
    moved = converted(played, to_jax)
    state = State(*map(to_jax, turns[3].state))
    names = ("distinguishability", "crisis_rate", "upkeep", "worst_case")
    values = np.array([[0.1, 0.2, 0.1, 0.3], [0.9, 1.0, 0.2, 0.0]], np.float32)

    def one(value: Any) -> Turn:
        params = Params(**RICH).replace(**{name: value[k] for k, name in enumerate(names)})
        return next_turn(params, state, moved.actions[3], moved.draws[3], Rules())

    together = leaves(jax.jit(jax.vmap(one))(jnp.asarray(values)))
    alone = jax.jit(one)
    for k, value in enumerate(values):
        for leaf, x in leaves(alone(jnp.asarray(value))).items():
            assert_allclose(together[leaf][k], x, rtol=1e-4, atol=1e-5, err_msg=leaf)
    assert np.any(together["crisis"][0] != together["crisis"][1])


@pytest.mark.parametrize("case", CASES)
def test_a_batch_is_its_games_one_by_one(case: str) -> None:
    _, params, rules = CASES[case]
    played, turns, _ = reference(case)
    for k in (0, 7, GAMES - 1):
        alone = rollout(params, converted(played, lambda x, k=k: x[k]), rules)  # type: ignore[misc]
        for one, many in zip(alone, turns, strict=True):
            for name, x in leaves(one).items():
                assert_allclose(x, leaves(many)[name][k], rtol=1e-12, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("case", CASES)
def test_fields_that_are_skipped_as_zero_equal_those_that_are_computed(case: str) -> None:
    n, params, rules = CASES[case]
    played, _, _ = reference(case)
    for name in ("arms_noise", "worst_case", "growth", "spoils", "power_weight", "routine_weight", "prosocial_weight"):
        skipped = rollout(params.replace(**{name: 0.0}), played, rules)
        computed = rollout(params.replace(**{name: np.zeros(n)}), played, rules)
        for one, other in zip(skipped, computed, strict=True):
            for leaf, x in leaves(one).items():
                assert_allclose(x, leaves(other)[leaf], rtol=1e-12, atol=1e-14, err_msg=f"{name}: {leaf}")


@pytest.mark.parametrize("case", CASES)
def test_fought_false_equals_true_where_nobody_strikes(case: str) -> None:
    _, params, rules = CASES[case]
    played, turns, _ = reference(case)
    for before, draws, actions in zip(turns[:-1], played.draws, played.actions, strict=True):
        state = before.state
        action = decode(params, state, actions, draws, rules.mode, signals=rules.signals)
        action = action._replace(strike=action.strike & ~state.crisis)  # strikes of bystanders stay
        results = []
        for fought in (True, False):
            after = advance(params, state, action, draws, rules.stages, rules.war, fought=fought)
            paid = reward(params, state, action, after, rules.stages, rules.war, fought=fought)
            results.append([*after, paid])
        for x, y in zip(*results, strict=True):
            assert_allclose(x, y, rtol=1e-12, atol=1e-15)


def test_inputs_are_left_as_they_were() -> None:
    played, turns, _ = reference("four_rich")
    state = turns[4].state
    copies = [x.copy() for x in (*state, *played.draws[4], played.actions[4])]
    next_turn(CASES["four_rich"][1], state, played.actions[4], played.draws[4], Rules())
    for x, y in zip((*state, *played.draws[4], played.actions[4]), copies, strict=True):
        assert_array_equal(x, y)
