"""What every metric keeps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ntgate.evaluation.types import Floats, Ints
from ntgate.metrics import METRICS
from ntgate.metrics.base import Metric
from ntgate.metrics.row_mean import RowMean
from ntgate.metrics.tested import Level, Pair, Tested

_LEVEL = Level(alpha=0.05, margin=0.0, resamples=300, seed=0)
_ROWS = 600
_MOST = 12  # of 100 worthless pairs: at a level of 5 % more pass with a probability of 0.0015


def check_metric(metric: Metric, *, classes: Sequence[str] = ("a", "b")) -> None:
    """Hold a metric to what every metric of ntgate keeps.

    It is written to JSON and read again; right answers are better than wrong ones in the direction that it says, by at most its
    span; the order of the rows does not matter, and a row that counts twice is two rows; a mean over rows stays within its bounds;
    its best constant guess is not beaten by answering any one class; its test shows the gain of right answers over wrong ones, with
    an interval around it, none of a model over itself, and of 100 worthless pairs no more than chance allows.

    Args:
        metric: with the settings to be checked.
        classes: names of the classes that it is checked on.

    Raises:
        AssertionError: with the promise that is broken.

    >>> from ntgate.metrics.brier import Brier
    >>> check_metric(Brier())
    """
    written = METRICS.written(metric)
    assert METRICS.read(written) == metric, f"it reads itself again from {written}"
    metric = metric.of_classes(classes)
    rng = np.random.default_rng(0)
    y = rng.integers(0, len(classes), _ROWS)
    good, poor = _scores(rng, y, len(classes), 2.5), _scores(rng, y, len(classes), 0.0)
    _values(metric, y, good, poor, rng)
    if isinstance(metric, RowMean):
        _bounded(metric, y, good)
    shares = np.bincount(y, minlength=len(classes)) / len(y)
    _constant(metric, y, shares)
    _judged(metric, y, good, poor)
    _level(metric, len(classes))


def _values(metric: Metric, y: Ints, good: Floats, poor: Floats, rng: np.random.Generator) -> None:
    right, wrong = np.eye(good.shape[1])[y], np.eye(good.shape[1])[(y + 1) % good.shape[1]]
    best, worst = metric.value(y, right), metric.value(y, wrong)
    assert metric.better_by(best, worst) > 0, f"right answers are better: {best} against {worst} for wrong ones"
    assert metric.better_by(best, worst) <= metric.span + 1e-9, f"no gain exceeds its span, {metric.span}"
    assert metric.better_by(metric.value(y, good), metric.value(y, poor)) > 0, "a good model is better than a poor one"
    order, times = rng.permutation(len(y)), rng.integers(1, 4, len(y))
    assert np.isclose(metric.value(y[order], good[order]), metric.value(y, good)), "the order of rows does not matter"
    counted = metric.weighted(y, good, times[None].astype(np.float64))[0]
    repeated = metric.value(np.repeat(y, times), np.repeat(good, times, axis=0))
    assert np.isclose(counted, repeated), "a row with weight 2 counts as two rows"


def _bounded(metric: RowMean, y: Ints, good: Floats) -> None:
    low, high = metric.bounds
    for scores in (good, np.eye(good.shape[1])[y], np.eye(good.shape[1])[(y + 1) % good.shape[1]]):
        values = metric.by_row(y, scores)
        assert values.shape == y.shape, f"it has a value a row, {y.shape}, and not {values.shape}"
        outside = values[~((values >= low - 1e-9) & (values <= high + 1e-9))]
        assert not len(outside), f"a row's value lies between {low} and {high}, and not {outside[0]}"
        half = metric.by_row(y[::2], scores[::2])
        assert np.allclose(half, values[::2]), "a row's value depends on that row alone"


def _constant(metric: Metric, y: Ints, shares: Floats) -> None:
    guess = metric.constant(shares)
    assert guess.shape == shares.shape, f"its constant guess has a score a class, {shares.shape}, and not {guess.shape}"
    value = metric.value(y, np.tile(guess, (len(y), 1)))
    for code in range(len(shares)):
        always = metric.value(y, np.tile(np.eye(len(shares))[code], (len(y), 1)))
        assert metric.better_by(always, value) <= 1e-9, f"its constant guess is no worse than always class {code}"


def _judged(metric: Metric, y: Ints, good: Floats, poor: Floats) -> None:
    shown, gain = (metric.judged(Pair(y, good, poor), _LEVEL), metric.better_by(metric.value(y, good), metric.value(y, poor)))
    assert _passes(shown), f"its test shows a gain of {gain:.3g} on {len(y)} rows, and says p = {shown.p_value:.3g}, {shown.note}"
    assert shown.interval[0] <= gain <= shown.interval[1], f"the interval {shown.interval} holds the gain, {gain:.3g}"
    assert not _passes(metric.judged(Pair(y, poor, good), _LEVEL)), "its test shows no gain of the poorer model"
    assert not _passes(metric.judged(Pair(y, good, good), _LEVEL)), "its test shows no gain of a model over itself"


def _level(metric: Metric, classes: int) -> None:
    passed, runs = 0, 100
    for seed in range(runs):
        rng = np.random.default_rng(1000 + seed)
        y = rng.integers(0, classes, 120)
        pair = Pair(y, _scores(rng, y, classes, 1.0), _scores(rng, y, classes, 1.0))
        passed += _passes(metric.judged(pair, Level(0.05, 0.0, 300, seed)))
    assert passed <= _MOST, f"of {runs} worthless pairs at most {_MOST} pass at level 0.05, and {passed} did"


def _passes(found: Tested) -> bool:
    return found.p_value <= _LEVEL.alpha and found.interval[0] > 0


def _scores(rng: np.random.Generator, y: Ints, classes: int, skill: float) -> Floats:
    """Probabilities ``(n, c)`` whose logits favour the truth by ``skill``."""
    logits = rng.normal(size=(len(y), classes)) + skill * np.eye(classes)[y]
    odds = np.exp(logits)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))
