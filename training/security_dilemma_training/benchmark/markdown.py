"""Markdown that takes text from elsewhere as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from security_dilemma_training.appendices import table_row

__all__ = ["block", "escaped", "head", "table_row"]


def head(headings: Sequence[str]) -> tuple[str, str]:
    """Return the first two rows of a table."""
    return table_row(headings), table_row(["---"] * len(headings))


def block(lines: Sequence[str]) -> Iterator[str]:
    """Yield lines as they are, within a fence longer than any in them."""
    longest = max((len(ticks) for line in lines for ticks in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}text", *lines, fence, "")


def escaped(text: str) -> str:
    """Return text that Markdown takes as it is, on one line and within one cell of a table."""
    return re.sub(r"([\\`*\[\]<>|&])", r"\\\1", " ".join(text.split()))
