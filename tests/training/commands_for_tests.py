"""Starting the command line in a process of its own."""

from __future__ import annotations

__all__ = ["HEEDING_CTRL_C"]

HEEDING_CTRL_C = """
import signal
from security_dilemma_training.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
main()
"""
"""What Python runs with ``-c`` and the words of a command, so that the command can be interrupted."""
