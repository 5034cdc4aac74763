"""The coarse form of rows: vectors in which a copy that was rounded, rescaled or compressed again stays close to its original."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from ntgate.data.words import words_of

if TYPE_CHECKING:
    import pandas as pd

    from ntgate.data.domain import Domain, Rows

Vectors: TypeAlias = npt.NDArray[np.float32]
CoarseForm: TypeAlias = "Callable[[Rows], Vectors]"
_SIDE = 16  # images are brought to at most this many blocks a side
_WIDEST = 1024  # wider vectors are projected at random to _PROJECTED: distances keep within about 10 %
_PROJECTED = 256
_BYTES = 2**26
_KINDS = 512  # of words, by a checksum


def coarse_form(domain: Domain, seed: int) -> CoarseForm:
    """The map from rows to float32 vectors ``(n, k)``, fitted on ``domain``, for it and other domains of its form.

    Images become the means of at most 16 x 16 blocks. Other arrays are flattened, each column divided by its standard
    deviation, or by the columns' median one where it is smaller, so that a nearly dead pixel does not rule. Of a table,
    numeric columns are divided by their standard deviation, and every category is a column of its own; a text is how often words
    of each of 512 kinds stand in it.
    """
    rows = domain.rows
    if not isinstance(rows, np.ndarray):
        form = _of_table(rows, domain.texts)
    elif domain.kind == "images":
        form = _of_images
    else:
        form = _of_arrays(rows)
    width = form(domain.take(np.zeros(1, dtype=np.int64)).rows).shape[1]
    if width <= _WIDEST:
        return form
    signs = np.random.default_rng(seed).normal(0, 1 / np.sqrt(_PROJECTED), (width, _PROJECTED)).astype(np.float32)
    return lambda rows: form(rows) @ signs


def in_blocks(form: CoarseForm, domain: Domain) -> Iterator[Vectors]:
    """The vectors of all rows, block by block, so that no more than some 64 MiB of them exist at once."""
    one = domain.take(np.zeros(1, dtype=np.int64)).rows
    size = 4 * (int(np.prod(one.shape[1:])) + form(one).shape[1])
    step = max(1, _BYTES // size)
    for start in range(0, len(domain), step):
        stop = start + step
        rows = domain.rows
        yield form(rows[start:stop] if isinstance(rows, np.ndarray) else rows.iloc[start:stop])


def _of_images(rows: Rows) -> Vectors:
    pixels = np.asarray(rows)
    height, width = pixels.shape[1:3]
    edges = [np.linspace(0, side, min(side, _SIDE) + 1).astype(int)[:-1] for side in (height, width)]
    sums = np.add.reduceat(np.add.reduceat(pixels, edges[0], axis=1, dtype=np.float32), edges[1], axis=2)
    areas = np.multiply.outer(*[np.diff(edge, append=side) for edge, side in zip(edges, (height, width), strict=True)])
    return np.asarray(sums / areas[None, :, :, None], dtype=np.float32).reshape(len(pixels), -1)


def _of_arrays(fitted: npt.NDArray[np.float32] | npt.NDArray[np.uint8]) -> CoarseForm:
    spread = fitted.reshape(len(fitted), -1).std(axis=0, dtype=np.float64)
    moving = spread[spread > 0]
    floor = np.median(moving) if len(moving) else 1.0
    scale = (1 / np.maximum(spread, floor)).astype(np.float32)
    return lambda rows: np.asarray(rows, dtype=np.float32).reshape(len(rows), -1) * scale


def _of_table(fitted: pd.DataFrame, texts: Sequence[str]) -> CoarseForm:
    numeric = [name for name in fitted.columns if fitted[name].dtype.kind == "f"]
    spread = np.array([np.nanstd(fitted[name].to_numpy(np.float64)) if fitted[name].notna().any() else 0.0 for name in numeric])
    scale = (1 / np.where(spread > 0, spread, 1.0)).astype(np.float32)
    known = {name: sorted(set(fitted[name].tolist())) for name in fitted.columns if name not in (*numeric, *texts)}

    def form(rows: Rows) -> Vectors:
        import pandas as pd

        frame: pd.DataFrame = rows  # type: ignore[assignment]
        values = frame[numeric].to_numpy(dtype=np.float32) * scale
        parts = [np.nan_to_num(values), np.isnan(values).astype(np.float32)]
        for name, categories in known.items():
            cells = np.zeros((len(frame), len(categories) + 1), dtype=np.float32)  # the last: none of the known ones
            cells[np.arange(len(frame)), pd.Index(categories, dtype=object).get_indexer(frame[name])] = 1
            parts.append(cells)
        return np.hstack([*parts, *(_of_texts(frame[name].tolist()) for name in texts)])

    return form


def _of_texts(texts: Sequence[str]) -> Vectors:
    """Roots of the counts of words by kind, ``(n, 512)``, as vectors of length 1."""
    counts = np.zeros((len(texts), _KINDS), dtype=np.float32)
    for row, text in enumerate(texts):
        kinds = [zlib.crc32(word.encode("utf-8", "surrogatepass")) % _KINDS for word in words_of(text.lower())]
        counts[row] = np.bincount(kinds, minlength=_KINDS) if kinds else 0
    lengths = np.sqrt(counts.sum(axis=1, keepdims=True))
    return np.asarray(np.sqrt(counts) / np.maximum(lengths, 1), dtype=np.float32)
