"""Quantisation: weights and activations as 8-bit integers.

Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018, equation
1: ``real = scale * (integer - zero_point)``.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ntgate.base import Frozen, Whole


class Quantisation(Frozen):
    """Quantise the exported model with onnxruntime; its preprocessing and its class scores stay in floating point.

    Attributes:
        mode: ``static``: the ranges of the activations are measured once, on target training rows. ``dynamic``: anew in every
            batch, so that the scores of a row depend, a little, on the rows that are scored with it.
        calibration_rows: target training rows that the ranges are measured on, at most.
        per_channel: a scale a unit of each layer instead of one a layer.
    """

    kind: Literal["quantisation"] = "quantisation"
    mode: Literal["static", "dynamic"] = "static"
    calibration_rows: Whole = Field(512, ge=1, le=1_000_000)
    per_channel: bool = True
