"""The drift check on ZenML's default stack: the outcome becomes the exit code, and ZenML shows the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.checkout import ROOT, python


def drift(project: Path, *arguments: str) -> tuple[int, dict, str]:
    done = python(project / "zenml", "-m", "ntgate", "drift", str(project / "config.yaml"), "--json", *arguments)
    return done.returncode, json.loads(done.stdout), done.stderr


SHOW = """
import json, sys
from zenml.client import Client
from ntgate.config_file import load
from pipelines.drift_check import drift_check
runs = Client().list_pipeline_runs(sort_by="desc:created").items
steps = runs[0].steps
drift_check.prepare(config=load(sys.argv[1]))
print(json.dumps({
    "dynamic": drift_check.is_dynamic,
    "dag": {name: sorted(invocation.upstream_steps) for name, invocation in drift_check.invocations.items()},
    "pipelines": [run.pipeline.name for run in runs],
    "steps": {name: run_step.status.value for name, run_step in steps.items()},
    "page": steps["check_drift"].outputs["result"][0].visualizations[0].type.value,
    "metadata": dict(steps["check_drift"].run_metadata),
    "rows": steps["ingest"].run_metadata["rows"],
    "trained": steps["embed"].outputs["result"][0].load().source is not None,
}))
"""


def show(project: Path) -> dict:
    """What ZenML keeps of the last run; loading an artifact takes a main module that is a file."""
    (project / "show.py").write_text(f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{SHOW}")
    done = python(project / "zenml", str(project / "show.py"), str(project / "config.yaml"))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_pipeline_answers_as_the_inline_check_does(project):
    code, answer, log = drift(project, "--zenml")
    assert code == 3, log
    assert "Traceback" not in log
    inline_code, inline, _ = drift(project)
    assert inline_code == 3
    assert answer.keys() == inline.keys()
    assert answer["outcome"] == inline["outcome"] == "shift"
    for shift in (answer["shift"], inline["shift"]):
        del shift["seconds"], shift["attribution"]["seconds"]
    assert answer["shift"] == inline["shift"]
    assert Path(answer["report"]).is_file()

    tolerated, answer, log = drift(project, "--zenml", "--set", "shift.tolerated_effect=0.9")
    assert (tolerated, answer["outcome"]) == (0, "tolerated"), log

    seen = show(project)
    assert seen["pipelines"] == ["drift_check", "drift_check"]  # nothing was cached, so both ran
    assert seen["steps"] == dict.fromkeys(("ingest", "evidently", "embed", "check_drift"), "completed")
    assert seen["page"] == "html"
    assert seen["metadata"]["outcome"] == "tolerated"
    assert seen["metadata"]["p_value"] == pytest.approx(0.01)
    assert seen["rows"] == {"source": 700, "target": 60}
    assert seen["trained"] is True
    assert not (project / "mlflow.db").exists()


def test_unlabelled_rows_of_a_table_need_no_model_and_an_error_keeps_its_exit_code(tmp_path):
    for name, header, rows in (("source", "u,label", 60), ("target", "u", 40)):
        lines = [f"{i % 7}{f',{i % 2}' if name == 'source' else ''}" for i in range(rows)]
        (tmp_path / f"{name}.csv").write_text("\n".join([header, *lines]))
    (tmp_path / "config.yaml").write_text(
        "model: {name: t}\n"
        "data: {source: {path: source.csv}, target: {path: target.csv}}\n"
        'registry: {uri: "sqlite:///mlflow.db"}\n'
        "shift: {permutations: 99, evidently: false}\n"
    )
    code, answer, log = drift(tmp_path, "--zenml")
    assert (code, answer["outcome"]) == (0, "none"), log
    seen = show(tmp_path)
    assert seen["trained"] is False
    # A scheduler needs a DAG that is the same for all data: the step for the source model is there, and ends at once.
    assert seen["dynamic"] is False
    assert seen["dag"] == {"ingest": [], "evidently": ["ingest"], "embed": ["ingest"], "check_drift": ["embed", "ingest"]}

    (tmp_path / "target.csv").write_text("v\n1\n2\n")
    code, answer, log = drift(tmp_path, "--zenml")
    assert code == 5
    assert "Traceback" not in log
    assert "expected the columns of the source" in answer["errors"][0]["message"]
