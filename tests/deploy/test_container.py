"""The image and the compose file: linters, schemas, and the promises that neither of them checks."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import ntgate
from ntgate.extras import MODULES
from tests.deploy.linters import complaints, needs

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "deploy" / "docker"
COMPOSE = ROOT / "deploy" / "compose" / "compose.yaml"


@needs("hadolint")
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
    assert list(stages()) == ["dependencies", "package", "runtime", "tracking", "job"]
    users = [line for lines in stages().values() for line in lines if line.startswith("USER")]
    assert users == ["USER 10001:10001"]
    assert stages()["runtime"][-1] == users[0]


def test_the_base_can_be_replaced_and_is_pinned():
    text = (DOCKER / "Dockerfile").read_text()
    assert pinned(re.search(r"^ARG BASE=(\S+)$", text, re.MULTILINE)[1])
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"${BASE}", "dependencies", "runtime"}
    assert "# syntax=" not in text  # a frontend would be fetched, by a tag that moves


def test_what_it_installs_beside_ntgate_has_a_pin():
    (line,) = [line for line in stages()["dependencies"] if "--requirement" in line]
    assert line.split("--requirement dependencies.txt ")[1].split() == ["psycopg2-binary"]
    assert "--constraint constraints.txt" in line
    pins = {pin.split("==")[0] for pin in (ROOT / "constraints.txt").read_text().splitlines()}
    assert "psycopg2-binary" in pins


def test_the_large_layers_need_none_of_the_source():
    copied = [line.split()[1:-1] for line in stages()["dependencies"] if line.startswith("COPY")]
    assert copied == [["constraints.txt"], ["pyproject.tom[l]", "wheels/*.wh[l]", "deploy/docker/dependencies.py"]]
    assert re.search(r"^FROM dependencies AS runtime$", (DOCKER / "Dockerfile").read_text(), re.MULTILINE)
    (package,) = [line.split()[1:] for line in stages()["runtime"] if line.startswith("COPY --from")]
    assert package == ["--from=package", "/opt/package", "/opt/ntgate"]


def test_before_the_source_is_there_all_that_the_package_asks_for_is_installed():
    for extra in MODULES:
        asked = [Requirement(line) for line in metadata.requires("ntgate")]
        asked = [str(one).split(";")[0] for one in asked if one.marker is None or one.marker.evaluate({"extra": extra})]
        assert {str(Requirement(line)) for line in dependencies(ROOT, extra)} == set(asked), extra


def test_a_project_without_the_package_installs_it_by_name(tmp_path):
    assert dependencies(tmp_path, "torch,s3") == ["ntgate[torch,s3]"]


def test_the_examples_of_dependencies_hold():
    assert complaints(sys.executable, "-m", "doctest", str(DOCKER / "dependencies.py")) == ""


def dependencies(folder: Path, extras: str) -> list[str]:
    """What dependencies.py says in a folder."""
    command = [sys.executable, str(DOCKER / "dependencies.py"), extras, ""]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.splitlines()


def test_the_image_has_what_a_run_needs():
    text = (DOCKER / "Dockerfile").read_text()
    extras = set(re.search(r"^ARG EXTRAS=(\S+)$", text, re.MULTILINE)[1].split(","))
    assert {"torch", "mlflow", "zenml", "report", "postgres", "s3"} == extras
    assert extras <= MODULES.keys()


def test_what_is_written_to_is_a_volume():
    text = (DOCKER / "Dockerfile").read_text()
    assert json.loads(re.search(r"^VOLUME (.*)$", text, re.MULTILINE)[1]) == ["/project/runs", "/state"]
    homes = re.findall(r"(?:HOME|ZENML_CONFIG_PATH|MPLCONFIGDIR)=(\S+)", text)
    assert len(homes) == 3
    assert all(home.startswith("/state") for home in homes)


def test_a_step_of_zenml_can_work_where_it_does():
    from zenml.entrypoints.base_entrypoint_configuration import BaseEntrypointConfiguration

    (place,) = set(re.findall(r'os\.chdir\("(.*?)"\)', inspect.getsource(BaseEntrypointConfiguration.prepare_code_environment)))
    (made,) = [line for line in stages()["runtime"] if "mkdir -p" in line]
    given = re.search(r"chown -R 10001:10001 (.*)$", made)[1].split()
    assert {place, "/state", "/project/runs"} <= set(given)


def test_no_secret_enters_the_image():
    text = (DOCKER / "Dockerfile").read_text()
    assert not re.search(r"(?i)password|token|secret|api_key", text)
    ignored = (DOCKER / "Dockerfile.dockerignore").read_text().split()
    assert {"**/.env", "**/*.env", "**/.git", "data", "**/*.db", "**/*.key", "**/*.pem", "runs"} <= set(ignored)


def pinned(image: str) -> bool:
    """Whether an image is named by a digest, or by a tag that says a whole version: never ``latest``, never ``17``."""
    return re.search(r"@sha256:[0-9a-f]{64}$|:v?\d+\.\d+(\.\d+)?(-[a-z]+[\d.]*)*$", image) is not None


def test_pinned_knows_the_difference():
    for image in ("postgres:17.10-alpine3.23", "versity/versitygw:v1.8.0", "python:3.11.15-slim-bookworm", "a@sha256:" + "0" * 64):
        assert pinned(image), image
    for image in ("postgres", "postgres:latest", "postgres:17", "postgres:17-alpine", "python:3-slim", "python:slim"):
        assert not pinned(image), image


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load(COMPOSE.read_text())


@needs("check-jsonschema")
def test_compose_follows_its_schema():
    assert complaints("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)) == ""


def test_ports_are_published_on_loopback_only(compose):
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_what_is_mounted_in_memory_is_mounted_by_podman_too(compose):
    """Its older versions refuse the options ``uid`` and ``gid``, which Docker takes."""
    mounts = [mount for service in compose["services"].values() for mount in service.get("tmpfs", [])]
    assert {mount.partition(":")[2] for mount in mounts} == {"", "mode=1777"}


def test_a_busy_machine_starts_the_workers_of_mlflow(compose):
    """The variable is one that uvicorn, which MLflow starts, reads."""
    from uvicorn.main import main

    (option,) = [option for option in main.params if option.name == "timeout_worker_healthcheck"]
    variable = f"{main.context_settings['auto_envvar_prefix']}_{option.name.upper()}"
    assert int(compose["services"]["mlflow"]["environment"][variable]) > option.default


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


def test_images_are_pinned_and_match_what_is_installed(compose):
    import zenml

    images = {name: service["image"] for name, service in compose["services"].items()}
    assert all(pinned(image) for image in images.values()), images
    assert images["zenml"].endswith(f":{zenml.__version__}")  # a client refuses a server of another version
    assert images["retrain"] == images["drift"] == f"ntgate:{ntgate.__version__}"
    assert images["mlflow"] == f"ntgate-tracking:{ntgate.__version__}"


def test_what_others_wait_for_has_a_health_check(compose):
    services = compose["services"]
    waited = {name: how["condition"] for service in services.values() for name, how in service.get("depends_on", {}).items()}
    healthy = {name for name, how in waited.items() if how == "service_healthy"}
    assert healthy == {"database", "mlflow", "store", "zenml-database"}
    assert all("healthcheck" in services[name] for name in healthy | {"zenml"})


def test_every_service_gives_up_the_rights_it_does_not_need(compose):
    for name, service in compose["services"].items():
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["cap_drop"] == ["ALL"], name
        assert not {"privileged", "pid", "ipc"} & set(service), name
    assert {name for name, service in compose["services"].items() if service.get("read_only")} >= {
        "drift",
        "mlflow",
        "retrain",
        "store",
    }


def test_databases_are_reachable_from_inside_alone(compose):
    assert compose["networks"]["inside"]["internal"] is True
    for name in ("database", "store", "zenml-database"):
        assert compose["services"][name]["networks"] == ["inside"]
        assert "ports" not in compose["services"][name]


def test_every_secret_is_demanded_and_empty_in_the_example():
    text = COMPOSE.read_text()
    used = set(re.findall(r"\$\{(\w+)", text))
    example = dict(
        line.split("=", 1)
        for line in (COMPOSE.parent / "example.env").read_text().splitlines()
        if line and not line.startswith("#")
    )
    assert used == set(example)
    secrets = {name for name in used if re.search(r"PASSWORD|_KEY$", name)}
    assert len(secrets) == 6
    for name in secrets:
        assert example[name] == ""
        assert f"${{{name}:?" in text, f"{name}: compose would go on without it"
        assert f"${{{name}:-" not in text, f"{name}: a default is a password that everyone knows"


def test_jobs_report_to_zenml_only_when_told(compose):
    """An empty variable would be an address; a null one is passed on where it is set, and absent where it is not."""
    for job in ("retrain", "drift"):
        given = compose["services"][job]["environment"]
        assert {name: value for name, value in given.items() if name.startswith("ZENML")} == {
            "ZENML_STORE_URL": None,
            "ZENML_STORE_API_KEY": None,
        }


def test_mlflow_understands_its_options(compose):
    """Every option and variable that compose gives MLflow is one that this MLflow has."""
    from mlflow import environment_variables
    from mlflow.cli import server

    options = {name for parameter in server.params for name in parameter.opts}
    variables = {parameter.envvar for parameter in server.params if parameter.envvar}
    variables |= {name for name in vars(environment_variables) if name.startswith("MLFLOW_")}
    mlflow = compose["services"]["mlflow"]
    entry = next(line for line in stages()["tracking"] if line.startswith("ENTRYPOINT"))
    given = {word for word in [*mlflow["command"], *re.findall(r'"(--[\w-]+)"', entry)] if word.startswith("--")}
    assert {"--allowed-hosts", "--host", "--port"} <= given <= options
    assert {name for name in mlflow["environment"] if name.startswith("MLFLOW_")} <= variables


def test_zenml_understands_its_variables(compose):
    from zenml.config.server_config import ServerConfiguration
    from zenml.zen_stores.secrets_stores.sql_secrets_store import SqlSecretsStoreConfiguration
    from zenml.zen_stores.sql_zen_store import SqlZenStoreConfiguration

    prefixes = {
        "ZENML_SERVER_": ServerConfiguration,
        "ZENML_SECRETS_STORE_": SqlSecretsStoreConfiguration,
        "ZENML_STORE_": SqlZenStoreConfiguration,
    }
    given = compose["services"]["zenml"]["environment"]
    for prefix, config in prefixes.items():
        named = {name.removeprefix(prefix).lower(): value for name, value in given.items() if name.startswith(prefix)}
        assert named
        assert set(named) <= set(config.model_fields), prefix
    assert ServerConfiguration(deployment_type=given["ZENML_SERVER_DEPLOYMENT_TYPE"]).auto_activate is False
    assert "AUTO_ACTIVATE" not in str(given)  # it would make an administrator with a password that everyone knows
    store = SqlZenStoreConfiguration(url=given["ZENML_STORE_URL"].replace("${MYSQL_PASSWORD}", "abc"))
    assert (store.database, store.username.get_secret_value()) == ("zenml", "zenml")
