"""The generators that stable-baselines3's learners draw from: NumPy's global one, PyTorch's and Python's.

They are global to the process. Learners that take turns in one process have states of their own, which are put in place
while it is their turn.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

__all__ = ["generators_state", "restore_generators"]


def generators_state(device: torch.device) -> dict[str, Any]:
    """Return the state of the global generators, and of the device's own, as arrays and plain numbers."""
    version, words, gauss = random.getstate()
    state: dict[str, Any] = {
        "numpy": np.random.get_state(legacy=False),
        "torch": torch.get_rng_state().numpy(),
        "python": {"version": version, "words": np.array(words, np.uint32), "gauss": gauss},
    }
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device).numpy()
    return state


def restore_generators(state: Mapping[str, Any], device: torch.device) -> None:
    """Put the global generators where :func:`generators_state` found them.

    A state that was taken on another device has nothing for this one, whose generator then stays as it is.
    """
    np.random.set_state(state["numpy"])
    torch.set_rng_state(torch.as_tensor(state["torch"]))
    python = state["python"]
    random.setstate((python["version"], tuple(python["words"].tolist()), python["gauss"]))
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(torch.as_tensor(state["cuda"]), device)
