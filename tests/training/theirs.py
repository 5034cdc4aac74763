"""Backbones that misbehave, each in its own way."""

from __future__ import annotations

import sys

import torch
from torch import nn


class Misbehaving(nn.Module):
    """Behaves until its ``patience`` is used up, then does ``what`` in training."""

    def __init__(self, what: str, patience: int = 3) -> None:
        super().__init__()
        self.layer, self.what, self.left = nn.Linear(4, 6), what, patience
        if what == "exit at once":
            sys.exit(0)
        if what == "raise at once":
            raise ValueError("no luck")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.layer(x)
        if not self.training or self.what.endswith("at once"):
            return out
        self.left -= 1
        if self.left > 0:
            return out
        if self.what == "exit":
            sys.exit(0)
        if self.what == "raise":
            raise KeyError("x")
        if self.what == "shape":
            return out[:, :3]
        if self.what == "gradient":
            kept = out.exp()
            product = kept * kept
            kept.add_(1)
            return product
        raise GeneratorExit


class Normalised(nn.Sequential):
    """A backbone with batch normalisation."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU())
