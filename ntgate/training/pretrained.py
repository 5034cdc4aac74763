"""Weights that exist: those of a checkpoint, of a folder of a transformer or of word vectors, and an adapter on top of either."""

from __future__ import annotations

from pathlib import Path

from ntgate.data.word_vectors import word_vectors_in
from ntgate.errors import ModelError
from ntgate.training.adapters import is_adapter, merge_adapter
from ntgate.training.config import Backbone, Transformers
from ntgate.training.loaded import Loaded
from ntgate.training.network import Network
from ntgate.training.weight_files import ADAPTER, digest_of, has_weights, weights_in
from ntgate.training.weights import load_backbone
from ntgate.training.word_vectors import WordVectorFeatures, read_vectors


def weights_of(backbone: Backbone | None, checkpoint: str | None) -> Path | None:
    """Where the weights lie that a source model starts from: the checkpoint, or else the backbone's folder; None: nowhere."""
    if checkpoint is not None:
        return Path(checkpoint)
    folder = Path(backbone.path) if isinstance(backbone, Transformers) else None
    return folder if folder is not None and (has_weights(folder) or word_vectors_in(folder) is not None) else None


def load_pretrained(network: Network, path: Path, *, head: bool = True) -> Loaded:
    """Put the weights at ``path`` into the backbone of ``network``, and an ntgate model's ``head`` if that is wanted.

    An adapter corrects the model in its own folder, or else the one of the transformer's folder.

    Raises:
        ModelError: if the file cannot be read, nothing of it fits, or an adapter has no model to correct.
    """
    of_vectors = isinstance(network.features, WordVectorFeatures)  # else a folder of one matrix may be anything
    vectors = word_vectors_in(path) if of_vectors and path.is_dir() else None
    if vectors is not None:
        loaded = load_backbone(network, read_vectors(vectors), str(path), head=False)
        return loaded.model_copy(update={"digest": digest_of(Path(vectors.weights)), "notes": (vectors.sentence,)})
    if not is_adapter(path):
        found = weights_in(path)
        loaded = load_backbone(network, found.tensors, str(path), found.inside, head=head)
        return loaded.model_copy(update={"digest": digest_of(path)})
    base = path if has_weights(path) else weights_of(_as_backbone(network), None)
    if base is None:
        raise ModelError(
            str(path),
            expected="an adapter beside the weights that it corrects",
            got="an adapter alone",
            fix="name the folder of its base model as `model: {backbone: {kind: transformers, path: FOLDER}}`",
        )
    found = weights_in(base)
    loaded = merge_adapter(network, path, load_backbone(network, found.tensors, str(base), found.inside, head=head))
    return loaded.model_copy(update={"digest": digest_of(base, path / ADAPTER, path / "adapter_model.safetensors")})


def _as_backbone(network: Network) -> Backbone | None:
    backbone = network.spec.backbone
    return backbone if isinstance(backbone, Transformers) else None
