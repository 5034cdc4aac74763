"""Pools that cannot be asked about, or not all of them: each said in one sentence, before anything is opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ntgate.config import RunConfig
from ntgate.errors import DataError
from ntgate.stages.ingest import ingest
from ntgate.stages.place import Place
from ntgate.stages.pool import Pool, read_pool


def table(seed: int, n: int, first: int = 0) -> pd.DataFrame:
    """Rows of the days from ``first`` on, with people who come back."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 4)).round(4), columns=list("abcd"))
    return frame.assign(
        day=first + np.arange(n), person=[f"p{seed}-{i // 3}" for i in range(n)], label=rng.choice(["no", "yes"], n)
    )


@pytest.fixture(params=["time", "group", "neither"])
def declared(request, tmp_path: Path) -> tuple[Path, RunConfig, str]:
    table(0, 200).to_csv(tmp_path / "source.csv", index=False)
    table(1, 200, 1000).to_csv(tmp_path / "target.csv", index=False)
    kind = request.param
    column = {"time": {"time": "day", "drop": ["person"]}, "group": {"group": "person", "drop": ["day"]}}
    more = column.get(kind, {"drop": ["day", "person"]})
    config = {
        "model": {"name": "m"},
        "data": {
            "source": {"path": str(tmp_path / "source.csv"), "drop": ["day", "person"]},
            "target": {"path": str(tmp_path / "target.csv"), **more},
            "near_duplicates": "off",
        },
        "registry": {"uri": f"sqlite:///{tmp_path / 'mlflow.db'}"},
        "output": str(tmp_path / "runs"),
    }
    return tmp_path, RunConfig.model_validate(config), kind


def pooled(declared: tuple[Path, RunConfig, str], frame: pd.DataFrame) -> Pool:
    folder, config, _ = declared
    frame.to_csv(folder / "pool.csv", index=False)
    return read_pool(config, ingest(config, Place.of(config)), str(folder / "pool.csv"))


def test_rows_that_the_run_has_read_are_left_out_or_refused(declared):
    folder, _, kind = declared
    later = table(2, 50, 5000)
    whole = pooled(declared, later.drop(columns="label"))
    assert (len(whole.index), whole.left_out) == (50, {})
    both = pd.concat([pd.read_csv(folder / "target.csv"), later]).drop(columns="label")
    if kind == "time":
        with pytest.raises(DataError, match="train and pool: expected test rows that are all later than the training rows"):
            pooled(declared, both)
        with pytest.raises(DataError, match="expected test rows that are all later than the training rows"):
            pooled(declared, table(3, 50, 0))  # from before the training
    elif kind == "group":
        with pytest.raises(DataError, match="train and pool: expected no group in both, got 31 shared with 92 test rows"):
            pooled(declared, both)
    else:
        found = pooled(declared, both)
        assert len(found.index) == 50
        assert sum(found.left_out.values()) == 200
        assert {"training rows of the run", "test rows of the run"} <= found.left_out.keys()
        with pytest.raises(DataError, match="expected rows that the run has not read, got"):
            pooled(declared, pd.read_csv(folder / "source.csv"))


def test_a_pool_of_other_columns_is_refused(declared):
    with pytest.raises(DataError, match="expected the columns of the target, got without b"):
        pooled(declared, table(2, 50, 5000).drop(columns="b"))
