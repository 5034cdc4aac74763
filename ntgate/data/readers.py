"""From a file or folder to a domain: the dispatch over formats."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

from ntgate.data.domain import Domain
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_ENDINGS = {".npz": "npz", ".csv": "csv", ".parquet": "parquet", ".pq": "parquet"}


def read(spec: SourceSpec, name: str, *, labelled: bool = True) -> Domain:
    """Read the rows of ``spec`` as the domain ``name``.

    Args:
        spec: where the rows lie and what their columns mean.
        name: what messages call the domain.
        labelled: whether labels are wanted; unlabelled rows are read without looking at them.

    Raises:
        DataError: when the file is missing, damaged, or does not hold what ``spec`` says.
    """
    from ntgate.data.read_images import read_images
    from ntgate.data.read_npz import read_npz
    from ntgate.data.read_table import read_table

    files, path = _locate(spec.path)
    kind = _format(spec, files, path)
    if kind == "images":
        return read_images(files, path, spec, name, labelled=labelled)
    with _open(files, path, spec.path) as file:
        if kind == "npz":
            return read_npz(file, spec, name, labelled=labelled)
        return read_table(file, spec, name, kind, labelled=labelled)


def _locate(path: str) -> tuple[AbstractFileSystem, str]:
    import fsspec

    try:
        files, local = fsspec.core.url_to_fs(path)
        found = files.exists(local)
    except (ValueError, ImportError) as error:
        raise DataError(path, expected="a path or an fsspec URI", got=str(error), fix="correct the path") from error
    except Exception as error:
        raise DataError(
            path,
            expected="storage that answers",
            got=f"{type(error).__name__}: {error}",
            fix="check access and credentials",
        ) from error
    if not found:
        raise DataError(path, expected="a file or a folder of images", got="nothing there", fix="check the path")
    return files, local


def _format(spec: SourceSpec, files: AbstractFileSystem, path: str) -> str:
    if spec.format != "auto":
        return spec.format
    if files.isdir(path):
        return "images"
    ending = PurePosixPath(path).suffix.lower()
    if ending not in _ENDINGS:
        known = ", ".join(_ENDINGS)
        raise DataError(
            spec.path, expected=f"a file ending in {known}, or a folder", got=repr(ending), fix="set format"
        )
    return _ENDINGS[ending]


def _open(files: AbstractFileSystem, path: str, shown: str) -> IO[bytes]:
    try:
        file: IO[bytes] = files.open(path, "rb")
    except OSError as error:
        raise DataError(
            shown, expected="a readable file", got=error.strerror or str(error), fix="check access"
        ) from error
    return file
