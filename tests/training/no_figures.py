"""Reports whose figures are not drawn: drawing takes most of the time of a report."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from security_dilemma_training import figures, report

__all__ = ["only_words", "point"]

POINT = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")


def point(_figure: object, path: Path) -> None:
    """Instead of a figure, write a picture of one point."""
    path.with_suffix(".png").write_bytes(POINT)


def only_words(patch: pytest.MonkeyPatch) -> None:
    """Leave out what takes time in the report of worlds: its page, and its figures."""
    patch.setattr(report, "report_page", lambda *_: "")
    patch.setattr(figures, "save", point)
