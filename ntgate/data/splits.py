"""The split of the target: training, validation and test rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntgate.data.domain import Domain, Ints
from ntgate.data.fingerprint import joined, numbered, record_keys, row_fingerprints
from ntgate.data.specs import SplitSpec
from ntgate.errors import DataError


@dataclass(frozen=True, eq=False)
class TargetSplit:
    """The labelled target rows by their use; the gate alone sees ``test``."""

    train: Domain
    validation: Domain
    test: Domain


def split_target(target: Domain, given_test: Domain | None, spec: SplitSpec, seed: int) -> TargetSplit:
    """Divide the labelled target rows.

    With times, later rows are tested on. Otherwise the rows are divided class by class; rows of one group stay together, and so do
    copies of one row, since one of them would give the other away. Which rows are for testing follows from their
    content alone, not from ``seed``, the order of the file or what is added to it: else every seed would have fresh test rows,
    and the ledger nothing to count.

    Args:
        target: labelled target rows.
        given_test: the test rows, when they come from a file of their own.
        spec: the shares.
        seed: of the shuffling.

    Raises:
        DataError: when a class would be left without training rows, or a part without any.
    """
    if given_test is None:
        rest, test = _part(target, spec.test, _by_content(target), keep=2)
        _not_empty(rest, "training", target)
    else:
        rest, test = target, _in_classes(given_test, target)
    _not_empty(test, "test", target)
    train, validation = split_training(rest, spec, seed)
    return TargetSplit(train, validation, _named(test, "test"))


def split_training(rest: Domain, spec: SplitSpec, seed: int) -> tuple[Domain, Domain]:
    """The training and the validation rows of the labelled target rows that are not for testing.

    Raises:
        DataError: when a class would be left without training rows, or a part without any.
    """
    shuffled = np.random.default_rng(seed + 1).permutation(len(rest))
    train, validation = _part(rest, spec.validation, shuffled, keep=1)
    _not_empty(train, "train", rest)
    _not_empty(validation, "validation", rest)
    present = np.bincount(train.labels, minlength=len(rest.classes))
    if not present.all():
        lost = ", ".join(repr(rest.classes[code]) for code in np.flatnonzero(present == 0)[:5])
        raise DataError(
            "target",
            expected="training rows of every class",
            got=f"none of class {lost} after the split",
            fix="add rows of that class, or change group, time or data.split",
        )
    return _named(train, "train"), _named(validation, "validation")


def _not_empty(part: Domain, name: str, whole: Domain) -> None:
    if not len(part):
        raise DataError(
            "target",
            expected=f"enough rows for the {name} part",
            got=_too_few(whole),
            fix="add labelled target rows, or change data.split",
        )


def _too_few(whole: Domain) -> str:
    """Why a domain cannot be divided."""
    if whole.times is not None:
        return f"{len(whole)} rows at {len(np.unique(whole.times))} times"
    if whole.groups is not None:
        return f"{len(whole)} rows in {len(np.unique(whole.groups))} groups"
    classes = int((np.bincount(whole.labels) > 0).sum())
    return f"{len(whole)} rows of {classes} classes, {len(np.unique(units_of(whole)))} of them different"


def _named(domain: Domain, name: str) -> Domain:
    return domain.take(np.arange(len(domain)), name)


def _in_classes(test: Domain, target: Domain) -> Domain:
    unknown = [name for name in test.classes if name not in target.classes]
    if unknown:
        raise DataError(
            "target_test",
            expected=f"the classes of the target, {', '.join(target.classes[:8])}",
            got=f"also {', '.join(map(repr, unknown[:5]))}",
            fix="label target rows of that class, or remove it from the test",
        )
    return test.relabelled(target.classes)


def _part(domain: Domain, share: float, order: Ints, keep: int) -> tuple[Domain, Domain]:
    """The rows without, and the rows of, a part that is about ``share`` of each class and leaves ``keep`` rows of it.

    Args:
        domain: labelled rows.
        share: of each class.
        order: positions ``(n,)``; units whose first row comes early are taken.
        keep: rows of a class that stay in any case.
    """
    if domain.times is not None:
        chosen = domain.times >= np.quantile(domain.times, 1 - share, method="higher")
    else:
        chosen = _chosen(domain, share, order, keep)
    return domain.take(np.flatnonzero(~chosen)), domain.take(np.flatnonzero(chosen))


def _by_content(domain: Domain) -> Ints:
    """The rows in the order of their fingerprints, which looks random and is the same whatever stands beside them."""
    if domain.records is not None and domain.kind != "array":  # no setting of ntgate chooses other rows
        return np.argsort(numbered(domain.records[:, 1]), kind="stable")
    if not domain.drawn and domain.ids is None:
        return np.argsort(row_fingerprints(domain), kind="stable")
    names = np.array([domain.classes[code].encode() for code in domain.labels])
    return np.argsort(numbered(joined(record_keys(domain), names)), kind="stable")


def _chosen(domain: Domain, share: float, order: Ints, keep: int) -> npt.NDArray[np.bool_]:
    unit = units_of(domain)
    sizes = np.bincount(unit)
    # A unit of several classes counts for the one it has most of.
    counts = np.zeros((len(sizes), len(domain.classes)), dtype=np.int64)
    np.add.at(counts, (unit, domain.labels), 1)
    major = counts.argmax(axis=1)
    _, first = np.unique(unit[order], return_index=True)
    taken = np.zeros(len(sizes), dtype=bool)
    for code in range(len(domain.classes)):
        members = np.flatnonzero(major == code)
        members = members[np.argsort(first[members], kind="stable")]
        total = int(sizes[members].sum())
        quota = min(max(round(share * total), 1), total - keep)
        taken[members[np.cumsum(sizes[members]) <= quota]] = True
    return taken[unit]


def units_of(domain: Domain) -> Ints:
    """For each row the number of its unit: rows that share a group or are copies of one record, directly or through others."""
    _, same = np.unique(record_keys(domain), return_inverse=True)
    if domain.drawn and domain.ids is None:
        same = np.arange(len(domain))
    if domain.groups is None:
        return same
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _, group = np.unique(domain.groups, return_inverse=True)
    nodes = int(same.max()) + 1 + int(group.max()) + 1
    links = coo_array((np.ones(len(same)), (same, group + int(same.max()) + 1)), shape=(nodes, nodes))
    _, component = connected_components(links, directed=False)
    _, unit = np.unique(component[same], return_inverse=True)
    return unit.astype(np.int64)
