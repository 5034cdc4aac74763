"""What ``ntgate kfp compile`` writes: the graph, and what it asks a cluster for."""

from __future__ import annotations

import json
import os

import pytest
import yaml

from ntgate.cli.app import run as command
from ntgate.config_file import load, parse
from ntgate.kfp.parameters import entered
from ntgate.stages.identity import portable
from tests.retrain_graph import waits

IMAGE = "registry.example/ntgate:1"
ARMS = ("train-0", "train-1", "train-2")
REPEATED = {"source", "scratch", *ARMS, "compress", "replicate", "cross-fit"}
ON_GPU = {"source", "scratch", *ARMS, "replicate"}
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
        gpus = None if asked is None else (asked["resourceType"], asked["resourceCount"])
        assert gpus == (("nvidia.com/gpu", "2") if name in ON_GPU else None)
        assert task.get("retryPolicy", {}).get("maxRetryCount") == (2 if name in REPEATED else None)
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


def pods(spec: dict, platform: dict, tasks: dict) -> dict[str, tuple[dict, dict]]:
    """What each task's container asks for, and what its pod is on the platform."""
    executors = spec["deploymentSpec"]["executors"]
    placed = platform.get("platforms", {}).get("kubernetes", {}).get("deploymentSpec", {}).get("executors", {})
    labels = {name: spec["components"][task["componentRef"]["name"]]["executorLabel"] for name, task in tasks.items()}
    return {name: (executors[label]["container"].get("resources", {}), placed.get(label, {})) for name, label in labels.items()}


def gpu_tasks(found: dict[str, tuple[dict, dict]]) -> set[str]:
    return {name for name, (asked, _) in found.items() if "accelerator" in asked}


def test_gpus_are_for_what_trains_networks(project, capsys):
    lines = ("--set", "strategies=[linear_pool, forest_pool]", "--set", "scratch=[logistic]")
    assert gpu_tasks(pods(*compiled(project, capsys, *lines))) == {"source"}  # whose embedding the shift is measured in
    assert gpu_tasks(pods(*compiled(project, capsys, "--set", "gate.seeds=1"))) == ON_GPU - {"replicate"}
    assert gpu_tasks(pods(*compiled(project, capsys, "--set", "compression=pruning"))) == {*ON_GPU, "compress"}
    assert gpu_tasks(pods(*compiled(project, capsys, "--set", "kubeflow.gpus=0"))) == set()


def test_what_the_config_says_of_pods_is_in_the_pipeline(project, capsys):
    section = {
        "pods": {
            "requests": {"cpu": "500m", "memory": "2Gi"},
            "limits": {"memory": "4Gi"},
            "node_selector": {"pool": "cpu"},
            "tolerations": [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}],
        },
        "training": {
            "requests": {"memory": "16Gi"},
            "limits": {"cpu": "8"},
            "node_selector": {"pool": "gpu"},
            "shared_memory": "2Gi",
        },
        "image_pull_secrets": ["registry-key"],
        "accelerator": "amd.com/gpu",
        "retries": 5,
    }
    config = yaml.safe_load((project / "config.yaml").read_text())
    (project / "config.yaml").write_text(yaml.safe_dump({**config, "kubeflow": section}))
    spec, platform, tasks = compiled(project, capsys)
    found = pods(spec, platform, tasks)
    asked, pod = found["ingest"]
    assert (asked["resourceCpuRequest"], asked["resourceMemoryRequest"], asked["resourceMemoryLimit"]) == ("500m", "2Gi", "4Gi")
    assert pod["nodeSelector"] == {"labels": {"pool": "cpu"}}
    assert pod["tolerations"] == [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}]
    assert [one["secretName"] for one in pod["imagePullSecret"]] == ["registry-key"]
    assert "emptyDirMounts" not in pod
    asked, pod = found["train-0"]
    assert (asked["resourceCpuRequest"], asked["resourceMemoryRequest"]) == ("500m", "16Gi")
    assert (asked["resourceCpuLimit"], asked["resourceMemoryLimit"]) == ("8", "4Gi")
    assert asked["accelerator"]["resourceType"] == "amd.com/gpu"
    assert pod["nodeSelector"] == {"labels": {"pool": "gpu"}}
    assert pod["tolerations"][0]["key"] == "spot"
    (shared,) = pod["emptyDirMounts"]
    assert (shared["mountPath"], shared["medium"], shared["sizeLimit"]) == ("/dev/shm", "Memory", "2Gi")
    assert tasks["train-0"]["retryPolicy"]["maxRetryCount"] == 5


def test_the_form_of_a_run_shows_settings(project, capsys):
    spec, _, _ = compiled(project, capsys)
    shown = {name: one.get("defaultValue") for name, one in spec["root"]["inputDefinitions"]["parameters"].items()}
    content = json.loads(shown.pop("config"))
    assert shown == {
        "root": "/mnt/ntgate",
        "dry_run": False,
        "allow_first": False,
        "force": False,
        "registry_uri": "sqlite:///mlflow.db",
        "source_path": "source.npz",
        "target_path": "target.npz",
        "target_test_path": "target_test.npz",
        "seed": 0,
        "settings": "",
    }
    assert entered(content, {**shown, "settings": ""}) == content
    changed = entered(content, {**shown, "registry_uri": "http://mlflow", "seed": 3, "settings": "gate.alpha=0.01\nquick=true\n"})
    config = parse(changed, base=project)
    assert (config.registry.uri, config.seed, config.gate.alpha, config.quick) == ("http://mlflow", 3, 0.01, True)


def test_the_pods_are_no_part_of_a_decision(project):
    assert portable(load(project / "config.yaml")) == portable(load(project / "config.yaml", ["kubeflow.gpus=4"]))


@pytest.mark.parametrize("wrong", ["kubeflow.pods.limits.memory=lots", "kubeflow.pods.requests.cpu=2 cores", "kubeflow.gpu=1"])
def test_what_a_cluster_would_refuse_is_found_before(project, capsys, wrong):
    assert command(["kfp", "compile", str(project / "config.yaml"), "--image", IMAGE, "--set", wrong]) == 2
    assert wrong.partition("=")[0] in capsys.readouterr().err


SECRET = "S3KRET/of ours"


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("registry.uri", "postgresql://ann:{}@db/mlflow"),
        ("registry.uri", "postgresql://db/mlflow?password={}"),
        ("gate.ledger.uri", "postgresql://ann:{}@db/mlflow"),
        ("registry.artifact_location", "https://ann:{}@host/mlflow"),
        ("data.source.path", "https://ann:{}@host/x.npz"),
        ("data.target.path", "https://host/x.npz?sig={}"),
        ("model.source_checkpoint", "https://ann:{}@host/w.pt"),
        ("output", "s3://ann:{}@bucket/runs"),
    ],
)
def test_a_password_is_refused_and_a_reference_to_one_stays(project, capsys, monkeypatch, key, address):
    to = project / "pipeline.yaml"
    words = ["kfp", "compile", str(project / "config.yaml"), "--image", IMAGE, "-o", str(to)]
    assert command([*words, "--set", f"{key}={address.format(SECRET)}"]) == 2
    told = capsys.readouterr()
    assert f"{key}: expected a password as ${{NAME}} on Kubeflow" in told.err
    assert "S3KRET" not in told.out + told.err
    assert not to.exists()
    monkeypatch.setenv("PW", SECRET)
    assert command([*words, "--set", f"{key}={address.format('${PW}')}"]) == 0
    assert "S3KRET" not in to.read_text()
    assert "${PW}" in to.read_text()


@pytest.mark.parametrize("image", ["a b\nc", "", "host/UPPER", "x:", "https://host/x", "host/x@sha256:12", "x\n"])
def test_an_image_that_is_none(project, capsys, image):
    assert command(["kfp", "compile", str(project / "config.yaml"), "--image", image, "-o", str(project / "p.yaml")]) == 2
    assert "--image: expected the reference of an image" in capsys.readouterr().err


@pytest.mark.parametrize(
    "image", ["ntgate", "ntgate:1", "localhost:5000/a/b-c_d:v1.2", "eu.gcr.io/x/y@sha256:" + 64 * "a", "[::1]:5000/x"]
)
def test_an_image_that_is_one(project, capsys, image):
    assert command(["kfp", "compile", str(project / "config.yaml"), "--image", image, "-o", str(project / "p.yaml")]) == 0


@pytest.mark.parametrize("output", ["/nope/x.yaml", "/dev/full", ".", "x.txt", "n" * 300 + ".yaml", "/dev/null/x.yaml"])
def test_a_place_that_takes_no_pipeline(project, capsys, output, monkeypatch):
    monkeypatch.chdir(project)
    assert command(["kfp", "compile", "config.yaml", "--image", IMAGE, "-o", output]) == 2
    assert "Traceback" not in capsys.readouterr().err
