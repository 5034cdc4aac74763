"""The maximum mean discrepancy with an exact permutation test.

Gretton et al., "A Kernel Two-Sample Test", JMLR 13 (2012): equations 3 (unbiased) and 5 (biased). Bandwidths are combined by
the soft maximum of Biggs, Schrab and Gretton, "MMD-FUSE", NeurIPS 2023, equation 8, taken of standardised statistics.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from ntgate.base import Frozen
from ntgate.errors import DataError
from ntgate.shift.kernel import bandwidth, kernel_sums, random_features
from ntgate.shift.kernel.effect import effect_size
from ntgate.shift.kernel.numpy_or_torch import Place, is_tensor
from ntgate.shift.kernel.pooled import pooled
from ntgate.shift.kernel.rows import Rows, open_rows
from ntgate.shift.kernel.unit_sums import UnitSums, columns, permuted
from ntgate.shift.kernel.units import Units, grouped
from ntgate.shift.streamed.engine import Engine

Floats = npt.NDArray[np.float64]

Estimator = Literal["unbiased", "biased"]
Method = Literal["auto", "exact", "random_features"]
Scheme = Literal["auto", "rows", "bins"]

_EXACT = 40_000  # pooled rows up to which "auto" is exact
_BY_ROW = 400  # pooled rows up to which "auto" permutes single rows
_SHARPNESS = 4.0  # of the soft maximum over bandwidths
_TIE = 1e-4  # of a standard deviation: the rounding of float32


class MmdResult(Frozen):
    """The outcome of a two-sample test.

    Attributes:
        statistic: signed MMD^2 at the bandwidth of the median distance, or at the middle one of those given; the unbiased
            estimate is negative in most null draws.
        p_value: ``(1 + b) / (B + 1)``, ``b`` permutations at least as extreme, all bandwidths together.
        null_quantiles: the 50, 90, 95 and 99 % quantiles of the statistic under permutation.
        bandwidths: of the Gaussian kernels ``exp(-|a - b|^2 / (2 h^2))``, ascending.
        effect_size: ``MMD^2 / (2 (1 - mean k(x, y)))``: 0 for equal distributions, 1 for distributions far apart.
        effect_interval: its 95 % jackknife interval.
        permutations: ``B``.
        estimator: of the statistic.
        method: how the kernel was computed.
        scheme: what was permuted.
        seconds: wall time.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> found = mmd_test(rng.normal(size=(100, 3)), rng.normal(1.0, size=(100, 3)))
    >>> found.p_value < 0.05, found.effect_interval[0] < found.effect_size < found.effect_interval[1]
    (True, True)
    """

    statistic: float
    p_value: float
    null_quantiles: tuple[float, float, float, float]
    bandwidths: tuple[float, ...]
    effect_size: float
    effect_interval: tuple[float, float]
    permutations: int
    estimator: Estimator
    method: Literal["exact", "random_features"]
    scheme: Literal["rows", "bins"]
    seconds: float


def mmd_test(
    x: Any,
    y: Any,
    *,
    permutations: int = 500,
    bandwidths: Sequence[float] | None = None,
    estimator: Estimator = "unbiased",
    method: Method = "auto",
    scheme: Scheme = "auto",
    seed: int = 0,
    device: str = "auto",
    bins: int | None = None,
    frequencies: int = 512,
    engine: Engine | None = None,
) -> MmdResult:
    """Test whether two samples come from one distribution.

    The level is exact: the observed labelling is one of the ``permutations + 1`` that are compared, and neither bandwidths nor
    bins depend on it. All arithmetic on rows is float32 on centred data, without bf16 or tf32; sums are float64.

    Args:
        x: the first sample: an array, tensor, memory map or data frame ``(n, d)``; the path, URI or pattern of parquet files;
            or an iterable of chunks ``(k, d)``.
        y: the second sample, ``(m, d)``; of a sample more than 100 times as large as the other a random part is used.
        permutations: ``B``.
        bandwidths: kernel widths; None: up to five around the median distance of the pooled rows.
        estimator: ``unbiased`` leaves out the diagonal, ``biased`` is the squared distance of the mean embeddings.
        method: ``exact`` computes all kernel values, and holds the rows in memory. ``random_features`` approximates the kernel
            and reads the rows once, in blocks. ``auto`` is exact up to 40,000 rows.
        scheme: ``rows`` permutes single rows, ``bins`` random bins of equal size: a permutation then costs next to nothing,
            and at most one incomplete bin of each sample is left out. ``auto`` takes bins beyond 400 rows.
        seed: of bins, permutations and features; the same seed gives the same result, whatever the number of threads.
        device: torch device; ``auto`` takes a GPU where there is one, that of ``x`` if it is on one. Tensors that are both on the
            GPU that computes stay there. Where torch is not installed, NumPy computes; ``numpy`` has it do so anyway.
        bins: how many bins of both samples together; None: about 64.
        frequencies: random directions of the features; a kernel value errs by about ``1 / sqrt(2 * frequencies)``.
        engine: whose workers sum the random features of samples in parquet, each over rows that it reads by itself; None: this
            process. The result is the same.

    Raises:
        DataError: naming the argument, when it holds no finite rows of equal width, or all rows are the same.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(100, 2)), rng.normal(size=(100, 2)) + 1
    >>> mmd_test(x, y).p_value < 0.01
    True
    """
    began = time.perf_counter()
    for name, value, kind in (("estimator", estimator, Estimator), ("method", method, Method), ("scheme", scheme, Scheme)):
        if value not in get_args(kind):
            raise DataError(name, expected=" or ".join(get_args(kind)), got=repr(value), fix="choose one of them")
    for name, number in (("permutations", permutations), ("frequencies", frequencies)):
        if number < 1:
            raise DataError(name, expected="at least 1", got=str(number), fix="use 99 or more")
    place = Place.named(device, x, y)
    stays = not place.on_cpu and all(is_tensor(value) and value.device == place.device for value in (x, y))
    samples = open_rows(x, "x", keep=stays), open_rows(y, "y", keep=stays)
    n, m = len(samples[0]), len(samples[1])
    if samples[0].shape[1] != samples[1].shape[1]:
        raise DataError(
            "y",
            expected=f"rows of width {samples[0].shape[1]} as in x",
            got=f"width {samples[1].shape[1]}",
            fix="use the same features",
        )
    how, by_row = _plan(n + m, method, scheme, bins)
    units = grouped(n, m, np.random.default_rng([seed, 3]), by_row=by_row, bins=bins)
    if engine is not None:
        _shared(samples, how)
    some = _some(samples, np.random.default_rng([seed, 0]), engine)
    widths, at = _widths(bandwidths, some)
    origin = np.median(some, axis=0)
    if how == "random_features":
        features = random_features.Features(widths, origin, frequencies, (seed, 2, 0), place.name)
        between = random_features.between_bins(samples, units, features, [seed, 2], engine)
        sums = permuted(between, units, permutations, [seed, 1], place)
    else:
        ready = pooled(samples, units, origin, widths[-1], np.random.default_rng([seed, 2]), place)
        if by_row:
            labels = columns(units, permutations, [seed, 1], place)
            sums = kernel_sums.of_rows(ready, widths, labels, units, permutations, place)
        else:
            between = kernel_sums.between_bins(ready, widths, units.total, place)
            sums = permuted(between, units, permutations, [seed, 1], place)
    statistics = _statistics(sums, units, estimator)
    if not np.isfinite(statistics).all():
        raise DataError(
            "x and y",
            expected="rows within 1e18 bandwidths of each other",
            got="distances that overflow",
            fix="remove outliers, or give larger bandwidths",
        )
    fused = _fused(statistics)
    effect, interval = effect_size(sums, at, units)
    null = [float(q) for q in np.quantile(statistics[at, 1:], (0.5, 0.9, 0.95, 0.99))]
    return MmdResult(
        statistic=_observed(sums, at, units, estimator),
        p_value=(1 + int((fused[1:] >= fused[0] - _TIE).sum())) / (permutations + 1),
        null_quantiles=(null[0], null[1], null[2], null[3]),
        bandwidths=widths,
        effect_size=effect,
        effect_interval=interval,
        permutations=permutations,
        estimator=estimator,
        method=how,
        scheme="rows" if by_row else "bins",
        seconds=time.perf_counter() - began,
    )


def _plan(total: int, method: Method, scheme: Scheme, bins: int | None) -> tuple[Literal["exact", "random_features"], bool]:
    """The method, and whether single rows are permuted."""
    if scheme == "rows":
        for name, given in (("bins", bins is not None), ("method", method == "random_features")):
            if given:
                raise DataError("scheme", expected=f"bins with {name} as given", got="'rows'", fix=f"leave out scheme or {name}")
        return "exact", True
    if method == "auto":
        method = "exact" if total <= _EXACT else "random_features"
    return method, method == "exact" and scheme == "auto" and bins is None and total <= _BY_ROW


def _shared(samples: tuple[Rows, Rows], how: str) -> None:
    """Refuse an engine that could do nothing, instead of leaving it idle without a word."""
    for rows in samples:
        if rows.table is None:
            raise DataError(
                rows.name,
                expected="parquet files, which workers can read by themselves",
                got="rows in this process",
                fix="give their path or URI, or leave out engine",
            )
    if how != "random_features":
        raise DataError("method", expected="random_features with an engine", got=repr(how), fix="set it, or leave out engine")


def _some(samples: tuple[Rows, Rows], rng: np.random.Generator, engine: Engine | None) -> npt.NDArray[np.float64]:
    """A few rows of both samples, for their scale."""
    n = len(samples[0])
    chosen = bandwidth.positions(n + len(samples[1]), rng)
    parts = zip(samples, (chosen[chosen < n], chosen[chosen >= n] - n), strict=True)
    return np.concatenate([rows.pick(positions, engine).astype(np.float64) for rows, positions in parts if len(positions)])


def _widths(given: Sequence[float] | None, some: npt.NDArray[np.float64]) -> tuple[tuple[float, ...], int]:
    """Bandwidths, ascending, and the position of that whose statistic is told: the median distance, or the middle one."""
    if given is not None:
        widths = tuple(sorted(float(width) for width in given))
        if not widths or not all(0 < width < np.inf for width in widths):
            raise DataError("bandwidths", expected="positive kernel widths", got=f"{widths}", fix="leave them out")
        return widths, len(widths) // 2
    scale = bandwidth.scale(some)
    if not 0 < scale.median < np.inf:
        raise DataError(
            "x and y",
            expected="rows that differ",
            got=f"a median distance of {scale.median:g}",
            fix="remove constant data, or give bandwidths",
        )
    return bandwidth.around(scale)


def _statistics(sums: UnitSums, units: Units, estimator: Estimator) -> Floats:
    """MMD^2 for every bandwidth and labelling, ``(s, B + 1)``."""
    return _mmd2(sums.quadratic, sums.sum_first, sums.of_all.sum(axis=1, keepdims=True), units, estimator)


def _observed(sums: UnitSums, at: int, units: Units, estimator: Estimator) -> float:
    """MMD^2 as observed, from the sums that never left float64."""
    of_first = sums.of_first[at]
    return float(_mmd2(of_first[units.of_first].sum(), of_first.sum(), sums.of_all[at].sum(), units, estimator))


def _mmd2(within: Any, of_first: Any, total: Any, units: Units, estimator: Estimator) -> Floats:
    """MMD^2 from ``sum k(x, x')``, ``sum k(x, z)`` and ``sum k(z, z')``, each with its diagonal."""
    n, m = units.rows
    across = of_first - within
    within_second = total - 2 * of_first + within
    if estimator == "biased":
        return np.asarray(within / n**2 + within_second / m**2 - 2 * across / (n * m))
    return np.asarray((within - n) / (n * (n - 1)) + (within_second - m) / (m * (m - 1)) - 2 * across / (n * m))


def _fused(statistics: Floats) -> Floats:
    """All bandwidths in one statistic ``(B + 1,)``: the soft maximum, in standard deviations of the permuted ones.

    Mean and deviation are over all labellings, the observed one included, so no labelling is favoured.
    """
    deviation, mean = statistics.std(axis=1, keepdims=True), statistics.mean(axis=1, keepdims=True)
    standard = (statistics - mean) / np.maximum(deviation, 1e-30)
    return np.asarray(logsumexp(_SHARPNESS * standard, axis=0) / _SHARPNESS)
