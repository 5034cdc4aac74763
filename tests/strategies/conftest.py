"""What skada computes on two samples of normal rows, computed once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def skada(tmp_path_factory):
    """Rows ``source`` (60, 3) and ``target`` (40, 3), a kernel ``width``, and skada's results by name."""
    pytest.importorskip("ot")
    rng = np.random.default_rng(5)
    given = {
        "source": rng.normal(size=(60, 3)) @ [[1.0, 0.4, 0], [0, 1, 0.3], [0, 0, 0.5]],
        "target": rng.normal(size=(40, 3)) @ [[0.7, 0, 0.2], [0, 1.4, 0], [0.1, 0, 1]] + [0.5, -0.2, 0.1],
        "width": np.float64(1.5),
    }
    # skada's CORAL and subspace alignment presuppose centred domains.
    given["source"] -= given["source"].mean(axis=0)
    given["target"] -= given["target"].mean(axis=0)
    folder = tmp_path_factory.mktemp("skada")
    np.savez(folder / "rows.npz", **given)
    script = Path(__file__).with_name("skada_reference.py")
    done = subprocess.run(
        [sys.executable, str(script), str(folder / "rows.npz"), str(folder / "results.npz")],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ, OMP_NUM_THREADS="1"),
    )
    if "No module named 'skada'" in done.stderr:
        pytest.skip("skada is not installed")
    assert done.returncode == 0, done.stderr
    with np.load(folder / "results.npz") as results:
        return {**given, **results}
