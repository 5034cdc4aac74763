"""The cells of a column: of which type they are, and how they become what a domain holds."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from ntgate.data.column_form import ColumnForm
from ntgate.data.columns import infinite
from ntgate.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

Type = Literal["none", "truth", "number", "date", "category", "nested", "text"]
_DATES = (datetime.date, datetime.datetime, np.datetime64)


def plain(column: pd.Series[Any]) -> pd.Series[Any]:  # noqa: PLR0911  one a type
    """A column of objects in the type that all of them have; bytes are text.

    >>> import pandas as pd
    >>> plain(pd.Series([Decimal("1.5"), None], dtype=object)).tolist(), plain(pd.Series([b"a"], dtype=object)).tolist()
    ([1.5, nan], ['a'])
    """
    import pandas as pd

    if pd.api.types.is_timedelta64_dtype(column.dtype):
        seconds: pd.Series[Any] = column.dt.total_seconds()
        return seconds
    if column.dtype != object:
        if pd.api.types.is_string_dtype(column.dtype) and not isinstance(column.dtype, pd.CategoricalDtype):
            made = column.astype(object).where(column.notna(), None)
            made.attrs["typed"] = True
            return made
        return column
    known = column[column.notna()]
    kinds = {type(value) for value in known}
    if kinds and kinds <= {Decimal, int, float}:
        return column.astype(float)
    if kinds and all(issubclass(kind, _DATES) for kind in kinds):
        return pd.to_datetime(column, utc=True, errors="coerce")
    if bytes in kinds:
        return column.map(lambda value: value.decode("utf-8", "replace") if isinstance(value, bytes) else value)
    return column


def type_of(column: pd.Series[Any]) -> Type:  # noqa: PLR0911  one a type
    """What the cells of a column are.

    >>> import pandas as pd
    >>> [type_of(pd.Series(cells, dtype=object)) for cells in ([None], [True, None], [[1]], ["a", 1])]
    ['none', 'truth', 'nested', 'text']
    """
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return "category"
    if (not len(column) or _is_nothing(column.iat[0])) and column.isna().all():  # the first cell spares a look at all of them
        return "none"
    if pd.api.types.is_bool_dtype(column.dtype):
        return "truth"
    if pd.api.types.is_numeric_dtype(column.dtype):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return "date"
    kinds = {type(value) for value in column[column.notna()]}
    if kinds <= {bool, np.bool_}:
        return "truth"
    return "text" if kinds <= {str, int, float, bool, np.bool_, Decimal} else "nested"


def texts_of(column: pd.Series[Any]) -> npt.NDArray[np.object_]:
    """The cells as text ``(n,)``, ``""`` where there is none; whole numbers have no fraction."""
    import pandas as pd

    from ntgate.data.cells import texts

    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype if not column.isna().any() else object)
    if column.dtype != object:
        return texts(column)
    try:  # each different value once
        codes, known = pd.factorize(column, use_na_sentinel=True)
    except TypeError:  # lists, and what else cannot be hashed
        return np.array(["" if _is_nothing(value) else str(value).strip() for value in column], dtype=object)
    # True is equal to 1, so that one would stand for both.
    if any(isinstance(value, bool | np.bool_) for value in known):
        return np.array(["" if _is_nothing(value) else _digits(value) for value in column], dtype=object)
    shown = [value.strip() if isinstance(value, str) else _digits(value) for value in known]
    return np.array([*shown, ""], dtype=object)[codes]


def _is_nothing(value: Any) -> bool:
    import pandas as pd

    return value is None or (not hasattr(value, "__len__") and bool(pd.isna(value)))


def _digits(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def counted(parts: Mapping[str, pd.Series[Any]]) -> Counter[str]:
    """How often each text stands in all parts together; empty ones do not count."""
    import pandas as pd

    found: Counter[str] = Counter()
    for cells in parts.values():
        for text, times in pd.Series(texts_of(cells), dtype=object).value_counts(sort=False).items():
            if text:
                found[str(text)] += int(times)
    return found


def numbers_of(parts: Mapping[str, pd.Series[Any]]) -> dict[str, npt.NDArray[np.float64]]:
    """The numbers of those parts that hold such."""
    return {
        domain: cells.to_numpy(dtype=np.float64, na_value=np.nan) for domain, cells in parts.items() if type_of(cells) == "number"
    }


def converted(column: pd.Series[Any], form: ColumnForm, where: str) -> Any:
    """The cells as a domain holds them: float32 or float64 with NaN, seconds as float64, or text with ``""``.

    Raises:
        DataError: on infinite values, and on what is no number or date.
    """
    import pandas as pd

    from ntgate.data.cells import numbers, seconds

    if form.kind in ("category", "text"):
        return pd.Series(texts_of(column), dtype=object)
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if type_of(column) == "none":
        return np.full(len(column), np.nan, dtype=np.float64 if form.exact or form.kind == "date" else np.float32)
    try:
        if form.kind == "date":
            return seconds(column, form.rules, unit=form.unit)
        values = numbers(column, form.rules, exact=form.exact)
    except ValueError as error:
        raise DataError(where, expected="cells as elsewhere in the column", got=str(error), fix="correct them") from error
    if form.gone:
        values = np.where(np.isin(values, np.array(form.gone, dtype=values.dtype)), values.dtype.type(np.nan), values)
    if np.isinf(values).any():
        raise infinite(values, where)
    return values
