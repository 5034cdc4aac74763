"""What ZenML costs: `ntgate run` on the local stack against `ntgate run --inline`, for the same small work, by step.

A source of 700 and a target of 60 rows, two strategies, a few hundred steps: work of seconds, so that what is left is overhead.
Both in processes of their own, imports included, in turns, into one registry; the stack is set up before (`ntgate up`), and a first
pair of runs, which fills the disk's cache and creates the registry, does not count. The median of the pairs' differences counts.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import yaml
from machine import heading, write

from ntgate.optouts import OPT_OUTS

ROOT = Path(__file__).resolve().parents[1]
GOAL, PAIRS = 12.0, int(os.environ.get("NTGATE_PAIRS", "3"))

# Read by a process of its own after the run: steps with begin and end, in seconds since the epoch.
STEPS = """
import itertools
import json
from zenml.client import Client
run = Client().list_pipeline_runs(sort_by="desc:created").items[0]
print(json.dumps([[name, step.start_time.isoformat(), step.end_time.isoformat()] for name, step in run.steps.items()]))
"""


def prepare(folder: Path) -> Path:
    """Data and config of the run: handwritten digits as rows of 64 columns, the target behind a veil."""
    from sklearn.datasets import load_digits

    bunch, rng = load_digits(), np.random.default_rng(0)
    order = rng.permutation(len(bunch.target))
    x, y = (bunch.images[order] / 16).reshape(len(order), -1).astype(np.float32), bunch.target[order].astype(np.int64)
    veiled = np.clip(0.15 + 0.7 * x + rng.normal(0, 0.05, x.shape), 0, 1).astype(np.float32)
    np.savez(folder / "source.npz", x=x[:700], y=y[:700])
    np.savez(folder / "target.npz", x=veiled[700:760], y=y[700:760])
    np.savez(folder / "target_test.npz", x=veiled[800:1400], y=y[800:1400])
    config = {
        "model": {"name": "overhead"},
        "data": {name: {"path": f"{name}.npz"} for name in ("source", "target", "target_test")},
        "registry": {"uri": "sqlite:///mlflow.db"},
        "strategies": [{"kind": "fine_tuning"}, {"kind": "feature_extraction"}],
        "training": {"steps": 200, "source_steps": 200},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return folder / "config.yaml"


def timed(folder: Path, *arguments: str) -> tuple[float, float, str]:
    """Run ntgate; when it began, since the epoch, how long it took, and what it answered."""
    clock, began = time.time(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "ntgate", *arguments, "--json"],
        cwd=ROOT,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 3, 4):
        sys.exit(done.stderr)
    return clock, time.perf_counter() - began, done.stdout


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "ZENML_CONFIG_PATH": str(folder / "zenml"), "PYTHONPATH": str(ROOT), **OPT_OUTS}


def phases(folder: Path, began: float, wall: float) -> dict[str, float]:
    """Seconds of a run on ZenML: before the first step, in each step, between the steps, after the last."""
    told = subprocess.run(
        [sys.executable, "-c", STEPS], cwd=ROOT, env=environment(folder), capture_output=True, text=True, check=True
    )
    steps = sorted(
        (datetime.fromisoformat(f"{start}+00:00").timestamp(), datetime.fromisoformat(f"{end}+00:00").timestamp(), name)
        for name, start, end in json.loads(told.stdout.splitlines()[-1])
    )
    found = {"before the first step: imports, ZenML's store, compiling": steps[0][0] - began}
    found |= {f"step {name}": end - start for start, end, name in steps}
    found["between the steps"] = sum(after[0] - before[1] for before, after in itertools.pairwise(steps))
    found["after the last step: reading the answer, exit"] = began + wall - steps[-1][1]
    return found


def main() -> None:
    """Measure and write the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = str(prepare(folder))
        timed(folder, "up")
        pairs = []
        for _ in range(PAIRS + 1):
            _, inline, answer = timed(folder, "run", config, "--inline")
            began, wall, _ = timed(folder, "run", config)
            pairs.append((wall - inline, inline, wall, phases(folder, began, wall), json.loads(answer)["seconds"]))
    counted = sorted(pairs[1:], key=lambda pair: pair[0])
    over, inline, wall, seen, stages = counted[len(counted) // 2]
    lines = [heading("Overhead of orchestration", "python benchmarks/orchestration_overhead.py")]
    lines += ["| `ntgate run` on ZenML's local stack | seconds |", "| --- | ---: |"]
    lines += [f"| {phase} | {seconds:.1f} |" for phase, seconds in seen.items()]
    lines += [f"| **wall** | **{wall:.1f}** |", "", "| `ntgate run --inline` | seconds |", "| --- | ---: |"]
    lines += [f"| {stage} | {seconds:.1f} |" for stage, seconds in stages.items() if stage != "total"]
    rest = inline - sum(seconds for stage, seconds in stages.items() if stage != "total")
    lines += [f"| start, registry, reports, record and promotion | {rest:.1f} |", f"| **wall** | **{inline:.1f}** |", ""]
    every = ", ".join(f"{pair[0]:.1f}" for pair in pairs[1:])
    lines += ["| figure | measured | goal | |", "| --- | ---: | ---: | --- |"]
    lines += [
        f"| seconds over `--inline`, median of {PAIRS} pairs (all: {every}) | {statistics.median(pair[0] for pair in counted):.1f} "
        f"| {GOAL:.0f} | {'met' if over <= GOAL else 'missed'} |"
    ]
    write("orchestration_overhead.md", "\n".join(lines))


if __name__ == "__main__":
    main()
