"""Rows from a folder of images, one subfolder a class."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from ntgate.data.domain import Domain, Ints
from ntgate.data.labels import encode_labels
from ntgate.data.location import Location, unreadable
from ntgate.data.records import image_record
from ntgate.data.sampling import sampled
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError

_AT_ONCE = 16  # files on their way from remote storage: one by one, its latency would set the pace
_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")


def read_images(place: Location, spec: SourceSpec, name: str, *, labelled: bool, recorded: bool = False) -> Domain:
    """The images below ``place`` as uint8 ``(n, h, w, c)``, sorted by path; the class is the first folder's name.

    Unlabelled images may lie in any folders.
    """
    found = _images_below(place)
    if not found:
        raise DataError(
            spec.path,
            expected=f"images ({', '.join(_ENDINGS)}) in one folder a class",
            got="none",
            fix="check the path",
        )
    wanted = sampled(len(found), spec.sample)
    if wanted is not None:
        found = [found[i] for i in wanted]
    first = _read(place, found[0], spec, spec.image_size, recorded=recorded)
    size = spec.image_size or first[0].shape[:2]
    with ThreadPoolExecutor(_AT_ONCE if place.remote else 1) as readers:
        others = readers.map(lambda file: _read(place, file, spec, size, recorded=recorded), found[1:])
        pixels, records = zip(first, *others, strict=True)
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
    told = (
        np.repeat(np.array(records, "S32")[:, None], 2, axis=1) if recorded else None
    )  # the label is no part of the picture
    return Domain(name, np.stack(pixels), y, classes, row_numbers=wanted, records=told)


def _images_below(place: Location) -> list[str]:
    try:
        return sorted(file for file in place.files.find(place.path) if file.lower().endswith(_ENDINGS))
    except Exception as error:
        raise unreadable(place.shown, error) from error


def _read(
    place: Location, file: str, spec: SourceSpec, size: tuple[int, ...] | None, *, recorded: bool
) -> tuple[npt.NDArray[np.uint8], bytes]:
    """The pixels of a picture in the wanted form, and its record."""
    from PIL import Image, UnidentifiedImageError

    content = place.content(file)
    try:
        with Image.open(io.BytesIO(content)) as image:
            record = image_record(image) if recorded else b""
            plain = image.convert(spec.image_mode)
            if size is not None and plain.size != (size[1], size[0]):
                plain = plain.resize((size[1], size[0]), Image.Resampling.BILINEAR)
            pixels = np.asarray(plain, dtype=np.uint8)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(
            file, expected="an image", got=f"a damaged file ({error})", fix="replace or remove it"
        ) from error
    return pixels[..., None] if pixels.ndim == 2 else pixels, record
