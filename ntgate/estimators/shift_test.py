"""The shift between two samples in scikit-learn's form: fitted to a source, asked about targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from ntgate.shift.config import ShiftConfig

if TYPE_CHECKING:
    from ntgate.shift.report import ShiftReport


class ShiftTest(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The test that ``ntgate drift`` makes, of rows of numbers.

    Args:
        alpha: level of the whole test, of all features together and of single ones.
        permutations: of the joint test.
        tolerated_effect: effect size up to which a shift is tolerated.
        seed: of everything random.

    Attributes:
        source_: rows ``(n, d)`` that targets are compared with.
        n_features_in_: ``d``.

    >>> rng = np.random.default_rng(0)
    >>> found = ShiftTest(permutations=99).fit(rng.normal(size=(200, 3))).test(rng.normal(size=(150, 3)) + [0, 1, 0])
    >>> found.outcome, [feature.name for feature in found.moved]
    ('shift', ['x1'])
    """

    def __init__(self, alpha: float = 0.05, *, permutations: int = 500, tolerated_effect: float = 0.0, seed: int = 0) -> None:
        self.alpha = alpha
        self.permutations = permutations
        self.tolerated_effect = tolerated_effect
        self.seed = seed

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002  scikit-learn hands both
        """Keep the source rows ``X`` ``(n, d)``; ``y`` is not looked at."""
        self.source_ = validate_data(self, X, dtype=np.float32, ensure_min_samples=2)
        return self

    def test(self, X: Any) -> ShiftReport:
        """The report about target rows ``(m, d)``: ``outcome``, ``sentence``, ``p_value``, ``effect_size``, ``moved``.

        Raises:
            ConfigError: when a setting is out of its range.
            ValueError: scikit-learn's, about ``X``.
        """
        from ntgate.shift.report import measure

        check_is_fitted(self)
        config = ShiftConfig(alpha=self.alpha, permutations=self.permutations, tolerated_effect=self.tolerated_effect)
        target = validate_data(self, X, dtype=np.float32, reset=False, ensure_min_samples=2)
        return measure(self.source_, target, config, self.seed, representation="raw")
