"""A password of the registry: filled in where it is used, kept nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ntgate.config import RunConfig
from ntgate.config_file import load
from ntgate.errors import ConfigError, NtgateError
from ntgate.registry.client import connect
from ntgate.registry.config import RegistryConfig
from ntgate.stages.domains import read_domains
from tests.checkout import python

PASSWORD = "correct-horse-battery"


def ntgate(project: Path, *arguments: str) -> tuple[int, str, str]:
    variables = {"REGISTRY_PASSWORD": PASSWORD, "ZENML_LOGGING_VERBOSITY": "INFO"}
    done = python(project / "zenml", "-m", "ntgate", *arguments, "--json", **variables)
    return done.returncode, done.stdout, done.stderr


def files_with(word: str, folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]


def test_after_a_run_on_zenml_the_password_is_nowhere(project, server):
    address = server.replace("http://", "http://ann:${REGISTRY_PASSWORD}@")
    # A name of its own: the server is the session's, and another test's champion would be in the way.
    settings = [f"registry.uri={address}", "model.name=guarded", "strategies=[{kind: linear_pool}]", "gate.ledger.policy=none"]
    sets = [part for setting in settings for part in ("--set", setting)]
    code, out, log = ntgate(project, "run", str(project / "config.yaml"), *sets)
    assert code == 0, log
    assert json.loads(out)["registry"]["version"] == "1"  # the password did reach the connection
    assert PASSWORD not in out
    assert PASSWORD not in log
    kept = files_with("REGISTRY_PASSWORD", project / "zenml")
    assert any(path.suffix == ".db" for path in kept)  # what we look through does hold the parameters
    assert files_with(PASSWORD, project) == []  # database, artifact store, step logs, the run's folder


def test_a_password_in_the_config_itself_is_refused_on_zenml(project):
    code, out, log = ntgate(
        project, "run", str(project / "config.yaml"), "--set", f"registry.uri=http://ann:{PASSWORD}@127.0.0.1:9"
    )
    assert code == 2
    assert "expected a password as ${NAME} on ZenML" in json.loads(out)["errors"][0]["message"]
    assert PASSWORD not in out + log
    assert not (project / "zenml").exists()


def test_so_is_one_where_no_reference_would_stay(project, monkeypatch):
    monkeypatch.setenv("REGISTRY_PASSWORD", PASSWORD)
    settings = [f"{key}=s3://ann:${{REGISTRY_PASSWORD}}@runs" for key in ("output", "registry.artifact_location")]
    code, out, log = ntgate(project, "run", str(project / "config.yaml"), *[part for one in settings for part in ("--set", one)])
    assert code == 2
    told = [error["message"] for error in json.loads(out)["errors"]]
    assert [message.partition(",")[0] for message in told] == [
        "registry.artifact_location: expected no password on ZenML",
        "output: expected no password on ZenML",
    ]
    assert PASSWORD not in out + log


def test_so_is_one_in_the_address_of_data(project):
    setting = f"data.source.path=https://ann:{PASSWORD}@127.0.0.1:9/x.npz"
    code, out, log = ntgate(project, "run", str(project / "config.yaml"), "--set", setting)
    assert code == 2
    assert "data.source.path: expected a password as ${NAME} on ZenML" in json.loads(out)["errors"][0]["message"]
    assert PASSWORD not in out + log


@pytest.fixture
def config(project, monkeypatch):
    monkeypatch.setenv("REGISTRY_PASSWORD", PASSWORD)
    return lambda uri: load(project / "config.yaml", [f"registry.uri={uri}"])


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql://ann:${REGISTRY_PASSWORD}@db/mlflow",
        "https://${REGISTRY_PASSWORD}@tracking",
        "postgresql://db/mlflow?user=ann&password=${REGISTRY_PASSWORD}",
    ],
)
def test_the_config_keeps_the_reference(config, uri):
    kept = config(uri)
    assert kept.registry.uri == uri.replace("${REGISTRY_PASSWORD}", "$[REGISTRY_PASSWORD]")
    assert RunConfig.model_validate_json(kept.model_dump_json()) == kept  # as it travels to a step
    assert kept.registry.resolved().uri == uri.replace("${REGISTRY_PASSWORD}", PASSWORD)


def test_a_whole_address_in_a_variable(config, monkeypatch):
    monkeypatch.setenv("REGISTRY", f"postgresql://ann:{PASSWORD}@db/mlflow")
    kept = config("${REGISTRY}")
    assert kept.registry.uri == "$[REGISTRY]"
    assert PASSWORD not in kept.model_dump_json()
    assert kept.registry.resolved().uri.startswith("postgresql://ann")
    monkeypatch.setenv("REGISTRY", "http://tracking:5000")
    assert config("${REGISTRY}").registry.uri == "http://tracking:5000"  # nothing to hide
    monkeypatch.setenv("REGISTRY", f"ftp://ann:{PASSWORD}@db")
    with pytest.raises(ConfigError) as told:
        config("${REGISTRY}")
    assert "registry.uri: expected sqlite:///FILE" in str(told.value)
    assert PASSWORD not in str(told.value)


AWKWARD = [f"correct{sign}horse" for sign in "/ @#:?%&;=+'\"\\\\[]{}$\n\t<>|"] + [" ", "/", "@:/", "12/34", "12 34@5", "//a:b@c"]


@pytest.mark.parametrize("password", AWKWARD, ids=repr)
@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("registry.uri", "postgresql://ann:${PW}@db/mlflow"),
        ("registry.uri", "http://${PW}@tracking"),
        ("registry.uri", "postgresql://db/mlflow?user=ann&password=${PW}"),
        ("gate.ledger.uri", "postgresql://ann:${PW}@db/mlflow"),
        ("data.source.path", "https://ann:${PW}@host/rows.npz"),
        ("data.target.path", "https://host/rows.npz?sig=${PW}"),
    ],
)
def test_a_reference_stays_one_whatever_the_password_is(project, monkeypatch, password, key, address):
    monkeypatch.setenv("PW", password)
    kept = load(project / "config.yaml", [f"{key}={address}"])
    value: object = kept
    for name in key.split("."):
        value = getattr(value, name)
    assert value == address.replace("${PW}", "$[PW]")
    assert RunConfig.model_validate_json(kept.model_dump_json()) == kept
    if key == "registry.uri":
        assert kept.registry.resolved().uri == address.replace("${PW}", password)


@pytest.mark.parametrize("password", AWKWARD, ids=repr)
@pytest.mark.parametrize("address", ["postgresql://ann:{}@db/mlflow", "sqlite:///mlflow.db?key={}"])
def test_so_does_a_whole_address(config, monkeypatch, password, address):
    monkeypatch.setenv("REGISTRY", address.format(password))
    assert config("${REGISTRY}").registry.uri == "$[REGISTRY]"


def test_what_brings_no_secret_is_filled_in(project, monkeypatch):
    monkeypatch.setenv("HOST", "tracking.example")
    monkeypatch.setenv("FOLDER", str(project / "a@b"))
    kept = load(project / "config.yaml", ["registry.uri=http://${HOST}:5000", "data.source.path=${FOLDER}/x.npz"])
    assert (kept.registry.uri, kept.data.source.path) == ("http://tracking.example:5000", str(project / "a@b" / "x.npz"))


def test_rows_are_read_where_the_filled_in_address_leads(project, monkeypatch):
    """The address that is kept leads nowhere; the one that is opened does."""
    monkeypatch.setenv("PW", "my/own key")
    config = load(project / "config.yaml", ["data.source.path=https://ann:${PW}@127.0.0.1:1/rows.npz"])
    with pytest.raises(NtgateError) as told:
        read_domains(config)
    assert "$[PW]" not in str(told.value)
    assert "key" not in str(told.value)


def test_zenml_finds_nothing_to_replace_in_the_schema():
    """ZenML compiles the config's schema, descriptions included, and fails over a variable in it that is not set."""
    assert "${" not in json.dumps(RunConfig.model_json_schema())


def test_where_a_step_runs_the_variable_must_be_set_too(config, monkeypatch):
    kept = config("postgresql://ann:${REGISTRY_PASSWORD}@db/mlflow")
    monkeypatch.delenv("REGISTRY_PASSWORD")
    with pytest.raises(ConfigError, match=r"registry\.uri: expected the environment variable REGISTRY_PASSWORD"):
        connect(kept.registry, "reader")
    monkeypatch.setenv("REGISTRY", f"ftp://ann:{PASSWORD}@db")
    with pytest.raises(ConfigError, match=r"correct the value of REGISTRY\.") as told:
        RegistryConfig(uri="$[REGISTRY]").resolved()
    assert PASSWORD not in str(told.value)
