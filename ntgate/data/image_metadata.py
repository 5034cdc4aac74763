"""Labels beside pictures: ``metadata.csv``, ``.jsonl`` or ``.parquet`` with a column ``file_name``, as Hugging Face has it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from ntgate.data.columns import keys, repeated
from ntgate.data.image_folder import ImageFolder
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from ntgate.data.domain import Ints

FILE = "file_name"


def metadata_of(folder: ImageFolder, given: str, spec: SourceSpec) -> tuple[pd.DataFrame, Ints] | None:
    """The rows of the metadata, and for each the position of its picture, ascending; None where there is none.

    Args:
        folder: the pictures.
        given: its path as it is opened.
        spec: what messages call it, and how a csv file is written.

    Raises:
        DataError: when it names pictures that are not there, or one twice.
    """
    if not folder.metadata:
        return None
    import pandas as pd

    frames = [_read(folder, given, file, spec) for file in folder.metadata]
    frame = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    place = {file: i for i, file in enumerate(folder.pictures)}
    at = [place.get(file) for file in frame[FILE]]
    shown = " and ".join("/".join(folder.parts(file)) for file in folder.metadata)
    lost = [file for file, found in zip(frame[FILE], at, strict=True) if found is None]
    twice = repeated(frame[FILE])
    for names, got in ((lost, "without a picture"), (twice, "twice")):
        if names:
            short = [_below(folder, name)[:200] for name in names[:5]]
            more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
            raise DataError(
                spec.path,
                expected=f"every {FILE} of {shown} to be one picture",
                got=f"{', '.join(short)}{more} {got}",
                fix=f"correct {shown}",
            )
    positions = np.array(at, dtype=np.int64)
    order = np.argsort(positions)
    return frame.iloc[order].reset_index(drop=True), positions[order]


def _below(folder: ImageFolder, file: str) -> str:
    """A picture as metadata name it; an absolute path leads out of the folder."""
    path, root = PurePosixPath(file), PurePosixPath(folder.place.path)
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


def _read(folder: ImageFolder, given: str, file: str, spec: SourceSpec) -> pd.DataFrame:
    from ntgate.data.read_files import read_files
    from ntgate.data.read_parquet import in_pandas, read_parquet
    from ntgate.data.table_files import format_of, table_files

    inside = "/".join(folder.parts(file))
    path, shown = f"{given.rstrip('/')}/{inside}", f"{spec.path.rstrip('/')}/{inside}"
    kind = format_of(file) or "csv"
    plain = SourceSpec(path=shown, csv=spec.csv)
    if kind == "parquet":
        frame = in_pandas(read_parquet(*table_files(path, shown), plain)[0], plain)
    else:
        frame = read_files(path, plain, kind)[0]
    if FILE not in frame.columns:
        got = f"the columns {', '.join(map(str, frame.columns[:8]))}"
        raise DataError(shown, expected=f"a column {FILE!r}", got=got, fix="name each picture in it, or remove the file")
    beside = PurePosixPath(file).parent
    frame = frame.copy()
    frame[FILE] = [str(beside / name.replace("\\", "/")) for name in keys(frame[FILE])]
    return frame
