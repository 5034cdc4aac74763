"""What arms that build on a model of the source alone are worth, alone and in the committee, on real domain shifts.

    python benchmarks/source_models.py  # twelve pairs, arms that are no networks; five minutes

Rows, folds and the truth are those of ``real_pairs.py``, with seed 0.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from machine import heading, shared_data, write
from real_pairs import PAIRS, parts
from strategies_accuracy import accuracy, pair_name

CHOSEN = (0, 5, 12, 14, 16, 18, 22, 24, 28, 30, 38, 41)  # every kind of data
NEW = ("source_scores", "continued_boosting")
POOLS = ("linear_pool", "forest_pool", "extra_trees_pool", "boosting_pool")
ALONE = ("logistic", "forest", "extra_trees", "boosting")
COMMITTEES = {"committee": (), **{f"committee with {kind}": (kind,) for kind in NEW}, "committee with both": NEW}


def run(number: int) -> dict[str, Any]:
    """Out-of-fold accuracy and loss, the truth's accuracy and the seconds of every arm of a pair, and of the committees."""
    import torch

    from ntgate.evaluation.calibration import log_loss
    from ntgate.strategies import STRATEGIES
    from ntgate.strategies.base import Arm, Facts
    from ntgate.strategies.candidate import Candidate, train
    from ntgate.strategies.committee import committee
    from ntgate.strategies.committee_config import CommitteeConfig
    from ntgate.strategies.scratch import LEARNERS
    from ntgate.training.config import TrainingConfig

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    view, _, truth = parts(shared_data(), PAIRS[number], 0)
    kinds = {kind.model_fields["kind"].default: kind for kind in STRATEGIES.shipped} | LEARNERS
    arm, labels = Arm(view, None, None, TrainingConfig(device="cpu"), accuracy, 0), view.labelled.labels
    with tempfile.TemporaryDirectory() as name:
        folder, config = Path(name), CommitteeConfig()
        asked = {kind: kinds[kind]() for kind in (*ALONE, *POOLS, *NEW)}
        made, seconds = {}, {}
        for kind, way in asked.items():
            began = time.process_time()
            if way.unsuitable(Facts.of(view)) is None and (done := train(way, arm, folder)).failed is None:
                made[kind], seconds[kind] = done, time.process_time() - began
        alone = [made[kind] for kind in ALONE if kind in made]
        scratch = committee("scratch", alone, labels, config, accuracy, folder)
        everything: dict[str, Candidate] = {**made, "scratch": scratch}
        for said, new in COMMITTEES.items():
            arms = [arm for kind, arm in made.items() if kind not in NEW or kind in new]
            everything[said] = committee(said, arms, labels, config, accuracy, folder, baseline=scratch)
        found = {}
        for kind, arm in everything.items():
            scores = arm.load().scores(truth.rows)
            right = float((scores.argmax(axis=1) == truth.labels).mean())
            found[kind] = [arm.validation, arm.validation_loss, right, log_loss(truth.labels, scores), seconds.get(kind)]
    return {"pair": pair_name(PAIRS[number]), "labels": len(labels), "found": found}


def table(records: list[dict[str, Any]]) -> str:
    """The page."""
    names = [*ALONE, "scratch", *POOLS, *NEW, *COMMITTEES]
    shown = ("linear_pool", "forest_pool", *NEW, *COMMITTEES)
    lines = [
        heading("Arms that build on a model of the source", "python benchmarks/source_models.py"),
        f"{len(records)} pairs of `real_pairs.py`, seed 0, no networks. Accuracy in points; the truth is half of each target.",
        "Where an arm steps aside, scratch's committee stands for it. Seconds are those of the CPU, of an arm with its folds, "
        "where no pair lacks it.",
        "",
        "| arm | out of fold | loss | truth | loss | seconds |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name in names:
        of = np.array([record["found"].get(name, record["found"]["scratch"]) for record in records], dtype=float).mean(axis=0)
        seconds = "-" if np.isnan(of[4]) else f"{of[4]:.1f}"
        lines.append(f"| {name} | {100 * of[0]:.1f} | {of[1]:.3f} | {100 * of[2]:.1f} | {of[3]:.3f} | {seconds} |")
    lines += ["", f"| pair | labels | {' | '.join(shown)} |", f"| --- | ---: | {'---: | ' * len(shown)}".rstrip()]
    for record in records:
        found = record["found"]
        cells = [f"{100 * found[name][2]:.1f}" if name in found else "-" for name in shown]
        lines.append(f"| {record['pair']} | {record['labels']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Run every pair, and write the page."""
    with ProcessPoolExecutor(2) as pool:
        write("source_models.md", table(list(pool.map(run, CHOSEN))))


if __name__ == "__main__":
    main()
