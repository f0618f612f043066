"""All that a learner of stable-baselines3 goes on from between two rollouts, as nested arrays and plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer

from security_dilemma_training.errors import CheckpointError

__all__ = ["learner_state", "load_weights", "require_alike", "require_learned", "restore_learner", "weights"]

ATTRIBUTES = (
    *("num_timesteps", "_n_updates", "_n_calls", "_episode_num"),
    *("exploration_rate", "_current_progress_remaining"),
)
"""Numbers that learners keep; not every one has them all."""

State = dict[str, Any]


def learner_state(model: BaseAlgorithm) -> State:
    """Return everything that a learner goes on from; its games and the global generators are not in it.

    That is what stable-baselines3 itself would save (networks, optimizers, coefficients) and what it leaves out: the
    replay buffer, what was seen last, the memory of a recurrent network, counters, the action space's generator and
    scalars that are not written yet. Action noise has no state: that of :class:`TD3Config` is independent noise.

    Raises:
        CheckpointError: If a weight is not finite.
    """
    modules, variables = model._get_torch_save_params()
    state: State = {"torch": {name: _torch_state(attrgetter(name)(model)) for name in modules}}
    state["torch"] |= {name: _array(attrgetter(name)(model)) for name in variables}
    state["attributes"] = {name: getattr(model, name) for name in ATTRIBUTES if hasattr(model, name)}
    state["last_obs"] = np.asarray(model._last_obs)
    state["episode_starts"] = np.asarray(model._last_episode_starts)
    state["action_space"] = model.action_space.np_random.bit_generator.state
    written = model.logger.name_to_value.items()
    state["unwritten"] = [[name, x if isinstance(x, int) else float(x)] for name, x in written]
    memory = getattr(model, "_last_lstm_states", None)
    if memory is not None:
        parts = memory._asdict().items()
        state["memory"] = {part: {str(k): _array(x) for k, x in enumerate(tensors)} for part, tensors in parts}
    replay = getattr(model, "replay_buffer", None)
    if replay is not None:
        state["replay"] = _replay_state(replay)
    return state


def restore_learner(model: BaseAlgorithm, state: Mapping[str, Any]) -> None:
    """Put a learner, built from the same config, where :func:`learner_state` found it.

    Raises:
        CheckpointError: If the state is of another network, or a weight is not finite.
        KeyError: If something is missing.
    """
    modules, variables = model._get_torch_save_params()
    for name in modules:
        part = attrgetter(name)(model)
        if isinstance(part, torch.optim.Optimizer):
            _restore_optimizer(part, state["torch"][name])
        else:
            load_weights(part, state["torch"][name])
    for name in variables:
        attrgetter(name)(model).data.copy_(torch.as_tensor(state["torch"][name]))
    for name, value in state["attributes"].items():
        setattr(model, name, value)
    require_alike("last_obs", state["last_obs"], (model.n_envs, *(model.observation_space.shape or ())), "f")
    require_alike("episode_starts", state["episode_starts"], (model.n_envs,), "bf")
    model._last_obs, model._last_episode_starts = state["last_obs"], state["episode_starts"]
    model.action_space.np_random.bit_generator.state = state["action_space"]
    for name, value in state["unwritten"]:
        model.logger.record(name, value)
    if "memory" in state:
        _restore_memory(model, state["memory"])
    if "replay" in state:
        _restore_replay(model.replay_buffer, state["replay"])  # type: ignore[attr-defined]


def require_alike(name: str, found: NDArray[Any], shape: tuple[int, ...], kinds: str) -> None:
    """Require of an array its shape and one of some kinds of numbers, as NumPy abbreviates them.

    Raises:
        CheckpointError: If it is another.
    """
    if found.shape != shape or found.dtype.kind not in kinds:
        raise CheckpointError(
            f"{name} is {found.dtype} of shape {found.shape}, not {shape}: train again with --overwrite"
        )


def weights(network: torch.nn.Module) -> dict[str, NDArray[Any]]:
    """Return the weights of a network by name.

    Raises:
        CheckpointError: If one is not finite.
    """
    found = {name: _array(value) for name, value in network.state_dict().items()}
    require_learned(found)
    return found


def require_learned(found: Mapping[str, NDArray[Any]]) -> None:
    """Require of the weights that a training has come to that they are finite.

    Raises:
        CheckpointError: If one is not.
    """
    problem = _not_finite(found)
    if problem:
        raise CheckpointError(f"{problem}: the training diverged; lower learner.learning_rate, for example")


def load_weights(network: torch.nn.Module, found: Mapping[str, NDArray[Any]]) -> None:
    """Load weights into a network of the same shape.

    Raises:
        CheckpointError: If they are those of another network, or one is not finite.
    """
    expected = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    shapes = {name: value.shape for name, value in found.items()}
    if expected != shapes:
        differing = sorted(name for name in expected | shapes if expected.get(name) != shapes.get(name))
        raise CheckpointError(f"another network than its config describes: {', '.join(differing[:4])}")
    problem = _not_finite(found)
    if problem:
        raise CheckpointError(f"{problem}: train the run again with --overwrite")
    network.load_state_dict({name: torch.as_tensor(value) for name, value in found.items()})


def _not_finite(found: Mapping[str, NDArray[Any]]) -> str:
    names = [name for name, value in found.items() if value.dtype.kind not in "biuf" or not np.isfinite(value).all()]
    return f"weights of the network are not finite ({', '.join(names[:4])})" if names else ""


def _torch_state(part: torch.nn.Module | torch.optim.Optimizer) -> State:
    if isinstance(part, torch.nn.Module):
        return dict(weights(part))
    state = part.state_dict()
    slots = {str(index): {k: _plain(v) for k, v in values.items()} for index, values in state["state"].items()}
    return {"slots": slots, "rates": [float(group["lr"]) for group in state["param_groups"]]}


def _restore_optimizer(optimizer: torch.optim.Optimizer, state: Mapping[str, Any]) -> None:
    slots = {int(index): {k: _tensor(v) for k, v in values.items()} for index, values in state.get("slots", {}).items()}
    groups = optimizer.state_dict()["param_groups"]
    rated = [group | {"lr": rate} for group, rate in zip(groups, state["rates"], strict=True)]
    optimizer.load_state_dict({"state": slots, "param_groups": rated})
    for parameter, kept in optimizer.state.items():
        for name, value in kept.items():
            if value.ndim:  # all but the count of steps
                require_alike(name, _array(value), tuple(parameter.shape), "f")


def _restore_memory(model: BaseAlgorithm, state: Mapping[str, Any]) -> None:
    """Put the memory of a recurrent network, hidden and cell states of its policy and its value, in place."""
    kind = type(model._last_lstm_states)  # type: ignore[attr-defined]
    parts = {part: tuple(_tensor(values[str(k)]).to(model.device) for k in range(2)) for part, values in state.items()}
    model._last_lstm_states = kind(**parts)  # type: ignore[attr-defined]


def _replay_state(buffer: ReplayBuffer) -> State:
    """The filled part of a replay buffer."""
    return {name: field[: buffer.size()] for name, field in _fields(buffer).items()} | {
        "pos": buffer.pos,
        "full": buffer.full,
    }


def _restore_replay(buffer: ReplayBuffer, state: Mapping[str, Any]) -> None:
    buffer.pos, buffer.full = state["pos"], state["full"]
    for name, field in _fields(buffer).items():
        field[: buffer.size()] = state[name]


def _fields(buffer: ReplayBuffer) -> dict[str, NDArray[Any]]:
    """What a replay buffer holds of every step, (buffer_size, slots, …)."""
    return {name: field for name, field in vars(buffer).items() if isinstance(field, np.ndarray)}


def _array(tensor: torch.Tensor) -> NDArray[Any]:
    array: NDArray[Any] = tensor.detach().cpu().numpy()
    return array


def _plain(value: Any) -> Any:
    return _array(value) if isinstance(value, torch.Tensor) else value


def _tensor(value: Any) -> Any:
    return torch.as_tensor(value) if isinstance(value, np.ndarray) else value
