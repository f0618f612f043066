"""The file that a command is asked to write: refused before the work begins, not after it."""

from __future__ import annotations

import os
from pathlib import Path

from security_dilemma_training.faults import ConfigError, Fault

__all__ = ["refuse_out"]


def refuse_out(out: Path, *, overwrite: bool, example: str) -> None:
    """Refuse a file that could not be written at the end. Nothing is made.

    Args:
        out: The file; folders that are missing will be made.
        overwrite: Whether it may replace one that is there.
        example: A name for it, for the message.

    Raises:
        ConfigError: If it is a folder, is there already, or no file can be written there.
    """
    if out.is_dir():
        raise ConfigError([Fault("out", f"= {str(out)!r} is a folder: name a file in it, as {example}")])
    if out.exists() and not overwrite:
        raise ConfigError([Fault("out", f"= {str(out)!r} is there already: replace it with --overwrite")])
    there = next(folder for folder in out.absolute().parents if folder.exists())
    if not there.is_dir():
        raise ConfigError([Fault("out", f"= {str(out)!r} would lie in {str(there)!r}, which is a file: name a folder")])
    if not os.access(there, os.W_OK | os.X_OK):
        problem = f"= {str(out)!r} cannot be written: nothing may be written in {str(there)!r}; name another folder"
        raise ConfigError([Fault("out", problem)])
