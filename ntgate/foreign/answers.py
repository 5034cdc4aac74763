"""What a model of other hands answers, as scores a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.data.column_form import word
from ntgate.errors import ModelError
from ntgate.foreign.config import ForeignChampion
from ntgate.shift.arguments import listed


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model answered.

    Attributes:
        values: ``(n,)`` or ``(n, k)``, numbers or texts.
        columns: the names of its ``k`` columns, where they have any.
    """

    values: npt.NDArray[Any]
    columns: tuple[str, ...] = ()


def scores_of(answers: Answers, asked: ForeignChampion, classes: Sequence[str]) -> npt.NDArray[np.float32]:
    """Scores ``(n, c)``, a column for each of ``classes``; one that the model does not know scores zero.

    Raises:
        ModelError: when the answers are none that ``asked`` tells how to read.

    >>> labels = Answers(np.array([0.0, 1.0, 1.0]))
    >>> scores_of(labels, ForeignChampion(load="pyfunc", labels={0: "healthy", 1: "ill"}), ("healthy", "ill")).tolist()
    [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    >>> scores_of(Answers(np.array([0.25])), ForeignChampion(load="pyfunc", positive="ill"), ("healthy", "ill")).tolist()
    [[0.75, 0.25]]
    """
    values, columns = answers.values, answers.columns
    if asked.column is not None and columns:
        if asked.column not in columns:
            raise _unread(f"answers with a column {asked.column!r}", f"columns {', '.join(columns)}", "correct champion.column")
        values, columns = values[:, columns.index(asked.column)], ()
    if values.ndim == 2 and values.shape[1] == 1:
        values, columns = values[:, 0], ()
    if asked.positive is not None:
        return _of_one_probability(values, asked.positive, classes)
    return _of_columns(values, columns, asked, classes) if values.ndim == 2 else _of_labels(values, asked, classes)


def _of_one_probability(values: npt.NDArray[Any], positive: str, classes: Sequence[str]) -> npt.NDArray[np.float32]:
    if len(classes) != 2 or positive not in classes:
        raise _unread(f"{positive!r} to be one of two classes", f"the classes {listed(classes)}", "correct champion.positive")
    if values.ndim != 1 or not _numbers(values) or not bool(((values >= 0) & (values <= 1)).all()):
        raise _unread("one probability a row, from 0 to 1", _described(values), "say champion.labels or champion.classes")
    scores = np.stack([1 - values, values], axis=1)
    return np.asarray(scores if classes[1] == positive else scores[:, ::-1], np.float32)


def _of_columns(
    values: npt.NDArray[Any], columns: tuple[str, ...], asked: ForeignChampion, classes: Sequence[str]
) -> npt.NDArray[np.float32]:
    names = asked.classes or columns
    if not _numbers(values) or not bool(np.isfinite(values).all()):
        raise _unread("a finite number in every column", _described(values), "set champion.column to the one that counts")
    if len(names) != values.shape[1]:
        got = f"{values.shape[1]} columns and {len(names) or 'no'} names"
        raise _unread("the class of each column", got, f"say champion.classes, in the order of the columns: {listed(classes)}")
    if not set(names) & set(classes):
        got = f"columns {listed(names)}"
        raise _unread(f"columns of the classes {listed(classes)}", got, "say champion.classes, in the order of the columns")
    if len(set(names)) < len(names):
        raise _unread("each class once", listed(names), "correct champion.classes")
    return by_class(values, names, classes)


def by_class(values: npt.NDArray[Any], names: Sequence[str], classes: Sequence[str]) -> npt.NDArray[np.float32]:
    """Scores ``(n, c)``, a column for each of ``classes``, from ``values`` ``(n, k)`` with a column a name; without one it is zero.

    >>> by_class(np.array([[0.25, 0.75]]), ("b", "a"), ("a", "b", "c")).tolist()
    [[0.75, 0.25, 0.0]]
    """
    scores = np.zeros((len(values), len(classes)), np.float32)
    for code, name in enumerate(classes):
        if name in names:
            scores[:, code] = values[:, names.index(name)]
    return scores


def _of_labels(values: npt.NDArray[Any], asked: ForeignChampion, classes: Sequence[str]) -> npt.NDArray[np.float32]:
    if asked.classes:
        got = _described(values)
        raise _unread(f"{len(asked.classes)} columns, as champion.classes says", got, "say champion.labels or champion.positive")
    different, rows = np.unique(values, return_inverse=True)
    told = [str(word(one.item())) for one in different]
    names = [asked.labels.get(one, one) for one in told]
    unknown = [one for one, name in zip(told, names, strict=True) if name not in classes]
    if unknown:
        meaning = f"champion.labels={{{unknown[0]}: {classes[0]}}}"
        raise _unread(
            f"one of the classes {listed(classes)}",
            listed(unknown),
            f"say what it means, as in {meaning}, or champion.positive where it is a probability",
        )
    scores = np.zeros((len(values), len(classes)), np.float32)
    scores[np.arange(len(values)), np.array([classes.index(name) for name in names], np.int64)[rows]] = 1
    return scores


def _numbers(values: npt.NDArray[Any]) -> bool:
    return values.dtype.kind == "f"


def _described(values: npt.NDArray[Any]) -> str:
    return f"{'numbers' if _numbers(values) else 'texts'} of shape {values.shape}"


def _unread(expected: str, got: str, fix: str) -> ModelError:
    return ModelError("answers of the champion", expected=expected, got=got, fix=fix)
