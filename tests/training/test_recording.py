"""Recorded episodes: the rows are those of the game, payoffs are accounted for, and the words say what happened."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from security_dilemma.state import Move, Signal
from security_dilemma_training.one_game import one_game
from security_dilemma_training.players import player
from security_dilemma_training.policies import Bools, Floats, Matched
from tests.training.players import Coin, Scripted
from tests.training.replays_for_tests import DOVE, HAWK, SEEKERS, config_of, recorded, rows_of, told


def test_the_rows_are_those_of_the_game() -> None:
    config = config_of(params={"crisis_rate": 0.3})
    policy = Matched([Scripted(Move.ARM_OFFENSIVELY, Signal.ASSURE), Coin(0.5)])
    plays = list(one_game(config, policy, seed=4, intents=SEEKERS))
    episode = recorded(policy, config, seed=4)
    assert episode.steps == len(plays)
    assert [row.step for row in episode.states] == [t for t in range(len(plays) + 1) for _ in range(2)]
    for t, played in enumerate(plays):
        for i, row in enumerate(episode.states[2 * t : 2 * t + 2]):
            assert row.offensive == pytest.approx(float(played.before.offensive[i]), rel=1e-5)
            assert row.payoff == pytest.approx(float(played.paid[i]), rel=1e-5)
            assert row.crisis == played.before.crisis[i]
            assert (row.strike_chance is not None) == row.crisis
            assert row.move == Move(int(played.after.last_move[i])).name.lower()
            assert row.struck == played.after.struck[i]
    last = episode.states[-2:]
    assert [row.offensive for row in last] == pytest.approx(plays[-1].after.offensive.tolist(), rel=1e-5)
    assert {(row.payoff, row.why, row.move) for row in last} == {(None, None, None)}


def test_pledges_in_force_support_and_reports_are_those_of_each_state() -> None:
    learner = {"slots": 6, "n_steps": 8, "batch_size": 48}
    config = config_of(game={"n_states": 3}, params={"crisis_rate": 0.1, "arms_noise": 0.5}, learner=learner)
    chance = player("random", config, trusted=False)
    policy = Matched([chance, chance, Ally()])
    plays = list(one_game(config, policy, seed=4, intents=SEEKERS))
    episode = recorded(policy, config, seed=4)
    said = {(row.step, row.state): row for row in episode.states[: 3 * len(plays)] if row.alive}
    for (step, state), row in said.items():
        played, i = plays[step], int(state[-1])
        assert row.pledged == played.before.pledged[i]
        assert row.supports == next((f"state_{j}" for j in np.flatnonzero(played.after.support[i])), None)
    assert {row.pledged for row in said.values()} == {True, False}
    assert {row.supports for row in said.values()} == {None, "state_1"}
    for view in episode.views:
        if view.step < len(plays):
            reported = plays[view.step].before.reported_arms[int(view.observer[-1]), int(view.observed[-1])]
            assert view.reported_arms == pytest.approx(float(reported), rel=1e-5)


def test_terms_sum_to_payoffs_and_payoffs_to_totals() -> None:
    config = config_of(params={"crisis_rate": 0.2, "power_weight": 0.1, "prosocial_weight": 0.2, "spoils": 0.3})
    episode = recorded(Coin(0.3), config, intents=["greedy", SEEKERS])
    for state in ("state_0", "state_1"):
        total = 0.0
        for row in rows_of(episode, state)[:-1]:
            assert row.terms is not None
            assert sum(row.terms.values()) == pytest.approx(row.payoff, abs=1e-5)
            total += 0.95**row.step * (row.payoff or 0.0)
            assert row.total == pytest.approx(total, abs=1e-4)


class Ally:
    """State 2 supports state 1; state 0 strikes it when it can, in the second crisis of its life or later."""

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> Any:
        can = mask[..., Move.STRIKE]
        moves = np.where(can & (np.arange(3) == 0), Move.STRIKE, Move.HOLD)
        support = np.broadcast_to(np.array([0, 0, 2]), moves.shape)
        return np.stack([moves, np.zeros_like(moves), support], axis=-1)


def test_three_states_supporters_bystanders_and_the_dead() -> None:
    config = config_of(game={"n_states": 3, "max_cycles": 30})
    episodes = [recorded(Ally(), config, seed=seed) for seed in range(6)]
    wars = [event for episode in episodes for event in told(episode, "strike")]
    assert {event.states for event in wars} == {("state_0", "state_1"), ("state_0", "state_2")}
    assert all(told(episode, "support")[0].states == ("state_2", "state_1") for episode in episodes)
    defended = [
        rows_of(episode, "state_2")[event.step].why or ""
        for episode in episodes
        for event in told(episode, "strike")
        if event.states == ("state_0", "state_1")
    ]
    assert any("defending state_1 cost 0.05" in text for text in defended)
    dead = [row for episode in episodes for row in episode.states if not row.alive]
    assert dead
    assert {(row.payoff, row.move, row.offensive) for row in dead} == {(None, None, 0.0)}


def test_a_stage_game_is_told_in_stages() -> None:
    game = {"stages": [[["hold"], 0.4], [["hold", "strike"], 0.6]], "war": "scaled", "max_cycles": 2}
    config = config_of(game=game)
    episode = recorded(HAWK, config)
    assert episode.stages == ("hold", "hold or strike")
    assert [row.strike_chance is None for row in rows_of(episode, "state_0")] == [True, False, True]
    assert [row.crisis for row in rows_of(episode, "state_0")] == [False, True, False]
    assert rows_of(episode, "state_0")[0].why == "A peaceful stage pays its stake, 0.4."
    assert episode.outcome.startswith("A tragic war, of two security seekers, in stage 1:")
    assert "eliminated" not in " ".join(event.text for event in episode.events)
    assert episode.events[-1].text == "The last stage has been played."
    assert rows_of(episode, "state_0")[1].total == pytest.approx(0.4 + (rows_of(episode, "state_0")[1].payoff or 0))
    assert recorded(DOVE, config).outcome == "Peace through 2 stages."


def test_intents_drawn_are_those_of_the_game() -> None:
    config = config_of(params={"trust": 0.5}, game={"max_cycles": 2})
    held = {recorded(DOVE, config, seed=seed, intents=None).intents for seed in range(12)}
    assert len(held) == 4


class Told:
    """Believes what it is told to: the step, and who of whom."""

    kind = "exact"

    def along(self, plays: Any) -> Floats:
        belief = np.full((len(plays) + 1, 2, 2), np.nan)
        belief[:, 0, 1] = np.arange(len(plays) + 1) / 100
        return belief


def test_beliefs_stand_in_the_views() -> None:
    config = config_of(game={"max_cycles": 3})
    episode = recorded(DOVE, config, beliefs=Told())
    assert episode.belief_kind == "exact"
    found = [(row.step, row.observer, row.belief) for row in episode.views if row.observer == "state_0"]
    assert found == [(t, "state_0", t / 100) for t in range(4)]
    assert {row.belief for row in episode.views if row.observer == "state_1"} == {None}
    assert recorded(DOVE, config).belief_kind is None


def test_an_episode_is_plain_data() -> None:
    episode = recorded(Coin(0.2), config_of(params={"upkeep": [0.01, 0.02]}))
    text = json.dumps(episode, allow_nan=False)
    assert json.loads(text)[5]["upkeep"] == [0.01, 0.02]
