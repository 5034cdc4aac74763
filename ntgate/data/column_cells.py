"""The cells of a column: of which type they are, and how they become what a domain holds."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Set
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from ntgate.data.column_form import ColumnForm
from ntgate.data.columns import infinite
from ntgate.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

Type = Literal["none", "truth", "number", "date", "category", "nested", "bytes", "text"]
_EXACT = 2**53  # up to here float64 has every whole number
_DATES = (datetime.date, datetime.datetime, np.datetime64)


class Cells:
    """One domain's cells of a column, looked at once for all that is asked of them.

    Attributes:
        column: the cells, those of a column of objects in the type that all of them have; bytes are text.
        typed: whether the file itself says that they are text.

    >>> import pandas as pd
    >>> [Cells(pd.Series(cells, dtype=object)).type for cells in ([None], [True, None], [[1]], ["a", 1])]
    ['none', 'truth', 'nested', 'text']
    """

    def __init__(self, column: pd.Series[Any]) -> None:
        import pandas as pd

        self.typed = isinstance(column.dtype, pd.StringDtype)
        self.column = _plain(column)
        self._given = column

    def __len__(self) -> int:
        return len(self.column)

    @cached_property
    def type(self) -> Type:
        """What the cells are."""
        return _type_of(self.column)

    @cached_property
    def coded(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.object_]]:
        """The cells as text without spaces around it: where each stands ``(n,)`` among the different ones ``(k,)``.

        ``""`` where there is none; whole numbers have no fraction.
        """
        places, known = _coded(self._given if self.long else self.column)
        texts: dict[str, int] = {}
        again = np.array([texts.setdefault(text, len(texts)) for text in known], dtype=np.int64)
        return again[places], np.array(list(texts), dtype=object)

    @cached_property
    def long(self) -> Set[Any]:
        """The different numbers as the file has them, where float64 may lose digits of them; else none."""
        import pandas as pd

        if self.type != "number":
            return frozenset()
        if pd.api.types.is_integer_dtype(self._given.dtype):
            ends = self._given.min(), self._given.max()
            if not any(abs(int(end)) > _EXACT for end in ends if not pd.isna(end)):
                return frozenset()
        elif self._given.dtype != object:
            return frozenset()
        return frozenset(self._given.dropna().unique().tolist())

    @property
    def texts(self) -> npt.NDArray[np.object_]:
        """The cells as text ``(n,)``."""
        places, known = self.coded
        return known[places]

    @property
    def counts(self) -> dict[str, int]:
        """How often each text stands there; those that are empty do not count."""
        places, known = self.coded
        times = np.bincount(places, minlength=len(known)).tolist()
        return {text: count for text, count in zip(known.tolist(), times, strict=True) if text and count}

    @cached_property
    def numbers(self) -> npt.NDArray[np.float64] | None:
        """The cells as numbers ``(n,)``, NaN where there is none; None where they are something else."""
        if self.type != "number":
            return None
        filled: dict[str, Any] = {} if isinstance(self.column.dtype, np.dtype) else {"na_value": np.nan}  # which would copy
        return np.asarray(self.column.to_numpy(dtype=np.float64, **filled))


def _plain(column: pd.Series[Any]) -> pd.Series[Any]:  # noqa: PLR0911  one a type
    """A column of objects in the type that all of them have.

    >>> import pandas as pd
    >>> _plain(pd.Series([Decimal("1.5"), None], dtype=object)).tolist(), _plain(pd.Series([b"a"], dtype=object)).tolist()
    ([1.5, nan], ['a'])
    """
    import pandas as pd

    if pd.api.types.is_timedelta64_dtype(column.dtype):
        seconds: pd.Series[Any] = column.dt.total_seconds()
        return seconds
    if column.dtype != object or pd.api.types.infer_dtype(column) == "string":
        return column
    known = column[column.notna()]
    kinds = {type(value) for value in known}
    if kinds and kinds <= {Decimal, int, float}:
        return column.astype(float)
    if kinds and all(issubclass(kind, _DATES) for kind in kinds):
        return pd.to_datetime(column, utc=True, errors="coerce")
    if bytes in kinds:
        try:
            return column.map(lambda value: value.decode() if isinstance(value, bytes) else value)
        except UnicodeDecodeError:  # different ones would be equal, were they read as far as they are text
            return column
    return column


def _type_of(column: pd.Series[Any]) -> Type:  # noqa: PLR0911  one a type
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return "category"
    if (not len(column) or _is_nothing(column.iat[0])) and column.isna().all():  # the first cell spares a look at all of them
        return "none"
    if isinstance(column.dtype, pd.StringDtype):
        return "text"
    if pd.api.types.is_bool_dtype(column.dtype):
        return "truth"
    if pd.api.types.is_numeric_dtype(column.dtype):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return "date"
    if pd.api.types.infer_dtype(column) == "string":
        return "text"
    kinds = {type(value) for value in column[column.notna()]}
    if kinds <= {bool, np.bool_}:
        return "truth"
    if bytes in kinds:
        return "bytes"
    return "text" if kinds <= {str, int, float, bool, np.bool_, Decimal} else "nested"


def _coded(column: pd.Series[Any]) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Where each cell stands ``(n,)`` among texts, some of which may be equal; -1 is the last, ``""``."""
    import pandas as pd

    from ntgate.data.cells import texts

    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype if not column.isna().any() else object)
    try:  # each different value once
        codes, known = pd.factorize(column, use_na_sentinel=True)
    except TypeError:  # lists, and what else cannot be hashed
        written = ["" if _is_nothing(value) else str(value).strip() for value in column]
        return np.arange(len(written)), written
    nothing = [""] if (codes < 0).any() else []
    if column.dtype != object:
        return codes, [*texts(pd.Series(known)).tolist(), *nothing]
    # True is equal to 1, so that one would stand for both.
    if any(isinstance(value, bool | np.bool_) for value in known):
        return np.arange(len(column)), ["" if _is_nothing(value) else _digits(value) for value in column]
    return codes, [*(value.strip() if isinstance(value, str) else _digits(value) for value in known), *nothing]


def _is_nothing(value: Any) -> bool:
    import pandas as pd

    return value is None or (not hasattr(value, "__len__") and bool(pd.isna(value)))


def _digits(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def counted(parts: Mapping[str, Cells]) -> Counter[str]:
    """How often each text stands in all parts together; empty ones do not count."""
    found: Counter[str] = Counter()
    for cells in parts.values():
        found.update(cells.counts)
    return found


def alike(parts: Mapping[str, Cells]) -> tuple[Any, Any] | None:
    """Two numbers of all parts together that differ in the files and are one as float64, or None."""
    exact = frozenset[Any]().union(*(cells.long for cells in parts.values()))
    known: dict[float, Any] = {}
    for number in exact:
        other = known.setdefault(float(number), number)
        if other is not number and other != number:
            return min(other, number), max(other, number)
    return None


def numbers_of(parts: Mapping[str, Cells]) -> dict[str, npt.NDArray[np.float64]]:
    """The numbers of those parts that hold such."""
    return {domain: cells.numbers for domain, cells in parts.items() if cells.numbers is not None}


def converted(cells: Cells, form: ColumnForm, where: str) -> Any:
    """The cells as a domain holds them: float32 or float64 with NaN, seconds as float64, or text with ``""``.

    Raises:
        DataError: on infinite values, and on what is no number or date.
    """
    import pandas as pd

    from ntgate.data.cells import numbers, seconds

    column = cells.column
    if form.kind in ("category", "text"):
        return pd.Series(cells.texts, dtype=object)
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if cells.type == "none":
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
