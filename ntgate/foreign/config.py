"""What a config says of a champion that ntgate did not make."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ntgate.base import Frozen, Whole
from ntgate.data.specs import Word

ColumnType = Literal["boolean", "integer", "long", "float", "double", "string", "datetime"]
Name = Annotated[str, Field(min_length=1, max_length=1000)]


class ForeignChampion(Frozen):
    """How a champion is asked that ntgate did not make; one that it made needs none of this.

    Attributes:
        load: ``pyfunc``: MLflow loads it, in a process of its own. This runs whatever code the model consists of, with the rights
            of the run.
        classes: where it answers with a column of scores a class: the class of each column, in order; empty: the columns have the
            classes' names.
        labels: where it answers with labels: what stands for which class, such as ``{0: healthy, 1: ill}``; empty: they are the
            classes' names.
        positive: where it answers with one probability: the class that it is the probability of.
        column: of a table of answers, the one that counts; None: all.
        types: the types in which it takes columns, where it has no signature that says so.
        python: an interpreter with the packages that it needs; None: the one that ntgate runs in.
        seconds: after which no answer is waited for any more.
    """

    load: Literal["pyfunc"]
    classes: tuple[Word, ...] = Field((), max_length=10_000)
    labels: dict[Word, Word] = {}
    positive: Word | None = None
    column: Name | None = None
    types: dict[str, ColumnType] = {}
    python: Name | None = None
    seconds: Whole = Field(600, ge=1, le=86_400)

    @model_validator(mode="after")
    def _one_way_to_answer(self) -> ForeignChampion:
        said = [name for name in ("classes", "labels", "positive") if getattr(self, name)]
        if len(said) > 1:
            raise ValueError(f"one of classes, labels and positive, by what it answers with, got {' and '.join(said)}")
        return self
