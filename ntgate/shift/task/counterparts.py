"""Which class of the source every class of the target looks like, whatever it is called.

Classes are matched one to one so that the sum of their energy distances is least (Kuhn, "The Hungarian method", 1955).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.shift.columns.feature_scale import feature_scale
from ntgate.shift.task.class_distances import Distances, distances, means_by_class
from ntgate.shift.task.labelled import Labelled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_FEWEST = 3  # rows of a class that is matched


class Counterpart(Frozen):
    """What a target class looks like.

    Attributes:
        target: its name.
        source: the source class that it was matched with, after each domain was centred and scaled by itself.
        rows_nearer: share of its rows that are nearer to the match than to its namesake; None if the match is its namesake or
            it has none.
        p_value: of the hypothesis that it is no nearer to the match than to its namesake, adjusted for all classes; None if
            there is no such question.
        swapped: whether the p-value is at most the level.
        rows_nearest: share of its rows that are nearer to the match than to any other source class; None as above.
    """

    target: str
    source: str
    rows_nearer: float | None
    p_value: float | None
    swapped: bool
    rows_nearest: float | None = None


class Match(NamedTuple):
    """A source class for a target class, and the evidence against its namesake; the latter None where there is none.

    Attributes:
        source: the matched class.
        rows_nearer: share of the target class's rows that are nearer to the match than to the namesake.
        p_value: of the hypothesis that the class is no nearer to the match than to the namesake, for all other classes at once.
        rows_nearest: share of its rows that are nearer to the match than to any other source class.
    """

    source: int
    rows_nearer: float | None
    p_value: float | None
    rows_nearest: float | None = None


def counterparts(
    source: Labelled, target: Labelled, shared: Sequence[str], alpha: float
) -> tuple[tuple[Counterpart, ...], tuple[str, ...]]:
    """Match the classes of two domains, and name those that have fewer than three rows.

    Each domain is first centred on the mean of its shared classes and scaled by itself, so that another brightness or unit is
    no difference of task, and nor are other class proportions.
    """
    known = [[name for name in part.classes if part.count(name) >= _FEWEST] for part in (source, target)]
    too_few = tuple(
        f"{domain} {name!r}"
        for domain, part, names in (("source", source, known[0]), ("target", target, known[1]))
        for name in part.classes
        if name not in names
    )
    if not known[0] or not known[1] or len(known[0]) + len(known[1]) < 3:
        return (), too_few
    both = [name for name in shared if name in known[0] and name in known[1]]
    parts = [
        _by_itself(part.only(names), both if len(both) > 1 else names) for part, names in zip((source, target), known, strict=True)
    ]
    found = matches(
        distances(parts[0].rows.astype(np.float64), parts[0].y, parts[1].rows.astype(np.float64), parts[1].y),
        {known[1].index(name): known[0].index(name) for name in both},
    )
    adjusted = _holm({code: match for code, match in found.items() if match.p_value is not None}, len(both))
    return tuple(
        Counterpart(
            target=known[1][code],
            source=known[0][match.source],
            rows_nearer=match.rows_nearer,
            p_value=adjusted.get(code),
            swapped=adjusted.get(code, 1.0) <= alpha,
            rows_nearest=match.rows_nearest,
        )
        for code, match in sorted(found.items())
    ), too_few


def matches(found: Distances, namesakes: dict[int, int]) -> dict[int, Match]:
    """The matched source class of every target class; with more target classes than source classes some have none.

    The p-value is that of a one-sided t-test on how much nearer target rows are to the match than to the namesake, less half
    the difference of the classes' own spreads: its mean is half the difference of the two energy distances. Its variance adds
    that of the target rows and that of the source rows, each pooled over the classes of the domain, because three rows of a
    class tell little about their own variance. It is multiplied by the number of classes that the match could have been.
    A permutation of labels would test less: that labels mean nothing at all.

    Args:
        found: the distances.
        namesakes: the source class of the same name, for target classes that have one.
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.stats import t as student

    targets, sources = found.source_to_target.shape[1], found.target_to_source.shape[1]
    chosen = dict(zip(*(side.tolist() for side in linear_sum_assignment(found.between())), strict=True))
    # A row is as near to a class as its mean distance to the class's rows exceeds half of what theirs is among themselves.
    nearest = (found.target_to_source - means_by_class(found.source_own, found.y_source, sources) / 2).argmin(axis=1)
    freedom = min(len(found.y_target) - targets, len(found.y_source) - sources)
    result = {}
    for code, match in chosen.items():
        namesake = namesakes.get(code)
        if namesake is None or namesake == match:
            result[code] = Match(match, None, None)
            continue
        of_source = found.source_to_target[:, code] - found.source_own
        nearer = found.target_to_source[:, namesake] - found.target_to_source[:, match]
        spread = [found.source_own[found.y_source == k].mean() / 2 for k in (namesake, match)]
        mine = nearer[found.y_target == code] - spread[0] + spread[1]
        counts = [int((found.y_source == k).sum()) for k in (namesake, match)]
        variance = _pooled_variance(nearer, found.y_target) / len(mine)
        variance += _pooled_variance(of_source, found.y_source) * sum(1 / count for count in counts)
        p_value = float(student.sf(mine.mean() / np.sqrt(max(variance, 1e-300)), max(freedom, 1)))
        of_match = float((nearest[found.y_target == code] == match).mean())
        result[code] = Match(match, float((mine > 0).mean()), min(1.0, p_value * (sources - 1)), of_match)
    return result


def _by_itself(part: Labelled, names: Sequence[str]) -> Labelled:
    """The rows, centred on the mean of the named classes' means, and scaled: what only this domain knows."""
    centre = np.mean([part.of(name).mean(axis=0, dtype=np.float64) for name in names], axis=0)
    return part._replace(rows=(part.rows - centre) / feature_scale(part.rows))


def _holm(found: dict[int, Match], classes: int) -> dict[int, float]:
    """P-values adjusted by Holm's step-down method; classes that match their namesake count as tested too."""
    adjusted, least = {}, 0.0
    for place, code in enumerate(sorted(found, key=lambda code: found[code].p_value or 0.0)):
        least = max(least, min(1.0, (classes - place) * (found[code].p_value or 0.0)))
        adjusted[code] = least
    return adjusted


def _pooled_variance(values: Floats, y: Ints) -> float:
    """The variance of ``values`` ``(n,)`` about the means of their classes."""
    classes = int(y.max()) + 1
    return float(((values - means_by_class(values, y, classes)[y]) ** 2).sum() / (len(values) - classes))
