"""Identities that hold to rounding, whatever the parameters."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose

from security_dilemma.combat import attack_strength, strike_probability
from security_dilemma.params import Params
from security_dilemma.perception import observation_table
from security_dilemma.state import Signal
from security_dilemma.theory import balance_against_defenders, parity_chance
from tests.envs.builders import (
    ATTACK,
    DEFEND,
    DISARM,
    HOLD,
    STRIKE,
    crisis_of,
    make_draws,
    make_state,
    play,
    supports,
)
from tests.envs.rollouts import Script, Turn, leaves, rollout, script

BALANCES, STEEPNESS = st.floats(-3, 3), st.floats(0.1, 4)


def relabelled(played: Script) -> Script:
    """The same script with offensive and defensive arming exchanged; nobody plays ``open``."""
    swap = np.array([HOLD, ATTACK, DEFEND, DISARM, STRIKE])
    actions = []
    for one in played.actions:
        one[..., 1] %= Signal.OPEN
        other = one.copy()
        other[..., 0] = swap[one[..., 0]]
        actions.append(other)
    return played._replace(actions=actions)


def assert_labels_do_not_matter(params: Params, turns: list[Turn], swapped: list[Turn], skipped: set[str]) -> None:
    """Everything is the same but the labels of one's own arms."""
    n = turns[0].state.alive.shape[-1]
    names = [entry.name for entry in observation_table(params, n)]
    own = [k for k, name in enumerate(names) if name in ("own_offensive", "own_defensive")]
    seen = [k for k, name in enumerate(names) if "dossier" in name and "dossier" in skipped]
    for one, other in zip(turns, swapped, strict=True):
        assert_allclose(one.state.offensive, other.state.defensive, atol=1e-12)
        assert_allclose(one.state.defensive, other.state.offensive, atol=1e-12)
        assert_allclose(np.delete(one.observation, own + seen, -1), np.delete(other.observation, own + seen, -1))
        for name in set(leaves(one)) - {"offensive", "defensive", "last_move", "observation", *skipped}:
            assert_allclose(leaves(one)[name], leaves(other)[name], rtol=1e-9, atol=1e-12, err_msg=name)


RICH: dict[str, Any] = {"crisis_rate": 0.5, "growth": 0.05, "spoils": 0.3, "arms_noise": 0.2, "worst_case": 0.2}
RICH |= {"power_weight": 0.3, "routine_weight": 0.2, "prosocial_weight": 0.1, "build": 1.0, "balance_noise": 0.3}


@pytest.mark.parametrize("n", [2, 4])
def test_without_distinguishability_the_label_of_arms_does_not_matter(n: int) -> None:
    params = Params(distinguishability=0.0, **RICH)
    played = script(n, n, 10, (40,))
    other = relabelled(played)
    turns, swapped = rollout(params, played), rollout(params, other)
    assert np.any(turns[-1].state.offensive != swapped[-1].state.offensive)
    assert_labels_do_not_matter(params, turns, swapped, set())


@pytest.mark.parametrize("n", [2, 4])
def test_with_full_fungibility_labels_that_are_seen_change_reports_and_nothing_material(n: int) -> None:
    params = Params(distinguishability=0.7, fungibility_override=1.0, **RICH)
    played = script(n, n, 10, (40,))
    other = relabelled(played)
    turns, swapped = rollout(params, played), rollout(params, other)
    assert np.any(turns[-1].state.dossier != swapped[-1].state.dossier)
    assert_labels_do_not_matter(params, turns, swapped, {"dossier"})


@pytest.mark.parametrize("changes", [{"distinguishability": 0.5}, {"distinguishability": 0.0}])
def test_labels_matter_where_arms_differ_or_are_opened(changes: dict[str, float]) -> None:
    """The two tests above could fail: with distinguishability, or an open posture, labels do matter."""
    params = Params(**changes, **RICH)
    played = script(2, 2, 10, (40,))
    other = relabelled(played)
    if not changes["distinguishability"]:
        for one in (*played.actions, *other.actions):
            one[..., 1] = Signal.OPEN
    with pytest.raises(AssertionError):
        assert_labels_do_not_matter(params, rollout(params, played), rollout(params, other), set())


@given(BALANCES, STEEPNESS, st.floats(0.1, 3), st.floats(0, 3), st.floats(0, 3), st.floats(0, 1) | st.just(0.0))
def test_at_parity_the_chances_at_opposite_balances_sum_to_one(
    b: float, k: float, surge: float, offensive: float, defensive: float, d: float
) -> None:
    params = Params(decisiveness=k, surge_attack=surge, home_defence=surge, distinguishability=d)
    state = make_state(balance=b, offensive=offensive, defensive=offensive if d > 0 else defensive, crisis=True)
    at, opposite = (strike_probability(params, state._replace(balance=x)) for x in (state.balance, -state.balance))
    assert_allclose(at + opposite, 1.0)
    assert_allclose(at, parity_chance(b, k))


@given(BALANCES, STEEPNESS, st.floats(0.05, 3), st.floats(0, 3), st.floats(0, 3))
def test_with_full_distinguishability_a_defensive_state_attacks_with_its_surge_alone(
    b: float, k: float, surge: float, defensive: float, theirs: float
) -> None:
    params = Params(distinguishability=1.0, decisiveness=k, surge_attack=surge)
    armed = make_state(defensive=[defensive, theirs], balance=b, crisis=True)
    bare = make_state(defensive=[0.0, theirs], balance=b, crisis=True)
    assert attack_strength(params, armed.offensive, armed.defensive)[0] == surge
    assert strike_probability(params, armed)[0] == strike_probability(params, bare)[0]


@given(BALANCES, STEEPNESS, st.integers(1, 7), st.floats(0, 2), st.floats(0, 2), st.floats(0, 1))
def test_equal_defenders_shift_the_balance(
    b: float, k: float, defenders: int, offensive: float, defensive: float, d: float
) -> None:
    n = 8
    params = Params(decisiveness=k, distinguishability=d)
    alone = make_state(n, offensive=offensive, defensive=defensive, crisis=crisis_of(n, 0, 1))
    together = alone._replace(support=supports(n, *((j, 1) for j in range(2, defenders + 1))), balance=np.full(n, b))
    alone = alone._replace(balance=np.full(n, balance_against_defenders(b, defenders)))
    assert_allclose(strike_probability(params, together)[0], strike_probability(params, alone)[0], rtol=1e-9)


@pytest.mark.parametrize("defenders", [1, 2, 3, 4, 5])
def test_equal_defenders_deter_by_their_number_in_the_game_itself(defenders: int) -> None:
    """Support that is promised in one step shifts the balance by -ln n in the war of the next (THEORY 11)."""
    n, k, b = 7, 1.7, 1.3
    params = Params(balance=b, decisiveness=k, surge_attack=0.8, home_defence=0.8, distinguishability=0.0)
    state = make_state(n, offensive=0.4, defensive=0.2, balance=b)
    first, victim = 0, 1
    promises = [(victim - i) % n if 1 < i <= defenders else 0 for i in range(n)]
    begun = make_draws(n, crisis=0.0, dyad=0.0)  # the next step is a crisis of the first dyad: 0 and 1
    promised, _ = play(params.replace(crisis_rate=1.0), state, [HOLD] * n, support=promises, draws=begun)
    assert np.flatnonzero(promised.crisis).tolist() == [first, victim]
    chance = parity_chance(balance_against_defenders(b, defenders), k)
    assert chance == pytest.approx(1 / (1 + np.exp(-k * (b - np.log(defenders)))))
    for draw, wins in ((chance - 1e-9, True), (chance + 1e-9, False)):
        after, _ = play(params, promised, [STRIKE, *[HOLD] * (n - 1)], draws=make_draws(n, war=draw))
        assert after.alive.tolist() == [i != (victim if wins else first) for i in range(n)]
