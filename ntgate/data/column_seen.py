"""What is seen of columns: how each is read, what stands in it, and what has to be asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np

from ntgate.base import Frozen
from ntgate.data.column_cells import Cells
from ntgate.data.column_form import ColumnForm, ColumnRead
from ntgate.data.image_form import ImageForm
from ntgate.data.question import Question, answers

_SHOWN = 4  # texts that a category is told by


class CellsSeen(Frozen):
    """One domain's cells of a column.

    Attributes:
        missing: how many have no value.
        distinct: how many different values there are.
        range: from the smallest to the largest, or the commonest texts.
    """

    missing: int
    distinct: int
    range: str


class ColumnSeen(Frozen):
    """A column as it is read.

    Attributes:
        name: its own.
        kind: what it is read as.
        written: how its cells are written, where that is not plain.
        said: whether the config says what it is.
        asked: whether that is asked about.
        cells: what stands in it, by domain.
    """

    name: str
    kind: Literal["number", "category", "date", "text", "left out"]
    written: str = ""
    said: bool = False
    asked: bool = False
    cells: dict[str, CellsSeen] = {}


class Reading(Frozen):
    """How the rows are read, and what about that is doubtful.

    Attributes:
        columns: of a table; none of arrays and images.
        questions: what has to be said before a model is promoted.
        notes: what has to be known and needs no answer, a sentence each.
        answers: the lines of the config that answer all questions as is likeliest, to be put below ``data``.
        pictures: the form of rows that are pictures; None: they are none, or all have one size.
    """

    columns: tuple[ColumnSeen, ...] = ()
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    pictures: ImageForm | None = None

    def asking(
        self,
        more: Iterable[Question],
        notes: Iterable[str],
        said: Mapping[str, ColumnRead],
        label_map: Mapping[str, str],
        missing: Iterable[str],
        images: Mapping[str, Any] | None = None,
    ) -> Reading:
        """The reading with further questions and notes, and the lines that answer all of them."""
        questions = (*self.questions, *more)
        lines = answers(questions, said, label_map, missing, images)
        return self.model_copy(update={"questions": questions, "notes": (*self.notes, *notes), "answers": lines})


def cells_seen(form: ColumnForm | None, cells: Cells, values: Any = None) -> CellsSeen:
    """What stands in a domain's column, as it is read.

    Args:
        form: the column's; None: it is left out.
        cells: as the file has them.
        values: as numbers or seconds ``(n,)``, where they are such.
    """
    import pandas as pd

    if form is not None and form.kind in ("number", "date"):
        known = np.sort(values)  # those that are missing go to the end
        missing = int(np.isnan(known).sum())
        known = known[: len(known) - missing]
        if not len(known):
            return CellsSeen(missing=missing, distinct=0, range="")
        low, high = known[0], known[-1]
        if form.kind == "date":
            ends = [str(pd.Timestamp(end * form.unit, unit="s")).removesuffix(" 00:00:00") for end in (low, high)]
        else:
            ends = [f"{end:.6g}" for end in (low, high)]
        distinct = 1 + int(np.count_nonzero(known[1:] != known[:-1]))
        return CellsSeen(missing=missing, distinct=distinct, range=" to ".join(ends))
    counts = Counter(cells.counts)
    shown = ", ".join(text[:30] for text, _ in counts.most_common(_SHOWN))
    more = ", ..." if len(counts) > _SHOWN else ""
    return CellsSeen(missing=len(cells) - counts.total(), distinct=len(counts), range=shown + more)
