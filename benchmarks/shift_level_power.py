"""Level and power of the two-sample test, by simulation with fixed seeds.

Level: every path rejects a true null in at most and at least the share that binomial error around alpha allows (99.9 %), and its
p-values are uniform (Kolmogorov-Smirnov, after the jitter that a discrete p-value needs).

Power: against a brute-force test in float64 with the whole kernel matrix, one median bandwidth and all rows permuted, on the same
samples. "No worse" is judged by the paired difference of the rejections: its upper 99.9 % limit must not be below zero.

    python benchmarks/shift_level_power.py     # about five minutes on two cores
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
from machine import heading, write
from scipy import stats
from scipy.spatial.distance import cdist, pdist

LEVEL_RUNS, POWER_RUNS, PERMUTATIONS, ALPHA = 1000, 500, 199, 0.05
Sample = tuple[np.ndarray, np.ndarray]


def normal(rng: np.random.Generator, n: int, m: int, d: int = 3) -> Sample:
    """Two samples of one normal distribution."""
    return rng.normal(size=(n, d)), rng.normal(size=(m, d))


def tied(rng: np.random.Generator, n: int, m: int) -> Sample:
    """Rounded rows, a third of them copies of others."""
    rows = rng.normal(size=(n + m, 2)).round(0)
    copies = rng.integers(0, n + m, (n + m) // 3)
    rows[rng.permutation(n + m)[: len(copies)]] = rows[copies]
    return rows[:n], rows[n:]


def sorted_rows(rng: np.random.Generator, n: int, m: int) -> Sample:
    """Rows in order, as a table sorted by a column."""
    return tuple(np.sort(rows, axis=0) for rows in normal(rng, n, m, 1))  # type: ignore[return-value]


def heavy(rng: np.random.Generator, n: int, m: int) -> Sample:
    """Rows without a mean."""
    return rng.standard_cauchy((n, 2)), rng.standard_cauchy((m, 2))


NULLS: dict[str, tuple[Callable[[np.random.Generator], Sample], dict[str, object]]] = {
    "rows, 40 + 25": (partial(normal, n=40, m=25), {"scheme": "rows"}),
    "rows, 8 + 6": (partial(normal, n=8, m=6), {"scheme": "rows"}),
    "rows, 30 + 900, biased": (partial(normal, n=30, m=900), {"scheme": "rows", "estimator": "biased"}),
    "rows, ties and copies, 60 + 40": (partial(tied, n=60, m=40), {"scheme": "rows"}),
    "bins, 600 + 400": (partial(normal, n=600, m=400), {"scheme": "bins"}),
    "bins, 30 + 900": (partial(normal, n=30, m=900), {"scheme": "bins"}),
    "bins, ties and copies, 300 + 300": (partial(tied, n=300, m=300), {"scheme": "bins"}),
    "bins, sorted rows, 500 + 400": (partial(sorted_rows, n=500, m=400), {"scheme": "bins"}),
    "bins, Cauchy, 500 + 400": (partial(heavy, n=500, m=400), {"scheme": "bins"}),
    "bins, 64 columns, 500 + 500": (partial(normal, n=500, m=500, d=64), {"scheme": "bins"}),
    "random features, 600 + 400": (partial(normal, n=600, m=400), {"method": "random_features", "frequencies": 64}),
    "random features, sorted rows, 900 + 800": (
        partial(sorted_rows, n=900, m=800),
        {"method": "random_features", "frequencies": 64},
    ),
    "random features, 20 + 900": (partial(normal, n=20, m=900), {"method": "random_features", "frequencies": 64}),
}


def mean(rng: np.random.Generator, n: int) -> Sample:
    """One of ten means moves by 0.4 standard deviations."""
    x, y = normal(rng, n, n, 10)
    y[:, 0] += 0.5
    return x, y


def covariance(rng: np.random.Generator, n: int) -> Sample:
    """All ten variances grow by a quarter."""
    x, y = normal(rng, n, n, 10)
    return x, y * 1.25**0.5


def pair(rng: np.random.Generator, n: int) -> Sample:
    """Two of four columns become correlated by 0.6."""
    x, y = normal(rng, n, n, 4)
    y[:, 1] = 0.6 * y[:, 0] + 0.8 * y[:, 1]
    return x, y


def blobs(rng: np.random.Generator, n: int) -> Sample:
    """A grid of 5 x 5 blobs, each turned from round to long (Gretton et al. 2012): the median bandwidth sees the grid alone."""
    x, y = (10.0 * rng.integers(0, 5, (n, 2)) + rng.normal(size=(n, 2)) for _ in range(2))
    turned = np.linalg.cholesky(np.array([[1, 0.85], [0.85, 1]]))
    centre = np.round(y / 10) * 10
    return x, centre + (y - centre) @ turned.T


ALTERNATIVES: dict[str, Callable[[np.random.Generator], Sample]] = {
    "one mean of ten, 150 + 150": partial(mean, n=150),
    "all variances, 150 + 150": partial(covariance, n=150),
    "one correlated pair, 150 + 150": partial(pair, n=150),
    "one mean of ten, 300 + 300": partial(mean, n=300),
    "blobs, 500 + 500": partial(blobs, n=500),
}


def brute_force(x: np.ndarray, y: np.ndarray, seed: int) -> float:
    """The p-value by definition: the whole kernel matrix in float64, rows permuted one labelling at a time."""
    pooled = np.concatenate([x, y])
    kernel = np.exp(-cdist(pooled, pooled, "sqeuclidean") / (2 * np.median(pdist(pooled)) ** 2))
    np.fill_diagonal(kernel, 0)
    n, m = len(x), len(y)
    rng = np.random.default_rng(seed)
    values = []
    for labelling in range(PERMUTATIONS + 1):
        first = np.zeros(n + m, dtype=bool)
        first[np.arange(n) if labelling == 0 else rng.permutation(n + m)[:n]] = True
        a, b = first.astype(float), (~first).astype(float)
        to_a, to_b = kernel @ a, kernel @ b
        values.append(a @ to_a / (n * (n - 1)) + b @ to_b / (m * (m - 1)) - 2 * a @ to_b / (n * m))
    return (1 + sum(value >= values[0] - 1e-12 for value in values[1:])) / (PERMUTATIONS + 1)


def null_p_value(name: str, seed: int) -> float:
    """One repetition of a null."""
    from ntgate.shift import mmd_test

    draw, options = NULLS[name]
    x, y = draw(np.random.default_rng([1, seed]))
    return mmd_test(x, y, permutations=PERMUTATIONS, seed=seed, **options).p_value


def p_values(name: str, seed: int) -> dict[str, float]:
    """One repetition of an alternative, every test on the same samples."""
    from ntgate.shift import mmd_test

    x, y = ALTERNATIVES[name](np.random.default_rng([2, seed]))
    median = [float(np.median(pdist(np.concatenate([x, y]))))]
    arguments = {"permutations": PERMUTATIONS, "seed": seed}
    return {
        "brute force": brute_force(x, y, seed),
        "rows, median": mmd_test(x, y, scheme="rows", bandwidths=median, **arguments).p_value,
        "bins, median": mmd_test(x, y, scheme="bins", bandwidths=median, **arguments).p_value,
        "rows, five": mmd_test(x, y, scheme="rows", **arguments).p_value,
        "bins, five": mmd_test(x, y, scheme="bins", **arguments).p_value,
        "random features, five": mmd_test(x, y, method="random_features", **arguments).p_value,
    }


def single_threaded() -> None:
    """Two processes on two cores."""
    import torch

    torch.set_num_threads(1)


def level_row(name: str, found: np.ndarray) -> tuple[str, bool]:
    """A row of the level table, and whether it holds."""
    rejected = int((found <= ALPHA).sum())
    low, high = stats.binom.interval(0.999, len(found), ALPHA)
    jitter = np.random.default_rng(0).random(len(found)) / (PERMUTATIONS + 1)
    uniform = stats.kstest(found - jitter, "uniform").pvalue
    # With few rows, or ties, the p-value is coarser than 1 / (B + 1): larger than uniform, never smaller.
    above = stats.kstest(found - jitter, "uniform", alternative="greater").pvalue
    held = low <= rejected <= high and above > 0.001
    text = f"| {name} | {rejected / len(found):.3f} | {low / len(found):.3f} to {high / len(found):.3f} | {uniform:.3f} | "
    return text + ("held |" if held else "NOT HELD |"), held


def main() -> None:
    """Simulate and write the tables."""
    lines = [heading("Level and power of the shift test", "python benchmarks/shift_level_power.py")]
    lines.append(f"Level {ALPHA}, {LEVEL_RUNS:,} nulls a row, {PERMUTATIONS} permutations.\n")
    lines += ["| null | rejected | allowed | p of uniformity | |", "| --- | ---: | ---: | ---: | --- |"]
    with ProcessPoolExecutor(2, initializer=single_threaded) as pool:
        for name in NULLS:
            found = np.array(list(pool.map(partial(null_p_value, name), range(LEVEL_RUNS), chunksize=25)))
            lines.append(level_row(name, found)[0])
            print(lines[-1], flush=True)
        lines += ["", f"Power at level {ALPHA}, {POWER_RUNS} samples a row.\n"]
        tests: list[str] = []
        for name in ALTERNATIVES:
            runs = list(pool.map(partial(p_values, name), range(POWER_RUNS), chunksize=10))
            if not tests:
                tests = list(runs[0])
                lines += ["| change | " + " | ".join(tests) + " | rows, median, less brute force |"]
                lines.append("| --- |" + " ---: |" * (len(tests) + 1))
            hits = {test: np.array([run[test] <= ALPHA for run in runs], dtype=float) for test in tests}
            gap = hits["rows, median"] - hits["brute force"]
            limit = gap.mean() + 3.29 * gap.std() / POWER_RUNS**0.5
            cells = " | ".join(f"{hits[test].mean():.3f}" for test in tests)
            verdict = "no worse" if limit >= 0 else "WORSE"
            lines.append(f"| {name} | {cells} | {gap.mean():+.3f}, {verdict} |")
            print(lines[-1], flush=True)
    write("shift_level_power.md", "\n".join(lines))


if __name__ == "__main__":
    main()
