"""Faults of a config: each with its key, its value and what is allowed, and all of them at once."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from security_dilemma.params import nearest

__all__ = ["ConfigError", "Fault", "allowed_values", "dotted", "model_faults"]

Place = tuple[int | str, ...]
"""Where a value stands: keys and, in lists, positions."""


@dataclass(frozen=True)
class Fault:
    """One fault of a config.

    Attributes:
        key: Dotted key, as in ``learner.n_steps``; empty for the config as a whole.
        problem: What is wrong, the value and what is allowed included.
        involves: Other keys that the fault depends on; it is not told when one of them has a fault itself.
    """

    key: str
    problem: str
    involves: tuple[str, ...] = ()

    def __str__(self) -> str:
        close = not self.key or self.problem.startswith(("[", ":"))
        return f"{self.key}{self.problem}" if close else f"{self.key} {self.problem}"


class ConfigError(ValueError):
    """Every fault of a config at once.

    Attributes:
        faults: The faults.
        source: The file that they are in, or None.
    """

    def __init__(self, faults: Sequence[Fault], source: str | None = None) -> None:
        self.faults, self.source = tuple(faults), source
        where = f" in {source}" if source else ""
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__("\n".join([f"{count}{where}:", *(f"  {fault}" for fault in faults)]))


def dotted(place: Iterable[int | str]) -> str:
    """Return a place as a dotted key: ``('seeds', 0)`` is ``seeds[0]``."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def model_faults(kind: type[BaseModel], data: Mapping[str, Any]) -> list[Fault]:
    """Return every fault of ``data`` as a config of ``kind``.

    Faults of single values come first. The faults of values that do not fit together are found with the defaults in
    place of the faulty values, and those that depend on one of these are left out.
    """
    errors = _errors(kind, data)
    if not errors:  # the schema takes longer than all else
        return []
    schema = _schema(kind)
    faults = [_value_fault(schema, error) for error in errors if "error" not in error.get("ctx", {})]
    if faults:
        places = [_untagged(schema, error["loc"]) for error in errors]
        data = _without(data, places)
        wrong = [dotted(_keys(place)) for place in places]
        errors = [error for error in _errors(kind, data) if "error" in error.get("ctx", {})]
    else:
        wrong = []
    for error in errors:
        cause = error["ctx"]["error"]
        together = cause.faults if isinstance(cause, ConfigError) else [Fault(dotted(error["loc"]), str(cause))]
        faults += [fault for fault in together if not _depends(fault, wrong)]
    return faults


@functools.cache
def _schema(kind: type[BaseModel]) -> dict[str, Any]:
    return kind.model_json_schema()


def _errors(kind: type[BaseModel], data: Mapping[str, Any]) -> Sequence[Any]:
    try:
        kind.model_validate(data)
    except ValidationError as error:
        errors = error.errors()
        # a list with faulty entries is said to be too short as well: the entries say enough
        return [found for found in errors if not any(_is_within(other["loc"], found["loc"]) for other in errors)]
    return []


def _is_within(place: Place, section: Place) -> bool:
    return 0 < len(section) < len(place) and place[: len(section)] == section


def _value_fault(schema: Mapping[str, Any], error: Mapping[str, Any]) -> Fault:
    """Say in words what is wrong with one value."""
    place: Place = error["loc"]
    key = dotted(_untagged(schema, place))
    if error["type"].startswith("union_tag"):
        return _tag_fault(schema, place, error)
    if error["type"] == "extra_forbidden":
        problem = _option_of_others(schema, place) or f"is an unknown key: {_nearest_key(schema, place)}"
        return Fault(key, f"= {error['input']!r} {problem}")
    allowed = allowed_values(schema, _schema_at(schema, place))
    if error["type"] == "missing":
        return Fault(key, f"is missing: it must be {allowed or 'given'}")
    return Fault(key, f"= {error['input']!r} must be {allowed}" if allowed else f"= {error['input']!r}: {error['msg']}")


def _tag_fault(schema: Mapping[str, Any], place: Place, error: Mapping[str, Any]) -> Fault:
    """Say which kinds of a section there are, as of learners."""
    section = _schema_at(schema, place) or {}
    value = error["input"]
    if not isinstance(value, Mapping):
        return Fault(dotted(place), f"= {value!r} must be a mapping of keys to values")
    kinds = {kind: name for option in section["oneOf"] for kind, name in [_tag(_resolve(schema, option))]}
    name = next(iter(kinds.values()))
    return Fault(dotted((*place, name)), f"= {value.get(name)!r} is unknown: {nearest(str(value.get(name)), kinds)}")


def _option_of_others(schema: Mapping[str, Any], place: Place) -> str:
    """Say of which other kinds of a section a key is, as of learners; empty where it is of none."""
    section = _schema_at(schema, place[:-2]) or {}
    options = [_resolve(schema, option) for option in section.get("oneOf", [])]
    kinds = [_tag(option)[0] for option in options if place[-1] in option["properties"]]
    return f"is an option of {', '.join(kinds)}, not of {place[-2]}" if kinds else ""


def _tag(schema: Mapping[str, Any]) -> tuple[str, str]:
    """The kind of a section and the key that tells it."""
    return next((value["const"], name) for name, value in schema["properties"].items() if "const" in value)


def _untagged(root: Mapping[str, Any], place: Place) -> Place:
    """Leave out of a place the kinds of sections, which are no keys of the file."""
    return tuple(part for k, part in enumerate(place) if "oneOf" not in (_schema_at(root, place[:k]) or {}))


def _nearest_key(schema: Mapping[str, Any], place: Place) -> str:
    siblings = list((_schema_at(schema, place[:-1]) or {}).get("properties", {}))
    everywhere = _all_keys(schema, schema)
    namesakes = [key for key in everywhere if key.rpartition(".")[2] == place[-1]]
    if namesakes and not difflib.get_close_matches(str(place[-1]), siblings, n=1, cutoff=0.8):
        return "did you mean " + " or ".join(map(repr, namesakes)) + "?"
    return nearest(str(place[-1]), siblings)


def _all_keys(root: Mapping[str, Any], schema: Mapping[str, Any], prefix: str = "") -> list[str]:
    keys = []
    for name, value in schema.get("properties", {}).items():
        section = _resolve(root, value)
        keys.append(prefix + name)
        for option in section.get("oneOf", [section]):
            keys += _all_keys(root, _resolve(root, option), f"{prefix}{name}.")
    return list(dict.fromkeys(keys))


def _resolve(root: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref", "")
    return root["$defs"][reference.rpartition("/")[2]] if reference else schema


def _schema_at(root: Mapping[str, Any], place: Place) -> Mapping[str, Any] | None:
    """Return the part of a JSON schema that describes the value at ``place``, or None."""
    schema: Mapping[str, Any] | None = root
    for part in place:
        if schema and "oneOf" in schema:
            sections = (_resolve(root, option) for option in schema["oneOf"])
            schema = next((section for section in sections if _tag(section)[0] == part), None)
            continue
        options = [schema, *schema.get("anyOf", [])] if schema else []
        steps = ([o.get("items"), *o.get("prefixItems", [])] for o in options) if isinstance(part, int) else None
        found = (
            [step for some in steps for step in some if step]
            if steps is not None
            else [o["properties"][part] for o in options if part in o.get("properties", {})]
            or [o["additionalProperties"] for o in options if isinstance(o.get("additionalProperties"), Mapping)]
        )
        schema = _resolve(root, found[0]) if found else None
    return schema


def allowed_values(root: Mapping[str, Any], schema: Mapping[str, Any] | None) -> str:
    """Say in words which values a JSON schema allows; empty where it does not say."""
    if schema is None:
        return ""
    if "anyOf" in schema:
        return " or ".join(allowed_values(root, _resolve(root, option)) for option in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return "one of " + ", ".join(repr(value) for value in schema.get("enum", [schema.get("const")]))
    words = {"boolean": "true or false", "null": "null", "object": "a mapping of keys to values"}
    words |= {"string": "a text" + (f" of the form {schema['pattern']}" if "pattern" in schema else "")}
    words |= {"integer": "a whole number" + _interval(schema), "number": "a number" + _interval(schema)}
    if schema.get("type") == "array":
        if "prefixItems" in schema:
            return "[" + "; ".join(allowed_values(root, _resolve(root, item)) for item in schema["prefixItems"]) + "]"
        few = "a non-empty list" if schema.get("minItems") else "a list"
        return f"{few}, each {allowed_values(root, _resolve(root, schema.get('items', {}))) or 'as documented'}"
    return words.get(str(schema.get("type")), "")


def _interval(schema: Mapping[str, Any]) -> str:
    low = f"[{schema['minimum']}" if "minimum" in schema else f"({schema.get('exclusiveMinimum', '-∞')}"
    high = f"{schema['maximum']}]" if "maximum" in schema else f"{schema.get('exclusiveMaximum', '∞')})"
    return "" if (low, high) == ("(-∞", "∞)") else f" in {low}, {high}"


def _keys(place: Place) -> Place:
    """The keys of a place up to its first position in a list."""
    positions = [k for k, part in enumerate(place) if isinstance(part, int)]
    return place[: positions[0]] if positions else place


def _without(data: Mapping[str, Any], places: Iterable[Place]) -> dict[str, Any]:
    """Return a copy of ``data`` without the values at ``places``; a list with a faulty entry goes as a whole."""
    copy = deepcopy(dict(data))
    for place in places:
        *parents, last = _keys(place) or ("",)
        section: Any = copy
        for part in parents:
            section = section.get(part) if isinstance(section, dict) else None
        if isinstance(section, dict):
            section.pop(last, None)
    return copy


def _depends(fault: Fault, wrong: Collection[str]) -> bool:
    keys = [fault.key, *fault.involves]
    return any(key == bad or key.startswith((f"{bad}.", f"{bad}[")) for key in keys for bad in wrong)
