"""Other people's two-sample tests, timed in an environment of their own; prints one JSON line a case.

Called by benchmarks/shift_speed.py with the peer's name and the cases; never imported by ntgate. alibi-detect's licence allows no
more than a comparison.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np


def samples(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """The same two samples for everybody."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, d)).astype(np.float32), (rng.normal(size=(n, d)) + 0.02).astype(np.float32)


def compress_then_test(x: np.ndarray, y: np.ndarray, permutations: int) -> float:
    """goodpoints: one Gaussian kernel of the median width, compression level 4, 32 bins."""
    from goodpoints.ctt import ctt
    from scipy.spatial.distance import pdist

    width = float(np.median(pdist(np.concatenate([x[:100], y[:100]])))) * 2**0.5
    x, y = x.astype(np.float64), y.astype(np.float64)
    return float(ctt(x, y, g=4, B=permutations, lam=width, null_seed=0, statistic_seed=0).rejects)


def alibi_detect(x: np.ndarray, y: np.ndarray, permutations: int) -> float:
    """alibi-detect: the whole kernel matrix in memory, on torch."""
    from alibi_detect.cd import MMDDrift

    return float(MMDDrift(x, backend="pytorch", n_permutations=permutations).predict(y)["data"]["p_val"])


def main() -> None:
    """Time the cases given as ``n,d,repeats``."""
    test = {"goodpoints": compress_then_test, "alibi-detect": alibi_detect}[sys.argv[1]]
    for case in sys.argv[2:]:
        n, d, repeats = map(int, case.split(","))
        x, y = samples(n, d)
        times = []
        for _ in range(repeats + 1):  # the first warms up
            began = time.perf_counter()
            test(x, y, 500)
            times.append(time.perf_counter() - began)
        print(json.dumps({"n": n, "d": d, "seconds": min(times[1:] or times)}), flush=True)


if __name__ == "__main__":
    main()
