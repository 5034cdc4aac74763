"""Rows from a folder of images, one subfolder a class."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from ntgate.data.domain import Domain, Ints
from ntgate.data.labels import encode_labels
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")


def read_images(files: AbstractFileSystem, path: str, spec: SourceSpec, name: str, *, labelled: bool) -> Domain:
    """The images below ``path`` as uint8 ``(n, h, w, c)``, sorted by path; the class is the first folder's name.

    Unlabelled images may lie in any folders.
    """
    found = sorted(file for file in files.find(path) if file.lower().endswith(_ENDINGS))
    if not found:
        raise DataError(
            spec.path,
            expected=f"images ({', '.join(_ENDINGS)}) in one folder a class",
            got="none",
            fix="check the path",
        )
    size = spec.image_size
    pixels = []
    for file in found:
        image = _read(files, file, spec, size)
        size = size or image.shape[:2]
        pixels.append(image)
    y: Ints | None = None
    classes: tuple[str, ...] = ()
    if labelled:
        folders = [PurePosixPath(file).relative_to(path).parts for file in found]
        loose = [file for file, parts in zip(found, folders, strict=True) if len(parts) < 2]
        if loose:
            raise DataError(
                spec.path, expected="every image in a folder of its class", got=f"{loose[0]} beside them", fix="move it"
            )
        y, classes = encode_labels(np.array([parts[0] for parts in folders]), spec.path)
    return Domain(name, np.stack(pixels), y, classes)


def _read(files: AbstractFileSystem, file: str, spec: SourceSpec, size: tuple[int, ...] | None) -> np.ndarray:
    from PIL import Image, UnidentifiedImageError

    try:
        with files.open(file, "rb") as opened, Image.open(opened) as image:
            plain = image.convert(spec.image_mode)
            if size is not None and plain.size != (size[1], size[0]):
                plain = plain.resize((size[1], size[0]), Image.Resampling.BILINEAR)
            pixels = np.asarray(plain, dtype=np.uint8)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(
            file, expected="an image", got=f"a damaged file ({error})", fix="replace or remove it"
        ) from error
    return pixels[..., None] if pixels.ndim == 2 else pixels
