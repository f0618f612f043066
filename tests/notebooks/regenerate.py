"""Executing the notebooks, as their test does, and writing their outputs anew.

Run ``python -m tests.notebooks.regenerate [NAME...]`` after a change of a notebook, or of what it shows, and look at
the result. A name is the beginning of a notebook's, as ``3`` or ``3_the_four_worlds``; without one, all are executed.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
SECONDS = 300
"""Limit of a cell; on a free machine no notebook takes a minute."""


def read(path: Path) -> Any:
    """Return a notebook."""
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def execute(path: Path, folder: Path, changes: Mapping[str, str] = MappingProxyType({})) -> Any:
    """Return a notebook with the outputs of a fresh kernel that works in ``folder``.

    Args:
        path: The notebook.
        folder: Where it works.
        changes: What stands in its code instead of what stands there, as less training.

    Raises:
        ValueError: If what is to be changed does not stand there.
        CellExecutionError: If a cell raises.
    """
    notebook = read(path)
    for old, new in changes.items():
        cells = [cell for cell in notebook.cells if cell.cell_type == "code" and old in cell.source]
        if not cells:
            raise ValueError(f"{path.name} has no {old!r}")
        for cell in cells:
            cell.source = cell.source.replace(old, new)
    client = NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return notebook


def strip(notebook: Any) -> None:
    """Leave out what tells when and on which machine a notebook was executed, and numbers that change each time."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for place, cell in enumerate(notebook.cells):
        cell.id = f"cell-{place}"
        cell.metadata = {}
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                output.data.pop("image/jpeg", None)  # Pillow sends each picture twice


def chosen(names: Sequence[str]) -> list[Path]:
    """Return the notebooks whose names begin as given, all of them for no name.

    Raises:
        SystemExit: If a name is the beginning of no notebook's.
    """
    unknown = [name for name in names if not any(path.stem.startswith(name) for path in NOTEBOOKS)]
    if unknown:
        known = ", ".join(path.stem for path in NOTEBOOKS)
        raise SystemExit(f"no notebook begins with {', '.join(unknown)}: there are {known}")
    return [path for path in NOTEBOOKS if not names or path.stem.startswith(tuple(names))]


def main(names: Sequence[str]) -> None:
    """Execute the chosen notebooks and write them back."""
    for path in chosen(names):
        with tempfile.TemporaryDirectory() as folder:
            notebook = execute(path, Path(folder))
        strip(notebook)
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]
        print(path.name)


if __name__ == "__main__":
    main(sys.argv[1:])
