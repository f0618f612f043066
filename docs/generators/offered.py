"""References by short names, and to what a package offers from its modules, lead to where the thing is described."""

from __future__ import annotations

import ast
import importlib
import inspect
from functools import cache
from typing import Any

from docs.generators.modules import ROOTS, home
from sphinx.addnodes import pending_xref

__all__ = ["qualify", "resolve"]


@cache
def imported(module: str) -> dict[str, str]:
    """Return the whole names of what a module imports from the packages, for type checking, too, by short name."""
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    return {
        name.asname or name.name: f"{node.module}.{name.name}"
        for node in found
        for name in node.names
        if str(node.module).startswith(ROOTS)
    }


def qualify(app: Any, doctree: Any) -> None:
    """Give references their whole names, as the module has them in which they stand. For ``doctree-read``."""
    del app
    for node in doctree.findall(pending_xref):
        module = node.get("py:module")
        if node.get("refdomain") == "py" and module:
            node["reftarget"] = imported(module).get(node["reftarget"], node["reftarget"])


def resolve(app: Any, env: Any, node: Any, contents: Any) -> Any:
    """Link to what a module offers from another one, or has as a value. For ``missing-reference``.

    Returns:
        The link; the mere name of what has no description of its own; None for what there is not.
    """
    path, _, name = node.get("reftarget", "").rpartition(".")
    if node.get("refdomain") != "py" or not path.startswith(ROOTS):
        return None
    try:
        place = home(importlib.import_module(path), name)
    except (ImportError, AttributeError):
        return None
    whole = f"{place or path}.{name}"
    return env.get_domain("py").resolve_xref(env, node["refdoc"], app.builder, "obj", whole, node, contents) or contents
