"""The demo: one source, two shifted targets, two verdicts.

The source is clean scans of handwritten digits (UCI, bundled with scikit-learn). A worn scanner reads the same digits with
low contrast, blur and noise: what was learnt on the source helps there. A rewired scanner delivers its pixels in another
order: the images hold as much as before, but what was learnt on the source is wrong for them, and transfer hurts.

Run it with `make demo`; everything it writes lies in demo-out/.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import click
import numpy as np
import yaml

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "demo-out"
SOURCE_ROWS = 800


def worn(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blur by the four neighbours, half the contrast, a grey veil, sensor noise."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)), mode="edge")
    neighbours = padded[:, :-2, 1:-1] + padded[:, 2:, 1:-1] + padded[:, 1:-1, :-2] + padded[:, 1:-1, 2:]
    return np.clip(0.25 + 0.5 * (neighbours + 2 * images) / 6 + rng.normal(0, 0.06, images.shape), 0, 1)


def rewired(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The pixels in another order, the same for every image, with sensor noise."""
    order = np.random.default_rng(3).permutation(images[0].size)
    shuffled = images.reshape(len(images), -1)[:, order].reshape(images.shape)
    return np.clip(shuffled + rng.normal(0, 0.05, images.shape), 0, 1)


SENSORS = {"worn-scanner": (worn, 10), "rewired-scanner": (rewired, 40)}  # sensor, labelled target rows a class


def prepare() -> list[Path]:
    """Write the data and a config for each sensor."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images, labels = (digits.images / 16).astype(np.float32), digits.target
    order = np.random.default_rng(0).permutation(len(images))
    source, rest = order[:SOURCE_ROWS], order[SOURCE_ROWS:]
    np.savez(OUT / "source.npz", x=images[source], y=labels[source])
    configs = []
    for name, (sensor, per_class) in SENSORS.items():
        single: dict = {}
        seen = sensor(images[rest], np.random.default_rng(1)).astype(np.float32)
        chosen = np.concatenate([np.flatnonzero(labels[rest] == digit)[:per_class] for digit in range(10)])
        test = np.setdiff1d(np.arange(len(rest)), chosen)
        np.savez(OUT / f"{name}.npz", x=seen[chosen], y=labels[rest][chosen])
        np.savez(OUT / f"{name}-test.npz", x=seen[test], y=labels[rest][test])
        if name == "rewired-scanner":
            # What a team does that has no committee: the best of three networks that use the source.
            single = {"strategies": ["fine_tuning", "feature_extraction", "domain_adversarial"], "committee": None}
        config = {
            "model": {"name": name},
            "data": {
                "source": {"path": "source.npz"},
                "target": {"path": f"{name}.npz"},
                "target_test": {"path": f"{name}-test.npz"},
            },
            "registry": {"uri": "sqlite:///mlflow.db"},
            "seed": 0,
            **single,
        }
        configs.append(OUT / f"{name}.yaml")
        configs[-1].write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return configs


def main() -> None:
    """Run both pipelines on a ZenML stack of their own and print both verdicts."""
    began = time.monotonic()
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    # The demo leaves the user's own ZenML configuration alone.
    os.environ["ZENML_CONFIG_PATH"] = str(OUT / "zenml")
    configs = prepare()

    from ntgate.cli import console
    from ntgate.cli.orchestrated import run_pipeline
    from ntgate.config_file import load

    results = {}
    with console.claimed():
        console.note("preparing a ZenML stack in demo-out/zenml ...")
        for config in configs:
            console.note(f"{config.stem}: running the retrain pipeline on ZenML ...")
            results[config.stem] = run_pipeline(load(config), str(config), dry_run=False)
        console.answer(verdicts(results, time.monotonic() - began))
    if [result.outcome for result in results.values()] != ["promoted", "rejected"]:
        sys.exit("the demo expects one promotion and one refusal")


def verdicts(results: dict, seconds: float) -> str:
    """Both runs in one table, and where to look next."""
    marks = {"promoted": ("PROMOTED", "green"), "rejected": ("REJECTED", "red"), "inconclusive": ("INCONCLUSIVE", "yellow")}
    header = ("target", "verdict", "strategy", "candidate", "scratch", "gain", "90 % interval", "p")
    rows = []
    for name, result in results.items():
        low, high = result.gain_interval
        values = (f"{result.candidate.value:.3f}", f"{result.scratch.value:.3f}", f"{result.gain:+.3f}")
        rows.append(
            (
                name,
                marks[result.outcome][0],
                result.candidate.strategy,
                *values,
                f"[{low:+.3f}, {high:+.3f}]",
                f"{result.p_value:.2g}",
            )
        )
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = ["", "  ".join(cell.ljust(width) for cell, width in zip(header, widths, strict=True))]
    lines.append("  ".join("-" * width for width in widths))
    for row, result in zip(rows, results.values(), strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        cells[1] = click.style(cells[1], fg=marks[result.outcome][1], bold=True)
        lines.append("  ".join(cells))
    lines.append("")
    lines += [f"{name}: {result.sentence}" for name, result in results.items()]
    lines += ["", "reports:"]
    lines += [f"  {result.reports['report'].verified().relative_to(ROOT)}" for result in results.values()]
    lines += ["", "review the runs, models and the refusal in MLflow:"]
    lines.append("  .venv/bin/mlflow ui --backend-store-uri sqlite:///demo-out/mlflow.db")
    lines += ["", f"({seconds:.0f} s)"]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
