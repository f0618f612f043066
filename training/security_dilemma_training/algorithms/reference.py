"""The reference of the algorithms' options, for ``docs/algorithms.md``.

``python -m security_dilemma_training.algorithms.reference`` prints it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from security_dilemma_training.algorithms import ALGORITHMS
from security_dilemma_training.faults import allowed_values

__all__ = ["reference"]


def reference() -> str:
    """Return two tables in Markdown: the algorithms, and all their options."""
    return "\n".join([*_algorithms(), "", *_options()]) + "\n"


def _algorithms() -> Iterator[str]:
    yield "| `algorithm` | what it is | action modes | learns from |"
    yield "|---|---|---|---|"
    for name, algorithm in ALGORITHMS.items():
        meaning = str(algorithm.section.__doc__).splitlines()[0].removesuffix(".")
        modes = ", ".join(f"`{mode}`" for mode in algorithm.action_modes)
        yield f"| `{name}` | {meaning} | {modes} | {_learns_from(name)} |"


def _learns_from(name: str) -> str:
    algorithm = ALGORITHMS[name]
    if algorithm.on_policy:
        return "fresh steps"
    return "replayed steps" if "buffer_size" in algorithm.section.model_fields else "every step at once"


def _options() -> Iterator[str]:
    yield "| option of `learner` | default | allowed | meaning |"
    yield "|---|---|---|---|"
    sections = {name: algorithm.section.model_json_schema() for name, algorithm in ALGORITHMS.items()}
    names = dict.fromkeys(option for section in sections.values() for option in section["properties"])
    for option in names:
        if option != "algorithm":
            having = {name: section for name, section in sections.items() if option in section["properties"]}
            yield _row(option, having)


def _row(option: str, having: Mapping[str, dict[str, Any]]) -> str:
    """The row of an option: of whom it is, and what is the default, allowed and meant."""
    fields = {name: section["properties"][option] for name, section in having.items()}
    defaults = {name: f"`{json.dumps(field['default'])}`" for name, field in fields.items()}
    allowed = {name: allowed_values(having[name], field).replace("|", "\\|") for name, field in fields.items()}
    meanings = {name: field["description"].replace("\n", " ") for name, field in fields.items()}
    columns = [_told(defaults, "; "), _told(allowed, "; "), _told(meanings, " ")]
    of = "" if len(having) == len(ALGORITHMS) else f" of {', '.join(having)}"
    return f"| `{option}`{of} | {' | '.join(columns)} |"


def _told(texts: Mapping[str, str], between: str) -> str:
    """Each text once, with the algorithms that it is of, but for the first."""
    first, *others = dict.fromkeys(texts.values())
    told = [f"{text} ({', '.join(name for name in texts if texts[name] == text)})" for text in others]
    return between.join([first, *told])


if __name__ == "__main__":
    print(reference(), end="")
