"""Files of episodes that were damaged: a single byte is noticed, whatever the format."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pyarrow.parquet
import pytest

from security_dilemma_training.episode_files import export, read_episodes
from security_dilemma_training.errors import RunError
from tests.training.untrained import untrained

NOT_DEFLATE = 0xFF
"""As the first byte of compressed data it announces a kind of block that DEFLATE does not have."""


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """A folder with a dataset in both formats."""
    run = untrained(tmp_path / "run")
    for suffix in ("npz", "parquet"):
        export([run], tmp_path / f"two.{suffix}", games=1)
    return tmp_path


def damaged(path: Path, place: int, byte: int) -> None:
    """Write a file anew with one byte changed, and refuse it."""
    content = bytearray(path.read_bytes())
    assert content[place] != byte
    content[place] = byte
    path.write_bytes(content)
    with pytest.raises(RunError, match=rf"{path.name} is no dataset of episodes, or damaged .*: export it anew"):
        read_episodes(path)


def test_a_damaged_byte_of_an_npz_file(exported: Path) -> None:
    path = exported / "two.npz"
    with zipfile.ZipFile(path) as archive:
        begin = archive.getinfo("reward.npy").header_offset
    name, extra = (int.from_bytes(path.read_bytes()[begin + at : begin + at + 2], "little") for at in (26, 28))
    damaged(path, begin + 30 + name + extra, NOT_DEFLATE)


def test_a_damaged_byte_of_a_parquet_file(exported: Path) -> None:
    path = exported / "two.parquet"
    names = pyarrow.parquet.read_schema(path).names
    with pyarrow.parquet.ParquetFile(path) as file:
        reward = file.metadata.row_group(0).column(names.index("reward"))
    begin = reward.dictionary_page_offset or reward.data_page_offset
    last = begin + reward.total_compressed_size - 1  # its compression alone does not notice
    damaged(path, last, path.read_bytes()[last] ^ 1)
