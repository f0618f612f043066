"""What the server of worker processes imports last, and with it all that workers need.

None of it may import JAX, which reads its environment as it is imported, or the command line, which every worker runs
once more where it is started with ``python -m``.
"""

from __future__ import annotations

import os
import time

import torch._dynamo  # noqa: F401  the first optimizer imports it

import security_dilemma_training.batch_work
import security_dilemma_training.measuring
import security_dilemma_training.train  # noqa: F401

__all__ = ["PID", "SECONDS"]

PID = os.getpid()
"""The process that imported this."""

SECONDS = time.process_time()
"""The CPU seconds that it had spent by then."""
