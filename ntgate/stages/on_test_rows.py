"""What is told of the scores on the test rows beside the verdict; nothing where rows stayed closed or results are withheld."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.evaluation.calibration import Bin, reliability
from ntgate.metrics.base import Metric
from ntgate.metrics.brier import Brier
from ntgate.metrics.log_loss import LogLoss
from ntgate.stages.history import RunHistory

if TYPE_CHECKING:
    from ntgate.gate.evidence import Scores

_ARMS = ("candidate", "scratch")
_ROWS_A_BIN, _MOST_BINS = 20, 10
_MOST_CLASSES = 200  # of a table of which class was taken for which


class Calibrated(Frozen):
    """How far an arm's scores can be taken for chances, on the test rows.

    Attributes:
        log_loss: as the metric of that name has it, in nats.
        brier: as the metric of that name has it, 0 to 1.
        bins: of the reliability diagram, each with as many rows as the next.
    """

    log_loss: float
    brier: float
    bins: tuple[Bin, ...]


def calibration(history: RunHistory) -> dict[str, Calibrated]:
    """Of candidate and scratch, where their scores are numbers on every row.

    Measured by the gate's metrics, and by the very one that judged where it is one of them, so that no two places differ.
    """
    y, scores = opened(history)
    judged = history.decided.gate.metric
    loss, distance = (_measure(judged, kind) for kind in (LogLoss(), Brier()))
    most = max(1, min(_MOST_BINS, len(y) // _ROWS_A_BIN))
    return {
        arm: Calibrated(
            log_loss=loss.value(y, held.astype(np.float64)),
            brier=distance.value(y, held.astype(np.float64)),
            bins=reliability(y, held, most),
        )
        for arm, held in scores.items()
        if len(y) and np.isfinite(held).all()
    }


def _measure(judged: Metric, usual: Metric) -> Metric:
    return judged if judged.kind == usual.kind else usual


def by_class(history: RunHistory) -> list[dict[str, Any]]:
    """The share of each class's test rows that candidate and scratch recognise."""
    y, scores = opened(history)
    right = {name: held.argmax(axis=1) == y for name, held in scores.items()}
    return [
        {"name": name, "n": int((y == code).sum()), **{arm: float(hits[y == code].mean()) for arm, hits in right.items()}}
        for code, name in enumerate(history.ingested.target_classes)
        if (y == code).any()
    ]


def confusion(history: RunHistory) -> dict[str, list[list[int]]]:
    """How many test rows of class ``i`` each arm took for class ``j``, ``(c, c)``, by arm."""
    y, scores = opened(history)
    many = len(history.ingested.target_classes)
    return {
        arm: np.bincount(y * many + held.argmax(axis=1), minlength=many**2).reshape(many, many).tolist()
        for arm, held in scores.items()
        if len(y) and many <= _MOST_CLASSES
    }


def opened(history: RunHistory) -> tuple[npt.NDArray[np.int64], Mapping[str, Scores]]:
    """The labels ``(n,)`` and the scores ``(n, c)`` of both arms; empty where nothing may be told of them."""
    if history.decided.gate.withheld or history.evaluated.allowance.closed:
        return np.zeros(0, dtype=np.int64), {}
    with np.load(history.evaluated.scores.verified(), allow_pickle=False) as kept:
        return kept["y"], {name: kept[name] for name in _ARMS if name in kept.files}
