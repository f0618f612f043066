"""The pages of the modules: one for each module with an ``__all__``, and one for each package that lists its modules.

What a module offers from another one is described where it is at home, and only there. The modules of the commands are
left out: the commands have a page of their own. Only packages stand in the sidebar, modules on their package's page.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from sphinx.pycode import ModuleAnalyzer

import security_dilemma
import security_dilemma_training
from security_dilemma_training import cli

__all__ = ["PACKAGES", "ROOTS", "home", "pages", "public_modules"]

PACKAGES = (security_dilemma, security_dilemma_training)
ROOTS = tuple(package.__name__ for package in PACKAGES)
COMMANDS = {cli.__name__, *(command.callback.__module__ for command in cli.app.registered_commands if command.callback)}


def public_modules(package: ModuleType) -> Iterator[ModuleType]:
    """Yield the package and every module and package in it that has something public."""
    yield package
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(found.name)
        if found.ispkg:
            yield from public_modules(module)
        elif getattr(module, "__all__", ()) and module.__name__ not in COMMANDS:
            yield module


def pages() -> dict[str, str]:
    """Return every page as reStructuredText, by the name of its module."""
    modules = [module for package in PACKAGES for module in public_modules(package)]
    return {
        module.__name__: _package(module, modules) if _is_package(module) else _module(module) for module in modules
    }


def home(module: ModuleType, name: str) -> str:
    """Return the name of the module in which something is at home; nothing where it is not known."""
    thing = getattr(module, name)
    if (inspect.isclass(thing) or inspect.isroutine(thing)) and str(thing.__module__).startswith(ROOTS):
        return str(thing.__module__)
    told = ModuleAnalyzer.for_module(module.__name__).find_attr_docs()
    return module.__name__ if ("", name) in told else ""


def _is_package(module: ModuleType) -> bool:
    return hasattr(module, "__path__")


def _module(module: ModuleType) -> str:
    package = module.__name__.rpartition(".")[0]
    place = f"``{module.__name__}``, a module of :doc:`{package}`."
    return f":orphan:\n\n{_heading(module)}\n{place}\n\n{_described(module)}"


def _package(package: ModuleType, modules: list[ModuleType]) -> str:
    """The page of a package: what it offers, each by the page that describes it, and its modules."""
    parts = [f"{_heading(package)}\n{_described(package)}"]
    offered = [_role(package, name) for name in getattr(package, "__all__", ())]
    if offered:
        parts.append(f"Offered here: {', '.join(offered)}.\n")
    within = [module for module in modules if module.__name__.rpartition(".")[0] == package.__name__]
    rows = "\n".join(
        f"   * - :doc:`{_title(module)} <{module.__name__}>`\n     - {_summary(module)}" for module in within
    )
    parts.append(f".. list-table::\n   :widths: 25 75\n\n{rows}\n")
    entries = "\n".join(f"   {_title(module)} <{module.__name__}>" for module in within if _is_package(module))
    return "\n".join([*parts, f".. toctree::\n   :hidden:\n\n{entries}\n"])


def _heading(module: ModuleType) -> str:
    return f"{_title(module)}\n{'=' * len(_title(module))}\n"


def _described(module: ModuleType) -> str:
    own = [name for name in getattr(module, "__all__", ()) if home(module, name) == module.__name__]
    members = f"   :members: {', '.join(own)}\n" if own else ""
    return f".. automodule:: {module.__name__}\n{members}"


def _title(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def _summary(module: ModuleType) -> str:
    """The first paragraph of a module's docstring."""
    return " ".join((inspect.getdoc(module) or "").partition("\n\n")[0].split())


def _role(package: ModuleType, name: str) -> str:
    """A link to where a name is described; plain where it has no description of its own."""
    place = home(package, name)
    if not place:
        return f"``{name}``"
    return f":py:obj:`{name} <{place}.{getattr(getattr(package, name), '__name__', name)}>`"
