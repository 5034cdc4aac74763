"""Near duplicates: false alarms on real domains, copies found, seconds and memory at a million training rows.

Real domains: every pair (at most 12 a folder) of the real data, split as a run splits them; rows equal to a test row are taken out
first, as a run would refuse them. Copies: the first test rows with normal noise of a thousandth of each column's spread, put among
the source rows. Speed: rows near a linear surface, 100 copies among them, each size in a process of its own; a peak that the making
of the data exceeds reads 0.

    python benchmarks/near_duplicates.py   # about a minute
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from machine import heading, shared_data, write

from ntgate.data.align import align
from ntgate.data.domain import Domain
from ntgate.data.fingerprint import row_fingerprints
from ntgate.data.leakage import find_leakage
from ntgate.data.near_duplicates import near_duplicates
from ntgate.data.readers import read
from ntgate.data.specs import SourceSpec, SplitSpec
from ntgate.data.splits import split_target
from ntgate.errors import DataError

SIZES = [(100_000, 10_000, 3072, 50), (1_000_000, 10_000, 6, 4), (1_000_000, 10_000, 64, 20)]
COPIES = 50


def with_copies(source: Domain, test: Domain) -> tuple[Domain, int]:
    """The first test rows, blurred, then the source rows; and how many were put there."""
    rng = np.random.default_rng(0)
    first = test.take(np.arange(min(COPIES, len(test))))
    if isinstance(first.rows, np.ndarray) and isinstance(test.rows, np.ndarray):
        noise = 1e-3 * test.rows.std(axis=0) * rng.normal(size=first.rows.shape)
        rows = np.concatenate([(first.rows + noise).astype(np.float32), source.rows])
        return Domain("source", rows, None), len(first)
    import pandas as pd

    blurred = first.rows.copy()
    for name in blurred.columns:
        if blurred[name].dtype.kind == "f":
            noise = 1e-3 * np.nanstd(test.rows[name]) * rng.normal(size=len(blurred))
            blurred[name] = (blurred[name] + noise).astype(np.float32)
    return Domain("source", pd.concat([blurred, source.rows], ignore_index=True), None), len(first)


def real(folder: Path) -> str:
    """One row of the table a folder."""
    lines = ["| data | pairs | test rows | near a source row | near a training row | copies found |", "| --- " * 6 + "|"]
    for home in sorted(path for path in folder.iterdir() if path.is_dir()):
        total = dict.fromkeys(("pairs", "rows", "source", "train", "found", "planted"), 0)
        for one, other in list(itertools.permutations(sorted(home.iterdir()), 2))[:12]:
            try:
                source = read(SourceSpec(path=str(one)), "source")
                split = split_target(align(source, read(SourceSpec(path=str(other)), "target")), None, SplitSpec(), 0)
            except DataError:
                continue
            source = source.take(np.flatnonzero(~np.isin(row_fingerprints(source), row_fingerprints(split.test))))
            parts = {"train": split.train, "validation": split.validation} | ({"source": source} if len(source) else {})
            found, _ = near_duplicates(parts, split.test)
            planted, count = with_copies(source, split.test)
            again, _ = near_duplicates({"source": planted}, split.test)
            total["pairs"] += 1
            total["rows"] += len(split.test)
            total["source"] += len(found["source"].test) if "source" in found else 0
            total["train"] += len(found["train"].test) + len(found["validation"].test)
            total["found"] += int((again["source"].test < count).sum())
            total["planted"] += count
        share = f"{100 * total['found'] / max(total['planted'], 1):.0f} %"
        cells = [home.name, total["pairs"], f"{total['rows']:,}", total["source"], total["train"], share]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def measure(n: int, m: int, width: int, dimension: int) -> dict[str, float]:
    """Seconds and memory of one check, in this process."""
    rng = np.random.default_rng(0)
    surface = rng.normal(size=(dimension, width)).astype(np.float32)

    def rows(count: int) -> np.ndarray:
        out = rng.standard_normal((count, dimension), dtype=np.float32) @ surface
        for start in range(0, count, 10_000):
            part = out[start : start + 10_000]
            part += np.float32(0.1) * rng.standard_normal(part.shape, dtype=np.float32)
        return out

    source, test = rows(n), rows(m)
    source[:100] = test[:100] + np.float32(3e-3) * rng.standard_normal((100, width), dtype=np.float32)
    domains = {"source": Domain("source", source, None), "test": Domain("test", test, None)}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    found = find_leakage(domains, "report")
    whole = time.perf_counter() - began
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    began = time.perf_counter()
    find_leakage(domains, "off")
    exact = time.perf_counter() - began
    return {"seconds": whole, "exact": exact, "MiB": memory, "data": source.nbytes / 2**20, "found": len(found.positions)}


def speed() -> str:
    """One row of the table a size."""
    lines = [
        "| training rows | test rows | columns | dimension | near, s | exact, s | peak over data, MiB | data, MiB | found of 100 |",
        "| --- " * 9 + "|",
    ]
    for size in SIZES:
        command = [sys.executable, __file__, "--one", *map(str, size)]
        told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        cells = [*(f"{number:,}" for number in size), f"{told['seconds'] - told['exact']:.1f}", f"{told['exact']:.1f}"]
        lines.append("| " + " | ".join([*cells, f"{told['MiB']:.0f}", f"{told['data']:.0f}", f"{told['found']:.0f}"]) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=4, type=int, help="measure one size and print it")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(*given.one)))
    else:
        head = heading("Near duplicates", "python benchmarks/near_duplicates.py")
        write("near_duplicates.md", f"{head}\n{real(shared_data())}\n\n{speed()}")
