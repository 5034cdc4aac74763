"""The network every arm trains: normaliser, features, linear head."""

from __future__ import annotations

import importlib
import itertools
import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import torch
from torch import Tensor, nn

from ntgate.data.word_vectors import word_vectors_in
from ntgate.errors import ModelError
from ntgate.foreign_code import foreign
from ntgate.training.config import Backbone, Cnn, Imported, Mlp, NetworkSpec, Residual, Transformers
from ntgate.training.streams import floats

# Beyond this many standard deviations a value says "unusual" and nothing more; see Normaliser.
CLAMP = 10.0


class Normaliser(nn.Module):
    """Centres and scales encoded rows with statistics that are part of the weights, so that they are exported with them.

    Vectors are scaled a feature at a time, images a channel at a time. The scale of a feature is its standard
    deviation, but at least a twentieth of its range: a pixel that is almost always dead keeps its scale instead of being
    blown up. Values are clamped to ten scales, so a feature that was constant in training cannot explode later.

    Shapes: ``(n, *shape) -> (n, *shape)``.

    Args:
        shape: of a row.
        identity: leave rows as they are, because they are token ids.
        of_pixels: the mean and the deviation ``(c,)`` that pixels take instead of their own, because a model was trained with them.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, shape: tuple[int, ...], *, identity: bool = False, of_pixels: tuple[Tensor, Tensor] | None = None) -> None:
        super().__init__()
        self.identity, self._of_pixels = identity, of_pixels
        broadcast = {1: shape, 3: (shape[0], 1, 1)}.get(len(shape), (1,) * len(shape))
        self.register_buffer("mean", torch.zeros(broadcast))
        self.register_buffer("scale", torch.ones(broadcast))

    def fit(self, x: Tensor) -> None:
        """Take the statistics of the rows ``x`` ``(n, *shape)``."""
        if self.identity:
            return
        if self._of_pixels is not None and x.dtype == torch.uint8:
            for here, told in zip((self.mean, self.scale), self._of_pixels, strict=True):
                here.copy_(told.reshape(-1, 1, 1))
            return
        over = [0] + [i + 1 for i, size in enumerate(self.mean.shape) if size == 1 and x.shape[i + 1] != 1]
        if x.dtype == torch.uint8:
            mean, std, spread = _statistics_of_pixels(x, over)
        else:
            mean = x.mean(dim=over, keepdim=True, dtype=torch.float64)
            std = (x - mean).square().mean(dim=over, keepdim=True).sqrt()
            spread = x.amax(dim=over, keepdim=True) - x.amin(dim=over, keepdim=True)
        scale = torch.maximum(std, spread / 20)
        self.mean.copy_(mean[0])
        self.scale.copy_(torch.where(scale > 0, scale, torch.ones_like(scale))[0])

    def forward(self, x: Tensor) -> Tensor:
        """Normalise ``x``."""
        if self.identity:
            return x
        return torch.clamp((floats(x) - self.mean) / self.scale, -CLAMP, CLAMP)


def _statistics_of_pixels(x: Tensor, over: list[int]) -> tuple[Tensor, Tensor, Tensor]:
    """Mean, standard deviation and range of uint8 rows as floats, block by block: as floats they may not fit in memory."""

    def summed(term: Callable[[Tensor], Tensor]) -> Tensor:
        return torch.stack([term(floats(part).double()).sum(dim=over, keepdim=True) for part in x.split(1024)]).sum(0)

    count = math.prod(x.shape[i] for i in over)
    mean = summed(lambda part: part) / count
    std = (summed(lambda part: (part - mean).square()) / count).sqrt()
    return mean, std, floats(x.amax(dim=over, keepdim=True)) - floats(x.amin(dim=over, keepdim=True))


class Network(nn.Module):
    """Normaliser, feature extractor and linear head.

    Shapes: ``forward``: float32 ``(n, *shape) -> (n, classes)`` logits; ``embed``: ``(n, *shape) -> (n, width)``.

    >>> spec = NetworkSpec(backbone=Mlp(hidden=(8,)), input_shape=(3,), classes=2)
    >>> network = build(spec, seed=0)
    >>> network(torch.zeros(5, 3)).shape, network.embed(torch.zeros(5, 3)).shape
    (torch.Size([5, 2]), torch.Size([5, 8]))
    """

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.spec = spec
        features = _features(spec.backbone, spec.input_shape)
        self.normaliser = Normaliser(
            spec.input_shape,
            identity=bool(getattr(features, "reads_tokens", False)),
            of_pixels=getattr(features, "of_pixels", None),
        )
        self.features = features
        self.head = nn.Linear(_width(self.features, spec), spec.classes)

    def embed(self, x: Tensor) -> Tensor:
        """Features ``(n, width)`` of the rows ``x``."""
        if not isinstance(self.spec.backbone, Imported) or torch.compiler.is_exporting():
            features: Tensor = self.features(self.normaliser(x))
            return features
        rows = self.normaliser(x)
        with _theirs(self.spec.backbone, rows):
            features = self.features(rows)
        if not isinstance(features, Tensor) or features.shape != (len(rows), self.head.in_features):
            raise ModelError(
                f"model.backbone {self.spec.backbone.path}",
                expected=f"features of shape ({len(rows)}, {self.head.in_features})",
                got=_shape(features),
                fix="flatten or pool inside the module, whatever the number of rows",
            )
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``(n, classes)`` of the rows ``x``."""
        logits: Tensor = self.head(self.embed(x))
        return logits


def build(spec: NetworkSpec, seed: int) -> Network:
    """A freshly initialised network; the same ``seed`` gives the same weights, and torch's global state is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Network(spec)


class SideBySide(nn.Module):
    """Features ``(n, a + b)`` of two extractors of the same rows."""

    def __init__(self, source: nn.Module, own: nn.Module) -> None:
        super().__init__()
        self.source, self.own = source, own

    def forward(self, x: Tensor) -> Tensor:
        """Both, one behind the other."""
        return torch.cat([self.source(x), self.own(x)], dim=1)


def _features(backbone: Backbone | Residual, shape: tuple[int, ...]) -> nn.Module:
    if isinstance(backbone, Residual):
        return SideBySide(_features(backbone.source, shape), _features(backbone.own, shape))
    if isinstance(backbone, Mlp):
        sizes = (math.prod(shape), *backbone.hidden)
        layers: list[nn.Module] = [nn.Flatten()]
        for fan_in, fan_out in itertools.pairwise(sizes):
            layers += [nn.Linear(fan_in, fan_out), nn.ReLU(), nn.Dropout(backbone.dropout)]
        return nn.Sequential(*layers)
    if isinstance(backbone, Cnn):
        return _cnn(backbone, shape)
    if isinstance(backbone, Transformers):
        from ntgate.training.transformer import transformer_features
        from ntgate.training.word_vectors import word_vector_features

        vectors = word_vectors_in(Path(backbone.path))
        return transformer_features(backbone) if vectors is None else word_vector_features(vectors)
    return _imported(backbone)


def _cnn(backbone: Cnn, shape: tuple[int, ...]) -> nn.Module:
    if len(shape) not in (2, 3):
        raise ModelError(
            "model.backbone",
            expected="image rows (h, w) or (c, h, w) for a cnn",
            got=f"rows of shape {shape}",
            fix="choose mlp, or give the rows as images",
        )
    channels, height, width = (1, *shape) if len(shape) == 2 else shape
    layers: list[nn.Module] = [nn.Unflatten(1, (1, height))] if len(shape) == 2 else []
    for fan_out in backbone.channels:
        layers.append(nn.Conv2d(channels, fan_out, 3, padding=1))
        channels = fan_out
        if min(height, width) >= 4:
            layers.append(nn.MaxPool2d(2))
            height, width = height // 2, width // 2
        layers.append(nn.ReLU())  # the same after the pooling as before, on a quarter of the values
    flat = channels * height * width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(flat, backbone.width), nn.ReLU(), nn.Dropout(backbone.dropout))


def _imported(backbone: Imported) -> nn.Module:
    module_path, name = backbone.path.split(":")
    subject = f"model.backbone {backbone.path}"
    with foreign(
        subject, expected="a torch.nn.Module that can be imported and built", fix="check the import path and the arguments"
    ):
        kind = getattr(importlib.import_module(module_path), name)
        module = kind(**backbone.arguments)
    if not isinstance(module, nn.Module):
        raise ModelError(subject, expected="a torch.nn.Module", got=type(module).__name__, fix="name a class that derives from it")
    return module


def _theirs(backbone: Imported, rows: Tensor) -> AbstractContextManager[None]:
    """What the backbone's own code raises, in our words."""
    return foreign(
        f"model.backbone {backbone.path}",
        expected=f"a module that takes rows of shape {tuple(rows.shape)}, also in training",
        fix="correct the class",
    )


def their_gradients(network: Network) -> AbstractContextManager[None]:
    """What differentiating the code of an imported backbone raises, in our words; any other backbone is our own code."""
    backbone = network.spec.backbone
    if not isinstance(backbone, Imported):
        return nullcontext()
    return foreign(f"model.backbone {backbone.path}", expected="a module that can be differentiated", fix="correct the class")


def _shape(out: object) -> str:
    return f"shape {tuple(out.shape)}" if isinstance(out, Tensor) else type(out).__name__


def _width(features: nn.Module, spec: NetworkSpec) -> int:
    """Width of the features, found by passing two rows of zeros."""
    training = features.training
    features.eval()
    expected = f"a module that takes rows of shape {spec.input_shape}"
    try:
        with (
            foreign(f"model.backbone {spec.backbone.kind}", expected=expected, fix="choose a backbone that fits the data"),
            torch.no_grad(),
        ):
            out = features(torch.zeros(2, *spec.input_shape))
    finally:
        features.train(training)
    if not isinstance(out, Tensor) or out.ndim != 2 or out.shape[0] != 2:
        raise ModelError(
            f"model.backbone {spec.backbone.kind}",
            expected="features of shape (n, width)",
            got=_shape(out),
            fix="flatten or pool inside the module",
        )
    return int(out.shape[1])
