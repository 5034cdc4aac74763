"""The image and the compose file: linters, schemas, and the promises that neither of them checks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.deploy.linters import complaints

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "deploy" / "docker"
COMPOSE = ROOT / "deploy" / "compose" / "compose.yaml"


def test_hadolint_finds_nothing():
    assert complaints("hadolint", "--failure-threshold", "style", str(DOCKER / "Dockerfile")) == ""


def stages() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (DOCKER / "Dockerfile").read_text().replace("\\\n", " ").splitlines():
        if match := re.match(r"FROM \S+ AS (\w+)", line):
            found[match[1]] = []
        elif found and line and not line.startswith("#"):
            found[list(found)[-1]].append(line)
    return found


def test_the_job_is_the_default_and_runs_as_a_number_that_is_not_root():
    assert list(stages()) == ["build", "runtime", "tracking", "job"]
    users = [line for lines in stages().values() for line in lines if line.startswith("USER")]
    assert users == ["USER 10001:10001"]
    assert stages()["runtime"][-1] == users[0]


def test_no_secret_enters_the_image():
    text = (DOCKER / "Dockerfile").read_text()
    assert not re.search(r"(?i)password|token|secret|api_key", text)
    ignored = (DOCKER / "Dockerfile.dockerignore").read_text().split()
    assert {"**/.env", "**/*.env", "**/.git", "data", "*.db"} <= set(ignored)


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load(COMPOSE.read_text())


def test_compose_follows_its_schema():
    assert complaints("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)) == ""


def test_ports_are_published_on_loopback_only(compose):
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_name_in_compose_is_declared(compose):
    services = compose["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        assert set(service.get("networks", [])) <= set(compose["networks"])
        mounts = [volume.split(":")[0] for volume in service.get("volumes", [])]
        assert {mount for mount in mounts if not mount.startswith(".")} <= set(compose["volumes"])
        if "build" in service:
            assert service["build"]["target"] in stages()
            assert (COMPOSE.parent / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


def test_what_others_wait_for_has_a_health_check(compose):
    services = compose["services"]
    waited = {
        name: how["condition"] for service in services.values() for name, how in service.get("depends_on", {}).items()
    }
    assert {name for name, how in waited.items() if how == "service_healthy"} == {"database", "mlflow"}
    assert all("healthcheck" in services[name] for name in ("database", "mlflow"))


def test_variables_come_from_the_example_and_the_password_is_empty_there():
    used = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text()))
    example = dict(
        line.split("=", 1)
        for line in (COMPOSE.parent / "example.env").read_text().splitlines()
        if line and not line.startswith("#")
    )
    assert used == set(example)
    assert example["POSTGRES_PASSWORD"] == ""


def test_the_server_understands_its_options(compose):
    """Every option and variable that compose gives MLflow is one that this MLflow has."""
    from mlflow.cli import server

    options = {name for parameter in server.params for name in parameter.opts}
    variables = {parameter.envvar for parameter in server.params if parameter.envvar}
    mlflow = compose["services"]["mlflow"]
    entry = next(line for line in stages()["tracking"] if line.startswith("ENTRYPOINT"))
    given = {word for word in [*mlflow["command"], *re.findall(r'"(--[\w-]+)"', entry)] if word.startswith("--")}
    assert {"--allowed-hosts", "--host", "--port"} <= given <= options
    assert set(mlflow["environment"]) <= variables
