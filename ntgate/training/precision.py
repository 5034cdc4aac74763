"""Full precision inside mixed precision, for losses that are small differences of large sums."""

from __future__ import annotations

import torch
from torch import Tensor


def in_full_precision(x: Tensor) -> torch.autocast:
    """A region on the device of ``x`` in which matrix products are not rounded to bf16."""
    return torch.autocast(x.device.type, enabled=False)


def at_least_float32(x: Tensor) -> Tensor:
    """``x`` in float32, or in float64 where it is that already.

    >>> at_least_float32(torch.zeros(1, dtype=torch.bfloat16)).dtype, at_least_float32(torch.zeros(1, dtype=torch.float64)).dtype
    (torch.float32, torch.float64)
    """
    return x if x.dtype == torch.float64 else x.float()
