"""Low-rank adaptation: the features keep their weights, and each linear layer learns a correction of low rank.

Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022, equation 3: ``h = W x + (alpha / r) B A x``, with ``B``
zero at the start, so that the adapted network begins as the one it adapts.
"""

from __future__ import annotations

import copy

import torch
from torch import nn

from ntgate.errors import ModelError
from ntgate.extras import require
from ntgate.training.network import Network
from ntgate.training.word_vectors import WordVectorFeatures

NAME = "adapter"


def with_lora(network: Network, rank: int, alpha: float, *, dropout: float = 0.0, seed: int = 0) -> Network:
    """A copy of ``network`` whose features learn through adapters alone; its head learns as before.

    Train it as any other, then fold the adapters in with :func:`merged`.

    Args:
        network: left as it is.
        rank: of the corrections.
        alpha: they count ``alpha / rank``.
        dropout: of what enters an adapter.
        seed: of the adapters' initial weights.

    Raises:
        ConfigError: when peft is not installed.
        ModelError: when the features have no linear layer.

    >>> from ntgate.training.config import Mlp, NetworkSpec
    >>> from ntgate.training.network import build
    >>> network = build(NetworkSpec(backbone=Mlp(hidden=(8,)), input_shape=(6,), classes=2), seed=0)
    >>> adapted = with_lora(network, rank=2, alpha=4)
    >>> [(name, tuple(p.shape)) for name, p in adapted.features.named_parameters() if p.requires_grad]
    [('1.lora_A.adapter.weight', (2, 6)), ('1.lora_B.adapter.weight', (8, 2))]
    """
    require("lora", "transformers")
    import peft

    targets = [name for name, module in network.features.named_modules() if name and isinstance(module, nn.Linear)]
    if not targets:
        raise ModelError(
            "lora",
            expected="features with linear layers",
            got="none in " + ("word vectors" if isinstance(network.features, WordVectorFeatures) else network.spec.backbone.kind),
            fix="choose a transformer or an mlp as backbone",
        )
    adapted = copy.deepcopy(network)
    config = peft.LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=dropout, target_modules=targets)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        adapted.features = peft.inject_adapter_in_model(config, adapted.features, adapter_name=NAME)
    return adapted


def merged(network: Network) -> Network:
    """A plain network that computes what the adapted ``network`` does: ``W + (alpha / r) B A`` in place of each pair.

    Its weights have the names of a network that was never adapted, so saving, loading and export know nothing of adapters.
    """
    from peft.tuners.lora import LoraLayer

    plain = copy.deepcopy(network)
    for name, module in list(plain.features.named_modules()):
        if isinstance(module, LoraLayer):
            module.merge(safe_merge=True)
            parent, _, last = name.rpartition(".")
            setattr(plain.features.get_submodule(parent), last, module.get_base_layer())
    for attribute in ("peft_config", "active_adapter"):
        plain.features.__dict__.pop(attribute, None)
    return plain.requires_grad_(True)
