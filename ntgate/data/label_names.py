"""What labels are called: names that the config replaces, labels that are none, and spellings that have to be asked about."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import numpy as np

from ntgate.data.csv_types import NOTHING
from ntgate.data.domain import Domain
from ntgate.data.labels import class_order
from ntgate.data.number_text import MARKS
from ntgate.data.question import Question, flow
from ntgate.data.spelling import bare, shown
from ntgate.errors import DataError

_TRUTH = {"true": "1", "false": "0", "yes": "1", "no": "0"}
_MANY = 30  # whole numbers that are perhaps no classes
_DENSE = 0.9  # of the numbers between the smallest and the largest, where they are codes of classes
_PARTS = "|;,+"
_SHOWN = 4  # names
_ALONE = 50  # rows of a domain among which a class of one row is odd
_NINES = re.compile(r"-?9{2,}|-9")
_NO_LABEL = frozenset(
    (
        *("none", "nan", "unknown", "unlabelled", "unlabeled", "not labelled", "not labeled", "no label", "undefined", "n.a."),
        *("not available", "tbd", "todo", "pending", "unbekannt", "keine angabe", "k.a.", "k. a."),
    )
)


def never_met(classes: Iterable[Collection[str]], names: Mapping[str, str], missing: Collection[str]) -> list[str]:
    """What the config says of labels that none of the domains has: a slip of the pen, or labels of another day.

    >>> never_met([("010", "no"), ("no", "yes")], {"yes": "1"}, ["10", "1"])
    ["No label is '10', of which data.missing_labels speaks."]
    """
    known = {name for some in classes for name in some}
    said = [("label_map", name) for name in names if name not in known]
    said += [("missing_labels", name) for name in missing if name not in known | {names[one] for one in known & names.keys()}]
    return [f"No label is {name!r}, of which data.{key} speaks." for key, name in said]


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
    signs = list(_signs(domains, certain))
    asked = [*_spellings(domains, certain), *signs, *_no_classes(counts, {*certain, "-1"} if signs else certain)]
    if not classes:
        asked += _no_classification(counts)
    return asked, [*_several(counts), *_apart(domains), *_alone(domains), *_contradictions(domains)]


def _spellings(domains: Mapping[str, Domain], certain: Collection[str]) -> Iterable[Question]:
    """Names that differ by case, space, type or leading noughts alone."""
    order = list(dict.fromkeys(name for domain in domains.values() for name in domain.classes))
    alike: dict[str, list[str]] = {}
    for name in order:
        alike.setdefault(bare(name), []).append(name)
    truths: dict[str, list[str]] = {_TRUTH.get(left, left): [] for left in alike}
    for left, spelt in alike.items():
        truths[_TRUTH.get(left, left)] += spelt
    if set(truths) == {"0", "1"}:
        alike = truths
    wrong = {name: spelt[0] for spelt in alike.values() for name in spelt[1:] if not set(spelt) <= set(certain)}
    if wrong:
        apart = {name: name for spelt in alike.values() if len(spelt) > 1 for name in spelt}
        pairs = [f"{shown(called)} and {shown(name)}" for name, called in list(wrong.items())[:5]]
        yield Question(
            subject="label",
            seen=f"Labels differ by their spelling alone: {', '.join(pairs)}",
            key="label_map",
            answer=wrong,
            otherwise=f"`label_map: {flow(apart)}` where they are different classes",
        )


def _no_classes(counts: Mapping[str, int], certain: Collection[str]) -> Iterable[Question]:
    """Names that are perhaps no label."""
    for name in counts:
        if name in certain:
            continue
        others = [other for other in counts if other != name]
        sign = name in MARKS and not _any_letter(name) and all(map(_any_letter, others))
        words = sign or name in NOTHING or name.lower() in _NO_LABEL
        coded = len(others) > 1 and all(other.isdecimal() for other in others) and _is_code_of_none(name, others)
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


def _any_letter(name: str) -> bool:
    return any(map(str.isalnum, name))


def _is_code_of_none(name: str, others: Collection[str]) -> bool:
    """Whether a whole number among others is one that surveys and libraries write for none."""
    return name == "-1" or (_NINES.fullmatch(name) is not None and abs(int(name)) > 2 * max(map(int, others)))


def _signs(domains: Mapping[str, Domain], certain: Collection[str]) -> Iterable[Question]:
    """Two classes that are -1 and 1 in one file, and 0 and 1 in another."""
    sets = {name: set(domain.classes) for name, domain in domains.items()}
    signed = [name for name, classes in sets.items() if classes == {"-1", "1"}]
    plain = [name for name, classes in sets.items() if classes == {"0", "1"}]
    if signed and plain and "-1" not in certain:
        yield Question(
            subject="label",
            seen=f"Labels are -1 and 1 in {signed[0]}, and 0 and 1 in {plain[0]}",
            key="label_map",
            answer={"-1": "0"},
            otherwise="`label_map: {'-1': '-1'}` where they are different classes",
        )


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
    if set(one) & set(other):
        own = {"Source": [name for name in one if name not in other], "target": [name for name in other if name not in one]}
        told = [f"{domain} alone has the label{'s' * (len(names) > 1)} {_some(names)}" for domain, names in own.items() if names]
        if told:
            yield f"{'; '.join(told)[:1].upper()}{'; '.join(told)[1:]}."
    else:
        yield f"Source and target share no label: {_some(one)} and {_some(other)}; `label_map` below data says which are the same."


def _alone(domains: Mapping[str, Domain]) -> Iterable[str]:
    """Labels of one row, such as those of a line below the table."""
    for domain, rows in domains.items():
        times = np.bincount(rows.labels, minlength=len(rows.classes))
        names = [name for name, count in zip(rows.classes, times, strict=True) if count == 1]
        if names and len(rows) >= _ALONE:
            verb, each = ("s", "") if len(names) == 1 else ("", " each")
            yield f"The label{'s' * (len(names) > 1)} {_some(names)} stand{verb} in one row of {domain}{each}."


def _some(names: Collection[str]) -> str:
    return ", ".join(map(shown, list(names)[:_SHOWN])) + (", ..." if len(names) > _SHOWN else "")


def _several(counts: Mapping[str, int]) -> Iterable[str]:
    """Several classes in one label."""
    for sign in _PARTS:
        parts = [[part.strip(" '\"[](){}") for part in name.split(sign)] for name in counts]
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
