"""Whether anything answers at the registry's address, asked once, before MLflow asks with its own patience."""

from __future__ import annotations

import importlib.util
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from ntgate.errors import RegistryError
from ntgate.extras import no_driver
from ntgate.registry.config import RegistryConfig


def reach(config: RegistryConfig) -> None:
    """Ask a server or a database for a sign of life.

    MLflow repeats a failed connection to a database ten times, over more than three minutes.

    Raises:
        ConfigError: when the driver of a database is not installed.
        RegistryError: when a SQLite file cannot be used.
        OSError: when nothing answers, as do ``requests``, ``sqlalchemy`` and MLflow with errors of their own.
    """
    file = sqlite_file(config)
    if file is not None:
        _open(file)
    elif config.uri.startswith("http"):
        _call(config)
    else:
        _connect(config)


def sqlite_file(config: RegistryConfig) -> Path | None:
    """The absolute path of the file behind a SQLite registry; None for a server or another database.

    >>> sqlite_file(RegistryConfig(uri="sqlite:////srv/mlflow.db"))
    PosixPath('/srv/mlflow.db')
    """
    match = re.fullmatch(r"sqlite(?:\+\w+)?:///([^?]+)(?:\?.*)?", config.uri)
    return Path(match[1]).resolve() if match else None


def with_driver(uri: str) -> str:
    """The address with ntgate's driver where it names PostgreSQL and no driver: SQLAlchemy would look for psycopg2.

    >>> with_driver("postgresql://db/mlflow"), with_driver("postgresql+psycopg2://db/mlflow")
    ('postgresql+psycopg://db/mlflow', 'postgresql+psycopg2://db/mlflow')
    """
    if uri.startswith("postgresql://") and importlib.util.find_spec("psycopg2") is None:
        return uri.replace("postgresql://", "postgresql+psycopg://", 1)
    return uri


def _open(file: Path) -> None:
    folder = file.parent
    if not folder.is_dir():
        raise RegistryError(
            "registry.uri", expected=f"an existing folder for {file.name}", got=f"no folder {folder}", fix="create it"
        )
    # SQLite writes its journal beside the file, so that the folder must be writable too.
    refused = [place for place in (folder, file) if place.exists() and not os.access(place, os.W_OK)]
    if refused or file.is_dir():
        got = "a folder" if file.is_dir() else f"{refused[0]} is read-only"
        raise RegistryError("registry.uri", expected=f"a SQLite file {file} to write to", got=got, fix="choose another")
    if not file.exists():
        return
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True)) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise OSError(str(error)) from error
    except sqlite3.DatabaseError as error:
        raise RegistryError(
            "registry.uri", expected=f"a SQLite database at {file}", got=str(error), fix="choose another file"
        ) from error


def _call(config: RegistryConfig) -> None:
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request, verify_rest_response

    endpoint = "/api/2.0/mlflow/experiments/search"
    answer = http_request(
        get_default_host_creds(config.uri),
        endpoint,
        "POST",
        json={"max_results": 1},
        max_retries=0,
        timeout=config.timeout_seconds,
        raise_on_status=False,
    )
    verify_rest_response(answer, endpoint)


def _connect(config: RegistryConfig) -> None:
    import sqlalchemy

    known = re.match(r"(postgresql|mysql)", config.uri)  # the drivers that take this argument
    arguments = {"connect_timeout": config.timeout_seconds} if known else {}
    try:
        engine = sqlalchemy.create_engine(config.uri, poolclass=sqlalchemy.pool.NullPool, connect_args=arguments)
    except ModuleNotFoundError as error:
        raise no_driver("registry.uri", error.name) from error
    engine.connect().close()
