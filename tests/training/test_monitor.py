"""What is counted while a learner trains."""

from __future__ import annotations

import numpy as np
import pytest

from security_dilemma import Games, Params
from security_dilemma.state import Move, Signal
from security_dilemma_training.monitor import Monitor

DISCOUNT = 0.9


def test_counts_of_two_games_by_hand() -> None:
    games = Games(Params(crisis_rate=1.0, discount=DISCOUNT, upkeep=0.0), 2, seed=0)
    games.reset(0, intents=["security_seeker", "greedy"])
    monitor = Monitor(games)

    def step(moves: list[list[int]], signals: list[list[int]]) -> None:
        before = games.state
        _, rewards, _, _, info = games.step(np.stack([moves, signals], axis=-1))
        monitor.update(before, games.state, rewards, info)

    arm, hold, strike = Move.ARM_OFFENSIVELY, Move.HOLD, Move.STRIKE
    quiet: list[list[int]] = [[Signal.SILENT] * 2] * 2
    step([[arm, hold], [hold, hold]], [[Signal.ASSURE, Signal.SILENT], [Signal.SILENT, Signal.SILENT]])
    step([[strike, hold], [hold, hold]], quiet)
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
    won_by_seeker = (0.75 - 0.25) / 2 * DISCOUNT + 0.1
    won_by_greedy = (1.25 - 0.25) / 2 * DISCOUNT + 0.1
    assert min(abs(scalars["games/discounted_return"] - x) for x in (won_by_seeker, won_by_greedy)) < 1e-6
    assert monitor.read() == {}
