"""The pages of the modules: one for each module with an ``__all__``, and one for each package that lists its modules."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import security_dilemma
import security_dilemma_training

__all__ = ["PACKAGES", "pages", "public_modules"]

PACKAGES = (security_dilemma, security_dilemma_training)


def public_modules(package: ModuleType) -> Iterator[ModuleType]:
    """Yield the package and every module and package in it that has something public."""
    yield package
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(found.name)
        if found.ispkg:
            yield from public_modules(module)
        elif getattr(module, "__all__", ()):
            yield module


def pages() -> dict[str, str]:
    """Return every page as reStructuredText, by the name of its module."""
    modules = [module for package in PACKAGES for module in public_modules(package)]
    return {module.__name__: _package(module, modules) if _is_package(module) else _module(module) for module in modules}


def _is_package(module: ModuleType) -> bool:
    return hasattr(module, "__path__")


def _heading(name: str) -> str:
    title = name.rpartition(".")[2]
    return f"{title}\n{'=' * len(title)}\n"


def _module(module: ModuleType) -> str:
    return f"{_heading(module.__name__)}\n.. automodule:: {module.__name__}\n"


def _package(package: ModuleType, modules: list[ModuleType]) -> str:
    """The page of a package: what it offers, each by the page that describes it, and its modules."""
    within = [m for m in modules if m.__name__.rpartition(".")[0] == package.__name__]
    parts = [_heading(package.__name__), f".. automodule:: {package.__name__}\n   :no-members:\n"]
    offered = [_role(package, name) for name in getattr(package, "__all__", ())]
    if offered:
        parts.append(f"``from {package.__name__} import …``\n\n" + "\n".join(f"- {role}" for role in offered) + "\n")
    rows = "\n".join(f"   * - :doc:`{_title(m)} <{m.__name__}>`\n     - {_summary(m)}" for m in within)
    parts.append(f".. list-table::\n   :widths: 25 75\n\n{rows}\n")
    entries = "\n".join(f"   {m.__name__}" for m in within)
    return "\n".join([*parts, f".. toctree::\n   :hidden:\n\n{entries}\n"])


def _title(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def _summary(module: ModuleType) -> str:
    """The first sentence of a module's docstring."""
    first = " ".join((inspect.getdoc(module) or "").partition("\n\n")[0].split())
    return first.partition(": ")[0].rstrip(".") if len(first) > 120 else first


def _role(package: ModuleType, name: str) -> str:
    """A link to where a name is described; plain where it has no description of its own."""
    thing = getattr(package, name)
    home = getattr(thing, "__module__", None)
    real = getattr(thing, "__name__", name)
    if home is None or not home.startswith(package.__name__.partition(".")[0]):
        return f"``{name}``"
    return f":py:obj:`{name} <{home}.{real}>`"
