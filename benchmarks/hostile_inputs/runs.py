"""Folders of runs given to the commands that read them: their files damaged, deep, endless, pickled, or of another form."""

from __future__ import annotations

import io
import json
import os
import pickle
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hostile_inputs.canary import Canary
from hostile_inputs.hostile_input import HostileInput, Make, Place
from hostile_inputs.project import MODEL

DOOR = "run folders"
_BAD = frozenset({2, 5})
# A command tells what it finds where that is enough for it; a replay of changed files finds that they differ.
_TOLD_OR_BAD = frozenset({0, 2, 3, 4, 5})
# Which commands read which file.
READERS = {
    "decision.json": ("replay", "explain", "compare"),
    "result.json": ("explain", "compare"),
    "run.json": ("replay", "explain", "report"),
    "scores.npz": ("replay",),
    "history.json": ("judge", "ask"),
    "asked.json": ("judge", "ask"),
}
TEXTS: dict[str, str | bytes] = {
    "nothing": "",
    "200,000 deep": "[" * 200_000,
    "a mapping 200,000 deep": '{"decision":' * 200_000,
    "a list": "[1]",
    "null": "null",
    "a number": "7",
    "an empty mapping": "{}",
    "no UTF-8": b"\xff\xfe{}",
    "NUL": "\0" * 100,
    "a schema of later": '{"schema": 99}',
    "a schema of 400 digits": '{"schema": ' + "9" * 400 + "}",
    "a schema of 5,000 digits": '{"schema": ' + "9" * 5000 + "}",
    "a schema of a list": '{"schema": []}',
    "a schema that is infinite": '{"schema": Infinity}',
    "20 MB of blanks": " " * 20_000_000,
    "a pickle": pickle.dumps({"a": 1}),
}
_CHANGES: dict[str, Callable[[Any], Any]] = {
    "every number NaN": lambda value: float("nan") if isinstance(value, int | float) and not isinstance(value, bool) else value,
    "every number 10**400": lambda value: 10**400 if isinstance(value, int | float) and not isinstance(value, bool) else value,
    "every number a text": lambda value: "a" if isinstance(value, int | float) and not isinstance(value, bool) else value,
    "every text NUL": lambda value: "a\0b" if isinstance(value, str) else value,
    "every text half a character": lambda value: "\ud800" if isinstance(value, str) else value,
    "every text a list": lambda value: [value] if isinstance(value, str) else value,
    "every text escapes": lambda value: "\x1b[2J\x1b]0;x\x07" if isinstance(value, str) else value,
    "every text code": lambda value: "os:system" if isinstance(value, str) else value,
    "every null a mapping": lambda value: {"a": 1} if value is None else value,
    "every truth a text": lambda value: "maybe" if isinstance(value, bool) else value,
}


def inputs() -> Iterator[HostileInput]:
    """Each file in every way, for each command that reads it."""
    for file, commands in READERS.items():
        for command in commands:
            if file != "scores.npz":
                for name, text in TEXTS.items():
                    yield HostileInput(DOOR, f"{command}: {file}, {name}", partial(_text, command, file, text), _codes(file))
                for name, change in _CHANGES.items():
                    make = partial(_changed, command, file, change)
                    yield HostileInput(DOOR, f"{command}: {file}, {name}", make, _TOLD_OR_BAD)
            for kind in ("pipe", "device", "folder", "loop", "memory", "nothing there", "a pickle that runs code"):
                yield HostileInput(DOOR, f"{command}: {file}, {kind}", partial(_no_file, command, file, kind), _codes(file))
    for name, make in SCORES.items():
        codes = _BAD | {3} if name in ("others", "NaN") else _BAD  # scores all the same, from which something else comes
        yield HostileInput(DOOR, f"replay: scores.npz, {name}", partial(_scores, make), codes)
    for command in ("replay", "explain", "report", "compare", "judge", "ask"):
        for name, folder in FOLDERS.items():
            yield HostileInput(DOOR, f"{command}: {name}", partial(_at, command, folder), frozenset({2, 5}))
    for name, pool in POOLS.items():
        yield HostileInput(DOOR, f"ask: a pool of {name}", partial(_asking, pool), _BAD)


def _codes(file: str) -> frozenset[int]:
    """Some commands need neither of these files."""
    return _TOLD_OR_BAD if file in ("run.json", "asked.json") else _BAD


def _run(place: Place, command: str) -> Path:
    """The run that a command is tried on: the one that waits for labels, or the one that promoted."""
    return place.run if command in ("judge", "ask") else next((place.folder / "runs" / MODEL).iterdir())


def _words(command: str, run: str, place: Place) -> list[str]:
    if command == "compare":
        return [command, run, str(place.run)]
    return [command, run, *(("--rows", "pool.npz") if command == "ask" else ())]


def _text(command: str, file: str, text: str | bytes, place: Place) -> list[str]:
    run = _run(place, command)
    place.write(str((run / file).relative_to(place.folder)), text)
    return _words(command, str(run), place)


def _changed(command: str, file: str, change: Callable[[Any], Any], place: Place) -> list[str]:
    content = json.loads((_run(place, command) / file).read_text(encoding="utf-8"))
    return _text(command, file, json.dumps(_mapped(content, change)), place)


def _mapped(content: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(content, dict):
        return {key: value if key == "schema" else _mapped(value, change) for key, value in content.items()}
    return [_mapped(value, change) for value in content] if isinstance(content, list) else change(content)


def _no_file(command: str, file: str, kind: str, place: Place) -> list[str]:
    run = _run(place, command)
    (run / file).unlink()
    if kind == "pipe":
        os.mkfifo(run / file)
    elif kind == "folder":
        (run / file).mkdir()
    elif kind == "a pickle that runs code":
        (run / file).write_bytes(pickle.dumps(Canary(place.canary)))
    elif kind != "nothing there":
        (run / file).symlink_to({"device": "/dev/zero", "loop": file, "memory": "/proc/self/mem"}[kind])
    return _words(command, str(run), place)


def _npz(**arrays: Any) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


SCORES: dict[str, Callable[[Place], bytes]] = {
    "no archive": lambda _: b"no zip",
    "nothing in it": lambda _: _npz(),
    "others": lambda _: _npz(y=np.zeros(3)),
    "objects that run code": lambda place: _npz(y=np.array([Canary(place.canary)], dtype=object)),
    "NaN": lambda _: _npz(y=np.full(400, np.nan), candidate=np.full((400, 2), np.nan), scratch=np.full((400, 2), np.nan)),
}


def _scores(make: Callable[[Place], bytes], place: Place) -> list[str]:
    """Scores that the decision vouches for: whoever changes one may change the other."""
    import hashlib

    run = _run(place, "replay")
    content = make(place)
    (run / "scores.npz").write_bytes(content)
    decision = json.loads((run / "decision.json").read_text(encoding="utf-8"))
    return _text("replay", "decision.json", json.dumps({**decision, "scores": hashlib.sha256(content).hexdigest()}), place)


def _at(command: str, folder: Callable[[Place], str], place: Place) -> list[str]:
    return _words(command, folder(place), place)


def _piped(place: Place) -> str:
    os.mkfifo(place.folder / "pipe")
    return "pipe"


def _looped(place: Place) -> str:
    (place.folder / "loop").symlink_to("loop")
    return "loop"


FOLDERS: dict[str, Callable[[Place], str]] = {
    "a folder of nothing": lambda place: (place.folder / "empty").mkdir() or "empty",  # type: ignore[func-returns-value]
    "nothing by that name": lambda _: "nowhere",
    "an empty name": lambda _: "",
    "a name of 5,000 letters": lambda _: "a" * 5000,
    "a name of half a character": lambda _: "a\udcffb",
    "a pipe": _piped,
    "a link to itself": _looped,
    "a device": lambda _: "/dev/zero",
    "the kernel's folder": lambda _: "/proc/self",
    "an unknown kind of address": lambda _: "no-such-kind://a/b",
}
POOLS: dict[str, Make] = {
    "nothing": lambda place: [str(place.write("hostile.npz", b""))],
    "no archive": lambda place: [str(place.write("hostile.npz", b"no zip"))],
    "one column": lambda place: [str(place.write("hostile.npz", _npz(x=np.zeros((9, 1), np.float32))))],
    "NaN": lambda place: [str(place.write("hostile.npz", _npz(x=np.full((9, 20), np.nan, np.float32))))],
    "infinite": lambda place: [str(place.write("hostile.npz", _npz(x=np.full((9, 20), np.inf, np.float32))))],
    "no rows": lambda place: [str(place.write("hostile.npz", _npz(x=np.zeros((0, 20), np.float32))))],
    "objects that run code": lambda place: [
        str(place.write("hostile.npz", _npz(x=np.array([[Canary(place.canary)] * 20], dtype=object))))
    ],
    "a device": lambda _: ["/dev/zero"],
    "a table": lambda _: ["pool.csv"],
}


def _asking(pool: Make, place: Place) -> list[str]:
    return ["ask", str(place.run), "--rows", *pool(place)]
