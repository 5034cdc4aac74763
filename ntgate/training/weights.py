"""Weights of networks: written as safetensors, and put from a checkpoint into a backbone."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from ntgate.base import Artifact
from ntgate.errors import ModelError
from ntgate.training.config import Imported, NetworkSpec, Transformers
from ntgate.training.loaded import Loaded
from ntgate.training.network import Network, build
from ntgate.training.weight_files import read
from ntgate.training.weight_names import Match, matched, plain

__all__ = ["load", "load_backbone", "read", "save"]

# Counters and constants that some versions of a library save and others do not.
_TRIFLES = ("num_batches_tracked", "position_ids")


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


def load_backbone(network: Network, tensors: dict[str, Tensor], origin: str, inside: str = "", *, head: bool = True) -> Loaded:
    """Put a checkpoint's feature weights into ``network``, and its ``head`` where it is wanted, one of ntgate's, and fits.

    The checkpoint may hold a whole ntgate network (``normaliser.*``, ``features.*``, ``head.*``), the backbone's own parameters
    with any prefix, or what the transformers library saves. What it has beside the backbone, such as a head, is left; a part at
    the end of an imported backbone that it lacks or has in another size, such as the backbone's own head, begins at random.

    Raises:
        ModelError: if nothing fits, or parameters within a part are missing, left over, or of another shape.
    """
    wanted = network.features.state_dict()
    tensors = plain(tensors)
    match = matched(tensors, wanted)
    if isinstance(network.spec.backbone, Transformers) and not match.found.keys() >= wanted.keys():
        match = _of_library(network, match, tensors)
    found = match.found
    taken = {name: value for name, value in found.items() if value.shape == wanted[name].shape}
    fresh = [name for name in wanted if name not in taken and not _trifle(name)]
    own = match.prefix == "features."
    _refuse_misfit(network, match, found, taken, fresh, origin)
    network.features.load_state_dict({**wanted, **taken})
    outside = match.outside if own else {}
    head = head and _fill(network.head, outside, "head.")
    statistics = _fill(network.normaliser, outside, "normaliser.")
    used = {"head." if head else "", "normaliser."} - {""} if own else set()
    left = [*match.others, *(name for name in match.outside if not any(name.startswith(part) for part in used))]
    return Loaded(
        origin=Path(origin).name,
        inside=inside,
        prefix=match.prefix,
        tensors=len(taken),
        parameters=sum(value.numel() for value in taken.values()),
        fresh=tuple(fresh),
        left=tuple(name for name in left if not _trifle(name)),
        head=head,
        statistics=statistics,
    )


def _trifle(name: str) -> bool:
    return name.endswith(_TRIFLES)


def _of_library(network: Network, match: Match, tensors: dict[str, Tensor]) -> Match:
    """What the library itself makes of the checkpoint, whose names may be those of earlier versions; else the match as it was."""
    from ntgate.training.transformer import TransformerFeatures, library_weights

    if not isinstance(network.features, TransformerFeatures):  # word vectors are no model of the library
        return match
    below = {name.removeprefix(match.prefix): value for name, value in tensors.items() if name.startswith(match.prefix)}
    unwrapped = {name.removeprefix("module.").removeprefix("model."): value for name, value in tensors.items()}
    read_by_it = [library_weights(network.features, view) for view in (tensors, unwrapped, below)]
    found, beside = max(read_by_it, key=lambda read: len(read[0]))
    if len(found) < len(match.found):
        return match
    return match._replace(prefix="", found=found, others={}, outside={name: torch.empty(0) for name in beside})


def _refuse_misfit(
    network: Network, match: Match, found: dict[str, Tensor], taken: dict[str, Tensor], fresh: list[str], origin: str
) -> None:
    """Raise where the checkpoint is that of another architecture."""
    backbone, wanted = network.spec.backbone, network.features.state_dict()
    parts = list(dict.fromkeys(match.part(name) for name in wanted))
    begun = {match.part(name) for name in taken if not _trifle(name)}
    last = max((parts.index(part) for part in begun), default=-1)
    at_the_end = set(parts[last + 1 :]) if isinstance(backbone, Imported) and begun else set()
    lacking = [name for name in fresh if match.part(name) not in at_the_end and not _pooler(backbone, name)]
    wrong = [f"{name} {tuple(found[name].shape)}" for name in lacking if name in found]
    missing = sorted(name for name in lacking if name not in found)
    others = (
        [*match.others, *match.outside] if not taken else [name for name in match.others if match.part(match.root + name) in begun]
    )
    extra = sorted(name for name in others if not _trifle(name) and not _pooler(backbone, name))
    if taken and not (wrong or missing or extra):
        return
    shapes = [f"{name} {tuple(value.shape)}" for name, value in list(wanted.items())[:3]]
    told = [
        f"{what} {', '.join(names[:4])}"
        for what, names in (("other shapes for", wrong), ("nothing for", missing), ("unknown parameters", extra))
        if names
    ]
    raise ModelError(
        origin,
        expected=f"weights that fit the backbone ({', '.join(shapes)}, ...)",
        got="; ".join(told),
        fix="set model.backbone to the architecture the checkpoint was trained with",
    )


def _pooler(backbone: object, name: str) -> bool:
    """Whether a name is that of a transformer's pooler, which nothing here reads."""
    return isinstance(backbone, Transformers) and "pooler." in name


def _fill(module: nn.Module, tensors: dict[str, Tensor], prefix: str) -> bool:
    """Load what ``tensors`` has for ``module``; whether that was all and of its shapes."""
    given = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    wanted = module.state_dict()
    if {name: value.shape for name, value in given.items()} != {name: value.shape for name, value in wanted.items()}:
        return False
    module.load_state_dict(given)
    return True
