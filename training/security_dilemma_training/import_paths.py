"""Import paths, ``module:attribute``, by which configs and commands name anyone's code; importing runs it.

On the command line they are as good as any code that one calls. A config may come from elsewhere: there they are
refused unless ``--trust-imports`` says otherwise, which holds for this process and those that it starts.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from security_dilemma_training.faults import Fault

__all__ = [
    "TRUST",
    "is_import_path",
    "look_here",
    "source_of",
    "trust_imports",
    "trusted_imports",
    "untrusted_faults",
]

TRUST = "SECURITY_DILEMMA_TRUST_IMPORTS"
"""The environment variable by which the processes of a command know that import paths in configs are trusted."""

FORM = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def is_import_path(spec: str) -> bool:
    """Return whether a player is named as ``module:attribute``; what exists as a file is none."""
    return FORM.fullmatch(spec) is not None and not Path(spec).exists()


def trust_imports() -> None:
    """Trust import paths in configs, in this process and those that it starts."""
    os.environ[TRUST] = "1"


def trusted_imports() -> bool:
    """Return whether import paths in configs are trusted."""
    return os.environ.get(TRUST) == "1"


def source_of(spec: str) -> Path | None:
    """Find the file of a module without running it or the packages around it; None where there is none to be found."""
    places: list[str] | None = [*sys.path, str(Path.cwd())]
    name, found = "", None
    for part in spec.partition(":")[0].split("."):
        name = f"{name}.{part}" if name else part
        try:
            found = PathFinder.find_spec(name, places)
        except (ImportError, KeyError):  # a folder without __init__.py is known only when what is around it has run
            return None
        if found is None:
            return None
        places = found.submodule_search_locations
    return Path(found.origin) if found and found.origin and Path(found.origin).is_file() else None


def look_here() -> None:
    """Let modules be found in the working directory: last, so that nothing there stands in for another module."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)


def untrusted_faults(data: Mapping[str, Any]) -> list[Fault]:
    """Return the fault of a config's partners that would be imported, unless imports are trusted.

    Args:
        data: The plain data of a config, checked or not.
    """
    partners = data.get("partners")
    policies = partners.get("policies") if isinstance(partners, Mapping) else None
    named = policies if isinstance(policies, list | tuple) else [policies]
    found = [spec for spec in named if isinstance(spec, str) and is_import_path(spec)]
    if not found or trusted_imports():
        return []
    problem = f"= {found} in a file would be imported, which runs their code: allow it with --trust-imports"
    return [Fault("partners.policies", problem)]
