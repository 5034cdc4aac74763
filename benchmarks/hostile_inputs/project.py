"""The project beside which every input is laid: rows in every format, a champion, and a run that waits for labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml
from PIL import Image

COLUMNS = [f"x{i}" for i in range(20)]
CLASSES = np.array(["no", "yes"])
_PARTS = {"source": 900, "target": 30, "target_test": 400, "many": 120, "few": 40, "pool": 400}
_SEED = 5
MODEL, LABELLED = "reader", "labelled"  # has a champion; waits for labels


def rows(part: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """The rows ``(n, 20)`` of a part and their classes: few rows of many columns, so that the source is of use."""
    rng = np.random.default_rng(_SEED + list(_PARTS).index(part))
    x = rng.normal(size=(_PARTS[part], len(COLUMNS))).astype(np.float32)
    return x, (x @ np.linspace(-1, 1, len(COLUMNS)) + rng.normal(0, 0.3, len(x)) > 0).astype(np.int64)


def frame(part: str) -> pd.DataFrame:
    """The same rows as a table."""
    x, y = rows(part)
    return pd.DataFrame(x.round(4), columns=COLUMNS).assign(label=CLASSES[y])


def write(folder: Path) -> None:
    """Write the data and the configs: ``arrays.yaml``, ``few.yaml``, ``tables.yaml`` and ``pictures.yaml``."""
    rng = np.random.default_rng(_SEED)
    for part in _PARTS:
        x, y = rows(part)
        np.savez(folder / f"{part}.npz", **({"x": x} if part == "pool" else {"x": x, "y": y}))
        frame(part).to_csv(folder / f"{part}.csv", index=False)
    for part, n in (("source", 12), ("target", 12)):
        for label in range(2):
            (folder / f"{part}-pictures" / CLASSES[label]).mkdir(parents=True)
            for i in range(n):
                pixels = rng.integers(0, 100, (8, 8), dtype=np.uint8) + np.uint8(100 * label)
                Image.fromarray(pixels).save(folder / f"{part}-pictures" / CLASSES[label] / f"{i}.png")
    config("arrays", folder, {part: f"{part}.npz" for part in ("source", "target", "target_test")})
    parts = {"source": "source.npz", "target": "many.npz", "target_test": "few.npz"}
    config("few", folder, parts, name=LABELLED, gate={"labels": {"looks": 4}})
    config("tables", folder, {part: f"{part}.csv" for part in ("source", "target", "target_test")}, name="table")
    texts(folder)
    config("pictures", folder, {part: f"{part}-pictures" for part in ("source", "target")}, name="picture")


def config(stem: str, folder: Path, parts: dict[str, str], name: str = MODEL, **settings: Any) -> None:
    """Write a config of a small run."""
    content = {
        "model": {"name": name, "backbone": {"kind": "cnn" if stem == "pictures" else "mlp"}},
        "data": {part: {"path": path} for part, path in parts.items()},
        "registry": {"uri": "sqlite:///mlflow.db", "timeout_seconds": 5},
        "strategies": ["linear_pool"],
        "scratch": ["logistic"],
        "training": {"steps": 40, "source_steps": 40, "batch_size": 32, "folds": 2},
        "shift": {"permutations": 99, "evidently": False},
        **settings,
    }
    content["gate"] = {"seeds": 1, **content.get("gate", {})}
    (folder / f"{stem}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")


def texts(folder: Path) -> None:
    """Reviews, a small transformer with its tokenizer in a folder, and ``texts.yaml``."""
    from tests.text_folder import reviews, save_model

    save_model(folder / "transformer")
    for seed, part in enumerate(("reviews-source", "reviews-target")):
        pd.DataFrame(reviews(60, seed), columns=["text", "label"]).to_csv(folder / f"{part}.csv", index=False)
    config("texts", folder, {part: f"reviews-{part}.csv" for part in ("source", "target")}, name="text")
    content = yaml.safe_load((folder / "texts.yaml").read_text(encoding="utf-8"))
    content["model"]["backbone"] = {"kind": "transformers", "path": "transformer"}
    (folder / "texts.yaml").write_text(yaml.safe_dump(content | {"strategies": ["fine_tuning"], "scratch": ["network"]}))


def smallest(**settings: Any) -> dict[str, Any]:
    """The smallest config that is right, with ``settings`` in it."""
    data = {part: {"path": f"{part}.npz"} for part in ("source", "target", "target_test")}
    return {"model": {"name": MODEL}, "data": data, "registry": {"uri": "sqlite:///mlflow.db"}, **settings}


def asked(run: Path) -> list[str]:
    """The ids of the rows whose labels were asked for."""
    return list(json.loads((run / "asked.json").read_text(encoding="utf-8"))["ids"])
