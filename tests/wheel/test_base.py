"""What `pip install ntgate` brings, and what it says of the rest."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from tests.wheel.installed import built, installed, told

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]

CONFIG = """
model: {name: t}
data: {source: {path: source.csv, label: y}, target: {path: target.csv, label: y}}
registry: {uri: "sqlite:///mlflow.db"}
strategies: [{kind: fine_tuning}]
shift: {permutations: 99}
"""
PYTHON = """
import sys
import numpy as np
import ntgate, ntgate.shift
rng = np.random.default_rng(0)
x, y = rng.normal(size=(500, 4)), rng.normal(size=(500, 4)) + 0.5
assert ntgate.shift.mmd_test(x, y).p_value < 0.01
assert ntgate.shift.mmd_test(x, y, scheme="rows", permutations=19).p_value == 0.05
assert ntgate.shift.mmd_test(x, y, method="random_features").p_value < 0.01
assert ntgate.shift.proxy_a_distance(x, y).distance > 0
assert ntgate.ShiftTest(permutations=99).fit(x).test(y).outcome == "shift"
labels = ["yes", "no"] * 100
assert ntgate.gate(labels, labels[:190] + ["no"] * 10, labels[:150] + ["no"] * 50).outcome == "promoted"
try:
    ntgate.run(source="source.csv", target="target.csv", label="y", progress=False)
except ntgate.errors.ConfigError as error:
    print(error)
"""
SAID = {
    "run retrain.yaml --inline": "torch,mlflow",
    "run retrain.yaml": "zenml",
    "validate retrain.yaml": "torch,mlflow",
    "plan retrain.yaml": "torch,mlflow",
    "drift retrain.yaml --zenml": "zenml",
    "drift retrain.yaml --workers 2": "dask",
    "kfp compile retrain.yaml --image x/y:1 -o p.yaml": "kubeflow",
    "status t --uri http://127.0.0.1:9": "mlflow",
    "ledger adopt retrain.yaml": "mlflow",
    "up": "zenml",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    commands = installed(built(folder), folder / "venv")
    draws = random.Random(0)
    for name, rows, by in (("source", 200, 0), ("target", 160, 0.8)):
        lines = [f"{draws.gauss(i % 2 + by, 1):.6f},{draws.random():.6f},{i % 2}" for i in range(rows)]
        (folder / f"{name}.csv").write_text("\n".join(["a,b,y", *lines]))
    (folder / "retrain.yaml").write_text(CONFIG)
    return folder, commands


def test_the_base_has_no_network_no_registry_and_no_stack(place):
    folder, commands = place
    listed = told(commands / "python", "-m", "pip", "list", "--format", "json", cwd=folder)
    names = {package["name"].lower() for package in json.loads(listed.stdout)}
    assert not names & {"torch", "mlflow", "zenml", "evidently", "onnx", "onnxruntime", "kfp", "sqlalchemy"}


def test_shift_tests_and_the_gate_work_from_python(place):
    folder, commands = place
    done = told(commands / "python", "-c", PYTHON, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == 'a run: expected ntgate[torch,mlflow], got no module torch; pip install "ntgate[torch,mlflow]".\n'


def test_a_table_is_measured_and_shown(place):
    folder, commands = place
    done = told(commands / "ntgate", "drift", "retrain.yaml", "--json", cwd=folder)
    assert done.returncode == 3, done.stderr
    assert 'no Evidently page: it comes with pip install "ntgate[report]"' in done.stderr
    assert "<svg" in Path(json.loads(done.stdout)["report"]).read_text()


@pytest.mark.parametrize("line", ["--help", "--version", "schema", "doctor", "init project"])
def test_commands_that_need_no_more(place, line):
    folder, commands = place
    done = told(commands / "ntgate", *line.split(), cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("line", "extras"), SAID.items())
def test_every_other_command_says_which_extra_it_takes(place, line, extras):
    folder, commands = place
    done = told(commands / "ntgate", *line.split(), cwd=folder)
    assert done.returncode == 2, done.stdout + done.stderr
    expected = rf'expected ntgate\[{extras}\], got no module \w+; pip install "ntgate\[{extras}\]"'
    assert re.fullmatch(rf"error: .*: {expected}\.\n", done.stderr)
