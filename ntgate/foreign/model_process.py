"""A model asked by MLflow: ``python model_process.py MODEL ROWS ANSWERS``.

It imports nothing of ntgate, since it may run in another Python that has only MLflow and what the model needs. What goes wrong is
the last line on standard error.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_WHOLE = ("integer", "long")
_TRUTH = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}


def main(model: str, rows: str, answers: str) -> None:
    """Load the model in the folder ``model``, ask it about ``rows``, and write ``answers``: ``values`` and ``columns``.

    Args:
        model: a folder with an MLmodel.
        rows: ``.npy`` or parquet, with ``asked.json`` beside it: what the config says of the columns' ``types``, and which
            ``column`` of the answers counts.
        answers: an ``.npz`` file.
    """
    import mlflow.pyfunc

    loaded = mlflow.pyfunc.load_model(model)
    asked = json.loads(Path(rows).with_name("asked.json").read_text(encoding="utf-8"))
    array = rows.endswith(".npy")
    given: Any = np.load(rows, allow_pickle=False) if array else _table(Path(rows), loaded.metadata, asked["types"])
    values, columns = _plain(loaded.predict(given), asked["column"])
    np.savez(answers, allow_pickle=False, values=values, columns=np.array(columns, dtype=np.str_))


def _table(path: Path, metadata: Any, said: dict[str, str]) -> pd.DataFrame:
    """The rows, each column in the type that the model takes."""
    import pandas as pd

    table = pd.read_parquet(path)
    signature = metadata.get_input_schema()
    if signature is not None and signature.has_input_names():
        types = {one.name: getattr(one.type, "name", "") for one in signature.inputs}
        lacking = [one.name for one in signature.inputs if getattr(one, "required", True) and one.name not in table]
        if lacking:
            sys.exit(f"it takes the columns {', '.join(lacking)}, which the data does not have, or not as features")
        table = table[[name for name in types if name in table]]
    else:
        types = {}
        doubtful = [str(name) for name in table if name not in said and _digits(table[name])]
        if doubtful:
            sys.exit(
                f"it has no signature that says in which type it takes {', '.join(doubtful)}: say it in the config, as in "
                f"champion.types={{{doubtful[0]}: long}}"
            )
    kinds = {**types, **said}
    return table.assign(**{str(name): _typed(table[name], kinds.get(str(name), "")) for name in table})


def _digits(column: pd.Series[Any]) -> bool:
    """Whether a column of categories may have been one of numbers."""
    import pandas as pd

    known = column.dropna()
    texts = pd.api.types.is_string_dtype(known) and len(known) > 0
    return texts and bool(pd.to_numeric(known, errors="coerce").notna().all())


def _typed(column: pd.Series[Any], kind: str) -> pd.Series[Any]:
    import pandas as pd

    if kind in ("integer", "long", "float", "double"):
        numbers = pd.to_numeric(column)
        if kind in _WHOLE and numbers.notna().all():
            return numbers.astype("int32" if kind == "integer" else "int64")
        return numbers.astype("float32" if kind == "float" else "float64")
    if kind == "boolean":
        return column.map(lambda cell: cell if pd.isna(cell) else _TRUTH.get(str(cell).lower(), cell))
    if kind == "datetime":
        return pd.to_datetime(column)
    if kind == "string":
        column = column.map(lambda cell: cell if pd.isna(cell) else str(cell))
    # A missing text is NaN for whoever reads a csv, and parquet hands on None: to an encoder these are two categories.
    return column.where(column.notna(), np.nan) if column.dtype == object else column


def _plain(told: Any, wanted: str | None) -> tuple[Any, list[str]]:
    """What it answered as numbers or texts, with the names of the columns; of several answers the one that is wanted."""
    import pandas as pd

    if isinstance(told, dict):  # as ONNX models answer
        if len(told) > 1 and wanted not in told:
            sys.exit(f"it answers with {', '.join(told)}: say in the config which counts, as in champion.column={next(iter(told))}")
        told = np.asarray(told[wanted] if wanted in told else next(iter(told.values())))
    if isinstance(told, pd.DataFrame):
        columns = [str(name) for name in told.columns]
        plain = [_numbers(told[name].to_numpy()) for name in told.columns]
        if any(part.dtype.kind == "U" for part in plain):
            plain = [part.astype(np.str_) for part in plain]
        return np.stack(plain, axis=1), columns
    return _numbers(np.asarray(told)), []


def _numbers(values: Any) -> Any:
    if values.dtype == object:
        import pandas as pd

        values = pd.Series(values.ravel()).infer_objects().to_numpy().reshape(values.shape)
    return values.astype(np.float64) if values.dtype.kind in "iuf" else values.astype(np.str_)


if __name__ == "__main__":
    main(*sys.argv[1:])
