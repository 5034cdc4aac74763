"""Where a model of the target starts: the class scores of a model of source rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ntgate.learners.base import Encoded

if TYPE_CHECKING:
    from ntgate.export.tree_graph import Tree
    from ntgate.models.graph import GraphModel

Floats = npt.NDArray[np.float64]
# What is left of each row's chances to all classes alike: a source that was never wrong on its own rows is not that sure of the
# target's. Measured on 13 pairs a tenth is better than a hundredth, most of all where boosting goes on: it divides by p(1 - p).
_DOUBT = 0.1


@dataclass(frozen=True, eq=False)
class SourceStart:
    """A source model and what of its scores the target's model sees: their logarithms, kept away from those of 0.

    Attributes:
        source: of encoded rows, with classes of its own.
        mapping: ``(s, k)`` from its classes.
        floor: ``(k,)``, above 0.
    """

    source: GraphModel
    mapping: Floats
    floor: Floats

    @classmethod
    def of_its_classes(cls, source: GraphModel) -> SourceStart:
        """The scores of every class of the source, whatever the target calls its own."""
        count = len(source.classes)
        return cls(source, (1 - _DOUBT) * np.eye(count), np.full(count, _DOUBT / count))

    @classmethod
    def of_classes(cls, source: GraphModel, classes: Sequence[str]) -> SourceStart:
        """A score for each of ``classes``, by name; a class that the source lacks has the chance that blind guessing gives it."""
        same = np.array([[own == name for name in classes] for own in source.classes], dtype=np.float64)
        return cls(source, (1 - _DOUBT) * same, np.where(same.any(axis=0), _DOUBT, 1.0) / len(classes))

    def logs(self, encoded: Encoded) -> Floats:
        """The logarithms ``(n, k)`` of the rows' chances."""
        scores = self.source.scores_of_encoded(encoded.rows).astype(np.float64)
        found: Floats = np.log(scores @ self.mapping + self.floor)
        return found

    def linear(self, encoded: Encoded, weight: npt.NDArray[np.float32], bias: npt.NDArray[np.float32]) -> GraphModel:
        """The model that is linear in rows and logarithms: ``weight`` ``(c, d + k)``, ``bias`` ``(c,)``."""
        from ntgate.export.source_start_graph import linear_start
        from ntgate.models.graph import GraphModel

        graph = linear_start(self.source.graph, self.mapping, self.floor, weight, bias)
        return GraphModel(graph, encoded.encoder, encoded.classes)

    def boosted(self, encoded: Encoded, trees: Sequence[Tree]) -> GraphModel:
        """The model whose ``trees`` add to the logarithms, of which there is one a class."""
        from ntgate.export.source_start_graph import boosted_start
        from ntgate.models.graph import GraphModel

        return GraphModel(boosted_start(self.source.graph, self.mapping, self.floor, trees), encoded.encoder, encoded.classes)
