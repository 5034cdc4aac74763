"""Domains on disk: they come back as they were, whatever their columns and keys are called."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ntgate.data.domain import Domain
from ntgate.data.storage import load, save

NAMES = [
    "ntgate:y",
    "ntgate:groups",
    "ntgate:key 0",
    "column 0",
    "column 1",
    "x",
    "y",
    "facts",
    "file",
    "a/b",
    "a",
    "a.npy",
    "\u200b",
]


def beside(n: int) -> dict[str, object]:
    return {
        "groups": np.array(["g"] * n),
        "times": np.arange(n, dtype=np.float64),
        "row_numbers": np.arange(n)[::-1].copy(),
        "keys": {name: np.array([f"{name} {i}" for i in range(n)]) for name in NAMES},
    }


@pytest.mark.parametrize("kind", ["array", "images", "table"])
def test_a_domain_comes_back(tmp_path, kind):
    table = {name: np.arange(4, dtype=np.float32) + i for i, name in enumerate(NAMES)}
    rows = {
        "array": np.ones((4, 2), np.float32),
        "images": np.ones((4, 2, 3, 1), np.uint8),
        "table": pd.DataFrame({**table, "t": pd.Series(["", "a", "b", "c"], dtype=object)}),
    }[kind]
    given = Domain("target", rows, np.array([0, 1, 0, 1]), ("no", "yes"), **beside(4))
    back = load(save(given, tmp_path / "d"))
    assert (back.name, back.classes, back.kind) == ("target", ("no", "yes"), kind)
    for name in ("y", "groups", "times", "row_numbers"):
        assert getattr(back, name).tolist() == getattr(given, name).tolist()
    assert {name: values.tolist() for name, values in back.keys.items()} == {
        name: values.tolist() for name, values in given.keys.items()
    }
    if kind == "table":
        pd.testing.assert_frame_equal(back.rows, given.rows)
    else:
        np.testing.assert_array_equal(back.rows, given.rows)
