"""Rows in memory as a file that is named by its content: what was read stays to be read again."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

from ntgate.errors import DataError

TABLES = "tables"  # the folder of them below ``output``


def kept_table(name: str, table: Any, folder: Path) -> Path:
    """Write a ``pandas.DataFrame`` as parquet into ``folder``.

    Raises:
        DataError: when a column holds several kinds of values.
    """
    try:
        content: bytes = table.rename(columns=str).to_parquet(index=False)
    except Exception as error:
        raise DataError(
            name,
            expected="a table whose columns are each of one kind",
            got=" ".join(str(error).split())[:200],
            fix="convert the column, to text if nothing else fits",
        ) from error
    return _kept(content, folder, ".parquet")


def kept_array(rows: Any, folder: Path) -> Path:
    """Write an array ``(n, ...)`` as ``x`` of an npz file into ``folder``."""
    import numpy as np

    file = io.BytesIO()
    np.savez_compressed(file, x=rows)
    return _kept(file.getvalue(), folder, ".npz")


def _kept(content: bytes, folder: Path, suffix: str) -> Path:
    path = folder / f"{hashlib.sha256(content).hexdigest()[:16]}{suffix}"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
