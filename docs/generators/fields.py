"""Fields of named tuples are described by the comments beside them, which tell shapes and units."""

from __future__ import annotations

import importlib
import inspect
import re
from functools import cache
from typing import Any

__all__ = ["describe", "field_comments"]

UNTOLD = re.compile(r"Alias for field number \d+")
FIELD = re.compile(r"^    (\w+): [^#]+# (.+)$", re.MULTILINE)


@cache
def field_comments(kind: type) -> dict[str, str]:
    """Return the comments beside the fields of a class, by field."""
    return dict(FIELD.findall(inspect.getsource(kind)))


def describe(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Put the comment beside a field in place of what Python says of it; for ``autodoc-process-docstring``."""
    del app, options
    if what != "attribute" or not lines or not UNTOLD.fullmatch(lines[0]):
        return
    path, _, field = name.rpartition(".")
    module, _, kind = path.rpartition(".")
    lines[:] = [field_comments(getattr(importlib.import_module(module), kind)).get(field, "")]
