"""The form of a row that is a picture, and how a picture is brought to it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.data.image_spec import Fit, Mode

if TYPE_CHECKING:
    from PIL import Image

Resample: TypeAlias = Literal["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"]
Pixels: TypeAlias = npt.NDArray[np.uint8]
_UPRIGHT = 0x0112  # the EXIF tag that says how a camera was held
_GREY = 8  # channels that differ by no more are what JPEG makes of grey


class ImageForm(Frozen):
    """The form of every row.

    Attributes:
        height: of a row; width: the same.
        mode: ``L`` for grey, ``RGB`` for colour.
        fit: how a picture of another shape is brought to it.
        short: the short side before the middle is kept; None: such that the middle is as large as it can be.
        resample: how pixels are put together.
        range: what is black and what is white in pictures of more than 8 bits.
        said: whether the config says that range, so that it holds for fractions too.
    """

    height: int
    width: int
    mode: Mode = "RGB"
    fit: Fit = "crop"
    short: int | None = None
    resample: Resample = "bilinear"
    range: tuple[float, float] = (0.0, 65535.0)
    said: bool = False


class Prepared(NamedTuple):
    """A picture as a row.

    Attributes:
        pixels: uint8 ``(h, w, c)``.
        size: its own height and width, upright.
        turned: whether it was turned as its EXIF says.
        deep: what is black and what is white in it, where it has more than 8 bits a channel; None: it has 8.
        white: whether it was laid on white, being transparent somewhere.
        frames: whether it has further frames, which are not read.
        grey: whether no pixel has a colour.
        cut: share of it that is not in the row.
    """

    pixels: Pixels
    size: tuple[int, int]
    turned: bool = False
    deep: tuple[float, float] | None = None
    white: bool = False
    frames: bool = False
    grey: bool = False
    cut: float = 0.0


def prepared(image: Image.Image, form: ImageForm) -> Prepared:
    """An opened picture in the wanted form: its first frame, upright, scaled to 8 bits, laid on white, resized.

    Raises:
        ValueError: when pixels of it are no numbers.
    """
    image.load()
    turn = orientation(image)
    frames = bool(getattr(image, "is_animated", False)) and image.format != "MPO"  # a phone's, whose others are thumbnails
    deep = None
    if is_deep(image):
        deep = (0.0, 1.0) if image.mode == "F" and not form.said else form.range
        image = _of_eight_bits(image, *deep)
    flat, white = _on_white(image)
    if turn is not None:
        flat = flat.transpose(turn)
    grey = flat.mode in ("L", "1") or _is_grey(flat)
    size = flat.size[1], flat.size[0]
    row, cut = fitted(flat.convert(form.mode), form)
    pixels = np.asarray(row, dtype=np.uint8)
    return Prepared(pixels[..., None] if pixels.ndim == 2 else pixels, size, turn is not None, deep, white, frames, grey, cut)


@contextmanager
def without_warnings() -> Iterator[None]:
    """While pictures are opened Pillow says nothing: broken EXIF is no part of them, and of their size data.limits is the judge.

    It is to stand around the threads that open them, not in each.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def is_deep(image: Image.Image) -> bool:
    """Whether a picture has more than 8 bits a channel."""
    return image.mode.startswith(("I", "F"))


def orientation(image: Image.Image) -> Image.Transpose | None:
    """How a loaded picture has to be turned to stand upright; None where it does, or its EXIF cannot be read."""
    from PIL import Image

    turns = Image.Transpose
    ways = {
        2: turns.FLIP_LEFT_RIGHT,
        3: turns.ROTATE_180,
        4: turns.FLIP_TOP_BOTTOM,
        5: turns.TRANSPOSE,
        6: turns.ROTATE_270,
        7: turns.TRANSVERSE,
        8: turns.ROTATE_90,
    }
    try:
        return ways.get(image.getexif().get(_UPRIGHT, 1))
    except Exception:  # noqa: BLE001  what cameras and tools write there is broken in many ways, and no part of the picture
        return None


def fitted(image: Image.Image, form: ImageForm) -> tuple[Image.Image, float]:
    """A picture in the size of ``form``, and the share of it that is not in it."""
    from PIL import Image, ImageOps

    width, height = image.size
    size, way = (form.width, form.height), Image.Resampling[form.resample.upper()]
    if form.fit == "pad":
        return (image if image.size == size else ImageOps.pad(image, size, way)), 0.0
    if form.fit == "squash":
        return (image if image.size == size else image.resize(size, way)), 0.0
    if form.short is None:
        scale = max(form.width / width, form.height / height)
        row = image if image.size == size else ImageOps.fit(image, size, way)
    else:
        scale = form.short / min(width, height)
        whole = image.resize((max(1, round(width * scale)), max(1, round(height * scale))), way)
        left, top = (whole.size[0] - form.width) // 2, (whole.size[1] - form.height) // 2
        row = whole.crop((left, top, left + form.width, top + form.height))
    kept = min(1.0, form.width / (width * scale)) * min(1.0, form.height / (height * scale))
    return row, 1 - kept


def _of_eight_bits(image: Image.Image, low: float, high: float) -> Image.Image:
    from PIL import Image

    values = np.asarray(image, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("NaN or infinity among its pixels")
    return Image.fromarray(np.round(255 * np.clip((values - low) / (high - low), 0, 1)).astype(np.uint8))


def _on_white(image: Image.Image) -> tuple[Image.Image, bool]:
    """What people see of a picture that is transparent somewhere: the colour behind that is any, often black."""
    from PIL import Image

    if not image.has_transparency_data:
        return (image.convert("RGB") if image.mode not in ("L", "RGB") else image), False
    whole = image.convert("RGBA")
    if np.asarray(whole)[..., 3].min() == 255:
        return whole.convert("RGB"), False
    white = Image.new("RGBA", whole.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, whole).convert("RGB"), True


def _is_grey(image: Image.Image) -> bool:
    every = max(1, min(image.size) // 64)
    some = np.asarray(image)[::every, ::every].astype(np.int16)
    return bool(np.ptp(some, axis=2).max() <= _GREY)
