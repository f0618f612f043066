"""What is counted while a learner trains."""

from __future__ import annotations

import numpy as np
import pytest

from security_dilemma import Games, Params
from security_dilemma.state import Move, Signal
from security_dilemma_training.monitor import Monitor

DISCOUNT = 0.9
ARM, HOLD, STRIKE = Move.ARM_OFFENSIVELY, Move.HOLD, Move.STRIKE
QUIET: list[list[int]] = [[Signal.SILENT] * 2] * 2


def step(games: Games, monitor: Monitor, moves: list[list[int]], signals: list[list[int]] = QUIET) -> None:
    before = games.state
    _, rewards, _, _, info = games.step(np.stack([moves, signals], axis=-1))
    monitor.update(before, games.state, rewards, info)


def ends_a_war(mean_return: float, after: int) -> bool:
    """Whether it is that of a seeker and a greedy state, either of them victor, after so many steps of peace."""
    peaceful = sum((1 - DISCOUNT) * DISCOUNT**k for k in range(after))
    possible = [peaceful + DISCOUNT**after * (prize - 2 * 0.25) / 2 for prize in (1.0, 1.5)]
    return min(abs(mean_return - x) for x in possible) < 1e-6


def test_counts_of_two_games_by_hand() -> None:
    games = Games(Params(crisis_rate=1.0, discount=DISCOUNT, upkeep=0.0), 2, seed=0)
    games.reset(0, intents=["security_seeker", "greedy"])
    monitor = Monitor(games)
    assured: list[list[int]] = [[Signal.ASSURE, Signal.SILENT], [Signal.SILENT, Signal.SILENT]]
    step(games, monitor, [[ARM, HOLD], [HOLD, HOLD]], assured)
    step(games, monitor, [[STRIKE, HOLD], [HOLD, HOLD]])
    scalars = monitor.read()
    # both games were in crisis in the second step; one seeker struck, and its game ended in war
    assert scalars["strike_rate_in_crisis/security_seeker"] == pytest.approx(0.5)
    assert scalars["strike_rate_in_crisis/greedy"] == 0
    assert scalars["games/wars_per_game"] == 1
    assert scalars["arms/security_seeker"] == pytest.approx(0.5 / 4)
    assert scalars["offensive_share/security_seeker"] == 1
    assert "offensive_share/greedy" not in scalars
    assert scalars["signal/security_seeker_assure"] == pytest.approx(1 / 4)
    # either side won: 1 - c or -c for the seeker, 1 + g - c or -c for the greedy, after a peaceful step of 1 - δ
    assert ends_a_war(scalars["games/discounted_return"], after=1)
    assert monitor.read() == {}


def test_a_game_that_restarts_is_paid_and_discounted_anew() -> None:
    games = Games(Params(crisis_rate=1.0, discount=DISCOUNT, upkeep=0.0), 2, seed=0)
    games.reset(0, intents=["security_seeker", "greedy"])
    monitor = Monitor(games)
    for _ in range(2):  # the first game ends in its second step, and again
        step(games, monitor, [[HOLD, HOLD], [HOLD, HOLD]])
        step(games, monitor, [[STRIKE, HOLD], [HOLD, HOLD]])
        scalars = monitor.read()
        assert scalars["games/wars_per_game"] == 1
        assert ends_a_war(scalars["games/discounted_return"], after=1)
    step(games, monitor, [[HOLD, HOLD], [HOLD, STRIKE]])
    assert ends_a_war(monitor.read()["games/discounted_return"], after=4)
