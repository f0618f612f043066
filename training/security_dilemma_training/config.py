"""What is asked of a training: typed, frozen configs, read from YAML and changed on the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import Field, model_validator

from security_dilemma.params import PARAMETERS, WORLDS, Params, nearest, world_params
from security_dilemma.stage_games import STAGE_GAMES
from security_dilemma_training.determinants import config_hash, determinants
from security_dilemma_training.faults import ConfigError, Fault, model_faults
from security_dilemma_training.import_paths import untrusted_faults
from security_dilemma_training.learner_faults import compiled_partner_faults, learner_faults
from security_dilemma_training.learner_sections import ACTION_MODES_OF, Learner, LearnerConfig, PPOConfig
from security_dilemma_training.partner_sections import Partners, SelfPlay, partner_faults
from security_dilemma_training.sections import (
    EvaluationConfig,
    Frozen,
    GameConfig,
    OutputConfig,
    Overrides,
    ScheduleConfig,
    Seeds,
    Worlds,
    game_config_faults,
    params_faults,
    seed_faults,
)
from security_dilemma_training.sources import label_of, outside_fault, read_yaml, with_overrides
from security_dilemma_training.tuning.tuned import family_of, tuned_values

__all__ = [
    "ConfigError",
    "EvaluationConfig",
    "Experiment",
    "FourWorldsConfig",
    "GameConfig",
    "LearnerConfig",
    "OutputConfig",
    "PPOConfig",
    "RunConfig",
    "ScheduleConfig",
    "config_hash",
    "determinants",
    "load",
    "load_defaults",
    "parse",
]


NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
"""A name, which is also that of a folder."""


class Experiment(Frozen):
    """What single runs and sweeps over worlds or parameters have in common."""

    name: str | None = Field(default=None, pattern=NAME)
    """Label in tables and of the folder of results; null: the file's name."""
    params: Overrides = Field(default_factory=dict)
    """Changes to the parameters, by name: a number, or a list of one number per state."""
    game: GameConfig = GameConfig()
    """The static shape of the game."""
    learner: Learner = PPOConfig()
    """The learner and its options."""
    partners: Partners = SelfPlay()
    """Who learns with whom."""
    schedule: ScheduleConfig = ScheduleConfig()
    """How long to learn."""
    seeds: Seeds = (0,)
    """One run for each seed."""
    evaluation: EvaluationConfig = EvaluationConfig()
    """How learned policies are measured."""
    output: OutputConfig = OutputConfig()
    """Where results go."""

    @property
    def label(self) -> str:
        """The name in tables and folders."""
        return self.name or "unnamed"

    @property
    def folder(self) -> Path:
        """The folder of the results."""
        return Path(self.output.folder or f"runs/{self.label}")

    @model_validator(mode="before")
    @classmethod
    def _played_as_learned(cls, data: Any) -> Any:
        """Let the learner choose the action mode where ``game`` leaves it out."""
        learner, game = (data.get("learner"), data.get("game", {})) if isinstance(data, Mapping) else (None, None)
        modes = ACTION_MODES_OF.get(str(learner.get("algorithm", "ppo"))) if isinstance(learner, Mapping) else None
        if modes is None or modes[0] == GameConfig().action_mode or not isinstance(game, Mapping):
            return data
        return {**data, "game": {"action_mode": modes[0], **game}}

    @model_validator(mode="after")
    def _fits_together(self) -> Experiment:
        faults = self.faults()
        if faults:
            raise ConfigError(faults)
        return self

    @property
    def n_networks(self) -> int:
        """Number of networks that learn: one, or one for each state that learns on its own."""
        return self.game.n_states if self.partners.scheme == "independent" else 1

    @property
    def any_number(self) -> bool:
        """Whether the policy that is learned can play games of another number of states."""
        return self.n_networks == 1 and getattr(self.learner, "network", "mlp") != "mlp"

    @property
    def n_games(self) -> int:
        """Number of games side by side: in populations and among frozen partners one state of each game learns."""
        alone = self.partners.scheme in ("population", "frozen")
        return self.learner.slots // (1 if alone else self.game.n_states)

    def faults(self) -> list[Fault]:
        """Return the faults of values that do not fit together."""
        return [
            *seed_faults(self.seeds),
            *learner_faults(self.learner, self.game, self.n_networks, self.schedule.agent_steps),
            *partner_faults(self.partners),
            *compiled_partner_faults(self.learner, self.partners.scheme),
            *game_config_faults(self.game),
        ]


class RunConfig(Experiment):
    """One world, learned with one or several seeds."""

    world: str | None = Field(default=None, json_schema_extra={"enum": [*WORLDS, None]})
    """One of Jervis's four worlds; may be left out where ``params`` describe a world of its own."""
    stage_game: str | None = Field(default=None, json_schema_extra={"enum": [*STAGE_GAMES, None]})
    """A ready-made stage game, in place of a world; it gives its parameters and what ``game`` leaves out."""

    @model_validator(mode="before")
    @classmethod
    def _shaped_by_stage_game(cls, data: Any) -> Any:
        """Let the stage game give what ``game`` leaves out."""
        ready = STAGE_GAMES.get(str(data.get("stage_game"))) if isinstance(data, Mapping) else None
        given = data.get("game", {}) if ready else None
        if ready is None or not isinstance(given, Mapping | GameConfig):
            return data
        own = given.model_dump(exclude_unset=True) if isinstance(given, GameConfig) else given
        left_out = {"params", "max_cycles"} if "stages" in own else {"params"}
        shape = {name: value for name, value in ready.arguments().items() if name not in left_out}
        return {**data, "game": {**shape, **own}}

    @model_validator(mode="before")
    @classmethod
    def _tuned(cls, data: Any) -> Any:
        """Let tuned values fill what a learner that asks for them leaves out."""
        learner = data.get("learner") if isinstance(data, Mapping) else None
        if not isinstance(learner, Mapping) or learner.get("tuned") is not True:
            return data
        found = tuned_values(str(learner.get("algorithm", "ppo")), family_of(data))
        return {**data, "learner": {**found, **learner}}

    @property
    def label(self) -> str:
        """The name in tables and folders."""
        return self.name or self.world or self.stage_game or "unnamed"

    @property
    def gamma(self) -> float:
        """The learner's discount: the game's continuation δ, or 1 in a stage game, which ends by itself."""
        return 1.0 if self.game.stages else float(np.max(self.resolved_params().discount))

    def resolved_params(self) -> Params:
        """Return the parameters of the world or stage game with their changes; lists as arrays."""
        changes = {
            name: np.asarray(value) if isinstance(value, tuple) else value for name, value in self.params.items()
        }
        base = STAGE_GAMES[self.stage_game].params if self.stage_game else Params()
        return world_params(self.world, None if self.world else base, changes, self.game.n_states)

    def resolved(self) -> dict[str, Any]:
        """Return the config with every parameter and default spelled out, as plain data for YAML."""
        params = self.resolved_params()
        values = {name: np.asarray(getattr(params, name), object).tolist() for name in PARAMETERS}
        return self.model_dump(mode="json") | {"name": self.label, "params": values}

    def faults(self) -> list[Fault]:
        """Return the faults of values that do not fit together."""
        faults = [*super().faults(), *params_faults("params", self.params, self.game)]
        if self.world is None and self.stage_game is None and not self.params:
            problem = f"is missing: choose one of {', '.join(WORLDS)}, or give params or a stage_game"
            faults.append(Fault("world", problem, ("params", "stage_game")))
        if self.world is not None and self.stage_game is not None:
            problem = f"= {self.stage_game!r} and world = {self.world!r} are both given: give one of them"
            faults.append(Fault("stage_game", problem, ("world",)))
        for key, name, names in (("world", self.world, WORLDS), ("stage_game", self.stage_game, STAGE_GAMES)):
            if name is not None and name not in names:
                faults.append(Fault(key, f"= {name!r} is unknown: {nearest(name, names)}"))
        return faults


class FourWorldsConfig(Experiment):
    """The same learner in several worlds."""

    worlds: Worlds = Field(default_factory=lambda: {name: dict[str, Any]() for name in WORLDS}, min_length=1)
    """A list of Jervis's worlds, or a mapping of names to parameters: changes of a world, or a world of its own."""
    seeds: Seeds = (0, 1, 2, 3, 4)
    """One run for each world and seed."""

    @property
    def label(self) -> str:
        """The name in tables and folders."""
        return self.name or "four_worlds"

    def for_world(self, name: str) -> RunConfig:
        """Return the config of one world, in its own folder.

        Raises:
            KeyError: If the config has no world of that name.
        """
        shared = {field: getattr(self, field) for field in Experiment.model_fields}
        output = self.output.model_copy(update={"folder": str(self.folder / name)})
        learner = self.learner.model_dump(exclude_unset=True) | {"algorithm": self.learner.algorithm}
        changes = {"name": name, "params": self.params | self.worlds[name], "output": output, "learner": learner}
        return RunConfig(**shared | changes, world=name if name in WORLDS else None)

    def faults(self) -> list[Fault]:
        """Return the faults of values that do not fit together."""
        faults = [*super().faults(), *params_faults("params", self.params, self.game)]
        for name, changes in self.worlds.items():
            key = f"worlds.{name}"
            faults += params_faults(key, changes, self.game)
            if not re.fullmatch(NAME, name):
                faults.append(Fault("worlds", f"names {name!r}: a name must be of the form {NAME}"))
            if name not in WORLDS and not changes:
                hint = "a world of your own needs parameters, as in `name: {balance: 0.5}`"
                faults.append(Fault(key, f"is an unknown world: {nearest(name, WORLDS)} ({hint})"))
        return faults


Kind = TypeVar("Kind", bound=Experiment)


def load(path: Path | str, overrides: Sequence[str], kind: type[Kind]) -> Kind:
    """Read a config from a YAML file.

    Args:
        path: The file.
        overrides: Changes as ``key=value`` with dotted keys and values in YAML, as in ``learner.n_steps=64``.
        kind: What the file describes.

    Raises:
        ConfigError: Listing every fault of the file and the overrides, or the place of an error in its syntax.
    """
    path = Path(path)
    data, faults = with_overrides(read_yaml(path), overrides)
    faults += untrusted_faults(data)
    faults += outside_fault(data, overrides)
    data.setdefault("name", label_of(path))
    return parse(data, kind, source=str(path), faults=faults)


def load_defaults(overrides: Sequence[str], kind: type[Kind]) -> Kind:
    """Return the defaults with changes as for :func:`load`, without a file.

    Raises:
        ConfigError: Listing every fault of the overrides.
    """
    data, faults = with_overrides({}, overrides)
    return parse(data, kind, source="the command line", faults=faults)


def parse(
    data: Mapping[str, Any],
    kind: type[Kind],
    *,
    source: str | None = None,
    faults: Sequence[Fault] = (),
) -> Kind:
    """Return the config of plain data.

    Args:
        data: Values by key.
        kind: What the data describe.
        source: Where the data come from, for the message.
        faults: Faults that are known already.

    Raises:
        ConfigError: Listing every fault.
    """
    faults = [*faults, *model_faults(kind, data)]
    if faults:
        raise ConfigError(faults, source)
    return kind.model_validate(data)
