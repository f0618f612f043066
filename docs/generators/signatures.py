"""Signatures are shown as they are written: aliases of types by name, configs without a call that nobody makes.

The value of a constant is shown where it is short and a literal; what else there is, its description tells.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from types import ModuleType, UnionType
from typing import Any, get_origin

from docs.generators.modules import PACKAGES, home
from pydantic import BaseModel
from sphinx.addnodes import desc_annotation

__all__ = ["aliases", "is_told", "leave_out_values", "shown"]

ALIAS = re.compile(r"TypeAliasForwardRef\('([\w.]+)'\)")
VALUE = " = "
LONGEST = 60  # characters of a value


def aliases() -> dict[str, str]:
    """Return the aliases of types by name, each with where it is described; what is described nowhere has its name.

    A name that some module has for a class or for anything else is left out.
    """
    modules = [importlib.import_module(name) for package in PACKAGES for name in _names(package)]
    told = {(name, id(value)) for module in modules for name, value in vars(module).items() if _is_told(module, name)}
    found: dict[str, set[str]] = {}
    others: set[str] = set()
    for module in modules:
        for name, value in vars(module).items():
            if (name, id(value)) in told or _is_alias(value):
                found.setdefault(name, set()).add(home(module, name))
            else:
                others.add(name)
    places_of = {name: sorted(filter(None, places)) for name, places in found.items() if name not in others}
    return {name: f"{places[0]}.{name}" if len(places) == 1 else name for name, places in places_of.items()}


def _names(package: ModuleType) -> list[str]:
    return [found.name for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]


def _is_told(module: ModuleType, name: str) -> bool:
    return bool(vars(module).get("__annotations__", {}).get(name) == "TypeAlias")


def _is_alias(value: Any) -> bool:
    plain = get_origin(value) is not None and not getattr(value, "__parameters__", ())
    return plain or isinstance(value, UnionType)


def shown(app: Any, what: str, name: str, thing: Any, options: Any, args: str, returns: str) -> tuple[str, str] | None:
    """Show aliases in unions by name, and no signature of a config: its fields are told one by one.

    For ``autodoc-process-signature``.
    """
    del app, what, name, options
    if inspect.isclass(thing) and issubclass(thing, BaseModel):
        return "", ""
    return (ALIAS.sub(r"\1", args or ""), ALIAS.sub(r"\1", returns or "")) if args else None


def is_told(value: str) -> bool:
    """Whether a value, as Python writes it, is short and a literal: no call, no place in memory."""
    try:
        ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return False
    return len(value) <= LONGEST


def leave_out_values(app: Any, doctree: Any) -> None:
    """Leave out the values of constants that say nothing. For ``doctree-read``."""
    del app
    for node in list(doctree.findall(desc_annotation)):
        text = node.astext()
        if text.startswith(VALUE) and not is_told(text.removeprefix(VALUE)):
            node.parent.remove(node)
