"""Addresses with a password in every form, in every place that takes one: nobody answers there, and nobody may read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from hostile_inputs.hostile_input import HostileInput, Place, validating
from hostile_inputs.project import MODEL

DOOR = "addresses"
_UNREACHED = frozenset({6})
_REFUSED_OR_UNREACHED = frozenset({2, 6})
NOWHERE = "127.0.0.1:1"  # refuses at once
SERVERS = {
    "user and password": f"http://ann:{{secret}}@{NOWHERE}",
    "a password alone": f"http://:{{secret}}@{NOWHERE}",
    "a token before the host": f"http://{{secret}}@{NOWHERE}",
    "a token in the query": f"http://{NOWHERE}/?token={{secret}}",
    "a password in the query": f"http://{NOWHERE}/?user=ann&password={{secret}}",
    "a key in the query": f"http://{NOWHERE}/?api_key={{secret}}",
    "a signature in the query": f"http://{NOWHERE}/?X-Amz-Signature={{secret}}",
    "an @ in the password": f"http://ann:{{secret}}@x@{NOWHERE}",
    "a slash in the password": f"http://ann:{{secret}}/x@{NOWHERE}",
    "a question mark in the password": f"http://ann:{{secret}}?x@{NOWHERE}",
    "a hash in the password": f"http://ann:{{secret}}#x@{NOWHERE}",
    "a colon in the password": f"http://ann:{{secret}}:x@{NOWHERE}",
    "blanks in the password": f"http://ann:x {{secret}}@{NOWHERE}",
    "an encoded password": f"http://ann:%20{{secret}}@{NOWHERE}",
    "a port that is none": "http://ann:{secret}@127.0.0.1:abc",
    "a port that is too large": "http://ann:{secret}@127.0.0.1:99999",
    "a host that is none": "http://ann:{secret}@no-such-host.invalid",
    "a host of dots": "http://ann:{secret}@a..b",
    "an open bracket": "http://ann:{secret}@[::1",
    "capital letters": f"HTTP://ann:{{secret}}@{NOWHERE}",
}
DATABASES = {
    "user and password": f"postgresql://ann:{{secret}}@{NOWHERE}/mlflow",
    "a driver": f"postgresql+psycopg://ann:{{secret}}@{NOWHERE}/mlflow",
    "a driver that is none": f"postgresql+evil://ann:{{secret}}@{NOWHERE}/mlflow",
    "another driver": f"mysql+pymysql://ann:{{secret}}@{NOWHERE}/mlflow",
    "a password in the query": f"postgresql://{NOWHERE}/mlflow?user=ann&password={{secret}}&connect_timeout=1",
    "a key's password": f"postgresql://{NOWHERE}/mlflow?sslpassword={{secret}}",
    "an option that is none": f"postgresql://ann:{{secret}}@{NOWHERE}/mlflow?nonsense=1",
    "a slash in the password": f"postgresql://ann:{{secret}}/x@{NOWHERE}/mlflow",
    "an @ in the password": f"postgresql://ann:x@{{secret}}@{NOWHERE}/mlflow",
    "a port that is none": "postgresql://ann:{secret}@127.0.0.1:abc/mlflow",
    "the old name": f"postgres://ann:{{secret}}@{NOWHERE}/mlflow",
    "no host": "postgresql://ann:{secret}@/mlflow?host=/nowhere",
    "a file's password": "sqlite:///nowhere/mlflow.db?password={secret}",
}
_STORES = {
    "s3 with its keys": "s3://key:{secret}@bucket/rows.npz",
    "s3 with a query": "s3://bucket/rows.npz?X-Amz-Signature={secret}",
    "https with a token": f"https://{NOWHERE}/rows.npz?token={{secret}}",
    "http with a password": f"http://ann:{{secret}}@{NOWHERE}/rows.npz",
    "ftp with a password": f"ftp://ann:{{secret}}@{NOWHERE}/rows.npz",
    "sftp with a password": f"sftp://ann:{{secret}}@{NOWHERE}/rows.npz",
    "an unknown kind with a password": "nonsense://ann:{secret}@bucket/rows.npz",
    "abfs with its key": "abfs://AccountKey={secret};x@bucket/rows.npz",
    "a chain with a password": f"simplecache::http://ann:{{secret}}@{NOWHERE}/rows.npz",
}
_VARIABLES: dict[str, Mapping[str, str]] = {
    "a password of the environment": {"MLFLOW_TRACKING_USERNAME": "ann", "MLFLOW_TRACKING_PASSWORD": "{secret}"},
    "a token of the environment": {"MLFLOW_TRACKING_TOKEN": "{secret}"},
    "a token with a newline": {"MLFLOW_TRACKING_TOKEN": "{secret}\nEvil: 1"},
    "a password of snow": {"MLFLOW_TRACKING_USERNAME": "ann", "MLFLOW_TRACKING_PASSWORD": "{secret}\u2603"},
}
_S3 = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "{secret}",
    "AWS_ENDPOINT_URL": f"http://{NOWHERE}",
    "AWS_MAX_ATTEMPTS": "1",
}


def inputs() -> Iterator[HostileInput]:
    """Each address for every command that takes such a one."""
    both = {
        **{f"server, {name}": one for name, one in SERVERS.items()},
        **{f"database, {name}": one for name, one in DATABASES.items()},
    }
    for name, address in both.items():
        for place, words in {
            "registry.uri": validating("arrays.yaml", f"registry.uri={address}"),
            "registry.uri of a run": ["run", "arrays.yaml", "--inline", "--set", f"registry.uri={address}"],
            "status --uri": ["status", MODEL, "--uri", address],
        }.items():
            codes = _REFUSED_OR_UNREACHED | {0} if "a file's" in name and place == "status --uri" else _REFUSED_OR_UNREACHED
            yield _given(f"{place}: {name}", words, codes)
    for name, address in both.items():
        for words in (
            ["rollback", MODEL, "--uri", address],
            ["reconcile", MODEL, "--uri", address],
            ["explain", "0123456789abcdef", "--uri", address],
        ):
            if name.endswith(("user and password", "a token in the query", "a port that is none")):
                yield _given(f"{words[0]} --uri: {name}", words, _REFUSED_OR_UNREACHED)
    for name, address in DATABASES.items():
        words = validating("arrays.yaml", f"gate.ledger.uri={address}")
        yield _given(f"gate.ledger.uri: {name}", words, _REFUSED_OR_UNREACHED)
    for name, address in SERVERS.items():
        words = ["serve-check", MODEL, "--uri", "sqlite:///mlflow.db", "--endpoint", address]
        yield _given(f"serve-check --endpoint: {name}", words, _REFUSED_OR_UNREACHED)
    for name, address in _STORES.items():
        # Data that cannot be read are bad data, and a store that does not answer is one.
        codes = frozenset({2, 5, 6})
        yield _given(f"data.target.path: {name}", validating("arrays.yaml", f"data.target.path={address}"), codes, _S3)
        output = address.removesuffix("/rows.npz")
        yield _given(f"output: {name}", validating("arrays.yaml", f"output={output}"), codes, _S3)
        yield _given(f"ask --rows: {name}", ["ask", "{run}", "--rows", address], codes, _S3)
        yield _given(f"judge --labels: {name}", ["judge", "{run}", "--labels", address], codes, _S3)
        yield _given(f"replay: {name}", ["replay", address], codes, _S3)
        yield _given(
            f"registry.artifact_location: {name}",
            validating("arrays.yaml", f"registry.artifact_location={address}"),
            frozenset({0, 2, 5, 6}),
            _S3,
        )
    for name, variables in _VARIABLES.items():
        words = validating("arrays.yaml", f"registry.uri=http://{NOWHERE}", "gate.ledger.policy=none")
        yield _given(f"registry.uri: {name}", words, _REFUSED_OR_UNREACHED, variables)
        yield _given(f"status --uri: {name}", ["status", MODEL, "--uri", f"http://{NOWHERE}"], _REFUSED_OR_UNREACHED, variables)
    serving = ["serve-check", MODEL, "--uri", "sqlite:///mlflow.db", "--endpoint", f"http://{NOWHERE}"]
    for name, token in {
        "a token": "{secret}",
        "a token with a newline": "{secret}\nEvil: 1",
        "a token of snow": "{secret}\u2603",
    }.items():
        yield _given(f"serve-check --endpoint: {name}", serving, _REFUSED_OR_UNREACHED, {"NTGATE_ENDPOINT_TOKEN": token})
    for name, address in {
        "an address": f"https://{NOWHERE}/T0/{{secret}}",
        "a password": f"https://ann:{{secret}}@{NOWHERE}/x",
    }.items():
        yield _given(f"notify.webhook: {name}", validating("arrays.yaml", f"notify.webhook={address}"), frozenset({2}))
    referred = validating("arrays.yaml", "registry.uri=postgresql://ann:${PASSWORD_OF_ANN}@" + NOWHERE + "/mlflow")
    yield _given("registry.uri: a variable", referred, _UNREACHED, {"PASSWORD_OF_ANN": "{secret}"})
    yield _given("an unknown option", ["validate", "arrays.yaml", f"--no-such=http://ann:{{secret}}@{NOWHERE}"], frozenset({2}))
    yield _given("a setting that is none", validating("arrays.yaml", "registry.password={secret}"), frozenset({2}))


def _given(name: str, words: Sequence[str], codes: frozenset[int], environment: Mapping[str, str] | None = None) -> HostileInput:
    return HostileInput(DOOR, name, partial(_filled, words), codes, several=True, environment=environment or {})


def _filled(words: Sequence[str], place: Place) -> list[str]:
    return [word.replace("{secret}", place.secret).replace("{run}", str(place.run)) for word in words]
