"""Rows on which the gate promotes within a minute, and a config a place: ``project.py FOLDER``, a copy of the checkout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from tests.conftest import write_project

# One ledger for all, so each place has test rows of its own: rows that let a candidate pass are retired.
LEDGER = {"ledger": {"uri": "${NTGATE_LEDGER}"}}
MLFLOW = {"registry": {"uri": "http://mlflow:5000"}}
POD = {**MLFLOW, "output": "/project/runs"}
# By the config's name: where its rows lie, and what else it says. Compose says the rest itself, by volumes and arguments.
PLACES: dict[str, tuple[str, dict[str, Any]]] = {
    "retrain": ("data", {}),
    "cpu": ("/data/cpu", POD),
    "gpu": ("/data/gpu", POD),
    "nightly": ("/data/nightly", POD),
    "steps": ("s3://rows/steps", MLFLOW),
    "tasks": ("s3://rows/tasks", MLFLOW),
}


def main(folder: Path) -> None:
    """Write the configs, and rows below ``data/``."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    rng = np.random.default_rng(0)
    order = rng.permutation(len(digits.target))
    for name, (rows, rest) in PLACES.items():
        data = folder / "data" / name if "/" in rows else folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        images = digits.images[order] / 16 + rng.normal(0, 0.01, digits.images.shape)
        write_project(data, images.astype(np.float32), digits.target[order].astype(np.int64))
        small = yaml.safe_load((data / "config.yaml").read_text())
        (data / "config.yaml").unlink()
        paths = {part: {"path": f"{rows}/{entry['path']}"} for part, entry in small["data"].items()}
        own = {**small, "model": {**small["model"], "name": name}, "data": paths, "gate": LEDGER, **rest}
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(own))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
