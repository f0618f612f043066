"""What a node of a Ray cluster does: a batch of runs in folders of its own, which go back as plain bytes."""

from __future__ import annotations

import platform
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from security_dilemma_training.benchmark.engines import RunJob
from security_dilemma_training.benchmark.engines_files import Files, packed, unpack
from security_dilemma_training.errors import USERS_ERRORS, RunError
from security_dilemma_training.import_paths import trust_imports
from security_dilemma_training.provenance import circumstances

__all__ = ["remote_run"]

REPORT_SECONDS = 1.0

NEWS = ("checkpoint.npz", "policy.npz")
SENT_EARLY = (*NEWS, "progress.csv", "manifest.json")
"""Files that a run sends whenever it has a new checkpoint, or its policy."""


def remote_run(
    index: int,
    files: Files,
    measures: Mapping[str, Any] | None,
    mailbox: Any,
    versions: Mapping[str, Any],
    trusted: bool,
) -> tuple[Files, Any, str | None]:
    """Train and measure a batch of runs in folders of the node's own; what a Ray worker does.

    Args:
        index: The place of the batch among all.
        files: Of the run folders, see :func:`security_dilemma_training.benchmark.engines_files.packed_all`.
        measures: See :class:`security_dilemma_training.benchmark.engines.RunJob`.
        mailbox: The :class:`Mailbox`.
        versions: Of the libraries that the driver runs with; others would learn something else.
        trusted: Whether the driver trusts import paths in configs.

    Returns:
        The files of the run folders, an entry for each run, and why the batch failed as a whole or None.
    """
    if trusted:
        trust_imports()
    with tempfile.TemporaryDirectory(prefix="security-dilemma-") as name:
        root, entries, error = Path(name), None, None
        unpack(root, files)
        folders = [root / place for place in sorted({path.partition("/")[0] for path in files}, key=int)]
        try:
            _refuse_other_versions(versions)
            job = RunJob("", tuple(folders), measures)
            entries = job.work(folders=[str(folder) for folder in folders], report=_reporter(index, folders, mailbox))
            entries = [_without(folder, entry) for folder, entry in zip(folders, entries, strict=True)]
        except USERS_ERRORS as fault:
            error = str(fault)
        except KeyboardInterrupt:  # cancelled: what it has cost goes back, and what it has learned
            mailbox.put.remote(index, 0.0, "", packed(root))
            raise
        except Exception:
            error = traceback.format_exc()
        return packed(root), entries, error


def _without(folder: Path, entry: dict[str, Any]) -> dict[str, Any]:
    """An entry that does not name the node's folder."""
    return {"error": entry["error"].replace(str(folder), "the run folder")} if "error" in entry else entry


def _refuse_other_versions(versions: Mapping[str, Any]) -> None:
    here = circumstances()["versions"]
    others = [f"{name} {here.get(name)}, not {theirs}" for name, theirs in versions.items() if here.get(name) != theirs]
    if others:
        raise RunError(f"node {platform.node()} has other versions ({'; '.join(others)}): install the driver's")


def _reporter(index: int, folders: Sequence[Path], mailbox: Any) -> Callable[[float, str], None]:
    """What reports progress now and then, and checkpoints as they come."""
    told, sent = -REPORT_SECONDS, {folder: _stamps(folder) for folder in folders}

    def report(share: float, message: str) -> None:
        nonlocal told, sent
        saved = {folder: _stamps(folder) for folder in folders}
        if saved == sent and time.monotonic() - told < REPORT_SECONDS:
            return
        new = [folder for folder in folders if any(saved[folder]) and saved[folder] != sent[folder]]
        files = {
            f"{folder.name}/{name}": content for folder in new for name, content in packed(folder, SENT_EARLY).items()
        }
        told, sent = time.monotonic(), saved
        mailbox.put.remote(index, share, message, files)

    return report


def _stamps(folder: Path) -> tuple[int, ...]:
    """When what is news was written; 0 if it is not there."""
    return tuple((folder / name).stat().st_mtime_ns if (folder / name).exists() else 0 for name in NEWS)
