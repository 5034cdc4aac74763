"""One verdict, whichever way its numbers were computed: rows in one memory, or tables read in passing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from ntgate.config_file import load
from ntgate.flow import drift
from ntgate.shift.config import ShiftConfig
from ntgate.shift.judgement import Tested, feature_bound, holm, judge, levels, permutations_for
from ntgate.shift.report import ShiftReport
from ntgate.shift.streamed.table_shift import table_shift

TOLERANCE = 0.02  # of an effect size: random features err by about 3 % in a kernel value


def normal(rng, n: int, moved: float) -> pd.DataFrame:
    return pd.DataFrame(rng.normal(size=(n, 5)), columns=list("abcde")).assign(a=lambda rows: rows["a"] + moved)


def codes(rng, n: int, moved: float) -> pd.DataFrame:
    """Categories as whole numbers, a flag, a rare one."""
    k = rng.choice(4, n, p=np.array([0.4, 0.3, 0.2, 0.1]) if not moved else np.array([0.1, 0.2, 0.3, 0.4]))
    return pd.DataFrame({"k": k, "flag": rng.random(n) < 0.3 + 0.3 * moved, "rare": rng.random(n) < 0.01})


def missing(rng, n: int, moved: float) -> pd.DataFrame:
    frame = normal(rng, n, 0)
    return frame.assign(a=frame["a"].where(rng.random(n) > 0.1 + 0.3 * moved), empty=np.nan)


def constant(rng, n: int, moved: float) -> pd.DataFrame:
    return normal(rng, n, moved).assign(same=3.0, nearly=np.where(np.arange(n) == 1, 4.0, 3.0))


def broken(rng, n: int, moved: float) -> pd.DataFrame:
    frame = normal(rng, n, moved)
    frame.loc[0, ["a", "b"]] = 1e12
    return frame


def both(folder: Path, before: pd.DataFrame, after: pd.DataFrame, **shift) -> list[ShiftReport]:
    """The report of a drift check, of a table in memory, and of one that is only read in passing."""
    before.assign(y=np.arange(len(before)) % 2).to_parquet(folder / "source.parquet")
    after.to_parquet(folder / "target.parquet")
    config = {
        "model": {"name": "t"},
        "data": {"source": {"path": "source.parquet", "label": "y"}, "target": {"path": "target.parquet", "label": "y"}},
        "registry": {"uri": "sqlite:///mlflow.db"},
        "shift": {"evidently": False, **shift},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    settings = load(folder / "config.yaml")
    paths = str(folder / "source.parquet"), str(folder / "target.parquet")
    tables = [
        table_shift(*paths, settings.shift, without=("y",), seed=settings.seed, in_memory=at_once).shift
        for at_once in (None, False)
    ]
    return [drift(settings).shift, *tables]


def told(report: ShiftReport) -> tuple[object, ...]:
    return report.outcome, report.significant, report.joint_level, report.bandwidths, [one.name for one in report.moved]


@pytest.mark.parametrize("kind", [normal, codes, missing, constant, broken], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(("rows", "moved"), [((900, 500), 0.0), ((900, 500), 0.7), ((40, 12), 0.0)])
def test_both_ways_give_one_verdict(tmp_path, kind, rows, moved):
    rng = np.random.default_rng(3)
    check, at_once, passing = both(tmp_path, kind(rng, rows[0], 0.0), kind(rng, rows[1], moved))
    assert told(check) == told(at_once)
    assert check.sentence == at_once.sentence
    assert (check.p_value, check.effect_size) == (at_once.p_value, at_once.effect_size)
    assert passing.outcome == check.outcome == ("shift" if moved else "none")
    assert passing.bandwidths == pytest.approx(check.bandwidths, rel=1e-3)
    assert passing.effect_size == pytest.approx(check.effect_size, abs=TOLERANCE)
    assert {one.name for one in passing.moved} == {one.name for one in check.moved}
    for one, other in zip(passing.moved, check.moved, strict=True):
        assert one.effect == pytest.approx(other.effect, abs=0.05)


def test_clusters_whose_spread_alone_moved(tmp_path):
    """The effect at the median bandwidth is 0, and 0 is tolerated: that is still a shift."""
    rng = np.random.default_rng(0)

    def clusters(spread: float) -> pd.DataFrame:
        return pd.DataFrame({"x": rng.integers(0, 2, 3000) + rng.normal(0, 0.01, 3000) + rng.normal(0, spread, 3000)})

    reports = both(tmp_path, clusters(1e-9), clusters(0.03))
    assert {report.outcome for report in reports} == {"shift"}
    assert max(report.effect_size for report in reports) < 0.001


@pytest.mark.parametrize(
    ("p", "effect", "feature", "tolerated", "outcome"),
    [
        (0.01, 0.2, (0.01, 0.9), 0.0, "shift"),
        (0.01, 0.0, (0.01, 0.9), 0.0, "shift"),
        (0.01, 0.02, (0.01, 0.9), 0.05, "tolerated"),
        (0.9, 0.0, (0.6, 1e-9), 0.0, "shift"),  # a feature alone
        (0.9, 0.0, (0.05, 1e-9), 0.0, "tolerated"),  # a trifle in many rows
        (0.9, 0.0, (0.15, 1e-9), 0.05, "tolerated"),  # no more than what an effect of 0.05 comes to in one feature
        (0.9, 0.0, (0.6, 0.004), 0.0, "none"),  # not beyond chance among two features at a tenth of the level
        (0.047, 0.5, (0.0, 0.9), 0.0, "none"),  # beyond its part of the level
        (0.01, 0.02, (0.6, 0.02), 0.05, "shift"),  # the joint test's part of the level goes over to the features
    ],
)
def test_the_rule(p, effect, feature, tolerated, outcome):
    tested = Tested(("a", "b"), (feature[0], 0.01), (feature[1], 0.8))
    assert judge(p, effect, tested, ShiftConfig(tolerated_effect=tolerated)).outcome == outcome


def test_without_features_the_joint_test_has_the_whole_level():
    assert judge(0.049, 0.2, Tested((), (), ()), ShiftConfig()).outcome == "shift"
    assert levels(0.01, 0) == (0.01, 0.0)


def test_a_strict_level_gets_the_permutations_that_it_needs():
    """With 99 permutations no p-value is below 0.01, and a level of 0.009 could never be reached."""
    assert 1 / (1 + permutations_for(ShiftConfig(permutations=99, alpha=0.01))) <= levels(0.01)[0]
    assert permutations_for(ShiftConfig()) == 500
    assert permutations_for(ShiftConfig(alpha=1e-6)) == 9999


def test_what_is_tolerated_of_one_feature_grows_with_what_is_tolerated_of_all():
    bounds = [feature_bound(tolerated) for tolerated in (0.0, 0.01, 0.05, 0.3, 0.9)]
    assert bounds[0] == bounds[1] == 0.1
    assert bounds == sorted(bounds)
    assert bounds[-1] < 1


def test_holm_is_that_of_a_textbook():
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])  # R: p.adjust(p, "holm")
