"""Options that several commands of ``security-dilemma`` share."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = [
    "INTENT_NAMES",
    "INTERRUPTED",
    "Beliefs",
    "Exploitability",
    "Overrides",
    "Overwrite",
    "TrustImports",
    "Workers",
    "all_overrides",
    "cores",
    "file_and_changes",
    "measures",
]

INTENT_NAMES = {"seeker": "security_seeker", "security_seeker": "security_seeker", "greedy": "greedy"}
"""The intents of the rules, by what may be typed for them."""

INTERRUPTED = 130
"""Exit status after Ctrl-C."""

Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE", help="Changes to the config, as in learner.n_steps=64."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Delete runs that are there, and begin anew.")]
Exploitability = Annotated[
    bool,
    typer.Option("--exploitability", help="Search a best response to every policy; about a minute a run."),
]
Beliefs = Annotated[bool, typer.Option("--beliefs", help="Score what can be told of intents from play.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes at the same time.", show_default="one per core")]


def _trust(wanted: bool) -> bool:
    if wanted:
        from security_dilemma_training.import_paths import trust_imports

        trust_imports()
    return wanted


TrustImports = Annotated[
    bool,
    typer.Option("--trust-imports", callback=_trust, help="Import what configs name as module:attribute; runs code."),
]


def all_overrides(given: list[str] | None, out: Path | None, seeds: int | None = None) -> list[str]:
    """Return the changes of the command line with those that have options of their own."""
    overrides = list(given or [])
    if out is not None:
        overrides.append(f"output.folder={json.dumps(str(out))}")
    if seeds is not None:
        overrides.append(f"seeds={list(range(seeds))}")
    return overrides


def file_and_changes(given: list[str], default: Path) -> tuple[Path | None, list[str]]:
    """Return the config file, which is named first if at all, and the changes.

    Args:
        given: Words of the command line.
        default: The file that is taken where none is named, if it is there.
    """
    if given and ("=" not in given[0] or Path(given[0]).is_file()):
        return Path(given[0]), given[1:]
    return (default if default.exists() else None), list(given)


def measures(exploitability: bool, beliefs: bool) -> dict[str, Any]:
    """Return the options of what is measured beside the evaluation, by name; None of what is not asked for."""
    if not (exploitability or beliefs):
        return {"exploitability": None, "beliefs": None}
    from security_dilemma_training.beliefs.probe import ProbeOptions
    from security_dilemma_training.responses.best_response import ResponseOptions

    return {
        "exploitability": ResponseOptions() if exploitability else None,
        "beliefs": ProbeOptions() if beliefs else None,
    }


def cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
