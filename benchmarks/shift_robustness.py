"""What broken values and odd columns do to the verdict on a shift, and what the second look costs on clean data.

Level: of two equal domains either look finds a shift in at most the share that binomial error around alpha allows (99.9 %). Power:
a mean moves by two deviations in one of six columns that holds a sentinel, marks, a code. Beside the verdict stands the joint test
alone at the whole level, on the same reading of the columns, divided by their plain standard deviation.

    python benchmarks/shift_robustness.py     # about five minutes on two cores
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import pandas as pd
from machine import heading, write
from scipy.stats import binom

from ntgate.shift.columns.feature_scale import feature_scale
from ntgate.shift.columns.robust_scale import scaled
from ntgate.shift.columns.table_form import compared
from ntgate.shift.config import ShiftConfig
from ntgate.shift.judgement import judge
from ntgate.shift.kernel.mmd import mmd_test

RUNS, POWER_RUNS, ALPHA, PERMUTATIONS = 500, 200, 0.05, 199
Kind = Callable[[np.random.Generator, pd.DataFrame], pd.DataFrame]


def as_is(_: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """Normal columns."""
    return rows


def sentinel(rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """1e12 in one cell."""
    return rows.assign(a=rows["a"].where(np.arange(len(rows)) != rng.integers(len(rows)), 1e12))


def sentinels(rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """999999 in 5 % of the cells."""
    return rows.assign(a=rows["a"].where(rng.random(len(rows)) > 0.05, 999_999))


def marks(rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """Text, and "?" in 5 % of the cells."""
    text = rows["a"].map("{:.4f}".format).astype(object)
    return rows.assign(a=text.where(rng.random(len(rows)) > 0.05, "?").astype(object))


def code(_: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """Whole numbers from 1 to 40."""
    return rows.assign(a=np.clip(np.round(20 + 6 * rows["a"]), 1, 40))


def ties(_: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """Rounded, constant and rare values."""
    return rows.assign(a=np.round(rows["a"]), b=0.0, c=(rows["c"] > 2).astype(float))


def cauchy(rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """Five columns without a mean."""
    return rows.assign(**{name: rng.standard_cauchy(len(rows)) for name in "bcdef"})


def texts(rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """Sixty categories, and two."""
    shops = np.char.add("shop ", rng.integers(0, 60, len(rows)).astype(str))
    return rows.assign(b=shops.astype(object), c=np.where(rows["c"] > 0, "x", "y").astype(object))


def unique(rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """A column of names."""
    return rows.assign(b=[f"user {value}" for value in rng.integers(0, 10**9, len(rows))])


KINDS: dict[str, Kind] = {
    "clean": as_is,
    "1e12 in one cell": sentinel,
    "999999 in 5 %": sentinels,
    "`?` in 5 %, text": marks,
    "integer code": code,
    "ties, rare, constant": ties,
    "Cauchy": cauchy,
    "categories": texts,
    "names": unique,
}
MOVES = {  # how far how many of six columns move
    "2 sd in one column": (2.0, 1),
    "0.5 sd in one column": (0.5, 1),
    "0.35 sd in one column": (0.35, 1),
    "0.2 sd in all columns": (0.2, 6),
}


def verdicts(kind: str, moved: float, columns: int, rows: tuple[int, int], seed: int) -> tuple[bool, bool, bool]:
    """Whether the verdict shows a shift, whether features alone do, and whether the joint test did by plain deviations."""
    rng = np.random.default_rng([seed, 17])
    frames = []
    for count, step in ((rows[0], 0.0), (rows[1], moved)):
        values = rng.normal(size=(count, 6))
        values[:, :columns] += step
        frame = KINDS[kind](rng, pd.DataFrame(values, columns=list("abcdef")))
        frames.append(frame.astype({name: np.float32 for name in frame if frame[name].dtype.kind in "fiub"}))
    found = compared(frames[0], frames[1])
    first, second = scaled(found.source, found.target, found.labels, seed=seed)
    test = mmd_test(first, second, permutations=PERMUTATIONS, seed=seed)
    config = ShiftConfig(permutations=PERMUTATIONS)
    judged = judge(test.p_value, test.effect_size, found.tested(seed=seed), config)
    scale = feature_scale(np.concatenate([found.source, found.target]))
    plain = mmd_test(found.source / scale, found.target / scale, permutations=PERMUTATIONS, seed=seed).p_value <= ALPHA
    return judged.significant, judged.significant and not judged.joint, plain


def single_threaded() -> None:
    """One thread a process."""
    import torch

    torch.set_num_threads(1)


def main() -> None:
    """Simulate and write the tables."""
    lines = [heading("Shift among broken values and odd columns", "python benchmarks/shift_robustness.py")]
    most, least = int(binom.ppf(0.999, RUNS, ALPHA)), int(binom.ppf(0.999, RUNS, ALPHA / 10))
    lines.append(f"Level {ALPHA}, {RUNS:,} pairs of equal tables of 60 and 40 rows, six columns, {PERMUTATIONS} permutations.\n")
    lines += ["| columns | shift said to be shown | by features alone | |", "| --- | ---: | ---: | --- |"]
    with ProcessPoolExecutor(int(os.environ.get("WORKERS", "2")), initializer=single_threaded) as pool:
        for kind in KINDS:
            found = np.array(list(pool.map(partial(verdicts, kind, 0.0, 0, (60, 40)), range(RUNS), chunksize=25)))
            said, alone, _ = found.sum(axis=0)
            held = "held" if said <= most and alone <= least else "NOT HELD"
            lines.append(f"| {kind} | {said / RUNS:.3f} | {alone / RUNS:.3f} | {held} |")
            print(lines[-1], flush=True)
        lines.append(f"\nAllowed are {most / RUNS:.3f} and {least / RUNS:.3f}.\n")
        lines.append(f"Power, {POWER_RUNS} pairs of 300 and 100 rows a line.\n")
        lines += ["| columns | what moves | verdict | joint test alone, plain deviations |", "| --- | --- | ---: | ---: |"]
        for kind in KINDS:
            for name, (moved, columns) in MOVES.items():
                if kind != "clean" and moved != 2.0:
                    continue
                run = partial(verdicts, kind, moved, columns, (300, 100))
                found = np.array(list(pool.map(run, range(POWER_RUNS), chunksize=10)))
                lines.append(f"| {kind} | {name} | {found[:, 0].mean():.3f} | {found[:, 2].mean():.3f} |")
                print(lines[-1], flush=True)
    write("shift_robustness.md", "\n".join(lines))


if __name__ == "__main__":
    main()
