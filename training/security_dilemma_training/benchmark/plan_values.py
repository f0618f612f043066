"""Several values for a key on the command line: ``key=a,b``, ranges ``0..9``, and what they are to a benchmark.

============================  ==========================================================================
``key=3``                     one value, in YAML: the config's own value is changed
``key=[64,64]``               one value, too: a YAML list stays a value
``key=a,b`` or ``[1,2],[3]``  several values, parted by commas outside of brackets and quotes
``key=0..9``                  the whole numbers from 0 to 9, both included
``key=0.1..0.5..0.2``         from 0.1 in steps of 0.2, not beyond 0.5: 0.1, 0.3, 0.5
``key=0..3,10``               both together
``key=3,``                    a single value that is told apart in the table as several would be
============================  ==========================================================================
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from security_dilemma_training.sources import with_overrides

__all__ = ["LISTS", "MOST_VALUES", "several", "split", "values_of"]

LISTS = ("algorithms", "worlds", "schemes", "controls", "seeds")
"""Keys of a benchmark that hold several values anyway: on the command line they name what is run."""

MOST_VALUES = 10_000
"""A range of more values is refused: it is a slip."""

NUMBER = r"[-+]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?"
RANGE = re.compile(rf"({NUMBER})\.\.({NUMBER})(?:\.\.({NUMBER}))?")
OPENING, CLOSING, QUOTES = "[{(", "]})", "\"'"


def split(text: str) -> list[str]:
    """Return the parts of a text between the commas that stand outside of brackets and quotes."""
    parts, depth, quote = [""], 0, ""
    for sign in text:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in QUOTES and not parts[-1].strip():  # YAML reads a quote as one only at the beginning of a value
            quote = sign
        elif sign in OPENING:
            depth += 1
        elif sign in CLOSING:
            depth -= 1
        if sign == "," and not quote and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def several(text: str) -> bool:
    """Return whether a text asks for values of an axis: it has a comma or is a range."""
    return len(split(text)) > 1 or RANGE.fullmatch(text.strip()) is not None


def values_of(text: str) -> list[Any]:
    """Return the values that a text asks for.

    Raises:
        ValueError: If a part is empty or not YAML, or a range is empty, endless or too long; with what is wrong.
    """
    parts = split(text)
    if len(parts) > 1 and not parts[-1].strip():
        parts.pop()
    values: list[Any] = []
    for part in parts:
        found = RANGE.fullmatch(part.strip())
        values += _range(*found.groups()) if found else [_value(part)]
    return values


def _value(text: str) -> Any:
    if not text.strip():
        raise ValueError("has an empty value between commas")
    data, faults = with_overrides({}, [f"value={text}"])
    if faults:
        raise ValueError(faults[0].problem)
    return data["value"]


def _range(first: str, last: str, step: str | None) -> list[int] | list[float]:
    """The numbers of a range, counted in decimals so that 0.1..0.3..0.1 ends at 0.3."""
    low, high, by = Decimal(first), Decimal(last), Decimal(step or "1")
    whole = all(re.fullmatch(r"[-+]?[0-9]+", text) for text in (first, last, step or "1"))
    if step is None and not whole:
        raise ValueError(f"= {first}..{last} needs a step, as in {first}..{last}..0.1")
    if by == 0 or (high - low) / by < 0:
        raise ValueError(f"= {first}..{last}..{step or 1} never comes from {first} to {last}: mend the step")
    if (high - low) / by > MOST_VALUES:
        raise ValueError(f"= {first}..{last}..{step or 1} has more than {MOST_VALUES:,} values")
    numbers = [low + place * by for place in range(int((high - low) / by) + 1)]
    return [int(number) for number in numbers] if whole else [float(number) for number in numbers]
