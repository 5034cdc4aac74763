"""TF-IDF of a text column: its words and pairs of neighbouring words as numbers, the same in Python and in ONNX.

Salton & Buckley, "Term-weighting approaches in automatic text retrieval", Information Processing & Management 24, 1988: the
logarithm of how often a term stands in the text, times that of how rare it is among the texts, each text scaled to the length 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.data.cells import MISSING
from ntgate.data.words import words_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MOST_TERMS = 20_000

Ints = npt.NDArray[np.int64]


class TfIdf(Frozen):
    """The terms of one column, most frequent first: single words, then pairs.

    A text that is nothing but a word for a missing value is empty. A word counts in the ways of writing it that :attr:`forms` has;
    all others are unknown, in ONNX as here, whatever a locale makes of upper and lower case.

    Attributes:
        name: of the column.
        words: in lower case; the term ``i`` is the word ``i``.
        also: further ways of writing some of them, with the word's number.
        pairs: of numbers of words; the terms behind the words.
        idf: of every term.
    """

    name: str
    words: tuple[str, ...]
    also: dict[str, int]
    pairs: tuple[tuple[int, int], ...]
    idf: tuple[float, ...]

    @property
    def width(self) -> int:
        """How many terms there are."""
        return len(self.idf)

    @cached_property
    def forms(self) -> dict[str, int]:
        """The number of the word that each way of writing means."""
        return {form: number for number, word in enumerate(self.words) for form in _usual(word)} | self.also

    @cached_property
    def _pair_keys(self) -> tuple[Ints, Ints]:
        """The pairs as ascending single numbers, and the term of each."""
        keys = np.array([first * len(self.words) + second for first, second in self.pairs], dtype=np.int64)
        order = np.argsort(keys)
        return keys[order], len(self.words) + order

    def encode(self, texts: Sequence[str]) -> csr_array:
        """``(n, width)`` float32; a text without known words is a row of zeros.

        >>> fit_tfidf("note", ["good film", "bad film", "a good day"]).encode(["Good, good FILM!", ""]).toarray().shape
        (2, 9)
        """
        from scipy.sparse import csr_array

        words, row = _numbered(texts, self.forms)
        first, second, of_pair = _neighbours(words, row)
        keys, terms = self._pair_keys
        asked = np.where((first >= 0) & (second >= 0), first * len(self.words) + second, -1)
        place = np.minimum(np.searchsorted(keys, asked), max(len(keys) - 1, 0))
        known = keys[place] == asked if len(keys) else np.zeros(len(asked), dtype=bool)
        columns = np.concatenate([words[words >= 0], terms[place[known]]])
        rows = np.concatenate([row[words >= 0], of_pair[known]])
        counts = csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=(len(texts), self.width))
        counts.sum_duplicates()
        data = (1 + np.log(counts.data)) * np.array(self.idf, np.float32)[counts.indices]
        lengths = np.sqrt(np.bincount(_rows(counts), data.astype(np.float64) ** 2, minlength=len(texts)))
        counts.data = (data / lengths[_rows(counts)]).astype(np.float32)
        return counts


def fit_tfidf(name: str, texts: Sequence[str], most: int = MOST_TERMS) -> TfIdf:
    """The ``most`` terms that stand in most of the texts, words before pairs where these are equal.

    >>> found = fit_tfidf("note", ["good film", "Bad film", "bad FILM"])
    >>> found.words, [tuple(found.words[i] for i in pair) for pair in found.pairs]
    (('film', 'bad', 'good'), [('bad', 'film'), ('good', 'film')])
    """
    numbers: dict[str, int] = {}
    surfaces: dict[str, int] = {}
    words, row = _learnt(texts, numbers, surfaces)
    first, second, of_pair = _neighbours(words, row)
    ids, frequency = _document_frequency(words, row)
    keys, pair_frequency = _document_frequency(first * len(numbers) + second, of_pair)
    counts = np.concatenate([frequency, pair_frequency])
    chosen = np.argsort(-counts, kind="stable")[:most]  # words come first, and no pair is more frequent than its words
    singles, doubles = chosen[chosen < len(ids)], chosen[chosen >= len(ids)]
    place = np.full(len(numbers), -1, dtype=np.int64)
    place[ids[singles]] = np.arange(len(singles))
    listed = list(numbers)
    kept = tuple(listed[i] for i in ids[singles])
    of_keys = keys[doubles - len(ids)]
    pairs = np.stack([place[of_keys // max(len(numbers), 1)], place[of_keys % max(len(numbers), 1)]], axis=1)
    seen = {form: int(place[number]) for form, number in surfaces.items() if place[number] >= 0}
    usual = {form: number for number, word in enumerate(kept) for form in _usual(word)}
    idf = np.log((1 + len(texts)) / (1 + counts[np.concatenate([singles, doubles])])) + 1
    return TfIdf(
        name=name,
        words=kept,
        also={form: number for form, number in seen.items() if usual.get(form) != number},
        pairs=tuple(map(tuple, pairs.tolist())),
        idf=tuple(idf.astype(np.float32).tolist()),
    )


def _usual(word: str) -> Iterable[str]:
    """A word as it is written within a sentence, at its beginning, and loudly."""
    return word, *(form for form in (word.capitalize(), word.upper()) if form.lower() == word)


def _rows(matrix: csr_array) -> Ints:
    """The row of every entry."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def _numbered(texts: Sequence[str], forms: dict[str, int]) -> tuple[Ints, Ints]:
    """The numbers of all words behind each other, -1 where one is unknown, and the row of each."""
    return _flat([[forms.get(word, -1) for word in words] for words in map(_words, texts)])


def _learnt(texts: Sequence[str], numbers: dict[str, int], surfaces: dict[str, int]) -> tuple[Ints, Ints]:
    """As :func:`_numbered`, with a new number for every new word."""
    found = [_words(text) for text in texts]
    for form in dict.fromkeys(chain.from_iterable(found)):
        surfaces[form] = numbers.setdefault(form.lower(), len(numbers))
    return _flat([[surfaces[word] for word in words] for words in found])


def _words(text: str) -> list[str]:
    return [] if text in MISSING else words_of(text)


def _flat(found: Sequence[Sequence[int]]) -> tuple[Ints, Ints]:
    lengths = [len(part) for part in found]
    flat = np.fromiter(chain.from_iterable(found), dtype=np.int64, count=sum(lengths))
    return flat, np.repeat(np.arange(len(found)), lengths)


def _neighbours(words: Ints, row: Ints) -> tuple[Ints, Ints, Ints]:
    """The words that stand behind each other in one text, and the row of each such pair."""
    same = row[1:] == row[:-1]
    return words[:-1][same], words[1:][same], row[1:][same]


def _document_frequency(terms: Ints, row: Ints) -> tuple[Ints, Ints]:
    """The terms, and in how many rows each stands."""
    order = np.argsort(terms, kind="stable")  # rows stay ascending within a term
    terms, row = terms[order], row[order]
    new = np.append(True, terms[1:] != terms[:-1])[: len(terms)]
    first = new | np.append(True, row[1:] != row[:-1])[: len(terms)]
    starts = np.flatnonzero(new)
    return terms[starts], np.add.reduceat(first, starts, dtype=np.int64) if len(starts) else starts
