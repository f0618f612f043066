"""Tables of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from security_dilemma_training.benchmark.markdown import escaped, head, table_row

__all__ = ["code", "prose", "table"]


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are Markdown already."""
    return "\n".join([*head(headings), *map(table_row, rows)])


def code(value: object) -> str:
    """Return a value as code within a cell; nothing where there is nothing to show."""
    text = str(value).replace("|", r"\|")
    return f"`{text}`" if text else ""


def prose(text: str) -> str:
    """Return a docstring's or a help's text as one line of a cell: its code stays code, the rest is taken as it is."""
    words = re.split(r"(``.+?``|`.+?`)|( +)", " ".join(text.split()))
    return "".join(code(word.strip("`")) if word.startswith("`") else _taken(word) for word in words if word)


def _taken(word: str) -> str:
    return word if word.isspace() else escaped(word)
