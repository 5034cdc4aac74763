"""Rows from a folder of images, one subfolder a class, or with their labels in a file beside them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from ntgate.data.columns import groups, keys, times
from ntgate.data.disguise import BEGINNING, disguised
from ntgate.data.domain import Domain, Ints
from ntgate.data.image_folder import AT_ONCE, KNOWN, LOST, ImageFolder, image_folder
from ntgate.data.image_form import ImageForm, Prepared, prepared, without_warnings
from ntgate.data.image_metadata import metadata_of
from ntgate.data.image_seen import pictures_seen
from ntgate.data.image_spec import ImagesSpec
from ntgate.data.labels import encode_labels
from ntgate.data.limits import Limits
from ntgate.data.location import Location
from ntgate.data.records import image_record
from ntgate.data.sampling import sampled
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_FETCH = "fetch the files that the links stand for, as git annex get does"
_MOST = 20  # damaged files named one by one

_Picture: TypeAlias = tuple[Prepared, bytes]


def read_images(
    folder: ImageFolder,
    given: str,
    spec: SourceSpec,
    name: str,
    form: ImageForm,
    said: ImagesSpec,
    *,
    labelled: bool,
    recorded: bool,
) -> Domain:
    """The pictures of ``folder`` in ``form`` as uint8 ``(n, h, w, c)``, sorted by path.

    The class is the first folder's name, below ``train`` and the like the second's, or what the metadata beside them say.
    Unlabelled images may lie in any folders.

    Raises:
        DataError: when there are none, one is damaged, or its class is not told.
    """
    _refuse_none(folder, spec)
    told = metadata_of(folder, given, spec)
    if told is not None and labelled and spec.label not in told[0].columns and _all_in_folders(folder):
        told = None  # whose classes are the folders'
    if told is None:
        _refuse_columns(spec)
    listed = np.arange(len(folder.pictures)) if told is None else told[1]
    picked = sampled(len(listed), spec.sample)
    wanted = listed if picked is None else listed[picked]
    files = [folder.pictures[i] for i in wanted.tolist()]
    rows, records = _rows(folder, files, spec, form, recorded=recorded)
    splits = folder.splits if said.splits != "classes" else ()
    frame = None if told is None else told[0] if picked is None else told[0].iloc[picked].reset_index(drop=True)
    y: Ints | None = None
    classes: tuple[str, ...] = ()
    if labelled:
        y, classes = _labels(folder, files, splits, frame, spec)
    by = "" if told is None else " and ".join("/".join(folder.parts(file)) for file in folder.metadata)
    told_parts = splits if labelled and told is None else ()
    seen = pictures_seen(rows, folder, told_parts, by if labelled else "", len(folder.pictures) - len(listed))
    domain = Domain(
        name,
        np.stack([row.pixels for row in rows]),
        y,
        classes,
        row_numbers=None if len(wanted) == len(folder.pictures) else wanted,
        records=np.repeat(records[:, None], 2, axis=1) if recorded else None,  # the label is no part of the picture
        pictures=seen,
    )
    return domain if frame is None else _with_columns(domain, frame, spec)


def pictures_below(place: Location) -> tuple[str, ...]:
    """The images below ``place``, sorted by path: their positions are the numbers of the rows."""
    return image_folder(place).pictures


def _refuse_none(folder: ImageFolder, spec: SourceSpec) -> None:
    if not folder.pictures:
        others = ", ".join(f"{count:,} {ending}" for ending, count in folder.skipped.items())
        got = f"none, beside {others}" if others else "none"
        fix = f"{_FETCH}, or check the path" if _some_lost(folder.skipped) else "check the path"
        raise DataError(spec.path, expected=f"images ({', '.join(KNOWN)}) in one folder a class", got=got, fix=fix)


def _some_lost(kinds: Iterable[str]) -> bool:
    return any(kind.endswith(LOST) for kind in kinds)


def _all_in_folders(folder: ImageFolder) -> bool:
    return all(len(folder.parts(file)) > 1 for file in folder.pictures)


def _refuse_columns(spec: SourceSpec) -> None:
    asked = {"group": spec.group, "time": spec.time, "id": spec.id, "keep": ", ".join(spec.keep) or None}
    for role, column in asked.items():
        if column is not None:
            raise DataError(
                spec.path,
                expected=f"a metadata.csv beside the pictures for {role}: {column}",
                got="none",
                fix=f"give one with the columns file_name and {column}, or remove {role}",
            )


def _labels(
    folder: ImageFolder, files: Sequence[str], splits: tuple[str, ...], frame: pd.DataFrame | None, spec: SourceSpec
) -> tuple[Ints, tuple[str, ...]]:
    from ntgate.data.read_table import check_columns, label_values

    if frame is not None:
        check_columns(frame, spec, labelled=True)
        return encode_labels(label_values(frame[spec.label]), f"{spec.path}: {spec.label}")
    at = 1 if splits else 0
    parts = [folder.parts(file) for file in files]
    loose = [file for file, one in zip(files, parts, strict=True) if len(one) < at + 2]
    if loose:
        raise DataError(
            spec.path,
            expected="every image in a folder of its class",
            got=f"{loose[0]} beside them",
            fix="move it, or give a metadata.csv with the columns file_name and label",
        )
    bare = folder.bare(at + 1)
    if bare:
        name, endings = next(iter(bare.items()))
        shown = ", ".join(f"{count:,} {ending}" for ending, count in endings.items())
        raise DataError(
            spec.path,
            expected="pictures in every folder of a class",
            got=f"none that can be read in {name} ({shown})",
            fix=f"{_FETCH if _some_lost(endings) else 'convert them to png or jpg'}, or move the folder elsewhere",
        )
    return encode_labels(np.array([one[at] for one in parts]), spec.path)


def _with_columns(domain: Domain, frame: pd.DataFrame, spec: SourceSpec) -> Domain:
    """The domain with what metadata say of pictures beside their label."""
    from ntgate.data.read_table import check_columns

    check_columns(frame, spec, labelled=False)
    return replace(
        domain,
        groups=None if spec.group is None else groups(frame[spec.group], f"{spec.path}: {spec.group}"),
        times=None if spec.time is None else times(frame[spec.time], f"{spec.path}: {spec.time}"),
        keys={column: keys(frame[column]) for column in spec.keep},
        ids=None if spec.id is None else keys(frame[spec.id]),
    )


def _rows(
    folder: ImageFolder, files: Sequence[str], spec: SourceSpec, form: ImageForm, *, recorded: bool
) -> tuple[list[Prepared], npt.NDArray[np.bytes_]]:
    """The pictures, and their records ``(n,)``.

    Raises:
        DataError: naming every file that cannot be read.
    """
    with without_warnings(), ThreadPoolExecutor(AT_ONCE if folder.place.remote else 1) as readers:
        read = list(readers.map(lambda file: _read(folder, file, form, spec.limits, recorded=recorded), files))
    damaged = [f"{file} ({fault})" for file, fault in zip(files, read, strict=True) if isinstance(fault, str)]
    if damaged:
        more = f" and {len(damaged) - _MOST} more" if len(damaged) > _MOST else ""
        kind = "a damaged file" if len(damaged) == 1 else f"{len(damaged)} damaged files"
        raise DataError(
            spec.path,
            expected="images alone",
            got=f"{kind}: {', '.join(damaged[:_MOST])}{more}",
            fix="replace or remove " + ("it" if len(damaged) == 1 else "them"),
        )
    rows, records = zip(*(picture for picture in read if not isinstance(picture, str)), strict=True)
    return list(rows), np.array(records, "S32")


def _read(folder: ImageFolder, file: str, form: ImageForm, limits: Limits, *, recorded: bool) -> _Picture | str:
    """A picture in the wanted form with its record, or why it is none."""
    from PIL import Image

    content = folder.content(file)
    try:
        with Image.open(io.BytesIO(content)) as image:
            if (fault := limits.too_large(*image.size)) is not None:
                return fault
            record = image_record(image) if recorded else b""
            return prepared(image, form), record
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  each format has a decoder of its own, and damage makes them raise whatever they do
        other = disguised(content[:BEGINNING])
        if other is not None:
            return other[0]
        # An image in memory is named by its address.
        return re.sub(r" <_io\.BytesIO[^>]*>", "", " ".join(str(error).split()))[:100] or type(error).__name__
