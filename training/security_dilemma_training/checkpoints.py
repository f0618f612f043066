"""Checkpoints: arrays in ``.npz`` files, never pickles, so that loading one runs no code.

A policy file holds the weights of a network. A training checkpoint holds, besides, the optimizer, every generator and
the games, so that an interrupted run goes on as if it had not stopped.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO

from security_dilemma_training.errors import CheckpointError
from security_dilemma_training.vec_env import GamesVecEnv
from security_dilemma_training.writing import write_atomically

__all__ = ["FORMAT", "CheckpointError", "load_arrays", "load_training", "save_policy", "save_training"]

FORMAT = 1
"""Version of the files' layout; a file of another version is refused."""

Arrays = dict[str, NDArray[Any]]


def save_policy(path: Path, policy: torch.nn.Module) -> None:
    """Write the weights of a network atomically.

    Raises:
        CheckpointError: If a weight is not finite.
    """
    _write(path, _weights(policy), {"kind": "policy"})


def load_arrays(path: Path, policy: torch.nn.Module) -> None:
    """Load the weights of :func:`save_policy` into a network built from the config.

    Raises:
        CheckpointError: If the file is missing, damaged, of another format or of another network,
            or a weight is not finite.
    """
    arrays, _ = _read(path, "policy")
    _load_weights(path, policy, arrays)


def save_training(path: Path, model: PPO, vec_env: GamesVecEnv) -> None:
    """Write everything that training goes on from, between two rollouts, atomically.

    Raises:
        CheckpointError: If a weight is not finite.
    """
    arrays = _weights(model.policy) | vec_env.state_arrays()
    optimizer = model.policy.optimizer.state_dict()["state"]
    for index, slots in optimizer.items():
        arrays |= {f"optimizer.{index}.{name}": value.cpu().numpy() for name, value in slots.items()}
    generator = np.random.get_state(legacy=False)
    assert isinstance(generator, dict)
    arrays["torch_rng"] = torch.get_rng_state().numpy()
    if model.device.type == "cuda":
        arrays["cuda_rng"] = torch.cuda.get_rng_state(model.device).numpy()
    arrays["numpy_rng.key"] = generator["state"]["key"]
    arrays["last_obs"] = np.asarray(model._last_obs)
    arrays["episode_starts"] = np.asarray(model._last_episode_starts)
    meta = {
        "kind": "training",
        "num_timesteps": model.num_timesteps,
        "n_updates": model._n_updates,
        "numpy_rng": {"pos": int(generator["state"]["pos"]), "has_gauss": int(generator["has_gauss"])},
        "numpy_rng_gauss": float(generator["gauss"]),
        "games_rng": vec_env.games.rng.bit_generator.state,
        "unwritten": {name: x if isinstance(x, int) else float(x) for name, x in model.logger.name_to_value.items()},
    }
    _write(path, arrays, meta)


def load_training(path: Path, model: PPO, vec_env: GamesVecEnv) -> None:
    """Put a model, built from the same config, its logger and its games where :func:`save_training` left them.

    Raises:
        CheckpointError: If the file is missing, damaged, of another format or of another network,
            or a weight is not finite.
    """
    arrays, meta = _read(path, "training")
    _load_weights(path, model.policy, arrays)
    try:
        _load_optimizer(model.policy.optimizer, arrays)
        vec_env.restore(arrays)
        vec_env.games.rng.bit_generator.state = meta["games_rng"]
        torch.set_rng_state(torch.as_tensor(arrays["torch_rng"]))
        if model.device.type == "cuda" and "cuda_rng" in arrays:  # a run may go on elsewhere than it began
            torch.cuda.set_rng_state(torch.as_tensor(arrays["cuda_rng"]), model.device)
        state = {"key": arrays["numpy_rng.key"], "pos": meta["numpy_rng"]["pos"]}
        gauss = {"has_gauss": meta["numpy_rng"]["has_gauss"], "gauss": meta["numpy_rng_gauss"]}
        np.random.set_state({"bit_generator": "MT19937", "state": state, **gauss})
        model.num_timesteps, model._n_updates = int(meta["num_timesteps"]), int(meta["n_updates"])
        model._last_obs, model._last_episode_starts = arrays["last_obs"], arrays["episode_starts"]
        for name, value in meta["unwritten"].items():
            model.logger.record(name, value)
    except (KeyError, ValueError, TypeError) as error:
        raise CheckpointError(f"{path} is not a training checkpoint of this run: {error!r}") from error


def _weights(policy: torch.nn.Module) -> Arrays:
    weights = {name: value.cpu().numpy() for name, value in policy.state_dict().items()}
    problem = _not_finite(weights)
    if problem:
        raise CheckpointError(f"{problem}: the training diverged; lower learner.learning_rate, for example")
    return {f"policy.{name}": value for name, value in weights.items()}


def _not_finite(weights: Arrays) -> str:
    names = [name for name, value in weights.items() if not np.isfinite(value).all()]
    return f"weights of the network are not finite ({', '.join(names[:4])})" if names else ""


def _load_weights(path: Path, policy: torch.nn.Module, arrays: Arrays) -> None:
    weights = {name.removeprefix("policy."): value for name, value in arrays.items() if name.startswith("policy.")}
    expected = {name: tuple(value.shape) for name, value in policy.state_dict().items()}
    found = {name: value.shape for name, value in weights.items()}
    if expected != found:
        differing = sorted(name for name in expected | found if expected.get(name) != found.get(name))
        raise CheckpointError(f"{path} holds another network than its config describes: {', '.join(differing[:4])}")
    problem = _not_finite(weights)
    if problem:
        raise CheckpointError(f"{path}: {problem}: train the run again with --overwrite")
    policy.load_state_dict({name: torch.as_tensor(value) for name, value in weights.items()})


def _load_optimizer(optimizer: torch.optim.Optimizer, arrays: Arrays) -> None:
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in arrays.items():
        if key.startswith("optimizer."):
            _, index, name = key.split(".")
            state.setdefault(int(index), {})[name] = torch.as_tensor(value.copy())
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _write(path: Path, arrays: Arrays, meta: dict[str, Any]) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, meta=np.array(json.dumps(meta | {"format": FORMAT})), **arrays)
    write_atomically(path, buffer.getvalue())


def _read(path: Path, kind: str) -> tuple[Arrays, dict[str, Any]]:
    if not path.exists():
        raise CheckpointError(f"{path} does not exist: train the run first")
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        meta = json.loads(str(arrays.pop("meta")))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise CheckpointError(
            f"{path} is damaged or not a checkpoint ({error}): train the run again with --overwrite"
        ) from error
    if meta.get("format") != FORMAT or meta.get("kind") != kind:
        raise CheckpointError(
            f"{path} is a {meta.get('kind')} checkpoint of format {meta.get('format')}; "
            f"this version reads {kind} checkpoints of format {FORMAT}"
        )
    return arrays, meta
