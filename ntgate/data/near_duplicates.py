"""Near duplicates: training rows so close to a test row that chance does not explain them.

How close is too close depends on the data: in two dimensions a million rows have close neighbours everywhere, in twenty none
do. The measure is therefore each test row's distance to its fifth neighbour among the test rows, and the radius, a share of
that distance, is set from the dimension of the data so that chance gives fewer than one pair in a thousand checks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from ntgate.data.coarse_form import CoarseForm, Vectors, coarse_form, in_blocks
from ntgate.data.domain import Domain, Ints

_NEIGHBOUR = 5  # not the first: test rows may be near duplicates of each other
_REFERENCE = 4096  # test rows among which neighbours are sought
_BY_CHANCE = 1e-3  # pairs expected by chance in a whole check
_WIDEST = 0.3  # largest radius; real rows of one class come closer than the dimension alone says
_AXES = 32
_IN_TREE = 8  # axes of the tree; more make it slower, and the others still thin out what it finds
_EQUAL = 1e-6  # ratio of equal rows, up to rounding
_PAIRS = 2**16  # pairs looked at together


@dataclass(frozen=True, eq=False)
class Closest:
    """For each of the test rows that have a near duplicate in one training part, the closest.

    Attributes:
        test: positions ``(m,)`` in the test rows, ascending.
        training: positions ``(m,)`` in the training rows.
        ratio: their distance ``(m,)`` as a share of the distance to the fifth neighbour among the test rows.
    """

    test: Ints
    training: Ints
    ratio: npt.NDArray[np.float64]


def near_duplicates(parts: Mapping[str, Domain], test: Domain, seed: int = 0) -> tuple[dict[str, Closest], float | None]:
    """The near duplicates of the test rows by training part, and the radius within which they were sought.

    With ``N`` training rows and ``m`` of ``n`` test rows as reference, a ball of ``t`` times the distance to the fifth
    reference row holds about ``5 (N / m) t^D`` training rows by chance, where ``D`` is the intrinsic dimension. It is
    estimated from the distances to the fifth and tenth neighbour, since ``(r10 / r5)^D = 2`` where the density is even
    (Levina and Bickel, "Maximum Likelihood Estimation of Intrinsic Dimension", NIPS 2004, section 2). ``t`` is set so that
    ``n`` such balls hold 0.001 rows, at most 0.3.

    Candidates are found in a k-d tree over the eight axes along which the test rows vary most, and thinned out over the first
    32: a projection shortens distances, so none is missed. What is left is verified in full, in blocks.

    Returns:
        Nothing and None when there are too few test rows to tell (fewer than 12).

    >>> rng = np.random.default_rng(0)
    >>> test = Domain("test", rng.normal(size=(200, 20)).astype(np.float32), None)
    >>> source = Domain("source", rng.normal(size=(500, 20)).astype(np.float32), None)
    >>> source.rows[7] = test.rows[3] + np.float32(0.001)
    >>> found, radius = near_duplicates({"source": source}, test)
    >>> found["source"].test, found["source"].training
    (array([3]), array([7]))
    """
    if len(test) < 2 * _NEIGHBOUR + 2:
        return {}, None
    form = coarse_form(test, seed)
    vectors = np.concatenate(list(in_blocks(form, test)))
    centre = vectors.mean(axis=0)
    chosen = np.random.default_rng(seed).permutation(len(test))[:_REFERENCE]
    fifth, dimension = _scale(vectors - centre, chosen)
    count = sum(len(part) for part in parts.values())
    by_chance = _BY_CHANCE * len(chosen) / (_NEIGHBOUR * max(count, 1) * len(test))
    radius = min(_WIDEST, by_chance ** (1 / dimension))
    axes = _main_axes(vectors[chosen] - centre)
    # Where equal rows are draws, or are told apart by their ids, equality is no sign of nearness.
    least = _EQUAL if test.drawn or test.ids is not None else -1.0
    found = {name: _closest(form, part, vectors, fifth, (least, radius), axes, centre) for name, part in parts.items()}
    return found, radius


def _scale(vectors: Vectors, reference: Ints) -> tuple[npt.NDArray[np.float64], float]:
    """Distance ``(n,)`` of each row to its fifth neighbour in the reference, and the intrinsic dimension."""
    among = vectors[reference]
    squares = np.einsum("ij,ij->i", among, among)
    place = np.full(len(vectors), -1, dtype=np.int64)
    place[reference] = np.arange(len(reference))
    near = np.empty((len(vectors), 2))
    step = max(1, 2**24 // len(reference))
    wanted = [_NEIGHBOUR - 1, 2 * _NEIGHBOUR - 1]
    for start in range(0, len(vectors), step):
        block = vectors[start : start + step]
        squared = squares - 2 * (block @ among.T) + np.einsum("ij,ij->i", block, block)[:, None]
        own = place[start : start + step]
        squared[np.flatnonzero(own >= 0), own[own >= 0]] = np.inf
        near[start : start + step] = np.partition(squared, wanted, axis=1)[:, wanted]
    # What float32 cannot tell from nothing is nothing.
    noise = 1e-6 * float(squares.max(initial=0.0))
    distances = np.sqrt(np.where(near > noise, near, 0.0))
    apart = distances[distances[:, 0] > 0]
    growth = float(np.median(apart[:, 1] / apart[:, 0])) if len(apart) else 1.0
    return distances[:, 0], math.log(2) / math.log(growth) if growth > 1 else math.inf


def _main_axes(centred: Vectors) -> Vectors:
    """Orthonormal axes ``(k, 32)``, or fewer, of greatest variance."""
    _, axes = np.linalg.eigh(centred.T.astype(np.float64) @ centred)
    return np.ascontiguousarray(axes[:, ::-1][:, :_AXES], dtype=np.float32)


def _closest(
    form: CoarseForm,
    part: Domain,
    vectors: Vectors,
    fifth: npt.NDArray[np.float64],
    within: tuple[float, float],
    axes: Vectors,
    centre: Vectors,
) -> Closest:
    from scipy.spatial import cKDTree

    least, radius = within

    flat = np.concatenate([(block - centre) @ axes for block in in_blocks(form, part)])
    asked = np.flatnonzero(fifth > 0)
    reach, flat_test = radius * fifth * 1.001, np.asarray((vectors - centre) @ axes, dtype=np.float32)
    balls = cKDTree(flat[:, :_IN_TREE]).query_ball_point(flat_test[asked, :_IN_TREE], r=reach[asked])
    test = np.repeat(asked, [len(ball) for ball in balls])
    training = np.fromiter(chain.from_iterable(balls), dtype=np.int64, count=len(test))
    kept = np.flatnonzero(_apart(flat, flat_test, training, test) <= reach[test])
    test, training = test[kept], training[kept]
    distance = np.empty(len(test))
    step = max(1, min(_PAIRS, 2**26 // (4 * vectors.shape[1])))
    for start in range(0, len(test), step):
        pairs = slice(start, start + step)
        distance[pairs] = np.linalg.norm(form(part.take(training[pairs]).rows) - vectors[test[pairs]], axis=1)
    ratio = distance / fifth[test]
    kept = np.flatnonzero((ratio <= radius) & (ratio > least))
    order = kept[np.lexsort((ratio[kept], test[kept]))]
    _, first = np.unique(test[order], return_index=True)
    best = order[first]
    return Closest(test[best], training[best], ratio[best])


def _apart(flat: Vectors, flat_test: Vectors, training: Ints, test: Ints) -> npt.NDArray[np.float64]:
    blocks = [slice(start, start + _PAIRS) for start in range(0, len(test), _PAIRS)]
    distances = [np.linalg.norm(flat[training[pairs]] - flat_test[test[pairs]], axis=1) for pairs in blocks]
    return np.concatenate([*distances, np.empty(0)])
