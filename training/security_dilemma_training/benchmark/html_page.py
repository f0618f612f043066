"""A report in Markdown as one HTML file that needs nothing beside it: pictures within, nothing fetched or run."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator, Sequence
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = ["html_page"]

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 72rem;
  margin: 1.5rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.7rem; margin: 0 0 .6rem; }}
h2 {{ font-size: 1.3rem; margin-top: 2.2rem; border-bottom: 1px solid #ccc; padding-bottom: .2rem; }}
h3 {{ font-size: 1.05rem; margin-bottom: .3rem; }}
table {{ border-collapse: collapse; display: block; overflow-x: auto; font-size: .86rem;
  font-variant-numeric: tabular-nums; }}
th, td {{ padding: .25rem .7rem; border-bottom: 1px solid #ddd; text-align: left; white-space: nowrap; }}
th {{ border-bottom: 2px solid #888; vertical-align: bottom; }}
tbody tr:hover {{ background: #f3f6f9; }}
img {{ max-width: 100%; height: auto; }}
pre {{ background: #f5f5f5; padding: .7rem; overflow-x: auto; font-size: .8rem; }}
code {{ background: #f5f5f5; padding: 0 .2em; }}
</style>
</head>
<body>
{body}</body>
</html>
"""


def html_page(markdown: str, title: str, folder: Path) -> str:
    """Return a page made of Markdown with tables; HTML in it is shown as text, not obeyed.

    Args:
        markdown: The text.
        title: Of the page.
        folder: Where the PNG pictures are that the text shows.

    Raises:
        OSError: If a picture cannot be read.
        ValueError: If a picture is not in the folder itself.
    """
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(markdown)
    for picture in _pictures(tokens):
        name = str(picture.attrGet("src"))
        if Path(name).name != name:
            raise ValueError(f"{name!r} is no picture beside the report: it may show only those")
        data = (folder / name).read_bytes()
        picture.attrSet("src", f"data:image/png;base64,{base64.b64encode(data).decode()}")
    return PAGE.format(title=html.escape(title), body=reader.renderer.render(tokens, reader.options, {}))


def _pictures(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type == "image":
            yield token
        yield from _pictures(token.children or ())
