"""The story of a game in words: outcomes, events, and why a step paid what it paid."""

from __future__ import annotations

import pytest

from security_dilemma.state import Move, Signal
from security_dilemma_training.policies import Matched
from security_dilemma_training.replay.episode import Episode
from tests.training.players import Scripted
from tests.training.replays_for_tests import DOVE, HAWK, SEEKERS, config_of, recorded, rows_of, told


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


def test_a_war_is_told_with_the_chance_of_its_victor() -> None:
    # Λ(2 [0.9 + ln 0.5]) = 0.602 for the striker
    config = config_of(params={"crisis_rate": 1.0, "surge_attack": 0.5})
    texts = {}
    for seed in range(12):
        episode = recorded(Matched([HAWK, DOVE]), config, seed=seed)
        texts[told(episode, "war")[0].text.partition(";")[0]] = episode.outcome.partition("state_0 struck ")[2]
    assert texts == {
        "War: state_0 wins, with a chance of 0.60": "state_1 and won, with a chance of 0.60.",
        "War: state_1 wins, with a chance of 0.40": "state_1 and lost: the attack was repelled, which had a chance "
        "of 0.40.",
    }


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


def test_terms_with_the_other_sign_than_usual_are_told_with_other_words() -> None:
    params = {"crisis_rate": 1.0, "initiative_mean": -0.3, "prosocial_weight": 0.5}
    war = recorded(Matched([HAWK, DOVE]), config_of(params=params))
    why = {row.state: str(row.why) for row in war.states if row.belligerent}
    winner, loser = told(war, "war")[0].states
    assert "striking as such cost 0.3" in why["state_0"]
    assert "what the others lost took 0." in why[winner]
    assert "what the others got added 0." in why[loser]
