"""Labels that people have given: a table with a row id and a label, or an export of Label Studio."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from ntgate.data.labels import label_name
from ntgate.data.location import locate
from ntgate.errors import DataError
from ntgate.json_text import parsed

ROW_ID = "row_id"
NONE = "none of these"  # what a row is labelled with that belongs to no class
_LABELS = ("label", "choice")  # beside the column's own name, what Label Studio calls it


def given_labels(
    path: str,
    asked: Sequence[str],
    classes: Sequence[str],
    label: str,
    called: Mapping[str, str] | None = None,
    missing: Collection[str] = (),
) -> dict[str, str]:
    """The class of each row id that has one; rows without are left out.

    Args:
        path: csv, tsv, parquet or JSON, local or a URI.
        asked: the row ids that were asked for.
        classes: the classes that a row may have, beside ``none of these``.
        label: what the column is called.
        called: what labels are called instead, as ``data.label_map`` says it of the data.
        missing: labels that mean none, as ``data.missing_labels``.

    Raises:
        DataError: when the file cannot be read, or has a row that was not asked for, two labels for one row, or an unknown class.
    """
    called = called or {}
    known, names = set(asked), {*classes, *called, *missing, NONE}
    found: dict[str, str] = {}
    for row, text in _pairs(path, label):
        if row not in known:
            raise DataError(
                path, expected="labels of rows that were asked for", got=f"row {row!r}", fix="give the file that was filled in"
            )
        said = _class(text, names)
        name = called.get(said, said) if said is not None else None
        if not text or said in missing or name in missing:
            continue
        if name not in (*classes, NONE):
            offered = offered_names(classes, called)
            shown = ", ".join(offered[:10]) + (", ..." if len(offered) > 10 else "")
            raise DataError(
                path, expected=f"one of the classes {shown}, or {NONE!r}", got=f"{text!r} for row {row}", fix="correct it"
            )
        if found.setdefault(row, name) != name:
            raise DataError(
                path, expected="one label a row", got=f"{found[row]!r} and {name!r} for row {row}", fix="keep one of them"
            )
    return found


def offered_names(classes: Sequence[str], called: Mapping[str, str]) -> tuple[str, ...]:
    """What labellers are to write for each class, so that ``data.label_map`` makes that class of it.

    >>> offered_names(["Yes", "no"], {"yes": "Yes"}), offered_names(["a", "b"], {"a": "b", "b": "a"})
    (('Yes', 'no'), ('b', 'a'))
    """
    before = {name: raw for raw, name in reversed(list(called.items()))}
    return tuple(name if called.get(name, name) == name else before[name] for name in classes)


def _class(text: str, names: set[str]) -> str | None:
    if text in names:
        return text
    try:  # tables turn whole numbers with gaps among them into decimals
        whole = str(int(float(text))) if float(text).is_integer() else None
    except ValueError:
        return None
    return whole if whole in names else None


def _pairs(path: str, label: str) -> Iterator[tuple[str, str]]:
    with locate(path).open() as file:
        content = file.read()
    if PurePosixPath(path).suffix.lower() in (".parquet", ".pq"):
        rows = _parquet(path, content)
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise DataError(path, expected="text in UTF-8", got=str(error), fix="export it again") from error
        rows = _exported(path, text) if text.lstrip()[:1] in ("[", "{") else _table(path, text)
    empty = True
    for row in rows:
        empty = False
        column = next((name for name in (label, *_LABELS) if name in row), None)
        if row.get(ROW_ID) in (None, "") or column is None:
            got = ", ".join(map(str, list(row)[:8])) or "nothing"
            raise DataError(
                path, expected=f"a {ROW_ID!r} and a {label!r} for every row", got=got, fix="give the file that `ntgate ask` wrote"
            )
        yield str(row[ROW_ID]).strip(), label_name(row[column])
    if empty:
        raise DataError(path, expected="labels", got="none", fix="fill in the file that `ntgate ask` wrote")


def _table(path: str, text: str) -> Iterator[Mapping[str, Any]]:
    header = text.split("\n", 1)[0]
    separator = max(",;\t", key=header.count)
    try:
        for number, row in enumerate(csv.DictReader(io.StringIO(text, newline=""), delimiter=separator), start=2):
            if None in row or None in row.values():
                raise DataError(
                    path, expected="as many fields in every line as in the header", got=f"line {number}", fix="export it again"
                )
            yield row
    except csv.Error as error:
        raise DataError(path, expected="a table in csv", got=str(error), fix="export it again") from error


def _parquet(path: str, content: bytes) -> Iterator[Mapping[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        yield from pq.read_table(io.BytesIO(content)).to_pylist()
    except pa.ArrowException as error:
        raise DataError(path, expected="a parquet file", got=" ".join(str(error).split()), fix="write it again") from error


def _exported(path: str, text: str) -> Iterator[Mapping[str, Any]]:
    try:
        tasks = parsed(text)
    except ValueError as error:
        raise DataError(path, expected="a whole JSON file", got=str(error), fix="export it again") from error
    for task in tasks if isinstance(tasks, list) else [tasks]:
        if not isinstance(task, dict):
            raise DataError(path, expected="a list of tasks", got=type(task).__name__, fix="export it again as JSON")
        data = task.get("data", task)
        row = {ROW_ID: data.get(ROW_ID) if isinstance(data, dict) else None}
        try:
            choices = (
                [choice for given in task["annotations"] for choice in _choices(given)] if "annotations" in task else _plain(task)
            )
        except (AttributeError, KeyError, TypeError) as error:  # a list where a mapping belongs, a null where a list belongs
            shown = f"task {row[ROW_ID]!r} of another shape"
            raise DataError(path, expected="annotations as Label Studio exports them", got=shown, fix="export it again") from error
        if not choices:
            yield {**row, "label": ""}
        yield from ({**row, "label": choice} for choice in choices)


def _plain(task: Mapping[str, Any]) -> list[str]:
    """The choice in Label Studio's short form."""
    given = next((task[name] for name in _LABELS if name in task), None)
    if isinstance(given, dict):
        given = given.get("choices")
    return [str(one) for one in given] if isinstance(given, list) else [] if given is None else [str(given)]


def _choices(annotation: Mapping[str, Any]) -> list[str]:
    if annotation.get("was_cancelled"):
        return []
    return [
        str(choice) for part in annotation.get("result", []) if part.get("type") == "choices" for choice in part["value"]["choices"]
    ]
