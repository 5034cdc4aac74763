"""The keys by which test rows fall into slices."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntgate.data.columns import keys
from ntgate.data.domain import Domain
from ntgate.errors import DataError

CLASS = "class"
MOST_NUMBERS = 20  # a numeric column with more different values is no set of slices


def slice_keys(domain: Domain, column: str) -> npt.NDArray[np.str_]:
    """The text ``(n,)`` that tells the slice of each row; ``""`` where it is missing.

    ``class`` means the label names. Any other name is sought among the kept columns (``keep``), then among the features of a table.

    Raises:
        DataError: when there is no such column, or it holds numbers of more than 20 different values.

    >>> d = Domain("test", np.zeros((3, 2), np.float32), np.array([0, 1, 0]), ("cat", "dog"))
    >>> slice_keys(d, "class").tolist()
    ['cat', 'dog', 'cat']
    """
    if column == CLASS and domain.y is not None:
        return np.array(domain.classes, dtype=np.str_)[domain.y]
    if column in domain.keys:
        return domain.keys[column]
    features = [] if isinstance(domain.rows, np.ndarray) else [str(name) for name in domain.rows.columns]
    if column not in features:
        known = [*([CLASS] if domain.y is not None else []), *domain.keys, *features]
        listed = ", ".join(known[:10]) + (", ..." if len(known) > 10 else "")
        raise DataError(
            f"{domain.name}: slice {column!r}",
            expected="a column that travels with the rows",
            got=listed or "none",
            fix="name one of these, or add the column to keep of every file of target rows",
        )
    assert not isinstance(domain.rows, np.ndarray)
    values = domain.rows[column]
    if values.dtype.kind == "f" and values.nunique() > MOST_NUMBERS:
        raise DataError(
            f"{domain.name}: slice {column!r}",
            expected=f"text, or at most {MOST_NUMBERS} different numbers",
            got=f"{values.nunique()} different numbers",
            fix="write its bins into a column of their own, and name that in keep",
        )
    return keys(values)
