"""Fixtures that several floors share: real data, small real domains, a registry of one's own."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import yaml

from ntgate.optouts import opt_out

pytest_plugins = ["tests.server", "tests.postgres", "tests.s3"]

opt_out()
os.environ["ZENML_ENABLE_RICH_TRACEBACK"] = "false"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real domain-shift data; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("NTGATE_DATA", Path(__file__).resolve().parents[1] / ".." / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the real data are not here; set NTGATE_DATA to their folder")
    return folder.resolve()


@pytest.fixture(scope="session")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits, 8 x 8 in [0, 1], in a fixed random order, with their labels."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    order = np.random.default_rng(0).permutation(len(bunch.target))
    return (bunch.images[order] / 16).astype(np.float32), bunch.target[order].astype(np.int64)


@pytest.fixture
def project(tmp_path: Path, digits: tuple[np.ndarray, np.ndarray]) -> Path:
    """A folder with a source, a veiled target, its test rows, and a config; a run in it takes seconds and promotes."""
    write_project(tmp_path, *digits)
    return tmp_path


def write_project(folder: Path, x: np.ndarray, y: np.ndarray) -> None:
    """Write the smallest project: rows as vectors, so that the backbone is a small MLP."""
    rows = x.reshape(len(x), -1)
    veiled = np.clip(0.15 + 0.7 * rows + np.random.default_rng(1).normal(0, 0.05, rows.shape), 0, 1).astype(np.float32)
    np.savez(folder / "source.npz", x=rows[:700], y=y[:700])
    np.savez(folder / "target.npz", x=veiled[700:760], y=y[700:760])
    np.savez(folder / "target_test.npz", x=veiled[800:1400], y=y[800:1400])
    config = {
        "model": {"name": "reader", "backbone": {"kind": "mlp", "hidden": [64]}},
        "data": {"source": {"path": "source.npz"}, "target": {"path": "target.npz"}, "target_test": {"path": "target_test.npz"}},
        "registry": {"uri": "sqlite:///mlflow.db"},
        # A small portfolio: a run of all learners and arms has tests of its own.
        "strategies": ["fine_tuning", "feature_extraction", "linear_pool"],
        "scratch": ["network", "logistic"],
        "training": {"steps": 200, "source_steps": 200, "batch_size": 32, "folds": 2},
        "shift": {"permutations": 99, "evidently": False},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
