"""Reads pages as a browser would, without one."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

__all__ = ["Reader", "chart_in", "data_of"]


class Reader(HTMLParser):
    """Counts what a page has, and holds that every element is closed and nothing is fetched or run on an event."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.counts: dict[str, int] = {}
        self.pictures: list[str] = []
        self.charts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        values = dict(attrs)
        assert not {"href", "onclick", "onload"} & values.keys()
        if tag == "img":
            self.pictures.append(str(values["src"]))
        if "data-chart" in values:
            self.charts.append(str(values["data-chart"]))
        if tag not in ("img", "meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def chart_in(source: str, name: str) -> dict[str, Any]:
    """Return the Vega-Lite specification of a chart of a page."""
    found = re.search(rf'<script type="application/json" id="chart-{name}">(.*?)</script>', source, re.DOTALL)
    assert found is not None, name
    spec: dict[str, Any] = json.loads(found[1])
    return spec


def data_of(spec: dict[str, Any], field: str) -> list[dict[str, Any]]:
    """Return the rows of a chart's data that have a field."""
    return [row for rows in spec["datasets"].values() for row in rows if field in row]
