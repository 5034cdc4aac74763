"""A table may be one file, a folder of files of one format, or a pattern; folders such as ``year=2024`` say a column."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import unquote

from ntgate.data.location import Location, locate, lost, regular, unreadable
from ntgate.errors import DataError

EXPECTED = "a parquet file or folder, or a pattern such as part-*.parquet"
TABLES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
PACKED = (".gz", ".bz2", ".xz")
_NOWHERE = "__HIVE_DEFAULT_PARTITION__"


def format_of(path: str) -> str | None:
    """The format that a file's name ends in, packed or not; None where it is none of a table.

    >>> format_of("a/rows.csv.gz"), format_of("rows.parquet"), format_of("rows.gz")
    ('csv', 'parquet', None)
    """
    name = PurePosixPath(path).name.lower()
    for ending in PACKED:
        name = name.removesuffix(ending)
    return TABLES.get(PurePosixPath(name).suffix)


def table_files(uri: str, shown: str, expected: str = EXPECTED) -> tuple[Location, list[str]]:
    """The files of a table at a path, an fsspec URI, or a pattern of either, in the order of their names.

    Raises:
        DataError: naming ``shown``, when nothing lies there.
    """
    parent, _, last = uri.rpartition("/")
    pattern = any(sign in last for sign in "*?[")
    try:
        place = locate(parent or "." if pattern else uri)
    except DataError as error:
        raise DataError(shown, expected=expected, got=error.got, fix=error.fix) from error
    if not pattern and not place.files.isdir(place.path):
        return place, [place.path]
    if pattern:
        try:
            found = place.files.glob(f"{place.path.rstrip('/')}/{last}")
        except Exception as error:
            raise unreadable(shown, error) from error
    else:
        found = shown_files(place)
    if not place.remote:
        for path in found:
            regular(path, path)
            if lost(path):
                got, fix = "a link that leads nowhere", "fetch the file that it stands for, or remove it"
                raise DataError(path, expected="a file", got=got, fix=fix)
    if not found:
        raise DataError(shown, expected=expected, got="no such files", fix="check the path")
    return place, sorted(map(str, found))


def shown_files(place: Location) -> list[str]:
    """The files below a folder, without those that are hidden or that a writer left for itself, such as ``_SUCCESS``."""
    root = place.path.rstrip("/")
    return [
        path
        for path in map(str, place.below())
        if not any(part.startswith((".", "_")) for part in path.removeprefix(root).strip("/").split("/"))
        and (place.remote or format_of(path) is not None or not lost(path))
    ]


def format_below(place: Location) -> str | None:
    """The one format of the tables in a folder in which there is nothing else; None where there is something else, or nothing."""
    formats = {format_of(path) for path in shown_files(place)}
    return formats.pop() if len(formats) == 1 else None


def partition(root: str, path: str) -> dict[str, str | None]:
    """What the folders between ``root`` and a file say, as Hive and Spark write it.

    >>> partition("/rows", "/rows/year=2024/place=S%C3%A3o/part-0.parquet")
    {'year': '2024', 'place': 'São'}
    """
    told = {}
    for folder in path.removeprefix(root).strip("/").split("/")[:-1]:
        name, sign, value = folder.partition("=")
        if sign and name:
            told[unquote(name)] = None if value == _NOWHERE else unquote(value)
    return told
