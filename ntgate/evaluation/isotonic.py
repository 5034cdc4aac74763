"""A rising curve from scores to chances, learnt where labels are many; the order of a row's classes stays as it is.

Zhang, Kailkhura & Han, "Mix-n-Match: Ensemble and Compositional Methods for Uncertainty Calibration in Deep Learning", ICML 2020,
section 4: one isotonic regression (Zadrozny & Elkan, KDD 2002) for the scores of all classes together, strictly rising, so that no
answer changes. The curve is continuous and its steps wide, so that the last digits of a score are those of its chance.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntgate.evaluation.calibration import best_temperature, losses
from ntgate.evaluation.stacking import worse
from ntgate.models.pooling import Curve, along, tempered

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]
_FEWEST = 200  # rows: below, a curve is never better than a temperature by more than luck
_DOUBT = 50  # rows that it takes to believe half of a curve
_PARTS, _NARROWEST = 20, 0.02  # of the curve: how many at most, and how wide at least
_MOST = 100  # classes: the graph holds every part of every class of a batch
_FOLDS, _SHOWN = 5, 2.0  # standard errors of the mean difference of losses


def rising_curve(labels: Ints, scores: Floats) -> Curve:
    """The curve from scores ``(n, c)`` to the shares of them that are the true class's, from (0, 0) to (1, 1).

    >>> rng = np.random.default_rng(0)
    >>> sure = rng.random(4000)
    >>> labels = (rng.random(4000) < 0.25 + 0.5 * sure).astype(int)
    >>> curve = rising_curve(labels, np.stack([1 - sure, sure], axis=1))
    >>> along(np.array([[0.1, 0.9]], np.float32), curve).round(1)
    array([[0.3, 0.7]], dtype=float32)
    """
    from sklearn.isotonic import isotonic_regression

    true = np.zeros(scores.shape, dtype=np.float64)
    true[np.arange(len(labels)), labels] = 1
    score = scores.astype(np.float64).ravel()
    edges = [0.0]
    told = score[score >= _NARROWEST]  # of many classes most scores are next to nothing
    for edge in np.quantile(told, np.linspace(0, 1, _PARTS)[:-1]) if len(told) else ():
        if edge - edges[-1] >= _NARROWEST and 1 - edge >= _NARROWEST:
            edges.append(float(edge))
    part = np.searchsorted(edges, score, side="right") - 1
    rows = np.bincount(part, minlength=len(edges))
    middle = (np.array(edges) + np.array([*edges[1:], 1.0])) / 2
    full = rows > 0
    # A part's share of true ones is that at its mean score, which lies beside its middle.
    shift = middle[full] - np.bincount(part, score)[full] / rows[full]
    share = np.clip(np.bincount(part, true.ravel())[full] / rows[full] + shift, 0, 1)
    risen = isotonic_regression(share, sample_weight=rows[full].astype(np.float64))
    believed = len(labels) / (len(labels) + _DOUBT)
    chance = believed * risen + (1 - believed) * middle[full]
    return ((0.0, 0.0), *((float(x), float(y)) for x, y in zip(middle[full], chance, strict=True)), (1.0, 1.0))


def shown_curve(labels: Ints, pool: Floats, units: Ints | None = None) -> Curve:
    """The curve behind the temperature of scores, where rows held out show that it is better than this alone; else none.

    Args:
        labels: ``(n,)``.
        pool: the scores ``(n, c)``, each by models that had not seen the row.
        units: ``(n,)``; rows of one unit are not independent, and never on both sides of the comparison.
    """
    unit = np.arange(len(labels)) if units is None else np.unique(units, return_inverse=True)[1]
    count = int(unit.max(initial=-1)) + 1
    if count < _FEWEST or pool.shape[1] > _MOST:
        return ()
    fold = np.random.default_rng(0).permutation(count)[unit] % _FOLDS
    plain, curved = np.zeros(len(labels)), np.zeros(len(labels))
    for held in range(_FOLDS):
        rest, here = fold != held, fold == held
        brought = tempered(pool, best_temperature(labels[rest], pool[rest]))
        plain[here] = losses(labels[here], brought[here])
        curved[here] = losses(labels[here], along(brought[here], rising_curve(labels[rest], brought[rest])))
    first, second = (np.bincount(unit, each).astype(np.float64) for each in (plain, curved))
    if not worse(first, second, _SHOWN):
        return ()
    return rising_curve(labels, tempered(pool, best_temperature(labels, pool)))
