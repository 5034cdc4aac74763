"""The names of a checkpoint under those of a network: what wraps a model puts a prefix before every name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from torch import Tensor

# What torch.compile, FSDP and activation checkpointing put into names, wherever they wrapped a part.
_INSIDE = re.compile(r"(^|\.)(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)(?=\.)")
_USUAL = ("", "module.", "model.", "backbone.", "module.model.", "model.backbone.", "features.", "encoder.", "base_model.model.")
_DEEPEST = 4  # parts of a prefix


class Match(NamedTuple):
    """How a checkpoint's names stand for those of a network.

    Attributes:
        prefix: what stands before each in the checkpoint.
        root: what stands before each in the network.
        found: the checkpoint's tensors by the names of the network; of any shape.
        others: the tensors below the prefix that the network has no name for.
        outside: the tensors that do not begin with the prefix.
        above: what stands before the names of all parts of the network.
    """

    prefix: str
    root: str
    found: dict[str, Tensor]
    others: dict[str, Tensor]
    outside: dict[str, Tensor]
    above: str

    def part(self, name: str) -> str:
        """The part of the network that one of its names belongs to."""
        return name.removeprefix(self.above).split(".")[0]


def plain(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under names as they were before the model was compiled or sharded.

    >>> list(plain({"model._orig_mod.conv.weight": None, "_orig_mod.fc.bias": None}))
    ['model.conv.weight', 'fc.bias']
    """
    return {_INSIDE.sub(r"\1", name).replace("..", ".").lstrip("."): value for name, value in tensors.items()}


def matched(tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> Match:
    """The prefixes on both sides under which most names, and then most shapes, agree; the usual ones and short ones first.

    >>> import torch
    >>> file = {"module.conv.weight": torch.zeros(3), "module.fc.weight": torch.zeros(10)}
    >>> found = matched(file, {"body.conv.weight": torch.zeros(3)})
    >>> found.prefix, found.root, list(found.found), list(found.others)
    ('module.', 'body.', ['body.conv.weight'], ['fc.weight'])
    """
    below_prefix = {prefix: {name[len(prefix) :] for name in tensors if name.startswith(prefix)} for prefix in _leading(tensors)}
    below_root = {root: {name[len(root) :] for name in wanted if name.startswith(root)} for root in _leading(wanted)}

    def agreement(prefix: str, root: str) -> tuple[int, ...]:
        both = below_prefix[prefix] & below_root[root]
        same = sum(tensors[prefix + name].shape == wanted[root + name].shape for name in both)
        usual = -_USUAL.index(prefix) if prefix in _USUAL else -len(_USUAL)
        count = len(both) if len(both) > 1 or same else 0  # one name in common that differs in shape is chance
        return count, same, usual, -len(prefix), -len(root)

    prefix, root = max(((prefix, root) for prefix in below_prefix for root in below_root), key=lambda pair: agreement(*pair))
    below = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    return Match(
        prefix=prefix,
        root=root,
        found={root + name: value for name, value in below.items() if root + name in wanted},
        others={name: value for name, value in below.items() if root + name not in wanted},
        outside={name: value for name, value in tensors.items() if not name.startswith(prefix)},
        above=max((root for root in below_root if all(_deeper(name, root) for name in wanted)), key=len, default=""),
    )


def _deeper(name: str, root: str) -> bool:
    return name.startswith(root) and "." in name[len(root) :]


def _leading(names: Iterable[str]) -> list[str]:
    """What names begin with, up to a dot; nothing among them."""
    found = {""}
    for name in names:
        parts = name.split(".")[:-1]
        found |= {".".join(parts[:depth]) + "." for depth in range(1, min(len(parts), _DEEPEST) + 1)}
    return sorted(found)
