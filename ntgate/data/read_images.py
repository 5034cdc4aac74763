"""Rows from a folder of images, one subfolder a class."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ntgate.data.domain import Domain, Ints
from ntgate.data.labels import encode_labels
from ntgate.data.location import Location
from ntgate.data.records import image_record
from ntgate.data.sampling import sampled
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError

_AT_ONCE = 16  # files on their way from remote storage: one by one, its latency would set the pace
_MOST = 20  # damaged files named one by one
_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")

_Picture: TypeAlias = tuple[npt.NDArray[np.uint8], bytes]


def read_images(place: Location, spec: SourceSpec, name: str, *, labelled: bool, recorded: bool = False) -> Domain:
    """The images below ``place`` as uint8 ``(n, h, w, c)``, sorted by path; the class is the first folder's name.

    Unlabelled images may lie in any folders.
    """
    found = pictures_below(place)
    if not found:
        raise DataError(
            spec.path, expected=f"images ({', '.join(_ENDINGS)}) in one folder a class", got="none", fix="check the path"
        )
    wanted = sampled(len(found), spec.sample)
    if wanted is not None:
        found = [found[i] for i in wanted]
    pixels, records = _pixels(place, found, spec, recorded=recorded)
    y: Ints | None = None
    classes: tuple[str, ...] = ()
    if labelled:
        folders = [PurePosixPath(file).relative_to(place.path).parts for file in found]
        loose = [file for file, parts in zip(found, folders, strict=True) if len(parts) < 2]
        if loose:
            raise DataError(
                spec.path, expected="every image in a folder of its class", got=f"{loose[0]} beside them", fix="move it"
            )
        y, classes = encode_labels(np.array([parts[0] for parts in folders]), spec.path)
    told = np.repeat(records[:, None], 2, axis=1) if recorded else None  # the label is no part of the picture
    return Domain(name, pixels, y, classes, row_numbers=wanted, records=told)


def pictures_below(place: Location) -> list[str]:
    """The images below ``place``, sorted by path: their positions are the numbers of the rows."""
    return [file for file in place.below() if file.lower().endswith(_ENDINGS)]


def _pixels(
    place: Location, found: list[str], spec: SourceSpec, *, recorded: bool
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bytes_]]:
    """The pixels ``(n, h, w, c)`` of the files, in the size of the first one that can be read, and their records ``(n,)``.

    Raises:
        DataError: naming every file that cannot be.
    """
    read: dict[str, _Picture | str] = {}
    size: tuple[int, ...] | None = spec.image_size
    ahead = iter(found)
    while size is None and (file := next(ahead, None)) is not None:
        read[file] = first = _read(place, file, spec, None, recorded=recorded)
        size = None if isinstance(first, str) else first[0].shape[:2]
    rest = list(ahead)
    with ThreadPoolExecutor(_AT_ONCE if place.remote else 1) as readers:
        read |= zip(rest, readers.map(lambda file: _read(place, file, spec, size, recorded=recorded), rest), strict=True)
    damaged = [f"{file} ({fault})" for file, fault in read.items() if isinstance(fault, str)]
    if damaged:
        more = f" and {len(damaged) - _MOST} more" if len(damaged) > _MOST else ""
        kind = "a damaged file" if len(damaged) == 1 else f"{len(damaged)} damaged files"
        raise DataError(
            spec.path,
            expected="images alone",
            got=f"{kind}: {', '.join(damaged[:_MOST])}{more}",
            fix="replace or remove " + ("it" if len(damaged) == 1 else "them"),
        )
    pixels, records = zip(*(picture for picture in read.values() if not isinstance(picture, str)), strict=True)
    return np.stack(pixels), np.array(records, "S32")


def _read(place: Location, file: str, spec: SourceSpec, size: tuple[int, ...] | None, *, recorded: bool) -> _Picture | str:
    """The pixels of a picture in the wanted form with its record, or why it is none."""
    from PIL import Image

    content = place.content(file)
    try:
        with Image.open(io.BytesIO(content)) as image:
            record = image_record(image) if recorded else b""
            plain = image.convert(spec.image_mode)
            if size is not None and plain.size != (size[1], size[0]):
                plain = plain.resize((size[1], size[0]), Image.Resampling.BILINEAR)
            pixels = np.asarray(plain, dtype=np.uint8)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  each format has a decoder of its own, and damage makes them raise whatever they do
        # An image in memory is named by its address.
        return re.sub(r" <_io\.BytesIO[^>]*>", "", " ".join(str(error).split()))[:100] or type(error).__name__
    return pixels[..., None] if pixels.ndim == 2 else pixels, record
