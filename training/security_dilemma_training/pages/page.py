"""A page: one HTML file with its styles, scripts, data and charts within.

A strict content-security policy stands in it: nothing is fetched, only the page's own script runs (by its hash), and no
code is evaluated, as Vega's expressions are interpreted.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from security_dilemma_training.pages.theme import CONFIG

if TYPE_CHECKING:
    import altair as alt

__all__ = ["figure", "json_block", "page"]

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src '{hash}'; \
style-src 'unsafe-inline'; img-src data:">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<button type="button" class="theme">light or dark</button>
{body}
{blocks}
<script type="module">{script}</script>
</body>
</html>
"""

END = """
drawCharts().then(started).then(() => { document.body.dataset.ready = "yes"; });
"""

NOTHING_MORE = "async function started() {}\n"


def page(
    title: str,
    body: str,
    charts: Mapping[str, alt.TopLevelMixin],
    *,
    data: Mapping[str, Any] | None = None,
    style: str = "",
    script: str = NOTHING_MORE,
) -> str:
    """Return the text of a page.

    Args:
        title: Of the page, plain text.
        body: HTML, in which :func:`figure` stands for each chart.
        charts: By name. Give single and layered ones ``width="container"``.
        data: What scripts read with ``read(name)``, by the id of its block.
        style: CSS after that of every page.
        script: JavaScript after that of every page; defines ``async function started()``, which is called when all
            charts are drawn and stand in ``window.charts`` by name.
    """
    # a block of its own, as the bundle has short names
    code = "\n".join((_bundle(), "{", _own("page.js"), script, END, "}"))
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    blocks = {"chart-config": CONFIG} | {f"chart-{name}": chart.to_dict() for name, chart in charts.items()}
    return PAGE.format(
        hash=f"sha256-{digest}",
        title=html.escape(title),
        style=_own("page.css") + style,
        body=body,
        blocks="\n".join(json_block(name, value) for name, value in (blocks | dict(data or {})).items()),
        script=code,
    )


def figure(name: str, caption: str, label: str) -> str:
    """Return the HTML of a chart's place.

    Args:
        name: The chart's.
        caption: HTML below it.
        label: Plain text that says to who cannot see it what the chart shows.
    """
    name, label = html.escape(name), html.escape(label)
    drawing = f'<div class="drawing" role="img" aria-label="{label}"></div>'
    return f'<figure class="chart" data-chart="{name}">{drawing}<figcaption>{caption}</figcaption></figure>'


def json_block(name: str, value: Any) -> str:
    """Return a block of data that cannot end before its end, whatever text is in it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    safe = text.replace("<", "\\u003c")
    return f'<script type="application/json" id="{html.escape(name)}">{safe}</script>'


def _own(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def _bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one text that defines ``vegaEmbed``."""
    import vl_convert

    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;").replace("</script", "<\\/script")
