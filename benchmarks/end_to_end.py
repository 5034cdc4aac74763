"""How long a run takes, by stage, and how much memory it needs.

A source of 2,000 and a target of 200 labelled images of 16 x 16 pixels, four strategies, a fresh SQLite registry, in a process
of its own, imports included: what a user waits for. Three runs; the median counts.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import yaml
from machine import heading, write

GOAL_SECONDS, GOAL_BYTES, RUNS = 25, 2e9, 3


def digits(rows: int, rng: np.random.Generator, veil: float) -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits, scikit-learn's, enlarged to 16 x 16 and moved by a pixel or two, so that no two are the same."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    chosen = rng.integers(0, len(bunch.target), rows)
    large = np.kron(bunch.images[chosen] / 16, np.ones((2, 2)))
    moved = np.stack([np.roll(image, rng.integers(-2, 3, 2), axis=(0, 1)) for image in large])
    seen = np.clip(veil + (1 - 2 * veil) * moved + rng.normal(0, 0.05, moved.shape), 0, 1)
    return seen.astype(np.float32), bunch.target[chosen]


def prepare(folder: Path) -> Path:
    """Data and config of the run."""
    rng = np.random.default_rng(0)
    for name, rows, veil in (("source", 2000, 0.0), ("target", 200, 0.25), ("target_test", 1000, 0.25)):
        x, y = digits(rows, rng, veil)
        np.savez(folder / f"{name}.npz", x=x, y=y)
    config = {
        "model": {"name": "digits"},
        "data": {name: {"path": f"{name}.npz"} for name in ("source", "target", "target_test")},
        "registry": {"uri": "sqlite:///mlflow.db"},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return folder / "config.yaml"


def measure() -> tuple[dict, float, float]:
    """One run: its answer, wall seconds, and peak resident bytes of the process."""
    with tempfile.TemporaryDirectory() as folder:
        config = prepare(Path(folder))
        code = (
            "import atexit, resource, sys; from ntgate.cli import main; "
            "atexit.register(lambda: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)); main()"
        )
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code, "run", str(config), "--inline", "--json"],
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - began
    if done.returncode not in (0, 3, 4):
        sys.exit(done.stderr)
    return json.loads(done.stdout), seconds, 1024.0 * int(done.stderr.split()[-1])


def quickest(arguments: list[str]) -> float:
    """The quickest of five starts of a process."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    """Measure and write the table."""
    runs = sorted((measure() for _ in range(RUNS)), key=lambda run: run[1])
    result, wall, _ = runs[RUNS // 2]
    stages = {name: seconds for name, seconds in result["seconds"].items() if name != "total"}
    rest = wall - sum(stages.values())
    lines = [heading("End to end", "python benchmarks/end_to_end.py"), "| stage | seconds |", "| --- | ---: |"]
    lines += [f"| {name} | {seconds:.1f} |" for name, seconds in stages.items()]
    lines += [f"| start, registry, reports, record and promotion | {rest:.1f} |"]
    lines += [f"| **wall, median of {RUNS}** | **{wall:.1f}** |", ""]
    walls = ", ".join(f"{seconds:.1f}" for _, seconds, _ in runs)
    lines += ["| figure | measured | goal | |", "| --- | ---: | ---: | --- |"]
    figures = [
        (f"`ntgate run --inline`, wall seconds (all: {walls})", wall, GOAL_SECONDS),
        ("peak memory, GB", max(memory for _, _, memory in runs) / 1e9, GOAL_BYTES / 1e9),
        ("`import ntgate`, seconds with the interpreter's start", quickest(["-c", "import ntgate"]), 0.3),
        ("`ntgate --help`, seconds", quickest(["-m", "ntgate", "--help"]), 0.6),
    ]
    for name, value, goal in figures:
        lines.append(f"| {name} | {value:.2f} | {goal:g} | {'met' if value <= goal else 'MISSED'} |")
    write("end_to_end.md", "\n".join(lines))


if __name__ == "__main__":
    main()
