"""The Kubernetes manifests: every overlay built by kubectl, its schema, and the promises that no schema checks."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import ntgate
from ntgate import errors
from ntgate.cli import app, drift, run
from ntgate.config_file import load
from tests.deploy.linters import complaints, needs

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
OVERLAYS = sorted(path.name for path in (KUBERNETES / "overlays").iterdir())
JOBS = ["cpu", "gpu", "nightly"]
Manifest = dict[str, Any]

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not here")


@cache
def text_of(overlay: str) -> str:
    command = ["kubectl", "kustomize", str(KUBERNETES / "overlays" / overlay)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")  # a warning is a field that kustomize will drop
    return done.stdout


def manifests(overlay: str, kind: str) -> dict[str, Manifest]:
    documents = yaml.safe_load_all(text_of(overlay))
    return {document["metadata"]["name"]: document for document in documents if document["kind"] == kind}


def cron_jobs() -> Iterator[tuple[str, str, Manifest]]:
    for overlay in JOBS:
        for name, cron_job in manifests(overlay, "CronJob").items():
            yield overlay, name, cron_job


def pods() -> Iterator[tuple[str, Manifest]]:
    for overlay, name, cron_job in cron_jobs():
        yield f"{overlay}/{name}", cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]


ALL_PODS = dict(pods()) if shutil.which("kubectl") else {}
ALL_CRON_JOBS = {f"{o}/{n}": c["spec"] for o, n, c in cron_jobs()} if shutil.which("kubectl") else {}
each_pod = pytest.mark.parametrize("pod", ALL_PODS.values(), ids=ALL_PODS.keys())
each_cron_job = pytest.mark.parametrize("cron_job", ALL_CRON_JOBS.values(), ids=ALL_CRON_JOBS.keys())


@needs("kubernetes-validate")
@pytest.mark.parametrize("version", ["1.30", "1.37"])
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_overlay_follows_the_schema_strictly(overlay, version, tmp_path):
    (tmp_path / "all.yaml").write_text(text_of(overlay))
    assert complaints("kubernetes-validate", "--strict", "-k", version, str(tmp_path / "all.yaml")) == ""


def test_the_strict_schema_would_see_a_slip(tmp_path):
    (tmp_path / "all.yaml").write_text(text_of("cpu").replace("concurrencyPolicy", "concurencyPolicy"))
    assert "concurencyPolicy" in complaints("kubernetes-validate", "--strict", str(tmp_path / "all.yaml"))


def test_the_expected_objects_are_there():
    assert OVERLAYS == ["cpu", "gpu", "nightly", "zenml"]
    assert set(manifests("cpu", "CronJob")) == set(manifests("gpu", "CronJob")) == {"retrain"}
    assert set(manifests("nightly", "CronJob")) == {"retrain", "drift-check"}


# Exit codes


def known_codes() -> set[int]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.NtgateError)]
    return {kind.exit_code for kind in kinds} | set(run.EXIT.values()) | {app.INTERNAL, app.USAGE} - {0}


def codes(cron_job: Manifest, action: str) -> set[int]:
    rules = cron_job["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    found = [rule["onExitCodes"] for rule in rules if rule["action"] == action and "onExitCodes" in rule]
    assert all(condition["operator"] == "In" for condition in found)
    return {code for condition in found for code in condition["values"]}


@pytest.mark.parametrize("overlay", JOBS)
def test_every_exit_code_of_a_run_has_its_rule(overlay):
    cron_job = manifests(overlay, "CronJob")["retrain"]["spec"]
    final, again = codes(cron_job, "FailJob"), codes(cron_job, "Count")
    assert final | again == known_codes() - {0}
    assert again == {errors.RegistryError.exit_code}
    assert {run.EXIT["rejected"], run.EXIT["inconclusive"], errors.ConfigError.exit_code} <= final
    assert {errors.DataError.exit_code, errors.ModelError.exit_code} <= final
    assert not final & again


def test_every_exit_code_of_a_drift_check_has_its_rule():
    cron_job = manifests("nightly", "CronJob")["drift-check"]["spec"]
    named = codes(cron_job, "FailJob") | codes(cron_job, "Count")
    # A shift never reaches the Job: the script hands over and ends as 0. What the gate answers does not exist here.
    assert named == known_codes() - {0, drift.EXIT["shift"], *run.EXIT.values()}


@each_cron_job
def test_a_lost_node_is_no_failure_and_is_looked_at_first(cron_job):
    job = cron_job["jobTemplate"]["spec"]
    first = job["podFailurePolicy"]["rules"][0]
    assert first["action"] == "Ignore"
    assert [condition["type"] for condition in first["onPodConditions"]] == ["DisruptionTarget"]
    assert job["template"]["spec"]["restartPolicy"] == "Never"  # the API server refuses a podFailurePolicy otherwise
    containers = {container["name"] for container in job["template"]["spec"]["containers"]}
    named = {rule["onExitCodes"]["containerName"] for rule in job["podFailurePolicy"]["rules"] if "onExitCodes" in rule}
    assert named <= containers


@each_cron_job
def test_one_at_a_time_with_an_end(cron_job):
    from croniter import croniter

    assert croniter.is_valid(cron_job["schedule"])
    assert cron_job["timeZone"] == "Etc/UTC"
    assert cron_job["concurrencyPolicy"] == "Forbid"
    job = cron_job["jobTemplate"]["spec"]
    assert job["activeDeadlineSeconds"] > 0
    assert 0 < job["backoffLimit"] <= 6
    assert job["ttlSecondsAfterFinished"] > 0


# Security


@each_pod
def test_a_pod_has_no_more_rights_than_it_needs(pod):
    context = pod["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] == context["runAsGroup"] == context["fsGroup"] == 10001  # the image's user
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert not [volume for volume in pod["volumes"] if "hostPath" in volume]
    for container in pod["containers"] + pod.get("initContainers", []):
        own = container["securityContext"]
        assert own["allowPrivilegeEscalation"] is False
        assert own["readOnlyRootFilesystem"] is True
        assert own["runAsNonRoot"] is True
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert own["seccompProfile"] == {"type": "RuntimeDefault"}
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]


@each_pod
def test_what_the_image_writes_to_is_a_volume(pod):
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounts = {mount["mountPath"]: mount for mount in pod["containers"][0]["volumeMounts"]}
    assert {mount["name"] for mount in mounts.values()} == set(volumes)
    for path in ("/state", "/tmp", "/project/runs"):
        assert not mounts[path].get("readOnly", False)
    for path in ("/config", "/scripts", "/data"):
        assert mounts[path]["readOnly"] is True
    assert "sizeLimit" in volumes["tmp"]["emptyDir"]


@each_pod
def test_the_token_is_mounted_only_where_it_is_used(pod):
    needs_token = any(entry["name"] == "RETRAIN_CRONJOB" for entry in pod["containers"][0]["env"])
    assert pod["automountServiceAccountToken"] is needs_token
    for overlay in JOBS:
        accounts = manifests(overlay, "ServiceAccount").values()
        assert all(account["automountServiceAccountToken"] is False for account in accounts)


@each_pod
def test_images_are_pinned(pod):
    for container in pod["containers"]:
        found = re.fullmatch(r"[\w.:/-]+/ntgate:(?P<tag>[\w.-]+?)(-cuda)?(@sha256:[0-9a-f]{64})?", container["image"])
        assert found is not None, container["image"]
        assert found["tag"] == ntgate.__version__


@each_pod
def test_secrets_come_by_reference(pod):
    for entry in pod["containers"][0]["env"]:
        secret = re.search(r"PASSWORD|USERNAME|_KEY|TOKEN", entry["name"]) is not None
        assert ("value" not in entry) if secret else True, entry
    assert not manifests("nightly", "Secret")


def test_the_retraining_has_no_role_and_the_hand_over_reads_one_object():
    for overlay in ("cpu", "gpu"):
        assert not manifests(overlay, "Role")
        assert not manifests(overlay, "RoleBinding")
    roles = manifests("nightly", "Role")
    assert [role["rules"] for role in roles.values()] == [
        [
            {"apiGroups": ["batch"], "resources": ["cronjobs"], "resourceNames": ["retrain"], "verbs": ["get"]},
            {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create"]},
        ]
    ]
    (binding,) = manifests("nightly", "RoleBinding").values()
    assert [subject["name"] for subject in binding["subjects"]] == ["drift-check"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_rights_are_bounded_and_bound_to_accounts_of_the_same_namespace(overlay):
    assert not manifests(overlay, "ClusterRole")
    assert not manifests(overlay, "ClusterRoleBinding")
    (namespace,) = manifests(overlay, "Namespace")
    for role in manifests(overlay, "Role").values():
        for rule in role["rules"]:
            assert "*" not in rule["verbs"] + rule["resources"] + rule["apiGroups"]
            assert not {"secrets", "roles", "rolebindings", "pods/exec"} & set(rule["resources"])
    for binding in manifests(overlay, "RoleBinding").values():
        assert binding["roleRef"]["name"] in manifests(overlay, "Role")
        for subject in binding["subjects"]:
            assert subject["name"] in manifests(overlay, "ServiceAccount")
            assert subject["namespace"] == namespace


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_network_is_closed_but_for_what_is_named(overlay):
    policies = manifests(overlay, "NetworkPolicy")
    everything = policies.pop("default-deny")["spec"]
    assert everything == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for policy in policies.values():
        assert policy["spec"]["policyTypes"] == ["Egress"]
        assert policy["spec"]["egress"]
        for rule in policy["spec"]["egress"]:
            assert rule["ports"], "a rule without ports opens them all"
    (labels,) = [space["metadata"]["labels"] for space in manifests(overlay, "Namespace").values()]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_selectors_of_the_network_find_the_pods():
    policies = manifests("nightly", "NetworkPolicy")
    assert any(policy["spec"]["podSelector"] for policy in policies.values())  # an empty one finds every pod
    for name, policy in policies.items():
        wanted = policy["spec"]["podSelector"].get("matchLabels", {}).items()
        templates = [
            cron_job["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
            for cron_job in manifests("nightly", "CronJob").values()
        ]
        assert any(wanted <= labels.items() for labels in templates), name


# What belongs together


@pytest.mark.parametrize("overlay", JOBS)
def test_every_reference_meets_its_object(overlay):
    known = {kind: set(manifests(overlay, kind)) for kind in ("ConfigMap", "PersistentVolumeClaim", "ServiceAccount")}
    for cron_job in manifests(overlay, "CronJob").values():
        pod = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        assert pod["serviceAccountName"] in known["ServiceAccount"]
        for volume in pod["volumes"]:
            if "configMap" in volume:
                assert volume["configMap"]["name"] in known["ConfigMap"]
            if "persistentVolumeClaim" in volume:
                assert volume["persistentVolumeClaim"]["claimName"] in known["PersistentVolumeClaim"]


def test_the_config_is_a_config_and_writes_where_a_volume_is(monkeypatch):
    monkeypatch.setenv("NTGATE_LEDGER", "postgresql://ntgate:sesame@database/mlflow")
    config = load(KUBERNETES / "base" / "retrain.yaml")
    assert config.output == "/project/runs"
    assert config.data.source.path.startswith("/data/")
    policies = manifests("cpu", "NetworkPolicy")
    (port,) = policies["registry"]["spec"]["egress"][0]["ports"]
    assert config.registry.uri.endswith(f":{port['port']}")
    assert config.gate.ledger.uri == "$[NTGATE_LEDGER]"  # whose password nothing keeps


@each_pod
def test_every_variable_of_the_config_is_set(pod):
    named = set(re.findall(r"\$\{(\w+)\}", (KUBERNETES / "base" / "retrain.yaml").read_text()))
    given = {entry["name"]: entry for entry in pod["containers"][0]["env"]}
    assert named
    for name in named:
        assert not given[name]["valueFrom"]["secretKeyRef"].get("optional", False), name


def test_one_selector_finds_every_pod():
    selector = re.search(r"--selector (\S+)=(\S+) --output", (ROOT / "deploy" / "README.md").read_text())
    for _, _, cron_job in cron_jobs():
        labels = cron_job["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
        assert labels[selector[1]] == selector[2]


def test_gpu_pods_ask_for_one_and_bear_the_taint():
    pod = ALL_PODS["gpu/retrain"]
    resources = pod["containers"][0]["resources"]
    assert resources["limits"]["nvidia.com/gpu"] == resources["requests"]["nvidia.com/gpu"] == "1"
    assert pod["nodeSelector"] == {"nvidia.com/gpu.present": "true"}
    assert pod["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert pod["containers"][0]["image"].endswith("-cuda")
    assert "nvidia.com/gpu" not in str(ALL_PODS["nightly/drift-check"])
    assert "nvidia.com/gpu" not in str(ALL_PODS["cpu/retrain"])


def test_nightly_hands_over_to_a_suspended_template():
    cron_jobs_there = manifests("nightly", "CronJob")
    assert cron_jobs_there["retrain"]["spec"]["suspend"] is True
    assert cron_jobs_there["drift-check"]["spec"].get("suspend", False) is False
    environment = {entry["name"]: entry for entry in ALL_PODS["nightly/drift-check"]["containers"][0]["env"]}
    assert environment["RETRAIN_CRONJOB"]["value"] in cron_jobs_there
    assert environment["JOB_NAME"]["valueFrom"]["fieldRef"]["fieldPath"] == ("metadata.labels['batch.kubernetes.io/job-name']")
