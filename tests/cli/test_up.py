"""``ntgate up`` on a real ZenML store of its own, and schedules on a stack whose orchestrator follows them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.checkout import ROOT, python


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("up")


def inside(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return python(home / "zenml", *arguments, cwd=home)


def ntgate(home: Path, *arguments: str) -> tuple[int, dict]:
    done = inside(home, "-m", "ntgate", *arguments, "--json")
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout)


def outcomes(answer: dict) -> dict[str, str]:
    return {change["part"]: change["outcome"] for change in answer["changes"]}


SHOW = """
import json
from zenml.client import Client
stack = Client().active_stack_model
print(json.dumps({"name": stack.name, "components": {
    kind.value: [found[0].name, found[0].flavor_name, found[0].configuration] for kind, found in stack.components.items()}}))
"""


def active(home: Path) -> dict:
    return json.loads(inside(home, "-c", SHOW).stdout.splitlines()[-1])


@pytest.mark.slow
def test_the_local_stack_twice_then_differently(home):
    code, answer = ntgate(home, "up")
    assert code == 0
    parts = ("flavor", "orchestrator", "artifact_store", "data_validator", "stack")
    assert outcomes(answer) == {**dict.fromkeys(parts, "created"), "active": "updated"}
    shown = active(home)
    assert shown["name"] == "ntgate"
    assert {kind: flavor for kind, (_, flavor, _) in shown["components"].items()} == {
        "orchestrator": "local",
        "artifact_store": "local",
        "data_validator": "ntgate",
    }

    code, answer = ntgate(home, "up")
    assert (code, set(outcomes(answer).values())) == (0, {"unchanged"})

    stricter = ("up", "--option", "data_validator.tolerated_effect=0.05")
    code, answer = ntgate(home, *stricter)
    assert (code, outcomes(answer)["data_validator"]) == (3, "differs")
    change = next(change for change in answer["changes"] if change["part"] == "data_validator")
    assert change["fields"] == {"tolerated_effect": {"is": None, "asked": 0.05}}
    assert "tolerated_effect" not in active(home)["components"]["data_validator"][2]
    code, answer = ntgate(home, *stricter, "--update")
    assert (code, outcomes(answer)["data_validator"]) == (0, "updated")
    assert active(home)["components"]["data_validator"][2]["tolerated_effect"] == 0.05
    assert ntgate(home, *stricter)[0] == 0


@pytest.mark.parametrize("orchestrator", ["kubernetes", "kubeflow"])
def test_a_cluster_is_registered_without_one(home, orchestrator):
    arguments = (
        "up",
        "--name",
        f"{orchestrator}-ml",
        f"--{orchestrator}",
        "prod",
        "--artifact-store",
        "s3://models/zenml",
        "--container-registry",
        "registry.example.com/ml",
        "--option",
        f"orchestrator.{orchestrator}_namespace=ml",
    )
    code, answer = ntgate(home, *arguments)
    assert code == 0, answer
    assert "zenml login" in answer["notes"][0]
    components = active(home)["components"]
    assert {kind: flavor for kind, (_, flavor, _) in components.items()} == {
        "orchestrator": orchestrator,
        "artifact_store": "s3",
        "container_registry": "default",
        "image_builder": "local",
        "data_validator": "ntgate",
    }
    assert components["orchestrator"][2]["kubernetes_context"] == "prod"
    assert components["orchestrator"][2][f"{orchestrator}_namespace"] == "ml"
    assert components["artifact_store"][2]["path"] == "s3://models/zenml"
    assert set(outcomes(ntgate(home, *arguments)[1]).values()) == {"unchanged"}


REFUSED = [
    (("--kubernetes", "prod"), "--artifact-store: expected an address that the pods reach too"),
    (("--kubernetes", "prod", "--artifact-store", "/srv/store"), "got '/srv/store'"),
    (("--kubeflow", "prod", "--artifact-store", "s3://b/x"), "--container-registry: expected"),
    (("--kubeflow", "prod", "--kubernetes", "prod"), "one orchestrator"),
    (("--container-registry", "r"), "name a cluster"),
    (("--artifact-store", "ftp://b"), "got 'ftp://b'"),
    (("--option", "orchestrator"), "expected COMPONENT.KEY=VALUE"),
    (("--option", "step_operator.a=1"), "expected orchestrator, artifact_store, data_validator"),
    (("--name", "other", "--option", "data_validator.alpha=0.9"), "data_validator: expected settings that ZenML takes"),
]


def test_what_is_refused(home):
    source = (
        "import json, sys\nfrom ntgate.cli.app import run\n"
        "for arguments in json.loads(sys.argv[1]):\n    print(run(['up', *arguments]), file=sys.stderr)"
    )
    done = inside(home, "-c", source, json.dumps([arguments for arguments, _ in REFUSED]))
    told = [line for line in done.stderr.splitlines() if line == "2" or line.startswith("error: ")]
    assert told[1::2] == ["2"] * len(REFUSED), done.stderr
    for (_, part), line in zip(REFUSED, told[::2], strict=True):
        assert part in line


def test_a_missing_integration_is_named(home, monkeypatch):
    source = (
        "import importlib.util as u; seen = u.find_spec; u.find_spec = lambda name, *a: None if name == 'kfp' else seen(name, *a)\n"
        "from ntgate.cli.app import run; raise SystemExit(run(['up', '--kubeflow', 'c', '--artifact-store', 's3://b', "
        "'--container-registry', 'r']))"
    )
    done = inside(home, "-c", source)
    assert done.returncode == 2
    assert 'expected the Python package kfp, got none; pip install "ntgate[kubeflow]"' in done.stderr


CLOCK = """
import sys
sys.path.insert(0, {folder!r})
from clock import ClockFlavor
from zenml.client import Client
from zenml.enums import StackComponentType as Kind
from zenml.utils import source_utils
source_utils.set_custom_source_root({folder!r})
client = Client()
client.create_flavor(source="clock.ClockFlavor", component_type=Kind.ORCHESTRATOR)
client.create_stack_component(name="clock", flavor="clock", component_type=Kind.ORCHESTRATOR, configuration={{}})
client.create_stack("clock", {{Kind.ORCHESTRATOR: "clock", Kind.ARTIFACT_STORE: "default"}})
client.activate_stack("clock")
"""

ORCHESTRATOR = """
from zenml.enums import ExecutionMode
from zenml.orchestrators import BaseOrchestrator, BaseOrchestratorConfig, BaseOrchestratorFlavor


class ClockConfig(BaseOrchestratorConfig):
    @property
    def is_schedulable(self):
        return True


class Clock(BaseOrchestrator):
    supported_execution_modes = list(ExecutionMode)

    def get_orchestrator_run_id(self):
        return "clock"

    def submit_pipeline(self, snapshot, *arguments, **more):
        if snapshot.schedule.cron_expression == "17 5 * * 1":
            raise RuntimeError("no such hour")


class ClockFlavor(BaseOrchestratorFlavor):
    name = "clock"
    config_class = ClockConfig
    implementation_class = Clock
"""

SCHEDULES = """
import json
from zenml.client import Client
client = Client()
print(json.dumps([[client.get_pipeline(s.pipeline_id).name, s.name, s.cron_expression] for s in client.list_schedules().items]))
"""


@pytest.mark.slow
def test_an_orchestrator_with_a_clock_is_asked_to_follow_it(project):
    """The least orchestrator that follows schedules, since the real ones need a cluster; ZenML's side is the real one."""
    (project / "clock.py").write_text(ORCHESTRATOR)
    made = inside(project, "-c", CLOCK.format(folder=str(project)))
    assert made.returncode == 0, made.stderr
    for part in ("pipelines", "steps"):
        (project / part).symlink_to(ROOT / part)

    def schedule(*more: str) -> tuple[int, dict]:
        return ntgate(project, "schedule", str(project / "config.yaml"), *more)

    def standing() -> list[list[str]]:
        return json.loads(inside(project, "-c", SCHEDULES).stdout.splitlines()[-1])

    code, answer = schedule("--cron", "17 3 * * 1")
    assert (code, answer["outcome"], answer["with"]) == (0, "written", ["zenml"]), answer
    assert standing() == [["retrain", answer["name"], "17 3 * * 1"]]
    assert schedule("--cron", "17 3 * * 1")[1]["outcome"] == "unchanged"
    code, refused = schedule("--cron", "17 4 * * 1")
    assert code == 2
    assert "got one with zenml" in refused["errors"][0]["message"]
    assert schedule("--cron", "17 4 * * 1", "--replace")[0] == 0
    assert standing() == [["retrain", answer["name"], "17 4 * * 1"]]
    assert schedule("--cron", "17 5 * * 1", "--replace")[0] == 1
    assert standing() == []  # nothing is left of what the orchestrator refused
    assert schedule("--remove")[1]["outcome"] == "absent"

    for part in ("pipelines", "steps"):
        (project / part).unlink()
    code, answer = schedule("--cron", "17 3 * * 1")  # ntgate's own pipeline, where no project is around
    assert (code, answer["outcome"]) == (0, "written"), answer
    assert standing() == [["retrain", answer["name"], "17 3 * * 1"]]
