"""Data on S3, against a real server."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ntgate.data.readers import read
from ntgate.data.specs import SourceSpec


def test_npz(s3, tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(6).reshape(3, 2), y=np.array([1, 0, 1]))
    domain = read(SourceSpec(path=s3.put(tmp_path / "a.npz", "rows/a.npz")), "target")
    assert domain.rows.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert domain.y.tolist() == [1, 0, 1]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table(s3, tmp_path, ending):
    frame = pd.DataFrame({"n": [1.5, None, 3], "t": ["a", None, "c"], "label": ["u", "v", "u"]})
    file = tmp_path / f"rows.{ending}"
    frame.to_csv(file, index=False) if ending == "csv" else frame.to_parquet(file)
    here, there = (
        read(SourceSpec(path=path), "source") for path in (str(file), s3.put(file, f"deep/er/rows.{ending}"))
    )
    pd.testing.assert_frame_equal(here.rows, there.rows)
    assert here.y.tolist() == there.y.tolist()
