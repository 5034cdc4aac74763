"""What texts are about, as a few numbers: latent semantic analysis of their terms.

Deerwester et al., "Indexing by Latent Semantic Analysis", Journal of the American Society for Information Science 41, 1990: the
first singular vectors of TF-IDF.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.data.tfidf import fit_tfidf

if TYPE_CHECKING:
    from ntgate.data.tfidf import TfIdf

MOST = 10  # topics
_TERMS = 5000
_LEARNT_FROM = 20_000  # texts
_NAMED = 3  # words of a topic
_ENCODED = 10_000  # texts at once


def topics(texts: Sequence[str]) -> list[tuple[str, npt.NDArray[np.float32]]]:
    """Each topic of different ``texts``: the words that weigh most in it, and how much of it is in every text ``(n,)``.

    Nothing depends on the order of the texts, so that those of two samples are read alike.

    >>> about = [f"the {animal} ran {i} times around the old house" for i in range(30) for animal in ("dog", "cat")]
    >>> [len(values) for _, values in topics(about)][:2]
    [60, 60]
    """
    from sklearn.decomposition import TruncatedSVD
    from threadpoolctl import threadpool_limits

    some = sorted(texts)[:: 1 + len(texts) // _LEARNT_FROM]
    terms = fit_tfidf("texts", some, _TERMS)
    known = terms.encode(some)
    count = min(MOST, terms.width - 1, len(some) - 1)
    if count < 1:
        return []
    with threadpool_limits(1):
        found: Any = TruncatedSVD(count, random_state=0).fit(known)
    parts = [texts[start : start + _ENCODED] for start in range(0, len(texts), _ENCODED)]
    values = np.concatenate([terms.encode(part) @ found.components_.T for part in parts]).astype(np.float32)
    return [(_named(terms, axis), values[:, place]) for place, axis in enumerate(found.components_)]


def _named(terms: TfIdf, axis: npt.NDArray[np.floating[Any]]) -> str:
    alone = np.abs(axis[: len(terms.words)])
    return ", ".join(terms.words[place] for place in np.argsort(-alone, kind="stable")[:_NAMED])
