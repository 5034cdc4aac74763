"""The folder of a finished run: as it was written, or fetched from MLflow."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from ntgate.errors import ConfigError
from ntgate.json_text import read_json

F = TypeVar("F", bound=Callable[..., Any])


def with_uri(command: F) -> F:
    """The option ``--uri``: the registry of a run that is named by its MLflow id."""
    return click.option("--uri", envvar="MLFLOW_TRACKING_URI", help="The registry of a run id; else MLFLOW_TRACKING_URI.")(command)


@contextmanager
def finished(run: str, uri: str | None, command: str) -> Iterator[Path]:
    """The folder with the decision of ``run``: a run's folder, its ``decision.json``, or the id of its MLflow run.

    Raises:
        ConfigError: when it is none of them, a later ntgate has written it, or its files hold something else than a run writes.
        RegistryError: when the registry does not answer, or knows no such run.
    """
    from ntgate.stages.run_file import as_written, refuse_newer

    path = Path(run)
    folder = path.parent if os.path.isfile(run) else path
    if os.path.isdir(folder) and os.path.exists(run):  # which take a name that is too long for one of nothing
        refuse_newer(folder)
        with as_written(run):
            yield folder.resolve()
        return
    if uri is None:
        raise ConfigError(
            run[:200],
            expected="a run's folder, its decision.json, or a run id with --uri",
            got="no such file",
            fix="correct it, or add --uri",
        )
    from ntgate.cli.registry import existing
    from ntgate.registry.run_pages import fetch_files

    with tempfile.TemporaryDirectory() as there:
        fetch_files(existing(command, uri), run, Path(there), (".json", ".npz"), "a decision")
        with as_written(run):
            yield Path(there)


def answered(folder: Path, run: str) -> dict[str, Any]:
    """What the run answered last: on labels that came later, where there were any, else on its own test rows.

    Raises:
        ConfigError: when there is no answer.
    """
    from ntgate.stages.answer_file import JUDGED_FILE, RESULT_FILE

    return read(folder, JUDGED_FILE if (folder / JUDGED_FILE).is_file() else RESULT_FILE, run)


def read(folder: Path, name: str, run: str) -> dict[str, Any]:
    """The JSON object in a file of the run.

    Raises:
        ConfigError: when there is none.
    """
    try:
        content = read_json(folder / name)
    except FileNotFoundError:
        content = None
    except (OSError, ValueError) as error:
        raise ConfigError(run, expected=f"a {name} that can be read", got=str(error), fix="name another run") from error
    if not isinstance(content, dict):
        raise ConfigError(
            run,
            expected=f"a finished run, with {name}",
            got="none there",
            fix="name another run, or run again: older ones have none",
        )
    return content
