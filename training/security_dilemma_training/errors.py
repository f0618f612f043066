"""Errors that are the user's to mend, told in words and without a traceback."""

from __future__ import annotations

from security_dilemma.params import ParameterError
from security_dilemma_training.faults import ConfigError

__all__ = ["USERS_ERRORS", "CheckpointError", "RunError"]


class RunError(RuntimeError):
    """A run folder that is missing, damaged, in use, or of another config."""


class CheckpointError(ValueError):
    """A checkpoint that is missing, damaged, of another format or network, or whose weights are not finite."""


USERS_ERRORS = (ConfigError, ParameterError, RunError, CheckpointError)
"""What was asked, or what stands in the folders, has to be mended; every other error is a defect."""
