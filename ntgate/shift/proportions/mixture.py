"""The class proportions of a sample, from how a fallible classifier predicts it.

A classifier predicts a share ``mu_i`` of the target rows to be class ``i``. If only class proportions ``q`` differ between the
domains, ``mu = A q``, where column ``j`` of ``A`` is how held-out source rows of class ``j`` are predicted: Lipton, Wang and
Smola, "Detecting and Correcting for Label Shift with Black Box Predictors", ICML 2018, equation 3, written for ``q = w p``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_STANDARD_ERRORS = 3.0  # that a singular value has to be above zero
_SUM = 1e3  # weight of the equation that proportions add up to 1


class Predictions(NamedTuple):
    """Predicted classes of one sample: probabilities ``(n, c)``, or codes ``(n,)`` that stand for ones and zeros."""

    values: Floats | Ints
    classes: int

    @property
    def hard(self) -> bool:
        """Whether these are codes."""
        return self.values.ndim == 1

    @property
    def codes(self) -> Ints:
        """The most probable class of every row ``(n,)``."""
        return (self.values if self.hard else self.values.argmax(axis=1)).astype(np.int64)

    def take(self, chosen: npt.NDArray[np.bool_]) -> Predictions:
        """The chosen rows."""
        return Predictions(self.values[chosen], self.classes)

    def mean(self) -> Floats:
        """The mean prediction ``(c,)``."""
        if self.hard:
            return np.bincount(self.codes, minlength=self.classes) / len(self.values)
        return np.asarray(self.values.mean(axis=0))

    def means(self, resamples: int, rng: np.random.Generator) -> Floats:
        """Mean predictions ``(B, c)`` of the Bayesian bootstrap, in which rows have exponential weights (Rubin 1981).

        One row more is thought to be spread evenly over the classes, so that no class of few rows seems certain.
        """
        if self.hard:
            counts = np.bincount(self.codes, minlength=self.classes) + 1 / self.classes
            drawn = rng.standard_gamma(counts, size=(resamples, self.classes))
            return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))
        block = max(1, 4_000_000 // len(self.values))
        parts = []
        for start in range(0, resamples, block):
            weights = rng.standard_exponential((min(block, resamples - start), len(self.values)))
            even = rng.standard_gamma(1 / self.classes, size=(len(weights), self.classes))
            total = weights.sum(axis=1, keepdims=True) + even.sum(axis=1, keepdims=True)
            parts.append((weights @ self.values + even) / total)
        return np.concatenate(parts)


class Resolution(NamedTuple):
    """What a confusion matrix can tell apart.

    Attributes:
        condition: its greatest singular value by its least; infinite for a singular matrix.
        penalty: squared size below which a singular value is noise; 0 when all are above their noise.
        confused: ``(k,)`` whether a class takes part in a direction that is noise.
    """

    condition: float
    penalty: float
    confused: npt.NDArray[np.bool_]


def resolution(matrix: Floats, by_class: list[Predictions]) -> Resolution:
    """Compare each singular value of ``matrix`` ``(c, k)`` with its standard error.

    To first order ``u' A v`` changes by ``u' dA v``, and the columns of ``A`` are means over the rows of ``by_class``.
    """
    u, values, vt = np.linalg.svd(matrix, full_matrices=False)
    error = np.zeros(len(values))
    for j, predictions in enumerate(by_class):
        along = u[predictions.codes] if predictions.hard else predictions.values @ u
        error += vt[:, j] ** 2 * along.var(axis=0) / len(along)
    noise = np.maximum(_STANDARD_ERRORS * np.sqrt(error), 1e-8 * values[0])
    unresolved = values <= noise
    return Resolution(
        condition=float(values[0] / values[-1]) if values[-1] > 1e-12 * values[0] else float("inf"),
        penalty=float((noise[unresolved] ** 2).max(initial=0.0)),
        confused=(np.abs(vt[unresolved]) > 0.1).any(axis=0),
    )


def plain_solutions(matrices: Floats, means: Floats) -> Floats:
    """``q`` ``(B, k)`` with ``matrices q = means``, whatever its signs; NaN where the matrix is singular or not square."""
    count, rows, columns = matrices.shape
    found = np.full((count, columns), np.nan)
    if rows == columns:
        regular = np.abs(np.linalg.det(matrices)) > 1e-300
        found[regular] = np.linalg.solve(matrices[regular], means[regular, :, None])[..., 0]
    return found


def proportions(matrices: Floats, means: Floats, penalty: float = 0.0, towards: Floats | None = None) -> Floats:
    """The proportions ``q`` ``(B, k)``, not negative and of sum 1, that explain ``means`` ``(B, c)`` best: ``matrices q = means``.

    Where the plain solution has no negative entry it is the answer. Otherwise it is least squares on the simplex, by
    Lawson and Hanson's algorithm, with ``penalty |q - towards|^2`` added.

    >>> proportions(np.array([[[0.9, 0.2], [0.1, 0.8]]]), np.array([[0.55, 0.45]])).round(6)
    array([[0.5, 0.5]])
    """
    from scipy.optimize import nnls

    columns = matrices.shape[2]
    found = plain_solutions(matrices, means) if penalty == 0.0 else np.full((len(means), columns), np.nan)
    ridge = np.sqrt(penalty) * np.eye(columns)
    aim = np.zeros(columns) if towards is None else np.sqrt(penalty) * towards
    for b in np.flatnonzero(~(found >= 0).all(axis=1)):
        system = np.concatenate([matrices[b], np.full((1, columns), _SUM), ridge])
        found[b] = nnls(system, np.concatenate([means[b], [_SUM], aim]))[0]
    return np.asarray(found / found.sum(axis=1, keepdims=True))
