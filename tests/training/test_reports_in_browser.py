"""Reports in a browser: a seed is told and lit in every chart, legends and tables answer, on any screen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from security_dilemma_training.benchmark.figures import improvement
from security_dilemma_training.benchmark.report import write_benchmark_report
from security_dilemma_training.benchmark.results import frame
from security_dilemma_training.benchmark.tables import compare, contestants_of, gather, uncontrolled
from security_dilemma_training.report import write_report
from tests.browser import needs_browser, opened
from tests.training.benchmark_rows import row, some_rows
from tests.training.experiments import evaluated, run_of
from tests.training.players import Coin
from tests.training.test_appendices import found, held_beliefs

pytestmark = [pytest.mark.slow, needs_browser]

PLAYS = {"doubly_dangerous": (0.9, 0.0, 0.8), "doubly_safe": (0.0, 0.0)}
WIDTHS = "charts => [...document.querySelectorAll(charts)].map(line => line.getAttribute('stroke-width'))"
OPACITIES = "charts => [...document.querySelectorAll(charts)].map(line => Number(line.getAttribute('opacity')))"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("worlds")
    progress = "agent_steps,strike_rate_in_crisis/security_seeker,strike_rate_in_crisis/greedy\n"
    with pytest.MonkeyPatch.context() as patch:
        results = [
            dict(evaluated(patch, run_of(folder, world, seed), Coin(chance)))
            | {"exploitability": found(0.02 * seed), "beliefs": held_beliefs(0.1, 0.6, 30)}
            for world, chances in PLAYS.items()
            for seed, chance in enumerate(chances)
        ]
    for file in folder.glob("*/seed_*"):
        (file / "progress.csv").write_text(progress + "".join(f"{k}000,0.{k},0.5\n" for k in range(1, 9)))
    return write_report(results, folder).with_name("report.html")


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("benchmark")
    (folder / "progress.csv").write_text("agent_steps,games/wars_per_game\n1000,0.5\n2000,0.8\n3000,0.9\n")
    rows = [*some_rows(), *(row("intense", seed, 0.01, control="intent_revealed") for seed in range(5))]
    curves = {str(one["key"]): folder / "progress.csv" for one in rows}
    return write_benchmark_report(frame(rows), folder, curves=curves, command="x").with_name("report.html")


def hover(page: Page, chart: str, place: int) -> str:
    """Point at a mark of a chart and return what the tooltip tells."""
    point = page.locator(f"figure[data-chart='{chart}'] .mark-symbol.role-mark path").nth(place)
    point.scroll_into_view_if_needed()
    point.hover(force=True)
    tip = page.locator("#vg-tooltip-element.visible")
    tip.wait_for()
    return " ".join(tip.inner_text().split())


def test_a_seed_that_is_pointed_at_is_told_and_lit_in_every_chart(report: Path) -> None:
    with opened(report) as page:
        told = hover(page, "tragic_war_rate-0", 2)
        assert told.startswith("run Doubly dangerous, seed 2 ends at war tragic war rate")
        assert told.endswith("/doubly_dangerous/seed_2 --find war")
        assert "security-dilemma replay" in told
        lines = "figure[data-chart^='learning_curves'] .mark-line.role-mark path"
        assert page.evaluate(WIDTHS, lines).count("3") == 2  # by intent
        page.mouse.move(2, 2)
        page.locator("#vg-tooltip-element.visible").wait_for(state="hidden")
        assert page.evaluate(WIDTHS, lines).count("3") == 0


def test_a_seed_that_is_clicked_or_chosen_stays_lit_with_its_command(report: Path) -> None:
    with opened(report) as page:
        hover(page, "strikes-0", 0)
        page.locator("figure[data-chart='strikes-0'] .mark-symbol.role-mark path").first.click(force=True)
        page.mouse.move(2, 2)
        assert page.locator("select[data-run]").input_value() == "doubly_dangerous/0"
        assert page.locator(".run code").inner_text().endswith("doubly_dangerous/seed_0 --find war")
        page.locator("select[data-run]").focus()
        page.keyboard.press("ArrowDown")
        assert page.locator("select[data-run]").input_value() == "doubly_dangerous/1"
        assert page.locator(".run output").inner_text().startswith("ends at peace")
        assert page.evaluate("Object.values(window.charts).map(view => view.signal('lit'))") == [
            "doubly_dangerous/1"
        ] * len(page.locator("figure.chart").all())


def test_every_chart_of_the_report_is_drawn(report: Path) -> None:
    names = [
        "tragic_war_rate-0",
        "strikes-0",
        *(f"{n}-{k}" for n in ("arms_over_time", "learning_curves") for k in (0, 1)),
    ]
    with opened(report) as page:
        assert page.evaluate("Object.keys(window.charts)") == [*names, "exploitability-0", "beliefs-0", "beliefs-1"]
        for figure in page.locator("figure.chart").all():
            assert figure.locator(".role-mark path").count() > 0


def test_a_legend_shows_one_alone_in_all_panels(report: Path) -> None:
    lines = "figure[data-chart='beliefs-1'] .mark-line.role-mark path"
    with opened(report) as page:
        both = page.evaluate(OPACITIES, lines)
        entry = page.locator("figure[data-chart='beliefs-0'] .role-legend-label text").nth(1)
        entry.click(force=True)
        page.wait_for_timeout(200)
        one = page.evaluate(OPACITIES, lines)
        assert sum(a < b for a, b in zip(one, both, strict=True)) == 3  # two seeds and their mean
        assert page.evaluate("window.charts['beliefs-1'].data('only_store').length") == 1


def test_tables_are_sorted_by_their_headings(report: Path) -> None:
    with opened(report) as page:
        table = page.locator("h2:text('Every seed') + table")
        rates = table.locator("th button", has_text="tragic war rate")
        rates.focus()
        for expected in ("ascending", "descending"):
            page.keyboard.press("Enter")
            shown = [float(text) for text in table.locator("tbody td:nth-child(4)").all_inner_texts()]
            assert shown == sorted(shown, reverse=expected == "descending")
            assert table.locator("th[aria-sort]").get_attribute("aria-sort") == expected


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("which", ["report", "compared"])
def test_a_phone_shows_the_whole_page_in_light_and_dark(
    which: str, scheme: str, request: pytest.FixtureRequest
) -> None:
    with opened(request.getfixturevalue(which), width=390, height=800, scheme=scheme) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, paper[4:-1].split(","))) < 200) == (scheme == "dark")
        ink = page.evaluate("getComputedStyle(document.querySelector('.role-axis-label text')).fill")
        assert (sum(map(int, ink[4:-1].split(","))) > 500) == (scheme == "dark")


def test_the_benchmark_shows_the_learner_that_is_chosen(compared: Path) -> None:
    curves = "figure[data-chart='learning_wars-0'] .mark-line.role-mark path[stroke-width='1']"
    with opened(compared) as page:
        choice = page.locator("section", has=page.locator("figure[data-chart='learning_wars-0']")).locator("select")
        for learner in ("a2c", "ppo"):
            choice.select_option(learner)
            page.wait_for_timeout(200)
            assert page.locator(curves).count() == 5
            assert page.evaluate("window.charts['learning_wars-0'].signal('learner')") == learner
        told = hover(page, "seeds-0", 0)
        assert told.startswith("run Doubly dangerous, a2c, seed 0 ends at war payoff")


def test_a_lit_seed_is_joined_over_the_controls(compared: Path) -> None:
    with opened(compared) as page:
        page.locator("select[data-run]").select_option("doubly_dangerous/ppo/none/2")
        page.wait_for_timeout(200)
        lines = "figure[data-chart='controls-0'] .mark-line.role-mark path"
        assert sorted(page.evaluate(WIDTHS, lines)) == ["1"] * 4 + ["2.5"]


def test_probabilities_of_improvement_have_the_colours_of_the_figure(compared: Path) -> None:
    with opened(compared) as page:
        shades = page.evaluate("[0, 1].map((value) => window.charts['improvement-0'].scale('color')(value))")
    cells = uncontrolled(gather(frame(some_rows())))
    figure = improvement(compare(cells), contestants_of(cells))
    colors = figure.axes[0].images[0].get_cmap()
    for shade, value in zip(shades, (0.0, 1.0), strict=True):
        red, _, blue = (int(part) for part in re.findall(r"\d+", shade))
        drawn = colors(value)
        assert (red > blue) == (drawn[0] > drawn[2])
