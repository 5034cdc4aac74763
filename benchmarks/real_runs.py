"""The whole job on real domain shifts: outcome, gain, interval and strategy a row.

Each target is split in half, class by class: the gate's test rows, and a pool from which k labels a class are drawn, as in the
reference figures of the data. Five seeds.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import numpy as np
from machine import heading, shared_data, write

PAIRS = (
    ("digits", "mnist", "usps", 20),
    ("office_caltech_surf", "webcam", "dslr", 3),
    ("office_caltech_surf", "amazon", "webcam", 3),
)
SEEDS = range(5)


def prepare(folder: Path, target: Path, k: int, seed: int) -> None:
    """Half of the target as test rows, and k labels a class of the other half."""
    with np.load(target) as content:
        x, y = content["x"], content["y"]
    # Rows that stand twice would be a leak if they parted.
    _, first = np.unique(x.reshape(len(x), -1), axis=0, return_index=True)
    rng = np.random.default_rng(seed)
    test, pool = [], []
    for label in np.unique(y):
        rows = rng.permutation(np.intersect1d(np.flatnonzero(y == label), first))
        test.append(rows[: len(rows) // 2])
        pool.append(rows[len(rows) // 2 :][:k])
    for name, rows in (("target", np.concatenate(pool)), ("target_test", np.concatenate(test))):
        np.savez(folder / f"{name}.npz", x=x[rows], y=y[rows])


def run(data: Path, group: str, source: str, target: str, k: int, seed: int):
    """One run, without registry writes."""
    from ntgate.config_file import parse
    from ntgate.flow import run as run_flow

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, data / group / f"{target}.npz", k, seed)
        config = parse(
            {
                "model": {"name": f"{source}-{target}"},
                "data": {
                    "source": {"path": str(data / group / f"{source}.npz")},
                    "target": {"path": "target.npz"},
                    "target_test": {"path": "target_test.npz"},
                },
                "shift": {"evidently": False},
                "registry": {"uri": "sqlite:///mlflow.db"},
                "seed": seed,
            },
            base=folder,
        )
        return run_flow(config, dry_run=True)


def main() -> None:
    """Run every pair and seed, and write the table."""
    logging.disable(logging.WARNING)
    data = shared_data()
    lines = [
        heading("Real runs", "python benchmarks/real_runs.py"),
        "| pair | k | seed | outcome | strategy | candidate | scratch | gain | 90 % interval | test rows | seconds |",
        "| --- | ---: | ---: | --- | --- | ---: | ---: | ---: | --- | ---: | ---: |",
    ]
    for group, source, target, k in PAIRS:
        gains = []
        for seed in SEEDS:
            result = run(data, group, source, target, k, seed)
            low, high = result.gain_interval
            gains.append(result.gain)
            lines.append(
                f"| {group} {source} -> {target} | {k} | {seed} | {result.outcome} | {result.candidate.strategy} "
                f"| {result.candidate.value:.3f} | {result.scratch.value:.3f} | {result.gain:+.3f} "
                f"| [{low:+.3f}, {high:+.3f}] | {result.candidate.n} | {result.seconds['total']:.1f} |"
            )
            print(lines[-1], flush=True)
        spread = 2.776 * np.std(gains, ddof=1) / len(gains) ** 0.5  # Student's t, four degrees of freedom
        mean = f"**{np.mean(gains):+.3f} ± {spread:.3f}**"
        lines.append(f"| **{source} -> {target}, mean** | {k} | | | | | | {mean} | | | |")
    write("real_runs.md", "\n".join(lines))


if __name__ == "__main__":
    main()
