"""What ``ntgate kfp compile`` writes: the graph, and what it asks a cluster for."""

from __future__ import annotations

import json
import os

import yaml

from ntgate.cli.app import run as command
from tests.retrain_graph import waits

IMAGE = "registry.example/ntgate:1"
ARMS = ("train-0", "train-1", "train-2")
TRAINING = {"source", "scratch", *ARMS, "compress", "replicate", "cross-fit"}
DEPENDS = waits(ARMS)


def compiled(project, capsys, *options) -> tuple[dict, dict, dict]:
    """The pipeline, its platform part, and its tasks."""
    to = project / "pipeline.yaml"
    capsys.readouterr()
    code = command(["kfp", "compile", str(project / "config.yaml"), "--image", IMAGE, "-o", str(to), "--json", *options])
    assert code == 0, capsys.readouterr().err
    assert json.loads(capsys.readouterr().out) == {"schema": 1, "pipeline": str(to)}
    spec, *platform = yaml.safe_load_all(to.read_text(encoding="utf-8"))
    return spec, platform[0] if platform else {}, spec["root"]["dag"]["tasks"]


def test_the_graph_is_static_and_the_arms_run_beside_each_other(project, capsys):
    _, _, tasks = compiled(project, capsys)
    assert {name: set(task.get("dependentTasks", ())) for name, task in tasks.items()} == DEPENDS
    assert [tasks[name]["taskInfo"]["name"] for name in ("train-0", "scratch")] == ["train_0", "scratch"]
    assert not any("triggerPolicy" in task or "iteratorPolicy" in task for task in tasks.values())


def test_there_are_as_many_arms_as_the_config_names(project, capsys):
    kinds = (
        "fine_tuning",
        "feature_extraction",
        "domain_adversarial",
        "moment_matching",
        "multi_task",
        "parameter_transfer",
        "alignment",
        "linear_pool",
    )
    eight = ", ".join(kinds)
    _, _, tasks = compiled(project, capsys, "--set", f"strategies=[{eight}]")
    assert sum(name.startswith("train-") for name in tasks) == 8
    _, _, tasks = compiled(project, capsys, "--set", "strategies=fine_tuning")
    assert sum(name.startswith("train-") for name in tasks) == 1


def test_a_cached_result_would_name_files_of_another_run(project, capsys):
    _, _, tasks = compiled(project, capsys)
    assert {name for name, task in tasks.items() if task["cachingOptions"].get("enableCache")} == set()


def test_training_alone_asks_for_gpus_and_is_repeated(project, capsys):
    spec, _, tasks = compiled(project, capsys, "--gpus", "2")
    executors = spec["deploymentSpec"]["executors"]
    assert {executor["container"]["image"] for executor in executors.values()} == {IMAGE}
    for name, task in tasks.items():
        executor = spec["components"][task["componentRef"]["name"]]["executorLabel"]
        asked = executors[executor]["container"].get("resources", {}).get("accelerator")
        if name in TRAINING:
            assert (asked["resourceType"], asked["resourceCount"]) == ("nvidia.com/gpu", "2")
            assert task["retryPolicy"]["maxRetryCount"] == 2
        else:
            assert asked is None
            assert "retryPolicy" not in task
    without, _, _ = compiled(project, capsys, "--gpus", "0")
    assert not any("accelerator" in e["container"].get("resources", {}) for e in without["deploymentSpec"]["executors"].values())


def test_pods_install_nothing(project, capsys):
    compiled(project, capsys)
    assert "pip install" not in (project / "pipeline.yaml").read_text(encoding="utf-8")


def test_secrets_stay_out_and_come_from_the_cluster(project, capsys, monkeypatch):
    config = project / "config.yaml"
    config.write_text(config.read_text().replace("sqlite:///mlflow.db", "postgresql://ntgate:${NTGATE_TEST_PASSWORD}@db/mlflow"))
    monkeypatch.setitem(os.environ, "NTGATE_TEST_PASSWORD", "sesame")
    _, platform, tasks = compiled(project, capsys, "--volume", "runs", "--secret", "ntgate", "--root", "/srv/runs")
    assert "sesame" not in (project / "pipeline.yaml").read_text(encoding="utf-8")
    pods = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert len(pods) == len(tasks)
    for pod in pods.values():
        assert [(mount["constant"], mount["mountPath"]) for mount in pod["pvcMount"]] == [("runs", "/srv/runs")]
        (secret,) = pod["secretAsEnv"]
        assert secret["secretName"] == "ntgate"
        assert secret["keyToEnv"] == [{"secretKey": "NTGATE_TEST_PASSWORD", "envVar": "NTGATE_TEST_PASSWORD"}]


def test_overrides_travel_and_a_faulty_config_is_found_before_the_cluster(project, capsys):
    spec, _, _ = compiled(project, capsys, "--set", "seed=7")
    inputs = spec["root"]["inputDefinitions"]["parameters"]
    content = json.loads(inputs["config"]["defaultValue"])
    assert content["seed"] == 7
    assert content["data"]["source"]["path"] == "source.npz"  # relative to the folder that the pods share
    assert inputs["root"]["defaultValue"] == "/mnt/ntgate"
    assert command(["kfp", "compile", str(project / "config.yaml"), "--image", IMAGE, "--set", "gate.alpha=2"]) == 2
    assert "gate.alpha" in capsys.readouterr().err
