"""What is asked of a benchmark: algorithms, worlds, schemes, controls and seeds, of which every combination is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from security_dilemma.params import WORLDS
from security_dilemma_training.benchmark.controls import CONTROLS
from security_dilemma_training.benchmark.plan_cells import Cell, cells_of
from security_dilemma_training.benchmark.plan_values import LISTS, several, values_of
from security_dilemma_training.config import NAME
from security_dilemma_training.faults import ConfigError, Fault, model_faults
from security_dilemma_training.import_paths import untrusted_faults
from security_dilemma_training.learner_sections import ALGORITHM_NAMES
from security_dilemma_training.partner_sections import SCHEMES
from security_dilemma_training.sections import (
    EvaluationConfig,
    Frozen,
    GameConfig,
    OutputConfig,
    Overrides,
    ScheduleConfig,
    Seeds,
    Worlds,
    seed_faults,
)
from security_dilemma_training.sources import label_of, outside_fault, read_yaml, with_overrides

__all__ = ["BenchmarkConfig", "MeasuresConfig", "load_benchmark"]

KNOWN = {"algorithms": ALGORITHM_NAMES, "worlds": tuple(WORLDS), "schemes": SCHEMES}
NAMED = tuple(KNOWN)
"""Keys whose entries have names; a list of names stands for entries without options."""


def _named(entries: Any) -> Any:
    """Return entries by name: of a list, names without options and sections by what they are."""
    if isinstance(entries, str):
        entries = [entries]
    if isinstance(entries, list | tuple):
        pairs = [(_name(entry), {} if isinstance(entry, str) else entry) for entry in entries]
        twice = sorted({name for name, _ in pairs if [other for other, _ in pairs].count(name) > 1})
        if twice:
            raise ValueError(
                f"= {list(entries)!r} names {', '.join(twice)} more than once: give them names, as in `a: …`"
            )
        return dict(pairs)
    if isinstance(entries, dict):
        return {name: {} if options is None else options for name, options in entries.items()}
    return entries


def _name(entry: Any) -> str:
    """What an entry of a list without names is called."""
    if isinstance(entry, Mapping):
        return str(entry.get("algorithm", entry.get("scheme", entry)))
    return str(entry)


def _schema_of(kinds: Sequence[str], kind: str) -> dict[str, Any]:
    section = {"type": "object", "properties": {kind: {"enum": list(kinds)}}}
    entries = {"anyOf": [{"enum": list(kinds)}, {**section, "required": [kind]}]}
    return {
        "anyOf": [
            {"type": "array", "items": entries, "minItems": 1},
            {"type": "object", "additionalProperties": {"anyOf": [section, {"type": "null"}]}},
        ]
    }


Named = Annotated[dict[str, dict[str, Any]], BeforeValidator(_named), Field(min_length=1)]
Algorithms = Annotated[Named, WithJsonSchema(_schema_of(ALGORITHM_NAMES, "algorithm"))]
Schemes = Annotated[Named, WithJsonSchema(_schema_of(SCHEMES, "scheme"))]
Controls = Annotated[
    tuple[str, ...],
    Field(strict=False, min_length=1),
    WithJsonSchema({"type": "array", "items": {"enum": list(CONTROLS)}, "minItems": 1, "uniqueItems": True}),
]
Values = Annotated[tuple[Any, ...], Field(strict=False, min_length=1)]


def _nothing(axes: Any) -> Any:
    return {} if axes is None else axes


def _in_order(axes: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted(axes.items()))


class MeasuresConfig(Frozen):
    """What is measured beside the evaluation."""

    exploitability: bool = False
    """Whether a best response to every policy is searched; about a minute a run."""
    beliefs: bool = False
    """Whether what can be told of intents from play is scored; kept in the runs' folders."""


class BenchmarkConfig(Frozen):
    """Every combination of algorithm, world, scheme, control and seed."""

    name: str | None = Field(default=None, pattern=NAME)
    """Label of the folder of results; null: the file's name."""
    algorithms: Algorithms = Field(default_factory=lambda: {name: dict[str, Any]() for name in ALGORITHM_NAMES})
    """A list of algorithms, or a mapping of names to options of the learner; without `algorithm` the name is one."""
    worlds: Worlds = Field(default_factory=lambda: {name: dict[str, Any]() for name in WORLDS}, min_length=1)
    """A list of Jervis's worlds, or a mapping of names to parameters: changes of a world, or a world of its own."""
    schemes: Schemes = Field(default_factory=lambda: {"self_play": dict[str, Any]()})
    """Who learns with whom: a list of schemes, or a mapping of names to sections as of `partners`."""
    controls: Controls = ("none",)
    """Causal controls, by name; `none` is what the others are compared with."""
    seeds: Seeds = (0, 1, 2, 3, 4)
    """One run for each combination and seed."""
    axes: Annotated[dict[str, Values], BeforeValidator(_nothing), AfterValidator(_in_order)] = Field(
        default_factory=dict
    )
    """Further things to vary: a list of values for each dotted key, as in `params.war_cost: [0.1, 0.3]`."""
    learner: dict[str, Any] = Field(default_factory=dict)
    """Options that all algorithms have, and take."""
    params: Overrides = Field(default_factory=dict)
    """Changes to the parameters of all worlds, by name: a number, or a list of one number per state."""
    game: GameConfig = GameConfig()
    """The static shape of the game; the action mode, if it is left out, is each algorithm's own."""
    schedule: ScheduleConfig = ScheduleConfig()
    """How long to learn."""
    evaluation: EvaluationConfig = EvaluationConfig()
    """How learned policies are measured."""
    measures: MeasuresConfig = MeasuresConfig()
    """What is measured beside that."""
    output: OutputConfig = OutputConfig()
    """Where results go."""

    @property
    def label(self) -> str:
        """The name of the folder."""
        return self.name or "benchmark"

    @property
    def folder(self) -> Path:
        """The folder of the results."""
        return Path(self.output.folder or f"runs/{self.label}")

    def cells(self) -> tuple[Cell, ...]:
        """Return every combination but for the seeds."""
        return cells_of(self)[0]

    @model_validator(mode="after")
    def _fits_together(self) -> BenchmarkConfig:
        faults = [*seed_faults(self.seeds), *cells_of(self)[1]]
        if faults:
            raise ConfigError(faults)
        return self


def load_benchmark(path: Path | None, overrides: Sequence[str] = ()) -> BenchmarkConfig:
    """Read a benchmark from a YAML file, or take the defaults where there is none.

    Args:
        path: The file, or None.
        overrides: Changes as ``key=value``; what several values mean is told in
            :mod:`security_dilemma_training.benchmark.plan_values`. Those of ``algorithms``, ``worlds`` and ``schemes``
            choose from the file's, which keep their options, or name others; those of ``controls`` and ``seeds``
            replace the file's; of every other key they are values of an axis.

    Raises:
        ConfigError: Listing every fault of the file and the overrides.
    """
    data = read_yaml(path) if path else {}
    faults = outside_fault(data, overrides)
    if path:
        data.setdefault("name", label_of(path))
    for text in overrides:
        data, more = _changed(data, text)
        faults += more
    faults += model_faults(BenchmarkConfig, data)
    if not faults:
        asked = BenchmarkConfig.model_validate(data)
        faults += _untrusted(asked)
    if faults:
        raise ConfigError(faults, str(path) if path else "the command line")
    return asked


def _untrusted(asked: BenchmarkConfig) -> list[Fault]:
    """Faults of partners that would be imported."""
    found = [
        Fault(f"schemes.{cell.scheme}.policies", fault.problem)
        for cell in asked.cells()
        for fault in untrusted_faults({"partners": cell.config.partners.model_dump()})
    ]
    return list(dict.fromkeys(found))


def _changed(data: dict[str, Any], text: str) -> tuple[dict[str, Any], list[Fault]]:
    """Return the data with one change of the command line, and the faults of its form."""
    key, equals, value = (part.strip() for part in text.partition("="))
    if "\n" in text:
        return data, [Fault(key, "on the command line must be a single line")]
    if not equals or not (key in LISTS or several(value)):
        axes = data.get("axes")
        if isinstance(axes, dict) and key in axes:
            data = {**data, "axes": {other: values for other, values in axes.items() if other != key}}
        section = key.partition(".")[0]
        if section in NAMED and isinstance(data.get(section), list):
            data = {**data, section: _named(data[section])}
        return with_overrides(data, [text])
    try:
        values = values_of(value)
    except ValueError as error:
        return data, [Fault(key, str(error))]
    if key not in LISTS:
        return {**data, "axes": {**(data.get("axes") or {}), key: values}}, []
    listed = values[0] if len(values) == 1 and isinstance(values[0], list | dict) else values
    if key not in NAMED or isinstance(listed, dict):
        return {**data, key: listed}, []
    try:
        there, wanted = _named(data.get(key) or list(KNOWN[key])), _named(listed)
    except ValueError as error:
        return data, [Fault(key, str(error))]
    chosen = {name: options or there.get(name, {}) for name, options in wanted.items()}
    gone = tuple(f"{key}.{name}." for name in there if name not in chosen)
    axes = {axis: values for axis, values in (data.get("axes") or {}).items() if not axis.startswith(gone)}
    return {**data, key: chosen, "axes": axes}, []
