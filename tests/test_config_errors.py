"""Every place in a config under wrong values: each is refused in words of ours, and each number has its range."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import pytest
from pydantic import BaseModel

from ntgate.config import RunConfig
from ntgate.config_file import parse
from ntgate.config_keys import children, kinds
from ntgate.errors import ConfigErrors

SMALLEST = {
    "model": {"name": "reader"},
    "data": {"source": {"path": "source.npz"}, "target": {"path": "target.npz"}},
    "registry": {"uri": "sqlite:///mlflow.db"},
}
# Words of pydantic, with which no user has to deal.
FOREIGN = (
    "Input should",
    "input should",
    "Value error",
    "value_error",
    "validation error",
    "union_tag",
    "_type",
    "Unable to",
    "Extra inputs",
    "Field required",
    "pydantic",
    "instance of",
    "dictionary",
)
WRONG = (
    "text",
    "",
    3.7,
    -1,
    0,
    10**30,
    1e-300,
    math.nan,
    math.inf,
    True,
    None,
    [],
    [None],
    {},
    {"a": 1},
    {"kind": "none"},
    [{"kind": 3}],
    b"x",
)


def told(content):
    """The sentences about a config; None where it is fine."""
    try:
        parse(content, Path("/"))
    except ConfigErrors as error:
        return [str(problem) for problem in error.problems]
    return None


def placed(path, value):
    content = copy.deepcopy(SMALLEST)
    here = content
    for part, following in zip(path, [*path[1:], None], strict=True):
        if isinstance(part, int):
            here.append(value if following is None else {})
            here = here[0]
            continue
        name, _, kind = part.partition("=")
        if following is None:
            here[name] = value
        elif isinstance(following, int):
            here[name] = []
        elif not isinstance(here.get(name), dict):
            here[name] = {}
        here = here[name]
        if kind:
            here["kind"] = kind
    return content


def walk(model: type[BaseModel], path=(), location=()):
    """Every path of the config, one for each kind of a union."""
    for name in model.model_fields:
        yield (*path, name), (*location, name)
        seen = [part.partition("=")[0] for part in path if isinstance(part, str)]
        for child in children(RunConfig, (*(part.partition("=")[0] for part in path if isinstance(part, str)), name), location):
            if name in seen:
                continue
            kind = child.model_fields["kind"].default if "kind" in child.model_fields else None
            listed = name in ("strategies", "compression", "slices")
            below = (*path, name, 0) if listed else (*path, f"{name}={kind}" if kind else name)
            yield from walk(child, below, (*location, name, *((kind,) if kind else ())))


PATHS = sorted({path for path, _ in walk(RunConfig) if 0 not in path})


def test_the_walk_finds_the_places():
    assert ("gate", "alpha") in PATHS
    assert ("model", "backbone=mlp", "hidden") in PATHS
    assert len(PATHS) > 60


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_wrong_values_are_told_in_our_words(path):
    for value in WRONG:
        for sentence in told(placed(path, value)) or []:
            assert not any(word in sentence for word in FOREIGN), (value, sentence)
            assert "\n" not in sentence
            assert len(sentence) < 1500


@pytest.mark.parametrize(("union", "path"), [("strategies", ("strategies",)), ("compression", ("compression",))])
@pytest.mark.parametrize("value", [*WRONG, *[[value] for value in WRONG]], ids=repr)
def test_unions_in_lists_too(union, path, value):
    for sentence in told(placed(path, value)) or []:
        assert not any(word in sentence for word in FOREIGN), sentence
    for kind in kinds(RunConfig, path):
        for name in next(m for m in children(RunConfig, path, (kind,))).model_fields:
            for sentence in told(placed(path, [{"kind": kind, name: value}])) or []:
                assert not any(word in sentence for word in FOREIGN), sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"data": {**SMALLEST["data"], "label": "y"}}, "under data.source, data.target, data.target_test, data.unlabelled."),
        ({"alpha": 0.1}, "'alpha' belongs under shift, gate"),
        ({"gate": {"seed": 1}}, "'seed' belongs at the top."),
        ({"gate": {"alhpa": 0.1}}, "did you mean 'alpha'?"),
        ({"stepz": 3}, "did you mean 'steps' under training?"),
        ({"gate": {"horizon": 52}}, "'horizon' belongs under gate.ledger."),
        ({"training": {"zzz": 52}}, "an unknown key; remove it."),
        ({"strategies": ["fine_tunning"]}, "did you mean 'fine_tuning'?"),
        ({"strategies": [{"probe_first": True}]}, "strategies.0: expected a kind: fine_tuning, "),
        ({"strategies": 3}, "strategies: expected a list, got 3"),
        ({"strategies": []}, "strategies: expected at least 1 of them"),
        ({"model": {"name": "a", "backbone": {"hidden": [3]}}}, "model.backbone: expected a kind: mlp, cnn, import, transformers"),
        ({"model": {"name": "a", "backbone": "mpl"}}, "did you mean 'mlp'?"),
        ({"model": {"name": "a/b"}}, r"model.name: expected text without / : % or \, got 'a/b'"),
        ({"model": {"name": ".."}}, "model.name: expected a name, not a folder, got '..'"),
        ({"model": {"name": "."}}, "a name, not a folder"),
        ({"model": {"name": " a"}}, "a name without spaces around it"),
        ({"model": {"name": "a\tb"}}, "a name that can be printed"),
        ({"model": {"name": "a'b\"c"}}, "a name with one kind of quotes at most"),
        ({"model": {"name": "m.ntgate-lock"}}, "that of a promotion lock"),
        ({"model": {"name": "\U0001f600" * 100}}, "a name of at most 240 bytes"),
        ({"model": {"name": "a", "backbone": {"kind": "mlp", "hidden": [10**9]}}}, "hidden.0: expected a number of at most 16,384"),
        ({"seed": True}, "seed: expected a number, got True"),
        ({"version": 2, "unheard": "of"}, "version: expected 1, the form of config that ntgate"),
        ({"gate": {"max_onnx_difference": math.inf}}, "gate.max_onnx_difference: expected a number of at most 1, got inf"),
        ({"gate": {"max_onnx_difference": math.nan}}, "gate.max_onnx_difference: expected a number of at most 1, got nan"),
        ({"gate": {"alpha": 1e-300}}, "gate.alpha: expected a number of at least 1e-06"),
        ({"shift": {"permutations": 10**12}}, "shift.permutations: expected a number of at most 100,000"),
        ({"training": {"steps": 10**12, "evaluations": 1e12}}, "training.evaluations: expected a number of at most 100,000"),
        ({"gate": {"resamples": 10**400}}, "gate.resamples: expected a"),
        ({"registry": {"uri": "nonsense"}}, "registry.uri: expected sqlite:///FILE"),
        ({"compression": {"kind": "prunning"}}, "did you mean 'pruning'?"),
        ({"gate": {"ledger": "off"}}, "gate.ledger: expected a mapping of settings, got 'off'"),
    ],
)
def test_what_is_said(content, sentence):
    assert any(sentence in found for found in told({**SMALLEST, **content})), told({**SMALLEST, **content})


def test_a_kind_alone_stands_for_its_defaults():
    for written in ("fine_tuning", ["fine_tuning"], {"kind": "fine_tuning"}, [{"kind": "fine_tuning"}]):
        config = parse({**SMALLEST, "strategies": written}, Path("/"))
        assert [strategy.kind for strategy in config.strategies] == ["fine_tuning"]


def test_numbers_may_still_come_as_text():
    config = parse({**SMALLEST, "seed": "3", "gate": {"alpha": "1e-2"}}, Path("/"))
    assert (config.seed, config.gate.alpha) == (3, 0.01)


def test_every_number_of_the_config_has_a_range():
    def numbers(part, path):
        if isinstance(part, list):
            for i, below in enumerate(part):
                yield from numbers(below, (*path, i))
        if isinstance(part, dict):
            if part.get("type") in ("integer", "number"):
                yield path, part
            for name, below in part.items():
                yield from numbers(below, (*path, name))

    schema = RunConfig.model_json_schema()
    found = [(path, part) for path, part in numbers(schema, ()) if "JsonValue" not in path]
    without = [
        path
        for path, part in found
        if not ({"minimum", "exclusiveMinimum"} & set(part) and {"maximum", "exclusiveMaximum"} & set(part))
    ]
    assert len(found) > 60
    assert not without
