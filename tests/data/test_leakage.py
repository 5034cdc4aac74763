"""Leaks: what is refused, what is reported, and what is no leak."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ntgate.data.align import align
from ntgate.data.copies import without_copies
from ntgate.data.domain import Domain
from ntgate.data.leakage import find_leakage
from ntgate.data.near_duplicates import near_duplicates
from ntgate.data.overlap import refuse_earlier_tests, refuse_shared_groups
from ntgate.data.readers import read
from ntgate.data.specs import SourceSpec, SplitSpec
from ntgate.data.splits import split_target
from ntgate.errors import DataError


def on_a_surface(n: int, width: int, dimension: int, seed: int) -> np.ndarray:
    """Rows of ``width`` columns that lie on a curved surface of ``dimension``."""
    surface = np.random.default_rng(5).normal(size=(dimension, width))
    rng = np.random.default_rng(seed)
    return np.tanh(rng.normal(size=(n, dimension)) @ surface / np.sqrt(dimension)).astype(np.float32)


@pytest.mark.parametrize("dimension", [1, 2, 4, 8, 16])
def test_chance_makes_no_near_duplicates(dimension):
    """Chance gives one pair in a thousand checks where the density is even: twenty have none, ten training rows a test row."""
    found = 0
    for seed in range(20):
        test = Domain("test", on_a_surface(300, 20, dimension, seed), None)
        source = Domain("source", on_a_surface(3000, 20, dimension, 100 + seed), None)
        pairs, radius = near_duplicates({"source": source}, test, seed)
        assert radius is not None
        found += len(pairs["source"].test)
    assert found == 0


def test_brute_force_finds_the_same_pairs():
    """The tree over some axes misses none that all distances show."""
    test = Domain("test", on_a_surface(300, 60, 12, 0), None)
    rows = on_a_surface(2000, 60, 12, 1)
    rng = np.random.default_rng(2)
    rows[:150] = test.rows[:150] + rng.normal(size=(150, 60)) * rng.uniform(0, 0.4, (150, 1)).astype(np.float32)
    pairs, radius = near_duplicates({"source": Domain("source", rows, None)}, test)
    spread = test.rows.std(axis=0, dtype=np.float64)
    x, t = (part / np.maximum(spread, np.median(spread)) for part in (rows.astype(float), test.rows.astype(float)))
    among = np.sort(np.linalg.norm(t[:, None] - t[None], axis=2), axis=1)[:, 5]  # its own distance 0 comes first
    ratio = np.linalg.norm(t[:, None] - x[None], axis=2) / among[:, None]
    expected = np.flatnonzero(ratio.min(axis=1) <= radius)
    assert 20 < len(expected) < 150
    assert pairs["source"].test.tolist() == expected.tolist()
    assert pairs["source"].training.tolist() == ratio[expected].argmin(axis=1).tolist()
    np.testing.assert_allclose(pairs["source"].ratio, ratio[expected].min(axis=1), rtol=1e-4)


@pytest.mark.parametrize("change", ["rounded", "noise of a thousandth", "one level brighter", "noise of half a percent"])
def test_copies_of_digits_are_found(digits, change):
    x, y = digits
    test = Domain("test", (x[:300, ..., None] * 255).astype(np.uint8), y[:300], tuple("0123456789"))
    source = (x[300:1500, ..., None] * 255).astype(np.uint8)
    copies = test.rows[:20].astype(np.float64)
    if change == "rounded":
        copies = 4 * np.round(copies / 4)
    elif change == "one level brighter":
        copies = copies + 1
    elif change == "noise of half a percent":
        copies = copies + np.random.default_rng(0).normal(0, 1.3, copies.shape)
    else:
        copies = copies + np.random.default_rng(0).normal(0, 0.255, copies.shape) + 0.5
    rows = np.concatenate([source, np.clip(copies, 0, 255).astype(np.uint8)])
    pairs, _ = near_duplicates({"source": Domain("source", rows, None)}, test)
    assert pairs["source"].test.tolist() == list(range(20))
    assert pairs["source"].training.tolist() == list(range(1200, 1220))


def people(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            **{f"n{i}": rng.normal(50, 10, n).astype(np.float32) for i in range(6)},
            **{f"t{i}": pd.Series(rng.choice(["a", "b", "c"], n), dtype=object) for i in range(4)},
        }
    )


def test_rows_of_a_table_are_near_when_texts_agree_and_numbers_are_rounded():
    test = Domain("test", people(200, 0), None)
    source = people(500, 1)
    source.iloc[:10] = test.rows.iloc[:10]
    source.iloc[:10, :6] = source.iloc[:10, :6].round(1)
    other = source.iloc[10:20].copy()
    other.iloc[:, :] = test.rows.iloc[10:20]
    other["t0"] = [{"a": "b", "b": "c", "c": "unheard of"}[text] for text in other["t0"]]
    source.iloc[10:20] = other
    pairs, _ = near_duplicates({"source": Domain("source", source, None)}, test)
    assert pairs["source"].test.tolist() == list(range(10))


def test_few_categories_and_repeats_are_no_near_duplicates():
    """Of a table of few texts, rows are equal or a whole cell apart; equal ones are the business of the exact comparison."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({f"t{i}": pd.Series(rng.choice(["a", "b"], 400), dtype=object) for i in range(12)})
    target = Domain("target", rows, np.arange(400) % 2, ("x", "y"))
    split = split_target(target, None, SplitSpec(), 0)
    found = find_leakage({"source": split.train, "validation": split.validation, "test": split.test}, "report")
    assert found.positions == ()


@pytest.mark.parametrize(
    "pair",
    [
        "digits/mnist.npz digits/usps.npz",
        "office_caltech_surf/amazon.npz office_caltech_surf/webcam.npz",
        "coil20/coil1.npz coil20/coil2.npz",
        "keystroke/s1.npz keystroke/s6.npz",
        "mushroom/enlarging.csv mushroom/tapering.csv",
    ],
)
def test_real_domains_are_no_leaks(shared_data, pair):
    source, target = (read(SourceSpec(path=str(shared_data / name)), "source") for name in pair.split())
    split = split_target(align(source, target), None, SplitSpec(), 0)
    parts = {"source": source, "train": split.train, "validation": split.validation, "test": split.test}
    assert find_leakage(parts, "report").positions == ()


def test_pupils_of_two_subjects_are_a_leak(shared_data):
    """Both files share 382 pupils, with other marks and absences: few rows are equal and are taken out, and many are nearly."""
    source, target = (
        read(SourceSpec(path=str(shared_data / f"student_performance/{name}.csv")), "source") for name in ("mat", "por")
    )
    split = split_target(target, None, SplitSpec(), 0)
    left, copies = without_copies({"source": source, **vars(split)})
    assert copies.taken == {"source": copies.tested}
    assert 10 < copies.tested < 39
    assert not copies.drawn
    found = find_leakage(left, "report", 0, copies)
    assert len(found.positions) > 10
    assert f"{copies.tested} source rows are copies of {copies.tested} test rows and were taken out." in found.sentence


def parts(**more: object) -> dict[str, Domain]:
    sizes = {"source": 400, "train": 60, "validation": 20, "test": 100}
    return {name: Domain(name, on_a_surface(n, 20, 10, seed), None) for seed, (name, n) in enumerate(sizes.items())}


def test_near_duplicates_are_reported_refused_or_not_looked_for():
    domains = parts()
    rows = domains["train"].rows.copy()
    rows[[3, 9]] = domains["test"].rows[[50, 7]] + np.float32(1e-4)
    domains["train"] = replace(domains["train"], rows=rows, row_numbers=np.arange(60) + 1000)
    found = find_leakage(domains, "report")
    assert found.positions == (7, 50)
    assert found.near == {"source": 0, "train": 2, "validation": 0}
    assert found.share == 0.02
    assert {(pair.test_row, pair.part, pair.row) for pair in found.examples} == {(50, "train", 1003), (7, "train", 1009)}
    assert "2 of 100 test rows have a near duplicate among the training rows (2 in train)" in found.sentence
    with pytest.raises(DataError, match=r"got 2, rows 7, 50\. 2 of 100 .* such as test row"):
        find_leakage(domains, "refuse")
    off = find_leakage(domains, "off")
    assert (off.positions, off.radius, off.off) == ((), None, True)


def test_too_few_test_rows_are_said():
    domains = parts()
    domains["test"] = domains["test"].take(np.arange(11))
    assert "11 test rows are too few" in find_leakage(domains, "report").sentence


def with_groups(domain: Domain, *keys: str) -> Domain:
    return replace(domain, groups=np.resize(np.array(keys), len(domain)))


@pytest.mark.parametrize("part", ["source", "train", "validation"])
def test_a_shared_group_is_refused(part):
    domains = parts()
    domains["test"] = with_groups(domains["test"], "ann", "bob")
    domains[part] = with_groups(domains[part], "cid", "bob")
    with pytest.raises(DataError, match=f"{part} and test: expected no group in both, got 1 shared with 50 test rows: 'bob'"):
        find_leakage(domains, "report")
    domains[part] = with_groups(domains[part], "cid")
    assert find_leakage(domains, "report").groups == (part,)
    refuse_shared_groups(domains[part], replace(domains["test"], groups=None))  # nothing to compare with


def test_a_test_row_that_is_not_later_is_refused():
    domains = parts()
    domains["train"] = replace(domains["train"], times=np.linspace(0, 10, 60))
    domains["test"] = replace(domains["test"], times=np.linspace(10.5, 20, 100))
    domains["source"] = replace(domains["source"], times=np.full(400, 99.0))  # its clock is its own
    assert find_leakage(domains, "report").times == ("train",)
    late = replace(domains["test"], times=np.concatenate([[1.6e9, 10.0, 4.0], np.full(97, 11.0)]))
    with pytest.raises(DataError) as caught:
        refuse_earlier_tests(domains["train"], late)
    assert "got 2 that are not: test rows 1, 2, the earliest at 4, while train row 59 is at 10;" in str(caught.value)


def test_ntgates_own_splits_pass():
    rows, y = on_a_surface(200, 20, 10, 0), np.arange(200) % 2
    source = Domain("source", on_a_surface(50, 20, 10, 9), None)
    for more in ({"times": np.arange(200.0)}, {"groups": np.repeat(np.arange(40), 5).astype(str)}):
        split = split_target(Domain("target", rows, y, ("a", "b"), **more), None, SplitSpec(), 0)
        found = find_leakage({"source": source, **vars(split)}, "report")
        assert ("train", "validation") in (found.groups, found.times)
