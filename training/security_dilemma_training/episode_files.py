"""Files of episodes, Parquet or NPZ: written block by block and all at once in place, and read back.

Neither holds pickled objects. Both hold the same columns, see :data:`security_dilemma_training.episodes.COLUMNS`, and
the same metadata: in Parquet as JSON in the schema's metadata, under ``security_dilemma``, with unit and meaning beside
every field; in NPZ as JSON in the array ``metadata``. Vectors are fixed-size lists in Parquet.
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from security_dilemma_training.episodes import COLUMNS, FORMAT, Columns, describe, parts_of, play_part
from security_dilemma_training.errors import RunError
from security_dilemma_training.faults import ConfigError, Fault
from security_dilemma_training.writing import replacing

if TYPE_CHECKING:
    from security_dilemma_training.runs import Run

__all__ = ["Episodes", "export", "file_faults", "read_episodes"]

KEY = "security_dilemma"
SUFFIXES = (".parquet", ".npz")
DAMAGED = (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What the libraries raise at files that are damaged or no datasets."""

Report = Callable[[float, str], None]
Write = Callable[[Columns], None]


class Episodes(NamedTuple):
    """A dataset of episodes."""

    columns: Columns  # arrays by column, each (rows, …)
    metadata: dict[str, Any]  # see :func:`security_dilemma_training.episodes.describe`


def export(
    runs: Sequence[Run],
    path: Path,
    *,
    games: int | None = None,
    seed: int | None = None,
    pairs: Sequence[str] = (),
    report: Report = lambda _share, _message: None,
) -> int:
    """Play the episodes of runs and write them into a file, which is there only once it is whole.

    Args:
        runs: Trained runs, with rows of the same shape.
        path: The file, ``.parquet`` or ``.npz``; one that is there is replaced, and missing folders are made.
        games: Episodes of each run and pair of intents; None: as each run's config says.
        seed: Seed of the evaluation whose games are played; None: as each run's config says.
        pairs: Names of pairs of intents; none: all.
        report: Called with the share done and a message.

    Returns:
        The number of rows.

    Raises:
        ConfigError: If the file's name tells no format, the format's library is missing, or a pair is unknown.
        RunError: If runs are not trained, or their rows are of different shapes.
        CheckpointError: If a policy is damaged.
    """
    from security_dilemma_training.learners import load_policy

    faults = file_faults(path)
    if faults:
        raise ConfigError(faults)
    parts = parts_of(runs, games, seed, pairs)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = 0
    writing = _parquet if path.suffix == ".parquet" else _npz
    with replacing(path) as temporary, writing(temporary, describe(runs, parts)) as write:
        for place, part in enumerate(parts):
            run = runs[part.run]
            report(place / len(parts), f"{run.folder}, {part.pair}: {rows:,} rows so far")
            for block in play_part(part, load_policy(run), run.config):
                write(block)
                rows += len(block["run"])
    return rows


def file_faults(path: Path) -> list[Fault]:
    """Return what is wrong with the name of a file to export into, the missing library of its format included."""
    if path.suffix not in SUFFIXES:
        return [Fault("out", f"= {str(path)!r} must end in {' or '.join(SUFFIXES)}")]
    if path.suffix == ".parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError:
            extra = "`pip install 'security-dilemma[parquet]'`"
            return [Fault("out", f"= {str(path)!r} needs pyarrow, which is not installed: {extra}, or choose .npz")]
    return []


def read_episodes(path: Path | str) -> Episodes:
    """Read a dataset back.

    Raises:
        ConfigError: If the file's name tells no format, or the format's library is missing.
        RunError: If the file holds no dataset of episodes, or one of another version.
    """
    path = Path(path)
    faults = file_faults(path)
    if faults:
        raise ConfigError(faults)
    try:
        columns, text = _read_parquet(path) if path.suffix == ".parquet" else _read_npz(path)
        metadata = json.loads(text)
    except FileNotFoundError:
        raise
    except DAMAGED as error:
        raise RunError(f"{path} is no dataset of episodes, or damaged ({error}): export it anew") from error
    found = metadata.get("format") if isinstance(metadata, dict) else None
    if found != FORMAT:
        raise RunError(f"{path} is of format {found!r}, not {FORMAT!r}: export it anew")
    return Episodes(columns, metadata)


@contextmanager
def _parquet(path: Path, metadata: Mapping[str, Any]) -> Iterator[Write]:
    """Yield what writes blocks of rows into a Parquet file, one row group each."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with ExitStack() as stack:
        writers: list[Any] = []

        def write(columns: Columns) -> None:
            arrays = [_arrow(values) for values in columns.values()]
            if not writers:
                about = {column.name: {"unit": column.unit, "meaning": column.meaning} for column in COLUMNS}
                fields = [pa.field(k, v.type, metadata=about[k]) for k, v in zip(columns, arrays, strict=True)]
                schema = pa.schema(fields, metadata={KEY: json.dumps(metadata)})
                options: dict[str, Any] = {"compression": "zstd", "write_page_checksum": True}
                writers.append(stack.enter_context(pq.ParquetWriter(path, schema, **options)))
            writers[0].write_table(pa.Table.from_arrays(arrays, schema=writers[0].schema))

        yield write


def _arrow(values: NDArray[Any]) -> Any:
    import pyarrow as pa

    flat = pa.array(values.reshape(-1))
    return flat if values.ndim == 1 else pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def _read_parquet(path: Path) -> tuple[Columns, str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = pq.read_table(path, page_checksum_verification=True)
    columns = {}
    for name in found.column_names:
        column = found.column(name).combine_chunks()
        width = column.type.list_size if pa.types.is_fixed_size_list(column.type) else None
        flat = (column.flatten() if width else column).to_numpy(zero_copy_only=False)
        columns[name] = flat.reshape(-1, width) if width else flat
    return columns, (found.schema.metadata or {})[KEY.encode()].decode()


@contextmanager
def _npz(path: Path, metadata: Mapping[str, Any]) -> Iterator[Write]:
    """Yield what keeps blocks of rows in a temporary file for each column, which become an NPZ file at the end."""
    with ExitStack() as stack:
        kept: dict[str, Any] = {}
        layout: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {}
        counts: list[int] = []

        def write(columns: Columns) -> None:
            for name, values in columns.items():
                if name not in kept:
                    kept[name] = stack.enter_context(tempfile.TemporaryFile(dir=path.parent))
                    layout[name] = (values.dtype, values.shape[1:])
                values.tofile(kept[name])
            counts.append(len(columns["run"]))

        yield write
        text = io.BytesIO()
        np.save(text, np.array(json.dumps(metadata)))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("metadata.npy", text.getvalue())
            for name, file in kept.items():
                dtype, shape = layout[name]
                header = {"descr": dtype.str, "fortran_order": False, "shape": (sum(counts), *shape)}
                with archive.open(f"{name}.npy", "w", force_zip64=True) as target:
                    np.lib.format.write_array_header_1_0(target, header)
                    file.seek(0)
                    shutil.copyfileobj(file, target)


def _read_npz(path: Path) -> tuple[Columns, str]:
    with path.open("rb") as file:
        archive = np.load(file, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("it holds a single array")
        columns = {name: archive[name] for name in archive.files if name != "metadata"}
        return columns, str(archive["metadata"])
