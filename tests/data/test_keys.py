"""Keys: columns that travel beside the rows, and the slices that they tell."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from ntgate.data.align import align
from ntgate.data.domain import Domain
from ntgate.data.readers import read
from ntgate.data.slices import slice_keys
from ntgate.data.specs import SourceSpec, SplitSpec
from ntgate.data.splits import split_target
from ntgate.data.storage import load, save
from ntgate.errors import DataError

TABLE = "n,t,site,who,when,label\n1,red,7,ann,2024-01-31,a\n2,,7.0,bob,2024-02-01 12:00:00.5,b\n3,blue,,ann,2024-02-02,a\n"
SPEC = {"keep": ("site", "who"), "drop": ("who",), "group": "who", "time": "when"}


def table(tmp_path) -> Domain:
    (tmp_path / "rows.csv").write_text(TABLE)
    return read(SourceSpec(path=str(tmp_path / "rows.csv"), **SPEC), "target")


def test_kept_columns_are_text_and_no_features(tmp_path):
    domain = table(tmp_path)
    assert list(domain.rows.columns) == ["n", "t"]
    assert domain.keys["site"].tolist() == ["7", "7", ""]
    assert domain.keys["who"].tolist() == domain.groups.tolist() == ["ann", "bob", "ann"]


def test_arrays_of_an_npz_are_kept_and_grouped_by_the_same_text(tmp_path):
    np.savez(
        tmp_path / "a.npz",
        x=np.zeros((3, 2)),
        y=np.array([0, 1, 0]),
        site=np.array([7.0, np.nan, 8.0]),
        who=np.array([1, 2, 1]),
        when=np.array(["2024-01-31", "2024-02-01", "2024-02-02"]),
    )
    domain = read(SourceSpec(path=str(tmp_path / "a.npz"), keep=("site",), group="who", time="when"), "target")
    assert domain.keys["site"].tolist() == ["7", "", "8"]
    assert domain.groups.tolist() == ["1", "2", "1"]
    assert domain.times.tolist() == [1706659200.0, 1706745600.0, 1706832000.0]


@pytest.mark.parametrize(
    "times",
    [["2024-01-31", "2024-02-01"], ["2024-01-31 00:00:00.000000001", "2024-02-01 00:00:00.5"], ["01/31/2024", "02/01/2024"]],
)
def test_dates_are_seconds_however_finely_they_are_written(tmp_path, times):
    pd.DataFrame({"n": [1, 2], "when": times, "label": ["a", "b"]}).to_csv(tmp_path / "rows.csv", index=False)
    domain = read(SourceSpec(path=str(tmp_path / "rows.csv"), time="when"), "target")
    assert domain.times == pytest.approx([1706659200, 1706745600], abs=0.6)


@pytest.mark.parametrize(
    ("column", "spec", "part"),
    [
        ("who", {"group": "who"}, "rows.csv: who: expected a group in every row, got none in row 1"),
        ("when", {"time": "when"}, "rows.csv: when: expected a number or a date"),
        ("n", {"keep": ("sight",)}, "expected a column 'sight', got the columns n, who, when, label; set keep"),
    ],
)
def test_missing_groups_times_and_columns(tmp_path, column, spec, part):
    (tmp_path / "rows.csv").write_text("n,who,when,label\n1,ann,2024-01-31,a\n2,,,b\n")
    with pytest.raises(DataError) as caught:
        read(SourceSpec(path=str(tmp_path / "rows.csv"), **spec), "target")
    assert part in str(caught.value)


def array() -> Domain:
    n = 60
    return Domain(
        "target",
        np.random.default_rng(0).normal(size=(n, 2)).astype(np.float32),
        np.arange(n) % 2,
        ("a", "b"),
        groups=np.arange(n).astype(str),
        times=np.arange(n) + 0.5,
        keys={"site": np.resize(np.array(["x", "y", "z"]), n)},
    )


@pytest.mark.parametrize("kind", ["array", "table"])
def test_they_survive_alignment_splits_and_storage(tmp_path, kind):
    domain = array()
    if kind == "table":
        domain = Domain(**{**vars(domain), "rows": pd.DataFrame(domain.rows, columns=["p", "q"])})
    split = split_target(align(domain, domain), None, SplitSpec(), 0)
    stored = split.test.relabelled(("b", "a"))
    back = load(save(stored, tmp_path / "test"))
    assert back.keys["site"].tolist() == [["x", "y", "z"][number % 3] for number in back.numbers]
    assert back.groups.tolist() == [str(number) for number in back.numbers]
    assert back.times.tolist() == [number + 0.5 for number in back.numbers]
    assert slice_keys(back, "class").tolist() == [["a", "b"][number % 2] for number in back.numbers]
    assert back.keys["site"].dtype.kind == "U"
    assert back.labels.flags.writeable  # as torch wants them


def test_slices_of_a_table(tmp_path):
    domain = table(tmp_path)
    assert slice_keys(domain, "site").tolist() == ["7", "7", ""]
    assert slice_keys(domain, "t").tolist() == ["red", "", "blue"]
    assert slice_keys(domain, "n").tolist() == ["1", "2", "3"]
    assert slice_keys(domain, "class").tolist() == ["a", "b", "a"]
    with pytest.raises(DataError, match="slice 'town': expected a column that travels with the rows, got class, site, who, n, t"):
        slice_keys(domain, "town")


def test_a_number_of_many_values_is_no_slice():
    rows = pd.DataFrame({"age": np.arange(30, dtype=np.float32)})
    with pytest.raises(DataError, match="got 30 different numbers; write its bins into a column"):
        slice_keys(Domain("test", rows, None), "age")


def test_long_whole_numbers_are_keys_labels_and_times_to_their_last_digit(tmp_path):
    long, stamps = [Decimal(10**30 + i) for i in range(4)], [Decimal(1_700_000_000_000_000_000 + i * 10**12) for i in range(4)]
    ids = pd.array([2**60, 2**60 + 1, None, 2**60 + 3], dtype="Int64")
    frame = pd.DataFrame(
        {"n": range(4), "who": long, "at": stamps, "id": ids, "label": [Decimal(10**20 + i % 2) for i in range(4)]}
    )
    frame.to_parquet(tmp_path / "a.parquet")
    domain = read(SourceSpec(path=str(tmp_path / "a.parquet"), group="who", time="at", keep=["id"]), "target")
    assert domain.groups.tolist() == [str(number) for number in long]
    assert domain.times.tolist() == [float(stamp) for stamp in stamps]
    assert domain.keys["id"].tolist() == [str(2**60), str(2**60 + 1), "", str(2**60 + 3)]
    assert domain.classes == (str(10**20), str(10**20 + 1))
