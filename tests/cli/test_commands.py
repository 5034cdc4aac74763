"""The command line as a user meets it."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

import numpy as np
import pytest

from ntgate.cli.app import run as command


def printed(capsys, *arguments):
    capsys.readouterr()
    code = command(list(arguments))
    return code, json.loads(capsys.readouterr().out)


def test_schema_is_a_json_schema_of_the_config(capsys):
    import jsonschema

    code, schema = printed(capsys, "schema", "--json")
    assert code == 0
    assert schema["schema"] == 1
    jsonschema.Draft202012Validator.check_schema(schema)
    smallest = {
        "model": {"name": "digits-reader"},
        "data": {"source": {"path": "source.npz"}, "target": {"path": "target.npz"}},
        "registry": {"uri": "sqlite:///mlflow.db"},
    }
    jsonschema.validate(smallest, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**smallest, "gaet": {}}, schema)


def test_validate_counts_the_rows_and_writes_nothing(project, capsys):
    before = sorted(project.iterdir())
    code, answer = printed(capsys, "validate", str(project / "config.yaml"), "--json")
    assert (code, answer["valid"]) == (0, True)
    assert (answer["rows"]["source"], answer["rows"]["test"]) == (700, 600)
    assert answer["rows"]["train"] + answer["rows"]["validation"] == 60
    assert answer["parts"]["test"]["labels"]["3"] > 40
    assert sum(answer["parts"]["source"]["labels"].values()) == 700
    assert (answer["leakage"]["test_rows"], answer["leakage"]["positions"]) == (600, [])
    assert sorted(project.iterdir()) == before


def test_validate_tells_people_of_labels_groups_times_and_leaks(project, capsys):
    for name, first in (("target", 0), ("target_test", 60)):
        with np.load(project / f"{name}.npz") as content:
            arrays = {key: content[key] for key in content.files}
        numbers = first + np.arange(len(arrays["y"]))
        np.savez(project / f"{name}.npz", **arrays, pupil=numbers // 4, day=numbers)
    sets = [f"data.{part}.{key}" for part in ("target", "target_test") for key in ("group=pupil", "time=day")]
    assert command(["validate", str(project / "config.yaml"), *[word for pair in sets for word in ("--set", pair)]]) == 0
    told = capsys.readouterr().out
    assert "test        600 rows: " in told
    assert "; 150 groups; times 60 to 659" in told
    assert "No group is broken between the test rows and train, validation." in told
    assert "No time order is broken between the test rows and train, validation." in told
    assert "None of the 600 test rows has a near duplicate" in told


def test_plan_gives_an_order_with_reasons(project, capsys):
    code, answer = printed(capsys, "plan", str(project / "config.yaml"), "--json")
    assert code == 0
    assert len(answer["plan"]) == 3
    assert all(row["reason"] for row in answer["plan"])
    assert answer["steps"] == 200


def test_quiet_leaves_the_answer_alone(project, capsys):
    assert command(["plan", str(project / "config.yaml")]) == 0
    assert "[" in capsys.readouterr().err
    assert command(["plan", str(project / "config.yaml"), "--quiet"]) == 0
    told = capsys.readouterr()
    assert "linear_pool" in told.out or "fine_tuning" in told.out
    assert told.err == ""


def test_doctor_says_what_is_here(capsys):
    code, answer = printed(capsys, "doctor", "--json")
    assert (code, answer["healthy"]) == (0, True)
    assert {"python", "torch", "mlflow", "zenml", "device"} <= {check["name"] for check in answer["checks"]}


def test_status_of_a_model_that_is_not_there(tmp_path, capsys):
    code, answer = printed(capsys, "status", "nobody", "--uri", f"sqlite:///{tmp_path}/mlflow.db", "--json")
    assert (code, answer["versions"]) == (0, [])


@pytest.mark.parametrize("arguments", [["run"], ["no-such-command"], ["run", "c.yaml", "--no-such-option"]])
def test_usage_errors(arguments, capsys):
    assert command([*arguments, "--json"]) == 2
    told = capsys.readouterr()
    assert json.loads(told.out)["exit_code"] == 2
    assert "Traceback" not in told.err


@pytest.mark.parametrize(
    ("setting", "part"),
    [
        ("seed", "--set seed: expected key.sub=value, got no '='"),
        ("model.name.x=1", "expected a mapping at 'name'"),
        ("data.source.path=${NO_SUCH_VARIABLE}", "expected the environment variable NO_SUCH_VARIABLE"),
        ("strategies=[{kind: fine_tuning}, {kind: fine_tuning}]", "each strategy once"),
        ("strategies=[{kind: finetuning}]", "did you mean 'fine_tuning'"),
        ("model={}", "model.name: expected a value, got nothing; add 'name'"),
    ],
)
def test_config_errors(project, capsys, setting, part):
    assert command(["validate", str(project / "config.yaml"), "--set", setting]) == 2
    assert part in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "part"),
    [("", "got an empty file"), ("[1]", "got a list"), ("a: [", "YAML or JSON"), ("seed: 1\nseed: 2", "stands twice")],
)
def test_unreadable_configs(tmp_path, capsys, text, part):
    (tmp_path / "c.yaml").write_text(text)
    assert command(["validate", str(tmp_path / "c.yaml")]) == 2
    assert part in capsys.readouterr().err


def test_no_config(capsys):
    assert command(["validate", "nowhere.yaml"]) == 2
    assert "expected a config file, got no such file" in capsys.readouterr().err


def test_an_internal_error_is_kept_in_a_file(monkeypatch, capsys):
    monkeypatch.setattr("ntgate.config_file.load", lambda *_: 1 / 0)
    assert command(["validate", "c.yaml", "--json"]) == 1
    told = capsys.readouterr()
    assert "internal error (ZeroDivisionError" in told.err
    assert "Traceback" not in told.err
    path = told.err.strip().rsplit(" ", 1)[1]
    with open(path, encoding="utf-8") as file:
        assert "ZeroDivisionError" in file.read()
    os.unlink(path)


def test_numpy_or_torch_cannot_spoil_the_answer():
    """Whatever prints to standard output, C code included, goes to standard error."""
    code = (
        "import os\nfrom ntgate.cli import console\n"
        "with console.claimed():\n    print('chatter'); os.system('echo more'); console.answer({'a': float('nan')})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"schema": 1, "a": None}
    assert "chatter" in done.stderr
    assert "more" in done.stderr


@pytest.mark.parametrize(("code", "seconds"), [("import ntgate", 0.3), ("import ntgate.config", 1.0)])
def test_imports_are_quick(code, seconds):
    assert best_of_three([sys.executable, "-c", code]) < seconds


def test_help_is_quick():
    assert best_of_three([sys.executable, "-m", "ntgate", "--help"]) < 0.6


def best_of_three(arguments):
    """Seconds of processor time, which a busy machine does not change."""
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(arguments, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)
