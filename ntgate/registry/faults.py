"""What goes wrong between us and the registry, in one sentence and without credentials."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from ntgate.credentials import without_credentials
from ntgate.errors import RegistryDeniedError, RegistryError
from ntgate.machine import machine_fault
from ntgate.registry.config import RegistryConfig

START = "start it, or correct registry.uri"
_WHO = {
    "server": "check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN",
    "database": "check user and password in registry.uri",
    "artifacts": "check the credentials of the artifact store, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
}
_LONGEST = 300
_UNANSWERED = ("INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE", "DEADLINE_EXCEEDED", "IO_ERROR")

_STORES = ("boto3", "botocore", "s3transfer", "google", "azure")


@contextmanager
def translated(config: RegistryConfig, *, fix: str = START) -> Iterator[None]:
    """Turn what MLflow, its database and the network raise into one :class:`RegistryError`.

    Args:
        config: names the registry in the sentence.
        fix: what to do about it; where it begins with ``START`` and the registry is there but wants other credentials, these are
            named instead.

    Raises:
        MachineError: where a disk of this machine is full.
        RegistryDeniedError: where the credentials are missing or wrong.
        RegistryError: instead of whatever else they raise.
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
        fault = machine_fault(error)
        if fault is not None:
            raise fault from error
        who = denied(error)
        if who is not None:
            raise RegistryDeniedError(
                f"registry {config.uri}",
                expected="a registry that lets us in",
                got=reason(error),
                fix=_WHO[who] + fix.removeprefix(START),
            ) from error
        took_it = isinstance(error, MlflowException) and error.error_code not in _UNANSWERED
        raise RegistryError(
            f"registry {config.uri}",
            expected="an MLflow registry that " + ("takes the request" if took_it else "answers"),
            got=reason(error),
            fix=fix,
        ) from error


def denied(error: BaseException) -> str | None:
    """Who refused our credentials: ``server``, ``database`` or ``artifacts``; None where nobody did."""
    cause: BaseException | None = error
    while cause is not None:
        said, kind = str(cause), type(cause)
        if kind.__module__.partition(".")[0] in _STORES and re.search(
            "credentials|AccessDenied|Forbidden|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|401|403",
            said,
            re.I,
        ):
            return "artifacts"
        if kind.__module__.partition(".")[0] in ("psycopg", "psycopg2", "pymysql", "MySQLdb"):
            return "database" if re.search("authentication failed|no password supplied|Access denied for user", said) else None
        answer = getattr(cause, "response", None)
        status = getattr(answer, "status_code", None) or getattr(cause, "get_http_status_code", lambda: None)()
        if status in (401, 403) and "host header" not in said.lower():
            return "server"
        cause = cause.__cause__ or cause.__context__
    return None


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
