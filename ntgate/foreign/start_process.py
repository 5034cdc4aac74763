"""A model of other hands asked for its scores, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.credentials import without_credentials
from ntgate.data.domain import Domain
from ntgate.errors import ModelError
from ntgate.foreign.answers import Answers, scores_of
from ntgate.foreign.config import ForeignChampion
from ntgate.foreign.packed import unpacked
from ntgate.optouts import OPT_OUTS

if TYPE_CHECKING:
    import pandas as pd

_SCRIPT = Path(__file__).with_name("model_process.py")
# All that the process sees of the environment: what names programs and folders, and no password.
_HANDED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "GOMP_SPINCOUNT", "OMP_NUM_THREADS")


def foreign_scores(archive: Path, rows: Domain, asked: ForeignChampion) -> npt.NDArray[np.float32]:
    """Scores ``(n, c)`` of ``rows``, a column a class of theirs.

    Args:
        archive: the model's folder, packed.
        rows: as their file has them: columns by name, or an array; labels are not handed on.
        asked: how it is asked, and what its answers mean.

    Raises:
        ModelError: when it cannot be loaded, takes other rows, answers something else, or not in time.
    """
    with tempfile.TemporaryDirectory(prefix="ntgate-champion-") as name:
        folder = Path(name)
        unpacked(archive, folder / "model")
        given, told = _written(rows, asked, folder), folder / "answers.npz"
        _run([asked.python or sys.executable, str(_SCRIPT), str(folder / "model"), str(given), str(told)], asked.seconds)
        with np.load(told, allow_pickle=False) as found:
            answers = Answers(found["values"], tuple(found["columns"].tolist()))
    if len(answers.values) != len(rows):
        raise _failed(f"{len(answers.values)} answers to {len(rows)} rows", "correct the model")
    return scores_of(answers, asked, rows.classes)


def _run(command: list[str], seconds: int) -> None:
    environment = {name: os.environ[name] for name in _HANDED_ON if name in os.environ} | OPT_OUTS
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            check=False,
            timeout=seconds,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise _failed(f"none within {seconds} seconds", "raise champion.seconds") from None
    except OSError as error:
        raise _failed(f"{command[0]}, which does not start: {error.strerror}", "correct champion.python") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        why = without_credentials(lines[-1].strip()) if lines else f"a process that ended with {done.returncode}"
        raise _failed(why[:500], "see to it that MLflow loads it and it takes these rows; champion.python may have its packages")


def _failed(got: str, fix: str) -> ModelError:
    return ModelError("champion", expected="a model that MLflow loads and that answers for these rows", got=got, fix=fix)


def _written(rows: Domain, asked: ForeignChampion, folder: Path) -> Path:
    said = {"types": asked.types, "column": asked.column}
    (folder / "asked.json").write_text(json.dumps(said), encoding="utf-8")
    if isinstance(rows.rows, np.ndarray):
        path = folder / "rows.npy"
        np.save(path, rows.rows, allow_pickle=False)
        return path
    path = folder / "rows.parquet"
    as_in_the_file(rows).to_parquet(path)
    return path


def as_in_the_file(rows: Domain) -> pd.DataFrame:
    """The columns of a table as whoever reads the file with pandas has them: dates as such, missing texts as NaN.

    Numbers that are held as float32 get the shortest decimals that name them, which are those of the file up to seven digits.
    """
    import pandas as pd

    assert not isinstance(rows.rows, np.ndarray)
    columns: dict[str, pd.Series[Any]] = {}
    for name in rows.rows.columns:
        column, form = rows.rows[name], rows.forms.get(name)
        if form is not None and form.kind == "date":
            columns[name] = pd.to_datetime(column, unit="s")
        elif column.dtype == np.float32:
            columns[name] = pd.Series(column.to_numpy().astype(np.str_).astype(np.float64), index=column.index)
        elif pd.api.types.is_string_dtype(column):
            columns[name] = column.where(column.notna() & (column != ""), np.nan)
        else:
            columns[name] = column
    return pd.DataFrame(columns, index=rows.rows.index).reset_index(drop=True)
