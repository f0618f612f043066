"""Results kept in a run folder: what they are of, and whether those that are there will do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import security_dilemma
from security_dilemma_training.writing import write_atomically

if TYPE_CHECKING:
    from security_dilemma_training.runs import Run
    from security_dilemma_training.sections import Frozen

__all__ = ["identity", "keep", "kept", "policy_hash", "source_hash"]


def policy_hash(run: Run) -> str | None:
    """Return the SHA-256 of a run's policy file, or None if it is not there."""
    return hashlib.sha256(run.policy_path.read_bytes()).hexdigest() if run.policy_path.exists() else None


def identity(run: Run, options: Frozen) -> dict[str, Any]:
    """Return what results of a run's policy are of: the run, the policy and the options of what was measured."""
    return {
        "world": run.config.label,
        "seed": run.seed,
        "config_hash": run.manifest["config_hash"],
        "policy_sha256": policy_hash(run),
        "options": options.model_dump(mode="json"),
    }


def kept(path: Path, about: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the results in a file, if they agree with everything in ``about`` and are of a policy; else None."""
    if about["policy_sha256"] is None:
        return None
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    same = isinstance(results, dict) and results | dict(about) == results
    return results if same else None


def source_hash(modules: Sequence[str]) -> str:
    """Return the SHA-256 of the source of the environment and of modules of this package.

    Args:
        modules: Such as ``learners`` or ``theory/settings``.
    """
    rules, here = sorted(Path(security_dilemma.__file__).parent.rglob("*.py")), Path(__file__).parent
    files = [*rules, *(here / f"{name}.py" for name in modules)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def keep(path: Path, results: Mapping[str, Any]) -> None:
    """Write results as JSON, atomically."""
    write_atomically(path, json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
