"""The ZenML stacks: imported by ZenML itself, and the pods they make held against Kubernetes' schema."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.linters import complaints, needs

ROOT = Path(__file__).resolve().parents[2]
STACKS = {path.stem.removesuffix("-stack"): path for path in sorted((ROOT / "deploy" / "zenml").glob("*-stack.yaml"))}

# In a process of its own: ZenML's configuration is global.
IMPORT = """
import json, sys
from click.testing import CliRunner
from zenml.cli.cli import cli
import zenml.cli
from zenml.client import Client

for path in sys.argv[1:]:
    done = CliRunner().invoke(cli, ["stack", "import", path])
    assert done.exit_code == 0, (done.output, done.exception)
stacks = {
    stack.name: {kind.value: [[c.flavor_name, c.configuration] for c in found] for kind, found in stack.components.items()}
    for stack in Client().list_stacks()
}
print("\\n" + json.dumps(stacks))
"""


def content(name: str) -> dict[str, Any]:
    return yaml.safe_load(STACKS[name].read_text())


def configuration(name: str, kind: str) -> dict[str, Any]:
    return content(name)["components"][kind][0]["configuration"]


def test_the_files_are_for_the_zenml_that_is_installed():
    import zenml

    assert set(STACKS) == {"kubernetes", "kubeflow"}
    for name in STACKS:
        assert content(name)["zenml_version"] == zenml.__version__  # `stack import` refuses any other
        assert content(name)["stack_name"] == f"ntgate-{name}"


def test_no_setting_is_misspelt():
    """ZenML ignores a setting that it does not know."""
    from zenml.container_registries.default_container_registry import DefaultContainerRegistryFlavor
    from zenml.integrations.kubeflow.flavors import KubeflowOrchestratorFlavor
    from zenml.integrations.kubernetes.flavors import KubernetesOrchestratorFlavor
    from zenml.integrations.kubernetes.pod_settings import KubernetesPodSettings
    from zenml.integrations.s3.flavors import S3ArtifactStoreFlavor

    orchestrators = {"kubernetes": KubernetesOrchestratorFlavor(), "kubeflow": KubeflowOrchestratorFlavor()}
    for name in STACKS:
        for kind, flavor in (
            ("orchestrator", orchestrators[name]),
            ("artifact_store", S3ArtifactStoreFlavor()),
            ("container_registry", DefaultContainerRegistryFlavor()),
        ):
            assert content(name)["components"][kind][0]["flavor"] == flavor.name
            assert set(configuration(name, kind)) <= set(flavor.config_class.model_fields), (name, kind)
    for key in ("pod_settings", "orchestrator_pod_settings"):
        assert set(configuration("kubernetes", "orchestrator")[key]) <= set(KubernetesPodSettings.model_fields)


def test_zenml_imports_them(tmp_path):
    environment = {
        **os.environ,
        "ZENML_CONFIG_PATH": str(tmp_path),
        "ZENML_ANALYTICS_OPT_IN": "false",
        "ZENML_LOGGING_VERBOSITY": "ERROR",
    }
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, *map(str, STACKS.values())],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    for name in STACKS:
        stack = found[f"ntgate-{name}"]
        assert {kind: [flavor for flavor, _ in parts] for kind, parts in stack.items()} == {
            "orchestrator": [name],
            "artifact_store": ["s3"],
            "container_registry": ["default"],
            "image_builder": ["local"],
        }
        assert configuration(name, "orchestrator").items() <= stack["orchestrator"][0][1].items()


def test_credentials_are_references():
    for name in STACKS:
        store = configuration(name, "artifact_store")
        assert (store["key"], store["secret"]) == ("{{ntgate-s3.key}}", "{{ntgate-s3.secret}}")


def pod(settings: str) -> dict[str, Any]:
    """The pod that ZenML would make of a step, as Kubernetes would receive it."""
    from kubernetes.client import ApiClient
    from zenml.integrations.kubernetes.flavors.kubernetes_orchestrator_flavor import KubernetesOrchestratorConfig
    from zenml.integrations.kubernetes.manifest_utils import build_pod_manifest

    config = KubernetesOrchestratorConfig(**configuration("kubernetes", "orchestrator"))
    made = build_pod_manifest(
        pod_name="step",
        image_name="registry.example/ntgate:0.1.0",
        command=["python"],
        args=["-m", "step"],
        privileged=False,
        pod_settings=getattr(config, settings),
        service_account_name=config.step_pod_service_account_name,
    )
    sent = ApiClient().sanitize_for_serialization(made)
    for container in sent["spec"]["containers"]:
        # ZenML adds the settings to a dict with Python's names, all null; an API server drops fields that it does not know.
        context = container["securityContext"]
        container["securityContext"] = {key: value for key, value in context.items() if value is not None}
    return {"apiVersion": "v1", "kind": "Pod", **sent}


@needs("kubernetes-validate")
@pytest.mark.parametrize("settings", ["pod_settings", "orchestrator_pod_settings"])
def test_the_pods_that_zenml_makes_follow_the_schema(settings, tmp_path):
    made = pod(settings)
    (tmp_path / "pod.yaml").write_text(yaml.safe_dump(made))
    assert complaints("kubernetes-validate", "--strict", str(tmp_path / "pod.yaml")) == ""
    for container in made["spec"]["containers"]:
        # What the restricted profile of the namespace asks for.
        context = container["securityContext"]
        assert context["runAsNonRoot"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}


def test_steps_have_the_rows_of_the_overlay_and_write_to_no_volume():
    overlay = ROOT / "deploy" / "kubernetes" / "overlays" / "zenml"
    claims = {claim["metadata"]["name"]: claim for claim in yaml.safe_load_all((overlay / "storage.yaml").read_text())}
    made = pod("pod_settings")["spec"]
    assert made["securityContext"] == {"fsGroup": 10001}
    used = {volume["persistentVolumeClaim"]["claimName"]: volume["persistentVolumeClaim"] for volume in made["volumes"]}
    assert set(used) == set(claims)
    assert all(claim["readOnly"] for claim in used.values())
    accounts = [one["metadata"]["name"] for one in yaml.safe_load_all((overlay / "accounts.yaml").read_text())]
    config = configuration("kubernetes", "orchestrator")
    assert {config["service_account_name"], config["step_pod_service_account_name"]} <= set(accounts)
    assert config["kubernetes_namespace"] == yaml.safe_load((overlay / "namespace.yaml").read_text())["metadata"]["name"]
    assert config["concurrency_policy"] == "Forbid"


def test_kubeflow_still_drops_pod_settings():
    """When this fails, ZenML has mended it: the Kubeflow stack can then mount the shared folder as the other one does."""
    from zenml.integrations.kubeflow.flavors.kubeflow_orchestrator_flavor import KubeflowOrchestratorSettings

    given = {"tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}]}
    assert KubeflowOrchestratorSettings(pod_settings=given).pod_settings.tolerations == []
    assert "pod_settings" not in configuration("kubeflow", "orchestrator")
