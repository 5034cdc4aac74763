"""Gradient boosting: small trees, each grown on what those before it got wrong.

Friedman, "Greedy Function Approximation: A Gradient Boosting Machine", Annals of Statistics 29, 2001; on binned columns as in Ke et
al., "LightGBM", NeurIPS 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from ntgate.base import Real, Whole
from ntgate.learners.base import Encoded, Learner
from ntgate.learners.threads import threads

if TYPE_CHECKING:
    from ntgate.models.base import Model

_FEW = 500_000  # numbers: a fit takes a second in one thread
_MOST = 600  # columns times classes: a fit takes 20 ms for each, and thousands of them are images or texts, no table


class Boosting(Learner):
    """scikit-learn's boosting of histograms.

    Attributes:
        rounds: trees, for several classes one for each.
        learning_rate: what a tree counts.
        leaf_rows: the fewest rows of a leaf.
    """

    called: ClassVar[str] = "gradient boosting"
    rounds: Whole = Field(50, ge=1, le=10_000)
    learning_rate: Real = Field(0.1, ge=1e-6, le=1)
    leaf_rows: Whole = Field(5, ge=1, le=1_000_000)

    def too_large(self, width: int, classes: int) -> str | None:
        """It grows a tree for each class, and looks at each column for each."""
        cells = width * (classes if classes > 2 else 1)
        if cells <= _MOST:
            return None
        return f"{width} columns for each of {classes} classes would take it minutes"

    def fit_seconds(self, rows: int, width: int, classes: int) -> float:
        """A tree for each class but one of two, over the histograms of every column."""
        each = classes if classes > 2 else 1
        return self.rounds * each * (1e-3 + 2e-5 * width + 1e-8 * rows * width)

    def fit(self, encoded: Encoded, settings: Sequence[float], seed: int) -> list[Model]:  # noqa: ARG002
        """Grow the trees; scikit-learn keeps them as arrays."""
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits

        from ntgate.export.tree_graph import Tree, tree_graph
        from ntgate.models.graph import GraphModel

        grown: Any = HistGradientBoostingClassifier(
            max_iter=self.rounds,
            learning_rate=self.learning_rate,
            min_samples_leaf=self.leaf_rows,
            early_stopping=False,
            random_state=seed,
        )
        # Thousands of small loops: on a busy machine threads wait for each other thirty times as long as they work.
        with threadpool_limits(1 if encoded.rows.size <= _FEW else threads(), user_api="openmp"):
            grown.fit(encoded.rows, encoded.labels, encoded.weights)
        codes, classes = grown.classes_, len(encoded.classes)
        # Two classes share one sum: its sign is turned for the first, and softmax of (-s/2, s/2) is the sigmoid of s.
        adds = np.array([[-0.5, 0.5]]) if len(codes) == 2 else np.eye(len(codes))
        base = np.full(classes, -20.0)  # a class without rows
        base[codes] = np.ravel(grown._baseline_prediction) @ adds
        trees = []
        for predictors in grown._predictors:
            for column, predictor in enumerate(predictors):
                nodes = predictor.nodes
                leaf = nodes["is_leaf"].astype(bool)
                value = np.zeros((len(nodes), classes))
                value[:, codes] = nodes["value"][:, None] * adds[column]
                left, right = (np.where(leaf, -1, nodes[side].astype(np.int64)) for side in ("left", "right"))
                trees.append(Tree(nodes["feature_idx"].astype(np.int64), nodes["num_threshold"], left, right, value))
        graph = tree_graph(trees, encoded.encoder.shape, base, link="Softmax")
        return [GraphModel(graph, encoded.encoder, encoded.classes)]
