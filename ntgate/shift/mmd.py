"""The maximum mean discrepancy with an exact permutation test.

Gretton et al., "A Kernel Two-Sample Test", JMLR 13 (2012): equations 3 (unbiased) and 5 (biased). Bandwidths are combined
as in Biggs, Schrab and Gretton, "MMD-FUSE", NeurIPS 2023, equation 8. The effect size is the coefficient of inhomogeneity of
Szekely and Rizzo, "Energy statistics", J. Stat. Plan. Inference 143 (2013), for the distance ``1 - k``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ntgate.base import Frozen
from ntgate.errors import DataError
from ntgate.shift.bandwidth import bandwidths_around
from ntgate.shift.kernel_sums import KernelSums, bin_sums, row_sums

_BINS = 400
_ROWS_SCHEME = 4000  # pooled rows up to which every row is permuted
Estimator = Literal["unbiased", "biased"]
Scheme = Literal["auto", "rows", "bins"]


class MmdResult(Frozen):
    """The outcome of a two-sample test.

    Attributes:
        statistic: signed MMD^2 at the middle bandwidth; the unbiased estimate is negative in most null draws.
        p_value: ``(1 + b) / (B + 1)``, ``b`` permutations at least as extreme, all bandwidths together.
        null_quantiles: the 50, 90, 95 and 99 % quantiles of the statistic at the middle bandwidth under permutation.
        bandwidths: of the Gaussian kernels ``exp(-|a - b|^2 / (2 h^2))``.
        effect_size: ``MMD^2 / (2 (1 - mean k(x, y)))``: 0 for equal distributions, 1 for distributions far apart.
        effect_interval: its 95 % jackknife interval.
        scheme: which rows were permuted.
        seconds: wall time.
    """

    statistic: float
    p_value: float
    null_quantiles: tuple[float, float, float, float]
    bandwidths: tuple[float, ...]
    effect_size: float
    effect_interval: tuple[float, float]
    scheme: Literal["rows", "bins"]
    seconds: float


def mmd_test(
    x: Any,
    y: Any,
    *,
    permutations: int = 500,
    bandwidths: Sequence[float] | None = None,
    estimator: Estimator = "unbiased",
    scheme: Scheme = "auto",
    seed: int = 0,
    device: str = "cpu",
) -> MmdResult:
    """Test whether two samples come from one distribution.

    The level is exact: the observed labelling is one of the ``permutations + 1`` that are compared, and the bandwidths do not
    depend on it. ``rows`` permutes all rows. ``bins`` permutes random bins of equal size, a subgroup, so the level stays exact
    and a permutation costs next to nothing; it leaves out at most one incomplete bin of each sample. ``auto`` takes bins
    beyond 4,000 rows.

    Args:
        x: rows of the first sample, ``(n, d)``, array or tensor; computed in float32.
        y: rows of the second sample, ``(m, d)``.
        permutations: ``B``.
        bandwidths: kernel widths; None: five around the median distance of the pooled rows.
        estimator: ``unbiased`` leaves out the diagonal, ``biased`` is the squared distance of the mean embeddings.
        scheme: what is permuted.
        seed: of the permutations; the same seed gives the same result.
        device: torch device.

    Raises:
        DataError: naming the argument, when it holds no finite rows of equal width, or all rows are the same.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(100, 2)), rng.normal(size=(100, 2)) + 1
    >>> mmd_test(x, y).p_value < 0.01
    True
    """
    began = time.perf_counter()
    first, second = (_rows(rows, name, device) for rows, name in ((x, "x"), (y, "y")))
    if first.shape[1] != second.shape[1]:
        raise DataError(
            "y",
            expected=f"rows of width {first.shape[1]} as in x",
            got=f"width {second.shape[1]}",
            fix="use the same features",
        )
    if permutations < 1:
        raise DataError("permutations", expected="at least 1", got=str(permutations), fix="use 99 or more")
    z = torch.cat([first, second])
    z = (z - z.mean(dim=0)).float()
    widths = tuple(sorted(bandwidths)) if bandwidths is not None else bandwidths_around(z)
    if not widths or min(widths) <= 0:
        raise DataError(
            "x and y" if bandwidths is None else "bandwidths", expected="a positive kernel width",
            got="0, because more than half of the rows are the same" if bandwidths is None else f"{widths}",
            fix="give bandwidths, or remove constant rows",
        )  # fmt: skip
    units = _units(len(first), len(second), scheme)
    generator = torch.Generator().manual_seed(seed)
    labellings = _labellings(units, permutations, generator).to(z)
    if units.size == 1:
        sums = row_sums(z, widths, labellings)
    else:
        sums = bin_sums(z[_binned(len(first), len(second), units, generator).to(z.device)], widths, labellings)
    statistics = _mmd2(
        sums.quadratic, sums.of_all @ labellings.double(), sums.of_all.sum(dim=1, keepdim=True), units, estimator
    )
    at = len(widths) // 2
    extreme = int((_fused(statistics, sums.squared, units)[1:] >= 0).sum())
    effect, interval = _effect(sums, at, units)
    null = [float(q) for q in torch.quantile(statistics[at, 1:].cpu(), torch.tensor([0.5, 0.9, 0.95, 0.99]).double())]
    return MmdResult(
        statistic=float(statistics[at, 0]),
        p_value=(1 + extreme) / (permutations + 1),
        null_quantiles=(null[0], null[1], null[2], null[3]),
        bandwidths=widths,
        effect_size=effect,
        effect_interval=interval,
        scheme="rows" if units.size == 1 else "bins",
        seconds=time.perf_counter() - began,
    )


class _Units(NamedTuple):
    """How the rows are grouped for permuting: ``first`` and ``second`` units of ``size`` rows each."""

    first: int
    second: int
    size: int

    @property
    def rows(self) -> tuple[int, int]:
        return self.first * self.size, self.second * self.size


def _units(n: int, m: int, scheme: Scheme) -> _Units:
    if scheme == "rows" or (scheme == "auto" and n + m <= _ROWS_SCHEME):
        return _Units(n, m, 1)
    size = max(1, min((n + m) // _BINS, n // 8, m // 8))
    return _Units(n // size, m // size, size)


def _labellings(units: _Units, permutations: int, generator: torch.Generator) -> Tensor:
    """Zeros and ones ``(units, permutations + 1)``: column 0 as observed, the others shuffled."""
    count = units.first + units.second
    labels = torch.zeros(permutations + 1, count)
    labels[0, : units.first] = 1
    order = torch.rand(permutations, count, generator=generator).argsort(dim=1)
    labels[1:].scatter_(1, order[:, : units.first], 1)
    return labels.T.contiguous()


def _binned(n: int, m: int, units: _Units, generator: torch.Generator) -> Tensor:
    """Row numbers in an order whose consecutive runs are random bins, none of which mixes the samples."""
    kept, also = units.rows
    return torch.cat([torch.randperm(n, generator=generator)[:kept], n + torch.randperm(m, generator=generator)[:also]])


def _mmd2(within: Tensor, of_first: Tensor, total: Tensor, units: _Units, estimator: Estimator) -> Tensor:
    """MMD^2 from ``sum k(x, x')``, ``sum k(x, z)`` and ``sum k(z, z')``, each with its diagonal."""
    n, m = units.rows
    across = of_first - within
    within_second = total - 2 * of_first + within
    if estimator == "biased":
        return within / n**2 + within_second / m**2 - 2 * across / (n * m)
    return (within - n) / (n * (n - 1)) + (within_second - m) / (m * (m - 1)) - 2 * across / (n * m)


def _fused(statistics: Tensor, squared: Tensor, units: _Units) -> Tensor:
    """All bandwidths in one statistic ``(c,)``, as its difference from the observed one; ties count as equal.

    Each bandwidth is divided by the root of its mean squared kernel, which no permutation changes.
    """
    n, m = units.rows
    spread = ((squared - n - m) / ((n + m) * (n + m - 1.0))).clamp(min=1e-30).sqrt()[:, None]
    normalised = statistics / spread
    fused = normalised[0]
    if len(statistics) > 1:
        scale = math.sqrt(min(n, m) * (min(n, m) - 1.0))
        fused = torch.logsumexp(scale * normalised, dim=0) / scale
    return fused - fused[0] + 1e-9 * fused[0].abs()


def _effect(sums: KernelSums, at: int, units: _Units) -> tuple[float, tuple[float, float]]:
    """The coefficient of inhomogeneity, and its 95 % interval by leaving out one unit of rows at a time."""
    first = torch.arange(units.first + units.second, device=sums.of_all.device) < units.first
    of_first, of_second = sums.of_first[at], sums.of_all[at] - sums.of_first[at]
    own = sums.own[at]
    within, across, other = of_first[first].sum(), of_second[first].sum(), of_second[~first].sum()
    n, m = units.rows
    whole = _coefficient(within, across, other, n, m)
    size = units.size
    left_out_first = _coefficient(
        within - 2 * of_first[first] + own[first], across - of_second[first], other, n - size, m
    )
    left_out_second = _coefficient(
        within, across - of_first[~first], other - 2 * of_second[~first] + own[~first], n, m - size
    )
    variance = sum(
        (len(part) - 1) / len(part) * (part - part.mean()).square().sum() for part in (left_out_first, left_out_second)
    )
    half = 1.96 * float(variance) ** 0.5
    low, value, high = (min(max(float(whole) + shift, 0.0), 1.0) for shift in (-half, 0.0, half))
    return value, (low, high)


def _coefficient(within: Tensor, across: Tensor, other: Tensor, n: int, m: int) -> Tensor:
    mmd2 = (within - n) / (n * (n - 1)) + (other - m) / (m * (m - 1)) - 2 * across / (n * m)
    return mmd2 / (2 * (1 - across / (n * m))).clamp(min=1e-30)


def _rows(rows: Any, name: str, device: str) -> Tensor:
    """The rows of an argument as a float32 tensor ``(n, d)``."""
    expected, fix = "at least two finite rows of numbers, shape (n, d)", "check what is measured"
    if isinstance(rows, np.ndarray) and rows.dtype.kind not in "fiub":
        raise DataError(name, expected=expected, got=f"dtype {rows.dtype}", fix="encode the columns as numbers")
    tensor = torch.as_tensor(rows, device=device)
    if tensor.ndim != 2 or len(tensor) < 2 or tensor.shape[1] == 0:
        raise DataError(name, expected=expected, got=f"shape {tuple(tensor.shape)}", fix=fix)
    if not torch.isfinite(tensor).all():
        wrong = int((~torch.isfinite(tensor)).any(dim=1).sum())
        raise DataError(name, expected=expected, got=f"NaN or infinity in {wrong} rows", fix="impute or remove them")
    return tensor.double()
