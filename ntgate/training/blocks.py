"""A feature extractor as an ordered list of blocks, whatever its architecture.

"The last k blocks", layer-wise learning rates and per-layer weights all speak of these.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn


def blocks(features: nn.Module) -> list[tuple[str, nn.Module]]:
    """The blocks of ``features`` with their names, from input to output; every parameter is in exactly one of them.

    A block is a child that has parameters; stacks of layers (``nn.Sequential``, ``nn.ModuleList``, and modules that hold a list
    of layers, as transformers do) are taken apart. A child whose parameters are all vectors (a normalisation) belongs to the
    block before it: the block is then an ``nn.ModuleList`` of both, under the name of the first. A module that has parameters of
    its own beside its children's, or children that share parameters, is one block.

    The order is the one in which the modules were defined, which is the order of execution in everything that is written as a
    stack.

    >>> [name for name, _ in blocks(nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2)))]
    ['0', '3']
    >>> [name for name, _ in blocks(nn.Linear(4, 8))]
    ['all']
    >>> blocks(nn.Flatten())
    []
    """
    if not _has_parameters(features):
        return []
    found: list[tuple[str, nn.Module]] = []
    for name, module in _parts(features, ""):
        if found and all(parameter.ndim < 2 for parameter in module.parameters()):
            first, before = found[-1]
            joined = [*before] if isinstance(before, nn.ModuleList) else [before]
            found[-1] = first, nn.ModuleList([*joined, module])
        else:
            found.append((name, module))
    counted = [id(parameter) for _, module in found for parameter in module.parameters()]
    return found if len(counted) == len(set(counted)) else [("all", features)]


def _parts(module: nn.Module, name: str) -> Iterator[tuple[str, nn.Module]]:
    """``module`` itself, or its children where it can be taken apart."""
    children = [(part, child) for part, child in module.named_children() if _has_parameters(child)]
    if not children or any(True for _ in module.parameters(recurse=False)):
        yield name or "all", module
        return
    for part, child in children:
        full = f"{name}.{part}" if name else part
        if len(children) == 1 or _is_stack(child):
            yield from _parts(child, full)
        else:
            yield full, child


def _is_stack(module: nn.Module) -> bool:
    """Whether ``module`` is a list of layers, or holds one directly."""
    lists = nn.Sequential | nn.ModuleList
    return isinstance(module, lists) or any(isinstance(child, nn.ModuleList) for child in module.children())


def _has_parameters(module: nn.Module) -> bool:
    return any(True for _ in module.parameters())
