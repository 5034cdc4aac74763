"""P(x|y) of the shared classes: whether the rows of a class are distributed otherwise in the target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from ntgate.base import Frozen
from ntgate.shift.arguments import Floats
from ntgate.shift.columns.robust_scale import scale_of
from ntgate.shift.task.labelled import Labelled

Status = Literal["differs", "not shown", "too few rows"]

_FEWEST = 3  # rows of a class that is compared
_PERMUTATIONS = 999  # at most, of the test of one class


class ClassDifference(Frozen):
    """One shared class: whether its rows are distributed otherwise in the target.

    Attributes:
        name: of the class.
        n_source: its source rows that were compared.
        n_target: its target rows that were compared.
        p_value: of the MMD permutation test, adjusted for the number of classes; None when there are too few rows.
        effect_size: from 0 (same) to 1 (far apart); None when there are too few rows.
        status: ``not shown`` is not "equal".
    """

    name: str
    n_source: int
    n_target: int
    p_value: float | None
    effect_size: float | None
    status: Status


def class_differences(
    source: Labelled, target: Labelled, shared: Sequence[str], alpha: float, seed: int
) -> tuple[ClassDifference, ...]:
    """Test each shared class with :func:`~ntgate.shift.mmd_test`, and adjust the p-values by Benjamini and Hochberg (1995).

    The classes' rows are disjoint, so the tests are independent, as that method requires. A class has too few rows if fewer than
    three in a domain, or so few that no permutation test could reach the level.
    """
    from scipy.stats import false_discovery_control

    # A scale of all rows of both domains: it does not know which row is whose, so the permutation test stays exact.
    scale = scale_of(source.rows, target.rows)
    counts = {name: (source.count(name), target.count(name)) for name in shared}
    enough = [name for name, (n, m) in counts.items() if min(n, m) >= _FEWEST]
    # With fewer labellings than this not even the smallest p-value could pass beside so many others.
    enough = [name for name in enough if math.comb(sum(counts[name]), counts[name][0]) >= len(enough) / alpha]
    permutations = min(_PERMUTATIONS, max(199, math.ceil(2 * len(enough) / alpha)))
    tests: dict[str, tuple[float, float]] = {}
    for k, name in enumerate(enough):
        tests[name] = _test(scale(source.of(name)), scale(target.of(name)), permutations, seed + k)
    adjusted = dict(zip(tests, false_discovery_control([p for p, _ in tests.values()]), strict=True)) if tests else {}
    return tuple(
        ClassDifference(
            name=name,
            n_source=counts[name][0],
            n_target=counts[name][1],
            p_value=float(adjusted[name]) if name in tests else None,
            effect_size=tests[name][1] if name in tests else None,
            status=("differs" if adjusted[name] <= alpha else "not shown") if name in tests else "too few rows",
        )
        for name in shared
    )


def _test(x: Floats, y: Floats, permutations: int, seed: int) -> tuple[float, float]:
    """P-value and effect size."""
    from ntgate.shift.kernel.bandwidth import SAMPLE, around, scale
    from ntgate.shift.kernel.mmd import mmd_test

    distinct = np.unique(np.concatenate([x, y]), axis=0)
    if len(distinct) == 1:
        return 1.0, 0.0
    # Where nearly all rows are the same, the few that the test looks at for a bandwidth might all be.
    alike = len(distinct) < (len(x) + len(y)) / 2
    widths = around(scale(distinct[:SAMPLE]))[0] if alike else None
    test = mmd_test(x, y, permutations=permutations, bandwidths=widths, seed=seed)
    return test.p_value, test.effect_size
