"""Two datasets in memory, in whatever form they are held, as rows of numbers that can be compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.data.domain import Domain
from ntgate.errors import DataError
from ntgate.shift.columns.features import Features, named_features
from ntgate.shift.kernel.numpy_or_torch import as_array, is_tensor
from ntgate.shift.report import FEWEST

Array = npt.NDArray[Any]

_EXPECTED = "a DataFrame, an array or tensor of shape (n, ...), or a Domain"


def domains(dataset: Any, comparison_dataset: Any) -> tuple[Domain, Domain]:
    """Both datasets as domains, the second in the form of the first.

    Args:
        dataset: the source: a DataFrame, an array or tensor ``(n, ...)``, or a :class:`~ntgate.data.domain.Domain`.
        comparison_dataset: the target, in one of the same forms.

    Raises:
        DataError: naming the argument, when it holds no such rows, or the two cannot be compared.
    """
    from ntgate.data.align import align

    first, second = _domain(dataset, "dataset"), _domain(comparison_dataset, "comparison_dataset")
    return first, align(first, second)


def rows_of(first: Domain, second: Domain) -> tuple[Array, Array]:
    """The rows of both as numbers ``(n, d)`` and ``(m, d)``.

    Arrays keep their precision. Tables are read as :func:`ntgate.shift.columns.table_form.compared` says, in both alike, so that
    neither is favoured.

    >>> import pandas as pd
    >>> before, after = pd.DataFrame({"c": ["a"] * 5}), pd.DataFrame({"c": ["a", "b", "a", "b", "b"]})
    >>> rows_of(*domains(before, after))[1].tolist()
    [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    """
    found = features_of(first, second)
    return found.source, found.target


def features_of(first: Domain, second: Domain) -> Features:
    """The same rows with the names of their numbers; of arrays of more dimensions each number is a feature."""
    if isinstance(first.rows, np.ndarray) and isinstance(second.rows, np.ndarray):
        before, after = (
            np.asarray(part.reshape(len(part), -1), dtype=np.float32 if part.dtype == np.uint8 else None)
            for part in (first.rows, second.rows)
        )
        names = tuple(f"x{i}" for i in range(before.shape[1]))
        return Features(before, after, names, names, names)
    return named_features(first, second)


def _domain(value: Any, name: str) -> Domain:
    import pandas as pd

    if is_tensor(value):
        value = as_array(value)
    if isinstance(value, Domain):
        domain = Domain(name, value.rows, value.y, value.classes)
    elif isinstance(value, pd.DataFrame):
        domain = Domain(name, _table(value, name), None)
    elif isinstance(value, np.ndarray):
        domain = Domain(name, _numbers(value, name), None)
    else:
        raise DataError(name, expected=_EXPECTED, got=f"a {type(value).__name__}", fix="convert it")
    if len(domain) < FEWEST:
        raise DataError(name, expected=f"at least {FEWEST} rows to measure", got=str(len(domain)), fix="add rows")
    if isinstance(domain.rows, np.ndarray):
        wrong = int((~np.isfinite(domain.rows.reshape(len(domain), -1))).any(axis=1).sum())
        if wrong:
            raise DataError(
                name,
                expected="finite numbers",
                got=f"NaN or infinity in {wrong} rows",
                fix="impute or remove them, or give a DataFrame, where missing values are imputed",
            )
    return domain


def _table(frame: Any, name: str) -> Any:
    from ntgate.data.column_kinds import settled
    from ntgate.data.columns import refuse_cells, repeated

    names = [str(column) for column in frame.columns]
    twice = repeated(names)
    if twice or not names:
        got = f"{', '.join(twice)} twice" if twice else "no column"
        raise DataError(name, expected="at least one column, and each once", got=got, fix="rename or add columns")
    frame = frame.reset_index(drop=True).set_axis(names, axis=1)
    refuse_cells(frame, name)
    return settled({name: Domain(name, frame, None)}, every=True)[0][name].rows


def _numbers(array: Array, name: str) -> Any:
    if array.dtype.kind not in "fiub" or array.ndim < 2 or 0 in array.shape[1:]:
        raise DataError(
            name,
            expected="numbers of shape (n, ...)",
            got=f"{array.dtype} of shape {array.shape}",
            fix="give one row of numbers an example, x.reshape(-1, 1) for a single feature",
        )
    # Small integers, pixels among them, and half precision fit into float32; wide integers do not.
    return array.astype(np.promote_types(array.dtype, np.float32), copy=False)
