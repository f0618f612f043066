"""What holds in every game, whatever the parameters, the actions and the luck."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose, assert_array_equal

from security_dilemma.arrays import Array
from security_dilemma.chance import Draws
from security_dilemma.combat import attack_strength, mutual_probability, strike_probability
from security_dilemma.params import PARAMETERS, Params, parameter_faults
from security_dilemma.perception import observation_table
from security_dilemma.state import Move, State
from tests.envs.builders import PAIRS
from tests.envs.rollouts import Rules, Script, Turn, by_pairs, converted, leaves, next_turn, rollout, script

N_STATES = st.integers(2, 8)
SEEDS = st.integers(0, 2**32 - 1)
STEPS = 8
OWN = 8
# Infinite ranges are cut off. Growth, upkeep of the cap and burning together stay where economies cannot turn negative.
CUTS = {"initiative_mean": (-1.0, 1.0), "balance_bias": (-1.0, 1.0), "growth": (0.0, 0.5), "burn_cost": (0.0, 0.5)}


@st.composite
def parameters(draw: st.DrawFn, /, n: int, **fixed: Any) -> Params:
    """Parameters anywhere in their ranges, some of them by state, with many crises."""
    rng = np.random.default_rng(draw(SEEDS))
    values: dict[str, Any] = {}
    for name, allowed in PARAMETERS.items():
        low, high = CUTS.get(name, (allowed.low + 0.05 * allowed.open_low, min(allowed.high, 3.0)))
        high -= 0.01 * allowed.open_high
        kind = draw(st.sampled_from(["default", "low", "high", "inside", "by state"]))
        inside = float(rng.uniform(low, high))
        values[name] = {"default": getattr(Params(), name), "low": low, "high": high, "inside": inside}.get(
            kind, rng.uniform(low, high, n)
        )
    values |= {"crisis_rate": draw(st.sampled_from([0.15, 1.0]))} | fixed
    assert not parameter_faults(values, n)
    return Params(**values)


@st.composite
def games(draw: st.DrawFn, /, **fixed: Any) -> tuple[Params, Script]:
    """Parameters and a script of random actions and chance."""
    n = draw(N_STATES)
    params: Params = draw(parameters(n, **fixed))
    return params, script(draw(SEEDS), n, STEPS)


@settings(max_examples=60)
@given(games())
def test_states_stay_in_their_ranges(game: tuple[Params, Script]) -> None:
    params, played = game
    for one in rollout(params, played):
        state = one.state
        assert np.all(state.offensive >= 0)
        assert np.all(state.defensive >= 0)
        assert np.all(state.offensive + state.defensive <= np.max(params.arms_cap) * (1 + 1e-12))
        assert np.all((state.dossier >= 0) & (state.dossier <= 1))
        assert np.all(state.reported_arms >= 0)
        assert np.all(state.economy >= 0)
        assert all(np.all(np.isfinite(x)) for x in leaves(one).values())


@settings(max_examples=60)
@given(games())
def test_observations_keep_the_bounds_of_their_table(game: tuple[Params, Script]) -> None:
    """In float32, to the last bit, as the observation spaces do."""
    params, played = game
    n = played.actions[0].shape[0]
    table = observation_table(params, n, max_cycles=STEPS)
    low, high = (np.array([getattr(entry, bound) for entry in table], np.float32) for bound in ("low", "high"))
    narrow = converted(played, lambda x: x.astype(np.float32) if x.dtype.kind == "f" else x)
    for one in rollout(params.cast(np.float32), narrow):
        assert one.observation.shape == (n, len(table))
        assert one.observation.dtype == np.float32
        outside = (one.observation < low) | (one.observation > high)
        assert not outside.any(), [table[k].name for k in np.flatnonzero(outside.any(axis=0))]


@settings(max_examples=60)
@given(games())
def test_at_most_one_dyad_in_crisis_and_at_war(game: tuple[Params, Script]) -> None:
    params, played = game
    turns = rollout(params, played)
    assert not turns[0].state.crisis.any()
    for before, one in pairwise(turns):
        state = one.state
        assert np.sum(state.crisis) in (0, 2)
        assert not np.any(state.crisis & ~state.alive)
        assert np.sum(state.belligerent) in (0, 2)
        assert np.sum(state.won) == np.sum(state.belligerent) / 2
        assert not np.any(state.belligerent & ~before.state.crisis)
        assert not np.any((state.struck | state.won) & ~state.belligerent)
        assert np.any(state.struck) == np.any(state.belligerent)
        assert_array_equal(before.state.alive & ~state.alive, state.belligerent & ~state.won)


@settings(max_examples=60)
@given(games(crisis_rate=1.0))
def test_the_dead_stay_dead_see_nothing_and_are_paid_nothing(game: tuple[Params, Script]) -> None:
    params, played = game
    turns = rollout(params, played)
    for before, one in pairwise(turns):
        was, dead = ~before.state.alive, ~one.state.alive
        assert np.all(dead[was])
        assert np.all(one.reward[was] == 0)
        assert np.all(one.terminated[dead])
        assert not np.any(one.mask[dead])
        for x in (one.observation, one.state.offensive, one.state.defensive, one.state.economy):
            assert np.all(x[dead] == 0)
        assert not np.any(one.state.support[dead])
        assert not np.any(one.state.support[:, dead])


@settings(max_examples=60)
@given(games(crisis_rate=1.0))
def test_chances_of_war_are_probabilities(game: tuple[Params, Script]) -> None:
    params, played = game
    for one in rollout(params, played):
        chance = strike_probability(params, one.state)
        attack = attack_strength(params, one.state.offensive, one.state.defensive)
        mutual = mutual_probability(params.decisiveness, attack[:, None], attack[None, :])
        assert np.all((chance >= 0) & (chance <= 1))
        assert np.all((mutual >= 0) & (mutual <= 1))
        if np.ndim(params.decisiveness) == 0:
            assert_allclose(mutual + mutual.T, 1.0)


@settings(max_examples=40)
@given(st.data())
def test_a_peaceful_pair_earns_at_most_one(data: st.DataObject) -> None:
    delta = data.draw(st.floats(0.05, 0.99))
    worth_one = {"growth": 0.0, "power_weight": 0.0, "prosocial_weight": 0.0, "initial_economy": 1.0}
    params = data.draw(parameters(2, discount=delta, **worth_one))
    played = script(data.draw(SEEDS), 2, 3 * STEPS)
    for actions in played.actions:
        actions[..., 0] %= Move.STRIKE
    turns = rollout(params, played)
    total = sum(delta**t * one.reward for t, one in enumerate(turns[1:]))
    assert np.all(total <= 1 - delta ** len(played.actions) + 1e-12)
    assert np.all(turns[-1].state.alive)


@settings(max_examples=20)
@given(st.floats(0.05, 0.99), SEEDS, N_STATES)
def test_undisturbed_peace_earns_one(delta: float, seed: int, n: int) -> None:
    played = script(seed, n, 5)
    played = played._replace(actions=[0 * actions for actions in played.actions])
    turns = rollout(Params(discount=delta, crisis_rate=1.0), played)
    total = sum(delta**t * one.reward for t, one in enumerate(turns[1:]))
    assert_allclose(total + delta**5, 1.0)


def relabelled_params(params: Params, order: list[int]) -> Params:
    values = {name: getattr(params, name) for name in PARAMETERS}
    return params.replace(**{name: value[order] for name, value in values.items() if np.ndim(value)})


def relabelled_state(state: State, order: list[int]) -> State:
    fields = {name: x[order] if np.ndim(x) else x for name, x in state._asdict().items()}
    return State(**fields | {name: fields[name][:, order] for name in PAIRS})


def relabelled_draws(draws: Draws, before: State, after: State, order: list[int]) -> Draws:
    """The same luck for the same states: whose war, whose crisis, whose noise."""
    n = len(order)
    values = {name: x[order] if np.ndim(x) else x for name, x in draws._asdict().items()}
    values |= {name: values[name][:, order] for name in ("posture", "arms")}
    dyad = [order.index(i) for i in np.flatnonzero(before.crisis).tolist()]
    if dyad != sorted(dyad):
        values["war"] = 1 - draws.war
    living = [{i, j} for i, j in combinations(range(n), 2) if after.alive[i] and after.alive[j]]
    if living:
        drawn = living[int(draws.dyad * len(living))]
        new = [{order[i], order[j]} for i, j in combinations(range(n), 2)]
        values["dyad"] = ([pair for pair in new if pair in living].index(drawn) + 0.5) / len(living)
    return Draws(**values)


def relabelled_actions(actions: Array, order: list[int]) -> Array:
    new = actions[order].copy()
    if new.shape[-1] > 2:
        n = len(order)
        for place, old in enumerate(order):
            new[place, 2] = (order.index((old + actions[old, 2]) % n) - place) % n
    return new


def assert_permuted(one: Turn, other: Turn, order: list[int]) -> None:
    expected = relabelled_state(one.state, order)
    for name in State._fields:
        assert_allclose(getattr(other.state, name), getattr(expected, name), rtol=1e-9, atol=1e-12, err_msg=name)
    for name in ("reward", "terminated"):
        assert_allclose(getattr(other, name), getattr(one, name)[order], rtol=1e-9, atol=1e-12, err_msg=name)
    for x, y, own in ((one.observation, other.observation, OWN), (one.mask, other.mask, 10 + (len(order) > 2))):
        (x_own, x_pairs), (y_own, y_pairs) = by_pairs(x, own), by_pairs(y, own)
        assert_allclose(y_own, x_own[order], rtol=1e-9, atol=1e-12)
        assert_allclose(y_pairs, x_pairs[order][:, order], rtol=1e-9, atol=1e-12)


@pytest.mark.slow
@settings(max_examples=80)
@given(games(crisis_rate=1.0), st.randoms(use_true_random=False))
def test_relabelling_the_states_permutes_everything(game: tuple[Params, Script], random: Any) -> None:
    params, played = game
    order = list(range(played.actions[0].shape[0]))
    random.shuffle(order)
    other_params = relabelled_params(params, order)
    turns = rollout(params, played)
    for before, after, draws, actions in zip(turns, turns[1:], played.draws, played.actions, strict=False):
        state = relabelled_state(before.state, order)
        chance = relabelled_draws(draws, before.state, after.state, order)
        other = next_turn(other_params, state, relabelled_actions(actions, order), chance, Rules())
        assert_permuted(after, other, order)
