"""ZenML's configuration and store, opened by one process of this machine at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ntgate.cli import console
from ntgate.errors import ConfigError, NtgateError, StoreError
from ntgate.extras import require
from ntgate.machine import machine_fault
from ntgate.optouts import opt_out
from ntgate.process_lock import exclusive

if TYPE_CHECKING:
    from zenml.client import Client

_QUIET = {"ZENML_ENABLE_RICH_TRACEBACK": "false", "ZENML_LOGGING_VERBOSITY": "CRITICAL", "AUTO_OPEN_DASHBOARD": "false"}
_TRIAL = "from zenml.client import Client; Client().active_stack_model"


def quiet() -> None:
    """Ask ZenML, before its import, to send nothing, to open no browser and to leave the output to us."""
    opt_out()
    for variable, value in _QUIET.items():
        os.environ.setdefault(variable, value)


def client() -> Client:
    """ZenML's client with its store open and its active stack known.

    A process that finds no store creates the tables, the default project and the default stack, and every process rewrites the
    configuration file in place. Two at once create one table twice, or read a half-written file and take it for an empty one.
    So this part of a start happens under a lock; what follows is transactions of the store, which wait for each other.

    Raises:
        ConfigError: when the folder of the configuration cannot be written to.
        StoreError: when the store cannot be opened: it is of another version, does not answer, or lets nobody in.
    """
    with locked():
        try:
            with _made_whole():
                return _open()
        except Exception as error:
            raise machine_fault(error) or _unopened(error) from error


def _open() -> Client:
    from zenml.client import Client

    opened = Client()
    opened.active_stack_model  # noqa: B018  opens the store, and writes the configuration for the last time
    return opened


@contextmanager
def _made_whole() -> Iterator[None]:
    """Mark the store of this machine while it is made, and move one aside whose making was cut short.

    ZenML makes its tables and what has to stand in them step by step, and cannot open what a signal leaves in between. A store that
    can be opened is never moved: ZenML, or its own command line, may have finished it since.
    """
    from zenml.config.global_config import GlobalConfiguration
    from zenml.constants import DEFAULT_STORE_DIRECTORY_NAME

    settings = GlobalConfiguration()
    if settings.store_configuration.url != settings.get_default_store().url:  # a server's, or a file of somebody's own
        yield
        return
    folder = Path(settings.local_stores_path) / DEFAULT_STORE_DIRECTORY_NAME
    store, mark = folder / "zenml.db", folder / ".ntgate.making"
    if not store.exists():
        folder.mkdir(parents=True, exist_ok=True)
        mark.touch()
    # In a process of its own: what ZenML has read once it never reads again.
    elif mark.exists() and subprocess.run([sys.executable, "-c", _TRIAL], capture_output=True, check=False).returncode != 0:
        for file in folder.glob("zenml.db*"):  # with what SQLite keeps beside it
            file.replace(file.with_name(file.name.replace("zenml.db", "half-made.db", 1)))
        console.note(f"the making of ZenML's store was cut short: it is made anew, and {folder / 'half-made.db'} is what was left")
    yield
    mark.unlink(missing_ok=True)


def _unopened(error: Exception) -> NtgateError:
    """What keeps ZenML's store closed; ZenML and the libraries below it raise many kinds."""
    from zenml import __version__

    said = (str(error).strip().splitlines() or [type(error).__name__])[0][:300].rstrip(".")
    if "Can't locate revision" in said or "newer than" in said:
        return StoreError(
            "ZenML's store",
            expected=f"one of ZenML {__version__}",
            got=f"one of another version ({said})",
            fix="install that version, or set ZENML_CONFIG_PATH to another folder; --inline does without ZenML",
        )
    return StoreError(
        "ZenML's store",
        expected="one that can be opened",
        got=said,
        fix="see `zenml status`, or set ZENML_CONFIG_PATH to another folder; --inline does without ZenML",
    )


@contextmanager
def locked() -> Iterator[None]:
    """Let no other ntgate read or write ZenML's configuration meanwhile."""
    require("ZenML's stack", "zenml")
    quiet()
    import zenml.client  # noqa: F401  two seconds that nobody need wait for
    from zenml.utils.io_utils import get_global_config_directory

    lock = Path(get_global_config_directory()) / ".ntgate.lock"
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
    except OSError as error:
        raise machine_fault(error) or ConfigError(
            "ZENML_CONFIG_PATH",
            expected=f"a folder that can be written to, {lock.parent}",
            got=error.strerror or str(error),
            fix="set it to another folder",
        ) from error
    with exclusive(lock, lambda: console.note("waiting for another process to open ZenML's store")):
        yield
