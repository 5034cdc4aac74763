"""Bad input: one clear sentence, its exit code, no traceback, no half-made version, and the champion where it was."""

from __future__ import annotations

import json
import pickle
import socket
from pathlib import Path

import numpy as np
import pytest

from ntgate.cli.app import run as command


def _rewrite(project: Path, part: str, **arrays: np.ndarray) -> None:
    with np.load(project / f"{part}.npz") as content:
        kept = {key: content[key] for key in content.files}
    np.savez(project / f"{part}.npz", **{**kept, **arrays})


def missing_file(project):
    (project / "target.npz").unlink()
    return [], 5, ["target.npz", "expected a file", "check the path"]


def truncated_file(project):
    content = (project / "target.npz").read_bytes()
    (project / "target.npz").write_bytes(content[: len(content) // 2])
    return [], 5, ["target.npz", "a damaged file", "write it again"]


def pickled_labels(project):
    np.savez(project / "target.npz", x=np.zeros((4, 64), np.float32), y=np.array([{}, {}, {}, {}], dtype=object))
    return [], 5, ["pickled objects, which could run code"]


def wrong_label_column(project):
    for part in ("source", "target", "target_test"):
        with np.load(project / f"{part}.npz") as content:
            rows = [",".join(map(str, (*x[:3], y))) for x, y in zip(content["x"], content["y"], strict=True)]
        (project / f"{part}.csv").write_text("\n".join(["a,b,c,lable", *rows]))
    sets = [f"data.{part}.path={part}.csv" for part in ("source", "target", "target_test")]
    return sets, 5, ["a column 'label'", "a, b, c, lable", "did you mean 'lable'"]


def unknown_key(project):
    return ["gate.aplha=0.1"], 2, ["gate.aplha", "an unknown key", "did you mean 'alpha'"]


def several_config_errors(project):
    return ["gate.aplha=0.1", "seed=-1", "gate.metric=acuracy"], 2, ["gate.aplha", "seed", "did you mean 'accuracy'"]


def nan_labels(project):
    with np.load(project / "target.npz") as content:
        y = content["y"].astype(float)
    y[[3, 5]] = np.nan
    _rewrite(project, "target", y=y)
    return [], 5, ["target.npz: y", "a label in every row", "rows 3, 5"]


def nan_rows(project):
    with np.load(project / "target.npz") as content:
        x = content["x"].copy()
    x[7, 0] = np.nan
    _rewrite(project, "target", x=x)
    return [], 5, ["target.npz: x", "NaN or infinity in row 7"]


def one_class(project):
    _rewrite(project, "target", y=np.full(60, 3))
    return [], 5, ["at least two classes", "only '3'"]


def class_unknown_to_training(project):
    with np.load(project / "target_test.npz") as content:
        y = content["y"].copy()
    y[0] = 77
    _rewrite(project, "target_test", y=y)
    return [], 5, ["target_test", "also '77'"]


def leaked_rows(project):
    """Half of the training rows stand in the test file too: more than a practitioner would take out without asking."""
    with np.load(project / "target.npz") as content:
        rows = content["x"][:30]
    with np.load(project / "target_test.npz") as content:
        x = content["x"].copy()
    x[:30] = rows
    _rewrite(project, "target_test", x=x)
    return [], 5, ["at most 20 % of the train rows among the test rows", "test on rows that no training row repeats"]


def shared_group(project):
    for part, first in (("target", 0), ("target_test", 14)):
        with np.load(project / f"{part}.npz") as content:
            n = len(content["y"])
        _rewrite(project, part, pupil=(first + np.arange(n) // 4).astype(str))
    return ["data.target.group=pupil", "data.target_test.group=pupil"], 5, ["no group in both", "'14'", "one side"]


def early_test_rows(project):
    for part, first in (("target", 100), ("target_test", 0)):
        with np.load(project / f"{part}.npz") as content:
            n = len(content["y"])
        _rewrite(project, part, day=first + np.arange(n))
    return ["data.target.time=day", "data.target_test.time=day"], 5, ["all later", "the earliest at 0", "cut the files"]


def nearly_leaked_rows(project):
    with np.load(project / "target.npz") as content:
        row = content["x"][4]
    with np.load(project / "target_test.npz") as content:
        x = content["x"].copy()
    x[11] = row + np.float32(1e-4)
    _rewrite(project, "target_test", x=x)
    return ["data.near_duplicates=refuse"], 5, ["no row that is nearly", "row 11", "row 4"]


def other_width(project):
    _rewrite(project, "target", x=np.zeros((60, 63), np.float32))
    return [], 5, ["rows of shape (64,) as in the source", "(63,)"]


def unreachable_registry(project):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = [f"registry.uri=http://user:secret@127.0.0.1:{port}", "gate.ledger.policy=none"]
    return settings, 6, ["an MLflow registry that answers", "start it"]


def pickle_instead_of_weights(project):
    (project / "weights.pt").write_bytes(pickle.dumps({"a": print}))
    return ["model.source_checkpoint=weights.pt"], 5, ["weights.pt", "a .safetensors file", "save the weights"]


def damaged_safetensors(project):
    (project / "weights.safetensors").write_bytes(b"\xff" * 100)
    return ["model.source_checkpoint=weights.safetensors"], 5, ["weights.safetensors", "damaged"]


def backbone_that_is_not_there(project):
    return ["model.backbone=no_such_module:Net"], 5, ["no_such_module", "check the import path"]


CASES = [
    missing_file,
    truncated_file,
    pickled_labels,
    wrong_label_column,
    unknown_key,
    several_config_errors,
    nan_labels,
    nan_rows,
    one_class,
    class_unknown_to_training,
    leaked_rows,
    shared_group,
    early_test_rows,
    nearly_leaked_rows,
    other_width,
    unreachable_registry,
    pickle_instead_of_weights,
    damaged_safetensors,
    backbone_that_is_not_there,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_bad_input(project, capsys, case):
    sets, expected_code, parts = case(project)
    arguments = ["run", str(project / "config.yaml"), "--inline", "--json"]
    for setting in sets:
        arguments += ["--set", setting]
    code = command(arguments)
    told = capsys.readouterr()
    assert code == expected_code
    assert "Traceback" not in told.err
    assert "secret" not in told.err + told.out
    for part in parts:
        assert part in told.err
    answer = json.loads(told.out)
    assert answer["schema"] == 1
    assert answer["exit_code"] == expected_code
    assert answer["errors"]
    assert all(error["expected"] and error["got"] and error["fix"] for error in answer["errors"])
    _no_version(project)


def _no_version(project: Path) -> None:
    if not (project / "mlflow.db").exists():
        return
    from ntgate.registry.client import connect
    from ntgate.registry.config import RegistryConfig
    from ntgate.registry.history import history

    assert history(connect(RegistryConfig(uri=f"sqlite:///{project / 'mlflow.db'}"), "reader")) == []


def test_all_config_errors_come_at_once(project, capsys):
    command(["validate", str(project / "config.yaml"), "--json", "--set", "gate.aplha=1", "--set", "seed=-1"])
    told = json.loads(capsys.readouterr().out)
    assert {error["path"] for error in told["errors"]} == {"gate.aplha", "seed"}


def test_the_champion_stays_where_it_was(project, capsys):
    assert command(["run", str(project / "config.yaml"), "--inline"]) == 0
    truncated_file(project)
    assert command(["run", str(project / "config.yaml"), "--inline"]) == 5
    capsys.readouterr()
    command(["status", "reader", "--uri", f"sqlite:///{project / 'mlflow.db'}", "--json"])
    versions = json.loads(capsys.readouterr().out)["versions"]
    assert [(entry["version"], entry["champion"], entry["state"]) for entry in versions] == [("1", True, "promoted")]
