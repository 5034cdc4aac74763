"""Configs that nobody means well with: each ends at once, with exit code 2 and one sentence."""

from __future__ import annotations

import math
import os
import time

import pytest

from ntgate.cli.app import run as command
from ntgate.config_file import load
from ntgate.errors import ConfigError
from ntgate.settings_file import plain

GOOD = """
model: {name: reader}
data: {source: {path: source.npz}, target: {path: target.npz}}
registry: {uri: "sqlite:///mlflow.db"}
"""
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9))
MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 9))

HOSTILE = {
    "alias bomb": (BOMB, "more than 200,000 values, aliases counted with what they repeat"),
    "bomb of merges": (MERGES, "more than 200,000 values"),
    "recursive alias": ("a: &a [*a]", "an alias to what it stands in, in line 1"),
    "alias through a mapping": ("a: &a {b: {c: *a}}", "an alias to what it stands in"),
    "deep brackets": ("a: " + "[" * 10_000 + "]" * 10_000, "more than 50 levels"),
    "deep mappings": ("a: " + "{a: " * 3_000 + "1" + "}" * 3_000, "more than 50 levels"),
    "number of 5,000 digits": ("seed: " + "9" * 5_000, "YAML or JSON"),
    "no such day": ("seed: 2024-13-45", "month must be in 1..12"),
    "tag": ("seed: !!python/object/apply:os.system [true]", "could not determine a constructor"),
    "a list as key": ("? [a]\n: 1", "is no text"),
    "a number as key": ("1: 2", "got an unknown key"),
    "control character": ("a: \x07", "special characters are not allowed"),
    "not UTF-8": (b"a: \xff", "can't decode byte 0xff"),
    "key twice": ("seed: 1\nseed: 2", "the key 'seed' stands twice, the second time in line 2"),
    "a document too large": ("# " + "x" * 2**21, "at most 2 MiB"),
    "NUL in a path": (GOOD + 'output: "a\\0b"', "output: expected text, got a NUL"),
    "half a character": (GOOD + 'output: "a\\ud800b"', "output: expected text"),
    "a home of nobody": (GOOD + "output: ~no-such-user/a", "expected a path"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_config_ends_at_once(tmp_path, case, capsys):
    content, part = HOSTILE[case]
    (tmp_path / "c.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    began = time.perf_counter()
    assert command(["validate", str(tmp_path / "c.yaml")]) == 2
    assert time.perf_counter() - began < 20
    told = capsys.readouterr().err
    assert part in told
    assert len(told) < 2000


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "loop"])
def test_a_config_is_a_regular_file(tmp_path, kind, capsys):
    path = {"device": "/dev/zero", "folder": str(tmp_path)}.get(kind, str(tmp_path / "c.yaml"))
    if kind == "pipe":
        os.mkfifo(path)
    if kind == "loop":
        os.symlink("c.yaml", path)
    assert command(["validate", path]) == 2
    assert "config file" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="config file"):
        load("a\0b")


def test_links_in_a_circle_in_a_path_are_told(tmp_path):
    (tmp_path / "c.yaml").write_text(GOOD.replace("mlflow.db", "loop/mlflow.db") + "output: loop/runs")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ConfigError, match="expected a path"):
        load(tmp_path / "c.yaml")


def test_aliases_and_merges_that_mean_well(tmp_path):
    (tmp_path / "c.yaml").write_text(
        "model: {name: reader}\ndata: {source: &rows {path: a.csv, label: y}, target: {<<: *rows, path: b.csv}}\n"
        'registry: {uri: "sqlite:///mlflow.db"}\n'
    )
    config = load(tmp_path / "c.yaml", ["training={steps: 5}"])
    assert (config.data.target.label, config.data.target.path, config.training.steps) == ("y", str(tmp_path / "b.csv"), 5)
    with pytest.raises(ConfigError, match="expected at most 50 levels"):
        load(tmp_path / "c.yaml", ["a." * 1000 + "b=1"])
    with pytest.raises(ConfigError, match="expected a YAML value"):
        load(tmp_path / "c.yaml", ["training=" + "[" * 10_000])


def test_a_character_that_json_writes_as_two_escapes(tmp_path):
    text = '{"model": {"name": "%s"}, "data": {"source": {"path": "a.csv"}, "target": {"path": "b.csv"}}, "registry": {"uri": "sqlite:///m.db"}}'
    (tmp_path / "c.json").write_text(text % r"reader \ud83d\ude00")
    config = load(tmp_path / "c.json")
    assert config.model.name == "reader 😀"
    assert type(config).model_validate_json(config.model_dump_json()) == config
    (tmp_path / "c.json").write_text(text % r"reader \ud83d")
    with pytest.raises(ConfigError, match=r"model\.name: expected text"):
        load(tmp_path / "c.json")


@pytest.mark.parametrize("text", ["010", "007", "12:30", "1:30.5", "0x1F", "0b1", "1_0", "1_0.5", "0o17"])
def test_what_yaml_once_took_for_a_number_is_text_as_written(text):
    """YAML 1.1 reads 8, 7, 750, 90.5, 31, 1, 10 and 10.5 of them: other labels than those that were written."""
    assert plain(f"[{text}]") == [text]


def test_numbers_are_numbers():
    assert plain("[0, -1, +5, 0.5, .5, 5., 1.5e+3, -.inf]") == [0, -1, 5, 0.5, 0.5, 5.0, 1500.0, -math.inf]
