"""Run folders as bytes: they come back as they were, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from security_dilemma_training.benchmark.engines_files import mirror, mirror_all, packed, packed_all, unpack, unpack_all
from security_dilemma_training.errors import RunError


def test_a_folder_comes_back_as_it_was(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    (here / "tensorboard").mkdir(parents=True)
    for name in ("a.npz", "tensorboard/events", ".lock", ".a.npz.1.tmp"):
        (here / name).write_bytes(name.encode())
    (here / "link").symlink_to(here / "a.npz")
    files = packed(here)
    assert files == {"a.npz": b"a.npz", "tensorboard/events": b"tensorboard/events"}
    assert packed(here, ("a.npz", "gone.csv")) == {"a.npz": b"a.npz"}
    unpack(there, files)
    assert packed(there) == files
    (there / "checkpoint.npz").write_bytes(b"old")
    (there / ".lock").touch()
    mirror(there, files)
    assert packed(there) == files
    assert (there / ".lock").exists()


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "", ".", "a\\..\\x", "C:x"])
def test_no_file_comes_back_outside_its_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    with pytest.raises(RunError, match="outside its folder: nothing was written"):
        unpack(folder, {"fine.csv": b"", name: b""})
    assert list(tmp_path.rglob("*")) == [folder]


def test_folders_come_back_each_as_it_was(tmp_path: Path) -> None:
    here, there = ([tmp_path / side / name for name in "ab"] for side in ("here", "there"))
    for folder in (*here, *there):
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "own.npz").write_bytes(str(folder).encode())
    files = packed_all(here)
    assert files == {f"{k}/deep/own.npz": str(folder).encode() for k, folder in enumerate(here)}
    unpack_all(there, {"1/new.csv": b"new"})
    assert [sorted(packed(folder)) for folder in there] == [["deep/own.npz"], ["deep/own.npz", "new.csv"]]
    mirror_all(there, files)
    assert packed_all(there) == files


@pytest.mark.parametrize("name", ["2/x", "x", "", "/x", "0", "0/", "00/x", "0//x", "0/../1/x", "../x", "-1/x", "1/C:x"])
@pytest.mark.parametrize("take_in", [unpack_all, mirror_all])
def test_no_file_of_several_folders_comes_back_elsewhere(
    tmp_path: Path, take_in: Callable[[Sequence[Path], Mapping[str, bytes]], None], name: str
) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    with pytest.raises(RunError, match=f"{re.escape(repr(name))}, outside its folder: nothing was written"):
        take_in(folders, {"0/fine.csv": b"", name: b""})
    assert sorted(tmp_path.rglob("*")) == folders
