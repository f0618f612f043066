"""THEORY 11: identities of the rules and of what is measured, as the largest deviation from them."""

from __future__ import annotations

from typing import Any

import numpy as np

from security_dilemma.actions import decode
from security_dilemma.chance import Draws
from security_dilemma.combat import attack_strength, strike_probability
from security_dilemma.dynamics import advance, initial
from security_dilemma.params import Params
from security_dilemma.payoffs import reward
from security_dilemma.state import STRIKE, State
from security_dilemma.theory import balance_against_defenders, label_information
from security_dilemma_training.information import mutual_information
from security_dilemma_training.theory.settings import Settings
from security_dilemma_training.theory.targets.rows import Row

__all__ = ["identities"]

SAMPLES = 200
"""Pairs of postures at which an identity is looked at."""


def identities(settings: Settings) -> list[Row]:
    """Return the largest deviation from each identity at these settings and many postures."""
    deviations = {
        "without distinguishability labels of arms do not matter": _labels(settings, distinguishability=0.0),
        "with full fungibility labels of arms do not matter": _labels(settings, fungibility_override=1.0),
        "P(b) + P(-b) = 1 at parity": _parity(settings),
        "told apart, a defensive state attacks with its surge alone": _surge(settings),
        "n equal defenders shift the balance by -ln n": _defenders(settings),
        "relabelling states permutes chances and payoffs": _permutation(settings),
        "bits that a binary label carries": _bits(),
    }
    return [Row(11, f"{name} (deviation)", 0.0, float(deviation), 1e-9) for name, deviation in deviations.items()]


def _params(settings: Settings, **changes: Any) -> Params:
    combat = {name: getattr(settings, name) for name in ("decisiveness", "surge_attack", "home_defence", "greed")}
    return Params(balance=settings.balance, war_cost=settings.war_cost, **(combat | changes))


def _postures(n: int = 2) -> tuple[Any, Any]:
    """Offensive and defensive stocks, each (SAMPLES, n)."""
    offensive, defensive = np.random.default_rng(0).uniform(0, 1.5, (2, SAMPLES, n))
    return offensive, defensive


def _state(params: Params, offensive: Any, defensive: Any, balance: Any = None) -> State:
    """A crisis of the first two states, the others standing by."""
    none = np.zeros_like(offensive)
    draws = Draws(intent=none, initiative=none + 0.5, balance=none[..., 0] + 0.5, perception=none)
    stocks = {"offensive": offensive, "defensive": defensive}
    state = initial(params, draws, intents=none + (np.arange(none.shape[-1]) % 2), balance=balance, **stocks)
    return state._replace(crisis=none + (np.arange(none.shape[-1]) < 2) > 0)


def _labels(settings: Settings, **changes: Any) -> float:
    params, (offensive, defensive) = _params(settings, **changes), _postures()
    one, other = _state(params, offensive, defensive), _state(params, defensive, offensive)
    return _largest(strike_probability(params, one) - strike_probability(params, other))


def _parity(settings: Settings) -> float:
    even = 0.5 * (settings.surge_attack + settings.home_defence)
    params = _params(settings, surge_attack=even, home_defence=even, distinguishability=0.0)
    offensive, defensive = (np.repeat(stock[:, :1], 2, axis=-1) for stock in _postures())
    balances = np.array([settings.balance, -settings.balance])
    chances = [strike_probability(params, _state(params, offensive, defensive, balance)) for balance in balances]
    return _largest(chances[0] + chances[1] - 1)


def _surge(settings: Settings) -> float:
    params, (_, defensive) = _params(settings, distinguishability=1.0), _postures()
    return _largest(attack_strength(params, np.zeros_like(defensive), defensive) - settings.surge_attack)


def _defenders(settings: Settings) -> float:
    """One defender at the shifted balance against n, the struck state being state 1 of 8."""
    params, found = _params(settings), 0.0
    offensive, defensive = (np.repeat(stock, 8, axis=-1) for stock in _postures(1))
    alone = _state(params, offensive, defensive)
    for n in range(1, 8):
        support = np.zeros((SAMPLES, 8, 8), bool)
        support[:, 2 : n + 1, 1] = True
        shifted = np.full((SAMPLES, 8), balance_against_defenders(settings.balance, n))
        together = strike_probability(params, alone._replace(support=support))[:, 0]
        found = max(found, _largest(together - strike_probability(params, alone._replace(balance=shifted))[:, 0]))
    return found


def _permutation(settings: Settings) -> float:
    """A strike between two states of four, with the first and second exchanged, and the others."""
    params, order = _params(settings), np.array([1, 0, 3, 2])
    state = _state(params, *_postures(4))
    swapped = State(*(_permuted(field, order) for field in state))
    sent = np.zeros((SAMPLES, 4, 3), int)
    sent[:, 0, 0] = STRIKE
    deviation = _largest(strike_probability(params, swapped)[:, :2] - strike_probability(params, state)[:, [1, 0]])
    paid = [_paid(params, state, sent, 0.0), _paid(params, swapped, sent[:, order], 1.0)]
    return max(deviation, _largest(paid[0][:, order] - paid[1]))


def _paid(params: Params, state: State, sent: Any, war: float) -> Any:
    pairs = np.zeros((SAMPLES, 4, 4))
    none = np.zeros(SAMPLES)
    draws = Draws(war=none + war, crisis=none + 1, dyad=none, posture=pairs, arms=pairs)
    action = decode(params, state, sent, draws)
    after = advance(params, state, action, draws)
    return reward(params, state, action, after)


def _permuted(field: Any, order: Any) -> Any:
    if field.ndim == 1:
        return field
    return field[:, order] if field.ndim == 2 else field[:, order][:, :, order]


def _bits() -> float:
    """A binary label of accuracy (1+d)/2 on an even prior."""
    accuracies = [0.5 * (1 + d) for d in (0.0, 0.2, 0.5, 0.8, 0.95, 1.0)]
    joints = [[[q / 2, (1 - q) / 2], [(1 - q) / 2, q / 2]] for q in accuracies]
    told = [label_information(q) for q in accuracies]
    return _largest(mutual_information(np.array(joints)) - np.array(told))


def _largest(deviation: Any) -> float:
    return float(np.abs(deviation).max())
