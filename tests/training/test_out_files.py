"""Files that could not be written are refused before the work, and nothing is made."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from security_dilemma_training.faults import ConfigError
from security_dilemma_training.out_files import refuse_out


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.html").write_text("kept")


@pytest.mark.parametrize("out", ["new.html", "deep/er/new.html"])
def test_a_new_file_is_welcome_and_not_made_yet(out: str) -> None:
    refuse_out(Path(out), overwrite=False, example="x.html")
    assert [path.name for path in Path().iterdir()] == ["there.html"]


def test_a_file_that_is_there_is_replaced_only_if_asked() -> None:
    refuse_out(Path("there.html"), overwrite=True, example="x.html")
    with pytest.raises(ConfigError, match="is there already: replace it with --overwrite"):
        refuse_out(Path("there.html"), overwrite=False, example="x.html")


def test_folders_and_files_within_files_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"is a folder: name a file in it, as x\.html"):
        refuse_out(Path(), overwrite=True, example="x.html")
    with pytest.raises(ConfigError, match=r"there\.html', which is a file"):
        refuse_out(Path("there.html/deep/x.html"), overwrite=True, example="x.html")


def test_a_folder_without_permission_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "access", lambda folder, _mode: folder != tmp_path)
    with pytest.raises(ConfigError, match=f"nothing may be written in '{tmp_path}'"):
        refuse_out(Path("deep/x.html"), overwrite=True, example="x.html")
