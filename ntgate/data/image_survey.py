"""What the pictures of all domains are like before they are read: their sizes, the bits they use; and the form that follows."""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ntgate.base import Frozen
from ntgate.data.image_folder import AT_ONCE, ImageFolder
from ntgate.data.image_form import ImageForm, is_deep, orientation, without_warnings
from ntgate.data.image_processor import Processor
from ntgate.data.image_spec import ImagesSpec
from ntgate.data.limits import Limits
from ntgate.data.location import regular
from ntgate.errors import DataError

_MOST = 224  # the short side that ImageNet's models have; larger only where somebody says so
_LARGEST = 512  # a size that all pictures have is taken as it is up to here


@dataclass(frozen=True)
class Survey:
    """The pictures of one domain.

    Attributes:
        sizes: how many have which height and width, upright.
        whole: the smallest and the largest number in pictures of more than 8 bits a channel; None: there are none such.
        fractions: those in pictures of fractions.
    """

    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    whole: tuple[float, float] | None = None
    fractions: tuple[float, float] | None = None


class FormChosen(Frozen):
    """The form of the rows, and where it comes from.

    Attributes:
        form: the form itself.
        because: why it has its size, for people; empty where all pictures have it.
    """

    form: ImageForm
    because: str = ""


def survey(folder: ImageFolder, files: Sequence[str], limits: Limits, *, range_said: bool) -> Survey:
    """Look at the heads of pictures, and at the pixels of those with more than 8 bits; what is damaged is told when it is read."""
    with without_warnings(), ThreadPoolExecutor(AT_ONCE if folder.place.remote else 1) as readers:
        looked = list(readers.map(lambda file: _looked_at(folder, file, limits, range_said), files))
    seen = [one for one in looked if one is not None]
    return Survey(
        Counter(size for size, _, _ in seen),
        _extremes(limits for _, mode, limits in seen if mode != "F"),
        _extremes(limits for _, mode, limits in seen if mode == "F"),
    )


def _extremes(limits: Iterable[tuple[float, float] | None]) -> tuple[float, float] | None:
    known = [pair for pair in limits if pair is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None


def _looked_at(
    folder: ImageFolder, file: str, limits: Limits, range_said: bool
) -> tuple[tuple[int, int], str, tuple[float, float] | None] | None:
    from PIL import Image

    try:
        if not folder.place.remote:
            regular(file, file)
        with Image.open(io.BytesIO(folder.content(file, again=True)) if folder.place.remote else file) as image:
            width, height = image.size
            if limits.too_large(width, height) is not None:
                return None
            # A png is unpacked before it tells its EXIF, unless that stands before its pixels; a tiff tells its size upright.
            told = image.format != "TIFF" and (image.format != "PNG" or "exif" in image.info)
            turn = orientation(image) if told else None
            extremes = None
            if is_deep(image) and not range_said:
                values = np.asarray(image)
                values = values[np.isfinite(values)]  # what is not is damage
                extremes = (float(values.min()), float(values.max())) if len(values) else None
            sides = (width, height) if turn is not None and turn >= Image.Transpose.ROTATE_90 and turn != 3 else (height, width)
            return sides, image.mode, extremes
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  each format has a decoder of its own
        return None


def form_of(surveys: Mapping[str, Survey], said: ImagesSpec, processor: Processor | None) -> FormChosen:
    """The form of all rows.

    Args:
        surveys: the domains by name.
        said: what the config says.
        processor: of the backbone's folder, if it has one.

    Raises:
        DataError: when nobody says what is black and white in pictures of fractions or with numbers below 0.
    """
    told: dict[str, Any] = {"range": _range(surveys.values(), said), "said": said.range is not None}
    if said.mode is not None:
        told["mode"] = said.mode
    if said.fit is not None:
        told["fit"] = said.fit
    if processor is not None:
        told["resample"] = processor.resample
        told.setdefault("fit", processor.fit)
    if said.sides is not None:
        size, because = said.sides, "as the config says"
    elif processor is not None and processor.size is not None:
        size, because = processor.size, f"as the processor in the folder {Path(processor.folder).name} says"
        if said.fit is None:
            told["short"] = processor.short
    else:
        size, because = _size(surveys)
    return FormChosen(form=ImageForm(height=size[0], width=size[1], **told), because=because)


def _size(surveys: Mapping[str, Survey]) -> tuple[tuple[int, int], str]:
    every = Counter[tuple[int, int]]()
    for one in surveys.values():
        every += one.sizes
    target = surveys.get("target", Survey()).sizes or every
    whose = "the target's pictures" if target is not every else "the pictures"
    if len(target) == 1 and min(next(iter(target))) <= _LARGEST:
        return next(iter(target)), "" if len(every) == 1 else f"the size of {whose}"
    short = sorted(min(size) for size, times in target.items() for _ in range(times))
    if not short:
        return (1, 1), ""
    median = short[len(short) // 2]
    side = min(median, _MOST)
    because = f"the median short side of {whose}" + (f", {median}, but at most {_MOST}" if side < median else "")
    return (side, side), because


def _range(surveys: Iterable[Survey], said: ImagesSpec) -> tuple[float, float]:
    if said.range is not None:
        return said.range
    known = list(surveys)
    fractions = _extremes(one.fractions for one in known)
    whole = _extremes(one.whole for one in known)
    below = whole is not None and whole[0] < 0
    if (fractions is not None and (fractions[0] < 0 or fractions[1] > 1)) or below:
        low, high = _extremes([fractions, whole]) or (0.0, 1.0)
        raise DataError(
            "pictures",
            expected="pixels from 0 up, or fractions from 0 to 1",
            got=f"pixels from {low:g} to {high:g}",
            fix=f"write what is black and what is white below data: `images: {{range: [{low:g}, {high:g}]}}`",
        )
    return 0.0, 255.0 if whole is None else bits_of(whole[1])


def bits_of(largest: float) -> float:
    """The largest number of as many bits as a whole number takes, at least 8.

    >>> bits_of(3000), bits_of(20000), bits_of(3)
    (4095.0, 32767.0, 255.0)
    """
    return float(2 ** max(8, math.ceil(math.log2(largest + 1) if largest > 0 else 0)) - 1)
