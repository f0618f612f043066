"""What is said of alliances is what hand-built and scripted ones are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from security_dilemma.arrays import Array
from security_dilemma.params import WORLDS, Params
from security_dilemma.state import HOLD, STRIKE
from security_dilemma.strategies import ALLIANCE_STRATEGIES, Strategy, View
from security_dilemma.strategies.alliances import RandomAlly
from security_dilemma_training.config import RunConfig
from security_dilemma_training.faults import ConfigError
from security_dilemma_training.players import player, player_hash
from security_dilemma_training.studies import alliances, allied_wars
from security_dilemma_training.studies.control_power import Entangled
from security_dilemma_training.studies.scripted import is_scripted, scripted_faults
from security_dilemma_training.studies.subject import Subject
from security_dilemma_training.trajectories import Trajectories, record
from tests.training.many_states import Plan, by_hand, war_of

FUNGIBLE = Params(distinguishability=0.0)
DANGEROUS = WORLDS["doubly_dangerous"].replace(crisis_rate=0.3, trust=0.5)


def played(name: str, n: int = 3, games: int = 400, params: Params = DANGEROUS, seed: int = 0) -> Trajectories:
    """Games of a scripted state, half of them greedy."""
    intents = np.random.default_rng(seed).random((games, n)) < 0.5
    policy = ALLIANCE_STRATEGIES[name](params, n)
    return record(params, policy, n_games=games, n_states=n, intents=intents, seed=seed, max_cycles=32)


def config(n: int, **params: Any) -> RunConfig:
    changes = {"crisis_rate": 0.3, "trust": 0.5} | params
    learner = {"slots": 60, "batch_size": 60 * 32}
    return RunConfig.model_validate(
        {"world": "doubly_dangerous", "params": changes, "game": {"n_states": n}, "learner": learner}
    )


def test_support_is_recorded_in_the_step_that_it_is_in_force_in() -> None:
    plan = [[1, 0, -1], [2, -1, 0], [-1, -1, -1]]
    t = record(Params(crisis_rate=0.0), Plan(plan), n_games=2, n_states=3, intents=0, seed=0, max_cycles=4)
    assert t.support[:, 1].tolist() == [[-1, -1, -1], *plan]


PACTS = by_hand(
    [[-1, -1, -1], [1, 0, -1], [1, 0, 0], [2, 0, 0], [-1, -1, 0]],
    offensive=[1.0, 3.0, 0.0],
    defensive=0.0,
)
"""0 and 1 have a pact for two steps, then 0 and 2 for one; 1 goes on to defend 0, and 2 does so to the end."""


def test_pacts_by_hand() -> None:
    found = alliances.pact_rates(PACTS)
    assert alliances.support_rate(PACTS) == 9 / 12
    assert found.rate == 6 / 12
    # of 2, 3, 3 and 1 supporters among three: m (m - 1) / 4 each
    assert found.chance == (0.5 + 1.5 + 1.5 + 0) / 12
    assert found.renewal == pytest.approx(1 / 3)  # of the pacts of steps 1, 2 and 3 the first is renewed
    assert found.duration == 3 / 2


def test_free_riding_by_hand() -> None:
    found = alliances.free_riding(PACTS)
    assert found.share == 1 / 7  # of the seven times that a state is defended, 0 in the last step gives nothing
    assert found.everyone == 3 / 12
    # 1 of 4 units twice, and none of 1 once
    assert alliances.least_arms_share(PACTS) == pytest.approx((0.25 + 0.25 + 0) / 3)


def test_sides_by_hand() -> None:
    t = by_hand([[-1] * 3, [1, 2, 0], [1, 0, -1]], FUNGIBLE, offensive=[1.0, 2.0, 3.0])
    found = alliances.balancing(t)
    assert found.balancing == 3 / 4  # 0 with 1 and 1 with 0 in the last step; what the strongest gives takes no side
    assert found.bandwagoning == 1 / 4
    assert found.chance == 1 / 2
    level = by_hand([[-1] * 3, [1, 2, 0], [1, 0, -1]], FUNGIBLE, offensive=[1.0, 3.0, 3.0])
    assert math.isnan(alliances.balancing(level).balancing)


def test_the_side_is_told_by_strength_when_support_was_chosen() -> None:
    arms = [[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]
    assert alliances.balancing(by_hand([[-1] * 3, [-1, 2, -1]], FUNGIBLE, offensive=arms)).bandwagoning == 1
    assert alliances.balancing(by_hand([[-1] * 3, [-1, 2, -1]], FUNGIBLE, offensive=arms[::-1])).balancing == 1


WAR = war_of(3, 4, step=2, striker=3, victim=0)
STRUCK = by_hand(
    [[-1] * 4, [1, 0, 0, 0], [-1, 0, 1, 1]],
    FUNGIBLE,
    offensive=0.0,
    defensive=[1.0, 1.0, 0.5, 0.0],
    **WAR,
)
"""3 strikes 0, which 1, 2 and 3 defended in the step before; 1 still does, and 2 defends 1 instead."""


def test_allies_at_a_strike_by_hand() -> None:
    allies = allied_wars.chain_gangs(STRUCK)
    assert allies.defended.tolist() == [True, False]  # 1 and 2; the striker is nobody's ally
    assert allies.chance == pytest.approx([1 / 3, 1 / 3])
    assert allied_wars.pact_kept(STRUCK) == 1  # 0 and 1 had a pact
    measured = allied_wars.measure(STRUCK)
    assert measured["chain_ganging"] == 1 / 2
    assert measured["chain_ganging_excess"] == pytest.approx(1 / 2 - 1 / 3)


def test_exposed_states_at_a_strike_by_hand() -> None:
    assert allied_wars.buck_passers(STRUCK).defended.tolist() == [True, False]  # 1 is as exposed as 0, and 2 more so
    measured = allied_wars.measure(STRUCK)
    assert measured["buck_passing"] == 1 / 2
    assert measured["buck_passing_excess"] == pytest.approx(1 / 2 - 2 / 3)
    secure = STRUCK._replace(defensive=np.broadcast_to([1.0, 1.1, 2.0, 0.0], (3, 1, 4)))
    assert math.isnan(allied_wars.measure(secure)["buck_passing"])


def test_wars_that_both_begin_have_no_victim() -> None:
    mutual = STRUCK._replace(struck=STRUCK.belligerent)
    assert all(math.isnan(value) for value in allied_wars.measure(mutual).values())


def test_after_an_elimination_that_leaves_two_there_are_no_alliances() -> None:
    alive = [[True] * 3, [True] * 3, [True, True, False]]
    t = by_hand([[-1] * 3, [1, 0, -1], [1, 0, -1]], alive=alive)
    found = alliances.pact_rates(t)
    assert found.rate == 2 / 3
    assert math.isnan(found.renewal)
    assert found.duration == 1


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 5])
def test_support_that_is_drawn_is_the_null(n: int) -> None:
    t = played("random_ally", n)
    full = t.present.all(axis=-1, keepdims=True) & t.present
    steps = full[1:].sum()
    assert (t.support >= 0)[1:][full[1:]].mean() == pytest.approx(1 - 1 / n, abs=4 * math.sqrt(1 / 4 / steps))
    pact, side, riding = alliances.pact_rates(t), alliances.balancing(t), alliances.free_riding(t)
    assert pact.rate - pact.chance == pytest.approx(0, abs=0.015)
    assert side.balancing - side.chance == pytest.approx(0, abs=0.03)
    assert riding.share - riding.everyone == pytest.approx(0, abs=0.03)
    for found in (allied_wars.chain_gangs(t), allied_wars.buck_passers(t)):
        spread = 4 * math.sqrt((found.chance * (1 - found.chance)).sum()) / found.chance.size
        assert found.defended.mean() - found.chance.mean() == pytest.approx(0, abs=spread)


@pytest.mark.slow
def test_balancers_bandwagoners_chain_gangers_and_buck_passers_are_told_apart() -> None:
    balancers, bandwagoners, gang, passers = (
        played(name, 4, 100) for name in ("balancer", "bandwagoner", "chain_ganger", "buck_passer")
    )
    assert alliances.balancing(balancers).balancing == 1
    assert alliances.balancing(bandwagoners).bandwagoning == 1
    assert alliances.free_riding(bandwagoners).share > 0.95  # the strongest is defended and defends nobody
    pact = alliances.pact_rates(gang)
    assert pact.renewal == 1
    assert pact.rate > pact.chance + 0.3
    assert pact.duration > 10
    assert allied_wars.pact_kept(gang) == 1
    assert allied_wars.measure(gang)["chain_ganging_excess"] > 0.3
    assert alliances.support_rate(passers) == 0
    assert allied_wars.measure(passers)["buck_passing"] == 1


class LoyalHothead(Entangled):
    """Strikes in three of ten crises, so that there is something to be loyal in."""

    def decide(self, view: View) -> Array:
        return np.where(view.crisis & (view.rng.random(view.crisis.shape) < 0.3), STRIKE, HOLD)


class FickleHothead(RandomAlly):
    """Strikes as often, and draws whom it defends."""

    decide = LoyalHothead.decide


UNSURE = WORLDS["doubly_dangerous"].replace(balance=0.3, balance_width=1.2, crisis_rate=0.5)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [LoyalHothead, FickleHothead])
def test_loyalty_that_goes_with_the_perceived_balance(kind: type[Strategy]) -> None:
    t = record(UNSURE, kind(UNSURE, 3), n_games=800, n_states=3, intents=0, seed=0, max_cycles=16)
    found = allied_wars.measure(t)
    allies, exposed = (seen(t).first.sum() for seen in (allied_wars.chain_gangs, allied_wars.buck_passers))
    assert exposed > 400
    if kind is LoyalHothead:
        assert found["support_correlation"] > 0.7
        assert found["buck_passing_correlation"] < -0.2
        assert found["chain_ganging"] > 0.6  # belief does not change in a game; those who still court do
    else:
        assert abs(found["support_correlation"]) < 4 / math.sqrt(2400)
        assert abs(found["chain_ganging_correlation"]) < 4 / math.sqrt(allies)
        assert abs(found["buck_passing_correlation"]) < 4 / math.sqrt(exposed)


def test_correlations_need_what_varies() -> None:
    x = np.arange(10.0)
    assert allied_wars.correlation(x, 2 * x) == pytest.approx(1)
    assert allied_wars.correlation(x, x < 5) == pytest.approx(-5 / math.sqrt(33))  # cov -1.25, variances 8.25 and .25
    assert math.isnan(allied_wars.correlation(x, np.ones(10)))
    assert math.isnan(allied_wars.correlation(x[:9], x[:9]))


@pytest.mark.parametrize("n", [2, 3])
def test_everything_is_measured_and_defined(n: int) -> None:
    name = "hawk" if n == 2 else "balancer"
    subject = Subject(player(name, config(n), trusted=False), config(n), games=20, seed=0)
    found = alliances.MEASUREMENT.of(subject)
    assert set(found) == set(alliances.MEASUREMENT.definitions)
    assert all(math.isnan(value) for value in found.values()) == (n == 2)


def test_allies_are_players_of_more_than_two_states() -> None:
    for name in ALLIANCE_STRATEGIES:
        assert player_hash(name) == name
        player(name, config(3), trusted=False)
        with pytest.raises(ConfigError, match=rf"player '{name}' plays alliances, which 2 states cannot have"):
            player(name, config(2), trusted=False)
    with pytest.raises(ConfigError, match="did you mean 'balancer'"):
        player("balancr", config(3), trusted=False)


def test_a_study_knows_allies_as_well_and_refuses_them_between_two() -> None:
    assert is_scripted("balancer")
    assert list(scripted_faults("players", ["balancer"], [], 4)) == []
    (fault,) = scripted_faults("players", ["balancer"], [], 2)
    assert "= 'balancer' plays alliances, which 2 states cannot have: set n_states in [3, 8]" in fault.problem
