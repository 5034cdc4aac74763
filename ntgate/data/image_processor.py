"""What the image processor of a Hugging Face folder does with pictures, from its ``preprocessor_config.json``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from ntgate.base import Frozen
from ntgate.data.image_form import Resample
from ntgate.data.image_spec import Fit
from ntgate.errors import ModelError
from ntgate.json_text import read_json

_FILES = ("preprocessor_config.json", "processor_config.json")
_WAYS = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")  # as Pillow numbers them
_SQUASHED_FROM = 384  # ConvNeXT's processor cuts nothing off from this size on


class Processor(Frozen):
    """How a model's pictures were prepared.

    Attributes:
        folder: the folder that says so.
        size: height and width of what the model was given; None: not told.
        short: the short side before the middle is cut out; None: the middle is as large as it can be.
        fit: ``crop`` where a middle is cut out, else ``squash``, or ``pad``.
        resample: how pixels are put together.
        mean: of each channel of pixels in [0, 1], subtracted; None: not told.
        deviation: by which it is divided then.
    """

    folder: str
    size: tuple[int, int] | None = None
    short: int | None = None
    fit: Fit = "squash"
    resample: Resample = "bilinear"
    mean: tuple[float, ...] | None = None
    deviation: tuple[float, ...] | None = None


def read_processor(folder: str) -> Processor | None:
    """The processor of a local folder; None where it has none of pictures.

    Raises:
        ModelError: when its file is damaged.
    """
    for name in _FILES:
        path = Path(folder) / name
        if not path.is_file():
            continue
        try:
            content = read_json(path)
            content = content.get("image_processor", content)
            if "image_mean" in content or "size" in content:
                return _processor(folder, content)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, OSError) as error:
            raise ModelError(
                f"model.backbone {path}",
                expected="the settings of an image processor",
                got=f"{type(error).__name__}: {error}",
                fix="save it again with save_pretrained",
            ) from error
    return None


def _processor(folder: str, content: Mapping[str, Any]) -> Processor:
    crops = bool(content.get("do_center_crop", "crop_size" in content and content.get("do_center_crop") is not False))
    told: dict[str, Any] = {"folder": folder, "resample": _way(content.get("resample", 2))}
    size, short = _sides(content.get("size")) if content.get("do_resize", True) else (None, None)
    if isinstance(content.get("size"), int) and crops:
        size, short = None, content["size"]
    if crops:
        middle, edge = _sides(content.get("crop_size", content.get("size")))
        told |= {"size": middle or (None if edge is None else (edge, edge)), "short": short, "fit": "crop"}
        if size is not None and size == told["size"]:
            told["fit"] = "squash"
    elif short is not None and content.get("crop_pct") and short < _SQUASHED_FROM:
        told |= {"size": (short, short), "short": int(short / float(content["crop_pct"])), "fit": "crop"}
    elif short is not None:
        told |= {"size": (short, short), "fit": "squash" if content.get("crop_pct") else "crop"}
    else:
        told |= {"size": size, "fit": "pad" if content.get("do_pad") else "squash"}
    if content.get("do_normalize", True) and "image_mean" in content:
        factor = 255 * float(content.get("rescale_factor", 1 / 255)) if content.get("do_rescale", True) else 255.0
        offset = 1.0 if content.get("rescale_offset") else 0.0
        mean, deviation = _channels(content["image_mean"]), _channels(content.get("image_std", [1.0]))
        told["mean"] = tuple((value + offset) / factor for value in mean)
        told["deviation"] = tuple(value / factor for value in deviation)
        if not all(value > 0 for value in told["deviation"]):
            raise ValueError(f"image_std {list(deviation)}")
    return Processor(**told)


def _channels(value: Any) -> tuple[float, ...]:
    return tuple(map(float, value)) if isinstance(value, list | tuple) else (float(value),)


def _way(number: Any) -> Resample:
    return cast(Resample, _WAYS[int(number)] if number is not None else "bilinear")


def _sides(value: Any) -> tuple[tuple[int, int] | None, int | None]:
    """Height and width, or the short side, that a ``size`` says."""
    if value is None:
        return None, None
    if isinstance(value, Mapping):
        if "height" in value and "width" in value:
            return (int(value["height"]), int(value["width"])), None
        return None, int(value["shortest_edge"]) if "shortest_edge" in value else None
    if isinstance(value, list | tuple):
        return (int(value[0]), int(value[1])), None
    return (int(value), int(value)), None
