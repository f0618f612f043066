"""The page of a replay: its rows are those of the episode, its charts follow the step, its words tell what happened."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from security_dilemma_training.replay.axes import TICKS
from security_dilemma_training.replay.dyads import beliefs, phase
from security_dilemma_training.replay.episode import Episode
from security_dilemma_training.replay.page import replay_page, write_replay
from security_dilemma_training.replay.panel import head, step_templates, story
from security_dilemma_training.replay.rows import (
    GREED,
    arms_rows,
    dyad_rows,
    is_armed,
    names,
    payoff_rows,
    symbol_rows,
    view_rows,
)
from security_dilemma_training.replay.timelines import arms, deeds, payoffs, signals, top_of_arms
from security_dilemma_training.replay.why import chance
from security_dilemma_training.replay.words import number
from tests.training.replays_for_tests import a_race, a_stage_game, many_states, played

NASTY = "</template><script>alert(1)</script>"
WAR = 11


@pytest.fixture(scope="module")
def race() -> Episode:
    return a_race()


@pytest.fixture(scope="module")
def crowd() -> Episode:
    return many_states()


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages without the bundle of Vega, which takes seconds to make."""
    monkeypatch.setattr("security_dilemma_training.pages.page._bundle", lambda: "")


def charts_of(episode: Episode) -> dict[str, Any]:
    """All charts of an episode."""
    top = top_of_arms([episode])
    drawn = [arms(episode, name, top) for name in names(episode)]
    drawn += [deeds(episode), signals(episode), payoffs(episode), phase(episode, top)]
    drawn += [beliefs(episode, "one", "other"), beliefs(episode, "other", "one")]
    return {str(place): chart.to_dict() for place, chart in enumerate(drawn)}


def blocks(text: str) -> dict[str, Any]:
    """The blocks of data of a page."""
    found = re.findall(r'<script type="application/json" id="([^"]+)">(.*?)</script>', text, re.DOTALL)
    return {name: json.loads(data) for name, data in found}


def test_rows_of_arms_are_those_of_the_episode(race: Episode) -> None:
    rows = arms_rows(race, "state_0")
    mine = [row for row in race.states if row.state == "state_0"]
    assert [row["step"] for row in rows] == list(range(race.steps + 1))
    assert [(row["offensive"], row["arms"]) for row in rows] == [
        (row.offensive, row.offensive + row.defensive) for row in mine
    ]
    assert [row["step"] for row in rows if row["war"]] == [WAR]
    assert [row["step"] for row in rows if row["crisis"]] == [row.step for row in mine if row.crisis]
    assert [row["why"] for row in rows] == [row.why for row in mine]


def test_war_is_marked_with_who_struck_who_won_and_the_chance(race: Episode) -> None:
    for state in names(race):
        at_war = next(row for row in race.states if row.state == state and row.belligerent)
        label = arms_rows(race, state)[WAR]["war"]
        assert label.startswith("strikes, " if at_war.struck else "is struck, ")
        assert ("wins" in label) == at_war.won
        assert label.endswith(f"({at_war.win_chance:.2f})")


def test_no_chance_of_a_war_is_rounded_to_certainty(race: Episode) -> None:
    sure = race._replace(states=tuple(row._replace(win_chance=row.win_chance and 0.9999) for row in race.states))
    assert [arms_rows(sure, state)[WAR]["war"].rpartition(" (")[2] for state in names(race)] == ["over 0.99)"] * 2


def test_totals_begin_at_nothing_and_stand_after_the_step_that_paid_them(race: Episode) -> None:
    totals, steps = payoff_rows(race)
    told = {(row["step"], row["series"]): row["total"] for row in totals}
    assert [told[0, name] for name in names(race)] == [0, 0]
    assert all(told[row.step + 1, row.state] == row.total for row in race.states if row.total is not None)
    whys = [row.why for row in race.states if row.step == WAR]
    assert all(str(why) in steps[WAR][name] for why, name in zip(whys, names(race), strict=True))


def test_the_eliminated_have_no_place_in_the_phase_portrait(crowd: Episode) -> None:
    rows = dyad_rows(crowd)
    dead = {(row.step, row.state) for row in crowd.states if not row.alive}
    assert dead
    assert all((name in row) == ((row["step"], name) not in dead) for row in rows for name in names(crowd))
    assert sum(bool(row["war"]) for row in rows) == sum(event.kind == "war" for event in crowd.events)


def test_symbols_are_of_those_who_could_act(crowd: Episode) -> None:
    acting = [row for row in crowd.states if row.alive and row.move is not None]
    assert [(row["step"], row["title"]) for row in symbol_rows(crowd)] == [
        (row.step, f"{row.state} in step {row.step}") for row in acting
    ]
    strikes = [row["step"] for row in symbol_rows(crowd) if row["did"] == "strikes"]
    assert strikes == [row.step for row in crowd.states if row.struck]


@pytest.mark.slow
@pytest.mark.parametrize("kind", [a_race, a_stage_game, many_states])
def test_every_chart_is_valid_follows_the_step_and_is_as_wide_as_there_is_room(kind: Any) -> None:
    for spec in charts_of(kind()).values():
        assert "step" in [parameter["name"] for parameter in spec["params"]]
        assert spec["width"] == "container"
        cursors = [layer for layer in spec["layer"] if {"filter": "datum.step == step"} in layer.get("transform", [])]
        assert len(cursors) == 1


def test_lines_of_states_differ_in_dash_as_well_as_in_colour(crowd: Episode) -> None:
    layers = payoffs(crowd).to_dict(validate=False)["layer"]
    lines = next(layer for layer in layers if "strokeDash" in layer["encoding"])
    for channel in ("color", "strokeDash"):
        scale = lines["encoding"][channel]["scale"]
        assert scale["domain"] == names(crowd)
        assert len({str(value) for value in scale["range"]}) == crowd.n_states


def test_beliefs_that_the_other_is_greedy_are_drawn_where_there_are_some(race: Episode) -> None:
    assert GREED not in view_rows(race)[0]
    aware = race._replace(belief_kind="exact", views=tuple(view._replace(belief=0.3) for view in race.views))
    assert {row[GREED] for row in view_rows(aware)} == {0.3}
    assert GREED in json.dumps(beliefs(aware, "one", "other").to_dict(validate=False)["layer"][1])
    assert GREED not in json.dumps(beliefs(race, "one", "other").to_dict(validate=False)["layer"][1])


def test_axes_of_arms_reach_to_the_cap_but_not_far_above_what_anyone_had(race: Episode) -> None:
    cap = race.params["arms_cap"]
    assert top_of_arms([race]) == cap
    roomy = race._replace(params=race.params | {"arms_cap": 1000.0})
    most = max(row.offensive + row.defensive for row in race.states)
    assert top_of_arms([roomy]) == pytest.approx(2 * most)
    assert top_of_arms([roomy, race]) == pytest.approx(2 * most)
    unequal = race._replace(params=race.params | {"arms_cap": [1.0, 2.5]})
    assert top_of_arms([unequal]) == 2.5
    drawn = [json.dumps(arms(unequal, name, 2.5).to_dict(validate=False)) for name in names(race)]
    assert ['"arms": 1.0, "text": "cap"' in text for text in drawn] == [True, False]


def test_kinds_of_arms_are_named_in_their_areas_where_there_is_room(race: Episode) -> None:
    def named(state: str, top: float) -> list[str]:
        layers = arms(race, state, top).to_dict(validate=False)["layer"]
        rows = [layer["data"]["values"][0] for layer in layers if "values" in layer.get("data", {})]
        return [row["name"] for row in rows if "name" in row]

    assert named("state_0", 3.0) == ["offensive"]  # an offensive realist has no other
    assert named("state_0", 100.0) == []


def test_ticks_are_whole_steps_and_few(crowd: Episode) -> None:
    for episode in (crowd, a_stage_game()):
        ticks = payoffs(episode).to_dict(validate=False)["layer"][2]["encoding"]["x"]["axis"]["values"]
        assert ticks[0] == 0
        assert all(tick == int(tick) for tick in ticks)
        assert len(ticks) <= 2 * TICKS


def test_each_step_is_told_in_words(race: Episode) -> None:
    steps = step_templates(race)
    assert len(steps) == race.steps + 1
    for row in race.states:
        if row.why:
            assert row.why.replace("'", "&#x27;") in steps[row.step]
    assert "if it alone strikes it wins with a chance of" in steps[WAR]
    assert "War:" in steps[WAR]
    assert "No crisis: nobody can strike." in steps[0]
    assert "been eliminated" in steps[-1]
    for row in race.states:
        if row.step == WAR:  # the last step tells what the game paid in all, to the eliminated as well
            assert number(row.total or 0.0, 3) in steps[-1]


def test_who_has_no_arms_has_no_posture_to_be_misread() -> None:
    steps = step_templates(played("dove", game={"max_cycles": 2}))
    assert "state_1 to have no arms" in steps[1]
    assert "offensive (in truth" not in steps[1]
    armed = step_templates(played("dove", "hawk", game={"max_cycles": 2}))
    assert "of state_1&#x27;s arms to be offensive (in truth 75%)" in armed[1]
    assert "state_0 to have no arms" in armed[1]


def test_to_wait_is_to_be_struck_with_the_others_chance() -> None:
    uneven = played("dove", "offensive_realist", params={"crisis_rate": 1.0})
    one, other = next(
        (one, other)
        for one, other in zip(uneven.states[::2], uneven.states[1::2], strict=True)
        if one.strike_chance and other.strike_chance and other.strike_chance - one.strike_chance > 0.1
    )
    for mine, theirs in ((one.strike_chance, other.strike_chance), (other.strike_chance, one.strike_chance)):
        words = (
            f"wins with a chance of {chance(mine or 0)}; if it waits and is struck, with {chance(1 - (theirs or 0))}"
        )
        assert words in step_templates(uneven)[one.step]


def test_the_story_goes_to_each_event(race: Episode) -> None:
    told = [event for event in race.events if event.kind in ("crisis", "strike", "war", "end")]
    assert re.findall(r'data-step="(\d+)"', story(race)) == [str(event.step) for event in told]


@pytest.mark.slow
def test_text_from_elsewhere_stays_text(race: Episode, light: None) -> None:
    nasty = race._replace(title=NASTY, players=(NASTY, NASTY), outcome=NASTY, world=NASTY, chosen=NASTY)
    nasty = nasty._replace(
        states=tuple(row._replace(why=NASTY) for row in race.states),
        events=tuple(event._replace(text=NASTY) for event in race.events),
    )
    text = replay_page([nasty])
    assert NASTY not in text
    assert text.count("&lt;/template&gt;&lt;script&gt;alert(1)") > race.steps


@pytest.mark.slow
def test_a_page_holds_the_charts_of_its_episodes_and_one_control(race: Episode, crowd: Episode, light: None) -> None:
    text = replay_page([race, crowd])
    places = re.findall(r'data-chart="([^"]+)"', text)
    assert {f"chart-{name}" for name in places} == {name for name in blocks(text) if name != "chart-config"}
    assert [name for name in places if name.startswith("arms-")] == [
        *("arms-0-0", "arms-0-1"),
        *(f"arms-1-{k}" for k in range(4)),
    ]
    assert text.count('type="range"') == 1
    assert f'max="{max(race.steps, crowd.steps)}"' in text
    assert text.count("<template>") == race.steps + crowd.steps + 2
    assert text.count('class="pair"') == 1  # only where there are more than two states


@pytest.mark.slow
def test_where_nobody_has_arms_there_is_no_phase_portrait(light: None) -> None:
    crisis = a_stage_game()
    assert not is_armed(crisis)
    text = replay_page([crisis])
    assert "phase-0" not in text
    assert "beliefs-0" not in text
    aware = crisis._replace(belief_kind="exact", views=tuple(view._replace(belief=0.3) for view in crisis.views))
    assert "Bayes" in replay_page([aware])


@pytest.mark.slow
def test_an_episode_of_one_step(light: None) -> None:
    short = played("dove", game={"max_cycles": 1})
    assert short.steps == 1
    assert replay_page([short]).count("<template>") == 2


@pytest.mark.parametrize("count", [0, 3])
def test_other_than_one_or_two_episodes_are_refused(race: Episode, count: int) -> None:
    with pytest.raises(ValueError, match="a replay shows one, or two"):
        replay_page([race] * count)


@pytest.mark.slow
def test_the_file_is_the_page(race: Episode, tmp_path: Path, light: None) -> None:
    write_replay([race], tmp_path / "replay.html")
    assert (tmp_path / "replay.html").read_text(encoding="utf-8") == replay_page([race])
    assert [path.name for path in tmp_path.iterdir()] == ["replay.html"]


def test_the_head_says_which_game_it_is(race: Episode) -> None:
    text = head(race._replace(chosen="It is the first with a war."))
    for said in ("Offence has the advantage (b = 0.9)", "a security seeker; played by hawk", "first with a war"):
        assert said in text
    assert "Chosen" not in head(race)


def test_the_head_says_what_led_to_the_last_war(race: Episode, crowd: Episode) -> None:
    said = re.findall("<dt>Why war</dt><dd>([^<]*)</dd>", head(race))
    first, second = (row for row in race.states if row.step == WAR)
    assert said[0].startswith(f"state_0 had {number(first.offensive + first.defensive)} units of arms and believed ")
    assert said[0].endswith(
        f"if it alone strikes it wins with a chance of {first.strike_chance:.2f}; if it waits and is struck, "
        f"with {1 - (second.strike_chance or 0):.2f}."
    )
    last = [event for event in crowd.events if event.kind == "war"][-1]
    assert sorted(re.findall("<dt>Why war</dt><dd>(state_.) had", head(crowd))) == sorted(last.states)
    assert "Why war" not in head(played("dove", game={"max_cycles": 2}))
