"""A second look at a column that was read: at numbers that were written as text, and at the rows in which it has gaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.data import number_column
from ntgate.data.column_cells import Cells, converted
from ntgate.data.date_text import order_of, undecided
from ntgate.data.domain import Domain
from ntgate.data.text_column import Judged, truth_form

_DATES = 5  # of a domain, from which it would say the order by itself
_CHANCE = 1e-9  # that rows drawn alike have one label, below which a gap tells it


def second_look(
    name: str, verdict: Judged, cells: Mapping[str, Cells], columns: Mapping[str, Any], source: Domain | None
) -> Judged:
    """What has to be asked about a column that was beyond doubt by its texts alone, else the ``verdict``.

    Args:
        name: the column's.
        verdict: how it is read.
        cells: its cells by domain.
        columns: the same, converted.
        source: rows with their labels, of which it may tell.
    """
    found = verdict
    if verdict.form is not None and verdict.form.kind == "number" and any(part.type == "text" for part in cells.values()):
        exactly = verdict.form.model_copy(update={"exact": True})
        numbers = {domain: np.asarray(converted(part, exactly, name)) for domain, part in cells.items()}
        judged = number_column.judged(name, numbers, source)
        form = verdict.form.model_copy(update={"exact": judged.form is not None and judged.form.exact})
        otherwise = judged.otherwise.replace("number", "boolean") if verdict.form == truth_form() else judged.otherwise
        found = Judged(None if judged.form is None else form, judged.seen, judged.answer, otherwise)
    if verdict.form is not None and verdict.form.kind == "date" and (order := order_of(verdict.form.rules)) is not None:
        found = _order_of_each(name, verdict, order, cells) or found
    if found.seen is None and source is not None and source.y is not None and source.name in columns:
        told = _gaps_tell(_gaps(columns[source.name]), source)
        if told is not None:
            assert found.form is not None
            return Judged(found.form, f"Column {name!r} {told}", "ignore", f"`{found.form.kind}`")
    return found


def _order_of_each(name: str, verdict: Judged, order: str, cells: Mapping[str, Cells]) -> Judged | None:
    """A domain whose dates alone may have day or month first, where only another domain's say which."""
    for domain, part in cells.items():
        own = undecided(list(part.counts)) if part.type == "text" else []
        if len(own) >= _DATES:
            seen = f"Column {name!r} has dates such as {own[0]!r} in {domain}, where nothing says whether day or month is first"
            return Judged(verdict.form, seen, {"kind": "date", "order": order}, "write them as 2024-01-31 in the files")
    return None


def _gaps(column: Any) -> npt.NDArray[np.bool_]:
    values = np.asarray(column)
    return np.asarray(np.isnan(values) if values.dtype.kind == "f" else values == "")


def _gaps_tell(gaps: npt.NDArray[np.bool_], source: Domain) -> str | None:
    """How the gaps of a column tell the label, as a date of leaving does that those who stay have not: else None.

    >>> rows = np.zeros((100, 1), np.float32)
    >>> leaves = Domain("source", rows, np.arange(100) % 2, ("no", "yes"))
    >>> _gaps_tell(leaves.labels == 0, leaves), _gaps_tell(np.arange(100) % 3 == 0, leaves)
    ("has a value in rows of source with the label 'yes' alone", None)
    """
    shares = np.bincount(source.labels, minlength=len(source.classes)) / len(source)
    for rows, what in ((~gaps, "has a value"), (gaps, "has none")):
        with_label = np.bincount(source.labels[rows], minlength=len(source.classes))
        label = int(with_label.argmax())
        if 0 < with_label[label] == rows.sum() < len(rows) and shares[label] ** with_label[label] < _CHANCE:
            return f"{what} in rows of {source.name} with the label {source.classes[label]!r} alone"
    return None
