"""One numeric feature of two samples, counted in the same bins.

The width is of Freedman and Diaconis, "On the histogram as a density estimator", Zeitschrift fuer Wahrscheinlichkeitstheorie 57
(1981): ``2 IQR n^(-1/3)``, here within bounds that can be drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.errors import DataError

if TYPE_CHECKING:
    Values = npt.NDArray[np.generic]

Floats = npt.NDArray[np.float64]
Pair = tuple[int, int]

FEWEST, MOST = 8, 40
_FENCE = 3.0  # interquartile ranges beyond the quartiles: Tukey's "far out"
_FLAT = 1e-9  # of the magnitude: what differs by less is one value
_LEAST, _LARGEST = 1e-300, 1e300  # beyond them differences are no numbers


class Histogram(Frozen):
    """Counts of both samples in shared bins, and how many values are not in them.

    Attributes:
        edges: of the ``k`` bins, ``k + 1`` ascending values.
        source: counts of the first sample.
        target: counts of the second sample.
        below: values of the first and of the second sample that lie below the bins.
        above: values that lie above them.
        missing: values that are NaN.
    """

    edges: tuple[float, ...]
    source: tuple[int, ...]
    target: tuple[int, ...]
    below: Pair = (0, 0)
    above: Pair = (0, 0)
    missing: Pair = (0, 0)


def histogram(x: Values, y: Values) -> Histogram:
    """Count two samples of one feature in the same 1 to 40 bins.

    The bins reach as far as either sample does without its far-out values, which are counted beside them: one broken reading
    does not press all the others into a single bin. Whole numbers get bins of whole width around whole numbers; a
    constant gets one bin.

    Args:
        x: values ``(n,)`` of the first sample: numbers or booleans, NaN where missing.
        y: values ``(m,)`` of the second sample.

    Raises:
        DataError: naming the argument, when it holds no numbers, or larger ones than 1e300; or when both hold nothing but NaN.

    >>> found = histogram(np.array([1, 1, 2]), np.array([2.0, 3.0, np.nan]))
    >>> found.edges, found.source, found.target, found.missing
    ((0.5, 1.5, 2.5, 3.5), (2, 1, 0), (0, 1, 1), (0, 1))
    """
    first, second = _numbers(x, "x"), _numbers(y, "y")
    known = first[~np.isnan(first)], second[~np.isnan(second)]
    if not len(known[0]) and not len(known[1]):
        raise DataError("x and y", expected="some values that are not NaN", got="none", fix="leave the feature out")
    edges = _edges(known)
    counts = [np.histogram(part, edges)[0].tolist() for part in known]
    return Histogram(
        edges=tuple(edges.tolist()),
        source=tuple(counts[0]),
        target=tuple(counts[1]),
        below=(int((known[0] < edges[0]).sum()), int((known[1] < edges[0]).sum())),
        above=(int((known[0] > edges[-1]).sum()), int((known[1] > edges[-1]).sum())),
        missing=(len(first) - len(known[0]), len(second) - len(known[1])),
    )


def _numbers(values: Values, name: str) -> Floats:
    array = np.asarray(values)
    if array.ndim != 1 or not len(array) or array.dtype.kind not in "biuf":
        raise DataError(
            name, expected="numbers of one feature, shape (n,)", got=f"{array.dtype} of shape {array.shape}", fix="give one column"
        )
    numbers = array.astype(np.float64)
    if (np.abs(numbers) > _LARGEST).any():
        raise DataError(
            name, expected=f"finite values below {_LARGEST:g}, or NaN", got="infinity or a larger one", fix="mark it as missing"
        )
    return numbers


def _edges(parts: tuple[Floats, Floats]) -> Floats:
    spans = [_span(part) for part in parts if len(part)]
    low, high = min(span[0] for span in spans), max(span[1] for span in spans)
    if high - low <= max(_LEAST, _FLAT * max(abs(low), abs(high))):
        half = max(0.5, 1e-6 * abs(low))
        return np.array([low - half, low + half])
    if all(np.array_equal(part, np.round(part)) for part in parts):
        low, high = np.round(low), np.round(high)
        width = np.ceil((high - low + 1) / MOST)
        return np.asarray(low - 0.5 + width * np.arange(np.ceil((high - low + 1) / width) + 1))
    wanted = [(high - low) / width for part in parts if len(part) and (width := _width(part)) > 0]
    if not wanted:
        wanted = [1 + np.log2(sum(map(len, parts)))]  # Sturges 1926, where more than half of the values coincide
    return np.linspace(low, high, int(np.clip(np.ceil(max(wanted)), FEWEST, MOST)) + 1)


def _span(values: Floats) -> tuple[float, float]:
    """From where to where the values reach without those that are far out; all of them when they are nearly all equal."""
    least, quarter, three, most = np.quantile(values, (0, 0.25, 0.75, 1))
    # Values that are there, not means of neighbours: of 20 values the largest may be the broken one.
    low, high = np.quantile(values, 0.01, method="higher"), np.quantile(values, 0.99, method="lower")
    reach = _FENCE * (three - quarter)
    low, high = max(least, min(low, quarter - reach)), min(most, max(high, three + reach))
    return (float(low), float(high)) if high > low else (float(least), float(most))


def _width(values: Floats) -> float:
    low, high = np.quantile(values, (0.25, 0.75))
    return float(2 * (high - low) / np.cbrt(len(values)))
