"""LoRA adapters as the package peft saves them: a folder with ``adapter_config.json`` and ``adapter_model.safetensors``.

Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022, equation 3: ``W + (alpha / r) B A``. With
``use_rslora`` the factor is ``alpha / sqrt(r)`` (Kalajdzievski, "A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA",
2023). The sum is formed here, so the package is not needed, and what is trained afterwards is a plain network.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ntgate.errors import ModelError
from ntgate.json_text import read_json
from ntgate.training.loaded import Loaded
from ntgate.training.network import Network
from ntgate.training.weight_files import ADAPTER, read
from ntgate.training.weight_names import matched

_LARGEST = 1_000_000  # rank or alpha
_LONGEST = 200  # characters of a layer's name
_PLAIN = ("use_dora", "use_qalora", "lora_bias", "trainable_token_indices", "layer_replication")  # what no sum of matrices tells


def is_adapter(path: Path) -> bool:
    """Whether a folder holds an adapter."""
    return (path / ADAPTER).is_file()


def merge_adapter(network: Network, folder: Path, base: Loaded) -> Loaded:
    """Add the adapter's corrections to the weights of ``network``, which are those of ``base``.

    Raises:
        ModelError: if it is no LoRA adapter, or one of its matrices has no place in the network.
    """
    settings = _settings(folder)
    tensors = read(folder / "adapter_model.safetensors")
    corrections = _corrections(folder, settings, tensors)
    wanted = network.features.state_dict()
    match = matched(corrections, wanted)
    astray = [name for name, value in match.found.items() if value.shape != wanted[name].shape]
    astray += [*match.others, *match.outside]
    if astray or not match.found:
        raise ModelError(
            str(folder),
            expected="a LoRA adapter of this backbone",
            got=f"corrections of {', '.join(astray[:4])}, which it has not in that shape" if astray else "no correction",
            fix="set model.backbone to the model that the adapter was trained on",
        )
    with torch.no_grad():
        merged = {name: wanted[name] + value.to(wanted[name].dtype) for name, value in match.found.items()}
    network.features.load_state_dict({**wanted, **merged})
    others = tuple(name for name in tensors if ".lora_" not in name)
    return base.model_copy(update={"adapter": folder.name, "adapted": len(merged), "left": (*base.left, *others)})


def _settings(folder: Path) -> dict[str, Any]:
    expected = "a LoRA adapter as peft saves it"
    fix = "merge the adapter with peft's merge_and_unload, and save the model"
    try:
        settings = read_json(folder / ADAPTER)
        kind, rank = settings["peft_type"], settings["r"]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(str(folder / ADAPTER), expected=expected, got="a file of another kind", fix=fix) from error
    odd = next((name for name in _PLAIN if settings.get(name)), None)
    if kind != "LORA" or odd or type(rank) is not int or rank < 1:
        raise ModelError(str(folder / ADAPTER), expected=expected, got=odd or f"one of type {kind}", fix=fix)
    patterns = {name: settings.get(name) or {} for name in ("rank_pattern", "alpha_pattern")}
    numbers = {"r": rank, "lora_alpha": settings.get("lora_alpha", rank)}
    for name, pattern in patterns.items():
        numbers |= {f"{name} {ending}": value for ending, value in pattern.items()} if isinstance(pattern, dict) else {name: None}
    for name, value in numbers.items():
        if type(value) not in (int, float) or not 0 < value <= _LARGEST:
            got = f"{name[:60]} as something else"
            raise ModelError(
                str(folder / ADAPTER), expected=f"numbers above 0, of at most {_LARGEST:,}", got=got, fix="save the adapter again"
            )
    strange = next((ending for pattern in patterns.values() for ending in pattern if not _quick(ending)), None)
    if strange is not None:
        raise ModelError(
            str(folder / ADAPTER),
            expected="layers by the end of their names, or by a pattern that repeats two characters at most",
            got=strange[:60],
            fix="name the layers, and save the adapter again",
        )
    return {**settings, **patterns}


def _quick(pattern: str) -> bool:
    """Whether it is a pattern that is soon found or not found: a settings file must not keep a run busy for ever.

    >>> _quick("layers.0.query"), _quick("^layers.(0|1).*query$"), _quick("(a+)+"), _quick("(")
    (True, True, False, False)
    """
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return len(pattern) <= _LONGEST and not re.search(r"\)[*+?{]", pattern) and len(re.findall(r"(?<!\\)[*+?{]", pattern)) <= 2


def _corrections(folder: Path, settings: dict[str, Any], tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """What is added to each weight, by its name."""
    made = {}
    for name, first in tensors.items():
        place = re.fullmatch(r"(.+)\.lora_(?:A\.weight|embedding_A)", name)
        if place is None:
            continue
        layer = place[1]
        if len(layer) > _LONGEST:
            raise ModelError(str(folder), expected="names of layers", got=f"one of {len(layer):,} characters", fix="save it again")
        embedding = name.endswith("embedding_A")
        second = tensors.get(f"{layer}.lora_embedding_B" if embedding else f"{layer}.lora_B.weight")
        if second is None or first.ndim != 2 or second.ndim != 2 or second.shape[1] != first.shape[0]:
            raise ModelError(
                str(folder), expected="a pair of matrices for each layer", got=f"none for {layer}", fix="save the adapter again"
            )
        rank = _of_layer(settings["rank_pattern"], layer, settings["r"])
        alpha = _of_layer(settings["alpha_pattern"], layer, settings.get("lora_alpha", rank))
        factor = alpha / rank**0.5 if settings.get("use_rslora") else alpha / rank
        change = factor * (second.float() @ first.float())
        made[f"{layer}.weight"] = change.T if embedding or settings.get("fan_in_fan_out") else change
    return made


def _of_layer(pattern: Mapping[str, float], layer: str, usual: float) -> float:
    """The setting of a layer, which patterns name by the end of its name."""
    for ending, value in pattern.items():
        if re.fullmatch(rf"(?:.*\.)?{ending}", layer):
            return float(value)
    return float(usual)
