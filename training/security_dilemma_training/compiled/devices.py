"""Where the compiled path computes: threads, and processors or accelerators."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from security_dilemma_training.faults import ConfigError, Fault

__all__ = ["accelerators", "device_of", "limit_threads", "require_jax"]

FOUND = "import jax; d = jax.devices(); print(d[0].platform, len(d))"


def require_jax() -> None:
    """Refuse to go on without the packages of the extra.

    Raises:
        ConfigError: If one is missing.
    """
    try:
        import flax  # noqa: F401
        import jax  # noqa: F401
        import optax  # noqa: F401
    except ImportError as error:
        problem = f"= 'jax' needs {error.name}, of an extra: pip install 'security-dilemma[jax]', or choose 'sb3'"
        raise ConfigError([Fault("learner.backend", problem)]) from error


def limit_threads(threads: int, device: str) -> None:
    """Let JAX use so many threads, and look for no accelerator where none is asked for; only before it has begun.

    Args:
        threads: Of this process, of which many may run at once.
        device: As in a config.
    """
    os.environ.setdefault("NPROC", str(threads))  # what XLA takes for the number of cores
    if device == "cpu":
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
    else:
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # PyTorch and other processes are there, too


def accelerators(device: str) -> int:
    """Return the number of accelerators that a config's device may be on; they are looked for in another process.

    Args:
        device: As in a config; on a given one there is one at the most.
    """
    if device == "cpu":
        return 0
    found = subprocess.run([sys.executable, "-c", FOUND], capture_output=True, text=True, check=False)
    platform, _, count = found.stdout.strip().rpartition(" ")
    if found.returncode or platform in ("", "cpu"):
        return 0
    return int(count) if device in ("auto", "cuda") else 1


def device_of(name: str) -> Any:
    """Return JAX's device for that of a config: the first accelerator, or the processor, for ``auto``.

    Raises:
        ConfigError: If this machine does not have it.
    """
    import jax

    kind, _, index = name.partition(":")
    if kind == "auto":
        return jax.devices()[0]
    try:
        return jax.devices({"cuda": "gpu"}.get(kind, kind))[int(index or 0)]
    except (RuntimeError, IndexError) as error:
        problem = f"= {name!r} is not on this machine for JAX: choose 'cpu' or 'auto'"
        raise ConfigError([Fault("learner.device", problem)]) from error
