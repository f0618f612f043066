"""Files that more than one process may look at: written so that nobody sees half of one, and locked folders."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

try:
    import fcntl
except ImportError:  # only POSIX systems have it
    fcntl = None  # type: ignore[assignment]

__all__ = ["file_lock", "folder_lock", "replacing", "write_atomically"]


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file through a temporary one in the same folder, which then takes its place.

    Args:
        path: The file; its folder exists.
        content: Text (written as UTF-8) or bytes.

    Raises:
        OSError: If the file cannot be written; the old one, if any, is left as it was.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the path of a temporary file in the same folder, which takes the place of ``path`` if all goes well.

    Raises:
        OSError: If the file cannot be written; the old one, if any, is left as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def file_lock(file: IO[Any]) -> Iterator[None]:
    """Wait until an open file is free and hold it against other processes; nothing is held where there are no locks."""
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_UN)


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold a folder against other processes; the system lets go when the process ends, however it ends.

    Where the system has no such locks (Windows), nothing is held.

    Raises:
        BlockingIOError: If it is held already; the text names the process.
    """
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
    with os.fdopen(descriptor, "r+") as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BlockingIOError(f"process {file.read().strip() or 'unknown'}") from error
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield
