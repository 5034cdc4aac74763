"""An impatient analyst asks again and again in other ways: how many rows are granted to two decisions at the full level.

Files are read, split and offered to a real ledger as a run does it; nothing is trained. Each way of asking is a decision of its
own that is granted what no earlier one has opened: test rows of another split that nobody had opened may be opened once.

    python benchmarks/analyst_looks.py     # half a minute
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
from machine import heading, write
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ntgate.config import RunConfig
from tests.flow.test_account import NAMES, Analyst, both, config, table

PICTURES = 60


def files(folder: Path) -> None:
    """A table under three names, and pictures in two formats."""
    table(1).to_csv(folder / "source.csv", index=False)
    for name in ("target.csv", "renamed.csv"):
        table(0).to_csv(folder / name, index=False)
    table(0).to_parquet(folder / "target.parquet")
    rng = np.random.default_rng(0)
    for part, n in (("source", 20), ("target", PICTURES)):
        for i in range(n):
            (tree := folder / "pictures" / part / f"c{i % 2}").mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 255, (16, 16, 3), np.uint8)).save(tree / f"{i:03}.png")


def ways(folder: Path) -> Iterator[tuple[str, list[RunConfig]]]:
    """Every way of asking, with its decisions."""
    yield "as the config is first", [config(folder, "target.csv")]
    columns = [f"c{i}" for i in range(9)]
    pairs = [config(folder, "target.csv", data=both(drop=list(pair))) for pair in combinations(columns, 2)]
    yield "36 subsets of the columns", pairs
    yield (
        "9 shares of `data.split.test`",
        [config(folder, "target.csv", data={"split": {"test": share / 10}}) for share in range(1, 10)],
    )
    yield "`group`", [config(folder, "target.csv", data={"source": {"drop": ["person"]}, "target": {"group": "person"}})]
    yield "`time`", [config(folder, "target.csv", data=both(time="day"))]
    yield "another label column", [config(folder, "target.csv", data=both(label="other"))]
    yield "20 seeds", [config(folder, "target.csv", seed=seed) for seed in range(20)]
    yield "cross-fitting after testing", [config(folder, "target.csv", gate={"cross_fitting": {"folds": 3}})]
    yield "a renamed file, for another model", [config(folder, "renamed.csv", model={"name": "another"})]
    yield "the file as parquet", [config(folder, "target.parquet")]


def pictures(folder: Path) -> Iterator[tuple[str, list[RunConfig]]]:
    """The same for pictures."""
    more = both(format="images")
    more["source"]["path"] = str(folder / "pictures" / "source")

    def told(**settings: object) -> RunConfig:
        data = {name: {**spec, **settings} for name, spec in more.items()}
        return config(folder, "pictures/target", data=data)

    yield "pictures as they are", [told()]
    yield "3 sizes of the pictures", [told(image_size=size) for size in ([8, 8], [12, 12], [16, 8])]
    yield "grey pictures", [told(image_mode="L")]


def rows(analyst: Analyst, asked: Iterable[tuple[str, list[RunConfig]]], names: np.ndarray) -> Iterator[str]:
    """A line of the table for each way of asking."""
    for way, settings in asked:
        looks = [analyst.look(one, names) for one in settings]
        granted, again = (sum(counts) for counts in zip(*looks, strict=True))
        yield f"| {way} | {len(looks)} | {granted} | {again} |"


def main() -> None:
    """Ask in every way, and write the table."""
    lines = [heading("Rows that are granted twice", "python benchmarks/analyst_looks.py")]
    lines += [
        f"A table of {len(NAMES)} rows, and {PICTURES} pictures; each way of asking after all that stand above it. Goal: none "
        "twice.\n",
        "| asked | decisions | rows granted at the full level | of them granted before |",
        "| --- | ---: | ---: | ---: |",
    ]
    with tempfile.TemporaryDirectory() as there:
        folder = Path(there)
        files(folder)
        analyst = Analyst(folder)
        lines += rows(analyst, ways(folder), NAMES)
        order = (*range(0, PICTURES, 2), *range(1, PICTURES, 2))
        lines += rows(analyst, pictures(folder), np.array([f"picture {i}" for i in order]))
    write("analyst_looks.md", "\n".join(lines))


if __name__ == "__main__":
    main()
