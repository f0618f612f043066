"""The sections of a config: typed, frozen, with their ranges and meanings."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from security_dilemma.actions import ActionMode
from security_dilemma.params import PARAMETERS, WORLDS, Range, nearest, parameter_faults
from security_dilemma.stages import MAX_STATES, SIGNAL_NAMES, Signals, allowed_signals, game_faults
from security_dilemma_training.faults import Fault

__all__ = [
    "MAX_SEED",
    "Count",
    "EvaluationConfig",
    "Frozen",
    "GameConfig",
    "OutputConfig",
    "Overrides",
    "ScheduleConfig",
    "Seeds",
    "Share",
    "Worlds",
    "game_config_faults",
    "params_faults",
    "seed_faults",
]

MAX_SEED = 2**32 - 1
"""The largest seed that NumPy's legacy generator takes; stable-baselines3 seeds it."""


def _parameter_schema(allowed: Range) -> dict[str, Any]:
    bounds = {
        "exclusiveMinimum" if allowed.open_low else "minimum": allowed.low,
        "exclusiveMaximum" if allowed.open_high else "maximum": allowed.high,
    }
    number = {"type": "number"} | {name: value for name, value in bounds.items() if np.isfinite(value)}
    options = [number, {"type": "array", "items": number, "minItems": 1}]
    meaning = f"{allowed.symbol}: {allowed.meaning}" if allowed.symbol else allowed.meaning
    return {"anyOf": options + [{"type": "null"}] * allowed.optional, "description": meaning}


PARAMETERS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {name: _parameter_schema(allowed) for name, allowed in PARAMETERS.items()},
    "additionalProperties": False,
}
WORLDS_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "array", "items": {"enum": list(WORLDS)}, "minItems": 1, "uniqueItems": True},
        {"type": "object", "additionalProperties": {"anyOf": [PARAMETERS_SCHEMA, {"type": "null"}]}},
    ]
}
SIGNALS_SCHEMA: dict[str, Any] = {
    "anyOf": [{"type": "boolean"}, {"type": "array", "items": {"enum": list(SIGNAL_NAMES)}, "uniqueItems": True}]
}


def _frozen_lists(values: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _by_name(worlds: Any) -> Any:
    """Turn a list of worlds into a mapping of each to no changes."""
    if isinstance(worlds, list | tuple):
        names = [str(name) for name in worlds]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"= {names!r} names {', '.join(twice)} more than once: name each world once")
        return {name: {} for name in names}
    if isinstance(worlds, dict):
        return {name: {} if values is None else values for name, values in worlds.items()}
    return worlds


def _signals_in_order(value: Any) -> Any:
    """Write the same signals in the same way: all of them as true, none as false, others in order, silence first."""
    faults = game_faults(2, 1, signals=value)
    if faults:
        raise ValueError("; ".join(fault.removeprefix("signals").lstrip() for fault in faults))
    allowed = allowed_signals(value)
    if all(allowed) or sum(allowed) == 1:
        return all(allowed)
    return tuple(name for name, heard in zip(SIGNAL_NAMES, allowed, strict=True) if heard)


Overrides = Annotated[dict[str, Any], AfterValidator(_frozen_lists), WithJsonSchema(PARAMETERS_SCHEMA)]
Worlds = Annotated[
    dict[str, Annotated[dict[str, Any], AfterValidator(_frozen_lists)]],
    BeforeValidator(_by_name),
    WithJsonSchema(WORLDS_SCHEMA),
]
AllowedSignals = Annotated[Signals, BeforeValidator(_signals_in_order), WithJsonSchema(SIGNALS_SCHEMA)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
Seeds = Annotated[tuple[Seed, ...], Field(strict=False, min_length=1)]
Stage = Annotated[tuple[Annotated[tuple[str, ...], Field(strict=False)], float], Field(strict=False)]


class Frozen(BaseModel):
    """A model that is strict about types and keys and never changes."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class GameConfig(Frozen):
    """The static shape of the game."""

    n_states: int = Field(default=2, ge=2, le=MAX_STATES)
    """Number of states."""
    max_cycles: Count = 64
    """Time limit of a game in steps; learners bootstrap through it."""
    action_mode: ActionMode = "multidiscrete"
    """What an agent sends."""
    stages: Annotated[tuple[Stage, ...], Field(strict=False)] | None = None
    """The (enabled moves, stake) of each stage of a stage game."""
    war: Literal["terminal", "scaled"] = "terminal"
    """Whether a war ends the game, or each stage pays its share of the crisis matrix (stage games only)."""
    reveal_intents: bool = False
    """Whether every state observes the others' greed: the control of what is due to uncertainty about intent."""
    signals: AllowedSignals = True
    """Which signals there are: all (true), none (false) or those named; any other counts as silence, costs nothing and
    binds nobody."""


class ScheduleConfig(Frozen):
    """How long to learn."""

    agent_steps: Count = 1_000_000
    """Steps of all slots together, rounded up to whole updates."""
    checkpoint_every: Count = 250_000
    """Agent-steps between two checkpoints, from which an interrupted run goes on."""


class EvaluationConfig(Frozen):
    """How learned policies are measured."""

    games: Count = 2000
    """Games for each pair of intents."""
    horizon: Count = 20
    """Steps within which a war counts for the tragic war rate."""
    seed: Seed = 1_000_000
    """Seed of the evaluation's games."""


class OutputConfig(Frozen):
    """Where results go."""

    folder: str | None = Field(default=None, min_length=1)
    """Folder of the results, relative to the working directory; null: runs/<name>."""
    tensorboard: bool = True
    """Whether to write TensorBoard files beside the CSV table."""


def seed_faults(seeds: tuple[int, ...]) -> list[Fault]:
    """Return the fault of seeds that are given twice: they would be no replicates."""
    twice = sorted({seed for seed in seeds if seeds.count(seed) > 1})
    return [Fault("seeds", f"= {list(seeds)} names {twice} more than once: each seed is one run")] if twice else []


def game_config_faults(game: GameConfig) -> list[Fault]:
    """Return the faults of the static shape of a game."""
    involved = tuple(f"game.{name}" for name in ("n_states", "max_cycles", "stages", "war"))
    faults = []
    for text in game_faults(game.n_states, game.max_cycles, game.stages, game.war):
        name = text.replace("[", " ").split()[0]
        own = name in GameConfig.model_fields
        key, problem = (f"game.{name}", text.removeprefix(name)) if own else ("game.stages", f": {text}")
        faults.append(Fault(key, problem.strip(), involved))
    return faults


def params_faults(section: str, values: dict[str, Any], game: GameConfig) -> list[Fault]:
    """Return the faults of parameters by name; a list holds one number per state.

    Args:
        section: Dotted key of the parameters.
        values: Numbers, tuples or None by name.
        game: The shape of the game that they are for.
    """
    faults = []
    for name, value in values.items():
        key, text = f"{section}.{name}", None
        if name not in PARAMETERS:
            faults.append(Fault(key, f"= {value!r} is an unknown parameter: {nearest(name, PARAMETERS)}"))
            continue
        if isinstance(value, tuple) and any(np.ndim(entry) or isinstance(entry, bool | str) for entry in value):
            text = f"= {list(value)!r} must be a number, or a list of one number per state: {PARAMETERS[name]}"
        texts = [text] if text else parameter_faults({name: list(value) if isinstance(value, tuple) else value})
        faults += [Fault(key, text.removeprefix(name).strip()) for text in texts]
        if not texts:
            texts = parameter_faults({name: value}, game.n_states)
            faults += [Fault(key, text.removeprefix(name).strip(), ("game.n_states",)) for text in texts]
    discount = values.get("discount")
    if isinstance(discount, tuple) and len(set(discount)) > 1:
        faults.append(
            Fault(f"{section}.discount", f"= {list(discount)} must be one number: all states share a learner")
        )
    return faults
