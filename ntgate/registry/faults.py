"""What goes wrong between us and the registry, in one sentence and without credentials."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from ntgate.credentials import without_credentials
from ntgate.errors import RegistryError
from ntgate.registry.config import RegistryConfig

START = "start it, or correct registry.uri"
_LONGEST = 300
_UNANSWERED = ("INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE", "DEADLINE_EXCEEDED", "IO_ERROR")

_STORES = ("boto3", "botocore", "s3transfer", "google", "azure")


@contextmanager
def translated(config: RegistryConfig, *, fix: str = START) -> Iterator[None]:
    """Turn what MLflow, its database and the network raise into one :class:`RegistryError`.

    Args:
        config: names the registry in the sentence.
        fix: what to do about it.

    Raises:
        RegistryError: instead of theirs.
    """
    import requests
    import sqlalchemy.exc
    from mlflow.exceptions import MlflowException

    expected = (MlflowException, sqlalchemy.exc.SQLAlchemyError, requests.RequestException, OSError)
    try:
        yield
    except Exception as error:
        # MLflow lets through what the library of an artifact store raises, which need not be installed here.
        if not isinstance(error, expected) and type(error).__module__.partition(".")[0] not in _STORES:
            raise
        took_it = isinstance(error, MlflowException) and error.error_code not in _UNANSWERED
        raise RegistryError(
            f"registry {without_credentials(config.uri)}",
            expected="an MLflow registry that " + ("takes the request" if took_it else "answers"),
            got=reason(error),
            fix=fix,
        ) from error


def reason(error: BaseException) -> str:
    """Why a request failed: the root of the matter where it is known, else the first line of what was said.

    >>> reason(ConnectionRefusedError(111, "Connection refused"))
    'connection refused'
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        if isinstance(cause, socket.gaierror):
            return "an unknown host name"
        if isinstance(cause, TimeoutError):
            return "no answer in time"
        cause = cause.__cause__ or cause.__context__
    said = str(error).strip() or type(error).__name__
    return without_credentials(said.splitlines()[0])[:_LONGEST].rstrip(".")
