"""Checkpoints: arrays in ``.npz`` files, never pickles, so that loading one runs no code.

A policy file holds the weights of one network, or of one for each state. A training checkpoint holds everything that an
interrupted run goes on from as if it had not stopped: learners, generators, games and partners.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from security_dilemma_training.errors import CheckpointError
from security_dilemma_training.learner_states import load_weights, weights
from security_dilemma_training.writing import write_atomically

__all__ = [
    "FORMAT",
    "TRAINING_FORMAT",
    "Arrays",
    "CheckpointError",
    "count_policies",
    "load_arrays",
    "load_policies",
    "load_training",
    "policy_arrays",
    "save_policies",
    "save_policy",
    "save_training",
]

FORMAT = 1
"""Version of the layout of policy files; a file of another version is refused."""

TRAINING_FORMAT = 2
"""Version of the layout of training checkpoints."""

FORMATS = {"policy": FORMAT, "training": TRAINING_FORMAT}

Arrays = dict[str, NDArray[Any]]
"""Arrays by name."""


def save_policy(path: Path, policy: torch.nn.Module) -> None:
    """Write the weights of one network atomically, see :func:`save_policies`."""
    save_policies(path, [policy])


def load_arrays(path: Path, policy: torch.nn.Module) -> None:
    """Load the weights of one network, see :func:`load_policies`."""
    load_policies(path, [policy])


def save_policies(path: Path, networks: Sequence[torch.nn.Module]) -> None:
    """Write the weights of networks atomically.

    Raises:
        CheckpointError: If a weight is not finite.
    """
    arrays = {
        f"{prefix}{name}": value
        for prefix, network in zip(_prefixes(len(networks)), networks, strict=True)
        for name, value in weights(network).items()
    }
    _write(path, "policy", arrays, {"networks": len(networks)})


def load_policies(path: Path, networks: Sequence[torch.nn.Module]) -> None:
    """Load the weights of :func:`save_policies` into as many networks, built from the config.

    Raises:
        CheckpointError: If the file is missing, damaged, of another format or of other networks, or a weight is not
            finite.
    """
    found = policy_arrays(path)
    if len(found) != len(networks):
        raise CheckpointError(f"{path} holds {len(found)} networks; its config describes {len(networks)}")
    for own, network in zip(found, networks, strict=True):
        try:
            load_weights(network, own)
        except CheckpointError as error:
            raise CheckpointError(f"{path}: {error}") from error


def policy_arrays(path: Path) -> list[Arrays]:
    """Return the weights in a policy file by name, one mapping for each network.

    Raises:
        CheckpointError: If the file is missing, damaged or of another format.
    """
    arrays, meta = _read(path, "policy")
    return [
        {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}
        for prefix in _prefixes(_networks(path, meta))
    ]


def count_policies(path: Path) -> int:
    """Return the number of networks in a policy file.

    Raises:
        CheckpointError: If the file is missing, damaged or of another format.
    """
    return _networks(path, _read(path, "policy")[1])


def save_training(path: Path, state: Mapping[str, Any]) -> None:
    """Write the state of a training atomically.

    Args:
        path: The file.
        state: Nested mappings of arrays and of what JSON can hold, as :meth:`Scheme.state` returns it.
    """
    arrays: Arrays = {}
    plain: dict[str, Any] = {}
    for place, value in _leaves(state):
        if isinstance(value, np.ndarray):
            arrays["/".join(place)] = value
        else:
            plain["/".join(place)] = value
    _write(path, "training", arrays, {"plain": plain})


def load_training(path: Path) -> dict[str, Any]:
    """Return the state that :func:`save_training` wrote.

    Raises:
        CheckpointError: If the file is missing, damaged or of another format.
    """
    arrays, meta = _read(path, "training")
    state: dict[str, Any] = {}
    try:
        for key, value in (arrays | meta["plain"]).items():
            *parents, last = key.split("/")
            section = state
            for parent in parents:
                section = section.setdefault(parent, {})
            section[last] = value
    except (KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(_damaged(path, error)) from error
    return state


def _networks(path: Path, meta: Mapping[str, Any]) -> int:
    """The number of networks in a policy file; a file from before there could be several holds one."""
    found = meta.get("networks", 1)
    if type(found) is not int or found < 1:
        raise CheckpointError(_damaged(path, f"networks = {found!r}"))
    return found


def _damaged(path: Path, why: object) -> str:
    return f"{path} is damaged or not a checkpoint ({why}): train the run again with --overwrite"


def _prefixes(networks: int) -> list[str]:
    """What the names of each network's weights begin with."""
    return ["policy."] if networks == 1 else [f"policy_{k}." for k in range(networks)]


def _leaves(state: Mapping[str, Any], place: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    leaves: list[tuple[tuple[str, ...], Any]] = []
    for name, value in state.items():
        here = (*place, name)
        leaves += _leaves(value, here) if isinstance(value, Mapping) else [(here, value)]
    return leaves


def _write(path: Path, kind: str, arrays: Arrays, meta: dict[str, Any]) -> None:
    buffer = io.BytesIO()
    meta = meta | {"kind": kind, "format": FORMATS[kind]}
    np.savez(buffer, allow_pickle=False, meta=np.array(json.dumps(meta)), **arrays)
    write_atomically(path, buffer.getvalue())


def _read(path: Path, kind: str) -> tuple[Arrays, dict[str, Any]]:
    if not path.exists():
        raise CheckpointError(f"{path} does not exist: train the run first")
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        meta = json.loads(str(arrays.pop("meta")))
    except Exception as error:  # a damaged file, or one made to do harm, may fail in any way
        raise CheckpointError(_damaged(path, error)) from error
    if not isinstance(meta, dict):
        raise CheckpointError(_damaged(path, f"meta = {meta!r}"))
    if meta.get("format") != FORMATS[kind] or meta.get("kind") != kind:
        raise CheckpointError(
            f"{path} is a {meta.get('kind')} checkpoint of format {meta.get('format')}; "
            f"this version reads {kind} checkpoints of format {FORMATS[kind]}: go on with the version that wrote it, "
            "or train the run again with --overwrite"
        )
    return arrays, meta
