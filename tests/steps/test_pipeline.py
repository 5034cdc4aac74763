"""The pipeline on ZenML's default stack, with a real MLflow server, read back over HTTP."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.checkout import ROOT, python

COMPRESSED = "compression=[{kind: pruning, structured: true, sparsity: 0.3}, quantisation]"
SINGLE = (
    "gate.compression_margin=0.06",
    "committee=null",
    "strategies=[domain_adversarial, feature_extraction]",
    "scratch=[network]",
)


def ntgate(project: Path, *arguments: str) -> tuple[int, dict, str]:
    """Run the command line in a process of its own, with a ZenML configuration of its own, from the checkout's pipelines."""
    done = python(project / "zenml", "-m", "ntgate", *arguments, "--json")
    return done.returncode, json.loads(done.stdout), done.stderr


def get(server: str, path: str, **query: str) -> dict:
    with urllib.request.urlopen(f"{server}/api/2.0/mlflow/{path}?{urllib.parse.urlencode(query)}", timeout=30) as response:
        return json.load(response)


def post(server: str, path: str, **body: object) -> dict:
    asked = urllib.request.Request(
        f"{server}/api/2.0/mlflow/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=30) as response:
        return json.load(response)


@pytest.fixture
def answered(project: Path, server: str) -> tuple[Path, str, int, dict, str]:
    config = str(project / "config.yaml")
    settings = (
        f"registry.uri={server}",
        f"gate.ledger.uri=sqlite:///{project / 'ledger.db'}",
        "shift.evidently=true",
        COMPRESSED,
        *SINGLE,
    )
    code, result, log = ntgate(project, "run", config, *(part for setting in settings for part in ("--set", setting)))
    return project, server, code, result, log


def test_pipeline_on_zenml_with_a_server(answered):
    project, server, code, result, log = answered
    assert code == 0, log
    assert "Traceback" not in log
    version = get(server, "registered-models/alias", name="reader", alias="champion")["model_version"]
    assert version["version"] == result["registry"]["version"]
    tags = {tag["key"]: tag["value"] for tag in version["tags"]}
    assert tags["ntgate.decision_id"] == result["decision_id"]
    assert tags["ntgate.state"] == "promoted"
    assert tags["ntgate.previous_champion"] == "none"
    run_id = result["registry"]["run_id"]
    parent = get(server, "runs/get", run_id=run_id)["run"]
    files = {entry["path"] for entry in get(server, "artifacts/list", run_id=run_id)["files"]}
    told = {"decision.json", "result.json", "scores.npz", "confusion.json"}
    assert files == {*told, "report.html", "drift.html", "evidently.html", "gains.png", "confusion.png", "reliability.png"}
    found = post(
        server, "runs/search", experiment_ids=[parent["info"]["experiment_id"]], filter=f"tags.mlflow.parentRunId = '{run_id}'"
    )["runs"]
    names = {run["info"]["run_name"] for run in found}
    assert names == {"scratch", "network", "feature_extraction", "domain_adversarial"}
    assert version["run_id"] in {run["info"]["run_id"] for run in found}
    judged = next(run for run in found if run["info"]["run_id"] == version["run_id"])
    metrics = {metric["key"]: metric["value"] for metric in judged["data"]["metrics"]}
    assert metrics["test_accuracy"] == pytest.approx(result["candidate"]["value"])
    assert {entry["dataset"]["name"] for entry in judged["inputs"]["dataset_inputs"]} == {"source", "train", "validation", "test"}

    # The same flow in one process comes to the same decision.
    inline_code, inline, _ = ntgate(
        project,
        "run",
        str(project / "config.yaml"),
        "--inline",
        "--dry-run",
        *(part for setting in ("shift.evidently=true", COMPRESSED, *SINGLE) for part in ("--set", setting)),
    )
    assert inline_code == 0
    for key in ("outcome", "decision_id", "gain", "gain_interval", "p_value", "alpha"):
        assert inline[key] == result[key], key
    assert inline["candidate"]["value"] == result["candidate"]["value"]
    for arm in ("candidate", "scratch"):
        assert Path(inline["onnx"][arm]).read_bytes() == Path(result["onnx"][arm]).read_bytes(), arm
    for key in ("bytes", "parameters", "validation", "value"):
        assert inline["compression"]["after"][key] == result["compression"]["after"][key], key
    assert [row["validation"] for row in inline["plan"]] == [row["validation"] for row in result["plan"]]

    # Reports and metadata show in ZenML.
    shown = python(project / "zenml", "-c", SHOW)
    assert shown.returncode == 0, shown.stderr
    seen = json.loads(shown.stdout.splitlines()[-1])
    assert seen["visualisations"] == {"drift": "html", "evidently": "html", "promote": "html"}
    assert seen["outcome"] == "promoted"
    assert seen["rows"]["test"] == 600
    assert {name for name, told in seen["steps"].items() if "seconds" not in told} == {"announce"}  # a project's own step
    assert all("outcome" in told for name, told in seen["steps"].items() if name not in ("announce", "ingest", "evidently"))
    decided = seen["steps"]["decide"]
    assert (decided["outcome"], decided["test_rows"], decided["rules"]["champion"]) == ("promoted", 600, "pass")
    assert seen["steps"]["compress"]["outcome"] == "pruning, quantisation"
    assert seen["tags"] == ["ntgate model: reader", "ntgate: promoted"]
    experiment = result["registry"]["experiment_id"]
    assert seen["run"]["mlflow_run"] == f"{server}/#/experiments/{experiment}/runs/{run_id}"
    assert seen["run"]["mlflow_version"] == f"{server}/#/models/reader/versions/1"
    assert seen["run"]["outcome"] == "promoted"
    assert set(seen["model"]) == {"all runs", "mlflow-1"}
    assert seen["model"]["all runs"] == [None, {}, [seen["name"]]]
    stage, facts, runs = seen["model"]["mlflow-1"]
    assert (stage, runs) == ("production", [seen["name"]])
    assert (facts["mlflow_version"], facts["decision_id"]) == ("1", result["decision_id"])
    assert facts["mlflow_page"] == seen["run"]["mlflow_version"]
    assert "drift: measure the shift" in log  # while it runs
    assert "feature_extraction: step " in log


SHOW = """
import json
from zenml.client import Client
run = Client().list_pipeline_runs(sort_by="desc:created").items[0]
steps = run.steps
shown = {}
for name in ("drift", "evidently", "promote"):
    shown[name] = steps[name].outputs["result"][0].visualizations[0].type.value
print(json.dumps({
    "visualisations": shown,
    "outcome": steps["promote"].run_metadata["outcome"],
    "rows": steps["ingest"].run_metadata["rows"],
    "steps": {name: dict(step.run_metadata) for name, step in steps.items()},
    "tags": sorted(tag.name for tag in run.tags),
    "run": dict(run.run_metadata),
    "model": {
        version.name: [version.stage, dict(version.run_metadata), sorted(one.name for one in version.pipeline_runs.values())]
        for version in Client().list_model_versions(model=Client().list_models(name="reader").items[0].id, hydrate=True).items
    },
    "name": run.name,
}, default=str))
"""


def test_an_error_in_a_step_keeps_its_sentence_and_its_exit_code(project):
    (project / "target.npz").write_bytes(b"nothing")
    code, answer, log = ntgate(project, "run", str(project / "config.yaml"))
    assert code == 5
    assert "Traceback" not in log
    assert answer["errors"][0]["path"].endswith("target.npz")
    assert not (project / "mlflow.db").exists()


@pytest.mark.parametrize("path", sorted((ROOT / "steps").glob("*.py")), ids=lambda path: path.stem)
def test_steps_hold_no_logic(path):
    import ast

    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 30
        assert not isinstance(node, ast.For | ast.While | ast.Try)
