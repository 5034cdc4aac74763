"""From a file or folder to a domain: the dispatch over formats."""

from __future__ import annotations

from pathlib import PurePosixPath

from ntgate.data.domain import Domain
from ntgate.data.location import Location, locate
from ntgate.data.specs import SourceSpec
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
    from ntgate.data.read_table import read_table

    place = locate(spec.path)
    spec = spec.model_copy(update={"path": place.shown})  # from here on for messages alone
    kind = _format(spec, place)
    if kind == "images":
        return read_images(place, spec, name, labelled=labelled)
    with place.open() as file:
        if kind == "npz":
            return read_npz(file, spec, name, labelled=labelled)
        return read_table(file, spec, name, kind, labelled=labelled)


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
