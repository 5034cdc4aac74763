"""Compression in the whole flow: the gate judges what would be shipped, and the answer tells what it cost."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from ntgate.cli.app import run as command
from ntgate.config_file import load
from ntgate.export.runtime import class_names, scores_onnx
from ntgate.flow import run
from ntgate.registry.champion import champion
from ntgate.registry.client import connect
from ntgate.transport import sha256_file


@pytest.fixture
def project(project: Path) -> Path:
    """One network is the candidate, so that what is compressed is it and not what a committee was distilled to."""
    config = yaml.safe_load((project / "config.yaml").read_text())
    config |= {"committee": None, "strategies": ["domain_adversarial"], "scratch": ["network"]}
    (project / "config.yaml").write_text(yaml.safe_dump(config))
    return project


def finding(result, rule):
    return next(found for found in result["findings"] if found["rule"] == rule)


def answer(project: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict]:
    capsys.readouterr()
    code = command(["run", str(project / "config.yaml"), "--inline", "--json", *more])
    return code, json.loads(capsys.readouterr().out)


def test_a_good_compression_is_judged_and_promoted(project, capsys):
    methods = "compression=[{kind: pruning, sparsity: 0.5, structured: true}, quantisation]"
    code, result = answer(project, capsys, "--set", methods, "--set", "gate.compression_margin=0.06")
    assert code == 0
    told = result["compression"]
    assert told["methods"] == ["pruning", "quantisation"]
    before, after = told["before"], told["after"]
    assert after["bytes"] < 0.5 * before["bytes"]
    assert after["parameters"] < 0.6 * before["parameters"]
    for cost in (before, after):
        assert 0 < cost["latency_1"] < cost["latency_64"] < 1e5
        assert 0.9 < cost["nonzero"] <= 1
        assert 0 <= cost["validation"] <= 1
    assert finding(result, "compression")["outcome"] == "pass"
    assert after["value"] == result["candidate"]["value"]
    assert result["gain"] == pytest.approx(after["value"] - result["scratch"]["value"])
    assert told["uncompressed"]["outcome"] == "promoted"
    assert told["uncompressed"]["gain"] == pytest.approx(before["value"] - result["scratch"]["value"])
    assert Path(result["onnx"]["candidate"]).stat().st_size == after["bytes"]
    assert result["onnx"]["max_abs_diff"] < 1e-5

    # A reviewer can replay all three from the files.
    with np.load(project / "target_test.npz") as test:
        x, y = test["x"], test["y"].astype(str)
    judged = {"candidate": after["value"], "uncompressed": before["value"], "scratch": result["scratch"]["value"]}
    for arm, value in judged.items():
        path = Path(result["onnx"][arm])
        names = np.array(class_names(path))
        assert np.mean(names[scores_onnx(path, x).argmax(axis=1)] == y) == pytest.approx(value)

    # What was judged is what was registered, and its costs are metrics of the run.
    registry = connect(load(project / "config.yaml").registry, "reader")
    version = champion(registry)
    kept = list((project / "artifacts").rglob("*.onnx")) or list(project.rglob("artifacts/**/*.onnx"))
    assert sha256_file(Path(result["onnx"]["candidate"])) in {sha256_file(path) for path in kept}
    assert version.version == result["registry"]["version"]
    run_data = registry.client.get_run(result["registry"]["run_id"]).data
    assert run_data.metrics["bytes_after_compression"] == after["bytes"]
    assert run_data.metrics["latency_1_before_compression"] == pytest.approx(before["latency_1"])
    assert run_data.tags["ntgate.compression"] == "pruning, quantisation"
    page = Path(result["reports"]["report"]).read_text(encoding="utf-8")
    assert "Pruning, then quantisation" in page


@pytest.mark.slow
def test_a_compression_that_lost_too_much_is_refused_with_what_it_cost(project, capsys):
    code, result = answer(project, capsys, "--set", "compression={kind: pruning, sparsity: 0.99}")
    assert code == 3
    assert finding(result, "compression")["outcome"] == "fail"
    assert result["registry"]["version"] is None
    told = result["compression"]
    assert told["after"]["nonzero"] < 0.06
    assert told["uncompressed"]["outcome"] == "promoted"
    assert told["uncompressed"]["p_value"] <= 0.05
    assert "Before compression it would have passed" in result["sentence"]
    page = Path(result["reports"]["report"]).read_text(encoding="utf-8")
    assert "Uncompressed, the candidate would have been promoted" in page


def test_distillation_to_a_named_student(project):
    student = "{kind: distillation, student: {kind: mlp, hidden: [24]}}"
    result = run(load(project / "config.yaml", [f"compression={student}"]), dry_run=True)
    assert result.compression.after.parameters == 64 * 24 + 24 + 24 * 10 + 10 + 2 * 64
    assert result.compression.after.value > 0.6
    assert result.seconds["compress"] > 0


@pytest.mark.slow
def test_the_decision_is_the_same_again_though_latencies_are_not(project):
    config = load(project / "config.yaml", ["compression=quantisation"])
    first, second = (run(config, dry_run=True) for _ in range(2))
    assert first.decision_id == second.decision_id
    assert first.candidate == second.candidate.model_copy(update={"seconds": first.candidate.seconds})
    assert sha256_file(Path(first.onnx["candidate"])) == sha256_file(Path(second.onnx["candidate"]))
    assert first.decision_id != run(load(project / "config.yaml"), dry_run=True, force=True).decision_id


@pytest.mark.slow
def test_test_rows_change_nothing_about_the_compressed_model(project):
    """Other test rows, the same model byte for byte: neither training nor calibration has seen them."""
    config = load(project / "config.yaml", ["compression=[pruning, quantisation]"])
    first = run(config, dry_run=True)
    with np.load(project / "target_test.npz") as test:
        np.savez(project / "target_test.npz", x=test["x"][::-1][:300] * 0.5, y=test["y"][:300])
    second = run(config, dry_run=True)
    assert sha256_file(Path(first.onnx["candidate"])) == sha256_file(Path(second.onnx["candidate"]))


@pytest.mark.slow
def test_a_table_with_categories_is_compressed(shared_data, tmp_path):
    """Calibration takes the table's own columns, texts and missing values among them."""
    config = {
        "model": {"name": "heart"},
        "data": {
            name: {"path": str(shared_data / "heart_disease" / file)}
            for name, file in (("source", "cleveland.csv"), ("target", "hungarian.csv"))
        },
        "registry": {"uri": "sqlite:///mlflow.db"},
        "training": {"steps": 60, "source_steps": 60},
        "shift": {"evidently": False, "permutations": 99},
        "compression": ["pruning", "quantisation"],
    }
    (tmp_path / "config.yaml").write_text(json.dumps(config))
    told = run(load(tmp_path / "config.yaml"), dry_run=True).compression
    assert told.after.bytes < 0.6 * told.before.bytes
    assert told.after.nonzero < 0.6
    assert abs(told.after.value - told.before.value) < 0.1


def test_without_compression_the_answer_says_so(project):
    result = run(load(project / "config.yaml"), dry_run=True).as_json()
    assert result["compression"] is None
    assert finding(result, "compression")["outcome"] == "pass"
    assert set(result["onnx"]) == {"candidate", "scratch", "max_abs_diff"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("{kind: pruning, sparsity: 1.5}", "compression.sparsity: expected a number below 1, got 1.5"),
        ("[{kind: pruning, sparsity: 1.5}]", "compression.0.sparsity: expected a number below 1, got 1.5"),
        ("[pruning, pruning]", "compression: expected each method once, got pruning, pruning"),
        ("[quantisation, pruning]", "compression: expected quantisation last"),
        ("prunning", "did you mean 'pruning'?"),
        ("{kind: pruning, sparsty: 0.5}", "did you mean 'sparsity'?"),
    ],
)
def test_bad_settings_end_with_a_sentence(project, capsys, given, message):
    code = command(["run", str(project / "config.yaml"), "--inline", "--set", f"compression={given}"])
    error = capsys.readouterr().err
    assert code == 2
    assert message in error
    assert "Traceback" not in error


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backbone", "given", "reason"),
    [
        (
            "{kind: mlp, hidden: [64]}",
            "{kind: distillation, student: {kind: mlp, hidden: [640]}}",
            "compression.student: expected fewer parameters than the",
        ),
        (
            "{kind: import, path: 'torch.nn:Flatten'}",
            "{kind: pruning, structured: true}",
            "compression: expected a backbone mlp or cnn, whose units are known, got import",
        ),
    ],
    ids=["student", "units"],
)
def test_a_compression_that_cannot_be_done_is_a_finding_and_promotes_nothing(project, capsys, backbone, given, reason):
    code, result = answer(project, capsys, "--set", f"model.backbone={backbone}", "--set", f"compression={given}")
    assert code == 4
    assert result["outcome"] == "inconclusive"
    assert result["registry"]["version"] is None
    found = finding(result, "compression")
    assert found["outcome"] == "inconclusive"
    assert found["reason"].startswith(f"The candidate could not be compressed. {reason}")
    assert result["compression"] is None
    # What the candidate is worth as it was trained is told all the same.
    assert 0 < result["candidate"]["value"] <= 1
    assert set(result["onnx"]) == {"candidate", "scratch", "max_abs_diff"}
    assert "could not be compressed" in Path(result["reports"]["report"]).read_text(encoding="utf-8")
    assert champion(connect(load(project / "config.yaml").registry, "reader")) is None
