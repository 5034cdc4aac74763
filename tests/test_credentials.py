"""Passwords, tokens and keys appear in nothing that ntgate says, writes or raises."""

from __future__ import annotations

import http.server
import pickle
import threading

import pytest
import yaml

from ntgate.cli.app import run as command
from ntgate.credentials import remember_address, without_credentials
from ntgate.environment_references import expanded, with_password
from ntgate.errors import DataError, RegistryDeniedError
from ntgate.registry.client import connect
from ntgate.registry.config import RegistryConfig

SECRET = "geheim-4711"
ADDRESSES = [
    f"postgres://ann:{SECRET}@db/mlflow",
    f"postgresql://127.0.0.1:1/mlflow?user=ann&password={SECRET}&connect_timeout=1",
    f"postgresql://127.0.0.1:1/mlflow?sslpassword={SECRET}&sslmode=require",
    f"http://127.0.0.1:1/?token={SECRET}",
    f"mysql+nodriver://127.0.0.1/db?password={SECRET}",
    f"http://{SECRET}@127.0.0.1:1",
]


@pytest.mark.parametrize(
    "text",
    [
        f"https://host/x.npz?token={SECRET}&more=1",
        f"?X-Amz-Signature={SECRET}",
        f"https://host/x?sig={SECRET}",
        f"s3://key:{SECRET}@bucket/x",
        f"AccountKey={SECRET};EndpointSuffix=x",
        f"host=db password={SECRET} dbname=x",
        f"{{'secret_access_key': '{SECRET}'}}",
        f"?aws_session_token={SECRET}",
        f"?apikey={SECRET}",
        f"?key={SECRET}",
        f"http://u:a {SECRET}@localhost:1",
        f"registry http://u:a@{SECRET}@localhost:1",
        f"postgresql://u:a\nb@c {SECRET}@localhost:1/db",
        f"postgresql://u:a/{SECRET}@localhost:1/db",
        f"https:/u:{SECRET}@h/w",
        f"/srv/https:/u:{SECRET}@h/w",
    ],
)
def test_masked(text):
    shown = without_credentials(text)
    assert SECRET not in shown
    assert "***" in shown


@pytest.mark.parametrize(
    "text",
    [
        "tokenizer=fast",
        "max_tokens=3",
        "password=${PASSWORD}",
        "?password=$[PASSWORD]",
        "data.keep=[key]",
        "a monkey=5",
        'password authentication failed for user "ann"',
        "http://localhost:5000: models:/m@champion",
        "http://[::1]:5000 was told to ann@example",
        "sqlite:////srv/a:b@c/mlflow.db",
        "postgresql://ann:$[PASSWORD]@db/mlflow",
        "https://${TOKEN}@tracking",
    ],
)
def test_left_alone(text):
    assert without_credentials(text) == text


def test_an_error_holds_none_even_pickled():
    error = DataError(f"https://h/x?token={SECRET}", expected="a file", got=f"password={SECRET}", fix="correct it")
    assert SECRET not in repr(error)
    assert SECRET not in str(pickle.loads(pickle.dumps(error)))


AWKWARD = [
    "S3K RET1x",
    "S3K\nRET1x",
    "S3K@RET1x",
    "S3K/RET1x",
    "S3K#RET1x",
    "S3K:RET1x",
    "1234 RET1x",
    "12/RET1x@y",
    "S3K%20RET1x",
    "S3K'RET1x",
]


@pytest.mark.parametrize("password", AWKWARD, ids=repr)
@pytest.mark.parametrize("address", ["http://u:{}@127.0.0.1:1", "postgresql://127.0.0.1:1/db?user=u&password={}&connect_timeout=1"])
def test_no_command_prints_an_awkward_one(project, monkeypatch, address, password, capfd):
    """Given as it is, and in a variable: no part of it is shown, whatever a library quotes."""
    monkeypatch.setenv("PW", password)
    path = str(project / "config.yaml")
    assert command(["status", "reader", "--uri", address.format(password)]) != 0
    assert command(
        ["run", path, "--inline", "--set", f"registry.uri={address.format('${PW}')}", "--set", "gate.ledger.policy=none"]
    )
    assert command(["validate", path, "--set", f"data.source.path={address.format('${PW}')}/x.npz", "--json"]) != 0
    told = capfd.readouterr()
    assert "RET1" not in told.out + told.err
    assert not [
        file for file in project.rglob("*") if file.is_file() and file.name != "config.yaml" and b"RET1" in file.read_bytes()
    ]


def test_what_was_filled_in_is_masked_by_itself(monkeypatch):
    monkeypatch.setenv("PW", "Tr0ub/ador 3")
    assert "Tr0ub" in expanded("postgresql://ann:${PW}@db")
    for quoted in ("Tr0ub/ador 3", "Tr0ub%2Fador%203", "no host Tr0ub in it"):
        assert "Tr0ub" not in str(DataError("x", expected="y", got=quoted, fix="z"))
    monkeypatch.setenv("FOLDER", "/srv/rows-of-march")
    assert expanded("file://${FOLDER}/x.npz") == without_credentials("file:///srv/rows-of-march/x.npz")  # no secret


def test_the_name_of_a_database_user_is_none():
    remember_address("postgresql://accountant7@db/mlflow")
    said = 'password authentication failed for user "accountant7"'
    assert without_credentials(said) == said


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_command_prints_one(project, address, capfd):
    config = yaml.safe_load((project / "config.yaml").read_text())
    config["registry"]["uri"] = address
    (project / "config.yaml").write_text(yaml.safe_dump(config))
    path = str(project / "config.yaml")
    for words in (
        ["validate", path],
        ["run", path, "--inline", "--set", "gate.ledger.policy=none"],
        ["status", "reader", "--uri", address],
        ["doctor", "--uri", address],
        ["run", path, "--set", f"registry.uri={address}", f"--no-such={address}"],
        ["schedule", path, "--cron", "17 3 * * 1", "--set", f"registry.uri={address}", "--print"],
    ):
        assert command([*words, "--json"]) != 0 or words[0] in ("validate", "doctor")
    told = capfd.readouterr()
    assert SECRET not in told.out + told.err
    assert not [
        file
        for file in project.rglob("*")
        if file.is_file() and file.name != "config.yaml" and SECRET.encode() in file.read_bytes()
    ]


@pytest.mark.parametrize(
    "data", ["https://127.0.0.1:1/x.npz?token={}", "s3://key:{}@bucket/x.npz", "http://ann:{}@127.0.0.1:1/x.npz"]
)
def test_nor_one_in_the_address_of_data(project, data, capfd):
    assert command(["validate", str(project / "config.yaml"), "--set", f"data.source.path={data.format(SECRET)}"]) in (2, 5)
    told = capfd.readouterr()
    assert SECRET not in told.out + told.err


@pytest.mark.parametrize("password", AWKWARD, ids=repr)
def test_so_is_one_of_any_characters(password):
    assert with_password(f"postgresql://ann:{password}@db/mlflow")
    assert with_password(f"registry.uri=postgresql://ann:{password}@db/mlflow")
    assert with_password("registry.uri=https://token@tracking")
    assert not with_password("registry.uri=sqlite:////srv/a:b@c/mlflow.db")
    assert not with_password("postgresql://ann@db:5432/mlflow")
    assert not with_password("postgresql://ann:${PW}@db:5432/mlflow")


@pytest.mark.parametrize("address", [a for a in ADDRESSES if "http" not in a or "token" in a])
def test_a_password_in_a_query_is_one(address):
    assert with_password(address)


class Refusing(http.server.BaseHTTPRequestHandler):
    code = 401

    def do_POST(self):
        self.send_response(self.code)
        self.end_headers()
        self.wfile.write(b"You are not authenticated.")

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("code", [401, 403])
def test_a_server_that_refuses_the_credentials_is_not_to_be_started(code):
    handler = type("Handler", (Refusing,), {"code": code})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(RegistryDeniedError) as caught:
            connect(RegistryConfig(uri=f"http://127.0.0.1:{server.server_port}"), "reader")
    finally:
        server.shutdown()
        server.server_close()
    assert "MLFLOW_TRACKING_USERNAME" in caught.value.fix
    assert "start it" not in str(caught.value)
    assert caught.value.exit_code == 6


@pytest.mark.parametrize("end", ["\n", "\nmore", "\u2603", " "])
def test_a_token_of_the_environment_is_masked_however_a_library_spells_it(end, monkeypatch, capfd):
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", SECRET + end)
    assert command(["status", "reader", "--uri", "http://127.0.0.1:1", "--json"]) == 6
    told = capfd.readouterr()
    assert SECRET not in told.out + told.err
