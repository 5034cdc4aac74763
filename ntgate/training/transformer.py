"""Hugging Face transformers as feature extractors, built from a local folder.

The folder's ``config.json`` gives the architecture; its weights are read like those of any other checkpoint
(:mod:`ntgate.training.pretrained`) and only where something is transferred, so that scratch starts from chance. Nothing is fetched,
no code of the folder runs, and no pickle is read that could run any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ntgate.data.image_processor import read_processor
from ntgate.errors import ModelError
from ntgate.extras import require
from ntgate.json_text import read_json
from ntgate.training.config import Transformers

_MOST_LAYERS = 1000


class TransformerFeatures(nn.Module):
    """A transformer whose last hidden states are pooled to one vector a row.

    Images are float rows ``(n, c, h, w)``. Texts are token ids in float32 rows ``(n, length)``, padded with the pad id of the
    configuration: ids are whole numbers below 2^24, which float32 holds exactly, and become integers here.

    Shapes: ``(n, *shape) -> (n, width)``.

    Attributes:
        model: the transformer without a head.
        reads_tokens: whether rows are token ids, which must not be normalised.
        of_pixels: mean and deviation ``(c,)`` of pixels in [0, 1] as its processor has them; None: it has none.
    """

    def __init__(
        self, model: nn.Module, *, pooling: str, reads_tokens: bool, pad: int, of_pixels: tuple[Tensor, Tensor] | None = None
    ) -> None:
        super().__init__()
        self.model = model
        self.reads_tokens, self.of_pixels = reads_tokens, of_pixels
        self._pooling, self._pad = pooling, pad

    def forward(self, x: Tensor) -> Tensor:
        """The pooled last hidden states of ``x``."""
        if not self.reads_tokens:
            hidden: Tensor = self.model(pixel_values=x).last_hidden_state
            return hidden[:, 0] if self._pooling == "cls" else hidden.flatten(2).mean(2) if hidden.ndim == 4 else hidden.mean(1)
        tokens = x.long()
        if not torch.compiler.is_exporting():  # no layer need look at what is padding in every row
            tokens = tokens[:, : max(1, int((tokens != self._pad).sum(1).amax()))]
        known = (tokens != self._pad).long()
        known[:, 0] = 1  # a text without any token would have nothing to attend to
        hidden = self.model(input_ids=tokens, attention_mask=known).last_hidden_state
        if self._pooling == "cls":
            return hidden[:, 0]
        share = known.unsqueeze(2).to(hidden.dtype)
        return (hidden * share).sum(1) / share.sum(1)


def transformer_features(backbone: Transformers) -> TransformerFeatures:
    """The freshly initialised transformer of the folder's configuration.

    Raises:
        ConfigError: when transformers is not installed.
        ModelError: when the folder holds no configuration of an architecture it knows.
    """
    subject = f"model.backbone {backbone.path}"
    described = Path(backbone.path) / "config.json"
    if not described.is_file():
        got = "none there" if described.parent.is_dir() else "no such folder"
        raise ModelError(subject, expected="a folder with a config.json", got=got, fix="save the model there with save_pretrained")
    require(subject, "transformers")
    import transformers

    try:
        content = read_json(described)
        _refuse_many_layers(content)
        config = transformers.AutoConfig.for_model(**content)
        model: nn.Module = _built(transformers.AutoModel.from_config, config)
    except Exception as error:  # the library raises many kinds for configurations that it does not understand
        raise ModelError(
            subject,
            expected="the configuration of a transformers model",
            got=f"{type(error).__name__}: {' '.join(str(error).split())[:300]}",
            fix="name the folder of a model that this version of transformers knows without code of its own",
        ) from error
    reads = getattr(model, "main_input_name", None)
    if reads not in ("pixel_values", "input_ids"):
        raise ModelError(subject, expected="a model of images or of token ids", got=f"one of {reads}", fix="choose another model")
    pad = getattr(config, "pad_token_id", None)
    return TransformerFeatures(
        model,
        pooling=_pooling(backbone),
        reads_tokens=reads == "input_ids",
        pad=-1 if pad is None else int(pad),
        of_pixels=None if reads == "input_ids" else _of_pixels(backbone.path),
    )


def _refuse_many_layers(content: Mapping[str, Any]) -> None:
    """A number of layers is written in no time; to make them takes as long as there are."""
    for name, value in content.items():
        counts = value if isinstance(value, list) else [value]
        if "layer" in name and any(type(count) is int and count > _MOST_LAYERS for count in counts):
            raise ValueError(f"{name} of more than {_MOST_LAYERS:,}")


def _pooling(backbone: Transformers) -> str:
    """What the config says, or else the folder, where sentence-transformers wrote it."""
    described = Path(backbone.path) / "1_Pooling" / "config.json"
    if backbone.pooling != "auto" or not described.is_file():
        return "cls" if backbone.pooling == "auto" else backbone.pooling
    with suppress(ValueError, OSError, AttributeError, TypeError):
        said = read_json(described)
        modes = [name for name in said if name.startswith("pooling_mode_") and said[name]]
        known = {"pooling_mode_cls_token": "cls", "pooling_mode_mean_tokens": "mean"}
        if len(modes) == 1 and modes[0] in known:
            return known[modes[0]]
    raise ModelError(
        str(described),
        expected="the mean or the first token alone as what is pooled",
        got="something else",
        fix="set model.backbone.pooling to cls or mean",
    )


def _of_pixels(folder: str) -> tuple[Tensor, Tensor] | None:
    told = read_processor(folder)
    if told is None or told.mean is None or told.deviation is None:
        return None
    return torch.tensor(told.mean), torch.tensor(told.deviation)


def library_weights(features: TransformerFeatures, tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """A checkpoint of the transformers library under the names of ``features``; heads and poolers are left out.

    The library itself translates: its files keep the names of older versions, and a prefix where the model had a head.

    Args:
        features: tells the architecture; left as it is.
        tensors: as read from the file.

    Returns:
        What the checkpoint has for ``features``, parameters of another shape not among them; and the names that it has beside.
    """
    import transformers

    model: Any = features.model
    verbosity = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()
    try:
        loaded, info = _built(
            type(model).from_pretrained,
            None,
            config=model.config,
            state_dict=dict(tensors),
            output_loading_info=True,
            ignore_mismatched_sizes=True,
        )
    finally:
        transformers.logging.set_verbosity(verbosity)
    unset = set(info["missing_keys"]) | {entry[0] for entry in info["mismatched_keys"]}
    found = {f"model.{name}": value for name, value in loaded.state_dict().items() if name not in unset}
    return found, sorted(info["unexpected_keys"])


def _built(build: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """The bare model in float32; a pooler that the architecture can do without is left out, for nothing here would train it."""
    # One implementation of attention on every device, and one that ONNX can express.
    options |= {"attn_implementation": "eager", "dtype": torch.float32}
    try:
        return build(*arguments, add_pooling_layer=False, **options)
    except TypeError:
        return build(*arguments, **options)
