"""The pipelines as ZenML's Kubeflow orchestrator writes them for a cluster, without one: nothing answers at its address."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.checkout import ROOT, python
from tests.retrain_graph import waits

IMAGE = "registry.example/ntgate:1"

# An artifact store on a file system that pods share, as NFS is; ZenML takes its own local store for one of this machine.
STORE = """
from typing import ClassVar

from zenml.artifact_stores.local_artifact_store import (
    LocalArtifactStore, LocalArtifactStoreConfig, LocalArtifactStoreFlavor,
)


class SharedStoreConfig(LocalArtifactStoreConfig):
    is_local: ClassVar[bool] = False


class SharedStore(LocalArtifactStore):
    local_path = None
    path = property(lambda self: self.config.path)


class SharedStoreFlavor(LocalArtifactStoreFlavor):
    name = "shared"
    config_class = SharedStoreConfig
    implementation_class = SharedStore
"""

COMPILE = """
import importlib, json, sys
from pathlib import Path
root, folder = sys.argv[1:]
sys.path[:0] = [root, folder]
from zenml.client import Client
from zenml.config import DockerSettings
from zenml.enums import StackComponentType as Kind
from zenml.utils import source_utils
from ntgate.config_file import load

source_utils.set_custom_source_root(root)
client = Client()
client.create_flavor("shared_store.SharedStoreFlavor", Kind.ARTIFACT_STORE)
client.create_flavor("ntgate.zenml.kubeflow.KubeflowGpuOrchestratorFlavor", Kind.ORCHESTRATOR)
address = {"kubeflow_hostname": "http://127.0.0.1:9/pipeline"}
client.create_stack_component("cluster", "kubeflow_gpu", Kind.ORCHESTRATOR, address)
client.create_stack_component("shared", "shared", Kind.ARTIFACT_STORE, {"path": folder + "/store"})
client.create_stack_component("images", "default", Kind.CONTAINER_REGISTRY, {"uri": "registry.example"})
client.create_stack_component("builder", "local", Kind.IMAGE_BUILDER, {})
client.create_stack("cluster", {
    Kind.ORCHESTRATOR: "cluster", Kind.ARTIFACT_STORE: "shared", Kind.CONTAINER_REGISTRY: "images",
    Kind.IMAGE_BUILDER: "builder",
})
client.activate_stack("cluster")
docker = DockerSettings(
    parent_image="registry.example/ntgate:1", skip_build=True, allow_download_from_artifact_store=False,
    allow_download_from_code_repository=False,
)
seen = {}
for name in ("retrain", "drift_check", "drift_then_retrain"):
    settings = Path(root, "pipelines", name + ".yaml")
    pipeline = getattr(importlib.import_module("pipelines." + name), name).with_options(
        config_path=str(settings) if settings.is_file() else None, settings={"docker": docker}
    )
    pipeline.prepare(config=load(folder + "/config.yaml"))
    snapshot = pipeline.create_snapshot(name)
    stack = client.active_stack
    steps = snapshot.step_configurations
    stack.orchestrator.submit_pipeline(
        snapshot=snapshot, stack=stack, base_environment={}, step_environments={step: {} for step in steps}
    )
    written = Path(stack.orchestrator.pipeline_directory).glob(name.replace("_", "-") + "-" + "[0-9a-f]" * 32 + ".yaml")
    seen[name] = {
        "dynamic": snapshot.is_dynamic,
        "cache": snapshot.pipeline_configuration.enable_cache,
        "yaml": [str(path) for path in written],
        "steps": {
            step: {
                "cache": one.config.enable_cache,
                "retry": one.config.retry is not None,
                "hook": one.config.failure_hook_source.import_path,
                "materializers": [
                    source.import_path for output in one.config.outputs.values() for source in output.materializer_source
                ],
            }
            for step, one in steps.items()
        },
    }
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, digits) -> dict[str, dict]:
    """By pipeline: what ZenML knows of its steps, and the Kubeflow pipeline."""
    from tests.conftest import write_project

    folder = tmp_path_factory.mktemp("kubeflow")
    write_project(folder, *digits)
    (folder / "shared_store.py").write_text(STORE)
    (folder / "compile.py").write_text(COMPILE)
    done = python(folder / "zenml", str(folder / "compile.py"), str(ROOT), str(folder))
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    for one in seen.values():
        (path,) = one["yaml"]
        one["yaml"] = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    return seen


def dependencies(pipeline: dict) -> dict[str, set[str]]:
    tasks = pipeline["yaml"]["root"]["dag"]["tasks"]
    return {name: set(task.get("dependentTasks", ())) for name, task in tasks.items()}


SLOTS = {f"train-{slot}" for slot in range(3)}


def test_the_arms_of_retrain_run_beside_each_other(compiled):
    assert dependencies(compiled["retrain"]) == {**waits(SLOTS), "announce": {"promote"}}


def test_the_hand_over_is_a_static_chain(compiled):
    assert dependencies(compiled["drift_then_retrain"]) == {
        "ingest": set(),
        "evidently": {"ingest"},
        "embed": {"ingest"},
        "check-drift": {"embed", "ingest"},
        "retrain-on-shift": {"check-drift"},
    }
    assert not any(one["dynamic"] for one in compiled.values())


@pytest.mark.parametrize(
    ("name", "training"),
    [
        ("retrain", {"source", "scratch", "replicate", *SLOTS}),
        ("drift_check", set()),
        ("drift_then_retrain", {"embed", "retrain-on-shift"}),
    ],
)
def test_training_steps_ask_for_the_gpus_of_the_settings_file(compiled, name, training):
    containers = {
        executor.removeprefix("exec-"): one["container"]
        for executor, one in compiled[name]["yaml"]["deploymentSpec"]["executors"].items()
    }
    gpus = {step: one.get("resources", {}).get("accelerator") for step, one in containers.items()}
    assert {step for step, asked in gpus.items() if asked is not None} == training
    assert {(gpus[step]["resourceType"], gpus[step]["resourceCount"]) for step in training} <= {("nvidia.com/gpu", "1")}
    assert {one["image"] for one in containers.values()} == {IMAGE}


def test_nothing_is_taken_from_a_cache_where_it_must_not_be(compiled):
    for one in compiled.values():
        assert one["cache"] is False
        assert not any(task["cachingOptions"].get("enableCache") for task in one["yaml"]["root"]["dag"]["tasks"].values())
    steps = compiled["retrain"]["steps"]
    assert {step["cache"] for step in steps.values()} == {False}  # also where somebody turns the pipeline's cache on


def test_no_output_is_pickled(compiled):
    """JSON for results, text for pages: what is loaded from an artifact store cannot run code."""
    allowed = {
        "zenml.materializers.pydantic_materializer.PydanticMaterializer",
        "zenml.materializers.structured_string_materializer.StructuredStringMaterializer",
        "ntgate.zenml.materializer.ResultMaterializer",
    }
    used = {
        f"{name}.{step}": set(one["materializers"])
        for name, pipeline in compiled.items()
        for step, one in pipeline["steps"].items()
    }
    assert [step for step, names in used.items() if not names] == ["retrain.announce"]  # which leaves nothing
    assert {step: names - allowed for step, names in used.items() if names - allowed} == {}


def test_no_step_is_repeated_blindly_and_each_failure_is_told(compiled):
    for pipeline in compiled.values():
        for step in pipeline["steps"].values():
            assert step["retry"] is False
            assert step["hook"] == "ntgate.zenml.failure.alert_on_failure"
