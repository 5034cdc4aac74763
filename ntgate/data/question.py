"""What nobody said of the data and cannot be told from them: asked about, with the line of the config that answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from ntgate.base import Frozen
from ntgate.data.column_form import ColumnRead
from ntgate.data.spelling import hides

Key = Literal["columns", "label_map", "missing_labels", "label_kind", "images"]


class Question(Frozen):
    """Something that has to be said before a model is promoted.

    Attributes:
        subject: the column, or ``label``.
        seen: what was seen, a sentence without its end.
        key: the setting below ``data`` that answers.
        answer: the likeliest value: what a column is, names and what they are called, labels that are none, ``classes``, or
            settings of ``images``.
        otherwise: what else it could be, for people.
    """

    subject: str
    seen: str
    key: Key
    answer: Any
    otherwise: str = ""

    @property
    def sentence(self) -> str:
        """The question for people, with its answer."""
        value = {self.subject: self.answer} if self.key == "columns" else self.answer
        other = f", or {self.otherwise}" if self.otherwise else ""
        return f"{self.seen}: write `{self.key}: {flow(value)}` below data{other}."


def answers(
    questions: Iterable[Question],
    columns: Mapping[str, ColumnRead],
    label_map: Mapping[str, str],
    missing: Iterable[str],
    images: Mapping[str, Any] | None = None,
) -> tuple[str, ...]:
    """The lines that answer all questions as is likeliest, to be put below ``data``, with what stands there already.

    >>> one = Question(subject="user", seen="900 texts", key="columns", answer="ignore")
    >>> answers([one], {"shop": ColumnRead(kind="category")}, {}, [])
    ('columns: {shop: category, user: ignore}',)
    """
    asked = list(questions)
    found: dict[str, Any] = {
        "columns": {name: _short(told) for name, told in columns.items()},
        "label_map": dict(label_map),
        "missing_labels": list(missing),
        "images": dict(images or {}),
    }
    for question in asked:
        if question.key == "columns":
            found["columns"][question.subject] = question.answer
        elif question.key == "missing_labels":
            found["missing_labels"] += question.answer
        elif question.key in ("label_map", "images"):
            found[question.key] |= question.answer
        else:
            found[question.key] = question.answer
    return tuple(f"{key}: {flow(found[key])}" for key in dict.fromkeys(question.key for question in asked))


def flow(value: Any) -> str:
    """A value as YAML on one line.

    >>> flow({"a": "ignore", "b": {"kind": "number", "missing": ["?"]}, "1": "Yes"})
    "{a: ignore, b: {kind: number, missing: ['?']}, '1': 'Yes'}"
    """
    import yaml

    plain = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10**9, allow_unicode=True)
    # What nobody sees would be lost between a terminal and an editor.
    dumped = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10**9) if hides(plain) else plain
    return dumped.removesuffix("\n").removesuffix("\n...")


def _short(told: ColumnRead) -> Any:
    content = told.model_dump(mode="json", exclude_defaults=True)
    return content["kind"] if len(content) == 1 else content
