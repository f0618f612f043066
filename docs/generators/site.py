"""What is written for the site before it is built; nothing of it is committed."""

from __future__ import annotations

from pathlib import Path

from docs.generators import commands, config_keys, measures, modules, study_findings, study_measures

from security_dilemma_training.writing import write_atomically

__all__ = ["write"]

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def write(source: Path) -> None:
    """Write the generated pages, and copies of the notebooks, below the site's source.

    A file that has not changed is left alone, so that Sphinx does not read it again.

    Args:
        source: The folder of the site's source, ``docs``.
    """
    parts = {
        "config_keys.part.md": config_keys.config_keys(),
        "commands.part.md": commands.reference(),
        "measures.part.md": measures.measures(),
        "study_measures.part.md": study_measures.study_measures(),
    }
    parts |= study_findings.study_findings(source / "studies")
    pages = {f"{name}.rst": text for name, text in modules.pages().items()}
    _write_folder(source / "reference" / "generated", {name: text.encode() for name, text in (parts | pages).items()})
    _write_folder(source / "notebooks", {path.name: path.read_bytes() for path in NOTEBOOKS.glob("*.ipynb")})


def _write_folder(folder: Path, files: dict[str, bytes]) -> None:
    """Let a folder hold these files and no others."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name not in files:
            path.unlink()
    for name, content in files.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != content:
            write_atomically(path, content)
