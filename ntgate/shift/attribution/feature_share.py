"""The part that each feature has in the MMD between two samples: what goes when the feature no longer tells them apart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

_WORK = 400_000_000  # kernel values computed in all; less than a second
_ROWS = 64  # rows of the kernel at a time: they stay in the cache


def rows_within_reach(features: int) -> int:
    """Of how many rows of each sample the parts of this many features are computed in less than a second."""
    return max(50, int((_WORK / features) ** 0.5) // 2)


def drops(x: Floats, y: Floats, width: float) -> tuple[float, npt.NDArray[np.float64]]:
    """The unbiased MMD^2, and by how much it drops for each feature, ``(d,)``, when that is dealt anew to all rows of both samples.

    This is permutation importance with the mean over all permutations in place of a random one: the "model reliance" of Fisher,
    Rudin and Dominici, "All models are wrong, but many are useful", JMLR 20 (2019), with MMD^2 for the loss. The Gaussian kernel
    is a product over features. Under a random permutation of feature ``f`` its factor has the same mean for every two
    rows, the mean ``c_f`` over all pairs, so the drop is ``MMD^2(k) - c_f MMD^2(k / k_f)``. It is 0 on average for a feature that
    is distributed alike and independent of the others. For a dependence that only one sample has it is all of MMD^2 for each
    feature involved, although none of them moved on its own.

    Args:
        x: rows ``(n, d)``, two at least.
        y: rows ``(m, d)``, two at least.
        width: of the kernel ``exp(-|a - b|^2 / (2 width^2))``.

    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(200, 3)), rng.normal(size=(200, 3))
    >>> y[:, 2] = 0.9 * y[:, 0] + 0.4 * y[:, 2]
    >>> whole, found = drops(x, y, 1.0)
    >>> (found / whole).round(1)
    array([1. , 0.1, 1. ])
    """
    n, m = len(x), len(y)
    rows = np.concatenate([x, y])
    rows = ((rows - rows.mean(axis=0)) / (width * 2**0.5)).astype(np.float32)
    strips = _strips(n, n + m)
    exponents = [_exponents(rows, strip) for strip in strips]
    whole = _mmd2(np.sum([_sums(np.exp(part), strip) for part, strip in zip(exponents, strips, strict=True)], axis=0), n, m)
    found = np.empty(rows.shape[1])
    for f, column in enumerate(np.ascontiguousarray(rows.T)):
        of_feature, of_others = np.zeros(3), np.zeros(3)
        for strip, part in zip(strips, exponents, strict=True):
            distance = np.subtract.outer(column[strip.start : strip.end], column[strip.start :])
            distance *= distance
            of_feature += _sums(np.exp(-distance), strip)
            distance += part
            of_others += _sums(np.exp(distance, out=distance), strip)
        factor = (of_feature[0] + of_feature[1] + 2 * of_feature[2]) / ((n + m) * (n + m - 1))
        found[f] = whole - factor * _mmd2(of_others, n, m)
    return whole, found


class _Strip(NamedTuple):
    """Rows ``start`` to ``end`` of a symmetric kernel matrix, from column ``start`` on; their own sample ends at ``last``."""

    start: int
    end: int
    last: int
    second: bool


def _strips(n: int, total: int) -> list[_Strip]:
    return [
        _Strip(start, min(start + _ROWS, last), last, second)
        for first, last, second in ((0, n, False), (n, total, True))
        for start in range(first, last, _ROWS)
    ]


def _exponents(rows: npt.NDArray[np.float32], strip: _Strip) -> npt.NDArray[np.float32]:
    squares = (rows[strip.start :] ** 2).sum(axis=1)
    mine = strip.end - strip.start
    product = rows[strip.start : strip.end] @ rows[strip.start :].T
    return np.asarray(np.minimum(2 * product - squares[:mine, None] - squares, np.float32(0)))


def _sums(block: npt.NDArray[np.float32], strip: _Strip) -> npt.NDArray[np.float64]:
    """Sums of a strip: over ordered pairs of different rows of the first sample, and of the second, and over pairs across."""
    mine, last = strip.end - strip.start, strip.last - strip.start
    corner = block[:, :mine]
    within = float(corner.sum()) - float(np.trace(corner)) + 2 * float(block[:, mine:last].sum())
    return np.array([0.0, within, 0.0] if strip.second else [within, 0.0, float(block[:, last:].sum())])


def _mmd2(sums: npt.NDArray[np.float64], n: int, m: int) -> float:
    return float(sums[0] / (n * (n - 1)) + sums[1] / (m * (m - 1)) - 2 * sums[2] / (n * m))


def shares(drop: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The drops ``(d,)`` as parts of the difference, of sum 1; 0 throughout when there is only noise.

    A drop no greater than the most negative one is taken for noise, because only noise makes a drop negative.

    >>> shares(np.array([0.3, 0.1, 0.02, -0.03]))
    array([0.75, 0.25, 0.  , 0.  ])
    """
    kept = np.where(drop > max(0.0, -float(drop.min())), drop, 0.0)
    return np.asarray(kept / kept.sum()) if kept.any() else kept
