"""Manifests of runs: what a run is, what it ran on, and how far it has come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from security_dilemma_training.config import RunConfig, config_hash
from security_dilemma_training.errors import RunError
from security_dilemma_training.first_policies import first_policy_hash, require_fitting
from security_dilemma_training.partner_sections import FrozenPartners
from security_dilemma_training.players import player_hash
from security_dilemma_training.provenance import circumstances

__all__ = [
    "new_manifest",
    "now",
    "partner_hashes",
    "parts_of",
    "read_manifest",
    "require_same_beginning",
    "require_same_partners",
]

KIND = "security-dilemma run"
FIELDS: dict[str, Any] = {
    "kind": str,
    "seed": int,
    "config_hash": str,
    "status": str,
    "started": str | None,
    "wall_seconds": int | float,
    "cpu_seconds": int | float,
}
PART = ("started", "wall_seconds", "cpu_seconds", "versions", "python", "platform", "git_revision")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a run folder.

    Raises:
        RunError: If it is damaged or not that of a run.
    """
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path} is damaged ({error}): delete {folder} and train the run again") from error
    if not isinstance(manifest, dict) or manifest.get("kind") != KIND:
        raise RunError(f"{path} is not the manifest of a run: choose another folder")
    wrong = [name for name, kind in FIELDS.items() if name not in manifest or not isinstance(manifest[name], kind)]
    if wrong:
        raise RunError(f"{path} is damaged ({', '.join(wrong)}): delete {folder} and train the run again")
    return manifest


def new_manifest(config: RunConfig, seed: int) -> dict[str, Any]:
    """Return the manifest of a run that has not begun.

    Raises:
        ConfigError: If a partner is nobody, or the policy that is gone on from is of another game or network.
        RunError: If a partner, or the run that is gone on from, is damaged or not trained yet.
    """
    require_fitting(config)
    identity = {"kind": KIND, "name": config.label, "seed": seed, "config_hash": config_hash(config.resolved())}
    times = {"status": "created", "started": None, "finished": None, "wall_seconds": 0.0, "cpu_seconds": 0.0}
    others = {"partners": partner_hashes(config), "start_from": first_policy_hash(config)}
    return identity | times | circumstances() | {name: found for name, found in others.items() if found}


def partner_hashes(config: RunConfig) -> dict[str, str]:
    """Return what the given partners of a config are known by, see :func:`player_hash`; empty where none is given."""
    named = config.partners.policies if isinstance(config.partners, FrozenPartners) else ()
    return {name: player_hash(name) for name in named}


def require_same_partners(folder: Path, config: RunConfig, manifest: Mapping[str, Any]) -> None:
    """Refuse to measure a run whose partners are not what they were when it began.

    Raises:
        RunError: If one has changed.
    """
    then, today = manifest.get("partners", {}), partner_hashes(config)
    changed = [name for name, found in today.items() if then.get(name) != found]
    if changed:
        raise RunError(
            f"{folder} began with other partners: {', '.join(changed)} changed since; restore them, train into another "
            "folder with --out, or train anew with --overwrite"
        )


def require_same_beginning(folder: Path, config: RunConfig, manifest: Mapping[str, Any]) -> None:
    """Refuse to go on with a run whose partners, or the policy that it began with, are not what they were.

    Raises:
        RunError: If one has changed.
    """
    require_same_partners(folder, config, manifest)
    if manifest.get("start_from") != first_policy_hash(config):
        raise RunError(
            f"{folder} began with another policy: that of learner.start_from changed since, or is gone; restore it, "
            "train into another folder with --out, or train anew with --overwrite"
        )


def parts_of(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of the training so far; a manifest from before parts were kept tells of the last one."""
    told = [{name: manifest[name] for name in PART if name in manifest}] if manifest["started"] else []
    return list(manifest.get("parts", told))


def now() -> str:
    """Return the time as it stands in manifests."""
    return datetime.now(UTC).isoformat(timespec="seconds")
