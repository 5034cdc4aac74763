"""Write a config and rows on which the gate promotes, for the job in the image: ``image_data.py FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

CONFIG = """
model: {name: digits}
data:
  source: {path: /data/source.npz}
  target: {path: /data/target.npz}
  target_test: {path: /data/target_test.npz}
registry: {uri: "http://127.0.0.1:5000"}
output: /project/runs
"""


def main(folder: Path) -> None:
    """Scans of digits, and the same with worn pixels for the target."""
    from sklearn.datasets import load_digits

    (folder / "config").mkdir(parents=True, exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    (folder / "config" / "retrain.yaml").write_text(CONFIG.lstrip())
    rng = np.random.default_rng(0)
    x, y = load_digits(return_X_y=True)
    order = rng.permutation(len(y))
    x, y = (x[order] / 16).astype(np.float32), y[order]
    worn = np.clip(x * 0.8 + rng.normal(0, 0.1, x.shape), 0, 1).astype(np.float32)
    few = np.concatenate([np.flatnonzero(y[900:1200] == label)[:10] for label in range(10)]) + 900
    np.savez(folder / "data" / "source.npz", x=x[:900], y=y[:900])
    np.savez(folder / "data" / "target.npz", x=worn[few], y=y[few])
    np.savez(folder / "data" / "target_test.npz", x=worn[1200:], y=y[1200:])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
