"""The keys of the configs: type, range, default and meaning of each, from their JSON schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from docs.generators.tables import code, prose, table

from security_dilemma_training.benchmark.plan_config import BenchmarkConfig
from security_dilemma_training.config import FourWorldsConfig, RunConfig
from security_dilemma_training.phase_diagram.diagram_config import PhaseDiagramConfig
from security_dilemma_training.sections import Frozen
from security_dilemma_training.studies.study_config import StudyConfig

__all__ = ["config_keys"]

Schema = Mapping[str, Any]

KINDS: tuple[tuple[str, type[Frozen]], ...] = (
    ("A training", RunConfig),
    ("Several worlds", FourWorldsConfig),
    ("A benchmark", BenchmarkConfig),
    ("A phase diagram", PhaseDiagramConfig),
    ("A study", StudyConfig),
)
"""The kinds of config, with their headings; a section that an earlier kind has is described there."""

MAPPINGS = {
    "params": "[parameters](#params) by name",
    "worlds": "worlds by name, or a list",
    "algorithms": "algorithms, or options by name",
    "schemes": "schemes, or sections by name",
    "learner": "options by name",
    "axes": "lists of values by dotted key",
    "planes": "[planes](#planes) by name",
    "conditions": "[conditions](#conditions) by name",
    "comparisons": "list of [comparisons](#comparisons)",
    "parameter": "name of one of the [parameters](#params)",
}
"""What to call the values of keys whose schemas are too deep for a cell."""

HEADINGS = ("Key", "Value", "Default", "Meaning")
TYPES = {
    "integer": "whole number",
    "number": "number",
    "boolean": "`true`, `false`",
    "string": "text",
    "null": "`null`",
}
TOLD = 60  # characters of a default that a cell holds


def config_keys() -> str:
    """Return sections of Markdown, from the second level of headings on."""
    told: set[str] = set()
    parts = []
    for heading, kind in KINDS:
        schema = kind.model_json_schema()
        parts += [f"## {heading}", prose(schema["description"]), _table(schema, kind)]
        for name, section in schema["properties"].items():
            parts += _sections(name, section, schema["$defs"], told)
    return "\n\n".join(parts) + "\n"


def _sections(name: str, section: Schema, models: Schema, told: set[str]) -> Iterator[str]:
    """Describe a section of a config, and each form that it may have, unless they are told already."""
    if "$ref" in section:
        model = _model(section)
        if model not in told:
            told.add(model)
            yield from (f"### `{name}`", prose(models[model]["description"]), _table(models[model], prefix=f"{name}."))
        return
    for place, entries in (("NAME.", section.get("additionalProperties")), ("", section.get("items"))):
        if isinstance(entries, Mapping) and "$ref" in entries:
            model, prefix = models[_model(entries)], f"{name}.{place}" if place else ""
            yield from (f"### `{name}`", prose(model["description"]), _table(_deep(model, models), prefix=prefix))
    forms = [_model(form) for form in section.get("oneOf", ()) if "$ref" in form]
    if name == "params" and name not in told:
        told.add(name)
        yield from ("### `params`", prose(section["description"]), _parameters(section))
    if not forms or told.issuperset(forms):
        return
    told.update(forms)
    yield from (f"### `{name}`", prose(section["description"]))
    yield from _forms(name, [models[form] for form in forms])


def _forms(name: str, forms: Sequence[Schema]) -> Iterator[str]:
    """Describe the keys that all forms of a section have alike, then each form with the others."""
    first, *others = (form["properties"] for form in forms)
    alike = [key for key, of in first.items() if all(other.get(key) == of for other in others)]
    if alike:
        yield "In every form:"
        yield _table({"properties": {key: first[key] for key in alike}}, prefix=f"{name}.")
    for form in forms:
        own = {key: of for key, of in form["properties"].items() if key not in alike}
        which, value = next((key, of["const"]) for key, of in own.items() if "const" in of)
        yield from (f"#### `{name}.{which}: {value}`", prose(form["description"]))
        yield _table({**form, "properties": own}, prefix=f"{name}.")


def _deep(model: Schema, models: Schema) -> Schema:
    """A model with the keys of its own sections in place of them."""
    own = model["properties"]
    parts = {key: models[_model(section)] for key, section in own.items() if "$ref" in section}
    keys = {key: section for key, section in own.items() if key not in parts}
    keys |= {f"{key}.{name}": of for key, part in parts.items() for name, of in part["properties"].items()}
    needed = [name for part in (model, *parts.values()) for name in part.get("required", ())]
    return {"properties": keys, "required": needed}


def _model(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _table(schema: Schema, kind: type[Frozen] | None = None, prefix: str = "") -> str:
    rows = (_row(prefix + key, section, schema, kind) for key, section in schema["properties"].items())
    return table(HEADINGS, rows)


def _row(key: str, section: Schema, schema: Schema, kind: type[Frozen] | None) -> Sequence[str]:
    meaning = section.get("description", "")
    if kind is not None and not meaning:
        meaning = kind.model_fields[key].description or ""
    if "$ref" in section or "oneOf" in section:
        return code(key), f"[section](#{key})", "", prose(meaning)
    name = key.rpartition(".")[2]
    default = "*required*" if name in schema.get("required", ()) else _default(section.get("default", ...))
    return code(key), MAPPINGS.get(name) or _value(section), default, prose(meaning)


def _parameters(section: Schema) -> str:
    """The parameters: those of a world are the defaults, so there is none to tell."""
    rows = []
    for name, of in section["properties"].items():
        options = [option for option in of["anyOf"] if option["type"] != "array"]  # of which the section tells
        rows.append((code(f"params.{name}"), _value({"anyOf": options}), prose(of["description"])))
    return table(("Key", "Value", "Meaning"), rows)


def _default(value: Any) -> str:
    """A default as YAML takes it; nothing where it is not a value that stands in the schema."""
    if isinstance(value, str):
        return code(value)
    text = "" if value is ... else json.dumps(value, ensure_ascii=False)
    return code(text) if len(text) <= TOLD else ""


def _value(section: Schema) -> str:
    """Say in words which values a key may have."""
    if "const" in section:
        return code(section["const"])
    if "enum" in section:
        return ", ".join(code("null" if value is None else value) for value in section["enum"])
    if "anyOf" in section:
        return ", or ".join(_value(option) for option in section["anyOf"])
    if "prefixItems" in section:
        return "pair of " + " and ".join(_value(item) for item in section["prefixItems"])
    if section.get("type") == "array":
        return f"list of {_plural(_value(section['items']))}"
    if section.get("type") == "object":
        return "mapping"
    return f"{TYPES[section['type']]}{_bounds(section)}"


def _plural(words: str) -> str:
    return re.sub(r"^(whole number|number|text|pair)", r"\1s", words)


def _bounds(section: Schema) -> str:
    """The range of a number, as an interval, or the form of a text."""
    if "pattern" in section:
        return f" of the form {code(section['pattern'])}"
    low = section.get("minimum", section.get("exclusiveMinimum"))
    high = section.get("maximum", section.get("exclusiveMaximum"))
    if low is None and high is None:
        return ""
    left = "(" if low is None or "exclusiveMinimum" in section else "["
    right = ")" if high is None or "exclusiveMaximum" in section else "]"
    return f" in {left}{'-∞' if low is None else f'{low:g}'}, {'∞' if high is None else _whole(high)}{right}"


def _whole(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"
