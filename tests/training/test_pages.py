"""A page holds all it needs, runs its own script alone, and takes any text as text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import altair as alt
import pytest

from security_dilemma_training.pages import page as pages
from security_dilemma_training.pages import theme
from security_dilemma_training.pages.page import figure, json_block, page
from tests.browser import needs_browser, opened

NASTY = "</script><script>alert(1)</script> & <b>"


def points() -> alt.Chart:
    """Two points, one of them with a nasty name."""
    rows = [{"x": 1, "y": 2, "name": NASTY}, {"x": 3, "y": 4, "name": "plain"}]
    encodings = {"x": "x:Q", "y": "y:Q", "color": "name:N", "tooltip": "name:N"}
    chart = alt.Chart(alt.Data(values=rows)).mark_point(size=400, filled=True).encode(**encodings)
    drawn: alt.Chart = chart.properties(width="container", height=200)
    return drawn


class Reader(HTMLParser):
    """What the scripts and the policy of a page are."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.policy = ""
        self.fetched: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._inside = tag == "script"
        if self._inside:
            self.scripts.append((given, ""))
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._inside:
            attributes, text = self.scripts[-1]
            self.scripts[-1] = attributes, text + data


@pytest.fixture
def no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_bundle", lambda: "/* Vega */")


@pytest.mark.usefixtures("no_bundle")
def test_only_the_pages_own_script_may_run_and_nothing_is_fetched() -> None:
    reader = Reader()
    reader.feed(page("A & <b>", figure("one", "caption", "two points"), {"one": points()}))
    code = [text for attributes, text in reader.scripts if attributes.get("type") == "module"]
    digest = base64.b64encode(hashlib.sha256(code[0].encode()).digest()).decode()
    assert len(code) == 1
    assert f"script-src 'sha256-{digest}';" in reader.policy
    assert "default-src 'none'" in reader.policy
    assert "unsafe-eval" not in reader.policy
    assert reader.fetched == []


@pytest.mark.usefixtures("no_bundle")
def test_data_come_back_as_they_were_given() -> None:
    reader = Reader()
    reader.feed(page(NASTY, figure("one", "", NASTY), {"one": points()}, data={"more": {"text": NASTY}}))
    blocks = {attributes["id"]: json.loads(text) for attributes, text in reader.scripts if "id" in attributes}
    assert set(blocks) == {"chart-config", "chart-one", "more"}
    assert blocks["more"] == {"text": NASTY}
    assert blocks["chart-one"]["data"]["values"][0]["name"] == NASTY


def test_a_number_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_block("data", float("nan"))


def test_every_colour_that_charts_use_has_a_value_in_light_and_in_dark() -> None:
    style = Path(pages.__file__).with_name("page.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root[^{]*\{([^}]*)\}", style)
    used = set(re.findall(r"var\(--([\w-]+)\)", repr({name: getattr(theme, name) for name in theme.__all__})))
    assert {"ink", "seeker", "state-7"} <= used
    for values in (light, dark):
        assert used <= set(re.findall(r"--([\w-]+):", values))


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_draws_its_charts_in_light_and_dark(tmp_path: Path, scheme: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(page("A page", figure("one", "caption", "two points"), {"one": points()}), encoding="utf-8")
    with opened(path, width=390, scheme=scheme) as shown:
        assert shown.locator("figure.chart svg path[aria-roledescription=point]").count() == 2
        root = shown.locator("html")
        assert root.get_attribute("data-theme") == scheme
        paper = shown.evaluate("getComputedStyle(document.body).backgroundColor")
        shown.locator("button.theme").click()
        assert root.get_attribute("data-theme") != scheme
        assert shown.evaluate("getComputedStyle(document.body).backgroundColor") != paper
        assert shown.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        shown.locator("figure.chart svg path[aria-roledescription=point]").first.hover()
        assert NASTY in shown.locator("#vg-tooltip-element").inner_text()
