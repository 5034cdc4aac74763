"""How fast the MMD engine is, against its floor, its memory, and the peers; ratios within one run.

The floor is the time of the matrix products alone at the rate at which this machine multiplies two float32 matrices of 4096 x 4096,
measured beside each case: ``N^2 d`` operations for the kernel of ``N = n + m`` rows, ``N^2 (d + s B)`` with ``B`` permutations of
single rows at ``s`` bandwidths, ``2 N d F`` for ``F`` random directions. Peers run in environments of their own under
``.bench/``, made on the first run.

    python benchmarks/shift_speed.py             # about ten minutes, with the peers
    python benchmarks/shift_speed.py --no-peers
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import torch
from machine import heading, peer_python, write

from ntgate.shift import mmd_test

HERE = Path(__file__).resolve().parent
SIDE = 4096
PEERS = {"goodpoints": ["goodpoints==0.6.3", "scipy"], "alibi-detect": ["alibi-detect==0.13.0"]}
MEBI = 2**20


def samples(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """As in peers/mmd_peers.py."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, d)).astype(np.float32), (rng.normal(size=(n, d)) + 0.02).astype(np.float32)


def product_rate(device: torch.device) -> float:
    """Operations a second of a float32 matrix product, the best of three."""
    a, b = torch.randn(2, SIDE, SIDE, device=device)
    out = torch.empty_like(a)
    return 2 * SIDE**3 / min(timed(lambda: torch.mm(a, b, out=out), device) for _ in range(3))


def timed(work: Callable[[], object], device: torch.device) -> float:
    """Wall seconds of one call."""
    began = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


@contextmanager
def anonymous_memory():
    """The greatest growth of the process's own memory (not of mapped files) meanwhile, in a list of one, MiB."""

    def now() -> float:
        text = Path("/proc/self/status").read_text()
        return int(text.split("RssAnon:")[1].split()[0]) / 1024

    found, stop, start = [0.0], threading.Event(), now()

    def watch() -> None:
        while not stop.wait(0.005):
            found[0] = max(found[0], now() - start)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


def against_floor(
    name: str,
    goal: str,
    met: Callable[[float], bool],
    operations: float,
    work: Callable[[], object],
    device: torch.device,
    repeats: int = 3,
) -> str:
    """A row of the table: the floor is measured before and after each repetition, and the best of both counts."""
    with anonymous_memory() as grown:
        work()
    seconds, rates = [], []
    for _ in range(repeats):
        rates.append(product_rate(device))
        seconds.append(timed(work, device))
    floor = operations / max(rates)
    share = floor / min(seconds)
    verdict = "met" if met(share) else "MISSED"
    return f"| {name} | {min(seconds):.3f} | {floor:.3f} | {100 * share:.0f} % | {grown[0]:.0f} MiB | {goal} | {verdict} |"


def exact_cases(device: torch.device) -> list[str]:
    """10,000 + 10,000 x 512."""
    n, d, permutations = 10_000, 512, 500
    x, y = samples(n, d)
    pooled, rows = 2 * n, []
    one = [float(d**0.5)]
    square = float(pooled) ** 2
    for scheme, least in (("bins", 0.85), ("rows", 0.80)):
        for label, widths, count in (("one bandwidth", one, 1), ("five bandwidths, the default", None, 5)):
            operations = square * (d + (count * permutations if scheme == "rows" else 0))
            rows.append(
                against_floor(
                    f"exact, {scheme}, {label}",
                    f">= {100 * least:.0f} %",
                    lambda share, least=least: share >= least,
                    operations,
                    lambda scheme=scheme, widths=widths: mmd_test(
                        x, y, scheme=scheme, method="exact", bandwidths=widths, permutations=permutations
                    ),
                    device,
                    repeats=3 if scheme == "bins" or count == 1 else 1,
                )
            )
    return rows


def streaming_case(device: torch.device, n: int) -> str:
    """Two memory maps of ``n`` rows of 512, 10,000 permutations."""
    d, frequencies = 512, 512
    with tempfile.TemporaryDirectory() as folder:
        maps = []
        rng = np.random.default_rng(0)
        for name, moved in (("x", 0.0), ("y", 0.002)):
            part = np.memmap(Path(folder) / name, dtype=np.float32, mode="w+", shape=(n, d))
            for start in range(0, n, 20_000):
                part[start : start + 20_000] = rng.standard_normal((min(20_000, n - start), d), dtype=np.float32) + moved
            part.flush()
            maps.append(np.memmap(Path(folder) / name, dtype=np.float32, mode="r", shape=(n, d)))
        return against_floor(
            f"random features, {n:,} + {n:,} x {d}, B = 10,000, five bandwidths",
            ">= 50 %",
            lambda share: share >= 0.5,
            2.0 * 2 * n * d * frequencies,
            lambda: mmd_test(*maps, method="random_features", frequencies=frequencies, permutations=10_000),
            device,
            repeats=1,
        )


def small_cases() -> dict[tuple[str, int, int], float]:
    """Wall seconds of a warm call, the best of many."""
    found = {}
    for n, d, repeats in ((1000, 16, 200), (1000, 512, 30), (10_000, 16, 5), (10_000, 512, 3)):
        x, y = samples(n, d)
        for label, options in (
            ("ntgate, five bandwidths, the default", {}),
            ("ntgate, one bandwidth", {"bandwidths": [d**0.5]}),
            ("ntgate, five bandwidths, all rows permuted", {"scheme": "rows"}),
            ("ntgate, one bandwidth, all rows permuted", {"scheme": "rows", "bandwidths": [d**0.5]}),
        ):
            few = max(1, repeats // (10 if "rows" in label else 1))
            times = [timed(partial(mmd_test, x, y, **options), torch.device("cpu")) for _ in range(few + 1)]
            found[label, n, d] = min(times[1:])
    return found


def peer_cases(name: str, packages: list[str], cases: list[str]) -> dict[tuple[str, int, int], float]:
    """Times of a peer, from its own environment."""
    python = peer_python(name, packages)
    done = subprocess.run([python, HERE / "peers" / "mmd_peers.py", name, *cases], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"{name}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {(name, answer["n"], answer["d"]): answer["seconds"] for answer in answers}


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--stream", type=int, default=1_000_000, help="rows of each sample of the streaming case")
    options = parser.parse_args()
    cpu = torch.device("cpu")
    lines = [heading("The speed of the shift engine", "python benchmarks/shift_speed.py")]
    lines += [
        "Memory: what the process's own memory grew by during the call, beyond the input; mapped files do not count.\n",
        "| case | seconds | floor | floor / seconds | memory | goal | |",
        "| --- | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    lines += exact_cases(cpu)
    lines.append(streaming_case(cpu, options.stream))
    times = small_cases()
    if not options.no_peers:
        times |= peer_cases("goodpoints", PEERS["goodpoints"], ["1000,16,20", "1000,512,20", "10000,16,3", "10000,512,2"])
        times |= peer_cases("alibi-detect", PEERS["alibi-detect"], ["1000,16,1", "1000,512,1"])
    cases = sorted({(n, d) for _, n, d in times})
    lines += ["", "Milliseconds of a warm call, 500 permutations, n = m:\n"]
    lines.append("| test | " + " | ".join(f"n = {n:,}, d = {d}" for n, d in cases) + " |")
    lines.append("| --- |" + " ---: |" * len(cases))
    for name in dict.fromkeys(name for name, _, _ in times):
        cells = [f"{1000 * times[name, n, d]:,.1f}" if (name, n, d) in times else "-" for n, d in cases]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    small = times["ntgate, five bandwidths, the default", 1000, 16]
    lines += ["", f"n = m = 1000, d = 16, the default: {1000 * small:.1f} ms, goal 6 ms: {'met' if small <= 0.006 else 'MISSED'}."]
    if torch.cuda.is_available():
        gpu = torch.device("cuda")
        x, y = (torch.from_numpy(part).cuda() for part in samples(100_000, 512))
        lines += [
            "",
            "| on the GPU | seconds | floor | floor / seconds | memory | goal | |",
            "| --- | ---: | ---: | ---: | ---: | --- | --- |",
        ]
        lines.append(
            against_floor(
                "exact, bins, 100,000 + 100,000 x 512",
                ">= 40 %",
                lambda share: share >= 0.4,
                200_000.0**2 * 512,
                lambda: mmd_test(x, y, method="exact", device="cuda"),
                gpu,
            )
        )
    write("shift_speed.md", "\n".join(lines))


if __name__ == "__main__":
    main()
