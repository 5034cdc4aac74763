"""Class predictions for rows that the classifier has not been trained on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ntgate.errors import DataError
from ntgate.shift.arguments import Ints, label_codes, pair
from ntgate.shift.classifier.logistic import fitted
from ntgate.shift.columns.robust_scale import RobustScale, chosen

Floats = npt.NDArray[np.float64]

_MOST = 10_000  # classes, when they are not named


class HeldOut(NamedTuple):
    """Class probabilities of source rows ``(n, c)`` and target rows ``(m, c)``, by classifiers that saw neither.

    >>> import numpy as np
    >>> labels = np.arange(100) % 2
    >>> found = held_out_predictions(labels[:, None] * 4.0, labels, np.array([[0.0], [4.0]]))
    >>> found.source.shape, found.target.argmax(axis=1).tolist()
    ((100, 2), [0, 1])
    """

    source: Floats
    target: Floats


def held_out_predictions(
    x: Any, y: Any, target: Any, *, classes: tuple[str, ...] | None = None, folds: int = 5, seed: int = 0
) -> HeldOut:
    """Cross-fitted predictions of multinomial logistic regression: those that a confusion matrix can be made of.

    A source row is predicted by the one classifier whose fold held it out. A target row too is predicted by one of the
    classifiers, dealt at random in equal numbers, rather than by the mean of all: the mean is a better classifier than each,
    so its predictions on equal rows would be distributed differently, and a test of equal distributions would see that.

    Args:
        x: source rows ``(n, d)``.
        y: codes ``(n,)`` of their labels.
        target: target rows ``(m, d)``.
        classes: the class names; None: as many classes as the greatest code says. A class without rows has probability 0.
        folds: of the cross-fitting.
        seed: of folds and dealing.

    Raises:
        DataError: naming the argument, on rows that are not finite, labels that are no codes, fewer than two classes with rows,
            or fewer rows than folds.

    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(60) % 2
    >>> held_out = held_out_predictions(rng.normal(size=(60, 3)) + 5 * y[:, None], y, np.full((4, 3), 5.0))
    >>> held_out.source.argmax(axis=1).tolist() == y.tolist(), held_out.target.argmax(axis=1)
    (True, array([1, 1, 1, 1]))
    """
    x, target = pair(x, target, ("x", "target"))
    y = label_codes(y, ("",) * _MOST if classes is None else classes, "y", rows=len(x))
    width = int(y.max()) + 1 if classes is None else len(classes)
    if len(np.unique(y)) < 2:
        raise DataError("y", expected="at least two classes", got="one", fix="add rows of another class")
    if not 2 <= folds <= len(x):
        raise DataError("folds", expected=f"from 2 to {len(x)}, the number of rows", got=str(folds), fix="use 5")
    rng = np.random.default_rng(seed)
    held_by, dealt_to = dealt_by_class(y, folds, rng), rng.permutation(np.arange(len(target)) % folds)
    scale = RobustScale.of(x[chosen(len(x))])
    rows, others = scale(x), scale(target)
    mean = rows.mean(axis=0, dtype=np.float64)
    rows, others = rows - mean, others - mean
    found = HeldOut(np.zeros((len(x), width)), np.zeros((len(target), width)))
    for fold in range(folds):
        train = held_by != fold
        if len(np.unique(y[train])) < 2:
            raise DataError("y", expected="two classes in every fold", got="too few rows", fix="use fewer folds")
        model = fitted(rows[train], y[train])
        for probabilities, of, mine in ((found.source, rows, ~train), (found.target, others, dealt_to == fold)):
            if mine.any():
                probabilities[np.ix_(mine, model.classes_)] = model.predict_proba(of[mine])
    return found


def dealt_by_class(y: Ints, folds: int, rng: np.random.Generator) -> Ints:
    """The fold ``(n,)`` of every row, at random; of any class, the folds hold equally many rows but for one.

    Unlike scikit-learn's stratified folds this takes classes that have fewer rows than there are folds.
    """
    order = np.lexsort((rng.random(len(y)), y))
    fold = np.empty(len(y), dtype=np.int64)
    fold[order] = np.arange(len(y)) % folds
    return fold
