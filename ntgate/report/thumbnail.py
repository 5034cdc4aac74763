"""A row that is an image as a small picture inside the page."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.errors import DataError

LARGEST = 96


def thumbnail(pixels: npt.NDArray[Any], *, limits: tuple[float, float] | None = None, largest: int = LARGEST) -> str:
    """A PNG as a data URI, at most ``largest`` pixels wide and high; smaller images keep their pixels.

    Args:
        pixels: ``(h, w)`` or ``(h, w, c)`` of 1, 3 or 4 channels, or ``(c, h, w)`` of 1 or 3. ``uint8`` is taken as it is.
        limits: of other numbers, the values that are drawn black and white; None: the least and the greatest.
        largest: side of the square that it fits in.

    Raises:
        DataError: when it is no image, or its pixels are not finite.

    >>> thumbnail(np.eye(8))[:22]
    'data:image/png;base64,'
    """
    from PIL import Image

    image = Image.fromarray(_bytes(_channels_last(np.asarray(pixels)), limits))
    image.thumbnail((largest, largest))
    file = io.BytesIO()
    image.save(file, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def _channels_last(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """``(h, w)`` or ``(h, w, 3 or 4)``."""
    if pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4) and pixels.shape[0] in (1, 3):
        pixels = np.moveaxis(pixels, 0, 2)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if not pixels.size or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))):
        raise DataError(
            "pixels", expected="an image (h, w), (h, w, c) or (c, h, w)", got=f"shape {pixels.shape}", fix="give one image"
        )
    return pixels


def _bytes(pixels: npt.NDArray[Any], limits: tuple[float, float] | None) -> npt.NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return np.ascontiguousarray(pixels)
    if pixels.dtype.kind not in "biuf" or not np.isfinite(pixels).all():
        raise DataError("pixels", expected="finite numbers", got=f"{pixels.dtype}, or NaN", fix="leave the row out")
    low, high = limits if limits is not None else (float(pixels.min()), float(pixels.max()))
    scaled = (pixels.astype(np.float64) - low) / (high - low) if high > low else np.zeros(pixels.shape)
    return np.round(255 * np.clip(scaled, 0, 1)).astype(np.uint8)
