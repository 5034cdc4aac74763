"""The config file itself: YAML that stands for more than it says, names and paths that are none, files that are no files."""

from __future__ import annotations

import codecs
import gzip
import os
import pickle
from collections.abc import Iterator
from functools import partial
from typing import Any

import yaml

from hostile_inputs.canary import Canary
from hostile_inputs.hostile_input import HostileInput, Make, Place, validating
from hostile_inputs.project import smallest

DOOR = "config file"
GOOD = yaml.safe_dump(smallest())
_ALIASES = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9)
)
_MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 9))

TEXTS: dict[str, str | bytes] = {
    "bomb of aliases": _ALIASES,
    "bomb of merges": _MERGES,
    "alias to what it stands in": "a: &a [*a]",
    "alias to nothing": "a: *nobody",
    "merge of a list": "a: {<<: [1, 2]}",
    "brackets 200,000 deep": "[" * 200_000,
    "braces 200,000 deep": "{a: " * 200_000,
    "dashes 20,000 deep": "- " * 20_000,
    "lists 100,000 deep in JSON": '{"model": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "tag of Python's tuple": "model: !!python/tuple [a]",
    "tag of Python's name": "model: !!python/name:os.system",
    "tag of Python's module": "model: !!python/module:antigravity",
    "tag of one's own": "model: !mine {name: a}",
    "tag of bytes that are no text": GOOD + "output: !!binary gIGC",
    "tag of an ordered mapping": GOOD + "gate: !!omap [{alpha: 0.1}]",
    "key twice": GOOD + "seed: 1\nseed: 2\n",
    "key twice, once as an alias": "a: &k seed\n*k : 1\nseed: 2",
    "a list as key": "? [a]\n: 1",
    "a mapping as key": "? {a: 1}\n: 1",
    "null as key": GOOD + "null: 1",
    "two documents": GOOD + "---\n" + GOOD,
    "nothing": "",
    "blanks": " \n\t\n",
    "null": "null",
    "a number": "3",
    "a list": "- a",
    "a text": "hallo",
    "a date": "2024-01-01",
    "tab for indent": "model:\n\tname: a",
    "open quote": GOOD + 'output: "a',
    "open bracket": GOOD + "strategies: [a",
    "carriage returns alone": GOOD.replace("\n", "\r") + "seed: -1\r",
    "number of 5,000 digits": GOOD + "seed: " + "9" * 5000,
    "sexagesimal": GOOD + "seed: 190:20:30:59:59:59:59",
    "no such day": GOOD + "output: 2024-13-45",
    "UTF-16": GOOD.encode("utf-16"),
    "UTF-16 without a mark": GOOD.encode("utf-16-le"),
    "UTF-32": GOOD.encode("utf-32"),
    "Latin-1": (GOOD + "output: Übung").encode("latin-1"),
    "three byte order marks": codecs.BOM_UTF8 * 3 + GOOD.encode(),
    "a mark, then a wrong value": codecs.BOM_UTF8 + (GOOD + "seed: -1").encode(),
    "half of UTF-8": GOOD.encode() + b"output: \xe2\x82",
    "NUL": GOOD + "\0",
    "control characters": GOOD + "output: \x1b[2J\x07",
    "binary": bytes(range(256)) * 20,
    "an ELF program": b"\x7fELF" + bytes(1000),
    "gzip": gzip.compress(GOOD.encode()),
    "a pickle": pickle.dumps(smallest()),
    "3 MiB": "# " + "x" * 3 * 2**20,
    "1.9 MiB of keys": "\n".join(f"k{i}: 1" for i in range(180_000)),
    "unknown key at the top": GOOD + "sede: 1",
    "key of 100,000 letters": GOOD + f"{'k' * 100_000}: 1",
    "keys that Python has": GOOD + "__class__: {__init__: 1}",
    "key of pydantic": GOOD + "model_config: {extra: allow}",
    "base of itself": GOOD + "base: hostile.yaml",
    "base that is not there": GOOD + "base: nowhere.yaml",
    "base of a device": GOOD + "base: /dev/zero",
    "base of /proc": GOOD + "base: /proc/self/mem",
    "base of an address": GOOD + "base: http://127.0.0.1:1/base.yaml",
    "base of a list": GOOD + "base: [a]",
    "variable that is not set": GOOD + "output: ${NO_SUCH_VARIABLE_HERE}",
}

# What a setting may not be; under a path of the config.
SETTINGS: dict[str, list[tuple[str, Any]]] = {
    "model.name": [
        (shown, value)
        for shown, value in {
            "empty": "",
            "a folder": "..",
            "a path": "../../etc/passwd",
            "a backslash": "a\\b",
            "a colon": "a:b",
            "a percent": "a%2e",
            "a NUL": "a\0b",
            "a newline": "a\nb",
            "both quotes": "a'b\"c",
            "that of a lock": "reader.ntgate-lock",
            "blanks around": " a ",
            "300 letters": "a" * 300,
            "100 emoji": "\U0001f600" * 100,
            "right to left": "a\u202eb",
            "zero width": "a\u200bb",
            "escape": "a\x1b[31m",
            "a list": ["a"],
            "a mapping": {"a": 1},
            "null": None,
            "true": True,
        }.items()
    ],
    "model": [("a text", "a"), ("null", None), ("a list", []), ("a number", 3)],
    "model.backbone": [
        ("that is none", "mpl"),
        ("null kind", {"kind": None}),
        ("list of kinds", {"kind": ["mlp"]}),
        ("module that is not there", "no_such_module:Net"),
        ("class that is none", "os:system"),
        ("name with dots", "os:path.join.x"),
        ("module of nothing", ":"),
        ("module with blanks", "a b:c"),
        ("module above", "..:Net"),
        ("Python's main", "__main__:run"),
        ("hidden of a billion", {"kind": "mlp", "hidden": [10**9]}),
        ("10,000 layers", {"kind": "mlp", "hidden": [4] * 10_000}),
    ],
    "data": [("null", None), ("a path", "source.npz"), ("a list", ["source.npz"])],
    "data.target": [("null", None), ("a number", 3), ("a path", "target.npz")],
    "data.target.path": [("empty", ""), ("a NUL", "a\0b"), ("a list", ["a"]), ("a home of nobody", "~no-such-user/a.npz")],
    "data.target.format": [("unknown", "xlsx"), ("null", None)],
    "data.target.reader": [("that is none", "os:system"), ("module that is not there", "no.such:Reader")],
    "data.target.csv": [
        (f"encoding {name!r}", {"encoding": name}) for name in ("no-such", "", "a\0b", "utf-8" * 1000, "../../x", "é")
    ]
    + [("one sign for both", {"decimal": ",", "thousands": ","}), ("a separator of two", {"separator": "::"})],
    "data.label_map": [("a list", [1]), ("a list inside", {"a": [1]}), ("a mapping inside", {"a": {"b": 1}})],
    "data.missing_labels": [("a text", "a"), ("lists", [["a"]])],
    "data.columns": [("unknown kind", {"x0": "integer"}), ("a list", {"x0": ["number"]}), ("null", {"x0": None})],
    "data.images": [("a text", "large"), ("size of text", {"size": "big"}), ("unknown fit", {"size": 8, "fit": "stretchy"})],
    "strategies": [
        ("none", []),
        ("null", None),
        ("unknown", ["fine_tunning"]),
        ("one twice", ["linear_pool", "linear_pool"]),
        ("10,000 of them", ["linear_pool"] * 10_000),
        ("without kind", [{"steps": 3}]),
        ("code that is none", ["os:system"]),
    ],
    "scratch": [("none", []), ("null", None), ("unknown", ["networks"])],
    "compression": [("unknown", ["zip"]), ("a number", 3)],
    "gate.metric": [
        ("unknown", "acuracy"),
        ("code that is none", "os:system"),
        ("costs of NaN", {"kind": "expected_cost", "costs": [[0, float("nan")], [1, 0]]}),
        ("ragged costs", {"kind": "expected_cost", "costs": [[0, 1], [1]]}),
        ("no costs", {"kind": "expected_cost", "costs": []}),
    ],
    "gate.rules": [("code that is none", ["os:system"]), ("100 of them", ["a:B"] * 100), ("a text without colon", ["abc"])],
    "gate.slices": [("numbers", [3]), ("null", None), ("without a column", [{}])],
    "gate.approvers": [("a comma", ["a,b"]), ("100 of them", ["a"] * 100), ("a text of 1,000", ["a" * 1000])],
    "gate.ledger.policy": [("off", False), ("unknown", "free")],
    "gate.ledger.uri": [("no address", "nonsense"), ("in memory", "sqlite://"), ("a NUL", "sqlite:///a\0b")],
    "registry.uri": [
        ("no address", "nonsense"),
        ("empty", ""),
        ("in memory", "sqlite://"),
        ("a folder of files", "file:///tmp/mlruns"),
        ("javascript", "javascript:alert(1)"),
        ("a NUL", "sqlite:///a\0b"),
        ("null", None),
    ],
    "notify.webhook": [("an address", "https://hooks.example.org/T0/B0/x"), ("with blanks", "A B"), ("with a newline", "A\nB")],
    "notify.command": [("a text", "rm"), ("numbers", [{"a": 1}]), ("a NUL", ["true", "a\0b"])],
    "notify.outcomes": [("unknown", ["won"]), ("a text", "promoted")],
    "champion": [("unknown way", {"load": "pickle"}), ("a text", "pyfunc")],
    "output": [("a NUL", "a\0b"), ("a home of nobody", "~no-such-user/a"), ("a list", ["a"]), ("null", None)],
    "quick": [("a number", 7), ("null", None), ("a text", "maybe")],
    "kubeflow.pods.node_selector": [("a list", [1]), ("numbers", {"a": {"b": 1}})],
}

OVERRIDES = {
    "no equals sign": "seed",
    "no key": "=3",
    "dots alone": "...=3",
    "below a number": "seed.a=3",
    "brackets 10,000 deep": "training=" + "[" * 10_000,
    "a tag": "training=!!python/tuple [1]",
    "a key of 1,000 dots": "a." * 1000 + "b=1",
    "open quote": 'output="a',
    "a NUL": 'output="a\\0b"',
    "half a character": "output=a\ud800b",
}


def inputs() -> Iterator[HostileInput]:
    """Texts, settings, overrides, and files that are none."""
    usage, usage_or_model = frozenset({2}), frozenset({2, 5})  # code that cannot be imported is a bad model, as is a path to none
    for name, text in TEXTS.items():
        yield HostileInput(DOOR, name, partial(_text, text), usage, several=True)
    for name, code in _CODE.items():
        yield HostileInput(DOOR, name, partial(_executing, code), usage, several=True)
    for path, values in SETTINGS.items():
        for name, value in values:
            codes = usage_or_model if path in ("model.backbone", "data.target.path") else usage
            yield HostileInput(DOOR, f"{path}: {name}", partial(_setting, path, value), codes, several=True)
    for name, override in OVERRIDES.items():
        yield HostileInput(DOOR, f"--set with {name}", partial(_override, override), usage, several=True)
    for name, make in _FILES.items():
        yield HostileInput(DOOR, name, make, usage)
    yield HostileInput(DOOR, "modules beside it", _module_in_the_folder, usage, several=True)


_CODE = {
    "tag that calls": "model: !!python/object/apply:os.system ['touch {canary}']",
    "tag that makes": "model: !!python/object/new:os.system ['touch {canary}']",
    "tag that opens": "model: !!python/object/apply:builtins.open ['{canary}', 'w']",
    "tag that evaluates": "model: !!python/object/apply:builtins.eval [\"open('{canary}', 'w')\"]",
    "tag by its whole name": "model: !<tag:yaml.org,2002:python/object/apply:os.system> ['touch {canary}']",
    "command in a name": "model: {{name: '$(touch {canary})'}}\nseed: -1",
    "command in a variable": GOOD.replace("{", "{{").replace("}", "}}") + "output: '${{x:-$(touch {canary})}}'\nseed: -1\n",
    "template in a name": "model: {{name: '{{{{ cycler.__init__.__globals__.os.system(\"touch {canary}\") }}}}'}}\nseed: -1",
}


def _text(text: str | bytes, place: Place) -> list[str]:
    place.write("hostile.yaml", text)
    return list(validating("hostile.yaml"))


def _executing(code: str, place: Place) -> list[str]:
    return _text(code.format(canary=place.canary), place)


def _setting(path: str, value: Any, place: Place) -> list[str]:
    content = smallest()
    *above, last = path.split(".")
    here: Any = content
    for name in above:
        here = here.setdefault(name, {})
    here[last] = value
    return _text(yaml.safe_dump(content), place)


def _override(text: str, place: Place) -> list[str]:  # noqa: ARG001  the config as it is
    return list(validating("arrays.yaml", text))


def _pipe(place: Place) -> list[str]:
    os.mkfifo(place.folder / "hostile.yaml")
    return list(validating("hostile.yaml"))


def _loop(place: Place) -> list[str]:
    (place.folder / "hostile.yaml").symlink_to("hostile.yaml")
    return list(validating("hostile.yaml"))


def _based_on_a_pipe(place: Place) -> list[str]:
    os.mkfifo(place.folder / "base.yaml")
    return _text(GOOD + "base: base.yaml", place)


def _bases_in_a_circle(place: Place) -> list[str]:
    place.write("base.yaml", "base: hostile.yaml")
    return _text(GOOD + "base: base.yaml", place)


def _chain_of_bases(place: Place) -> list[str]:
    for i in range(3000):
        place.write(f"base{i}.yaml", f"base: base{i + 1}.yaml\n")
    return _text(GOOD + "base: base0.yaml", place)


def _module_in_the_folder(place: Place) -> list[str]:
    """Code beside the config that the config does not name is not run."""
    for name in ("yaml", "numpy", "json", "sitecustomize", "conftest"):
        place.write(f"{name}.py", f"open({str(place.canary)!r}, 'w')\n")
    return _text("model: 3", place)


def _pickle_by_name(place: Place) -> list[str]:
    return _text(pickle.dumps(Canary(place.canary)), place)


_FILES: dict[str, Make] = {
    "a pipe": _pipe,
    "a link to itself": _loop,
    "a device": lambda _: validating("/dev/zero"),
    "endless random bytes": lambda _: validating("/dev/urandom"),
    "a folder": lambda _: validating("."),
    "memory of the process": lambda _: validating("/proc/self/mem"),
    "nothing by that name": lambda _: validating("nowhere.yaml"),
    "a name of 5,000 letters": lambda _: validating("a" * 5000 + ".yaml"),
    "a name that is an option": lambda _: validating("--"),
    "base that is a pipe": _based_on_a_pipe,
    "bases in a circle": _bases_in_a_circle,
    "bases 3,000 deep": _chain_of_bases,
    "a pickle that runs code": _pickle_by_name,
}
