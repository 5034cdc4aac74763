"""No broken value, and no odd column, hides a shift; and nothing cries wolf for it: level and power by simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from ntgate.data.domain import Domain
from ntgate.shift import drift_attribution, proxy_a_distance
from ntgate.shift.columns.features import named_features
from ntgate.shift.columns.robust_scale import RobustScale, scaled
from ntgate.shift.columns.table_form import compared
from ntgate.shift.config import ShiftConfig
from ntgate.shift.report import ShiftReport, measure

CONFIG = ShiftConfig(permutations=99)


def found(before: pd.DataFrame, after: pd.DataFrame, seed: int = 0, **config) -> ShiftReport:
    """Two tables, as a drift check measures them."""
    parts = [
        pd.DataFrame({name: part[name].astype(np.float32 if part[name].dtype.kind in "fiub" else object) for name in part})
        for part in (before, after)
    ]
    rows = named_features(*(Domain(name, part, None) for name, part in zip(("source", "target"), parts, strict=True)))
    return measure(
        rows.source,
        rows.target,
        CONFIG.model_copy(update=config),
        seed,
        representation="raw",
        blocks=rows.labels,
        tested=rows.tested(seed=seed),
        notes=rows.notes,
    )


def clean(rng, n: int, moved: float = 0.0) -> pd.DataFrame:
    rows = pd.DataFrame(rng.normal(size=(n, 6)), columns=list("abcdef"))
    rows["a"] += moved
    return rows


def one_sentinel(rng, rows: pd.DataFrame, value: float = 1e12) -> pd.DataFrame:
    rows.loc[int(rng.integers(len(rows))), "a"] = value
    return rows


def many_sentinels(rng, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(a=rows["a"].where(rng.random(len(rows)) > 0.05, 999_999))


def third_sentinels(rng, rows: pd.DataFrame) -> pd.DataFrame:
    """Beyond what any scale can bear: the feature's own test remains."""
    return rows.assign(a=rows["a"].where(rng.random(len(rows)) > 0.3, -999))


def marked(rng, rows: pd.DataFrame) -> pd.DataFrame:
    """Numbers among which somebody wrote ``?``."""
    text = rows["a"].map("{:.4f}".format).astype(object)
    return rows.assign(a=text.where(rng.random(len(rows)) > 0.05, "?").astype(object))


def decimal_commas(rng, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(a=rows["a"].map("{:.2f}".format).str.replace(".", ",", regex=False).astype(object))


def integer_code(rng, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(a=np.clip(np.round(20 + 6 * rows["a"]), 1, 40))


def tied(rng, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(a=np.round(rows["a"]), b=0.0, c=(rows["c"] > 2).astype(float))


def heavy(rng, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(**{name: np.tan(np.arctan(1e9) * (2 * rng.random(len(rows)) - 1)) for name in "bcdef"})


def categories(rng, rows: pd.DataFrame) -> pd.DataFrame:
    codes = rng.integers(0, 60, len(rows)).astype(str)
    return rows.assign(b=np.char.add("shop ", codes).astype(object), c=np.where(rows["c"] > 0, "x", "y").astype(object))


def all_texts(rng, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(b=[f"user {value}" for value in rng.integers(0, 10**9, len(rows))])


KINDS = [
    lambda rng, rows: rows,
    one_sentinel,
    many_sentinels,
    third_sentinels,
    marked,
    decimal_commas,
    integer_code,
    tied,
    heavy,
    categories,
    all_texts,
]
NAMES = ["clean", *(kind.__name__ for kind in KINDS[1:])]


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
@pytest.mark.parametrize("where", ["source", "both"])
def test_a_shift_of_two_deviations_is_found(kind, where):
    """In one of six columns, 300 rows and 100; the oddity stands in the source alone or in both tables."""
    called = 0
    for seed in range(2):
        rng = np.random.default_rng(seed)
        before, after = kind(rng, clean(rng, 300)), clean(rng, 100, 2.0)
        if where == "both" or kind in (integer_code, categories, all_texts, tied, heavy):
            after = kind(rng, after)
        report = found(before, after, seed)
        called += report.outcome == "shift" and any(one.name == "a" for one in report.moved)
    assert called == 2


def false_alarms(kind, trials: int, first: int = 1000) -> tuple[int, int]:
    """How often of equal domains any shift is said to be shown, and how often by the features alone."""
    any_way = alone = 0
    for seed in range(first, first + trials):
        rng = np.random.default_rng(seed)
        report = found(kind(rng, clean(rng, 60)), kind(rng, clean(rng, 40)), seed)
        any_way += report.significant
        alone += report.significant and report.p_value > report.joint_level
    return any_way, alone


@pytest.mark.parametrize("kind", [one_sentinel, tied, heavy, categories], ids=lambda kind: kind.__name__)
def test_both_looks_together_keep_the_level(kind):
    trials = 40
    any_way, alone = false_alarms(kind, trials)
    assert any_way <= binom.ppf(0.999, trials, 0.05)
    assert alone <= binom.ppf(0.999, trials, 0.005)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_both_looks_together_keep_the_level_at_length(kind):
    trials = 600
    any_way, alone = false_alarms(kind, trials)
    assert any_way <= binom.ppf(0.999, trials, 0.05)
    assert alone <= binom.ppf(0.999, trials, 0.005)


def test_a_trifle_in_many_rows_is_no_shift_by_itself():
    """A mean that moves by a tenth of a deviation in one of sixty columns: beyond doubt in its own test, and tolerated."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20_000, 60)).astype(np.float32), rng.normal(size=(20_000, 60)).astype(np.float32)
    y[:, 7] += 0.1
    report = measure(x, y, CONFIG.model_copy(update={"max_rows": 50}), 0, representation="raw")
    assert [one.name for one in report.moved] == ["x7"]
    assert (report.outcome, report.significant) == ("tolerated", True)
    assert "very small shift of 1 of 60 features" in report.sentence


def test_one_feature_of_many_is_a_shift_by_itself():
    """Where the joint effect is within what is tolerated, and where the joint test sees nothing."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(400, 200)).astype(np.float32), rng.normal(size=(60, 200)).astype(np.float32)
    y[:, 3] += 1.5
    report = measure(x, y, CONFIG, 0, representation="raw")
    assert (report.outcome, report.features_moved, report.features_tested) == ("shift", 1, 200)
    tolerant = measure(x, y, CONFIG.model_copy(update={"tolerated_effect": 0.1}), 0, representation="raw")
    assert tolerant.outcome == "shift"
    assert "'x3'" in tolerant.sentence
    assert measure(x, y, CONFIG.model_copy(update={"tolerated_effect": 0.6}), 0, representation="raw").outcome == "tolerated"


def test_clean_data_keep_their_scale():
    rows = np.random.default_rng(2).normal(size=(4000, 3)) * [1, 1e6, 1e-6]
    assert np.allclose(1 / RobustScale.of(rows).factor, rows.std(axis=0), rtol=0.002)


@pytest.mark.parametrize("value", [999_999.0, 1e12, -1e30])
@pytest.mark.parametrize("column", [0, 1, 2], ids=["normal", "rare", "constant"])
def test_a_broken_value_changes_nothing_but_its_own_row(value, column):
    rng = np.random.default_rng(3)
    rows = np.stack([rng.normal(size=500), rng.random(500) < 0.02, np.full(500, 3.0)], axis=1)
    broken = rows.copy()
    broken[17, column] = value
    before, after = scaled(rows[:300], rows[300:])[0], scaled(broken[:300], broken[300:])[0]
    others = np.arange(300) != 17
    assert np.abs(after - before)[others].max() < 0.5 * np.abs(before).max()
    assert np.isfinite(after).all()
    assert np.abs(after).max() < 50


def test_the_measures_bear_a_broken_value():
    """An embedding with one coordinate of 1e12: the classifier, the attribution and its words see the others."""
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(300, 8)), rng.normal(size=(300, 8))
    y[:, 2] += 2
    whole = proxy_a_distance(x, y).distance
    x[5, 2] = 1e12
    assert proxy_a_distance(x, y).distance == pytest.approx(whole, abs=0.05)
    moved = drift_attribution(x, y)
    assert moved.features[0].mean_difference == pytest.approx(2, abs=0.3)
    assert moved.features[0].share > 0.9


def test_a_text_of_many_categories_weighs_no_more_than_a_number():
    rng = np.random.default_rng(5)
    rows = np.concatenate([rng.normal(size=(1000, 1)), np.eye(100)[rng.integers(0, 100, 1000)]], axis=1)
    first = scaled(rows, rows[:10], ["number", *["text"] * 100])[0]
    assert first[:, 0].var() == pytest.approx(1, abs=0.05)
    assert first[:, 1:].var(axis=0).sum() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("first", "second", "names", "said"),
    [
        ([str(i) for i in range(100)], ["?", *map(str, range(99))], ("a", "a is no number"), "compared as numbers, with a mark"),
        ([f"{i} %" for i in range(100)], [f"{i},5" for i in range(100)], ("a",), "compared as numbers."),
        ([f"2026-01-{i % 28 + 1:02} 10:{i % 60:02}" for i in range(100)], ["2027-01-05"] * 9, ("a",), "compared by time"),
        ([f"name {i}" for i in range(100)], [f"other {i}" for i in range(60)], ("a (length)", "a (words)", "a (digits)"), "160 d"),
        ([float(i) for i in range(100)], [str(i) for i in range(90)], ("a",), "numbers in the source and text in the target"),
        ([1.0, 2.0] * 50, ["1", "two"] * 50, ("a = 1", "a = 2", "a = two"), "numbers in the source and text in the target"),
        (["x", ""] * 50, ["y", "x"] * 50, ("a = (missing)", "a = x", "a = y"), None),
        ([1.0, np.nan] * 50, [1.0, 2.0] * 50, ("a", "a is missing"), None),
    ],
)
def test_how_a_column_is_compared(first, second, names, said):
    rows = compared(*(pd.DataFrame({"a": pd.Series(part)}) for part in (first, second)))
    assert rows.names == names
    assert (said is None) == (not rows.notes)
    assert said is None or said in rows.notes[0]


def test_a_column_called_like_the_mark_of_another_stays_itself():
    frame = pd.DataFrame({"a": [1.0, np.nan] * 20, "a is missing": np.arange(40.0), "b": ["x", "y"] * 20})
    rows = compared(frame, frame)
    assert len(set(rows.labels)) == 4  # a, its mark, the column of that name, and one for both categories of b
