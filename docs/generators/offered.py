"""References to what a package offers from its modules, as ``security_dilemma.Games``, lead to where it is described."""

from __future__ import annotations

import importlib
from typing import Any

from docs.generators.modules import PACKAGES, home

__all__ = ["resolve"]


def resolve(app: Any, env: Any, node: Any, contents: Any) -> Any:
    """Return a link to the description of an offered class or function; None for all else. For ``missing-reference``."""
    path, _, name = node.get("reftarget", "").rpartition(".")
    if node.get("refdomain") != "py" or path.partition(".")[0] not in {package.__name__ for package in PACKAGES}:
        return None
    try:
        module = importlib.import_module(path)
        place = home(module, name)
    except (ImportError, AttributeError):
        return None
    if place in ("", path):
        return None
    domain = env.get_domain("py")
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", f"{place}.{name}", node, contents)
