"""A run folder as plain bytes, to be sent to another machine and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from security_dilemma_training.errors import RunError
from security_dilemma_training.writing import write_atomically

__all__ = ["Files", "mirror", "packed", "unpack"]

Files = Mapping[str, bytes]
"""Contents by path below the run folder, parted by slashes."""


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
    for name in files:
        parts = PurePosixPath(name).parts
        if not parts or parts[0] == "/" or ".." in parts or "\\" in name or ":" in name:
            raise RunError(f"a file of the run came back as {name!r}, outside its folder: nothing was written")
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
