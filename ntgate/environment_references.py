"""``${NAME}`` in a config: a reference to an environment variable, and the form in which it may travel."""

from __future__ import annotations

import os
import re

from ntgate.credentials import without_credentials
from ntgate.errors import ConfigError

# ZenML replaces ${NAME} in all that it compiles, and stores what comes of it. Kept references are therefore written $[NAME].
_WRITTEN = r"\$\{(?P<written>\w+)\}"
_KEPT = r"\$\[(?P<kept>\w+)\]"
_REFERENCE = re.compile(f"{_WRITTEN}|{_KEPT}")


def referenced(text: str) -> tuple[str, ...]:
    """The names that ``text`` refers to.

    >>> referenced("postgresql://ann:${PASSWORD}@$[HOST]/mlflow")
    ('PASSWORD', 'HOST')
    """
    return tuple(match["written"] or match["kept"] for match in _REFERENCE.finditer(text))


def expanded(text: str) -> str:
    """The text with every reference replaced by its value.

    Raises:
        KeyError: with the name that is not set.
    """
    return _REFERENCE.sub(lambda match: os.environ[match["written"] or match["kept"]], text)


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
    """
    written = _REFERENCE.sub("", address)
    if re.search(r"://[^/\s:@]*:[^/\s]+@|^https?://[^/\s:]+@", written):
        return True
    query = written.partition("?")[2]
    return without_credentials(query) != query
