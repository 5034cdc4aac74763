"""``${NAME}`` in a config: a reference to an environment variable, and the form in which it may travel."""

from __future__ import annotations

import os
import re
from typing import Any, TypeVar

from ntgate.credentials import remember, remember_address, without_credentials
from ntgate.errors import ConfigError, ConfigErrors

Spec = TypeVar("Spec", bound=Any)

# ZenML replaces ${NAME} in all that it compiles, and stores what comes of it. Kept references are therefore written $[NAME].
_WRITTEN = r"\$\{(?P<written>\w+)\}"
_KEPT = r"\$\[(?P<kept>\w+)\]"
_REFERENCE = re.compile(f"{_WRITTEN}|{_KEPT}")
_HOST = re.compile(r"(?:\[[^\]]*\]|[^:]*)(?::(\d{0,5}))?", re.ASCII)
PORT = "an address with a number from 1 to 65535 as its port"
_HARMLESS = re.compile(r"[^@?#;\s]*")  # a value that brings neither user nor query into an address
_SECRET_NAME = re.compile(
    "(?i)(pass(word|wd|phrase)?|pwd|pw|token|secret|(api|access|account|secret)_?key|credentials?|signature)$"
)


def referenced(text: str) -> tuple[str, ...]:
    """The names that ``text`` refers to.

    >>> referenced("postgresql://ann:${PASSWORD}@$[HOST]/mlflow")
    ('PASSWORD', 'HOST')
    """
    return tuple(match["written"] or match["kept"] for match in _REFERENCE.finditer(text))


def expanded(text: str) -> str:
    """The text with every reference replaced by its value; what is secret in it is masked in all messages from now on.

    Raises:
        KeyError: with the name that is not set.
    """
    filled = _REFERENCE.sub(lambda match: os.environ[match["written"] or match["kept"]], text)
    if "://" in filled:
        remember_address(filled)
    for match in _REFERENCE.finditer(text):
        name = match["written"] or match["kept"]
        if _SECRET_NAME.search(name) or ("://" in filled and _where_secrets_stand(text, match)):
            remember(os.environ[name])
    return filled


def to_be_kept(text: str) -> bool:
    """Whether the references in an address stay references in a config that is kept or sent anywhere.

    Where user, password, token and query stand is read from the address as it is written, whatever the values are: a password may
    hold every sign that divides an address. Elsewhere, and where the whole address is a variable, a reference is filled in if its
    value brings none of them.

    Raises:
        KeyError: with the name that is not set.

    >>> os.environ["NAME"] = "tracking"
    >>> to_be_kept("postgresql://ann:${NAME}@db/mlflow"), to_be_kept("https://host/x.npz?sig=${NAME}"), to_be_kept("http://${NAME}")
    (True, True, False)
    """
    filled = expanded(text)
    if not referenced(text) or "://" not in filled:
        return False
    if re.match(r"sqlite(\+\w+)?:///", filled):  # a file, whose folders may be called anything
        return "?" in filled
    for match in _REFERENCE.finditer(text):
        if _where_secrets_stand(text, match):
            return True
        value = os.environ[match["written"] or match["kept"]]
        if not _HARMLESS.fullmatch(value):
            return True
    return False


def _where_secrets_stand(text: str, reference: re.Match[str]) -> bool:
    """Whether a reference stands before an @, or in the query."""
    return "@" in text[reference.end() :] or "?" in text[: reference.start()]


def filled_in(spec: Spec, where: str) -> Spec:
    """A description of rows with the references in its path filled in: for reading, and never to be kept.

    Raises:
        ConfigErrors: when a variable is not set.
    """
    missing = [name for name in referenced(spec.path) if name not in os.environ]
    if missing:
        raise ConfigErrors([unset(where, name) for name in missing])
    path = expanded(spec.path)
    filled: Spec = spec if path == spec.path else spec.model_copy(update={"path": path})
    return filled


def kept(text: str) -> str:
    """The text with its references in the form that no orchestrator replaces.

    >>> kept("postgresql://ann:${PASSWORD}@db/mlflow")
    'postgresql://ann:$[PASSWORD]@db/mlflow'
    """
    return re.sub(_WRITTEN, r"$[\g<written>]", text)


def unset(where: str, name: str) -> ConfigError:
    """The error for a variable that is not set."""
    return ConfigError(where, expected=f"the environment variable {name}", got="it is not set", fix=f"export {name}=...")


def with_password(address: str) -> bool:
    """Whether a password or a token stands in the address itself, beside what it refers to.

    >>> with_password("postgresql://ann:secret@db/mlflow"), with_password("postgresql://ann:${PASSWORD}@db/mlflow")
    (True, False)
    >>> with_password("postgresql://ann@db/mlflow"), with_password("https://token@tracking:5000")
    (False, True)
    >>> with_password("postgresql://ann:my/own secret@db/mlflow")
    True
    """
    written = _REFERENCE.sub("", address)
    _, sign, rest = written.partition("://")
    # A password may hold what ends the name of a host elsewhere, so that the last @ counts.
    user, at, _ = rest.rpartition("@")
    _, colon, secret = user.partition(":")
    host = sign and not rest.startswith("/")  # a file has none
    if host and at and ((colon and secret) or re.search(r"https?://[^/:]+@", written)):
        return True
    query = written.partition("?")[2]
    return without_credentials(f"?{query}") != f"?{query}"


def odd_port(uri: str) -> bool:
    """Whether what stands behind the host is no port, which every library tells in other words.

    >>> odd_port("postgresql://ann:a/b@db:abc/mlflow"), odd_port("postgresql://ann:a/b@db:5432/mlflow"), odd_port("http://[::1]:80")
    (True, False, False)
    """
    rest = uri.partition("://")[2]
    if uri.startswith("sqlite"):
        return False
    # A password may have a question mark in it, and a query an @: only what is none either way is refused.
    hosts = {re.split("[/?#]", part.rpartition("@")[2])[0] for part in (rest, rest.partition("?")[0])}
    return not any((found := _HOST.fullmatch(host)) and int(found[1] or 1) in range(1, 65536) for host in hosts)
