"""Docstrings of values: fields of named tuples are described by the comments beside them, which tell shapes and units.

Enumerations are followed by their members.
"""

from __future__ import annotations

import importlib
import inspect
import re
from enum import Enum, EnumType
from functools import cache
from typing import Any

__all__ = ["describe", "field_comments"]

VALUES = ("attribute", "data", "property")
UNTOLD = re.compile(r"Alias for field number \d+")
FIELD = re.compile(r"^    (\w+): [^#]+# (.+)$", re.MULTILINE)


@cache
def field_comments(kind: type) -> dict[str, str]:
    """Return the comments beside the fields of a class, by field."""
    return dict(FIELD.findall(inspect.getsource(kind)))


def describe(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Put the comment beside a field in place of what Python says of it; for ``autodoc-process-docstring``.

    An empty comment before the docstring of a value keeps napoleon from taking what stands before a colon for a type.
    """
    del app, options
    if what == "class" and isinstance(thing, EnumType):
        members: list[Enum] = list(thing)
        lines += ["", "Members: " + ", ".join(f"``{member.name}`` = {member.value!r}" for member in members) + "."]
    if what == "attribute" and lines and UNTOLD.fullmatch(lines[0]):
        path, _, field = name.rpartition(".")
        module, _, kind = path.rpartition(".")
        lines[:] = [field_comments(getattr(importlib.import_module(module), kind)).get(field, "")]
    if what in VALUES:
        lines[:0] = ["..", ""]
