"""The starter config is a config."""

from __future__ import annotations

import re
from pathlib import Path

from ntgate.config_file import load, parse

STARTER = Path(__file__).resolve().parents[2] / "deploy" / "config" / "retrain.yaml"


def test_it_loads_and_leaves_everything_else_to_the_defaults():
    config = load(STARTER)
    smallest = {
        "model": {"name": "my-model"},
        "data": {"source": {"path": "data/source.npz"}, "target": {"path": "data/target.npz"}},
        "registry": {"uri": "sqlite:///mlflow.db"},
    }
    assert config == parse(smallest, base=STARTER.parent)


def test_what_is_commented_out_is_valid_too(tmp_path):
    full = re.sub(r"^(\s*)# (\w+: .*)$", r"\1\2", STARTER.read_text(), flags=re.MULTILINE)
    (tmp_path / "retrain.yaml").write_text(full)
    config = load(tmp_path / "retrain.yaml")
    assert config.model.backbone.kind == "mlp"
    assert config.data.target_test is not None
    assert config.data.unlabelled is not None
