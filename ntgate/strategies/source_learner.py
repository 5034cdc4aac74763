"""A model of source rows alone, and target rows encoded as it takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntgate.errors import ModelError
from ntgate.learners.base import Encoded
from ntgate.learners.forest import ExtraTrees
from ntgate.models.graph import GraphModel
from ntgate.strategies.base import Arm

if TYPE_CHECKING:
    from ntgate.strategies.cost import Cost


def source_learner(arm: Arm, trees: int) -> tuple[GraphModel, Encoded]:
    """Extremely randomised trees of the source rows, with the source's classes, and the target's training rows, encoded alike.

    Raises:
        ModelError: when the rows of either have one class only.
    """
    from ntgate.strategies.learner_fit import encoded

    view = arm.view
    rows = encoded([view.train], view.source, *([] if view.unlabelled is None else [view.unlabelled]))
    assert isinstance(rows, Encoded)  # who reads texts does without
    source = view.source
    if len(np.unique(source.labels)) < 2:
        raise ModelError("source", expected="rows of two classes at least", got="one class", fix="leave this strategy out")
    numbers = rows.encoder.encode(source.rows).reshape(len(source), -1)
    (model,) = ExtraTrees(trees=trees).fit(
        Encoded(rows.encoder, numbers, source.labels, np.ones(len(source)), source.classes), (0.0,), arm.seed
    )
    assert isinstance(model, GraphModel)
    return model, rows


def source_seconds(cost: Cost, trees: int) -> float:
    """About how long the source's models of an arm take."""
    return cost.fits * ExtraTrees(trees=trees).fit_seconds(cost.source_rows, cost.width, cost.classes)
