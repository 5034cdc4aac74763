"""How long a run takes, by stage, how many CPU seconds, and how much memory it needs; and a quick one.

A source of 2,000 and a target of 200 labelled images of 16 x 16 pixels, the whole default portfolio, three seeds, a fresh SQLite
registry, in a process of its own, imports included: what a user waits for. Three runs each (`NTGATE_RUNS`); the median counts. CPU
seconds are of the run and all processes that it starts: on a machine that others use too, the wall says more about them. Stages may
add up to more than the wall, where two processes train.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import yaml
from machine import heading, write

GOALS = {"": 45, "--quick": 20}  # seconds
GOAL_BYTES, RUNS = 2e9, int(os.environ.get("NTGATE_RUNS", "3"))


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


def measure(*arguments: str) -> tuple[dict, float, float, float]:
    """One run: its answer, wall seconds, CPU seconds with those of its children, and peak resident bytes of the process."""
    with tempfile.TemporaryDirectory() as folder:
        config = prepare(Path(folder))
        code = (
            "import atexit, resource, sys; from ntgate.cli import main; "
            "atexit.register(lambda: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)); main()"
        )
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code, "run", str(config), "--inline", "--json", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode not in (0, 3, 4):
        sys.exit(done.stderr)
    return json.loads(done.stdout), seconds, cpu, 1024.0 * int(done.stderr.split()[-1])


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
    load = os.getloadavg()[1]
    runs = {flag: sorted((measure(*flag.split()) for _ in range(RUNS)), key=lambda run: run[1]) for flag in GOALS}
    median = {flag: each[RUNS // 2] for flag, each in runs.items()}
    stages = list(dict.fromkeys(name for result, *_ in median.values() for name in result["seconds"] if name != "total"))
    command = "python benchmarks/end_to_end.py" if RUNS == 3 else f"NTGATE_RUNS={RUNS} python benchmarks/end_to_end.py"
    lines = [heading("End to end", command)]
    lines += [f"Load of the machine before (5 minutes): {load:.1f} on {os.cpu_count()} cores. All seconds are wall.", ""]
    lines += ["| stage | seconds | `--quick` |", "| --- | ---: | ---: |"]
    for name in stages:
        told = [result["seconds"].get(name) for result, *_ in median.values()]
        lines.append(f"| {name} | {' | '.join('-' if each is None else f'{each:.1f}' for each in told)} |")
    lines += [f"| **wall, median of {RUNS}** | {' | '.join(f'**{run[1]:.1f}**' for run in median.values())} |", ""]
    lines += ["| figure | measured | goal | |", "| --- | ---: | ---: | --- |"]
    figures: list[tuple[str, float, float | None]] = []
    for flag, goal in GOALS.items():
        called, walls = f"ntgate run --inline {flag}".strip(), ", ".join(f"{run[1]:.1f}" for run in runs[flag])
        figures.append((f"`{called}`, wall seconds (all: {walls})", median[flag][1], goal))
        figures.append((f"`{called}`, CPU seconds of all its processes", median[flag][2], None))
    figures += [
        ("peak memory of the first process, GB", max(run[3] for each in runs.values() for run in each) / 1e9, GOAL_BYTES / 1e9),
        ("`import ntgate`, seconds with the interpreter's start", quickest(["-c", "import ntgate"]), 0.3),
        ("`ntgate --help`, seconds", quickest(["-m", "ntgate", "--help"]), 0.6),
    ]
    for name, value, goal in figures:
        met = "" if goal is None else "met" if value <= goal else "MISSED"
        lines.append(f"| {name} | {value:.2f} | {'-' if goal is None else f'{goal:g}'} | {met} |")
    write("end_to_end.md", "\n".join(lines))


if __name__ == "__main__":
    main()
