"""Configs that rest on another file."""

from __future__ import annotations

import json

import pytest

from ntgate.cli.app import run as command
from ntgate.config_file import load
from ntgate.errors import ConfigError

COMMON = """
data: {source: {path: source.npz}, target: {path: "${ROOT_OF_ROWS}/none.npz"}}
registry: {uri: "sqlite:///mlflow.db"}
gate: {alpha: 0.01, margin: 0.02}
training: {steps: 50}
"""


@pytest.fixture
def common(tmp_path, monkeypatch):
    monkeypatch.setenv("ROOT_OF_ROWS", "/rows")
    (tmp_path / "fleet").mkdir()
    (tmp_path / "common.yaml").write_text(COMMON)
    return tmp_path / "fleet" / "reader.yaml"


def test_a_config_says_what_differs(common):
    common.write_text("base: ../common.yaml\nmodel: {name: reader}\ngate: {alpha: 0.05}\ndata: {target: {path: mine.npz}}\n")
    config = load(common)
    assert (config.gate.alpha, config.gate.margin, config.training.steps) == (0.05, 0.02, 50)
    here = common.parent
    assert config.data.source.path == str(here.parent / "source.npz")  # by the folder of the file that names it
    assert config.data.target.path == str(here / "mine.npz")
    assert config.registry.uri == f"sqlite:///{here.parent}/mlflow.db"
    assert config.output == str(here / "runs")


def test_references_are_filled_in_wherever_they_stand(common):
    common.write_text("base: ../common.yaml\nmodel: {name: reader}\n")
    assert load(common).data.target.path == "/rows/none.npz"
    assert load(common, ["gate.alpha=0.1"]).gate.alpha == 0.1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("base: reader.yaml", "rest on one another in a circle"),
        ("base: 3", "expected the path of a config file, got 3"),
        ("base: none.yaml", "expected a config file, got no such file"),
        ("base: ../list.yaml", "expected a mapping of settings, got a list"),
    ],
)
def test_a_base_that_is_none(common, text, sentence):
    (common.parent.parent / "list.yaml").write_text("[1]")
    common.write_text(text)
    with pytest.raises(ConfigError, match=sentence):
        load(common)


def test_the_schema_knows_it(capsys):
    assert command(["schema"]) == 0
    assert "base" in json.loads(capsys.readouterr().out)["properties"]
