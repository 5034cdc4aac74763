"""Small projects, a folder each, whose runs take seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

SMALL: dict[str, Any] = {
    "registry": {"uri": "sqlite:///mlflow.db"},
    "strategies": ["linear_pool"],
    "scratch": ["logistic"],
    "gate": {"seeds": 1},
    "training": {"steps": 60, "source_steps": 60, "folds": 2},
    "shift": {"permutations": 99, "evidently": False},
}


def _write(folder: Path, data: dict[str, Any], model: dict[str, Any] | None = None, **more: Any) -> None:
    named = {"name": "reader", **({"backbone": {"kind": "mlp", "hidden": [32]}} if model is None else model)}
    files = {name: {"path": path} if isinstance(path, str) else path for name, path in data.items()}
    (folder / "config.yaml").write_text(yaml.safe_dump({**SMALL, "model": named, "data": files, **more}), encoding="utf-8")


def _digits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows as they are, rows through a veil, and labels, in one fixed order."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    order = np.random.default_rng(0).permutation(len(bunch.target))
    x = (bunch.data[order] / 16).astype(np.float32)
    veiled = np.clip(0.15 + 0.7 * x + np.random.default_rng(1).normal(0, 0.05, x.shape), 0, 1).astype(np.float32)
    return x, veiled, bunch.target[order].astype(np.int64)


def digits(folder: Path) -> None:
    """A promotion, with a network and a pool."""
    x, veiled, y = _digits()
    np.savez(folder / "source.npz", x=x[:700], y=y[:700])
    np.savez(folder / "target.npz", x=veiled[700:760], y=y[700:760])
    np.savez(folder / "test.npz", x=veiled[800:1400], y=y[800:1400])
    more = {"strategies": ["feature_extraction", "linear_pool"], "gate": {"seeds": 2}}
    _write(folder, {"source": "source.npz", "target": "target.npz", "target_test": "test.npz"}, **more)


def folds(folder: Path) -> None:
    """A target too small for test rows."""
    x, veiled, y = _digits()
    np.savez(folder / "source.npz", x=x[:500], y=y[:500])
    np.savez(folder / "target.npz", x=veiled[700:780], y=y[700:780])
    gate = {"seeds": 1, "cross_fitting": {"folds": 2, "repeats": 3}}
    _write(folder, {"source": "source.npz", "target": "target.npz"}, gate=gate)


def no_source(folder: Path) -> None:
    """Weights that exist in the place of source rows."""
    import torch
    from torch import nn

    _, veiled, y = _digits()
    np.savez(folder / "target.npz", x=veiled[700:790], y=y[700:790])
    np.savez(folder / "test.npz", x=veiled[800:1200], y=y[800:1200])
    torch.manual_seed(0)
    body = nn.Linear(64, 32)
    torch.save({"features.0.weight": body.weight.detach(), "features.0.bias": body.bias.detach()}, folder / "weights.pt")
    model = {"backbone": {"kind": "mlp", "hidden": [32]}, "source_checkpoint": "weights.pt"}
    _write(folder, {"target": "target.npz", "target_test": "test.npz"}, model, strategies=["fine_tuning"])


def labels(folder: Path) -> None:
    """A run that shows nothing on few test rows, with a pool whose labels decide."""
    x, _, y = _digits()
    veiled = np.clip(0.15 + 0.7 * x + np.random.default_rng(5).normal(0, 0.05, x.shape), 0, 1).astype(np.float32)
    np.savez(folder / "source.npz", x=x[:700], y=y[:700])
    np.savez(folder / "target.npz", x=veiled[700:880], y=y[700:880])
    np.savez(folder / "test.npz", x=veiled[880:930], y=y[880:930])
    np.savez(folder / "pool.npz", x=veiled[930:])
    np.savez(folder / "truth.npz", y=y[930:])
    gate = {"seeds": 1, "labels": {"looks": 4}}
    _write(folder, {"source": "source.npz", "target": "target.npz", "target_test": "test.npz"}, gate=gate)


def questions(folder: Path) -> None:
    """A label that is perhaps a class, and perhaps another spelling of one."""
    for seed, (name, n) in enumerate({"source": 300, "target": 80, "test": 120}.items()):
        x = np.random.default_rng(seed).normal(size=(n, 3)).round(4)
        label = np.where(x.sum(axis=1) > 0, "good", "bad")
        label = np.where((label == "good") & (x[:, 0] > 1), "Good", label)
        pd.DataFrame(x, columns=list("abc")).assign(label=label).to_csv(folder / f"{name}.csv", index=False)
    _write(folder, {"source": "source.csv", "target": "target.csv", "target_test": "test.csv"})


def many_classes(folder: Path) -> None:
    """Sixty classes of a table, and a text column beside numbers."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(60, 6))
    for name, n, moved in (("source", 1800, 0.0), ("target", 300, 0.6), ("test", 900, 0.6)):
        y = np.arange(n) % 60
        x = centres[y] + rng.normal(0, 0.35, (n, 6)) + moved * np.array([1, 0, 0, 1, 0, 0])
        frame = pd.DataFrame(x.round(4), columns=[f"m{i}" for i in range(6)])
        frame.assign(site=rng.choice(["north", "south"], n), label=[f"kind {one:02}" for one in y]).to_csv(
            folder / f"{name}.csv", index=False
        )
    _write(folder, {"source": "source.csv", "target": "target.csv", "target_test": "test.csv"})


def texts(folder: Path) -> None:
    """Reviews of which the opinion shows in one word."""
    good, bad = ([f"{how}{chr(97 + i)}" for i in range(20)] for how in ("fine", "poor"))
    things = {"source": ("kettle", "toaster"), "target": ("novel", "chapter"), "test": ("novel", "chapter")}
    for seed, (name, n) in enumerate({"source": 300, "target": 40, "test": 240}.items()):
        rng = np.random.default_rng(seed)
        told = [f"This {rng.choice(things[name])} was {rng.choice(good if i % 2 else bad)}, {rng.random():.3f}." for i in range(n)]
        frame = pd.DataFrame({"text": told, "label": np.where(np.arange(n) % 2, "positive", "negative")})
        frame.to_csv(folder / f"{name}.csv", index=False)
    _write(folder, {"source": "source.csv", "target": "target.csv", "target_test": "test.csv"}, {})


def pictures(folder: Path) -> None:
    """Folders of small pictures by class."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for part, n, light in (("source", 120, 0), ("target", 40, 40), ("test", 160, 40)):
        for i in range(n):
            pixels = rng.integers(0, 120, (8, 8, 3), np.uint8)
            pixels[:, : 4 if i % 2 else 8, 0] += 90
            place = folder / part / ("left" if i % 2 else "all")
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels + np.uint8(light)).save(place / f"{i:03}.png")
    _write(folder, {"source": "source", "target": "target", "target_test": "test"}, {}, strategies=["feature_extraction"])


PROJECTS: dict[str, Callable[[Path], None]] = {
    "digits": digits,
    "folds": folds,
    "no_source": no_source,
    "labels": labels,
    "questions": questions,
    "many_classes": many_classes,
    "texts": texts,
    "pictures": pictures,
}
