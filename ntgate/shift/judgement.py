"""One rule for what is a shift, whichever way its numbers were computed.

Two looks share the level: the joint test (MMD) has nine tenths of it, the features one by one have the rest, adjusted for their
number by Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6 (1979). By
Bonferroni the chance of a false alarm from either is at most the level. The features need little of it: what a joint test misses,
one feature of many that moved a long way, is beyond doubt by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.shift.config import ShiftConfig

ShiftOutcome = Literal["none", "tolerated", "shift"]

JOINT = 0.9  # of the level
TRIFLE = 0.1  # difference of a probability that is no shift by itself: a mean that moves by a quarter of a deviation
_MOST_PERMUTATIONS = 9999


class MovedFeature(Frozen):
    """A feature that is shown to have moved, by itself.

    Attributes:
        name: of the column.
        effect: greatest difference of a probability between the domains, from 0 to 1.
        p_value: adjusted for the number of features (Holm).
    """

    name: str
    effect: float
    p_value: float


class Tested(NamedTuple):
    """The tests of all features, one entry each: names, effects, unadjusted p-values, and which test it was."""

    names: Sequence[str]
    effects: Sequence[float]
    p_values: Sequence[float]
    tests: Sequence[str] = ()


class Judgement(NamedTuple):
    """What both looks say together.

    Attributes:
        outcome: ``none`` when neither shows a shift, ``tolerated`` when it is within what is tolerated, else ``shift``.
        joint: whether the joint test shows one.
        moved: the features shown to have moved, greatest effect first.
        features_level: what their adjusted p-values were compared with.
        features_p_value: the least of them; None where none was tested.
        beyond: whether a feature alone moved beyond what is tolerated.
    """

    outcome: ShiftOutcome
    joint: bool
    moved: tuple[MovedFeature, ...]
    features_level: float
    features_p_value: float | None
    beyond: bool

    @property
    def significant(self) -> bool:
        """Whether a shift is shown."""
        return self.joint or bool(self.moved)


def levels(alpha: float, features: int = 1) -> tuple[float, float]:
    """The level of the joint test, and of all features together; without features the joint test has it all.

    >>> levels(0.05), levels(0.05, 0)
    ((0.045, 0.005), (0.05, 0.0))
    """
    joint = round(JOINT * alpha, 12) if features else alpha
    return joint, round(alpha - joint, 12)


def permutations_for(config: ShiftConfig) -> int:
    """As many as configured, and more where the joint test could otherwise never reach its level."""
    needed = int(np.ceil(1 / levels(config.alpha)[0] - 1e-9)) - 1
    return max(config.permutations, min(needed, _MOST_PERMUTATIONS))


def feature_bound(tolerated: float) -> float:
    """The effect beyond which a feature alone is a shift.

    Where an effect size is tolerated, it is what that comes to in a single normal column: the coefficient of inhomogeneity is near
    ``d^2 / (d^2 + 4)`` for means ``d`` deviations apart, and the greatest difference of a probability is ``2 Phi(d / 2) - 1``.

    >>> feature_bound(0.0), round(feature_bound(0.06), 2)
    (0.1, 0.2)
    """
    from scipy.special import ndtr

    return max(TRIFLE, float(2 * ndtr((tolerated / (1 - tolerated)) ** 0.5) - 1))


def holm(p_values: Sequence[float]) -> npt.NDArray[np.float64]:
    """P-values adjusted for their number, each at most the level with a chance of at most the level for any of them.

    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1)))
    return adjusted


def verdict(significant: bool, effect_size: float, tolerated: float) -> ShiftOutcome:
    """Whether a shift that the joint test shows is to be acted upon.

    The p-value has shown that there is a shift; the effect size only grades it, and is compared as a point. Asking for the
    lower end of its interval would call a large shift tolerated where rows are few (30 target rows against a tolerated 0.05: a
    shift of 0.085 is called in 40 % of all cases instead of 93 %), and missing evidence must never read as "no shift". An alarm
    too many costs a retraining that the gate judges anyway. Nothing is tolerated at 0, not even a shift whose estimate is 0: it
    may be visible at another bandwidth alone.

    >>> verdict(True, 0.01, 0.0), verdict(True, 0.01, 0.05), verdict(False, 0.2, 0.05), verdict(True, 0.0, 0.0)
    ('shift', 'tolerated', 'none', 'shift')
    """
    if not significant:
        return "none"
    return "tolerated" if tolerated > 0 and effect_size <= tolerated else "shift"


def judge(p_value: float, effect_size: float, tested: Tested, config: ShiftConfig, *, embedded: bool = False) -> Judgement:
    """Judge the joint test and the features.

    Args:
        p_value: of the joint test.
        effect_size: of the joint difference, from 0 to 1.
        tested: the features.
        config: level and tolerated effect.
        embedded: whether the joint test looked at an embedding of the rows. What is tolerated of the embedding says nothing about
            the numbers of a row, so a feature alone then counts only where nothing is tolerated.

    >>> nothing = Tested(("a", "b"), (0.05, 0.6), (0.9, 1e-9))
    >>> judge(0.3, 0.001, nothing, ShiftConfig()).outcome
    'shift'
    """
    joint_level, level = levels(config.alpha, len(tested.names))
    joint = p_value <= joint_level
    # Where the joint hypothesis is rejected its part of the level goes over to the features: a graphical procedure of Bretz,
    # Maurer, Brannath and Posch, Statistics in Medicine 28 (2009), which keeps the level of all of them together.
    level = config.alpha if joint and len(tested.names) else level
    adjusted = holm(tested.p_values)
    moved = sorted(
        (
            MovedFeature(name=name, effect=float(effect), p_value=float(p))
            for name, effect, p in zip(tested.names, tested.effects, adjusted, strict=True)
            if p <= level
        ),
        key=lambda feature: (-feature.effect, feature.p_value),
    )
    counts = not embedded or config.tolerated_effect == 0
    beyond = bool(moved) and counts and moved[0].effect > feature_bound(config.tolerated_effect)
    outcome = verdict(joint, effect_size, config.tolerated_effect)
    if outcome != "shift" and moved:
        outcome = "shift" if beyond else "tolerated"
    return Judgement(outcome, joint, tuple(moved), level, float(adjusted.min()) if len(adjusted) else None, beyond)
