"""Linear pool: one logistic regression of source and target rows together, with the source's weight chosen on the target.

Daume, "Frustratingly Easy Domain Adaptation", ACL 2007, calls it WEIGHTED: the simplest use of a source, and hard to beat with few
labels. No network takes part, so that it is also the quickest.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ntgate.base import Positive
from ntgate.errors import DataError
from ntgate.models.linear import LinearModel
from ntgate.strategies.base import Arm, Strategy, Trained
from ntgate.strategies.rank import Case, Rank
from ntgate.training.curve import CurvePoint

if TYPE_CHECKING:
    from ntgate.data.domain import Domain
    from ntgate.data.encoder import Encoder
    from ntgate.strategies.maps.aligned import Floats, Ints


class LinearPool(Strategy):
    """Fit one classifier a penalty and weight, and keep the best on the validation rows.

    Attributes:
        penalties: inverse L2 strengths to choose from.
        source_weights: weights of all source rows together, in weights of all target rows together.
    """

    kind: Literal["linear_pool"] = "linear_pool"
    label: ClassVar[str] = "pooled logistic regression"
    penalties: tuple[Positive, ...] = Field((0.01, 0.1, 1.0, 10.0), min_length=1, max_length=100)
    source_weights: tuple[Positive, ...] = Field((0.3, 1.0, 3.0), min_length=1, max_length=100)

    def rank(self, case: Case) -> Rank:
        """Early where labels are few, for it has as few parameters as a linear probe and more rows to learn them from."""
        if case.few:
            return Rank(
                0.4, f"{case.source_rows} source rows steady a linear classifier where there are only {case.labels}"
            )
        return Rank(2.7, f"{case.labels} can carry more than a linear classifier")

    def train(self, arm: Arm) -> Trained:
        """Encode both domains alike, fit a classifier a penalty and weight, and keep the best on the validation rows."""
        from ntgate.data.encoder import fit_encoder
        from ntgate.shift.feature_scale import feature_scale
        from ntgate.strategies.linear_head import logistic_regression

        view = arm.view
        encoder = fit_encoder(view.source, view.train, *([] if view.unlabelled is None else [view.unlabelled]))
        source = view.source.relabelled(view.train.classes)
        labels: Ints = np.concatenate([source.labels, view.train.labels])
        if len(np.unique(labels)) < 2:
            raise DataError(
                "target", expected="rows of two classes at least", got="one class", fix="label rows of another class"
            )
        rows = np.concatenate([_flat(encoder, source), _flat(encoder, view.train)])
        scale = feature_scale(rows)
        trials = list(product(self.penalties, self.source_weights))
        models, curve = [], []
        for step, (penalty, share) in enumerate(trials, start=1):
            weights = _weights(len(source), len(view.train), share)
            weight, bias = logistic_regression(
                rows / scale, labels, penalty, classes=len(view.train.classes), weights=weights
            )
            model = LinearModel(encoder, *_single(weight / scale, bias), view.train.classes)
            logits: Floats = (rows @ model.weight.T + model.bias).astype(np.float64)
            models.append(model)
            curve.append(_point(arm, model, step, _cross_entropy(logits, labels, weights)))
            if arm.progress is not None:
                arm.progress(step, len(trials), curve[-1].validation)
        best = max(range(len(trials)), key=lambda i: curve[i].rank)
        penalty, share = trials[best]
        return Trained(models[best], tuple(curve), len(curve), {"penalty": penalty, "source_weight": share})


def _flat(encoder: Encoder, domain: Domain) -> Floats:
    encoded = encoder.encode(domain.rows)
    return encoded.reshape(len(encoded), -1).astype(np.float64)


def _weights(source: int, target: int, share: float) -> Floats:
    """Weights ``(n + m,)`` of mean 1, the source's together ``share`` times the target's together."""
    weights = np.repeat([share / max(source, 1), 1 / target], [source, target])
    balanced: Floats = weights / weights.mean()
    return balanced


def _single(weight: Floats, bias: Floats) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    return weight.astype(np.float32), bias.astype(np.float32)


def _cross_entropy(logits: Floats, labels: Ints, weights: Floats | None = None) -> float:
    from scipy.special import log_softmax

    losses = -log_softmax(logits, axis=1)[np.arange(len(labels)), labels]
    return float(np.average(losses, weights=weights))


def _point(arm: Arm, model: LinearModel, step: int, train_loss: float) -> CurvePoint:
    import torch

    held = arm.view.validation
    scores = model.scores(held.rows)
    return CurvePoint(
        step=step,
        train_loss=train_loss,
        validation_loss=_cross_entropy(np.log(np.maximum(scores, 1e-30)), held.labels),
        validation=arm.metric(torch.from_numpy(held.labels), torch.from_numpy(scores)),
    )
