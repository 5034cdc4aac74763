"""What it takes to read a table of 1,000,000 rows and 50 columns, beside pandas and pyarrow alone.

Run: ``python benchmarks/reading.py``. Each reading is a process of its own; seconds are of its processor, memory is its peak above
that of the same process with its libraries imported, in multiples of the frame that pandas holds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

ROWS = 1_000_000
_FEW = 1000  # rows of a file that is read before, so that libraries are imported
RESULT = Path(__file__).parent / "results" / "reading.md"


def table(rows: int) -> pd.DataFrame:
    """40 columns of numbers, 5 of whole numbers, 5 of texts, and a label."""
    rng = np.random.default_rng(0)
    columns = {f"number {i}": rng.normal(0, 100, rows).round(4) for i in range(40)}
    columns |= {f"count {i}": rng.integers(0, 1000, rows) for i in range(5)}
    columns |= {f"colour {i}": rng.choice(["red", "green", "blue", "grey"], rows) for i in range(5)}
    return pd.DataFrame({**columns, "label": rng.choice(["a", "b"], rows)})


def reading(path: str, how: str) -> dict[str, float]:
    """Seconds and peak MiB of one way of reading one file."""
    from ntgate.data.column_kinds import settled
    from ntgate.data.readers import read_raw
    from ntgate.data.specs import SourceSpec

    def once(path: str) -> float:
        if how == "alone":
            frame = pd.read_csv(path) if path.endswith("csv") else pq.read_table(path).to_pandas()
            return float(frame.memory_usage(deep=True).sum() / 2**20)
        settled({"source": read_raw(SourceSpec(path=path), "source")}, look=True)
        return 0.0

    once(path.replace("rows.", "few."))  # imports what it needs
    before, began = peak(), time.process_time()
    size = once(path)
    return {"seconds": time.process_time() - began, "peak": peak() - before, "frame": size}


def peak() -> float:
    """The most memory that this process has held, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def main(rows: int) -> None:
    """Write the files, read each in every way, and write the table."""
    lines = [
        f"# Reading {rows:,} rows of 50 columns",
        "",
        "Seconds of the processor, and the peak of memory in multiples of the frame that pandas holds.",
        "*As a run* tells numbers, dates and texts apart, and asks about what is doubtful.",
        "",
        "| file | way | seconds | times as long | MiB | times the frame |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    with tempfile.TemporaryDirectory() as folder:
        frame = table(rows)
        frame.to_csv(f"{folder}/rows.csv", index=False)
        frame.to_parquet(f"{folder}/rows.parquet")
        frame[:_FEW].to_csv(f"{folder}/few.csv", index=False)
        frame[:_FEW].to_parquet(f"{folder}/few.parquet")
        del frame
        for ending, library in (("csv", "pandas"), ("parquet", "pyarrow")):
            alone: dict[str, float] = {}
            for how, called in (("alone", f"{library} alone"), ("as a run", "as a run")):
                command = [sys.executable, __file__, f"{folder}/rows.{ending}", how]
                told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                alone = alone or told
                times, size = told["seconds"] / alone["seconds"], told["peak"] / alone["frame"]
                lines.append(f"| {ending} | {called} | {told['seconds']:.1f} | {times:.1f} | {told['peak']:,.0f} | {size:.1f} |")
    RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(reading(sys.argv[1], sys.argv[2])))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
