"""The pool: unlabelled target rows that a run has not seen, read as the run read its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from ntgate.config import RunConfig
from ntgate.data.domain import Domain, Ints
from ntgate.data.image_form import ImageForm
from ntgate.data.records import RowKeys, row_keys
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError
from ntgate.stages.ingest import Ingested


@dataclass(frozen=True, eq=False)
class Pool:
    """The rows that count.

    Attributes:
        spec: how they were read.
        whole: all rows of the file.
        index: positions of those that count, ascending ``(n,)``.
        keys: by which the ledger knows all rows.
        left_out: how many do not count, by the reason.
    """

    spec: SourceSpec
    whole: Domain
    index: Ints
    keys: RowKeys
    left_out: dict[str, int]

    @property
    def rows(self) -> Domain:
        """Those that count."""
        return self.whole.take(self.index)


def read_pool(config: RunConfig, ingested: Ingested, path: str) -> Pool:
    """Read the pool, and leave out what stands, or nearly stands, among the rows of the run.

    Raises:
        DataError: when it cannot be read, has other columns than the target, is not later than the rows that were trained on, or
            nothing is left of it.
    """
    from ntgate.data.align import align
    from ntgate.data.overlap import refuse_earlier_tests, refuse_shared_groups
    from ntgate.data.readers import read_raw
    from ntgate.data.repeats import first_of_each

    given = config.data.target
    other = PurePosixPath(path).suffix != PurePosixPath(given.path).suffix
    spec = given.model_copy(update={"path": path, "sample": None, "format": "auto" if other else given.format})
    train = ingested.part("train")
    form = _form(ingested, train)
    whole = align(train, _as_read(read_raw(spec, "pool", labelled=False, recorded=True, form=form), train, path))
    whole = replace(whole, classes=ingested.target_classes, drawn=train.drawn)
    for part in (name for name in ("source", "train", "validation") if name in ingested.parts):
        seen = ingested.part(part)
        refuse_shared_groups(seen, whole)
        if part != "source":
            refuse_earlier_tests(seen, whole)
    keys, once = row_keys(whole), first_of_each(whole)
    counts = {"copies of others in the pool": len(whole) - len(once)}
    index = once
    for reason, rows in (_standing(ingested, whole, keys)).items():
        before = len(index)
        index = np.setdiff1d(index, np.flatnonzero(rows))
        counts[reason] = before - len(index)
    near = _near(config, ingested, whole.take(index))
    counts["nearly rows that were trained on"] = len(near)
    index = np.delete(index, near)
    left_out = {reason: count for reason, count in counts.items() if count}
    if not len(index):
        told = ", ".join(f"{count:,} {reason}" for reason, count in left_out.items())
        raise DataError(path, expected="rows that the run has not read", got=told, fix="give other rows of the target")
    return Pool(spec, whole, index, keys, left_out)


def _form(ingested: Ingested, train: Domain) -> ImageForm | None:
    """The form of pictures as the run has read its own; runs of earlier versions brought each side to its length."""
    if train.kind != "images" or ingested.reading is None:
        return None
    height, width, channels = train.rows.shape[1:]
    earlier = ImageForm(height=height, width=width, mode="L" if channels == 1 else "RGB", fit="squash")
    return ingested.reading.pictures or earlier


def _as_read(pool: Domain, train: Domain, path: str) -> Domain:
    """The columns of a table as the run has read its own."""
    if isinstance(pool.rows, np.ndarray) or isinstance(train.rows, np.ndarray):
        return pool
    import pandas as pd

    from ntgate.data.column_cells import Cells, converted

    missing = [name for name in train.forms if name not in pool.rows.columns]
    if missing:
        raise DataError(path, expected="the columns of the target", got=f"without {', '.join(missing[:5])}", fix="add them")
    columns = {name: converted(Cells(pool.rows[name]), form, f"pool: {name}") for name, form in train.forms.items()}
    return replace(pool, forms=train.forms, rows=pd.DataFrame(columns, index=pd.RangeIndex(len(pool))))


def _standing(ingested: Ingested, whole: Domain, keys: RowKeys) -> dict[str, npt.NDArray[np.bool_]]:
    """Which rows stand in a part of the run: by their record, or by their features."""
    found: dict[str, npt.NDArray[np.bool_]] = {}
    if whole.drawn and whole.ids is None:  # equal rows are draws: nothing tells which
        return found
    for reason, names in (
        ("training rows of the run", ("train", "validation")),
        ("test rows of the run", ("test", "cross_fitted")),
        ("rows of data.unlabelled, which training has seen", ("unlabelled",)),
        ("rows of the source", ("source",)),
    ):
        known = [row_keys(ingested.part(name)).keys.reshape(-1) for name in names if name in ingested.parts]
        if known:
            found[reason] = np.asarray(np.isin(keys.keys, np.concatenate(known)).any(axis=1))
    return found


def _near(config: RunConfig, ingested: Ingested, pool: Domain) -> Ints:
    from ntgate.data.near_duplicates import near_duplicates

    if config.data.near_duplicates == "off" or not len(pool):
        return np.zeros(0, np.int64)
    training = {name: ingested.part(name) for name in ingested.parts if name in ("source", "train", "validation")}
    pairs = near_duplicates(training, pool, config.seed)[0]
    return np.unique(np.concatenate([np.zeros(0, np.int64), *(found.test for found in pairs.values())]))
