"""What pools and scratch have in common: a learner fitted a setting, each scored on the validation rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ntgate.errors import ModelError
from ntgate.learners.base import Encoded, Floats, Learner
from ntgate.strategies.base import Arm, Trained
from ntgate.training.curve import CurvePoint

if TYPE_CHECKING:
    from ntgate.data.domain import Domain
    from ntgate.data.encoder import Encoder
    from ntgate.models.base import Model, Scores


def encoded(encoder: Encoder, parts: Sequence[Domain], weights: Sequence[float]) -> Encoded:
    """The rows of labelled domains behind each other, with the ``weights`` that all rows of each have together.

    Raises:
        ModelError: when they have one class only, from which nothing can be learnt.
    """
    rows = [encoder.encode(part.rows).reshape(len(part), -1) for part in parts]
    labels = np.concatenate([part.labels for part in parts])
    if len(np.unique(labels)) < 2:
        raise ModelError(
            "target", expected="rows of two classes at least", got="one class", fix="label rows of another class"
        )
    each = np.repeat([weight / len(part) for weight, part in zip(weights, parts, strict=True)], [*map(len, parts)])
    return Encoded(encoder, np.concatenate(rows), labels, each / each.mean(), parts[-1].classes)


def fit_learner(arm: Arm, learner: Learner, pools: Sequence[Encoded]) -> Trained:
    """Fit ``learner`` to each of ``pools`` with each of its settings, and keep the setting that scores best on the validation rows.

    Several pools make a committee, in which all count alike. Where the arm says how far to go, that is the number of the setting.

    Raises:
        ModelError: when rows of so many numbers would take too long.
    """
    from ntgate.models.committee import CommitteeModel

    width, classes = pools[0].rows.shape[1], len(pools[0].classes)
    if why := learner.too_large(width, classes):
        raise ModelError(learner.label, expected="rows that it can learn from in seconds", got=why, fix="leave it out")
    settings = learner.settings if arm.until is None else learner.settings[arm.until - 1 : arm.until]
    models: list[Model] = []
    curve: list[CurvePoint] = []
    same = (1 / len(pools),) * len(pools)
    for number, fitted in enumerate(
        zip(*(learner.fit(pool, settings, arm.seed) for pool in pools), strict=True), start=1
    ):
        models.append(fitted[0] if len(fitted) == 1 else CommitteeModel(fitted, same))
        curve.append(_point(arm, models[-1], number))
        if arm.progress is not None:
            arm.progress(number, len(settings), curve[-1].validation)
    best = max(range(len(curve)), key=lambda i: curve[i].rank)
    notes = {"setting": settings[best]} if len(learner.settings) > 1 else {}
    return Trained(models[best], tuple(curve), len(curve), notes)


def _point(arm: Arm, model: Model, step: int) -> CurvePoint:
    import torch

    held, own = arm.view.validation, arm.view.train
    scores = model.scores(held.rows)
    return CurvePoint(
        step=step,
        train_loss=_loss(model.scores(own.rows), own),
        validation_loss=_loss(scores, held),
        validation=arm.metric(torch.from_numpy(held.labels), torch.from_numpy(scores)),
    )


def _loss(scores: Scores, rows: Domain) -> float:
    """Cross-entropy, in which no class has less chance than one in a million."""
    chance: Floats = np.maximum(scores[np.arange(len(rows)), rows.labels], 1e-6)
    return float(-np.log(chance).mean())
