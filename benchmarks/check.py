"""Whether anything became slower against what it is measured by: ``make bench-check``, a minute or two.

Ratios, since both sides of one have the same machine: training rows a second over those of a plain loop, the floor of an MMD over
its time, seconds of reading over those of pandas and pyarrow, seconds of an import over those of NumPy's. What is recorded stands
in ``results/check.json``; ``--record`` writes it anew, which a change that costs something has to defend.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

RECORDED = Path(__file__).parent / "results" / "check.json"
_AGAIN = 2  # times that a ratio which is worse is measured once more: other work on the machine passes, a regression stays
# By ratio: whether more is better, and the share by which it may be worse; what repeats differ by on a machine with other work.
TOLERATED = {
    "training / plain loop, MLP": (True, 0.15),
    "MMD: floor / time": (True, 0.15),
    "reading csv / pandas": (False, 0.25),
    "reading parquet / pyarrow": (False, 0.35),
    "import ntgate.shift / import numpy": (False, 0.30),
    "import ntgate.cli.app / import numpy": (False, 0.30),
}


def worse(name: str, measured: float, recorded: float) -> float:
    """The share by which a ratio is worse than the recorded one; negative where it is better.

    >>> round(worse("training / plain loop, MLP", 0.9, 1.0), 3), round(worse("reading csv / pandas", 3.0, 4.0), 3)
    (0.1, -0.25)
    """
    more_is_better, _ = TOLERATED[name]
    return 1 - measured / recorded if more_is_better else measured / recorded - 1


def compared(measured: Mapping[str, float], recorded: Mapping[str, float]) -> tuple[list[str], list[str]]:
    """A line for each ratio, and the names of those that became worse by more than is tolerated, or that are recorded nowhere."""
    lines, failed = [], []
    for name, (_, tolerated) in TOLERATED.items():
        if name not in recorded or name not in measured:
            failed.append(name)
            lines.append(f"{name}: {'not recorded' if name not in recorded else 'not measured'}")
            continue
        share = worse(name, measured[name], recorded[name])
        failed += [name] if share > tolerated else []
        word = "WORSE" if share > tolerated else "as recorded" if share > -tolerated else "better; record it"
        lines.append(f"{name}: {measured[name]:.2f}, recorded {recorded[name]:.2f}, at most {tolerated:.0%} worse: {word}")
    return lines, failed


def training() -> float:
    """Rows a second over those of the plain loop."""
    from training_speed import CASES, ours, plain

    backbone, shape, _ = next(iter(CASES.values()))
    return statistics.median(plain(backbone, shape, 300) / ours(backbone, shape, 300) for _ in range(5))


def mmd() -> float:
    """Seconds of the processor for the products alone over those of an exact test, one bandwidth, one thread."""
    import time

    import torch
    from shift_speed import samples

    from ntgate.shift import mmd_test

    torch.set_num_threads(1)
    x, y = samples(2000, 512)
    rows = torch.randn(4000, 512)

    def seconds(work: Callable[[], object]) -> float:
        began = time.process_time()
        work()
        return time.process_time() - began

    def tested() -> object:
        return mmd_test(x, y, bandwidths=[22.6], method="exact", scheme="bins")

    tested()
    # Symmetry halves the products.
    return statistics.median(seconds(lambda: rows @ rows.T) / 2 / seconds(tested) for _ in range(7))


def reading(ending: str) -> float:
    """Seconds of the processor over those of the library alone."""
    from reading import table

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows.{ending}"
        for name, rows in ((path, 200_000), (path.with_stem("few"), 1000)):  # the few are read first, for the imports
            frame = table(rows)
            frame.to_csv(name, index=False) if ending == "csv" else frame.to_parquet(name)
        script = Path(__file__).parent / "reading.py"

        def seconds(how: str) -> float:
            done = subprocess.run([sys.executable, script, path, how], check=True, capture_output=True, text=True)
            return float(json.loads(done.stdout)["seconds"])

        own, alone = zip(*((seconds("as a run"), seconds("alone")) for _ in range(5)), strict=True)
        return min(own) / min(alone)


def importing(own: str) -> float:
    """Seconds of the processor over those for NumPy, of a whole process each."""

    def seconds(module: str) -> float:
        code = f"import time; import {module}; print(time.process_time())"
        return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout)

    ours, numpys = zip(*((seconds(own), seconds("numpy")) for _ in range(7)), strict=True)
    return min(ours) / min(numpys)


MEASURES: dict[str, Callable[[], float]] = dict(
    zip(
        TOLERATED,
        (
            training,
            mmd,
            *(partial(reading, one) for one in ("csv", "parquet")),
            *(partial(importing, one) for one in ("ntgate.shift", "ntgate.cli.app")),
        ),
        strict=True,
    )
)


def measured_again(
    measured: Mapping[str, float], recorded: Mapping[str, float], measures: Mapping[str, Callable[[], float]]
) -> dict[str, float]:
    """The ratios, each that is worse measured up to twice more; the best of them counts."""
    found = dict(measured)
    for _ in range(_AGAIN):
        for name in set(compared(found, recorded)[1]) & recorded.keys() & found.keys():
            found[name] = min(found[name], round(measures[name](), 3), key=lambda one, name=name: worse(name, one, recorded[name]))
    return found


def main() -> None:
    """Measure, compare, and end with 1 where a ratio became worse."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--record", action="store_true", help="write what is measured as what later ones are compared with")
    record = options.parse_args().record
    measured = {name: round(measure(), 3) for name, measure in MEASURES.items()}
    if record:
        RECORDED.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    lines, failed = compared(measured_again(measured, recorded, MEASURES), recorded)
    print("\n".join(lines))
    if failed:
        print(
            f"\nWorse than recorded: {', '.join(failed)}. Find out why; where it is worth it, --record and say so.", file=sys.stderr
        )
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
