"""Whether label shift explains a target: does the source, its classes in the estimated proportions, look like it?

Label shift says that the target's rows are a mixture of the source's classes, ``p_t(x) = sum_y q(y) p_s(x | y)`` (Lipton, Wang and
Smola, ICML 2018, section 3). A mixture can be drawn from the source, and compared with the target.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ntgate.shift.proportions.class_proportions import LabelShift

_FEWEST = 20  # rows of either side for a comparison


def explained(found: LabelShift, x: Any, y: Any, target: Any, *, seed: int = 0) -> LabelShift:
    """``found``, marked as not ``consistent`` where the source in these proportions still differs from the target.

    A source row is kept with a probability proportional to the weight of its class, so that those kept are a sample of the mixture;
    the MMD test compares them with the target. Where no change of proportions is shown, or too few rows are kept, nothing is
    added. The weights come from the same target rows, which makes the comparison mild: what it refutes is wrong.

    Args:
        found: the estimate.
        x: source rows ``(n, d)``, features of one scale.
        y: codes ``(n,)`` of their labels, into the classes of ``found``.
        target: target rows ``(m, d)``.
        seed: of the choice of rows and the permutations.

    Raises:
        DataError: naming the argument, when rows cannot be compared.
    """
    from ntgate.shift.kernel.mmd import mmd_test

    if not found.significant or not found.consistent:
        return found
    weight = np.array([share.weight or 0.0 for share in found.shares])[np.asarray(y)]
    kept = np.random.default_rng([seed, 2]).random(len(weight)) * weight.max() < weight
    if kept.sum() < _FEWEST or len(target) < _FEWEST:
        return found
    p_value = mmd_test(np.asarray(x)[kept], target, seed=seed).p_value
    if p_value > found.alpha:
        return found
    reason = f"the source with its classes in these proportions still differs from the target (p = {p_value:.3g})"
    return found.model_copy(update={"consistent": False, "reason": reason})
