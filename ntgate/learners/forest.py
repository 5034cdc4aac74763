"""Forests: many decision trees, each grown on rows or cuts drawn at random.

Breiman, "Random Forests", Machine Learning 45, 2001. Geurts, Ernst & Wehenkel, "Extremely randomized trees", Machine Learning 63,
2006.
"""

from __future__ import annotations

import math
import warnings
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from ntgate.base import Whole
from ntgate.learners.base import Encoded, Floats, Learner
from ntgate.learners.threads import threads

if TYPE_CHECKING:
    from ntgate.export.tree_graph import Tree
    from ntgate.models.base import Model


class Forest(Learner):
    """A forest whose leaves answer with the shares of the classes.

    Attributes:
        trees: how many there are.
    """

    trees: Whole = Field(100, ge=1, le=10_000)

    def fit_seconds(self, rows: int, width: int, classes: int) -> float:  # noqa: ARG002
        """A tree sorts a share of the columns at each of its levels."""
        return self.trees * (1e-3 + 3e-8 * rows * math.sqrt(width) * math.log2(max(rows, 2)))

    @abstractmethod
    def _unfitted(self, seed: int) -> Any:
        """scikit-learn's forest."""

    def fit(self, encoded: Encoded, settings: Sequence[float], seed: int) -> list[Model]:  # noqa: ARG002
        """Grow the trees."""
        from ntgate.export.tree_graph import tree_graph
        from ntgate.models.graph import GraphModel

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of many classes with few rows each, which is no fault here
            grown = self._unfitted(seed).fit(encoded.rows, encoded.labels, encoded.weights)
        classes = len(encoded.classes)
        trees = [_tree(member.tree_, grown.classes_, classes, 1 / self.trees) for member in grown.estimators_]
        graph = tree_graph(trees, encoded.encoder.shape, np.zeros(classes), link=None)
        return [GraphModel(graph, encoded.encoder, encoded.classes)]


class RandomForest(Forest):
    """Each tree is grown on rows drawn with replacement."""

    called: ClassVar[str] = "random forest"

    def _unfitted(self, seed: int) -> Any:
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(self.trees, random_state=seed, n_jobs=threads())


class ExtraTrees(Forest):
    """Each tree is grown on all rows, and cuts where chance says: smoother, and better where columns are many and noisy."""

    called: ClassVar[str] = "extremely randomised trees"

    def _unfitted(self, seed: int) -> Any:
        from sklearn.ensemble import ExtraTreesClassifier

        return ExtraTreesClassifier(self.trees, random_state=seed, n_jobs=threads())


def _tree(tree: Any, codes: Any, classes: int, share: float) -> Tree:
    from ntgate.export.tree_graph import Tree

    counts: Floats = tree.value[:, 0, :]
    value = np.zeros((len(counts), classes))
    value[:, codes] = share * counts / counts.sum(axis=1, keepdims=True)
    return Tree(tree.feature, tree.threshold, tree.children_left, tree.children_right, value)
