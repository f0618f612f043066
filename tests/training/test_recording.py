"""Recorded episodes: the rows are those of the game, payoffs are accounted for, and the words say what happened."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from security_dilemma.state import Move, Signal
from security_dilemma_training.config import RunConfig, parse
from security_dilemma_training.one_game import one_game
from security_dilemma_training.policies import Bools, Floats, Matched, Policy
from security_dilemma_training.replay.episode import Episode, Event, StateRow
from security_dilemma_training.replay.recording import record_episode
from tests.training.players import Coin, Scripted

HAWK = Scripted(Move.STRIKE)
DOVE = Scripted(Move.HOLD)
SEEKERS = "security_seeker"


def config_of(**changes: Any) -> RunConfig:
    learner = {"slots": 6, "n_steps": 8, "batch_size": 48}
    base = {"world": "doubly_dangerous", "params": {"crisis_rate": 1.0}, "learner": learner}
    return parse(base | changes, RunConfig)


def recorded(policy: Policy, config: RunConfig | None = None, **asked: Any) -> Episode:
    asked = dict[str, Any](seed=0, intents=SEEKERS) | asked
    return record_episode(config or config_of(), policy, title="a title", players=("a", "b"), **asked)


def rows_of(episode: Episode, state: str) -> list[StateRow]:
    return [row for row in episode.states if row.state == state]


def told(episode: Episode, kind: str) -> list[Event]:
    return [event for event in episode.events if event.kind == kind]


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


def test_a_tragic_war_is_called_one() -> None:
    episode = recorded(Matched([HAWK, DOVE]))
    # without arms: the chance to win is Λ(2 [0.9 + ln 0.1]) = 0.0571; seed 0 and the draw decide
    war = next(row for row in rows_of(episode, "state_0") if row.belligerent)
    assert war.win_chance == pytest.approx(0.05706, rel=1e-3)
    assert war.strike_chance == war.win_chance
    assert (war.step, war.struck) == (1, True)
    assert rows_of(episode, "state_1")[1].win_chance == pytest.approx(1 - 0.05706, rel=1e-3)
    assert episode.outcome.startswith("A tragic war, of two security seekers, in step 1: state_0 struck state_1 and")
    assert [event.kind for event in episode.events] == ["crisis", "strike", "war", "end"]
    assert "A tragic war: both are security seekers" in told(episode, "war")[0].text
    greedy = recorded(Matched([HAWK, DOVE]), intents=["greedy", SEEKERS])
    assert greedy.outcome.startswith("War in step 1: state_0 struck state_1")
    assert "tragic" not in " ".join(event.text for event in greedy.events)


def test_why_names_who_won_who_lost_and_what_holding_still_would_have_meant() -> None:
    config = config_of(params={"crisis_rate": 1.0, "surge_attack": 1.0})
    first: dict[str, Episode] = {}
    for seed in range(20):
        episode = recorded(HAWK, config, seed=seed)
        winner = told(episode, "war")[0].states[0]
        first.setdefault(winner, episode)
    # equals: 0.5 when both strike, Λ(2 · 0.9) = 0.858 for a strike alone
    for winner, loser in (("state_0", "state_1"), ("state_1", "state_0")):
        episode = first[winner]
        won, lost = (rows_of(episode, name)[1] for name in (winner, loser))
        assert won.why == (
            f"state_0 and state_1 struck at once and {winner} won, with a chance of 0.50: {winner} keeps its "
            f"undisturbed future (+1); the war cost 0.25. In all +0.75. Had {winner} held still, its chance would have "
            "been 0.14."
        )
        assert lost.why is not None
        assert f"{loser} is eliminated and its future gone; the war cost 0.25. In all -0.25." in lost.why
        assert [won.won, lost.won] == [True, False]
        assert not [row for row in episode.views if row.step == episode.steps]


def test_why_of_peace_names_the_step_and_what_arms_took() -> None:
    config = config_of(params={"crisis_rate": 0.0})
    rows = rows_of(recorded(Scripted(Move.ARM_DEFENSIVELY, Signal.BURN), config), "state_1")
    assert (
        rows[0].why == "A peaceful step pays 0.05 of an undisturbed future; the burnt signal cost 0.005. In all +0.045."
    )
    assert rows[2].why is not None
    assert "upkeep of 0.975 units of arms took 0.000975;" in rows[2].why
    crises = recorded(DOVE)
    assert rows_of(crises, "state_0")[5].why == (
        "Nobody struck in the crisis: a peaceful step pays 0.05 of an undisturbed future."
    )


def test_peace_is_told_with_its_length_and_crises() -> None:
    config = config_of(game={"max_cycles": 4})
    episode = recorded(DOVE, config)
    assert episode.outcome == "Peace through 4 steps, the time limit, and 3 crises."
    assert [event.step for event in told(episode, "crisis")] == [1, 2, 3]
    assert episode.events[-1].step == 4
    assert "The time limit of 4 steps cuts the game off" in episode.events[-1].text


def test_signals_are_told_with_true_intents_once_as_they_begin() -> None:
    policy = Matched([Scripted(Move.HOLD, Signal.ASSURE), DOVE])
    episode = recorded(policy, config_of(game={"max_cycles": 6}), intents=["greedy", SEEKERS])
    signals = told(episode, "signal")
    assert [(event.step, event.states) for event in signals] == [(0, ("state_0",))]
    assert signals[0].text == "state_0 (greedy) assures, 6 steps on end."
    assert {row.signal for row in rows_of(episode, "state_0")[:-1]} == {"assure"}


def test_a_broken_pledge_is_told() -> None:
    episode = recorded(Matched([Scripted(Move.STRIKE, Signal.PLEDGE), DOVE]))
    strike = told(episode, "strike")[0]
    assert strike.text.endswith("It breaks its pledge not to.")
    why = rows_of(episode, "state_0")[strike.step].why
    assert why is not None
    assert "breaking its pledge cost 0.2" in why


class Ally:
    """State 2 supports state 1; state 0 strikes it when it can, in the second crisis of its life or later."""

    def act(self, observations: Floats, mask: Bools, rng: np.random.Generator) -> Any:
        can = mask[..., Move.STRIKE]
        moves = np.where(can & (np.arange(3) == 0), Move.STRIKE, Move.HOLD)
        support = np.broadcast_to(np.array([0, 0, 2]), moves.shape)
        return np.stack([moves, np.zeros_like(moves), support], axis=-1)


def test_three_states_supporters_bystanders_and_the_dead() -> None:
    config = config_of(game={"n_states": 3, "max_cycles": 30})
    episodes = [recorded(Ally(), config, seed=seed) for seed in range(12)]
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


def test_arms_that_are_misread_and_several_wars_are_told() -> None:
    # arming for defence looks half offensive where postures cannot be told apart; two hawks among three states
    config = config_of(game={"n_states": 3, "max_cycles": 30}, params={"crisis_rate": 0.2, "surge_attack": 1.0})
    armed = Scripted(Move.ARM_DEFENSIVELY)
    episode = recorded(Matched([HAWK, HAWK, armed]), config, seed=1)
    assert episode.outcome.startswith("2 wars, 2 of them tragic, of two security seekers; the last in step ")
    against_armed = next(event for event in told(episode, "strike") if event.states[1] == "state_2")
    row = next(view for view in episode.views if view[:3] == (against_armed.step, against_armed.states[0], "state_2"))
    words = f"whose {row.arms:.3g} units of arms it takes for {row.dossier:.0%} offensive (in truth {row.share:.0%})"
    assert words in against_armed.text
    assert row.dossier > row.share + 0.1


def test_a_game_of_one_step_without_a_crisis() -> None:
    episode = recorded(DOVE, config_of(game={"max_cycles": 1}))
    assert episode.outcome == "Peace through 1 step, the time limit."
    assert [event.text for event in episode.events] == [
        "The time limit of 1 step cuts the game off; whoever is alive would go on."
    ]


def test_spoils_are_a_gain_from_conquest() -> None:
    for share, told_of_gain in ((0.0, "and neither gains from conquest"), (0.4, "but the victor takes spoils")):
        episode = recorded(Matched([HAWK, DOVE]), config_of(params={"crisis_rate": 1.0, "spoils": share}))
        assert told(episode, "war")[0].text.endswith(f"A tragic war: both are security seekers, {told_of_gain}.")


def test_a_victor_among_others_is_paid_its_step_and_the_last_survivor_its_future() -> None:
    config = config_of(game={"n_states": 3, "max_cycles": 40}, params={"crisis_rate": 1.0})
    episode = recorded(HAWK, config)
    first, last = told(episode, "war")
    rows = {row.step: row for event in (first, last) for row in rows_of(episode, event.states[0]) if row.won}
    assert f"as others are left, {first.states[0]} is paid its step as in peace, 0.05;" in str(rows[first.step].why)
    assert f"{last.states[0]} keeps its undisturbed future (+1)" in str(rows[last.step].why)


def test_who_is_left_in_a_stage_game_keeps_the_stakes() -> None:
    game = {"stages": [[["hold", "strike"], 0.4], [["hold", "strike"], 0.6]], "max_cycles": 2}
    episode = recorded(HAWK, config_of(game=game))
    assert episode.steps == 1
    assert episode.events[-1].text.endswith("alone is left, and keeps what was still at stake.")
