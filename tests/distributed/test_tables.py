"""Features and shift of tables that no one process reads, against pandas, SciPy and the same by one process."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import yaml

pytest.importorskip("distributed", reason="dask is not installed: pip install 'ntgate[dask]'")

from scipy.stats import chi2_contingency, kstwobign

from ntgate.cli.app import run
from ntgate.distributed import DaskEngine
from ntgate.errors import DataError
from ntgate.shift.config import ShiftConfig
from ntgate.shift.kernel import random_features
from ntgate.shift.streamed import table_features
from ntgate.shift.streamed.partitions import partitions
from ntgate.shift.streamed.table_shift import table_shift

CONFIG = ShiftConfig(permutations=99)


@pytest.fixture(autouse=True)
def many_small_stretches(monkeypatch):
    monkeypatch.setattr(random_features, "_STRETCH", 1)
    monkeypatch.setattr(table_features, "_STRETCH", 3000)


@pytest.fixture(scope="module")
def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Columns of very different scales: one moves, one loses values, one is whole numbers, one constant, one empty."""
    rng = np.random.default_rng(5)

    def frame(rows: int, moved: float, lost: float) -> pd.DataFrame:
        spread = rng.normal(1e6, 1e4, rows)
        spread[rng.random(rows) < lost] = np.nan
        return pd.DataFrame(
            {
                "label": rng.integers(0, 2, rows).astype(str),
                "small": rng.normal(moved, 1, rows) * 1e-3,
                "large": spread,
                "count": rng.integers(0, 5, rows),
                "flag": rng.random(rows) < 0.3,
                "constant": 7.0,
                "empty": np.full(rows, np.nan),
            }
        )

    return frame(20_000, 0, 0.1), frame(15_000, 0.15, 0.14)


@pytest.fixture(scope="module")
def folders(frames, tmp_path_factory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("frames")
    for name, frame, sizes in (("source", frames[0], [0, 7001, 7001, 20_000]), ("target", frames[1], [0, 14_999, 15_000])):
        (folder / name).mkdir()
        for number, (low, high) in enumerate(pairwise(sizes)):
            frame[low:high].to_parquet(folder / name / f"part-{number}.parquet", row_group_size=4000, index=False)
    return str(folder / "source"), str(folder / "target")


def found(folders, engine=None, **settings):
    return table_shift(*folders, CONFIG, without=("label",), engine=engine, **settings)


@pytest.fixture(scope="module")
def alone(folders):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(random_features, "_STRETCH", 1)
        patch.setattr(table_features, "_STRETCH", 3000)
        return found(folders)


def without_times(result) -> dict:
    return result.model_dump(exclude={"seconds": True, "mmd": {"seconds"}, "shift": {"seconds"}})


def test_workers_give_the_result_of_one_process(folders, alone, client):
    assert without_times(found(folders, DaskEngine(client))) == without_times(alone)


def test_moments_are_those_of_pandas(frames, alone):
    for feature in alone.features:
        for side, frame in enumerate(frames):
            column = frame[feature.name].astype(np.float32).astype(np.float64)
            assert feature.missing[side] == pytest.approx(column.isna().mean())
            if column.isna().all():
                assert feature.mean[side] is None
                continue
            assert feature.mean[side] == pytest.approx(column.mean(), rel=1e-9)
            assert feature.deviation[side] == pytest.approx(column.std(), rel=1e-9, abs=1e-12)


def test_moments_of_two_tables_are_those_of_one(folders, frames):
    tables = [partitions(folder, "x", without=("label",)) for folder in folders]
    both = table_features.moments(tables[0]).merged(table_features.moments(tables[1]))
    large = pd.concat(frames)["large"].astype(np.float32).astype(np.float64)
    assert both.deviation[1] == pytest.approx(large.std(), rel=1e-9)


def test_effects_are_differences_of_shares(frames, alone):
    by = {feature.name: feature for feature in alone.features}
    whole = np.sort(np.concatenate([frame["count"] for frame in frames]))
    shares = [np.searchsorted(np.sort(frame["count"]), np.unique(whole), side="right") / len(frame) for frame in frames]
    assert by["count"].effect == pytest.approx(np.abs(shares[0] - shares[1]).max())
    flags = [frame["flag"].mean() for frame in frames]
    assert by["flag"].effect == pytest.approx(abs(flags[0] - flags[1]))
    assert (by["constant"].effect, by["constant"].p_value) == (0, 1)
    assert (by["empty"].effect, by["empty"].p_value) == (0, 1)
    from scipy.stats import ks_2samp

    exact = ks_2samp(frames[0]["small"], frames[1]["small"]).statistic
    assert exact - 0.02 < by["small"].effect <= exact


def test_p_values_are_those_of_scipy(frames, alone):
    by = {feature.name: feature for feature in alone.features}
    lost = [frame["large"].isna().sum() for frame in frames]
    rows = [len(frame) for frame in frames]
    table = [lost, [n - gone for n, gone in zip(rows, lost, strict=True)]]
    raw = {"large": 2 * chi2_contingency(table, correction=False).pvalue}
    size = np.sqrt(rows[0] * rows[1] / sum(rows))
    for name in ("small", "count", "flag"):
        raw[name] = min(1, 2 * kstwobign.sf(size * by[name].effect))
    ordered = sorted([*raw.values(), 1.0, 1.0])
    for name, p in raw.items():
        rank = ordered.index(p)
        adjusted = min(1, *(ordered[i] * 6 / (i + 1) for i in range(rank, 6)))
        assert by[name].p_value == pytest.approx(adjusted)
    assert {feature.name for feature in alone.features[:2]} == {"small", "large"}


def test_the_shift_is_found_and_its_absence_too(alone, folders):
    assert alone.outcome == "shift"
    assert alone.rows == (20_000, 15_000)
    same = found((folders[0], folders[0]))
    assert same.mmd.p_value > 0.05
    assert all(feature.p_value == 1 for feature in same.features)


@pytest.mark.parametrize(("column", "value"), [("small", np.inf), ("count", "many")])
def test_columns_that_cannot_be_measured_are_named(folders, frames, tmp_path, column, value):
    frame = frames[1].head(100).astype({column: object if value == "many" else float})
    frame.loc[50, column] = value
    frame[column] = frame[column].astype(str) if value == "many" else frame[column]
    frame.to_parquet(tmp_path / "spoiled.parquet")
    with pytest.raises(DataError, match=r"target: expected finite numbers|column 'count' of type"):
        found((folders[0], str(tmp_path / "spoiled.parquet")))


def test_tables_of_different_columns(folders, frames, tmp_path):
    frames[1].drop(columns="flag").to_parquet(tmp_path / "less.parquet", index=False)
    with pytest.raises(DataError, match="target: expected the columns of the source, got a difference in flag"):
        found((folders[0], str(tmp_path / "less.parquet")))


@pytest.fixture
def config(folders, tmp_path):
    written = {
        "model": {"name": "reader", "backbone": {"kind": "mlp", "hidden": [4]}},
        "data": {"source": {"path": folders[0]}, "target": {"path": folders[1] + "/part-*.parquet"}},
        "registry": {"uri": f"sqlite:///{tmp_path}/mlflow.db"},
        "shift": {"permutations": 99},
    }
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(written))
    return str(path)


def test_the_command_line(config, alone, capfd):
    assert run(["drift", config, "--workers", "2", "--json"]) == 3
    answered = json.loads(capfd.readouterr().out)
    for part in (answered, expected := alone.as_json()):
        del part["seconds"], part["mmd"]["seconds"], part["shift"]["seconds"]
    assert answered == expected
    assert run(["drift", config, "--workers", "1", "--set", "shift.tolerated_effect=0.9"]) == 0
    told = capfd.readouterr().out
    assert "TOLERATED  A " in told
    assert "20,000 source, 15,000 target, 6 columns" in told
    assert "small            moved by" in told


def test_the_command_line_on_a_cluster(config, cluster, capfd):
    assert run(["drift", config, "--workers", cluster.scheduler_address, "--json"]) == 3
    assert json.loads(capfd.readouterr().out)["outcome"] == "shift"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--workers", "none"], 2),
        (["--workers", "2", "--zenml"], 2),
        (["--workers", "1", "--set", "data.source.path=/nowhere/x"], 5),
    ],
)
def test_the_command_line_refuses(config, arguments, code):
    assert run(["drift", config, *arguments]) == code


@pytest.mark.slow
def test_level_where_nothing_moved_and_power_where_something_did(tmp_path):
    """One feature of four is wrongly told to have moved in at most the level's share of the pairs of tables."""
    rng = np.random.default_rng(11)
    runs, wrong, right = 150, 0, 0

    def written(name: str, moved: float) -> str:
        rows = pd.DataFrame(rng.normal(size=(400, 4)).astype(np.float32), columns=list("abcd"))
        rows["d"] = (rows["d"] > 0).where(rng.random(400) < 0.9)
        rows["a"] += moved
        rows["d"] = rows["d"].astype("boolean")
        rows.to_parquet(tmp_path / name, index=False)
        return str(tmp_path / name)

    for seed in range(runs):
        tables = [partitions(written(f"{name}.parquet", 0), name) for name in "xyz"]
        tables[2] = partitions(written("z.parquet", 0.5), "z")
        of = [table_features.moments(table) for table in tables]
        same = table_features.table_features((tables[0], tables[1]), (of[0], of[1]), seed=seed)
        wrong += min(feature.p_value for feature in same) <= 0.05
        moved = table_features.table_features((tables[0], tables[2]), (of[0], of[2]), seed=seed)
        right += moved[0].p_value <= 0.05
    assert wrong / runs <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / runs)
    assert right / runs > 0.95
