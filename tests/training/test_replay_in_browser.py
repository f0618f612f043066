"""A replay in a browser: it plays, it is scrubbed by slider, keys and clicks, and what is seen moves with the step."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from security_dilemma_training.replay.episode import Episode
from security_dilemma_training.replay.page import write_replay
from tests.browser import needs_browser, opened
from tests.training.replays_for_tests import a_race, many_states, played

pytestmark = [pytest.mark.slow, needs_browser]

WAR = 11
LAST = 12


@pytest.fixture(scope="module")
def race() -> Episode:
    return a_race()


@pytest.fixture(scope="module")
def files(race: Episode, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages by what they show."""
    folder = tmp_path_factory.mktemp("replays")
    peace = played("dove", seed=1, title="Doves")
    shown = {"race": [race], "two": [race, peace], "many": [many_states()], "mixed": [race, many_states()]}
    for name, episodes in shown.items():
        write_replay(episodes, folder / f"{name}.html")
    return {name: folder / f"{name}.html" for name in shown}


@pytest.fixture
def page(files: dict[str, Path]) -> Iterator[Page]:
    with opened(files["race"]) as page:
        yield page


def shows(page: Page, step: int) -> None:
    """Wait until the page is at a step: slider, words, charts."""
    expect(page.locator(".controls output")).to_have_text(re.compile(rf"^step {step} of "))
    expect(page.locator(".controls input")).to_have_value(str(step))
    expect(page.locator(".panel h3").first).to_have_text(f"Step {step} of {LAST}")
    names = page.evaluate("Object.keys(window.charts)")
    assert {page.evaluate(f"window.charts['{name}'].signal('step')") for name in names} == {step}


def picture(page: Page, chart: str) -> NDArray[Any]:
    """The pixels of a chart, (height, width, 3), without the bar of controls that may lie over it."""
    bar = ".controls { visibility: hidden; }"
    data = page.locator(f"figure[data-chart={chart}] svg").screenshot(style=bar)
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def place(page: Page, chart: str, step: float) -> int:
    """Where a step is in a chart, in pixels from its left."""
    view = f"window.charts['{chart}']"
    return int(page.evaluate(f"Math.round({view}.origin()[0] + {view}.scale('x')({step}))"))


def ink(pixels: NDArray[Any]) -> float:
    """The share of pixels that are not those of the paper, of which the first is."""
    return float((np.abs(pixels - pixels[0, 0]).sum(axis=-1) > 30).mean())


def test_it_begins_at_the_start_and_plays_to_the_end_by_itself(page: Page) -> None:
    shows(page, 0)
    page.locator(".speed").select_option("5")
    page.locator(".play").click()
    expect(page.locator(".play")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".panel h3").first).to_have_text(f"Step {LAST} of {LAST}", timeout=15_000)
    expect(page.locator(".play")).to_have_attribute("aria-pressed", "false")
    shows(page, LAST)
    page.locator(".play").click()  # from the start again
    expect(page.locator(".panel h3").first).to_have_text(re.compile("^Step [0-3] of"))
    page.locator(".play").click()
    expect(page.locator(".panel")).to_have_attribute("aria-live", "polite")


def test_slider_buttons_and_keys_scrub(page: Page) -> None:
    page.locator(".controls input").fill("5")
    shows(page, 5)
    for name, step in (("forward", 6), ("back", 5), ("last", LAST), ("first", 0)):
        page.locator(f".controls .{name}").click()
        shows(page, step)
    page.locator("h1").click()
    for key, step in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", LAST), ("Home", 0)):
        page.keyboard.press(key)
        shows(page, step)
    page.keyboard.press("ArrowLeft")
    shows(page, 0)
    page.keyboard.press("Space")
    expect(page.locator(".play")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Space")
    expect(page.locator(".play")).to_have_attribute("aria-pressed", "false")


def test_form_controls_keep_their_keys(page: Page) -> None:
    page.locator(".speed").focus()
    page.keyboard.press("End")
    expect(page.locator(".speed")).to_have_value("5")
    shows(page, 0)
    page.locator(".controls input").focus()
    page.keyboard.press("ArrowRight")
    shows(page, 1)
    page.locator(".forward").focus()
    page.keyboard.press("Space")
    shows(page, 2)
    expect(page.locator(".play")).to_have_attribute("aria-pressed", "false")


def test_a_click_on_a_chart_or_on_what_happened_goes_to_its_step(page: Page) -> None:
    for chart, step in (("arms-0-0", 6), ("signals-0", 3), ("beliefs-0-1", 8)):
        drawn = page.locator(f"figure[data-chart={chart}] svg")
        drawn.click(position={"x": place(page, chart, step + 0.2), "y": 80})
        shows(page, step)
    page.locator(f".goto.war[data-step='{WAR}']").click()
    shows(page, WAR)
    expect(page.locator(".goto.now").first).to_have_attribute("data-step", str(WAR))


def test_the_words_of_the_step_tell_the_war(page: Page, race: Episode) -> None:
    page.locator(".controls input").fill(str(WAR))
    shows(page, WAR)
    for row in race.states:
        if row.step == WAR:
            expect(page.locator(".panel")).to_contain_text(str(row.why))
            expect(page.locator(".panel")).to_contain_text(f"its chance to win was {row.win_chance:.2f}")


def test_pointing_at_a_step_tells_why_it_paid_that(page: Page, race: Episode) -> None:
    page.locator("figure[data-chart=arms-0-0] svg").hover(position={"x": place(page, "arms-0-0", 0), "y": 60})
    tip = page.locator("#vg-tooltip-element")
    expect(tip).to_contain_text("state_0 in step 0")
    expect(tip).to_contain_text(str(race.states[0].why))
    page.locator("figure[data-chart=payoffs-0] svg").hover(position={"x": place(page, "payoffs-0", 2.5), "y": 110})
    expect(tip).to_contain_text("paid in step 2")
    expect(tip).to_contain_text("of an undisturbed future")


def test_what_is_drawn_moves_with_the_step_and_nothing_is_blank(page: Page) -> None:
    charts = page.evaluate("Object.keys(window.charts)")
    assert len(charts) == 8
    before = {name: picture(page, name) for name in charts}
    page.locator(".last").click()
    shows(page, LAST)
    for name in charts:
        after = picture(page, name)
        assert after.shape == before[name].shape, name
        assert ink(after) > 0.01, name
        changed = (np.abs(after - before[name]).sum(axis=-1) > 30).mean()
        assert 0 < changed < 0.1, name  # the cursor or the path, and nothing else
    # the path up to the step shown: nearly nothing at the start, all of it at the end
    assert ink(picture(page, "phase-0")) > ink(before["phase-0"])


def test_war_and_crises_are_seen_where_they_were(page: Page, race: Episode) -> None:
    svg = page.locator("figure[data-chart=arms-0-0] svg")
    expect(svg.locator("text", has_text=re.compile("strikes, (wins|loses)")).first).to_be_visible()
    pixels = picture(page, "arms-0-0")
    paper = pixels[0, 0]
    for row in race.states[::2]:
        at = place(page, "arms-0-0", row.step)
        drawn = pixels[15:100, at - 4 : at + 5]
        red = (drawn[..., 0] - drawn[..., 2] > 80).any(axis=1).mean()
        assert (red > 0.95) == bool(row.belligerent)  # a line through the chart where there was war
        above = pixels[22:26, at + 10 : at + 14]
        assert bool((above != paper).all(axis=-1).any()) == (row.crisis or not row.alive)  # a shade in crises


@pytest.mark.parametrize("name", ["race", "two", "many"])
def test_a_phone_needs_no_scrolling_sideways(files: dict[str, Path], name: str) -> None:
    with opened(files[name], width=390, height=844) as page:
        page.locator(".last").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        wide = "[...document.querySelectorAll('figure.chart')].map((f) => f.scrollWidth - f.clientWidth)"
        assert max(page.evaluate(wide)) <= 1
        heights = "[...document.querySelectorAll('.controls button')].map((b) => b.getBoundingClientRect().height)"
        assert min(page.evaluate(heights)) >= 40


def test_dark_and_light_differ(files: dict[str, Path]) -> None:
    seen = {}
    for scheme in ("light", "dark"):
        with opened(files["race"], scheme=scheme) as page:
            seen[scheme] = picture(page, "arms-0-0")
    assert seen["light"][0, 0].min() > 200
    assert seen["dark"][0, 0].max() < 60
    assert abs(ink(seen["light"]) - ink(seen["dark"])) < 0.1


def test_without_colour_offence_and_defence_still_differ(page: Page) -> None:
    page.locator(".last").click()
    grey = picture(page, "arms-0-0").mean(axis=-1)
    axis = [path for path in np.unique(grey.round(-1), return_counts=True)[1] if path > 300]
    assert len(axis) >= 3  # paper, pale and dark areas
    svg = page.locator("figure[data-chart=payoffs-0] svg")
    dashes = {path.get_attribute("stroke-dasharray") for path in svg.locator("path[stroke-width='2.5']").all()}
    assert len(dashes) == 2


def test_two_episodes_move_together_and_the_shorter_waits_at_its_end(files: dict[str, Path]) -> None:
    with opened(files["two"], width=1300) as page:
        page.locator(".controls input").fill("9")
        expect(page.locator(".panel h3")).to_have_text([f"Step 9 of {LAST}", "Step 9 of 64"])
        page.locator(".controls input").fill("40")
        expect(page.locator(".panel h3")).to_have_text([f"Step {LAST} of {LAST}", "Step 40 of 64"])
        steps = {name: page.evaluate(f"window.charts['{name}'].signal('step')") for name in ("arms-0-0", "arms-1-0")}
        assert steps == {"arms-0-0": LAST, "arms-1-0": 40}
        tops = page.evaluate("[...document.querySelectorAll('.episode')].map((e) => e.getBoundingClientRect().top)")
        assert tops[0] == tops[1]  # beside one another
        page.set_viewport_size({"width": 800, "height": 900})
        tops = page.evaluate("[...document.querySelectorAll('.episode')].map((e) => e.getBoundingClientRect().top)")
        assert tops[0] < tops[1]  # one under the other


def test_charts_of_two_episodes_are_level(files: dict[str, Path]) -> None:
    """Although one of them has no arms, and so neither beliefs nor a phase portrait, and another number of states."""
    tops = (
        "(kind) => [...document.querySelectorAll(`.two .${kind}`)].map((e) => Math.round(e.getBoundingClientRect().y))"
    )
    for name in ("two", "mixed"):
        with opened(files[name], width=1300) as page:
            for step in (0, LAST):
                page.locator(".controls input").fill(str(step))
                for kind in ("outcome", "facts", "arms", "panel", "happened", "deeds", "signals", "payoffs"):
                    first, second = page.evaluate(tops, kind)
                    assert first == second, (name, kind)
            heights = page.evaluate("[...document.querySelectorAll('.panel')].map((e) => e.offsetHeight)")
            assert len(set(heights)) == 1
            overlaps = "[...document.querySelectorAll('.two .part')].map((e) => e.scrollWidth - e.clientWidth)"
            assert max(page.evaluate(overlaps)) <= 1


def test_which_two_of_many_states_are_shown_is_chosen(files: dict[str, Path]) -> None:
    with opened(files["many"]) as page:
        title = page.locator("figure[data-chart=beliefs-0-0] svg text", has_text="believes of")
        expect(title).to_have_text("What state_0 believes of state_1")
        one, other = page.locator(".pair select").all()
        other.select_option("state_3")
        expect(title).to_have_text("What state_0 believes of state_3")
        one.select_option("state_3")  # a state has nobody to compare with in itself
        expect(one).to_have_value("state_3")
        expect(other).not_to_have_value("state_3")
