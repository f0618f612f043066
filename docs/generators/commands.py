"""The commands of ``security-dilemma``, as their help tells them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import typer
from docs.generators.tables import code, prose, table

from security_dilemma_training.cli import app

__all__ = ["commands", "reference"]

PROGRAM = "security-dilemma"
COLUMNS = {"argument": "Argument", "option": "Option"}
EXAMPLE = "[bold]Example[/bold]"


def commands() -> dict[str, tuple[Any, Any]]:
    """Return every command by name, with a context in which it is called."""
    group: Any = typer.main.get_command(app)
    above = typer.Context(group, info_name=PROGRAM)
    found = {}
    for name in group.list_commands(above):
        _, command, _ = group.resolve_command(above, [name])
        found[name] = (command, typer.Context(command, info_name=name, parent=above))
    return found


def reference() -> str:
    """Return a section of Markdown for every command, from the second level of headings on."""
    return "\n\n".join(part for name, found in commands().items() for part in _section(name, *found)) + "\n"


def _section(name: str, command: Any, context: Any) -> Iterator[str]:
    told, _, example = inspect.cleandoc(command.help or "").partition(EXAMPLE)
    yield from (f"## `{name}`", prose(told))
    yield _block([f"{PROGRAM} {name} {' '.join(command.collect_usage_pieces(context))}"], "text")
    if example:
        yield _block([line.strip() for line in example.splitlines() if line.strip()], "bash")
    for kind, heading in COLUMNS.items():
        parameters = [p for p in command.get_params(context) if p.param_type_name == kind]
        rows = [_row(*record) for p in parameters if (record := p.get_help_record(context))]
        if rows:
            yield table((heading, "Meaning"), rows)


def _block(lines: list[str], language: str) -> str:
    return "\n".join([f"```{language}", *lines, "```"])


def _row(names: str, told: str) -> tuple[str, str]:
    """One option: its names, and its help with the default and the range that typer adds."""
    return code(names), prose(re.sub(r"\\\[", "[", told))
