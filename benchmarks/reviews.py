"""Texts: what ntgate makes of reviews of one kind of thing with few labels of another, beside plain TF-IDF.

    python benchmarks/reviews.py     # six pairs, five seeds, about five minutes in two processes

Twenty labels a class of the target, fifteen to train with and five held aside, and all of the source. Half of the rest are the
gate's rows, the other half is the truth. The references are scikit-learn's: TF-IDF of words and pairs (sublinear, at least two
texts) with logistic regression at C = 10, which is better than the default of 1, on the target's labels alone, on the source alone,
and on both as they are.
"""

from __future__ import annotations

import argparse
import functools
import logging
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from machine import heading, shared_data, write
from real_pairs import judged
from strategies_accuracy import accuracy, read

PAIRS = (
    ("electronics", "kitchen_housewares"),
    ("camera_photo", "electronics"),
    ("books", "imdb"),
    ("imdb", "books"),
    ("books", "kitchen_housewares"),
    ("kitchen_housewares", "books"),
)
LABELS, TRAINED = 20, 15  # a class
COLUMNS = {
    "ntgate": "**ntgate**, if promoted, else scratch",
    "candidate": "candidate",
    "scratch": "scratch",
    "pooled": "TF-IDF pooled",
    "source": "TF-IDF source alone",
    "target": "TF-IDF target alone",
}


def run(data: Path, task: tuple[tuple[str, str], int]) -> dict[str, Any]:
    """One pair with one seed: accuracy on the truth, in points, by what was trained."""
    from ntgate.data.align import align
    from ntgate.data.domain import TrainingView
    from ntgate.data.fingerprint import row_fingerprints
    from ntgate.gate.config import GateConfig
    from ntgate.strategies.base import Arm
    from ntgate.strategies.candidate import train
    from ntgate.strategies.committee import committee
    from ntgate.strategies.committee_config import CommitteeConfig
    from ntgate.strategies.pool import LinearPool
    from ntgate.strategies.scratch import LogisticScratch
    from ntgate.training.config import TrainingConfig

    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    (source_name, target_name), seed = task
    source, target = (read(data, "reviews", name) for name in (source_name, target_name))
    target = align(source, target)
    target = target.take(np.flatnonzero(~np.isin(row_fingerprints(target), row_fingerprints(source))))
    rng = np.random.default_rng(seed)
    of_class = [rng.permutation(np.flatnonzero(target.labels == code)) for code in range(2)]
    cut = {"train": (0, TRAINED), "validation": (TRAINED, LABELS), "test": (LABELS, None), "truth": (LABELS, None)}
    rows = {name: np.concatenate([part[slice(*ends)] for part in of_class]) for name, ends in cut.items()}
    rows["test"], rows["truth"] = rows["test"][::2], rows["truth"][1::2]
    parts = {name: target.take(np.sort(index), name) for name, index in rows.items()}
    view = TrainingView(source, parts["train"], parts["validation"])
    test, truth, labels = parts["test"], parts["truth"], view.labelled.labels
    began = time.process_time()
    with tempfile.TemporaryDirectory() as name:
        arm = Arm(view, None, None, TrainingConfig(device="cpu"), accuracy, seed)
        pool, alone = (train(strategy, arm, Path(name)) for strategy in (LinearPool(), LogisticScratch()))
        scratch = committee("scratch", [alone], labels, CommitteeConfig(), accuracy, Path(name))
        made = committee("committee", [pool, alone], labels, CommitteeConfig(), accuracy, Path(name), baseline=scratch)
        seconds = time.process_time() - began
        models = {"committee": made.load(), "scratch": scratch.load(), "logistic": alone.load()}
        on_test = {kind: model.scores(test.rows) for kind, model in models.items()}
        on_truth = {kind: model.scores(truth.rows).argmax(axis=1) for kind, model in models.items()}
    further = [np.stack([on_test[kind]] * 2) for kind in ("committee", "scratch")]  # no chance is in them
    decision, _ = judged(view, test, on_test, further, {"logistic"}, GateConfig(), seed)
    found = {"candidate": on_truth["committee"], "scratch": on_truth["scratch"]}
    found["ntgate"] = found["candidate" if decision.outcome == "promoted" else "scratch"]
    found |= references(view, truth)
    points = {name: 100 * float(np.mean(predicted == truth.labels)) for name, predicted in found.items()}
    return {"pair": task[0], "seed": seed, "outcome": decision.outcome, "seconds": seconds, **points}


def references(view: Any, truth: Any) -> dict[str, Any]:
    """Predictions of plain TF-IDF on the truth."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    source, target = ((list(part.rows["text"]), part.labels) for part in (view.source, view.labelled))
    both = source[0] + target[0], np.concatenate([source[1], target[1]])
    found = {}
    for name, (texts, labels) in {"pooled": both, "source": source, "target": target}.items():
        terms = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=1 if name == "target" else 2)
        model = make_pipeline(terms, LogisticRegression(C=10, max_iter=1000)).fit(texts, labels)
        found[name] = model.predict(list(truth.rows["text"]))
    return found


def table(results: list[dict[str, Any]]) -> str:
    """The means over seeds, and how far ntgate is from TF-IDF pooled."""
    lines = ["| pair | " + " | ".join(COLUMNS.values()) + " | candidate over TF-IDF pooled | promoted |"]
    lines.append("| --- |" + " ---: |" * (len(COLUMNS) + 2))
    for pair in PAIRS:
        own = [result for result in results if result["pair"] == pair]
        means = {name: np.mean([result[name] for result in own]) for name in COLUMNS}
        over = np.array([result["candidate"] - result["pooled"] for result in own])
        promoted = sum(result["outcome"] == "promoted" for result in own)
        error = f" ± {over.std(ddof=1) / np.sqrt(len(own)):.1f}" if len(own) > 1 else ""
        figures = " | ".join(f"{means[name]:.1f}" for name in COLUMNS)
        lines.append(f"| {pair[0]} -> {pair[1]} | {figures} | {over.mean():+.1f}{error} | {promoted} of {len(own)} |")
    return "\n".join(lines)


def main() -> None:
    """Run all pairs and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    tasks = [(pair, seed) for pair in PAIRS for seed in range(seeds)]
    with ProcessPoolExecutor(2) as processes:
        results = list(processes.map(functools.partial(run, shared_data()), tasks))
    seconds = np.mean([result["seconds"] for result in results])
    write(
        "reviews.md",
        heading("Reviews", "python benchmarks/reviews.py")
        + f"\nReviews of six kinds of things, about 2,000 each; {LABELS} labels a class of the target, {seeds} seeds. Accuracy, in "
        "points, on half of the target's other rows; the gate judged by the other half.\n"
        f"\n{table(results)}\n"
        f"\nBoth arms with their folds take {seconds:.0f} seconds of one core. ± is the standard error over the seeds.",
    )


if __name__ == "__main__":
    main()
