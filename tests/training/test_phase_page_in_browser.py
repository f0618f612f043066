"""The page of a phase diagram in a browser: the metric is chosen, a seed is told and lit in both planes."""

from __future__ import annotations

from pathlib import Path

import pytest

from security_dilemma_training.phase_diagram.report import write_phase_report
from tests.browser import needs_browser, opened
from tests.training.phase_results import made_up, offence_fights

pytestmark = [pytest.mark.slow, needs_browser]


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("diagram")
    asked, planes = made_up(offence_fights)
    asked = asked.model_copy(update={"output": asked.output.model_copy(update={"folder": str(folder)})})
    return write_phase_report(planes, asked, command="security-dilemma phase-diagram").with_suffix(".html")


def test_the_metric_and_the_seed_are_chosen(page_file: Path) -> None:
    with opened(page_file) as page:
        metric = page.locator("section.panels select").first
        assert metric.locator("option").all_inner_texts()[0] == "seeds at war"
        before = page.locator("figure.chart").first.screenshot()
        metric.select_option("welfare loss")
        page.wait_for_timeout(500)
        assert page.locator("figure.chart").first.screenshot() != before
        page.locator("select[data-run]").select_option(index=1)
        assert page.locator(".run output").inner_text().startswith("ends ")
        lit = page.evaluate("Object.values(window.charts).map(view => view.signal('lit'))")
        assert len(set(lit)) == 1
        assert len(lit) == page.locator("figure.chart").count()
        assert lit[0]
