"""Run the pod of every CronJob in deploy/kubernetes as podman can: ``pods.py WORK LEDGER``, where container_test.sh works.

What stands for a cluster: the image built here, the configs of ``project.py``, a secret for the ledger, volumes for the claims, and
the network of compose, in which ``mlflow`` and ``database`` are found. User, root, capabilities, mounts, scripts and variables are
the manifest's.
"""

from __future__ import annotations

import base64
import copy
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import yaml

Manifest = dict[str, Any]
IMAGE = "localhost/ntgate:0.3.0"
PROMOTED = "promoted: the candidate beats training from scratch (exit 0)"
ENDS = {"retrain": PROMOTED, "drift-check": "no shift beyond what is tolerated"}
# Beside what goes well: what the config says, the pod's exit code, and its last words.
FAULTS = (
    ("config", {"model": {}}, 2, "failed: the config cannot be used (exit 2)"),
    ("registry", {"registry": {"uri": "http://nowhere:5000"}}, 6, "failed: the registry did not answer"),
)


class Pods(NamedTuple):
    """The pods of one overlay, its config maps, and where they are written to.

    Attributes:
        overlay: its name.
        maps: its config maps.
        templates: by CronJob, the template of its pods.
        folder: for manifests and logs.
    """

    overlay: str
    maps: list[Manifest]
    templates: dict[str, Manifest]
    folder: Path

    @classmethod
    def of(cls, place: Path, folder: Path) -> Pods:
        """What kustomize makes of an overlay."""
        built = subprocess.run(["kubectl", "kustomize", str(place)], capture_output=True, text=True, check=True).stdout
        found = [document for document in yaml.safe_load_all(built) if document]
        templates = {
            one["metadata"]["name"]: one["spec"]["jobTemplate"]["spec"]["template"] for one in found if one["kind"] == "CronJob"
        }
        return cls(place.name, [one for one in found if one["kind"] == "ConfigMap"], templates, folder)

    def ends(self, kind: str, name: str, config: Manifest, code: int, words: str) -> None:
        """Run the pod of a CronJob with a config; it has to end with ``code``, and say ``words``."""
        maps = copy.deepcopy(self.maps)
        for one in maps:
            if "retrain.yaml" in one["data"]:
                one["data"]["retrain.yaml"] = yaml.safe_dump(config)
        before = time.monotonic()
        got, log = played(name, [*maps, pod(name, copy.deepcopy(self.templates[kind]))], self.folder)
        (self.folder / f"{name}.log").write_text(log)
        if got != code or words not in log:
            sys.exit(f"container-test: {name} ended with {got}, expected {code} and {words!r}:\n{log[-3000:]}")
        print(f"container-test: pod {name}: {words} ({time.monotonic() - before:.0f} s)", file=sys.stderr)


def pod(name: str, template: Manifest) -> Manifest:
    """The pod that a Job makes of its template."""
    labels = {**template["metadata"]["labels"], "batch.kubernetes.io/job-name": name}
    spec = template["spec"]
    for container in spec["containers"]:
        container["image"] = IMAGE
        # A kubelet makes the file that is read by default; podman does not.
        container["env"] = [*container["env"], {"name": "TERMINATION_LOG", "value": "/tmp/message"}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}


def played(name: str, documents: list[Manifest], folder: Path) -> tuple[int, str]:
    """Run a pod to its end; the exit code of its container, and what it printed."""
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump_all(documents))
    started = podman("play", "kube", "--network", "ntgate_inside", str(file))
    if started.returncode:
        sys.exit(f"container-test: podman does not play {name}: {started.stderr}")
    container = f"{name}-ntgate"
    code = int(podman("wait", container).stdout)
    logs = podman("logs", container)
    seen = json.loads(podman("inspect", container).stdout)[0]
    podman("pod", "rm", "--force", name)
    assert seen["Config"]["User"] == "10001:10001", seen["Config"]["User"]
    assert seen["HostConfig"]["ReadonlyRootfs"], name
    assert not seen["EffectiveCaps"], seen["EffectiveCaps"]
    return code, logs.stdout + logs.stderr


def podman(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Ask podman, and let it end as it does."""
    return subprocess.run(["podman", *arguments], input=text, capture_output=True, text=True, check=False)


def main(work: Path, ledger: str) -> None:
    """Every pod once; overlays that only repeat another's are left out."""
    # How podman keeps a Secret of Kubernetes: its keys as JSON, each value in base64.
    podman("secret", "rm", "ledger")
    podman("secret", "create", "ledger", "-", text=json.dumps({"uri": base64.b64encode(ledger.encode()).decode()}))
    seen: list[Manifest] = []
    for place in sorted((work / "project" / "deploy" / "kubernetes" / "overlays").iterdir()):
        pods = Pods.of(place, work)
        for kind in [kind for kind, template in pods.templates.items() if template not in seen]:
            seen.append(pods.templates[kind])
            config = yaml.safe_load((work / "project" / f"{place.name}.yaml").read_text())
            if kind == "drift-check":  # a cluster is needed for what follows a shift
                config["data"]["target"] = config["data"]["source"]
            pods.ends(kind, f"{place.name}-{kind}", config, 0, ENDS[kind])
            if kind == "retrain" and place.name == "cpu":
                for name, said, code, words in FAULTS:
                    pods.ends(kind, f"fault-{name}", {**config, **said}, code, words)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
