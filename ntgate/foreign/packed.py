"""A folder as one file, so that a model of many files is handed on by its content."""

from __future__ import annotations

import zipfile
from pathlib import Path

_MOMENT = (1980, 1, 1, 0, 0, 0)  # the same bytes whenever it is packed


def packed(folder: Path, to: Path) -> Path:
    """The files of ``folder`` in a zip archive at ``to``; the same files make the same bytes.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     _ = Path(name, "in").mkdir(), Path(name, "in", "a.txt").write_text("a")
    ...     unpacked(packed(Path(name, "in"), Path(name, "in.zip")), Path(name, "out"))
    ...     Path(name, "out", "a.txt").read_text()
    'a'
    """
    with zipfile.ZipFile(to, "w") as archive:  # stored as they are: weights do not get smaller
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _MOMENT)
                with archive.open(entry, "w", force_zip64=True) as taken, file.open("rb") as content:
                    while part := content.read(1 << 20):
                        taken.write(part)
    return to


def unpacked(archive: Path, to: Path) -> None:
    """The files of an archive below ``to``; no name leads out of it."""
    with zipfile.ZipFile(archive) as content:
        content.extractall(to)
