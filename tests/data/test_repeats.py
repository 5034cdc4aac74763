"""Equal rows: draws of a discrete table that count each, or copies of one record that count once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ntgate.data.copies import Copies, without_copies
from ntgate.data.domain import Domain
from ntgate.data.fingerprint import numbered
from ntgate.data.folds import folds
from ntgate.data.leakage import find_leakage
from ntgate.data.readers import read
from ntgate.data.repeats import drawn, first_of_each, standing_once, too_even
from ntgate.data.specs import SourceSpec, SplitSpec
from ntgate.data.splits import split_target
from ntgate.errors import DataError
from ntgate.evaluation.unconditional import mcnemar_unconditional


def answers(n: int, columns: int, scale: int, loading: float, seed: int = 0) -> np.ndarray:
    """Answers on a scale to questions that all load on one trait."""
    rng = np.random.default_rng(seed)
    latent = loading * rng.normal(size=(n, 1)) + np.sqrt(1 - loading**2) * rng.normal(size=(n, columns))
    return np.searchsorted(np.quantile(latent, np.linspace(0, 1, scale + 1)[1:-1]), latent).astype(np.float32)


def domain(rows: np.ndarray | pd.DataFrame, name: str = "target", **more: object) -> Domain:
    return Domain(name, rows, np.random.default_rng(9).integers(0, 2, len(rows)), ("no", "yes"), **more)


@pytest.mark.parametrize("n", [300, 3000])
@pytest.mark.parametrize(
    ("columns", "scale", "loading"), [(6, 2, 0.0), (6, 2, 0.9), (20, 2, 0.8), (8, 5, 0.7), (10, 5, 0.95), (4, 7, 0.5)]
)
def test_surveys_are_draws(n, columns, scale, loading):
    assert drawn(domain(answers(n, columns, scale, loading)))


def test_codes_that_follow_from_each_other_are_draws():
    zips = np.random.default_rng(0).integers(0, 50, 1000)
    frame = pd.DataFrame({"zip": zips.astype(np.float32), "town": pd.Series([f"t{z // 5}" for z in zips], dtype=object)})
    assert drawn(domain(frame))


@pytest.mark.parametrize("share", [0.02, 0.3, 1.0])
def test_copies_of_measured_rows_are_copies(share):
    rng = np.random.default_rng(0)
    rows = np.column_stack([rng.integers(0, 2, 600), rng.normal(size=600).round(6)]).astype(np.float32)
    assert not drawn(domain(np.concatenate([rows, rows[: int(600 * share)]])))
    assert not drawn(domain(rows[rng.integers(0, 600, 3000)])), "rows that were drawn again and again to balance classes"


@pytest.mark.parametrize("name", ["red", "white"])
def test_wines_that_stand_twice_are_copies(shared_data, name):
    wines = read(SourceSpec(path=str(shared_data / f"wine_quality/{name}.csv")), "target")
    assert not drawn(wines)
    assert len(wines) - len(first_of_each(wines)) == {"red": 240, "white": 937}[name]


def test_independent_draws_are_rarely_too_even():
    rng = np.random.default_rng(0)
    called = [
        too_even(np.unique(rng.choice(cells, n, p=rng.dirichlet(np.full(cells, 0.5))), return_counts=True)[1])
        for cells in (4, 64, 1000)
        for n in (30, 300, 3000)
        for _ in range(300)
    ]
    assert np.mean(called) < 2e-3


@pytest.mark.parametrize("times", [2, 3])
@pytest.mark.parametrize("measured", [False, True])
def test_a_file_that_was_written_behind_itself_is_no_more_evidence(times, measured):
    rows = np.random.default_rng(0).normal(size=(400, 3)).astype(np.float32) if measured else answers(400, 6, 2, 0.5)
    whole = domain(rows)
    again = Domain("target", np.concatenate([rows] * times), np.concatenate([whole.labels] * times), whole.classes)
    once = standing_once(again)
    assert len(once) == 400
    assert drawn(once) == (not measured)
    assert len(standing_once(whole)) == 400
    assert not drawn(again)


def split(rows: np.ndarray, n: int | None = None, spec: SplitSpec | None = None) -> dict[str, Domain]:
    target = standing_once(domain(rows).take(np.arange(n or len(rows))))
    return vars(split_target(replace(target, drawn=drawn(target)), None, spec or SplitSpec(), 0))


def test_the_test_rows_of_a_discrete_table_have_its_distribution():
    rows = answers(2000, 6, 2, 0.8)
    parts = split(rows)
    assert len(parts["test"]) == 800
    left, copies = without_copies({"source": domain(answers(2000, 6, 2, 0.3, 5), "source"), **parts})
    assert (copies.drawn, copies.taken, copies.repeated) == (True, {}, 0)
    assert len(first_of_each(left["test"])) == 800, "every test row counts"
    assert find_leakage(left, "report", 0, copies).positions == (), "equal rows of a survey are no near duplicates"
    most = np.unique(rows, axis=0, return_counts=True)
    heaviest = most[0][most[1].argmax()]
    shares = [float((part.rows == heaviest).all(axis=1).mean()) for part in (*parts.values(), domain(rows))]
    assert max(shares) - min(shares) < 0.06
    kept = set(parts["test"].numbers[parts["test"].numbers < 1000].tolist())
    smaller = [len(split(rows, spec=SplitSpec(test=share))["test"]) for share in (0.2, 0.6)]
    assert smaller == [400, 1200]
    assert kept <= set(split(rows, spec=SplitSpec(test=0.6))["test"].numbers.tolist()), "a larger share adds rows"


def test_folds_of_a_discrete_table_take_rows_one_by_one():
    target = replace(domain(answers(200, 3, 2, 0.0)), drawn=True)
    assert np.bincount(folds(target, 5, 0)).tolist() == [40] * 5


@pytest.mark.slow
def test_the_level_holds_on_discrete_rows_also_where_the_file_was_doubled():
    """Two models of equal accuracy, right on cells of their own; the test of the rows that count."""
    rng, rejected = np.random.default_rng(1), {1: 0, 2: 0}
    cells = rng.dirichlet(np.full(64, 0.7))
    rows = ((np.arange(64)[:, None] >> np.arange(6)) & 1).astype(np.float32)
    says = rng.integers(0, 2, (2, 64))
    trials = 600
    for _ in range(trials):
        drawn_cells = rng.choice(64, 150, p=cells)
        y = rng.integers(0, 2, 150)  # whatever a model says is right with probability one half
        for times in rejected:
            whole = Domain("test", np.tile(rows[drawn_cells], (times, 1)), np.tile(y, times), ("no", "yes"))
            once = standing_once(whole)
            counted = replace(once, drawn=drawn(once)).take(first_of_each(replace(once, drawn=drawn(once))))
            assert len(counted) == 150
            cell = (counted.rows @ (1 << np.arange(6))).astype(int)
            right = says[:, cell] == counted.labels
            gained, lost = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
            rejected[times] += mcnemar_unconditional(gained, lost, 150) <= 0.05
    assert rejected[1] == rejected[2]
    assert rejected[1] / trials <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / trials)


def test_copies_of_test_rows_are_taken_out_and_counted():
    rng = np.random.default_rng(0)
    parts = {
        name: domain(rng.normal(size=(n, 5)).astype(np.float32), name)
        for name, n in (("source", 100), ("train", 50), ("validation", 40), ("unlabelled", 80), ("test", 100))
    }
    for name, count in (("source", 3), ("validation", 2), ("unlabelled", 5)):
        parts[name].rows[10 : 10 + count] = parts["test"].rows[:count]
    left, copies = without_copies(parts, one_file=False)
    assert copies.taken == {"source": 3, "validation": 2, "unlabelled": 5}
    assert (copies.tested, copies.repeated, copies.drawn) == (5, 0, False)
    assert {name: len(part) for name, part in left.items()} == {
        "source": 97,
        "train": 50,
        "validation": 38,
        "unlabelled": 75,
        "test": 100,
    }
    assert copies.sentences == ("3 source, 2 validation, 5 unlabelled rows are copies of 5 test rows and were taken out.",)
    assert left["source"].numbers[10] == 13


def test_one_copy_is_told_in_the_singular():
    assert Copies(taken={"source": 1}, tested=1, repeated=1).sentences == (
        "1 source row is a copy of 1 test row and was taken out.",
        "1 test row repeats another and is not counted again.",
    )


@pytest.mark.parametrize("part", ["source", "unlabelled"])
def test_too_many_copies_are_refused_with_their_share(part):
    rng = np.random.default_rng(0)
    test = domain(rng.normal(size=(100, 5)).astype(np.float32), "test")
    few = domain(rng.normal(size=(50, 5)).astype(np.float32), part)
    few.rows[:11] = test.rows[:11]
    with pytest.raises(DataError, match=rf"at most 20 % of the {part} rows .* got 11 of 50: {part} rows 0, 1, 2, 3, 4 and 6"):
        without_copies({part: few, "test": test})
    many = domain(rng.normal(size=(5000, 5)).astype(np.float32), part)
    many.rows[:21] = test.rows[:21]
    with pytest.raises(DataError, match=r"at most 20 % of the test rows among them, got 21 of 100"):
        without_copies({part: many, "test": test})


def test_a_class_is_not_taken_out_as_a_whole():
    rng = np.random.default_rng(0)
    test = domain(rng.normal(size=(100, 5)).astype(np.float32), "test")
    source = Domain("source", rng.normal(size=(50, 5)).astype(np.float32), (np.arange(50) < 3).astype(int), ("no", "yes"))
    source.rows[:3] = test.rows[:3]
    with pytest.raises(DataError, match="expected source rows of class 'yes' that are no copies"):
        without_copies({"source": source, "test": test})


def test_a_discrete_test_file_that_was_cut_from_the_training_file_is_found():
    rows = answers(3000, 12, 2, 0.0)
    apart = {"train": domain(rows[:2000], "train"), "test": replace(domain(rows[2000:], "test"), drawn=True)}
    assert without_copies(apart, one_file=False)[1].taken == {}
    within = {"train": domain(rows, "train"), "test": replace(domain(rows[2000:], "test"), drawn=True)}
    with pytest.raises(DataError, match="name the column that tells them apart as id"):
        without_copies(within, one_file=False)


def test_a_declared_id_tells_rows_apart(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=100).round(3), "label": rng.integers(0, 2, 100), "nr": np.arange(100)})
    frame.loc[50:59, "a"] = frame.loc[0:9, "a"].to_numpy()
    frame.to_csv(tmp_path / "t.csv", index=False)
    spec = SourceSpec(path=str(tmp_path / "t.csv"))
    assert len(first_of_each(read(spec.model_copy(update={"drop": ("nr",)}), "target"))) == 90
    told = read(spec.model_copy(update={"id": "nr"}), "target")
    assert list(told.rows.columns) == ["a"]
    assert len(first_of_each(told)) == 100
    test, train = told.take(np.arange(50), "test"), told.take(np.arange(50, 100), "train")
    assert without_copies({"train": train, "test": test})[1].taken == {}
    pd.concat([frame, frame[:5]]).to_csv(tmp_path / "t.csv", index=False)
    assert len(first_of_each(read(spec.model_copy(update={"id": "nr"}), "target"))) == 100, "equal with one id: one record"


def test_numbered_fingerprints_are_a_multiset():
    few, more = numbered(np.array([b"a", b"a", b"b"], "S32")), numbered(np.array([b"a", b"c", b"a", b"a"], "S32"))
    assert len(set(few.tolist())) == 3
    assert len(set(few.tolist()) & set(more.tolist())) == 2
