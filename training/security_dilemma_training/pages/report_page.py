"""A report in Markdown as a page of its own: pictures become interactive charts where there are any."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from security_dilemma_training.pages.marks import MOST_POINTS, RunLine
from security_dilemma_training.pages.page import figure, page

if TYPE_CHECKING:
    import altair as alt

__all__ = ["Panels", "report_page"]

WITHOUT_SCRIPT = (
    "<noscript><p>The charts need JavaScript. The same pictures stand in the report in Markdown.</p></noscript>"
)

HELP = """\
<p class="help">Point at a seed, click it, or choose it at the foot of the page: it is lit in all charts and told with
the command that replays it, if its run is there. A click on an entry of a legend shows it alone, one beside it shows
all again. Lines are thinned to {points} points.</p>
"""

RUN = """\
<form class="run">
<label>Run <select data-run><option value="">none</option>{options}</select></label>
<output></output>
</form>
"""


class Panels(NamedTuple):
    """Charts that stand in a page for one picture, side by side where there is room."""

    charts: Sequence[alt.LayerChart]
    label: str  # says to who cannot see them what they show
    choose: str = ""  # a parameter of the charts for which the reader chooses one of the options
    options: Sequence[str] = ()  # the first holds at first
    broad: bool = False  # whether each takes the whole width, and on a phone is scrolled sideways


def report_page(
    markdown: str, title: str, folder: Path, panels: Mapping[str, Panels] | None = None, runs: Sequence[RunLine] = ()
) -> str:
    """Return a page made of Markdown with tables; HTML in it is shown as text, not obeyed.

    Args:
        markdown: The text.
        title: Of the page.
        folder: Where the PNG pictures are that the text shows.
        panels: What stands there instead of a picture, by its name without the suffix.
        runs: What can be lit in the charts.

    Raises:
        OSError: If a picture cannot be read.
        ValueError: If a picture is not in the folder itself.
    """
    found = dict(panels or {})
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = list(_with_panels(reader.parse(markdown), found))
    for picture in _pictures(tokens):
        picture.attrSet("src", _embedded(str(picture.attrGet("src")), folder))
    body = reader.renderer.render(tokens, reader.options, {})
    return page(
        title,
        WITHOUT_SCRIPT + body + (_chooser(runs) if runs else ""),
        {_id(name, place): chart for name, one in found.items() for place, chart in enumerate(one.charts)},
        data={"runs": {run.key: {"told": run.told, "replay": run.replay} for run in runs}},
        style=_own("report.css"),
        script=_own("report.js"),
    )


def _with_panels(tokens: Sequence[Token], panels: Mapping[str, Panels]) -> Iterator[Token]:
    """The tokens, with panels for the pictures that have some; how to use them stands before the first."""
    shown = {place: name for place, token in enumerate(tokens) if (name := _only_picture(token)) in panels}
    paragraphs = {place + side for place in shown for side in (-1, 1)}
    for place, token in enumerate(tokens):
        if place in shown:
            told = HELP.format(points=MOST_POINTS) if place == min(shown) else ""
            yield Token("html_block", "", 0, content=told + _panels(shown[place], panels[shown[place]]))
        elif place not in paragraphs:
            yield token


def _only_picture(token: Token) -> str:
    """The name of the picture that is all that a paragraph holds, without its suffix; nothing of other tokens."""
    own = token.children or []
    return str(own[0].attrGet("src")).removesuffix(".png") if [one.type for one in own] == ["image"] else ""


def _panels(name: str, panels: Panels) -> str:
    choice = ""
    if panels.options:
        options = "".join(f"<option>{html.escape(option)}</option>" for option in panels.options)
        choice = f'<label>{panels.choose} <select data-signal="{panels.choose}">{options}</select></label>'
    charts = "".join(figure(_id(name, place), "", panels.label) for place in range(len(panels.charts)))
    kind = "broad" if panels.broad else "narrow"
    many = "" if len(panels.charts) == 1 else " many"
    return f'<section class="panels {kind}{many}">{choice}{charts}</section>'


def _chooser(runs: Sequence[RunLine]) -> str:
    options = "".join(f'<option value="{html.escape(run.key)}">{html.escape(run.name)}</option>' for run in runs)
    return RUN.format(options=options)


def _id(name: str, place: int) -> str:
    return f"{name}-{place}"


def _pictures(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type == "image":
            yield token
        yield from _pictures(token.children or ())


def _embedded(name: str, folder: Path) -> str:
    if Path(name).name != name:
        raise ValueError(f"{name!r} is no picture beside the report: it may show only those")
    return f"data:image/png;base64,{base64.b64encode((folder / name).read_bytes()).decode()}"


def _own(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
