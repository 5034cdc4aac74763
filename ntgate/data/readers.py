"""From a file or folder to a domain: the dispatch over formats."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from ntgate.credentials import without_credentials
from ntgate.data.domain import Domain
from ntgate.data.location import Location, locate
from ntgate.data.sampling import sampled
from ntgate.data.specs import SourceSpec
from ntgate.data.table_files import table_files
from ntgate.errors import DataError

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
    from ntgate.data.read_parquet import read_parquet
    from ntgate.data.read_table import read_csv, read_frame

    shown = without_credentials(spec.path)
    if spec.format == "parquet" or (spec.format == "auto" and _ending(spec.path) == "parquet"):
        place, paths = table_files(spec.path, shown)
        spec = spec.model_copy(update={"path": shown})  # from here on for messages alone
        table, numbers = read_parquet(place, paths, spec)
        return replace(read_frame(table.to_pandas(), spec, name, labelled=labelled), row_numbers=numbers)
    place = locate(spec.path)
    spec = spec.model_copy(update={"path": shown})
    kind = _format(spec, place)
    if kind == "images":
        return read_images(place, spec, name, labelled=labelled)
    with place.open() as file:
        domain = (read_npz if kind == "npz" else read_csv)(file, spec, name, labelled=labelled)
    wanted = None if spec.sample is None else sampled(len(domain), spec.sample)
    return domain if wanted is None else domain.take(wanted)


def _ending(path: str) -> str | None:
    return _ENDINGS.get(PurePosixPath(path).suffix.lower())


def _format(spec: SourceSpec, place: Location) -> str:
    if spec.format != "auto":
        return spec.format
    if place.files.isdir(place.path):
        return "images"
    ending = PurePosixPath(place.path).suffix.lower()
    if ending not in _ENDINGS:
        known = ", ".join(_ENDINGS)
        raise DataError(
            spec.path, expected=f"a file ending in {known}, or a folder", got=repr(ending), fix="set format"
        )
    return _ENDINGS[ending]
