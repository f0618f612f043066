"""Run folders as plain bytes, to be sent to another machine and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from security_dilemma_training.errors import RunError
from security_dilemma_training.writing import write_atomically

__all__ = ["Files", "mirror", "mirror_all", "packed", "packed_all", "unpack", "unpack_all"]

Files = Mapping[str, bytes]
"""Contents by path below the run folder, parted by slashes; of several folders, below the place of each."""


def packed(folder: Path, names: Sequence[str] | None = None) -> dict[str, bytes]:
    """Return the files of a folder, or those of some names that are there; locks and half-written ones stay out."""
    paths = sorted(folder.rglob("*")) if names is None else [folder / name for name in names]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in paths
        if path.is_file() and not path.is_symlink() and path.name != ".lock" and path.suffix != ".tmp"
    }


def unpack(folder: Path, files: Files) -> None:
    """Write files into a folder, each atomically.

    Raises:
        RunError: If a file would lie outside the folder; nothing is written then.
    """
    for name in filter(_leaves, files):
        raise _outside(name)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)


def mirror(folder: Path, files: Files) -> None:
    """Make the files of a folder those given, and no others, as a run does that deletes its checkpoint.

    Raises:
        RunError: If a file would lie outside the folder.
    """
    unpack(folder, files)
    for name in packed(folder).keys() - files.keys():
        (folder / name).unlink()


def packed_all(folders: Sequence[Path]) -> dict[str, bytes]:
    """Return the files of several folders, see :func:`packed`, below the place of each: ``0/config.yaml``."""
    return {
        f"{place}/{name}": content for place, own in enumerate(map(packed, folders)) for name, content in own.items()
    }


def unpack_all(folders: Sequence[Path], files: Files) -> None:
    """Write files of several folders into them, each atomically.

    Raises:
        RunError: If a file would lie outside its folder; nothing is written then.
    """
    for folder, own in zip(folders, _parted(files, len(folders)), strict=True):
        unpack(folder, own)


def mirror_all(folders: Sequence[Path], files: Files) -> None:
    """Make the files of several folders those given, and no others.

    Raises:
        RunError: If a file would lie outside its folder; nothing is written then.
    """
    for folder, own in zip(folders, _parted(files, len(folders)), strict=True):
        mirror(folder, own)


def _parted(files: Files, count: int) -> list[dict[str, bytes]]:
    """The files of each of several folders."""
    parted: dict[str, dict[str, bytes]] = {str(place): {} for place in range(count)}
    for name, content in files.items():
        place, _, own = name.partition("/")
        if place not in parted or _leaves(own):
            raise _outside(name)
        parted[place][own] = content
    return list(parted.values())


def _leaves(name: str) -> bool:
    """Whether a path leads out of the folder that it begins in, or is none."""
    parts = PurePosixPath(name).parts
    return not parts or parts[0] == "/" or ".." in parts or "\\" in name or ":" in name


def _outside(name: str) -> RunError:
    return RunError(f"a file of the run came back as {name!r}, outside its folder: nothing was written")
