"""What can be configured about the data."""

from __future__ import annotations

import codecs
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from ntgate.base import NUMBER, Frozen, Real
from ntgate.data.column_form import ColumnSpec, word
from ntgate.data.image_spec import ImagesSpec, Mode, Side
from ntgate.data.limits import Limits
from ntgate.data.own_reader import READERS, Reader

Format = Literal["auto", "npz", "csv", "jsonl", "parquet", "images"]
Word: TypeAlias = Annotated[str, BeforeValidator(word)]


class CsvSpec(Frozen):
    """How a csv file is written, as far as it is not to be recognised.

    Attributes:
        separator: what stands between fields; None: a comma, semicolon, tab or vertical bar, whichever the header has.
        decimal: what stands before the fraction of a number; None: recognised.
        thousands: what stands between the thousands of a number; None: recognised.
        missing: words that mean no value, beside an empty field, NA, NaN, null and their like.
        encoding: how characters are written; None: UTF-8, or UTF-16 where the file begins so.
    """

    separator: Literal[",", ";", "\t", "|"] | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal[",", ".", " ", "'"] | None = None
    missing: tuple[Word, ...] = ()
    encoding: str | None = None

    @model_validator(mode="after")
    def _that_exist_and_differ(self) -> CsvSpec:
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
            except LookupError:
                raise ValueError(f"an encoding such as cp1252 or latin-1, got {self.encoding!r}") from None
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError(f"two signs for decimal and thousands, got {self.decimal!r} for both")
        return self


class SourceSpec(Frozen):
    """One file or folder of rows.

    Attributes:
        path: a local path or an fsspec URI (``s3://``, ``gs://``, ``file://``, ...); a table may be many files of one format: a
            folder of them, or a pattern such as ``rows/part-*.parquet``. What folders such as ``year=2024`` say is a column.
        reader: a class of your own that reads the path, as ``package.module:Class`` or by an entry point; None: one of ntgate's.
        format: ``auto`` decides by the ending; a folder of other files than tables holds images by class, or with a
            ``metadata.csv`` that has their ``file_name`` and label. ``images`` says of an npz that ``x`` is pictures.
        csv: how a csv file is written, where that is not recognised.
        label: the label column of a table, or of the ``metadata.csv`` beside images; an npz holds the labels as ``y``.
        group: a column (an array in an npz) of group keys: rows of one group never part between splits.
        time: a column (an array in an npz) of times: later rows are tested on, earlier ones trained on.
        id: a column (an array in an npz) that tells the records apart: rows that are equal but for it are different ones, and count
            each. It is no feature.
        drop: columns of a table that are no features, such as identifiers.
        keep: columns of a table (arrays in an npz) that are no features and yet travel with the rows, as text: the gate can judge
            slices by them.
        sample: of the source or the unlabelled rows at most so many, drawn at random, the same ones in every run; of parquet and
            images no others are held in memory.
        image_size: height and width to which images are brought; None: what ``data.images`` says.
        image_mode: ``L`` for grey, ``RGB`` for colour.
    """

    path: str = Field(min_length=1)
    reader: Annotated[Reader | None, READERS] = None
    format: Format = "auto"
    csv: CsvSpec = CsvSpec()
    label: str = "label"
    group: str | None = None
    time: str | None = None
    id: str | None = None
    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    sample: Annotated[int, Field(gt=0, le=1_000_000_000), NUMBER] | None = None
    image_size: tuple[Side, Side] | None = None
    image_mode: Mode = "RGB"
    _limits: Limits = PrivateAttr(default_factory=Limits)  # those of data.limits

    @property
    def limits(self) -> Limits:
        """What a file may come to."""
        return self._limits

    def within(self, limits: Limits) -> SourceSpec:
        """The same rows, read within ``limits``."""
        bounded = self.model_copy()
        bounded._limits = limits
        return bounded


class SplitSpec(Frozen):
    """How the labelled target rows are divided.

    Attributes:
        test: share that becomes the gate's test rows, when no ``target_test`` is given.
        validation: share of the remaining rows that becomes the validation rows.
    """

    test: Real = Field(0.4, gt=0, lt=1)
    validation: Real = Field(0.25, gt=0, lt=1)


class DataConfig(Frozen):
    """The domains of a run.

    Attributes:
        source: labelled source rows; they may be missing where a model that exists is named, as ``model.source_checkpoint`` or as a
            transformer's folder. Strategies that need source rows then step aside.
        target: labelled target rows; split by ntgate when ``target_test`` is absent.
        target_test: labelled target rows that the gate alone sees.
        unlabelled: further target rows without labels.
        columns: how columns of tables are read, in every domain: ``number``, ``category``, ``date``, ``boolean``, ``text`` or
            ``ignore``, or a mapping such as ``{kind: date, order: dmy}``. What is not said is recognised, or asked about.
        label_map: what a label is called instead, such as ``{yes: Yes}``; a name that stands for itself is said to be a class.
        missing_labels: labels that mean that a row has none, such as -1. Such rows of the target are unlabelled ones, others are
            left out.
        label_kind: ``classes`` says that labels with the look of numbers to be predicted are classes.
        images: how pictures become rows of one size.
        split: how the target rows are divided.
        limits: how much one file may come to when it is read; more is refused.
        near_duplicates: what becomes of test rows with a near duplicate among the training rows: ``report`` hands them to the gate,
            which wants the candidate to win without them; ``refuse`` ends the run; ``off`` does not look for them.
    """

    source: SourceSpec | None = None
    target: SourceSpec
    target_test: SourceSpec | None = None
    unlabelled: SourceSpec | None = None
    columns: dict[str, ColumnSpec] = {}
    label_map: dict[Word, Word] = {}
    missing_labels: tuple[Word, ...] = ()
    label_kind: Literal["classes"] | None = None
    images: ImagesSpec = ImagesSpec()
    split: SplitSpec = SplitSpec()
    limits: Limits = Limits()
    near_duplicates: Literal["report", "refuse", "off"] = "report"

    @model_validator(mode="after")
    def _one_limit_for_all(self) -> DataConfig:
        for name in ("source", "target", "target_test", "unlabelled"):
            spec = getattr(self, name)
            if spec is not None:
                object.__setattr__(self, name, spec.within(self.limits))
        return self

    @model_validator(mode="after")
    def _no_sample_of_labelled_target_rows(self) -> DataConfig:
        for name in ("target", "target_test"):
            spec = getattr(self, name)
            if spec is not None and spec.sample is not None:
                raise ValueError(f"no sample of {name}, whose labels are few and dear")
        return self
