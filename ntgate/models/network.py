"""A torch network behind its encoder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ntgate.base import Artifact
from ntgate.data.encoder import Encoder
from ntgate.models.base import Model, Scores, StoredModel
from ntgate.training.config import NetworkSpec

if TYPE_CHECKING:
    from ntgate.data.domain import Rows
    from ntgate.training.network import Network


@dataclass(frozen=True, eq=False)
class NetworkModel(Model):
    """A network with its best weights, and the encoder in front of it."""

    network: Network
    encoder: Encoder
    classes: tuple[str, ...]

    def scores(self, rows: Rows) -> Scores:
        """Softmax of the logits."""
        import torch

        from ntgate.data.domain import Domain
        from ntgate.training.source import at_once, rows_of

        with torch.inference_mode():
            x = rows_of(self.encoder, Domain("rows", rows, None)).x
            scores: Scores = torch.cat(
                [self.network.eval()(part).softmax(dim=1) for part in x.split(at_once(self.encoder))]
            ).numpy()
        return scores

    def save(self, path: Path) -> StoredNetwork:
        """Write the weights as safetensors."""
        from ntgate.training import weights

        return StoredNetwork(
            weights=weights.save(self.network, path.with_name(path.name + ".safetensors")),
            network=self.network.spec,
            encoder=self.encoder,
            classes=self.classes,
        )

    def export(self, path: Path) -> None:
        """Write encoder, network and softmax as one graph."""
        from ntgate.export.onnx_export import export_onnx

        export_onnx(self.network, self.encoder, path, classes=self.classes)


class StoredNetwork(StoredModel):
    """A network on disk.

    Attributes:
        weights: the trained weights.
        network: the architecture around them.
        encoder: raw rows to network input.
        classes: class names, in the order of the scores.
    """

    kind: Literal["network"] = "network"
    weights: Artifact
    network: NetworkSpec
    encoder: Encoder
    classes: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """Of the weights."""
        return self.weights.sha256

    def load(self) -> NetworkModel:
        """The network with its weights."""
        from ntgate.training import weights

        return NetworkModel(weights.load(self.network, self.weights), self.encoder, self.classes)
