"""Run folders: one for each config and seed, with what was asked, what it ran on, and what came out."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

import security_dilemma_training
from security_dilemma_training.config import ConfigError, RunConfig, config_hash, determinants, parse
from security_dilemma_training.sources import read_yaml
from security_dilemma_training.writing import folder_lock, write_atomically

__all__ = ["Run", "RunError", "find_runs", "write_atomically"]

KIND = "security-dilemma run"
LIBRARIES = ("security-dilemma", "numpy", "torch", "stable-baselines3", "gymnasium", "pettingzoo", "pydantic")
FIELDS = ("kind", "seed", "config_hash", "status", "started", "wall_seconds", "cpu_seconds")


class RunError(RuntimeError):
    """A run folder that is missing, damaged, in use, or of another config."""


class Run:
    """A run folder.

    Attributes:
        folder: The folder.
        config: What was asked, in full.
        seed: The seed of this run.
    """

    def __init__(self, folder: Path, config: RunConfig, seed: int) -> None:
        """Stand for a folder that :meth:`create` has made or :meth:`open` has read."""
        self.folder, self.config, self.seed = folder, config, seed

    @classmethod
    def create(cls, folder: Path | str, config: RunConfig, seed: int, *, overwrite: bool = False) -> Run:
        """Make a run folder, or open the one that is there if it is of the same config and seed.

        What the hash of the config leaves out, such as the evaluation, is taken from ``config`` in any case.

        Args:
            folder: The folder; missing parents are made.
            config: What is asked.
            seed: The seed of this run.
            overwrite: Whether a run that is there is deleted first.

        Raises:
            RunError: If something else is in the folder, or another process uses it.
        """
        folder = Path(folder)
        if overwrite and (folder / "manifest.json").exists():
            _delete(folder)
        if (folder / "manifest.json").exists():
            run = cls.open(folder)
            differences = _differences(run, config, seed)
            if differences:
                raise RunError(
                    f"{folder} holds a run of another config ({'; '.join(differences)}): choose another folder with "
                    "--out, or replace it with --overwrite"
                )
        elif folder.exists() and not folder.is_dir():
            raise RunError(f"{folder} is a file: choose another folder")
        elif folder.exists() and not all(_is_beginning(path) for path in folder.iterdir()):
            raise RunError(f"{folder} is not empty and not a run: choose another folder")
        folder.mkdir(parents=True, exist_ok=True)
        run = cls(folder, config, seed)
        text = yaml.safe_dump(config.resolved() | {"seeds": [seed]}, sort_keys=False, allow_unicode=True)
        write_atomically(folder / "config.yaml", text)
        if not (folder / "manifest.json").exists():
            run._write_manifest(_new_manifest(config, seed))
        return run

    @classmethod
    def open(cls, folder: Path | str) -> Run:
        """Open a run folder.

        Raises:
            RunError: If the folder is missing, is no run, or is damaged.
        """
        folder = Path(folder)
        if not (folder / "manifest.json").exists():
            problem = "is not a run: it has no manifest.json" if folder.is_dir() else "does not exist"
            raise RunError(f"{folder} {problem}; train one with `security-dilemma train CONFIG`")
        manifest = _read_manifest(folder)
        damaged = f"{folder} is damaged: delete it and train the run again"
        try:
            config = parse(read_yaml(folder / "config.yaml"), RunConfig, source=str(folder / "config.yaml"))
        except ConfigError as error:
            raise RunError(f"{damaged}\n{error}") from error
        if config_hash(config) != manifest["config_hash"]:
            made_by = manifest.get("versions", {}).get("security-dilemma")
            raise RunError(
                f"{damaged}; its config.yaml is not the one it was begun with (by version {made_by}) in manifest.json"
            )
        return cls(folder, config, manifest["seed"])

    @property
    def progress_path(self) -> Path:
        """Scalars over the training."""
        return self.folder / "progress.csv"

    @property
    def checkpoint_path(self) -> Path:
        """What an interrupted training goes on from."""
        return self.folder / "checkpoint.npz"

    @property
    def policy_path(self) -> Path:
        """The learned policy."""
        return self.folder / "policy.npz"

    @property
    def evaluation_path(self) -> Path:
        """What the policy measures."""
        return self.folder / "evaluation.json"

    @property
    def tensorboard_path(self) -> Path:
        """Folder of TensorBoard's files."""
        return self.folder / "tensorboard"

    @property
    def manifest(self) -> dict[str, Any]:
        """What the run is and ran on, as it stands in the folder now."""
        return _read_manifest(self.folder)

    @property
    def finished(self) -> bool:
        """Whether the training has come to its end and the policy is there."""
        return bool(self.manifest["status"] == "finished") and self.policy_path.exists()

    @contextmanager
    def training(self) -> Iterator[None]:
        """Hold the folder against other processes and keep its status, times and versions while it is trained.

        The status is ``running`` meanwhile; it ends as ``finished``, ``interrupted`` or ``failed``. Seconds add up over
        the parts of an interrupted run.

        Raises:
            RunError: If another process trains this run.
        """
        with _held(self.folder):
            manifest = self.manifest
            if self.finished:
                yield
                return
            began, worked = time.monotonic(), time.process_time()
            manifest |= _circumstances() | {"status": "running", "started": manifest["started"] or _now()}
            self._write_manifest(manifest)
            status = "failed"
            try:
                yield
                status = "finished"
            except (KeyboardInterrupt, SystemExit):
                status = "interrupted"
                raise
            finally:
                manifest |= {"status": status, "finished": _now() if status == "finished" else None}
                manifest["wall_seconds"] += round(time.monotonic() - began, 3)
                manifest["cpu_seconds"] += round(time.process_time() - worked, 3)
                self._write_manifest(manifest)

    def _write_manifest(self, manifest: Mapping[str, Any]) -> None:
        text = json.dumps(manifest, indent=2, ensure_ascii=False)
        write_atomically(self.folder / "manifest.json", text + "\n")


def find_runs(folder: Path | str) -> list[Path]:
    """Return the run folders at or below a folder, sorted by name and number.

    Raises:
        RunError: If there is none.
    """
    folder = Path(folder)
    if (folder / "manifest.json").exists():
        return [folder]
    found = [path.parent for path in folder.rglob("manifest.json")]
    if not found:
        problem = "holds no run" if folder.is_dir() else "does not exist"
        raise RunError(f"{folder} {problem}; train one with `security-dilemma train CONFIG`")
    return sorted(found, key=lambda path: (path.parent, len(path.name), path.name))


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    try:
        with folder_lock(folder):
            yield
    except BlockingIOError as error:
        raise RunError(f"{folder} is in use by {error}: wait for it, or choose another folder with --out") from error


def _delete(folder: Path) -> None:
    """Delete a run folder, and nothing that is not one."""
    _read_manifest(folder)
    with _held(folder):
        shutil.rmtree(folder)


def _is_beginning(path: Path) -> bool:
    """Whether a file is one that a run cut off at its very beginning leaves."""
    return path.name in ("config.yaml", ".lock") or path.name.endswith(".tmp")


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path} is damaged ({error}): delete {folder} and train the run again") from error
    if not isinstance(manifest, dict) or manifest.get("kind") != KIND or any(name not in manifest for name in FIELDS):
        raise RunError(f"{path} is not the manifest of a run: choose another folder")
    return manifest


def _new_manifest(config: RunConfig, seed: int) -> dict[str, Any]:
    identity = {"kind": KIND, "name": config.label, "seed": seed, "config_hash": config_hash(config)}
    times = {"status": "created", "started": None, "finished": None, "wall_seconds": 0.0, "cpu_seconds": 0.0}
    return identity | times | _circumstances()


def _circumstances() -> dict[str, Any]:
    versions = {name: _version(name) for name in LIBRARIES}
    here = {"python": platform.python_version(), "platform": platform.platform()}
    return {"versions": versions} | here | {"git_revision": _git_revision()}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _differences(run: Run, config: RunConfig, seed: int) -> list[str]:
    """Say what of a run differs from what is asked now."""
    theirs = _flat(determinants(run.config)) | {"seed": run.seed}
    ours = _flat(determinants(config)) | {"seed": seed}
    keys = [key for key in {**theirs, **ours} if theirs.get(key) != ours.get(key)]
    return [f"{key}: {theirs.get(key)} there, {ours.get(key)} now" for key in keys]


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {prefix + name: value}
    return flat
