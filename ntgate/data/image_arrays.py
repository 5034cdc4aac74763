"""Pictures in an npz: which axis holds their channels, and their numbers as pixels."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ntgate.data.image_form import ImageForm, Pixels, fitted
from ntgate.data.image_spec import ImagesSpec
from ntgate.data.labels import rows as rows_named
from ntgate.errors import DataError

_CHANNELS = (1, 3, 4)
_LEAST = 8  # pixels along a side

Layout = Literal["none", "first", "last"]


def layout_of(shape: tuple[int, ...]) -> Layout | None:
    """Where the channels of rows of this shape stand, if they can be pictures; None: they cannot, or it cannot be told.

    >>> layout_of((24, 24, 3)), layout_of((3, 24, 24)), layout_of((28, 28)), layout_of((24, 24, 24)), layout_of((3, 24, 3))
    ('last', 'first', 'none', None, None)
    """
    if len(shape) == 2:
        return "none" if min(shape) >= _LEAST else None
    if len(shape) != 3:
        return None
    last = shape[2] in _CHANNELS and min(shape[:2]) >= _LEAST
    first = shape[0] in _CHANNELS and min(shape[1:]) >= _LEAST
    return "last" if last else "first" if first else None


def pixels_of(x: npt.NDArray[Any], layout: Layout, said: ImagesSpec, where: str) -> Pixels:
    """The rows ``x`` as uint8 ``(n, h, w, c)``.

    Raises:
        DataError: on NaN and infinity, or when nobody says what is black and what is white.
    """
    _refuse_no_numbers(x, where)
    if x.dtype == np.uint8 and said.range is None:
        pixels = x
    else:
        low, high = (float(x.min()), float(x.max())) if said.range is None else said.range
        if said.range is None:
            if low < 0 or high > 255:
                raise DataError(
                    where,
                    expected="pixels from 0 to 255, or from 0 to 1",
                    got=f"numbers from {low:g} to {high:g}",
                    fix=f"write what is black and what is white below data: `images: {{range: [{low:g}, {high:g}]}}`",
                )
            low, high = 0.0, 1.0 if high <= 1 and x.dtype.kind == "f" else 255.0
        pixels = np.empty(x.shape, np.uint8)
        for start in range(0, len(x), 1024):  # as floats all rows may not fit in memory
            part = x[start : start + 1024].astype(np.float64)
            pixels[start : start + 1024] = np.round(255 * np.clip((part - low) / (high - low), 0, 1))
    if layout == "none":
        return pixels[..., None]
    return np.ascontiguousarray(np.moveaxis(pixels, 1, 3)) if layout == "first" else pixels


def _refuse_no_numbers(x: npt.NDArray[Any], where: str) -> None:
    if x.dtype.kind != "f":
        return
    flat = x.reshape(len(x), -1)
    wrong = [start + np.flatnonzero(~np.isfinite(flat[start : start + 1024]).all(axis=1)) for start in range(0, len(x), 1024)]
    if any(map(len, wrong)):
        raise DataError(
            where,
            expected="finite pixels",
            got=f"NaN or infinity in {rows_named(np.concatenate(wrong))}",
            fix="replace or remove them",
        )


def in_form(pixels: Pixels, form: ImageForm) -> Pixels:
    """Rows of pixels ``(n, h, w, c)`` in the form of those that were files."""
    from PIL import Image

    channels = 1 if form.mode == "L" else 3
    if pixels.shape[1:] == (form.height, form.width, channels):
        return pixels
    rows = np.empty((len(pixels), form.height, form.width, channels), np.uint8)
    for i, one in enumerate(pixels):
        image = Image.fromarray(one[..., 0] if one.shape[2] == 1 else one)
        if one.shape[2] == 4:
            image = Image.alpha_composite(Image.new("RGBA", image.size, (255, 255, 255, 255)), image)
        rows[i] = np.asarray(fitted(image.convert(form.mode), form)[0]).reshape(rows.shape[1:])
    return rows
