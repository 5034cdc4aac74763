"""A run from Python: what the command line does, for tables in memory as well as for files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ntgate.errors import ConfigError
from ntgate.idle_threads import sleep_soon
from ntgate.optouts import opt_out
from ntgate.tables_in_memory import TABLES, kept_table

if TYPE_CHECKING:
    import pandas as pd

    from ntgate.stages.result import RunResult

Rows: TypeAlias = "pd.DataFrame | str | Path | Mapping[str, Any]"
_OF_TABLES = ("label", "group", "time", "id", "drop", "keep")


def run(
    config: str | Path | Mapping[str, Any] | None = None,
    *,
    source: Rows | None = None,
    target: Rows | None = None,
    target_test: Rows | None = None,
    unlabelled: Rows | None = None,
    dry_run: bool = False,
    allow_first: bool = False,
    force: bool = False,
    progress: bool = True,
    **settings: Any,
) -> RunResult:
    """Measure the shift, train, judge, and promote what beats training from scratch: ``ntgate run --inline`` as a function.

    Args:
        config: a config file, or its content as a mapping; None: all of it is given by the other arguments. Relative paths are
            relative to the file, else to the working directory.
        source: labelled source rows: a table, a path, or what stands under ``data.source`` in a config.
        target: labelled target rows.
        target_test: labelled target rows for the gate alone; None: a part of the target.
        unlabelled: further target rows without labels.
        dry_run: do everything but write to the registry.
        allow_first: promote without a comparison with the champion where it was deleted.
        force: train though the test rows are worn out.
        progress: whether a line a stage is written to standard error.
        settings: ``label``, ``group``, ``time``, ``id``, ``drop`` and ``keep`` of all tables that are given here; any key of a
            config, ``gate={"metric": "roc_auc"}``, ``seed=1``. ``model`` may be a name and ``registry`` an address; left out, they
            are ``model`` and ``MLFLOW_TRACKING_URI``, else ``sqlite:///mlflow.db``.

    A table is written as parquet below ``output``, named by its content: it is what the run has read.

    Returns:
        What ``ntgate run --json`` prints, as an object; in a notebook it shows itself.

    Raises:
        NtgateError: when ntgate could not judge. A rejection is no error but an ``outcome``.

    >>> import ntgate
    >>> ntgate.run(source="source.csv", target="target.csv", label="y", gate={"alpha": 2})
    Traceback (most recent call last):
    ntgate.errors.ConfigErrors: gate.alpha: expected a number below 0.5, got 2; correct it.
    """
    opt_out()
    sleep_soon()
    from ntgate.cli.progress import listener
    from ntgate.config_base import merged
    from ntgate.config_file import parse, read
    from ntgate.flow import run as run_here

    content, base = (
        ({}, Path.cwd())
        if config is None
        else (dict(config), Path.cwd())
        if isinstance(config, Mapping)
        else (read(config), Path(config).resolve().parent)
    )
    about = {name: settings.pop(name) for name in _OF_TABLES if name in settings}
    content = merged(content, {name: _whole(name, value) for name, value in settings.items()})
    content.setdefault("model", {"name": "model"})
    content.setdefault("registry", {"uri": os.environ.get("MLFLOW_TRACKING_URI") or "sqlite:///mlflow.db"})
    given = {"source": source, "target": target, "target_test": target_test, "unlabelled": unlabelled}
    folder = base / str(content.get("output", "runs")) / TABLES
    tables = {name: _spec(name, rows, about, folder) for name, rows in given.items() if rows is not None}
    whole = parse(merged(content, {"data": tables}), base=base)
    with listener() if progress else nullcontext() as listening:
        return run_here(whole, dry_run=dry_run, allow_first=allow_first, force=force, listener=listening)


def _whole(name: str, value: Any) -> Any:
    key = {"model": "name", "registry": "uri"}.get(name)
    return {key: value} if key is not None and isinstance(value, str) else value


def _spec(name: str, rows: Rows, about: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    if isinstance(rows, Mapping):
        return {**about, **rows}
    if isinstance(rows, str | Path):
        return {**about, "path": str(rows)}
    if not hasattr(rows, "to_parquet"):
        raise ConfigError(name, expected="a pandas.DataFrame, a path or a mapping", got=type(rows).__name__, fix="give one of them")
    return {**about, "path": str(kept_table(name, rows, folder))}
