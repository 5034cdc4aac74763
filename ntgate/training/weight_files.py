"""Files of weights as people have them: safetensors, torch files, folders, and what training libraries wrap around a state dict.

No pickle is read that could run code: a torch file is read with ``weights_only=True``.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ntgate.errors import ModelError
from ntgate.json_text import read_json

ADAPTER = "adapter_config.json"
REFERENCE = (
    ".reference.safetensors"  # what is remembered of a source (:mod:`ntgate.training.source_reference`), which is no weights
)
_INDEX = ".safetensors.index.json"
# In the order in which a folder is looked through; save_pretrained writes the first two, its earlier versions the third.
_USUAL = ("model.safetensors.index.json", "model.safetensors", "pytorch_model.bin")
_ENDINGS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt")
# timm and Lightning: state_dict; fairseq, MAE and DeiT: model; many a script: model_state_dict; DINO: teacher, student.
_WRAPPERS = ("state_dict", "model_state_dict", "model", "module", "teacher", "student", "net", "network", "weights")
_DEEPEST = 8  # wrappers in wrappers; a file may wrap a mapping in itself
_EXPECTED = "weights: a .safetensors file or its index, a torch file of a state dict, or a folder with one of them"
_SAVE = "save the weights with safetensors.torch.save_file(model.state_dict(), path)"


class Weights(NamedTuple):
    """Tensors by name, and where inside the file they were: ``state_dict``, say, or nothing."""

    tensors: dict[str, Tensor]
    inside: str = ""


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of :func:`weights_in`."""
    return weights_in(path).tensors


def weights_in(path: Path) -> Weights:
    """Tensors by name from a ``.safetensors`` file, its shards, a ``torch.save`` file, or a folder that holds one of them.

    Shards are named by their index, ``model.safetensors.index.json``, as the transformers library writes it. What trainers wrap
    around a state dict is taken off.

    Raises:
        ModelError: if the file is missing, damaged, or holds anything but named tensors.
    """
    path = file_of(path)
    if path.name.endswith(_INDEX):
        return Weights(_sharded(path))
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            content: Any = load_file(path)
        else:
            with warnings.catch_warnings():  # of a pickle in another protocol, which is refused here in words of ours
                warnings.simplefilter("ignore")
                content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the readers raise many kinds for damaged and hostile files
        got = (
            "a pickle of arbitrary objects" if "weights_only" in str(error).lower() else "a file that is damaged or of another kind"
        )
        raise ModelError(str(path), expected=_EXPECTED, got=got, fix=_SAVE) from error
    content, inside = _unwrapped(content)
    if not isinstance(content, dict) or not content or not all(isinstance(v, Tensor) for v in content.values()):
        raise ModelError(str(path), expected=_EXPECTED, got="something else than named tensors", fix=_SAVE)
    return Weights({str(name): value for name, value in content.items()}, inside)


def has_weights(folder: Path) -> bool:
    """Whether a folder holds the weights of a model under one of the usual names."""
    return any((folder / name).is_file() for name in _USUAL)


def file_of(path: Path) -> Path:
    """The file of weights that ``path`` names, or that the folder ``path`` holds.

    Raises:
        ModelError: if there is none, or the folder holds several.
    """
    if path.is_file():
        return path
    if not path.is_dir():
        raise ModelError(str(path), expected=_EXPECTED, got="no such file", fix="correct model.source_checkpoint")
    usual = [path / name for name in _USUAL if (path / name).is_file()]
    others = sorted(file for file in path.iterdir() if file.suffix in _ENDINGS and not file.name.endswith(REFERENCE))
    if usual or len(others) == 1:
        return (usual or others)[0]
    got = f"{len(others)} of them: {', '.join(file.name for file in others[:4])}" if others else "a folder without one"
    raise ModelError(str(path), expected="a folder with one file of weights", got=got, fix="name the file")


def digest_of(*paths: Path) -> str:
    """SHA-256 over files of weights, an index with the files that it names."""
    digest = hashlib.sha256()
    for path in map(file_of, paths):
        parts = sorted(path.parent.glob("*.safetensors")) if path.name.endswith(_INDEX) else []
        for part in [path, *parts]:
            with part.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def described(folder: Path) -> str:
    """SHA-256 over what a model's folder says of it beside the weights: architecture, tokenizer, image processor."""
    digest = hashlib.sha256()
    below = (folder / "1_Pooling" / "config.json", *folder.glob("*/tokenizer.json"))
    for path in sorted((*folder.glob("*.json"), *folder.glob("*.txt"), *below)):
        if path.is_file():
            digest.update(str(path.relative_to(folder)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _unwrapped(content: Any) -> tuple[Any, str]:
    inside: list[str] = []
    while len(inside) < _DEEPEST and isinstance(content, dict) and not all(isinstance(value, Tensor) for value in content.values()):
        wrapper = next((name for name in _WRAPPERS if isinstance(content.get(name), dict)), None)
        if wrapper is None:
            break
        content = content[wrapper]
        inside.append(wrapper)
    return content, ".".join(inside)


def _sharded(index: Path) -> dict[str, Tensor]:
    """The tensors that ``index`` lists, each from the safetensors file beside it that it names."""
    fix = "save the model again with save_pretrained"
    expected = "an index of safetensors files beside it, as save_pretrained writes it"
    try:
        places = read_json(index)["weight_map"]
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
