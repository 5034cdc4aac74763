"""A classifier that is an ONNX graph of encoded rows, as trees leave it: what it learnt lies on disk as it is shipped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ntgate.base import Artifact
from ntgate.data.encoder import Encoder
from ntgate.models.base import Model, Scores, StoredModel

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from onnx import ModelProto

    from ntgate.data.domain import Rows


@dataclass(frozen=True, eq=False)
class GraphModel(Model):
    """A graph behind its encoder.

    Attributes:
        graph: from an input ``x`` ``(n, *shape)`` of encoded rows to ``scores`` ``(n, c)``.
        encoder: raw rows to numbers.
        classes: class names, in the order of the scores.
    """

    graph: ModelProto
    encoder: Encoder
    classes: tuple[str, ...]

    @cached_property
    def _session(self) -> Any:
        from ntgate.export.runtime import session_of

        return session_of(self.graph.SerializeToString())

    def scores(self, rows: Rows) -> Scores:
        """What onnxruntime makes of the encoded rows."""
        return self.scores_of_encoded(self.encoder.encode(rows))

    def scores_of_encoded(self, rows: npt.NDArray[np.float32]) -> Scores:
        """The scores ``(n, c)`` of rows that are encoded already, flattened or not."""
        scores: Scores = self._session.run(None, {"x": rows.reshape(len(rows), *self.encoder.shape)})[0]
        return scores

    def save(self, path: Path) -> StoredGraph:
        """Write the graph."""
        path = path.with_name(path.name + ".onnx")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.graph.SerializeToString())
        return StoredGraph(graph=Artifact.of(path), encoder=self.encoder, classes=self.classes)

    def export(self, path: Path) -> None:
        """Write encoder and graph as one."""
        from onnx import ModelProto

        from ntgate.export.raw_rows import write

        copy = ModelProto()
        copy.CopyFrom(self.graph)
        write(copy, self.encoder, path, classes=self.classes)


class StoredGraph(StoredModel):
    """A graph on disk.

    Attributes:
        graph: the ONNX graph of encoded rows.
        encoder: raw rows to numbers.
        classes: class names, in the order of the scores.
    """

    kind: Literal["graph"] = "graph"
    graph: Artifact
    encoder: Encoder
    classes: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """Of the graph."""
        return self.graph.sha256

    def load(self) -> GraphModel:
        """The graph, ready to run."""
        from onnx import load

        return GraphModel(load(self.graph.verified()), self.encoder, self.classes)
