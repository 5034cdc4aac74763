"""Logistic regression on rows with texts: terms that tell the classes apart are penalised less.

Wang & Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic Classification", ACL 2012: a term counts by the
logarithm of how much more often it stands in a class than elsewhere (naive Bayes), drawn towards counting all alike. All other
columns count by their standard deviation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ntgate.learners.regressions import regressions

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_array

    from ntgate.learners.base import EncodedTexts
    from ntgate.models.base import Model

# A text has the length 1 over all its terms, another column a standard deviation of 1. With this factor the usual penalties serve:
# the strongest, 0.01, is one of 10 without it. Stronger ones are left out, since few rows held out would choose them by chance.
_LENGTH = 32.0
_ALIKE = 2.0  # on six pairs of reviews 1 to 2 was best; much more is plain logistic regression
_CLOSE = 1e-4


def fit_texts(encoded: EncodedTexts, penalties: Sequence[float]) -> Sequence[Model]:
    """A linear model for each inverse L2 strength, each fitted from where the one before ended."""
    from scipy.sparse import csr_array, hstack

    from ntgate.shift.columns.feature_scale import feature_scale

    encoder, rows = encoded.encoder, encoded.rows
    plain = encoder.table.shape[0]
    columns = rows[:, :plain].toarray()
    scale, mean = np.full(rows.shape[1], 1 / _LENGTH), np.zeros(rows.shape[1])
    if plain:
        scale[:plain] = feature_scale(columns, encoded.weights)
        mean[:plain] = np.average(columns, axis=0, weights=encoded.weights)
    terms = csr_array(rows[:, plain:])
    scale[plain:] /= _telling(terms, encoded)
    terms = csr_array(terms * (1 / scale[plain:]).astype(np.float32)[None, :])
    rows = csr_array(hstack([csr_array(((columns - mean[:plain]) / scale[:plain]).astype(np.float32)), terms]))
    return regressions(encoded, rows, penalties, scale=scale, mean=mean, close=_CLOSE)


def _telling(terms: csr_array, encoded: EncodedTexts) -> npt.NDArray[np.float64]:
    """How much each term ``(d,)`` counts: its largest log ratio over the classes and a constant, with the mean square 1."""
    from scipy.sparse import csr_array

    present = csr_array((np.ones_like(terms.data), terms.indices, terms.indptr), shape=terms.shape)
    of_class = np.zeros((len(encoded.labels), len(encoded.classes)))
    of_class[np.arange(len(encoded.labels)), encoded.labels] = encoded.weights
    within = present.T @ of_class[:, of_class.any(axis=0)]  # rows with each term, by class
    elsewhere = within.sum(axis=1, keepdims=True) - within
    shares = [(counts + 1) / (counts + 1).sum(axis=0) for counts in (within, elsewhere)]
    found = _ALIKE + np.abs(np.log(shares[0] / shares[1])).max(axis=1)
    return np.asarray(found / np.sqrt(np.mean(found**2)))
