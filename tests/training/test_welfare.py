"""Welfare against the closed forms of peace and conquest."""

from __future__ import annotations

import numpy as np
import pytest

from security_dilemma.params import WORLDS, Params
from security_dilemma.state import Move, Signal
from security_dilemma_training.trajectories import record
from security_dilemma_training.welfare import best_joint_payoffs, discounted_payoff, discounted_payoffs, welfare_loss
from tests.training.players import Coin, Scripted

DANGEROUS = WORLDS["doubly_dangerous"]
HOLD = Scripted(Move.HOLD)


def peace(discount: float, growth: float, steps: int) -> float:
    """``Σ_{t<T} δ^t (1-δ) (1+r)^t + δ^T (1+r)^T``."""
    ratios = (discount * (1 + growth)) ** np.arange(steps + 1)
    return float((1 - discount) * ratios[:-1].sum() + ratios[-1])


@pytest.mark.parametrize(("discount", "growth", "economy"), [(0.95, 0, 1), (0.9, 0.02, 1), (0.95, 0.08, 2.5)])
def test_an_unarmed_peace_loses_nothing(discount: float, growth: float, economy: float) -> None:
    params = DANGEROUS.replace(discount=discount, growth=growth, initial_economy=economy)
    t = record(params, HOLD, n_games=8, intents=[0, 1], seed=0, max_cycles=40)
    worth = economy * peace(discount, growth, 40)
    assert np.allclose(discounted_payoffs(t), worth, rtol=1e-5)
    assert np.allclose(best_joint_payoffs(t), 2 * worth, rtol=1e-5)
    assert welfare_loss(t) == pytest.approx(0, abs=1e-5)


def test_what_is_spent_on_arms_and_burnt_is_lost() -> None:
    burn = record(DANGEROUS, Scripted(Move.HOLD, Signal.BURN), n_games=2, intents=0, seed=0)
    assert welfare_loss(burn) == pytest.approx(0.1 * (1 - 0.95**64), rel=1e-4)
    arm = record(DANGEROUS, Scripted(Move.ARM_DEFENSIVELY), n_games=2, intents=0, seed=0)
    assert welfare_loss(arm) == pytest.approx((0.05 * 0.95 ** np.arange(64) @ arm.burden[:, 0, 0]), rel=1e-4)


def test_a_war_at_the_first_possible_crisis() -> None:
    t = record(DANGEROUS.replace(crisis_rate=1.0), Scripted(Move.STRIKE), n_games=100, intents=0, seed=0)
    assert np.allclose(discounted_payoffs(t).sum(axis=-1), 2 * 0.05 + 0.95 * (1 - 2 * 0.25), rtol=1e-5)
    assert welfare_loss(t) == pytest.approx(1 - (0.1 + 0.95 * 0.5) / 2, rel=1e-5)
    assert discounted_payoff(t, t.greedy) != discounted_payoff(t, t.greedy)


@pytest.mark.parametrize(
    ("greed", "spoils", "initiative", "better"),
    [(1.4, 0, 0, False), (1.6, 0, 0, True), (1.4, 0.2, 0, True), (1.4, 0, 0.2, True), (3.0, 0.5, -0.2, True)],
)
def test_conquest_where_it_is_jointly_better(greed: float, spoils: float, initiative: float, better: bool) -> None:
    params = DANGEROUS.replace(greed=greed, spoils=spoils, initiative_mean=initiative)
    t = record(params, HOLD, n_games=4, intents=[1, 0], seed=0)
    struck = initiative + max(initiative, 0)  # the victim strikes too where it gains by it
    conquest = 0.05 * 2 + 0.95 * (1 + greed + spoils - 2 * 0.25 + struck)
    assert (conquest > 2) == better
    assert np.allclose(best_joint_payoffs(t), max(2.0, conquest), rtol=1e-5)


@pytest.mark.parametrize(
    ("initiative", "strikes"),
    [((0.9, 0.9), 1.8), ((0.3, 1.4), 1.7), ((1.8, -0.1), 1.8), ((-0.1, 1.8), 1.8), ((0.7, 0.7), None)],
)
def test_who_gains_by_striking_may_strike(initiative: tuple[float, float], strikes: float | None) -> None:
    """``(1-δ) 2 + δ [1 - 2c + h]`` with the h of those who strike; above peace's 2 where these sum to more than 1.5."""
    params = DANGEROUS.replace(initiative_mean=np.array(initiative), crisis_rate=1.0)
    t = record(params, Scripted(Move.STRIKE), n_games=50, intents=0, seed=0)
    best = 2.0 if strikes is None else 0.05 * 2 + 0.95 * (1 - 2 * 0.25 + strikes)
    assert np.allclose(best_joint_payoffs(t), best, rtol=1e-5)
    if min(initiative) > 0 and strikes:
        assert welfare_loss(t) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("greedy", [0, 1])
def test_the_victor_need_not_be_who_strikes(greedy: int) -> None:
    params = DANGEROUS.replace(greed=1.0, initiative_mean=np.where(np.arange(2) == greedy, -0.5, 0.9))
    t = record(params, HOLD, n_games=2, intents=np.arange(2) == greedy, seed=0)
    assert np.allclose(best_joint_payoffs(t), 0.05 * 2 + 0.95 * (1 + 1.0 - 0.5 + 0.9), rtol=1e-5)


def test_either_side_may_be_the_conqueror() -> None:
    params = DANGEROUS.replace(greed=3.0)
    first, second = (record(params, HOLD, n_games=2, intents=pair, seed=0) for pair in ([1, 0], [0, 1]))
    assert np.allclose(best_joint_payoffs(first), best_joint_payoffs(second))
    assert best_joint_payoffs(first)[0] > 2


def test_the_best_bounds_what_is_reached_by_luck_on_average() -> None:
    t = record(DANGEROUS.replace(greed=2.0, growth=0.02), Coin(0.5), n_games=500, intents=[0, 1], seed=0)
    assert 0 < welfare_loss(t) < 1


def test_a_stage_game_is_not_discounted() -> None:
    stages = ((("hold", "strike"), 0.3), (("hold", "strike"), 0.7))
    calm = record(Params(greed=3.0), HOLD, n_games=3, intents=0, seed=0, stages=stages, war="scaled")
    assert np.allclose(discounted_payoffs(calm), 1)
    assert np.allclose(best_joint_payoffs(calm), 2)
    greedy = record(Params(greed=3.0), HOLD, n_games=3, intents=[0, 1], seed=0, stages=stages, war="terminal")
    assert np.allclose(best_joint_payoffs(greedy), 1 + 3 - 0.5)


@pytest.mark.parametrize("n", [3, 5])
def test_one_conqueror_of_many(n: int) -> None:
    """From the second step it takes one state a step; it is paid as in peace until the last war settles the rest."""
    params = DANGEROUS.replace(greed=3.0)
    t = record(params, HOLD, n_games=2, n_states=n, intents=np.arange(n) == 1, seed=0)
    expected = 0.05 * n
    for step in range(1, n):
        # before the last war the living that do not fight, and the victor, are paid the step
        bystanders = n - step - 1
        paid = 1.0 if step == n - 1 else 0.05 * (bystanders + 1)
        expected += 0.95**step * (3.0 - 2 * 0.25 + paid)
    assert np.allclose(best_joint_payoffs(t), expected, rtol=1e-5)
    seekers = record(params, HOLD, n_games=2, n_states=n, intents=0, seed=0)
    assert np.allclose(best_joint_payoffs(seekers), n, rtol=1e-5)
