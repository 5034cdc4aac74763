"""Every label used: an arm learns on folds how far to go, and is then trained on all labelled rows.

Each fold is held out once while the arm is trained on the others. The rows held out say where its curve (steps of a network,
penalties of a linear model) is best on the mean over the folds, and their scores, each by a model that had not seen the row, are
what arms are weighed and calibrated by (Stone, "Cross-Validatory Choice and Assessment of Statistical
Predictions", JRSS B 36, 1974).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ntgate.strategies.base import Arm, Strategy, Trained, measured
from ntgate.training.curve import CurvePoint

if TYPE_CHECKING:
    from ntgate.data.domain import Ints, TrainingView
    from ntgate.models.base import Scores


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """An arm on all labelled rows, and what the folds say of it.

    Attributes:
        trained: on all rows.
        scores: ``(n, c)`` of the labelled rows, each by a model that had not seen it; NaN where no fold held the row out. None
            where it was known how far to go.
        until: the point of the curve it was trained to.
        curve: the mean curve of the folds.
        validation: score of ``scores``.
        validation_loss: their cross-entropy.
    """

    trained: Trained
    scores: Scores | None
    until: int
    curve: tuple[CurvePoint, ...]
    validation: float | None = None
    validation_loss: float | None = None


def train_on_all(strategy: Strategy, arm: Arm) -> OutOfFold:
    """Train ``strategy`` without each fold, then on all labelled rows as far as was best without them."""
    view = arm.view
    # What it scores on the rows that it learns from is nothing to tell.
    silent = replace(arm, view=replace(view, train=view.labelled, validation=view.labelled), progress=None)
    if arm.until is not None:
        trained = strategy.train(silent)
        return OutOfFold(trained, None, arm.until, trained.curve)
    scores = np.full((len(view.labelled), len(view.train.classes)), np.nan, dtype=np.float32)
    curves = []
    for number, (rest, held) in enumerate(divisions(view, arm.training.folds_of(len(view.labelled)), arm.seed)):
        part = replace(view, train=view.labelled.take(rest), validation=view.labelled.take(held))
        checkpoint = arm.checkpoint and arm.checkpoint.with_suffix(f".{number}{arm.checkpoint.suffix}")
        without = strategy.train(replace(arm, view=part, checkpoint=checkpoint))
        scores[held] = without.model.scores(part.validation.rows)
        curves.append(without.curve)
    curve = mean_curve(curves)
    until = 1 + max(range(len(curve)), key=lambda i: curve[i].rank)
    trained = strategy.train(replace(silent, until=until))
    return OutOfFold(trained, scores, until, curve, *_seen(arm, scores))


def divisions(view: TrainingView, count: int, seed: int) -> list[tuple[Ints, Ints]]:
    """The positions in the labelled rows to train on and to hold out, a pair a fold.

    Rows of one group stay together, classes are spread evenly. With times, or for one fold, the validation rows alone are held out:
    they are the later ones.
    """
    from ntgate.data.folds import dealt
    from ntgate.data.splits import units_of

    rows = view.labelled
    count = min(count, int(units_of(rows).max()) + 1)
    if count < 2 or rows.times is not None:
        return [(np.arange(len(view.train)), np.arange(len(view.train), len(rows)))]
    fold = dealt(rows, count, seed)
    return [(np.flatnonzero(fold != held), np.flatnonzero(fold == held)) for held in range(count)]


def mean_curve(curves: Sequence[Sequence[CurvePoint]]) -> tuple[CurvePoint, ...]:
    """The mean of several curves, as far as the shortest goes: where a fold stopped early, nobody knows what came next.

    >>> point = CurvePoint(step=1, train_loss=1.0, validation_loss=2.0, validation=0.5)
    >>> mean_curve([[point, point], [point]]) == (point,)
    True
    """
    return tuple(
        CurvePoint(
            step=points[0].step,
            train_loss=float(np.mean([point.train_loss for point in points])),
            validation_loss=float(np.mean([point.validation_loss for point in points])),
            validation=_mean([point.validation for point in points]),
        )
        for points in zip(*curves, strict=False)
    )


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def _seen(arm: Arm, scores: Scores) -> tuple[float, float]:
    """Score and cross-entropy of the rows that a fold held out."""
    from ntgate.evaluation.calibration import log_loss

    held = np.isfinite(scores).all(axis=1)
    labels, known = arm.view.labelled.labels[held], scores[held]
    return measured(arm.metric, labels, known), log_loss(labels, known)
