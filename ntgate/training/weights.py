"""Weights on disk: written as safetensors; read from safetensors or from torch files that hold tensors alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import torch
from torch import Tensor, nn

from ntgate.base import Artifact
from ntgate.errors import ModelError
from ntgate.training.config import NetworkSpec, Transformers
from ntgate.training.network import Network, build

_INDEX = ".safetensors.index.json"


def save(network: nn.Module, path: Path) -> Artifact:
    """Write the weights of ``network`` as safetensors."""
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, path)
    return Artifact.of(path)


def load(spec: NetworkSpec, weights: Artifact) -> Network:
    """The network of ``spec`` with its saved ``weights``, ready to score."""
    network = build(spec, seed=0)
    network.load_state_dict(read(weights.verified()))
    return network.eval()


def read(path: Path) -> dict[str, Tensor]:
    """Tensors by name from a ``.safetensors`` file, its shards, or a ``torch.save`` file of a state dict.

    Shards are named by their index, ``model.safetensors.index.json``, as the transformers library writes it. A torch file is
    read with ``weights_only=True``: a pickle that could run code is refused.

    Raises:
        ModelError: if the file is missing, damaged, or holds anything but named tensors.
    """
    fix = "save the weights with safetensors.torch.save_file(model.state_dict(), path)"
    expected = "weights: a .safetensors file or its index, or a torch file of a state dict"
    if not path.is_file():
        raise ModelError(str(path), expected=expected, got="no such file", fix="correct model.source_checkpoint")
    if path.name.endswith(_INDEX):
        return _sharded(path)
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            content = load_file(path)
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the readers raise many kinds for damaged and hostile files
        got = (
            "a pickle of arbitrary objects" if "weights_only" in str(error).lower() else "a file that is damaged or of another kind"
        )
        raise ModelError(str(path), expected=expected, got=got, fix=fix) from error
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict) or not content or not all(isinstance(v, Tensor) for v in content.values()):
        raise ModelError(str(path), expected=expected, got="something else than named tensors", fix=fix)
    return content


def _sharded(index: Path) -> dict[str, Tensor]:
    """The tensors that ``index`` lists, each from the safetensors file beside it that it names."""
    fix = "save the model again with save_pretrained"
    expected = "an index of safetensors files beside it, as save_pretrained writes it"
    try:
        places = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        files = sorted(set(places.values()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(str(index), expected=expected, got="a file of another kind", fix=fix) from error
    # An index is data: it must not lead out of its folder, nor to a file that is read as a pickle.
    strange = [name for name in files if not re.fullmatch(r"[\w.-]+\.safetensors", str(name))]
    if strange or not files:
        raise ModelError(str(index), expected=expected, got=f"it names {strange[0]!r}" if strange else "no file", fix=fix)
    content = {name: value for file in files for name, value in read(index.parent / file).items()}
    differ = sorted(content.keys() ^ places.keys())
    if differ:
        raise ModelError(
            str(index), expected="files with the tensors of the index", got=f"a difference in {', '.join(differ[:4])}", fix=fix
        )
    return content


def load_backbone(network: Network, tensors: dict[str, Tensor], origin: str) -> bool:
    """Put a checkpoint's feature weights into ``network``.

    The checkpoint may hold a whole ntgate network (``normaliser.*``, ``features.*``, ``head.*``) or just the backbone's own
    parameters; for a transformer, what its library saves, with or without a head.

    Returns:
        Whether the checkpoint also brought the input statistics of the normaliser.

    Raises:
        ModelError: if parameters are missing, left over, or of another shape.
    """
    prefix = "features."
    whole = any(name.startswith(prefix) for name in tensors)
    features = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)} if whole else tensors
    wanted = network.features.state_dict()
    if isinstance(network.spec.backbone, Transformers) and not whole and not features.keys() >= wanted.keys():
        from ntgate.training.transformer import TransformerFeatures, library_weights

        assert isinstance(network.features, TransformerFeatures)
        features = library_weights(network.features, features)
    wrong = [f"{k} {tuple(features[k].shape)}" for k in wanted if k in features and features[k].shape != wanted[k].shape]
    missing = sorted(wanted.keys() - features.keys())
    extra = sorted(features.keys() - wanted.keys())
    if wrong or missing or extra:
        shapes = [f"{name} {tuple(value.shape)}" for name, value in list(wanted.items())[:3]]
        parts = [
            f"{what} {', '.join(names[:4])}"
            for what, names in (("other shapes for", wrong), ("nothing for", missing), ("unknown parameters", extra))
            if names
        ]
        raise ModelError(
            origin,
            expected=f"weights that fit the backbone ({', '.join(shapes)}, ...)",
            got="; ".join(parts),
            fix="set model.backbone to the architecture the checkpoint was trained with",
        )
    network.features.load_state_dict(features)
    statistics = {k.removeprefix("normaliser."): v for k, v in tensors.items() if k.startswith("normaliser.")}
    if statistics.keys() == network.normaliser.state_dict().keys():
        network.normaliser.load_state_dict(statistics)
        return True
    return False
