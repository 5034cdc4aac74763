"""The extras of the package: declared and told alike, and not needed where they are not."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import ntgate
from ntgate import extras
from ntgate.cli.app import run as command
from ntgate.errors import ConfigError

PROJECT = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text())["project"]
BASE = """
import sys
from importlib.abc import MetaPathFinder
from ntgate.extras import MODULES
absent = {module for modules in MODULES.values() for module in modules}
class Nothing(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Nothing())
import ntgate.api, ntgate.cli.app, ntgate.flow, ntgate.gate, ntgate.shift, ntgate.shift.streamed.table_shift
for name in ntgate.shift.__all__:
    getattr(ntgate.shift, name)
"""


def without(monkeypatch, *modules: str) -> None:
    seen = extras.importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *rest: None if name in modules else seen(name, *rest))


def test_every_extra_is_known_and_all_has_them_all():
    declared = PROJECT["optional-dependencies"]
    assert set(declared) - {"all", "dev"} == set(extras.MODULES)
    assert set(declared["all"][0].removeprefix("ntgate[").removesuffix("]").split(",")) == set(extras.MODULES)
    assert "ntgate[all]" in declared["dev"]


def test_the_base_asks_for_ranges():
    assert not [line for line in PROJECT["dependencies"] if "==" in line]


def test_nothing_of_the_extras_is_imported_where_the_base_is_enough():
    done = subprocess.run([sys.executable, "-c", BASE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def config(folder: Path, backbone: str = "{kind: mlp}") -> str:
    for name in ("source", "target"):
        (folder / f"{name}.csv").write_text("\n".join(["a,y", *(f"{i % 7},{i % 2}" for i in range(80))]))
    text = f"""
model: {{name: t, backbone: {backbone}}}
data: {{source: {{path: source.csv, label: y}}, target: {{path: target.csv, label: y}}}}
registry: {{uri: "sqlite:///mlflow.db"}}
"""
    (folder / "retrain.yaml").write_text(text)
    return str(folder / "retrain.yaml")


@pytest.mark.parametrize("words", [["run", "--inline"], ["plan"], ["validate"]])
def test_a_command_without_its_extra_ends_before_it_begins(words, tmp_path, monkeypatch, capsys):
    without(monkeypatch, "mlflow")
    assert command([words[0], config(tmp_path), *words[1:]]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.endswith(': expected ntgate[mlflow], got no module mlflow; pip install "ntgate[mlflow]".')
    assert {path.name for path in tmp_path.iterdir()} == {"retrain.yaml", "source.csv", "target.csv"}


def test_what_the_config_asks_for_counts(tmp_path, monkeypatch, capsys):
    (tmp_path / "bert").mkdir()
    without(monkeypatch, "peft")
    assert command(["run", config(tmp_path, "{kind: transformers, path: bert}"), "--inline"]) == 2
    assert 'pip install "ntgate[transformers]"' in capsys.readouterr().err


def test_from_python_it_is_the_same_sentence(tmp_path, monkeypatch):
    without(monkeypatch, "torch", "mlflow")
    config(tmp_path)
    with pytest.raises(ConfigError, match=r'a run: expected ntgate\[torch,mlflow\], got no module torch; pip install "ntgate'):
        ntgate.run(tmp_path / "retrain.yaml", progress=False)


def test_an_import_that_fails_somewhere_below_is_no_internal_error(monkeypatch, capsys):
    def fails(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'sqlalchemy'", name="sqlalchemy.exc")

    monkeypatch.setattr("ntgate.cli.registry.registry_config", fails)
    assert command(["status", "t", "--uri", "sqlite:///none.db"]) == 2
    expected = 'error: this command: expected ntgate[mlflow], got no module sqlalchemy; pip install "ntgate[mlflow]".'
    assert capsys.readouterr().err.strip() == expected
