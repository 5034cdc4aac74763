"""Labels that decide, from Python: what ``ntgate ask`` and ``ntgate judge`` do, for tables in memory as well as for files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ntgate.errors import ConfigError
from ntgate.optouts import opt_out
from ntgate.tables_in_memory import kept_array, kept_table

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ntgate.stages.ask_answer import Answer
    from ntgate.stages.frozen_run import FrozenRun
    from ntgate.stages.result import RunResult

Finished: TypeAlias = "RunResult | str | Path"
Pool: TypeAlias = "pd.DataFrame | np.ndarray[Any, Any] | str | Path"
Labels: TypeAlias = "pd.DataFrame | Mapping[str, Any] | str | Path"


def ask(
    run: Finished,
    rows: Pool,
    *,
    budget: int | None = None,
    out: str | Path | None = None,
    uri: str | None = None,
    own: bool = False,
) -> Answer:
    """Name the rows of a pool whose labels decide an inconclusive run: ``ntgate ask`` as a function.

    Args:
        run: the result of :func:`ntgate.run`, or the folder of a finished run.
        rows: target rows without labels that the run has not seen: a table, an array ``(n, ...)``, or a path.
        budget: how many labels; None: as many as show the gain with power 0.8, or all where further rules need them.
        out: the table to fill in, ``.csv`` or ``.parquet``; None: ``asked.csv`` in the run's folder.
        uri: the registry, where it is not that of the run's config; None: ``MLFLOW_TRACKING_URI``, where that is set.
        own: import the classes of one's own that the run's config names.

    Rows in memory are written below the run's folder, named by their content: they are what was asked about.

    Returns:
        How many labels are asked for and what they can show; ``table()`` has the rows, and in a notebook it shows itself.

    Raises:
        ConfigError: when there is no such run, no label can change its verdict, or other rows were asked for before.
        DataError: when the pool cannot be used.
        RegistryError: when registry or ledger do not answer; nothing is opened then.

    >>> import ntgate
    >>> ntgate.ask("runs/none", "pool.csv")
    Traceback (most recent call last):
    ntgate.errors.ConfigError: runs/none: expected the folder of a finished run, with history.json, got none; name another one.
    """
    from ntgate.stages.ask import ask as ask_of

    frozen = _frozen(run, uri, own)
    return ask_of(frozen, _pool(rows, frozen), budget, None if out is None else Path(out))


def judge(
    run: Finished, labels: Labels | None = None, *, dry_run: bool = False, uri: str | None = None, own: bool = False
) -> RunResult:
    """Decide a run by labels that :func:`ask` asked for, and promote what passed: ``ntgate judge`` as a function.

    Args:
        run: the result of :func:`ntgate.run`, or the folder of a finished run.
        labels: the table of :func:`ask` with its label column filled in, a path to it or to an export of Label Studio, or labels
            by row id; those of earlier calls may be among them. None: those that are there.
        dry_run: take the labels, but write nothing to the registry.
        uri: the registry, where it is not that of the run's config; None: ``MLFLOW_TRACKING_URI``, where that is set.
        own: import the classes of one's own that the run's config names.

    Returns:
        The run's answer with the verdict on the labels; in a notebook it shows itself.

    Raises:
        ConfigError: when there is no such run, or nothing was asked for.
        DataError: when the labels are not those of these rows, or contradict earlier ones; nothing is changed then.
        ModelError: when an exported model is gone.
        RegistryError: when registry or ledger do not answer, or the champion moved meanwhile.

    >>> import ntgate
    >>> ntgate.judge("runs/none", {"3f2a": "yes"})
    Traceback (most recent call last):
    ntgate.errors.ConfigError: runs/none: expected the folder of a finished run, with history.json, got none; name another one.
    """
    from ntgate.stages.judge import judge as judge_of

    frozen = _frozen(run, uri, own)
    return judge_of(frozen, [] if labels is None else [_labels(labels, frozen)], dry_run=dry_run)


def _frozen(run: Finished, uri: str | None, own: bool) -> FrozenRun:
    opt_out()
    from ntgate.stages.frozen_run import frozen_run

    folder = run if isinstance(run, str) else str(getattr(run, "directory", run))
    return frozen_run(folder, uri or os.environ.get("MLFLOW_TRACKING_URI"), own=own)


def _pool(rows: Pool, run: FrozenRun) -> str:
    if isinstance(rows, str | Path):
        return str(rows)
    target = run.config.data.target
    if target.reader is not None:
        raise ConfigError("rows", expected=f"a path, for {target.reader}", got=type(rows).__name__, fix="give what it reads")
    if hasattr(rows, "to_parquet"):
        return str(kept_table("rows", rows, _folder(run)))
    if hasattr(rows, "__array__"):
        return str(kept_array(rows, _folder(run)))
    raise ConfigError("rows", expected="a pandas.DataFrame, an array or a path", got=type(rows).__name__, fix="give one of them")


def _labels(labels: Labels, run: FrozenRun) -> str:
    from ntgate.data.given_labels import ROW_ID

    if isinstance(labels, str | Path):
        return str(labels)
    if isinstance(labels, Mapping):
        import pandas as pd

        labels = pd.DataFrame({ROW_ID: [str(row) for row in labels], "label": [*labels.values()]})
    if not hasattr(labels, "to_parquet"):
        got = type(labels).__name__
        raise ConfigError("labels", expected="a pandas.DataFrame, a path, or labels by row id", got=got, fix="give one of them")
    told = [name for name in labels.columns if name in (ROW_ID, "label", "choice", run.config.data.target.label)]
    return str(kept_table("labels", labels[told], _folder(run)))


def _folder(run: FrozenRun) -> Path:
    return run.place.folder / "tables"
