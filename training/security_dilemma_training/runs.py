"""Run folders: one for each config and seed, with what was asked, what it ran on, and what came out."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from security_dilemma_training.config import ConfigError, RunConfig, config_hash, determinants, parse
from security_dilemma_training.errors import RunError
from security_dilemma_training.manifests import new_manifest, now, parts_of, read_manifest, require_same_beginning
from security_dilemma_training.provenance import circumstances
from security_dilemma_training.sources import read_yaml
from security_dilemma_training.writing import folder_lock, write_atomically

__all__ = ["Run", "RunError", "find_runs", "held", "refuse_own_sources", "write_atomically"]


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
            RunError: If something else is in the folder, another process uses it, or what is asked goes on from what
                would be deleted.
            ConfigError: If what is asked cannot be begun.
        """
        folder = Path(folder)
        _refuse_others(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with held(folder):
            begun = not overwrite and (folder / "manifest.json").exists()
            run, asked = cls(folder, config, seed), config.resolved() | {"seeds": [seed]}
            if begun:
                _refuse_another(cls.open(folder), run)
                asked = _as_begun(asked, read_yaml(folder / "config.yaml"))
            else:
                manifest = new_manifest(config, seed)  # refuses what cannot be begun, while what is there is whole
                if overwrite:
                    refuse_own_sources([folder], config)
                    _empty(folder)
            write_atomically(folder / "config.yaml", yaml.safe_dump(asked, sort_keys=False, allow_unicode=True))
            if not begun:
                run._write_manifest(manifest)
        return run

    @classmethod
    def open(cls, folder: Path | str) -> Run:
        """Open a run folder.

        Raises:
            RunError: If the folder is missing, is no run, or is damaged.
        """
        folder = Path(folder)
        if not (folder / "manifest.json").exists():
            problem = "is not a run: it has no manifest.json" if folder.is_dir() else _no_folder(folder)
            raise RunError(f"{folder} {problem}; train one with `security-dilemma train CONFIG`")
        manifest = read_manifest(folder)
        path = folder / "config.yaml"
        try:
            data = read_yaml(path)
            config = parse(data, RunConfig, source=str(path))
        except ConfigError as error:
            raise RunError(
                f"{folder} is damaged: restore its config.yaml, or train into another folder\n{error}"
            ) from error
        if config_hash(data) != manifest["config_hash"]:
            raise RunError(f"{path} was changed after the run began: restore it, or train into another folder")
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
        return read_manifest(self.folder)

    @property
    def finished(self) -> bool:
        """Whether the training has come to its end and the policy is there."""
        return bool(self.manifest["status"] == "finished") and self.policy_path.exists()

    @contextmanager
    def training(self, together: int = 1) -> Iterator[None]:
        """Hold the folder against other processes and keep its status, times and versions while it is trained.

        The status is ``running`` meanwhile; it ends as ``finished``, ``interrupted`` or ``failed``. Seconds add up over
        the parts of an interrupted run.

        Each part is kept in ``parts`` with what it ran on; the manifest itself names the last one's.

        Args:
            together: Number of runs that this process trains side by side, of whose seconds this one has its share.

        Raises:
            RunError: If another process trains this run, its partners or the policy that it goes on from have changed
                since it began, or it is finished and its policy is gone.
        """
        with held(self.folder):
            manifest = self.manifest
            if manifest["status"] == "finished":
                if not self.policy_path.exists():
                    raise RunError(f"{self.policy_path} is gone from a finished run: train it anew with --overwrite")
                yield
                return
            require_same_beginning(self.folder, self.config, manifest)
            began, worked = time.monotonic(), time.process_time()
            parts, part = parts_of(manifest), {"started": now()} | circumstances()
            manifest |= circumstances() | {"status": "running", "started": manifest["started"] or part["started"]}
            self._write_manifest(manifest | {"parts": [*parts, part]})
            status = "failed"
            try:
                yield
                status = "finished"
            except (KeyboardInterrupt, SystemExit):
                status = "interrupted"
                raise
            finally:
                manifest |= {"status": status, "finished": now() if status == "finished" else None}
                part["wall_seconds"] = round((time.monotonic() - began) / together, 3)
                part["cpu_seconds"] = round((time.process_time() - worked) / together, 3)
                for name in ("wall_seconds", "cpu_seconds"):
                    manifest[name] = round(manifest[name] + part[name], 3)
                self._write_manifest(manifest | {"parts": [*parts, part | {"status": status}]})

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
        problem = "holds no run" if folder.is_dir() else _no_folder(folder)
        raise RunError(f"{folder} {problem}; train one with `security-dilemma train CONFIG`")
    return sorted(found, key=lambda path: (path.parent, len(path.name), path.name))


def refuse_own_sources(folders: Sequence[Path], config: RunConfig) -> None:
    """Refuse to delete runs of which a config goes on, or which play in it.

    Args:
        folders: What would be deleted.
        config: What would take their place.

    Raises:
        RunError: If it names something in them.
    """
    named = {"learner.start_from": [getattr(config.learner, "start_from", None)]}
    named["partners.policies"] = list(getattr(config.partners, "policies", []))
    deleted = [folder.resolve() for folder in folders]
    for key, paths in named.items():
        for path in filter(None, paths):
            whole = Path(path).resolve()
            if any(whole.is_relative_to(folder) for folder in deleted):
                raise RunError(f"{key} = {path!r} would be deleted by --overwrite: choose another folder with --out")


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder against other processes.

    Raises:
        RunError: If it is held already.
    """
    try:
        with folder_lock(folder):
            yield
    except BlockingIOError as error:
        raise RunError(f"{folder} is in use by {error}: wait for it, or choose another folder with --out") from error


def _no_folder(folder: Path) -> str:
    return "is a file, not a run folder" if folder.exists() else "does not exist"


def _refuse_others(folder: Path) -> None:
    """Refuse a folder that holds something else than a run."""
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder} is a file: choose another folder")
    if (folder / "manifest.json").exists():
        read_manifest(folder)
    elif folder.exists() and not all(_is_beginning(path) for path in folder.iterdir()):
        raise RunError(f"{folder} is not empty and not a run: choose another folder")


def _refuse_another(begun: Run, asked: Run) -> None:
    """Refuse to go on with a run that is of another config or seed than what is asked."""
    theirs, ours = (_flat(determinants(run.config.resolved())) | {"seed": run.seed} for run in (begun, asked))
    keys = [key for key in {**theirs, **ours} if theirs.get(key) != ours.get(key)]
    if keys:
        differences = "; ".join(f"{key}: {theirs.get(key)} there, {ours.get(key)} now" for key in keys)
        raise RunError(
            f"{begun.folder} holds a run of another config ({differences}): choose another folder with --out, or "
            "replace it with --overwrite"
        )


def _as_begun(asked: Mapping[str, Any], begun: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked, with all that determines the result as the run's own file says it, so that its hash stays."""
    data = dict(asked)
    for section, fresh in determinants(asked).items():
        then = begun[section]
        data[section] = {
            k: then[k] if k in fresh else v for k, v in asked[section].items() if k in then or k not in fresh
        }
    return data


def _empty(folder: Path) -> None:
    """Delete all of a run but its lock, which is held."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != ".lock":
            path.unlink()


def _is_beginning(path: Path) -> bool:
    """Whether a file is one that a run cut off at its very beginning leaves."""
    return path.name in ("config.yaml", ".lock") or path.name.endswith(".tmp")


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {prefix + name: value}
    return flat
