"""Splits, fingerprints, leaks, storage and encoders."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from ntgate.data.copies import without_copies
from ntgate.data.domain import Domain
from ntgate.data.encoder import Encoder, fit_encoder
from ntgate.data.fingerprint import fingerprint, row_fingerprints
from ntgate.data.specs import SplitSpec
from ntgate.data.splits import split_target
from ntgate.data.storage import load, save
from ntgate.errors import DataError


def domain(n: int = 100, classes: int = 3, seed: int = 0, **more: object) -> Domain:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    return Domain("target", rng.normal(size=(n, 2)).astype(np.float32), y, tuple("abcdefgh"[:classes]), **more)


def mixed() -> Domain:
    frame = pd.DataFrame({"n": np.array([1, np.nan, 3, 4], np.float32), "t": pd.Series(["u", "", "v", "u"], dtype=object)})
    return Domain("source", frame, np.array([0, 1, 0, 1]), ("a", "b"))


@settings(max_examples=25, deadline=None)
@given(n=st.integers(12, 200), classes=st.integers(2, 4), seed=st.integers(0, 9), test=st.floats(0.1, 0.6))
def test_a_split_partitions_and_keeps_every_class(n, classes, seed, test):
    target = domain(n, classes, seed)
    split = split_target(target, None, SplitSpec(test=test), seed)
    parts = [split.train, split.validation, split.test]
    numbers = np.concatenate([part.numbers for part in parts])
    assert sorted(numbers.tolist()) == list(range(n))
    for part in parts[:2]:
        assert set(part.y.tolist()) == set(range(classes))
    again = split_target(target, None, SplitSpec(test=test), seed)
    assert np.array_equal(again.test.numbers, split.test.numbers)


def test_groups_never_part():
    groups = np.repeat(np.arange(20), 5).astype(str)
    split = split_target(domain(groups=groups), None, SplitSpec(), 0)
    seen = [set(part.groups.tolist()) for part in (split.train, split.validation, split.test)]
    assert not seen[0] & seen[1]
    assert not seen[0] & seen[2]
    assert not seen[1] & seen[2]


def test_later_rows_are_tested_on():
    times = np.random.default_rng(0).permutation(100).astype(float)
    split = split_target(domain(times=times), None, SplitSpec(test=0.3), 0)
    assert split.train.times.max() < split.validation.times.min()
    assert split.validation.times.max() < split.test.times.min()
    assert len(split.test) == 30


def test_rows_with_the_same_features_stay_together():
    target = domain(90)
    rows = target.rows.copy()
    rows[60:] = rows[:30]
    split = split_target(Domain("target", rows, target.y, target.classes), None, SplitSpec(), 0)
    prints = [set(row_fingerprints(part).tolist()) for part in (split.train, split.validation, split.test)]
    assert not prints[0] & prints[2]
    assert not prints[1] & prints[2]
    assert without_copies({"train": split.train, "test": split.test})[1].taken == {}


def test_a_class_of_one_row_is_trained_on():
    target = domain(31, 3)
    y = target.y.copy()
    y[:] = np.arange(31) % 2
    y[7] = 2
    split = split_target(Domain("target", target.rows, y, target.classes), None, SplitSpec(), 0)
    assert 7 in split.train.numbers


def test_fingerprints_see_content_alone():
    target = domain()
    shuffled = target.take(np.random.default_rng(1).permutation(100))
    assert fingerprint(shuffled) == fingerprint(target)
    other = target.y.copy()
    other[0] = (other[0] + 1) % 3
    assert fingerprint(Domain("target", target.rows, other, target.classes)) != fingerprint(target)
    table = mixed()
    swapped = Domain("source", table.rows[["t", "n"]], table.y, table.classes)
    assert fingerprint(swapped) == fingerprint(table)


@pytest.mark.parametrize("stored", [domain(), mixed(), Domain("i", np.zeros((2, 3, 3, 1), np.uint8), None)])
def test_storage_round_trips(tmp_path, stored):
    artifact = save(stored, tmp_path / "part")
    back = load(artifact)
    assert fingerprint(back) == fingerprint(stored)
    assert back.kind == stored.kind
    assert back.classes == stored.classes
    with open(artifact.path, "ab") as file:
        file.write(b"x")
    with pytest.raises(DataError, match="the file was changed"):
        load(artifact)


def test_a_table_encoder_imputes_marks_and_encodes_and_survives_json():
    encoder = fit_encoder(mixed())
    again = TypeAdapter(Encoder).validate_json(encoder.model_dump_json())
    assert again == encoder
    unseen = pd.DataFrame({"n": np.array([np.nan, 9], np.float32), "t": pd.Series(["w", ""], dtype=object)})
    assert again.encode(unseen).tolist() == [[3.0, 1.0, 0.0, 0.0, 0.0], [9.0, 0.0, 1.0, 0.0, 0.0]]


def test_a_column_of_identifiers_is_refused():
    frame = pd.DataFrame({"id": pd.Series([f"r{i}" for i in range(1500)], dtype=object)})
    with pytest.raises(DataError, match="at most 1000 different texts"):
        fit_encoder(Domain("source", frame, None))
