"""What a result was made by: versions, machine and revision of the source."""

from __future__ import annotations

import functools
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import security_dilemma_training

if TYPE_CHECKING:
    from security_dilemma_training.runs import Run

__all__ = ["circumstances", "maker", "tell_other_makers"]

LIBRARIES = (
    *("security-dilemma", "numpy", "torch", "stable-baselines3", "gymnasium", "pettingzoo", "pydantic"),
    *("jax", "jaxlib", "flax", "optax"),
)


def circumstances() -> dict[str, Any]:
    """Return ``versions`` (by library), ``python``, ``platform`` and ``git_revision``, as this process runs with."""
    versions = {name: _version(name) for name in LIBRARIES}
    here = {"python": platform.python_version(), "platform": platform.platform()}
    return {"versions": versions} | here | {"git_revision": _git_revision()}


def maker(made: Mapping[str, Any] | None = None) -> str:
    """Return the version and revision of this package, in words: the present one, or what ``made`` names.

    Args:
        made: What :func:`circumstances` returned when something was made.
    """
    made = (
        {"versions": {LIBRARIES[0]: _version(LIBRARIES[0])}, "git_revision": _git_revision()} if made is None else made
    )
    revision = made.get("git_revision")
    return f"version {made.get('versions', {}).get(LIBRARIES[0])}" + (f" at {revision}" if revision else "")


def tell_other_makers(runs: Sequence[Run]) -> None:
    """Tell on stderr, in one line, which finished runs are kept though another version or revision made them."""
    others = [run for run in runs if run.finished and maker(run.manifest) != maker()]
    if others:
        first = f"{others[0].folder} by {maker(others[0].manifest)}"
        count = f"{len(others)} finished run{'s' if len(others) > 1 else ''}"
        print(f"{count} made by another than the present {maker()} will be kept: {first}, for one", file=sys.stderr)


@functools.cache
def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


@functools.cache
def _git_revision() -> str | None:
    """The revision of the source that this package runs from, or None where it is installed; ``-dirty`` if changed."""
    here = Path(security_dilemma_training.__file__).resolve().parent
    if "site-packages" in here.parts:
        return None
    command = ["git", "-C", str(here), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip()
