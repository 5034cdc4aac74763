"""A table in parquet may be one file, a folder of files, or a pattern."""

from __future__ import annotations

from ntgate.data.location import Location, locate, regular, unreadable
from ntgate.errors import DataError

EXPECTED = "a parquet file or folder, or a pattern such as part-*.parquet"


def table_files(uri: str, shown: str) -> tuple[Location, list[str]]:
    """The files of a table at a path, an fsspec URI, or a pattern of either, in the order of their names.

    Raises:
        DataError: naming ``shown``, when nothing lies there.
    """
    parent, _, last = uri.rpartition("/")
    pattern = any(sign in last for sign in "*?[")
    try:
        place = locate(parent or "." if pattern else uri)
    except DataError as error:
        raise DataError(shown, expected=EXPECTED, got=error.got, fix=error.fix) from error
    if not pattern and not place.files.isdir(place.path):
        return place, [place.path]
    if pattern:
        try:
            found = place.files.glob(f"{place.path.rstrip('/')}/{last}")
        except Exception as error:
            raise unreadable(shown, error) from error
    else:
        found = [path for path in place.below() if not path.rpartition("/")[2].startswith((".", "_"))]
    if not place.remote:
        for path in found:
            regular(path, path)
    if not found:
        raise DataError(shown, expected=EXPECTED, got="no such files", fix="check the path")
    return place, sorted(map(str, found))
