"""What pools and scratch have in common: a learner fitted a setting, each scored on the validation rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ntgate.data.encoder import fit_encoder, fit_text_encoder
from ntgate.errors import ModelError, TooLargeError
from ntgate.evaluation.calibration import log_loss
from ntgate.learners.base import Encoded, EncodedTexts, Learner, TextLearner
from ntgate.strategies.base import Arm, Trained, measured
from ntgate.training.curve import CurvePoint

if TYPE_CHECKING:
    from ntgate.data.domain import Domain
    from ntgate.models.base import Model


def encoded(parts: Sequence[Domain], *further: Domain) -> Encoded | EncodedTexts:
    """The rows of labelled domains behind each other, all rows of each together with the same weight.

    Args:
        parts: the domains.
        further: rows that the encoder is fitted to as well.

    Raises:
        ModelError: when they have one class only, from which nothing can be learnt.
    """
    labels = np.concatenate([part.labels for part in parts])
    if len(np.unique(labels)) < 2:
        raise ModelError("target", expected="rows of two classes at least", got="one class", fix="label rows of another class")
    weights, classes = balanced([len(part) for part in parts], [1.0] * len(parts)), parts[-1].classes
    if parts[0].texts:
        from scipy.sparse import csr_array, vstack

        reader = fit_text_encoder(*parts, *further)
        terms = csr_array(vstack([reader.encode(part.rows) for part in parts], format="csr"))
        return EncodedTexts(reader, terms, labels, weights, classes)
    encoder = fit_encoder(*parts, *further)
    rows = np.concatenate([encoder.encode(part.rows).reshape(len(part), -1) for part in parts])
    return Encoded(encoder, rows, labels, weights, classes)


def balanced(sizes: Sequence[int], weights: Sequence[float]) -> npt.NDArray[np.float64]:
    """A weight ``(n,)`` a row, of mean 1, under which all rows of each part have that part's of ``weights`` together.

    >>> balanced([2, 1], [1.0, 1.0]).tolist()
    [0.75, 0.75, 1.5]
    """
    each = np.repeat([weight / size for weight, size in zip(weights, sizes, strict=True)], sizes)
    return np.asarray(each / each.mean(), dtype=np.float64)


def fit_learner(arm: Arm, learner: Learner, pools: Sequence[Encoded | EncodedTexts]) -> Trained:
    """Fit ``learner`` to each of ``pools`` with each of its settings, and keep the setting that scores best on the validation rows.

    Several pools make a committee, in which all count alike. Where the arm says how far to go, that is the number of the setting,
    and nothing is scored.

    Raises:
        TooLargeError: when rows of so many numbers would take too long.
    """
    from ntgate.models.committee import CommitteeModel

    width, classes = pools[0].rows.shape[1], len(pools[0].classes)
    if isinstance(pools[0], Encoded) and (why := learner.too_large(width, classes)):
        raise TooLargeError(learner.called, why)
    settings = learner.settings if arm.until is None else learner.settings[arm.until - 1 : arm.until]
    same = (1 / len(pools),) * len(pools)
    models = [
        fitted[0] if len(fitted) == 1 else CommitteeModel(fitted, same)
        for fitted in zip(*(_fitted(learner, pool, settings, arm.seed) for pool in pools), strict=True)
    ]
    curve: list[CurvePoint] = []
    for number, model in enumerate(models if arm.until is None else [], start=1):
        curve.append(_point(arm, model, number))
        if arm.progress is not None:
            arm.progress(number, len(settings), curve[-1].validation)
    best = max(range(len(curve)), key=lambda i: curve[i].rank, default=0)
    notes = {learner.noted: settings[best]} if len(learner.settings) > 1 else {}
    return Trained(models[best], tuple(curve), len(models), notes)


def _fitted(learner: Learner, pool: Encoded | EncodedTexts, settings: Sequence[float], seed: int) -> Sequence[Model]:
    if isinstance(pool, EncodedTexts):
        assert isinstance(learner, TextLearner)  # all others have stepped aside
        return learner.fit_texts(pool, settings, seed)
    return learner.fit(pool, settings, seed)


def _point(arm: Arm, model: Model, step: int) -> CurvePoint:
    held, own = arm.view.validation, arm.view.train
    scores = model.scores(held.rows)
    return CurvePoint(
        step=step,
        train_loss=log_loss(own.labels, model.scores(own.rows)),
        validation_loss=log_loss(held.labels, scores),
        validation=measured(arm.metric, held.labels, scores),
    )
