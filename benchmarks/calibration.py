"""What a rising curve behind the temperature is worth, and whether it is taken where it is.

    python benchmarks/calibration.py  # four targets, three numbers of labels, two seeds; two minutes

The plain mean of a logistic regression and a forest of the target and of a pooled logistic regression. Rows, folds and truth are
those of ``real_pairs.py``.
"""

from __future__ import annotations

import tempfile
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from machine import heading, shared_data, write
from real_pairs import PAIRS, parts
from strategies_accuracy import accuracy

CHOSEN = (13, 16, 38, 41)  # targets with rows enough
LABELS = (200, 600, 1500)
SEEDS = range(2)


def run(task: tuple[int, int, int]) -> dict[str, Any]:
    """The log-loss of the truth with the temperature alone, with a curve in any case, and as is chosen."""
    import torch

    from ntgate.evaluation.calibration import best_temperature, log_loss
    from ntgate.evaluation.isotonic import rising_curve, shown_curve
    from ntgate.models.pooling import along, pooled, tempered
    from ntgate.strategies.base import Arm
    from ntgate.strategies.candidate import train
    from ntgate.strategies.pool import LinearPool
    from ntgate.strategies.scratch import ForestScratch, LogisticScratch
    from ntgate.training.config import TrainingConfig

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    number, count, seed = task
    folder, source, target, k = PAIRS[number]
    view, _, _ = parts(shared_data(), (folder, source, target, k), seed)
    classes = len(view.train.classes)
    view, _, truth = parts(shared_data(), (folder, source, target, count // classes), seed)
    labels, arm = view.labelled.labels, Arm(view, None, None, TrainingConfig(device="cpu"), accuracy, seed)
    with tempfile.TemporaryDirectory() as name:
        ways = (LogisticScratch(), ForestScratch(trees=50), LinearPool())
        arms = [train(way, arm, Path(name)) for way in ways]
        held = [made.held_scores() for made in arms]
        fresh = [made.load().scores(truth.rows) for made in arms]
    same = (1 / len(arms),) * len(arms)
    pool, on_truth = pooled(held, same), pooled(fresh, same)
    temperature = best_temperature(labels, pool)
    brought, on_truth = tempered(pool, temperature), tempered(on_truth, temperature)
    curve, shown = rising_curve(labels, brought), shown_curve(labels, pool)
    found = {"as the mean is": pooled(fresh, same), "temperature": on_truth, "curve": along(on_truth, curve)}
    return {
        "target": f"{folder}: {target}",
        "asked": count,
        "labels": len(labels),
        "loss": {way: log_loss(truth.labels, scores) for way, scores in found.items()},
        "shown": bool(shown),
    }


def table(records: list[dict[str, Any]]) -> str:
    """The page."""
    lines = [
        heading("Calibration", "python benchmarks/calibration.py"),
        f"{len(records)} committees of three arms, no networks. Log-loss, in nats, on the truth. *Taken*: where rows held out "
        "show the curve to be better by two standard errors.",
        "",
        "| target | labels | as the mean is | temperature | curve in any case | taken | as is chosen |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for target in dict.fromkeys(record["target"] for record in records):
        for count in LABELS:
            of = [record for record in records if (record["target"], record["asked"]) == (target, count)]
            loss = {way: np.mean([record["loss"][way] for record in of]) for way in of[0]["loss"]}
            chosen = np.mean([record["loss"]["curve" if record["shown"] else "temperature"] for record in of])
            cells = [f"{value:.4f}" for value in loss.values()]
            taken = f"{sum(record['shown'] for record in of)} of {len(of)}"
            rows = round(np.mean([record["labels"] for record in of]))
            lines.append(f"| {target} | {rows} | {' | '.join(cells)} | {taken} | {chosen:.4f} |")
    return "\n".join(lines)


def main() -> None:
    """Run every target, and write the page."""
    tasks = [(number, count, seed) for number in CHOSEN for count in LABELS for seed in SEEDS]
    with ProcessPoolExecutor(2) as pool:
        write("calibration.md", table(list(pool.map(run, tasks))))


if __name__ == "__main__":
    main()
