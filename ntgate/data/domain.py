"""A domain: rows of one source or target, with labels by class name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from ntgate.data.column_form import ColumnForm, Rules

if TYPE_CHECKING:
    import pandas as pd

    from ntgate.data.image_seen import PicturesSeen

    Rows: TypeAlias = "npt.NDArray[np.float32] | npt.NDArray[np.uint8] | pd.DataFrame"

Ints: TypeAlias = npt.NDArray[np.int64]
Kind: TypeAlias = Literal["array", "table", "images"]


@dataclass(frozen=True, eq=False)
class Domain:
    """Rows of one domain as the user has them: raw, before any encoding or normalisation.

    Attributes:
        name: what messages call it: ``source``, ``target``, ``target_test`` or ``unlabelled``.
        rows: ``float32 (n, ...)`` for arrays, ``uint8 (n, h, w, c)`` for images, or a DataFrame of ``n`` rows whose
            numeric columns are float32 and whose categorical columns are ``str`` objects (missing: NaN and ``""``); dates are
            seconds since 1970 in UTC and, like numbers that float32 would not tell apart, float64. As a reader leaves them the
            columns are still in the types of their file, until :func:`ntgate.data.column_kinds.settled`.
        y: ``int64 (n,)`` codes into ``classes``; None when unlabelled.
        classes: class names, in code order. Label spaces are compared by these names, never by code.
        groups: optional ``(n,)`` group keys; rows of one group never part between splits.
        times: optional ``(n,)`` times; later rows are tested on, earlier rows trained on.
        keys: further columns ``(n,)`` by name, as text; no features, but what slices are told by.
        row_numbers: ``(n,)`` positions in the file the rows came from, for messages; None: all of them, in order.
        ids: optional ``(n,)`` ids of the records; rows with different ids are different ones, though they be equal.
        records: ``(n, 2)`` fingerprints of the rows as their file holds them (:mod:`ntgate.data.records`); None: not taken.
        drawn: whether equal rows are independent draws that count each (:mod:`ntgate.data.repeats`), and not copies of one record.
        forms: how each column of a table is read.
        gone: numbers that mean no value in the file; its columns have none of them.
        written: by column, rules that made numbers of cells that are not written plainly.
        read_as: what had to be recognised to read the file, for people; none of it is usual.
        pictures: what had to be done to pictures; None: not known, or they are none.
    """

    name: str
    rows: Rows
    y: Ints | None
    classes: tuple[str, ...] = ()
    groups: npt.NDArray[np.str_] | None = None
    times: npt.NDArray[np.float64] | None = None
    keys: Mapping[str, npt.NDArray[np.str_]] = field(default_factory=dict)
    row_numbers: Ints | None = None
    ids: npt.NDArray[np.str_] | None = None
    records: npt.NDArray[np.bytes_] | None = None
    drawn: bool = False
    forms: Mapping[str, ColumnForm] = field(default_factory=dict)
    gone: tuple[float, ...] = ()
    written: Mapping[str, Rules] = field(default_factory=dict)
    read_as: str = ""
    pictures: PicturesSeen | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def kind(self) -> Kind:
        """``table`` for a DataFrame, ``images`` for uint8 pixels, ``array`` for float32 rows."""
        if not isinstance(self.rows, np.ndarray):
            return "table"
        return "images" if self.rows.dtype == np.uint8 else "array"

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns of a table that are texts, and no categories."""
        return tuple(name for name, form in self.forms.items() if form.kind == "text")

    @property
    def numbers(self) -> Ints:
        """Positions ``(n,)`` of the rows in their file, counted from 0."""
        return np.arange(len(self), dtype=np.int64) if self.row_numbers is None else self.row_numbers

    @property
    def labels(self) -> Ints:
        """The label codes ``(n,)`` of a labelled domain."""
        if self.y is None:
            raise ValueError(f"domain {self.name!r} has no labels")
        return self.y

    def take(self, index: Ints, name: str | None = None) -> Domain:
        """The rows at ``index``, in that order, under ``name``.

        >>> d = Domain("target", np.zeros((3, 2), np.float32), np.array([0, 1, 0]), ("a", "b"))
        >>> d.take(np.array([2, 1]), "test").y
        array([0, 1])
        """
        rows = self.rows[index] if isinstance(self.rows, np.ndarray) else self.rows.iloc[index].reset_index(drop=True)
        return replace(
            self,
            name=name or self.name,
            rows=rows,
            y=None if self.y is None else self.y[index],
            groups=None if self.groups is None else self.groups[index],
            times=None if self.times is None else self.times[index],
            keys={column: values[index] for column, values in self.keys.items()},
            row_numbers=self.numbers[index],
            ids=None if self.ids is None else self.ids[index],
            records=None if self.records is None else self.records[index],
        )

    def relabelled(self, classes: tuple[str, ...]) -> Domain:
        """The rows whose class name is in ``classes``, with codes into ``classes`` instead."""
        code = {name: i for i, name in enumerate(classes)}
        mapping = np.array([code.get(name, -1) for name in self.classes], dtype=np.int64)
        codes = mapping[self.labels]
        kept = np.flatnonzero(codes >= 0)
        return replace(self.take(kept), y=codes[kept], classes=classes)


def no_rows_like(domain: Domain, name: str) -> Domain:
    """No rows, in the form of those of ``domain``, and no classes.

    >>> len(no_rows_like(Domain("target", np.zeros((3, 2), np.float32), np.array([0, 1, 0]), ("a", "b")), "source"))
    0
    """
    return replace(domain.take(np.zeros(0, np.int64), name), y=np.zeros(0, np.int64), classes=())


def joined(domains: Sequence[Domain], name: str) -> Domain:
    """The rows of several domains of one kind behind each other, without their labels.

    >>> part = Domain("a", np.zeros((2, 3), np.float32), None)
    >>> len(joined([part, part], "both"))
    4
    """
    rows: Rows
    if isinstance(domains[0].rows, np.ndarray):
        rows = np.concatenate([domain.rows for domain in domains if isinstance(domain.rows, np.ndarray)])
    else:
        import pandas as pd

        rows = pd.concat([domain.rows for domain in domains], ignore_index=True)  # type: ignore[misc]
    return Domain(name, rows, None, forms=domains[0].forms)


def together(first: Domain, second: Domain, name: str) -> Domain:
    """The rows of two parts of one domain behind each other, with all that is known of them.

    >>> part = Domain("a", np.zeros((2, 3), np.float32), np.array([0, 1]), ("no", "yes"))
    >>> together(part, part, "both").y.tolist()
    [0, 1, 0, 1]
    """
    known: dict[str, Any] = {
        column: np.concatenate([getattr(first, column), getattr(second, column)])
        for column in ("y", "groups", "times", "ids", "records")
        if getattr(first, column) is not None
    }
    known["row_numbers"] = np.concatenate([first.numbers, second.numbers])
    keys = {key: np.concatenate([values, second.keys[key]]) for key, values in first.keys.items()}
    return replace(first, name=name, rows=joined([first, second], name).rows, keys=keys, **known)


@dataclass(frozen=True, eq=False)
class TrainingView:
    """All that a strategy may see: there is no test split in it, so leakage is impossible by type.

    Attributes:
        source: labelled source rows; none of them where a model that exists stands for them.
        train: labelled target rows to learn from.
        validation: labelled target rows for early stopping and for the choice among candidates.
        unlabelled: further target rows without labels; None when there are none.
    """

    source: Domain
    train: Domain
    validation: Domain
    unlabelled: Domain | None = None

    @cached_property
    def labelled(self) -> Domain:
        """All labelled target rows: those to learn from, then those held aside."""
        return together(self.train, self.validation, "target")
