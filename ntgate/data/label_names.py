"""What labels are called: names that the config replaces, labels that are none, and spellings that have to be asked about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import numpy as np

from ntgate.data.csv_types import NOTHING
from ntgate.data.domain import Domain
from ntgate.data.labels import class_order
from ntgate.data.question import Question, flow
from ntgate.errors import DataError

_TRUTH = {"true": "1", "false": "0", "yes": "1", "no": "0"}
_MANY = 30  # whole numbers that are perhaps no classes
_DENSE = 0.9  # of the numbers between the smallest and the largest, where they are codes of classes
_PARTS = "|;,+"
_SHOWN = 4  # names


def renamed(domain: Domain, names: Mapping[str, str], missing: Collection[str]) -> tuple[Domain, Domain | None]:
    """The labelled rows under the names that the config has for their classes, and those whose label means none.

    Raises:
        DataError: when no label, or only one class, is left.

    >>> one = Domain("target", np.zeros((3, 1), np.float32), np.array([0, 1, 2]), ("-1", "no", "yes"))
    >>> kept, none = renamed(one, {"yes": "Yes"}, ["-1"])
    >>> kept.classes, kept.y.tolist(), len(none), none.y
    (('Yes', 'no'), [1, 0], 1, None)
    """
    if not names and not missing:
        return domain, None
    called = [names.get(name, name) for name in domain.classes]
    gone = [name in missing or called[place] in missing for place, name in enumerate(domain.classes)]
    left = {name for name, none in zip(called, gone, strict=True) if not none}
    classes = tuple(sorted(left, key=class_order(left)))
    if len(classes) < 2:
        raise DataError(
            domain.name,
            expected="at least two classes beside data.missing_labels and after data.label_map",
            got=", ".join(classes) or "none",
            fix="correct them",
        )
    place = {name: code for code, name in enumerate(classes)}
    codes = np.array([-1 if none else place[name] for name, none in zip(called, gone, strict=True)])[domain.labels]
    kept, none = np.flatnonzero(codes >= 0), np.flatnonzero(codes < 0)
    labelled = replace(domain.take(kept) if len(none) else domain, y=codes[kept], classes=classes)
    return labelled, replace(domain.take(none, "unlabelled"), y=None, classes=()) if len(none) else None


def label_questions(domains: Mapping[str, Domain], names: Mapping[str, str], *, classes: bool) -> tuple[list[Question], list[str]]:
    """What has to be asked about labels, and what has to be known of them.

    Args:
        domains: the labelled ones, by name, the source first.
        names: what the config calls labels; one that stands for itself is said to be a class.
        classes: whether the config says that labels are classes, whatever they look like.
    """
    counts: dict[str, int] = {}
    for domain in domains.values():
        for name, times in zip(domain.classes, np.bincount(domain.labels, minlength=len(domain.classes)), strict=True):
            counts[name] = counts.get(name, 0) + int(times)
    certain = {name for name, called in names.items() if name == called}
    asked = [*_spellings(domains, certain), *_no_classes(counts, certain)]
    if not classes:
        asked += _no_classification(counts)
    return asked, [*_several(counts), *_apart(domains), *_contradictions(domains)]


def _spellings(domains: Mapping[str, Domain], certain: Collection[str]) -> Iterable[Question]:
    """Names that differ by case, space, type or leading noughts alone."""
    order = list(dict.fromkeys(name for domain in domains.values() for name in domain.classes))
    alike: dict[str, list[str]] = {}
    for name in order:
        alike.setdefault(_bare(name), []).append(name)
    truths: dict[str, list[str]] = {_TRUTH.get(bare, bare): [] for bare in alike}
    for bare, spelt in alike.items():
        truths[_TRUTH.get(bare, bare)] += spelt
    if set(truths) == {"0", "1"}:
        alike = truths
    wrong = {name: spelt[0] for spelt in alike.values() for name in spelt[1:] if not set(spelt) <= set(certain)}
    if wrong:
        apart = {name: name for spelt in alike.values() if len(spelt) > 1 for name in spelt}
        pairs = [f"{called!r} and {name!r}" for name, called in list(wrong.items())[:5]]
        yield Question(
            subject="label",
            seen=f"Labels differ by their spelling alone: {', '.join(pairs)}",
            key="label_map",
            answer=wrong,
            otherwise=f"`label_map: {flow(apart)}` where they are different classes",
        )


def _bare(name: str) -> str:
    bare = " ".join(name.casefold().split()).rstrip(".") or name  # UCI Adult's test rows have a point behind each label
    if bare.startswith(("b'", 'b"')) and bare.endswith(bare[1]) and len(bare) > 3:
        bare = bare[2:-1]
    try:
        value = float(bare)
    except ValueError:
        return bare
    return str(int(value)) if value.is_integer() else bare


def _no_classes(counts: Mapping[str, int], certain: Collection[str]) -> Iterable[Question]:
    """Names that are perhaps no label."""
    for name in counts:
        if name in certain:
            continue
        words = name in NOTHING or name.lower() in ("none", "nan", "unknown", "unlabelled", "unlabeled", "?")
        others = [other for other in counts if other != name]
        coded = name == "-1" and len(others) > 1 and all(other.isdigit() for other in others)
        if not words and not coded:
            continue
        seen = f"{counts[name]:,} rows have the label {name}, a class or none"
        none, label = {"missing_labels": [name]}, {"label_map": {name: name}}
        if len(others) > 1:
            other = f"`{flow(label)[1:-1]}` where it is a class"
            yield Question(subject="label", seen=seen, key="missing_labels", answer=[name], otherwise=other)
        else:
            other = f"`{flow(none)[1:-1]}` where it is none"
            yield Question(subject="label", seen=seen, key="label_map", answer={name: name}, otherwise=other)


def _no_classification(counts: Mapping[str, int]) -> Iterable[Question]:
    """Whole numbers that look like something to be predicted as a number."""
    if len(counts) <= _MANY or not all(name.removeprefix("-").isdigit() for name in counts):
        return
    values = sorted(map(int, counts))
    if len(values) < _DENSE * (values[-1] - values[0] + 1) or np.median(list(counts.values())) < 3:
        yield Question(
            subject="label",
            seen=f"Labels are {len(counts)} numbers from {values[0]} to {values[-1]}, and ntgate predicts classes, no numbers",
            key="label_kind",
            answer="classes",
            otherwise="turn the number into classes first, such as low and high",
        )


def _apart(domains: Mapping[str, Domain]) -> Iterable[str]:
    """Classes of the source, of which the target has none, and the other way round."""
    if "source" not in domains or "target" not in domains:
        return
    one, other = domains["source"].classes, domains["target"].classes
    if not set(one) & set(other):
        yield f"Source and target share no label: {_some(one)} and {_some(other)}; `label_map` below data says which are the same."


def _some(names: Collection[str]) -> str:
    return ", ".join(map(repr, list(names)[:_SHOWN])) + (", ..." if len(names) > _SHOWN else "")


def _several(counts: Mapping[str, int]) -> Iterable[str]:
    """Several classes in one label."""
    for sign in _PARTS:
        parts = [name.split(sign) for name in counts]
        single = {part for one in parts for part in one}
        if sum(len(one) > 1 for one in parts) >= 2 and len(single) < len(counts):
            first = next(name for name in counts if sign in name)
            yield f"Labels such as {first!r} hold several classes: each combination is a class."
            return


def _contradictions(domains: Mapping[str, Domain]) -> Iterable[str]:
    """Equal rows with different labels."""
    from ntgate.data.fingerprint import record_keys

    for name, domain in domains.items():
        if domain.kind == "images":
            continue
        _, place, times = np.unique(record_keys(domain), return_inverse=True, return_counts=True)
        least, most = np.full(len(times), len(domain.classes)), np.full(len(times), -1)
        np.minimum.at(least, place, domain.labels)
        np.maximum.at(most, place, domain.labels)
        rows = int(times[least < most].sum())
        if rows:
            yield f"{rows:,} of {len(domain):,} rows of {name} are equal to another row that has another label."
