"""The estimator recovers the coefficients of scripted Richardson races and says where there are none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from security_dilemma.params import WORLDS, Params
from security_dilemma.state import Move
from security_dilemma_training.spiral import Reaction, estimate, reaction, spiral_index
from security_dilemma_training.trajectories import record
from tests.training.players import Coin, Richardson, Scripted

COEFFICIENTS = [(0.10, 0.20, 0.05), (0.20, 0.10, 0.02), (0.0, 0.30, 0.1), (-0.05, 0.15, 0.3)]


@pytest.mark.parametrize(("a", "m", "g"), COEFFICIENTS)
def test_a_noisy_pair_of_arrays(a: float, m: float, g: float) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 3, (2, 4000))
    found = estimate(a * y - m * x + g + 0.05 * rng.standard_normal(4000), y, x)
    assert found.reaction == pytest.approx(a, abs=0.005)
    assert found.restraint == pytest.approx(m, abs=0.005)
    assert found.grievance == pytest.approx(g, abs=0.01)
    assert found.steps == 4000


@pytest.mark.parametrize(
    ("a", "m", "g"),
    [((0.10, 0.06), (0.20, 0.25), (0.15, 0.20)), ((0.05, 0.05), (0.12, 0.12), (0.08, 0.12))],
)
def test_a_scripted_race_played_in_the_environment(
    a: tuple[float, float], m: tuple[float, float], g: tuple[float, float]
) -> None:
    params = Params(arms_cap=100.0, crisis_rate=0.1)
    script = Richardson(params, a, m, g, noise=0.007)
    t = record(params, script, n_games=500, intents=0, seed=0, action_mode="continuous")
    sides = [reaction(t, np.broadcast_to(np.arange(2) == side, (500, 2))) for side in range(2)]
    for side, found in enumerate(sides):
        assert found[:3] == pytest.approx((a[side], m[side], g[side]), abs=0.01)
        assert found.steps == 500 * 63
    assert spiral_index(*sides).value == pytest.approx(math.sqrt(a[0] * a[1] / (m[0] * m[1])), abs=0.05)


@pytest.mark.parametrize(("a", "m"), [(0.30, 0.20), (0.25, 0.15)])
def test_a_race_that_ends_at_the_cap(a: float, m: float) -> None:
    """Races of index 1.5 and 1.67 run into the default cap within some ten steps, and stay there."""
    params = Params(crisis_rate=0.0, build=3.0)
    t = record(
        params, Richardson(params, a, m, 0.1, noise=0.02), n_games=500, intents=0, seed=0, action_mode="continuous"
    )
    everyone = np.ones((500, 2), bool)
    found = reaction(t, everyone)
    at_cap = t.arms[1:] >= 0.9999 * 3
    assert 0.5 < at_cap.mean() < 0.9
    assert found.steps == (~at_cap).sum()
    assert spiral_index(found, found).value == pytest.approx(a / m, rel=0.05)
    crowded = t._replace(params=params.replace(arms_cap=np.array([0.01, 3.0])))
    first, second = (reaction(crowded, np.arange(2) == side) for side in range(2))
    assert "0 peaceful steps below the cap" in str(first.reason)
    assert second.steps == (~at_cap[..., 1]).sum()


def test_wars_and_what_follows_them_are_left_out() -> None:
    params = WORLDS["doubly_dangerous"].replace(crisis_rate=0.5)
    t = record(params, Coin(0.5), n_games=300, n_states=3, intents=0, seed=1)
    everyone = np.ones((300, 3), bool)
    rng = np.random.default_rng(1)
    armed = t._replace(offensive=rng.uniform(0, 3, t.offensive.shape) * t.alive)
    found = reaction(armed, everyone)
    peaceful = 0
    for game in range(300):
        for step in range(len(t.active) - 1):
            lives_on = t.alive[step, game] & t.alive[step + 1, game]
            peaceful += int(lives_on.sum()) * bool(t.active[step + 1, game] and not t.belligerent[step, game].any())
    assert found.steps == peaceful
    assert found.restraint == pytest.approx(1, abs=0.1)  # independent draws forget their past within a step


@pytest.mark.parametrize(("move", "why"), [(Move.HOLD, "own arms"), (Move.ARM_OFFENSIVELY, "as one")])
def test_no_variation_is_said(move: Move, why: str) -> None:
    t = record(WORLDS["intense"], Scripted(move), n_games=10, intents=0, seed=0)
    found = reaction(t, ~t.greedy)
    assert found.reason is not None
    assert why in found.reason
    assert math.isnan(found.reaction)
    index = spiral_index(found, found)
    assert math.isnan(index.value)
    assert index.reason == found.reason


def test_the_other_side_without_arms_is_said() -> None:
    t = record(WORLDS["intense"], Scripted(Move.ARM_DEFENSIVELY, greedy=(0, 0)), n_games=10, intents=[0, 1], seed=0)
    assert "the other's arms" in str(reaction(t, ~t.greedy).reason)
    assert "own arms" in str(reaction(t, t.greedy).reason)


def test_too_few_steps_are_said() -> None:
    rng = np.random.default_rng(0)
    change, other, own = rng.random((3, 30))
    assert "29 peaceful steps" in str(estimate(change[1:], other[1:], own[1:]).reason)
    assert estimate(change, other, own).reason is None


def test_the_index() -> None:
    one, other = Reaction(0.2, 0.1, 0.0, 9), Reaction(0.1, 0.4, 0.0, 9)
    assert spiral_index(one, one).value == pytest.approx(2)
    assert spiral_index(one, other).value == pytest.approx(math.sqrt(0.02 / 0.04))
    pacifist = Reaction(-0.1, 0.2, 0.0, 9)
    assert spiral_index(pacifist, pacifist).value == pytest.approx(-0.5)
    assert "opposite signs" in str(spiral_index(one, pacifist).reason)
    loose = Reaction(0.2, -0.1, 0.0, 9)
    assert "not positive" in str(spiral_index(one, loose).reason)
    assert math.isnan(spiral_index(loose, loose).value)
