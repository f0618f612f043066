"""What is asked of a study: conditions, seeds, what is measured, and what is compared with what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from security_dilemma.params import WORLDS, nearest
from security_dilemma_training.config import NAME, RunConfig
from security_dilemma_training.faults import ConfigError, Fault, model_faults
from security_dilemma_training.learner_sections import PPOConfig
from security_dilemma_training.sections import MAX_SEED, Frozen, Overrides, Seeds, params_faults, seed_faults
from security_dilemma_training.short_runs import ShortRuns
from security_dilemma_training.sources import read_yaml
from security_dilemma_training.studies.registry import MEASUREMENTS, definitions_of
from security_dilemma_training.studies.scripted import scripted_faults

__all__ = ["Comparison", "Condition", "StudyConfig"]

Expected = Literal["higher", "lower", "equal", "open"]


def _names(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _counted(value: Any) -> Any:
    """Let a number stand for so many seeds, from 0."""
    return list(range(value)) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else value


Names = Annotated[
    tuple[str, ...],
    Field(strict=False),
    BeforeValidator(_names),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
CountedSeeds = Annotated[
    Seeds,
    BeforeValidator(_counted),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": MAX_SEED}, "minItems": 1},
            ]
        }
    ),
]
Options = dict[str, Any]


def _fitted(learner: Options, n_states: Any) -> Options:
    """Let the default number of slots be a multiple of the number of states, and a batch a quarter of the rollout."""
    slots = PPOConfig().slots
    given = {"slots", "batch_size"} & set(learner) or learner.get("algorithm", "ppo") != "ppo"
    if given or not isinstance(n_states, int) or n_states < 2 or slots % n_states == 0:
        return learner
    fitting, steps = slots - slots % n_states, learner.get("n_steps", PPOConfig().n_steps)
    batch = fitting * steps // 4 if isinstance(steps, int) and steps % 4 == 0 else PPOConfig().batch_size
    return learner | {"slots": fitting, "batch_size": batch}


class Condition(Frozen):
    """One condition of a study: what differs from the settings that all share."""

    label: str = ""
    """What it is called in figures; empty: its name."""
    config: str | None = None
    """File of a run's config that it begins from, relative to the study's own file."""
    world: str | None = Field(default=None, json_schema_extra={"enum": [*WORLDS, None]})
    """One of Jervis's four worlds."""
    params: Overrides = Field(default_factory=dict)
    """Changes to the parameters, by name."""
    game: Options = Field(default_factory=dict)
    """Changes to the shape of the game."""
    learner: Options = Field(default_factory=dict)
    """Changes to the learner; one of another algorithm begins from that one's defaults."""
    partners: Options | None = None
    """Who learns with whom, in place of what all share."""
    schedule: Options = Field(default_factory=dict)
    """Changes to the schedule."""
    after: str | None = None
    """A condition with whose policy of the same seed learning begins."""
    players: Names = ()
    """Nothing is learned: state i is played by the i-th of these, the name of a condition (whose policy of the same
    seed plays) or of a scripted state; one name plays every state."""


class Comparison(Frozen):
    """Two conditions by one metric, and what was expected before anything was run."""

    metric: str
    """A metric of one of the measures."""
    condition: str
    """The condition that is expected to be higher, or lower."""
    against: str
    """The condition that it is held against."""
    expected: Expected = "open"
    """What theory expects of the metric in `condition`; `equal` is a null."""
    why: str = ""
    """Who expects it, and why."""


class StudyConfig(ShortRuns):
    """Conditions, learned with every seed or scripted; what is measured in each; and how they compare."""

    question: str = Field(min_length=1)
    """What the study asks, in a sentence."""
    expectation: str = ""
    """What theory expects, with its source, written before anything is run."""
    caveats: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """What the study does not show."""
    world: str | None = Field(default=None, json_schema_extra={"enum": [*WORLDS, None]})
    """One of Jervis's four worlds, where conditions name no other."""
    seeds: CountedSeeds = tuple(range(10))
    """One run for each condition and seed; a number stands for so many, from 0."""
    conditions: dict[str, Condition] = Field(min_length=2)
    """Conditions by name, in the order in which they are shown."""
    measures: Annotated[tuple[str, ...], Field(strict=False, min_length=1)] = ("outcome",)
    """What is measured, by name."""
    comparisons: Annotated[tuple[Comparison, ...], Field(strict=False)] = ()
    """What is compared with what."""
    figure: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Metrics that have a panel; none: those that are compared."""

    @property
    def label(self) -> str:
        """The name in tables and folders."""
        return self.name or "study"

    @property
    def folder(self) -> Path:
        """The folder of the results."""
        return Path(self.output.folder or f"runs/studies/{self.label}")

    @cached_property
    def definitions(self) -> dict[str, str]:
        """The metrics that are measured, with their definitions."""
        return definitions_of(self.measures)

    @property
    def shown(self) -> tuple[str, ...]:
        """The metrics that have a panel and a column."""
        compared = dict.fromkeys(comparison.metric for comparison in self.comparisons)
        return self.figure or tuple(compared) or tuple(self.definitions)[:4]

    def title_of(self, condition: str) -> str:
        """Return what a condition is called in figures and tables."""
        return self.conditions[condition].label or condition.replace("_", " ")

    def run_config(self, name: str, seed: int) -> RunConfig:
        """Return the config of a condition with a seed, in its own folder.

        Args:
            name: Of the condition.
            seed: Matters where learning begins with another condition's policy of the same seed.
        """
        data, condition = self._data(name), self.conditions[name]
        if condition.after is not None:
            start = self.run_folder(condition.after, seed)
            data["learner"] = data["learner"] | {"start_from": str(start)}
        return RunConfig.model_validate(data)

    def run_folder(self, name: str, seed: int) -> Path:
        """Return the folder of one seed of a condition."""
        return self.folder / name / f"seed_{seed}"

    def waves(self) -> list[list[str]]:
        """Return the conditions that learn, those that begin with another's policy in a wave after that one."""
        left = {name: condition.after for name, condition in self.conditions.items() if not condition.players}
        waves: list[list[str]] = []
        while left:
            ready = [name for name, after in left.items() if after not in left]
            waves.append(ready)
            left = {name: after for name, after in left.items() if name not in ready}
        return waves

    def _data(self, name: str) -> dict[str, Any]:
        """The config of a condition as plain data."""
        condition = self.conditions[name]
        base = read_yaml(Path(condition.config)) if condition.config else {}
        given = self.model_dump(mode="json", exclude_unset=True)
        shared = {section: given.get(section, {}) for section in ("params", "game", "schedule")}
        data = {
            section: {**base.get(section, {}), **shared[section], **getattr(condition, section)} for section in shared
        }
        learner = self.learner.model_dump(mode="json", exclude_unset=True) | {"algorithm": self.learner.algorithm}
        own = condition.learner
        alike = own.get("algorithm", learner["algorithm"]) == learner["algorithm"]
        learner = {**base.get("learner", {}), **learner, **own} if alike else dict(own)
        data["learner"] = _fitted(learner, data["game"].get("n_states", 2))
        partners = condition.partners or given.get("partners") or base.get("partners")
        output = self.output.model_dump(mode="json") | {"folder": str(self.folder / name)}
        schedule = self.schedule.model_dump(mode="json") | data["schedule"]
        return data | {
            "name": name,
            "world": condition.world or base.get("world") or self.world,
            "schedule": schedule,
            "evaluation": self.evaluation.model_dump(mode="json"),
            "output": output,
            **({"partners": partners} if partners else {}),
        }

    def faults(self) -> list[Fault]:
        """Return the faults of values that do not fit together."""
        faults = [*seed_faults(self.seeds), *params_faults("params", self.params, self.game)]
        faults += [
            Fault("measures", f"= {name!r} is unknown: {nearest(name, MEASUREMENTS)}")
            for name in self.measures
            if name not in MEASUREMENTS
        ]
        for name in self.conditions:
            faults += self._condition_faults(name)
        if not faults:
            faults += self._circles()
        known = {metric for name in self.measures if name in MEASUREMENTS for metric in definitions_of([name])}
        return faults + (list(self._comparison_faults(known)) if known else [])

    def _condition_faults(self, name: str) -> Iterator[Fault]:
        condition, key = self.conditions[name], f"conditions.{name}"
        if not re.fullmatch(NAME, name):
            yield Fault("conditions", f"names {name!r}: a name must be of the form {NAME}")
        if condition.after is not None and condition.players:
            yield Fault(f"{key}.after", "and players are both given: players do not learn", (f"{key}.players",))
        learning = {other: None for other, one in self.conditions.items() if not one.players}
        if condition.after is not None and condition.after not in learning:
            problem = f"= {condition.after!r} is no condition that learns: {nearest(condition.after, learning)}"
            yield Fault(f"{key}.after", problem)
        try:
            data = self._data(name)
        except ConfigError as error:
            yield from (Fault(f"{key}.config", f"= {condition.config!r}: {fault}") for fault in error.faults)
            return
        found = model_faults(RunConfig, data)
        yield from (Fault(f"{key}.{fault.key}" if fault.key else key, fault.problem) for fault in found)
        if condition.players and not found:
            n_states = RunConfig.model_validate(data).game.n_states
            yield from scripted_faults(f"{key}.players", condition.players, learning, n_states)

    def _circles(self) -> Iterator[Fault]:
        for name, condition in self.conditions.items():
            seen, after = {name}, condition.after
            while after is not None and after not in seen:
                seen.add(after)
                after = self.conditions[after].after
            if after == name:
                yield Fault(f"conditions.{name}.after", f"= {condition.after!r} leads back to {name}: begin somewhere")

    def _comparison_faults(self, known: Mapping[str, Any] | set[str]) -> Iterator[Fault]:
        for metric in self.figure:
            if metric not in known:
                yield Fault("figure", f"= {metric!r} is no metric of the measures: {nearest(metric, sorted(known))}")
        for place, comparison in enumerate(self.comparisons):
            key = f"comparisons[{place}]"
            if comparison.metric not in known:
                told = nearest(comparison.metric, sorted(known))
                yield Fault(f"{key}.metric", f"= {comparison.metric!r} is no metric of the measures: {told}")
            for field in ("condition", "against"):
                named = getattr(comparison, field)
                if named not in self.conditions:
                    yield Fault(f"{key}.{field}", f"= {named!r} is no condition: {nearest(named, self.conditions)}")
            if comparison.condition == comparison.against:
                yield Fault(key, f"holds {comparison.condition!r} against itself: name two conditions")
