"""A linear head by multinomial logistic regression, with its penalty chosen on the validation rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from ntgate.learners.regressions import rows_by_class
from ntgate.strategies.base import Arm
from ntgate.training.curve import CurvePoint
from ntgate.training.source import embed

if TYPE_CHECKING:
    from ntgate.strategies.maps.aligned import Floats, Ints
    from ntgate.training.network import Network


def fit_head(
    network: Network,
    arm: Arm,
    rows: Floats,
    labels: Ints,
    penalties: Sequence[float],
    *,
    weights: Floats | None = None,
    folded: Callable[[Floats, Floats], tuple[Floats, Floats]] | None = None,
) -> tuple[CurvePoint, ...]:
    """Fit a head a penalty, give ``network`` the best of them on the validation rows, and return one point a penalty.

    Where the arm says which penalty it is, only that one is fitted.

    Args:
        network: its head is set.
        arm: with the validation rows.
        rows: ``(n, k)``, features of the network or what a map made of them.
        labels: ``(n,)`` codes of the target's classes.
        penalties: inverse L2 strengths.
        weights: ``(n,)`` of mean 1; None: all alike.
        folded: from a head over such rows, ``(c, k)`` and ``(c,)``, to one over the network's features; None: it is one.
    """
    if arm.until is not None:
        penalties = penalties[arm.until - 1 : arm.until]
    held = embed(network, arm.pretrained.encoder, arm.view.validation).astype(np.float64)
    truth = torch.from_numpy(arm.view.validation.labels)
    classes = len(arm.view.train.classes)
    curve: list[CurvePoint] = []
    heads: list[tuple[Floats, Floats]] = []
    for trial, penalty in enumerate(penalties, start=1):
        weight, bias = logistic_regression(rows, labels, penalty, classes=classes, weights=weights)
        losses = torch.nn.functional.cross_entropy(
            torch.from_numpy(rows @ weight.T + bias), torch.from_numpy(labels), reduction="none"
        )
        if folded is not None:
            weight, bias = folded(weight, bias)
        logits = torch.from_numpy(held @ weight.T + bias)
        curve.append(
            CurvePoint(
                step=trial,
                train_loss=float(np.average(losses.numpy(), weights=weights)),
                validation_loss=float(torch.nn.functional.cross_entropy(logits, truth)),
                validation=arm.metric(truth, logits.softmax(dim=1)),
            )
        )
        heads.append((weight, bias))
        if arm.progress is not None:
            arm.progress(trial, len(penalties), curve[-1].validation)
    _put_best(network, curve, heads)
    return tuple(curve)


def logistic_regression(
    rows: Floats, labels: Ints, penalty: float, *, classes: int, weights: Floats | None = None
) -> tuple[Floats, Floats]:
    """Weight ``(c, d)`` and bias ``(c,)`` of a multinomial logistic regression of ``rows`` ``(n, d)`` with ``labels`` ``(n,)``.

    The penalty, an inverse L2 strength, acts on the rows scaled as a whole; a class that has no row is never predicted.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    mean, scale = rows.mean(axis=0), max(float(rows.std()), 1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the validation rows judge what came of it
        model = LogisticRegression(C=penalty, max_iter=1000).fit((rows - mean) / scale, labels, weights)
    weight, bias = rows_by_class(model, classes)
    return np.asarray(weight / scale), np.asarray(bias - weight @ mean / scale)


def _put_best(network: Network, curve: Sequence[CurvePoint], heads: Sequence[tuple[Floats, Floats]]) -> None:
    """Give ``network`` that of the heads, weight ``(c, d)`` and bias ``(c,)``, whose point ranks best on the validation rows."""
    weight, bias = heads[max(range(len(curve)), key=lambda i: curve[i].rank)]
    with torch.no_grad():
        network.head.weight.copy_(torch.from_numpy(weight))
        network.head.bias.copy_(torch.from_numpy(bias))
