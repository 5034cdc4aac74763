"""Labels that people have given, for ``judge``: tables and exports of Label Studio that are none."""

from __future__ import annotations

import gzip
import json
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from hostile_inputs.canary import Canary
from hostile_inputs.hostile_input import HostileInput, Place
from hostile_inputs.project import asked

DOOR = "labels"
_BAD = frozenset({5})
# No label at all is none that is wrong: the run stays inconclusive.
_NOTHING_OR_BAD = frozenset({4, 5})
Written = Callable[[Sequence[str]], str | bytes]


def _table(ids: Sequence[str], label: str = "1") -> str:
    return "row_id,label\n" + "".join(f"{one},{label}\n" for one in ids)


def _task(one: str, choices: Any) -> dict[str, Any]:
    return {"data": {"row_id": one}, "annotations": [{"result": [{"type": "choices", "value": {"choices": choices}}]}]}


def _export(change: Callable[[dict[str, Any]], Any]) -> Written:
    return lambda ids: json.dumps([change(_task(one, ["1"])) for one in ids])


TABLES: dict[str, Written] = {
    "nothing": lambda _: "",
    "a header": lambda _: "row_id,label\n",
    "blanks": lambda _: "\n \n\t\n",
    "rows that were not asked for": lambda _: "row_id,label\nnobody,1\n",
    "unknown classes": lambda ids: _table(ids, "maybe"),
    "labels inf": lambda ids: _table(ids, "inf"),
    "labels NaN that are words": lambda ids: _table(ids, "NaN?"),
    "labels 1e300": lambda ids: _table(ids, "1e300"),
    "labels of 5,000 digits": lambda ids: _table(ids, "9" * 5000),
    "labels with NUL": lambda ids: _table(ids, "1\0"),
    "labels of 1 MB": lambda ids: _table(ids[:2], "a" * 2**20),
    "both labels for a row": lambda ids: _table([ids[0]]) + f"{ids[0]},0\n",
    "other columns": lambda ids: "a,b\n" + "".join(f"{one},1\n" for one in ids),
    "too many fields": lambda ids: _table(ids) + f"{ids[0]},1,2,3\n",
    "too few fields": lambda ids: _table(ids) + f"{ids[0]}\n",
    "an open quote": lambda ids: _table(ids) + f'"{ids[0]},1\n',
    "row ids of NUL": lambda _: "row_id,label\n\0,1\n",
    "row ids of commands": lambda _: "row_id,label\n'; drop table ledger; --,1\n",
    "UTF-16": lambda ids: _table(ids).encode("utf-16"),
    "UTF-16 without a mark": lambda ids: _table(ids).encode("utf-16-le"),
    "Latin-1": lambda ids: _table(ids, "\xfc").encode("latin-1"),
    "gzip": lambda ids: gzip.compress(_table(ids).encode()),
    "random bytes": lambda _: bytes(range(256)) * 100,
    "a pickle": lambda _: pickle.dumps([1]),
    "a million lines of a row that nobody asked for": lambda _: "row_id,label\n" + "nobody,1\n" * 1_000_000,
}

EXPORTS: dict[str, Written] = {
    "200,000 brackets": lambda _: "[" * 200_000,
    "200,000 braces": lambda _: '{"a":' * 200_000,
    "a whole list 100,000 deep": lambda _: "[" * 100_000 + "]" * 100_000,
    "cut": lambda ids: json.dumps([_task(one, ["1"]) for one in ids])[:-5],
    "no tasks": lambda _: "[]",
    "numbers for tasks": lambda _: "[1, 2]",
    "lists for tasks": lambda _: "[[], []]",
    "null for tasks": lambda _: "[null]",
    "a mapping": lambda _: "{}",
    "annotations null": _export(lambda task: {**task, "annotations": None}),
    "annotations a text": _export(lambda task: {**task, "annotations": "a"}),
    "annotations of numbers": _export(lambda task: {**task, "annotations": [1]}),
    "results null": _export(lambda task: {**task, "annotations": [{"result": None}]}),
    "results a number": _export(lambda task: {**task, "annotations": [{"result": 3}]}),
    "results of null": _export(lambda task: {**task, "annotations": [{"result": [None]}]}),
    "value a text": _export(lambda task: {**task, "annotations": [{"result": [{"type": "choices", "value": "a"}]}]}),
    "choices a number": _export(lambda task: _task(task["data"]["row_id"], 3)),
    "choices of mappings": _export(lambda task: _task(task["data"]["row_id"], [{"a": 1}])),
    "choices unknown": _export(lambda task: _task(task["data"]["row_id"], ["maybe"])),
    "two choices": _export(lambda task: _task(task["data"]["row_id"], ["0", "1"])),
    "data null": _export(lambda task: {**task, "data": None}),
    "data a list": _export(lambda task: {**task, "data": [1]}),
    "row id a list": _export(lambda task: {**task, "data": {"row_id": [1]}}),
    "row id a mapping": _export(lambda task: {**task, "data": {"row_id": {"a": 1}}}),
    "row id a number": _export(lambda task: {**task, "data": {"row_id": 7}}),
    "row id null": _export(lambda task: {**task, "data": {"row_id": None}}),
    "NaN for a label": lambda ids: json.dumps([{"row_id": one, "label": float("nan")} for one in ids]),
    "infinite labels": lambda ids: json.dumps([{"row_id": one, "label": float("inf")} for one in ids]),
    "labels that are mappings": lambda ids: json.dumps([{"row_id": one, "label": {"a": 1}} for one in ids]),
    "labels of 5,000 digits": lambda ids: f'[{{"row_id": "{ids[0]}", "label": {"9" * 5000}}}]',
    "half a character": lambda ids: f'[{{"row_id": "{ids[0]}", "label": "\\ud800"}}]',
    "keys twice": lambda ids: f'[{{"row_id": "{ids[0]}", "label": "1", "label": "maybe"}}]',
}


def inputs() -> Iterator[HostileInput]:
    """Each for the run that waits for labels, without a promotion and, where it may not decide, with one."""
    for name, written in TABLES.items():
        codes = _NOTHING_OR_BAD if name in ("nothing", "a header", "blanks") else _BAD
        yield HostileInput(DOOR, f"csv, {name}", partial(_given, "hostile.csv", written), codes)
    for name, written in EXPORTS.items():
        codes = _NOTHING_OR_BAD if name in ("no tasks", "labels that are mappings") else _BAD
        yield HostileInput(DOOR, f"json, {name}", partial(_given, "hostile.json", written), codes)
    for suffix in ("parquet", "xlsx", "npz", "json.gz", "pkl"):
        make = partial(_given, f"hostile.{suffix}", lambda ids: b"PAR1" + _table(ids, "maybe").encode())
        yield HostileInput(DOOR, f"a table called {suffix}", make, _BAD)
    yield HostileInput(DOOR, "a pickle that runs code", _code, _BAD)
    for kind in ("pipe", "device", "folder", "loop", "memory"):
        yield HostileInput(DOOR, f"a {kind}", partial(_no_file, kind), _BAD)
    for name, path in {"nowhere": "nowhere.csv", "5,000 letters": "a" * 5000, "no address": "no-kind://a"}.items():
        yield HostileInput(DOOR, f"a path of {name}", partial(_judging, path), frozenset({2, 5}))


def _judging(path: str, place: Place) -> list[str]:
    return ["judge", str(place.run), "--labels", path]


def _given(file: str, written: Written, place: Place) -> list[str]:
    place.write(file, written(asked(place.run)))
    return _judging(str(place.folder / file), place)


def _code(place: Place) -> list[str]:
    place.write("hostile.csv", pickle.dumps(Canary(place.canary)))
    return _judging("hostile.csv", place)


def _no_file(kind: str, place: Place) -> list[str]:
    path = place.folder / "hostile.csv"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to({"device": "/dev/zero", "loop": "hostile.csv", "memory": "/proc/self/mem"}[kind])
    return _judging(str(path), place)
