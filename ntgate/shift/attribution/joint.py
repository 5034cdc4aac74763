"""What only a look at several features together shows: pairs, shares of the joint difference, typical rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ntgate.shift.arguments import Floats
from ntgate.shift.attribution.dependence import Dependence, dependence_tests
from ntgate.shift.attribution.feature_share import drops, rows_within_reach, shares
from ntgate.shift.attribution.witness import Witness, clearest_witness
from ntgate.shift.columns.robust_scale import scaled
from ntgate.shift.kernel import bandwidth

_FEWEST = 20  # rows of a sample
_WIDEST = 2048  # features up to which all pairs are compared


class Joint(NamedTuple):
    """What was found on a sample of rows; None where there was nothing to be found.

    Attributes:
        chosen: which rows of each sample were looked at.
        dependence: the tests of pairs of features.
        p_value: of the MMD permutation test.
        witness: if that shows a difference.
        shares: of the features in it, ``(d,)``.
    """

    chosen: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
    dependence: Dependence | None = None
    p_value: float | None = None
    witness: Witness | None = None
    shares: Floats | None = None


def joint_drift(
    x: Floats, y: Floats, alpha: float, max_rows: int, permutations: int, seed: int, blocks: Sequence[str] | None = None
) -> Joint:
    """Look at all features together, on ``max_rows`` rows of ``x`` ``(n, d)`` and ``y`` ``(m, d)`` at most.

    With fewer than 20 rows of a sample nothing is said, with more than 2048 features nothing about pairs, and of rows that
    are nearly all the same nothing about the MMD. Numbers of one of the ``blocks`` are categories of one feature.
    """
    from ntgate.shift.kernel.mmd import mmd_test

    rng = np.random.default_rng([seed, 1])
    chosen = [np.sort(rng.permutation(len(part))[:max_rows]) for part in (x, y)]
    first, second = x[chosen[0]], y[chosen[1]]
    result = Joint((chosen[0], chosen[1]))
    if min(len(first), len(second)) < _FEWEST:
        return result
    if x.shape[1] <= _WIDEST:
        result = result._replace(dependence=dependence_tests(first, second))
    first, second = scaled(first, second, blocks, seed=seed)
    pooled = np.concatenate([first, second])
    distinct = np.unique(pooled[bandwidth.positions(len(pooled), rng)], axis=0)
    if len(distinct) == 1:
        return result
    widths = bandwidth.around(bandwidth.scale(distinct))[0]
    test = mmd_test(first, second, bandwidths=widths, permutations=permutations, seed=seed)
    result = result._replace(p_value=test.p_value)
    if test.p_value > alpha:
        return result
    clearest = clearest_witness(first, second, widths)
    reach = rows_within_reach(x.shape[1])
    some = [part[rng.permutation(len(part))[:reach]] for part in (first, second)]
    return result._replace(witness=clearest, shares=shares(drops(some[0], some[1], clearest.width)[1]))
