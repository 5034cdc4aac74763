"""Whether arms are to be brought to chances before they are put together: both ways, judged by rows that nobody saw.

    python benchmarks/committee_temperatures.py    # real pairs and changed digits, one seed and three; half an hour on two cores

The arms of each case are trained once, as ``real_pairs.py`` trains them; their scores are kept, so that an interrupted command
goes on. Then scratch's committee and the candidate's are made of the scores as they are, and of the same at the temperature that
each arm's rows held out call for.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from machine import heading, shared_data, write
from real_pairs import PAIRS, accuracy, pair_name, parts

KEPT = Path(__file__).resolve().parent.parent / ".bench" / "committee_temperatures"
SEEDS = {"pairs": (0,), "digits": (0, 1, 2)}
DIGITS = {"noisy": "noise of 0.45 a pixel", "pale": "a third of the contrast, and noise of 0.15 a pixel"}
LABELS = 8  # a class, of digits
Scores: TypeAlias = dict[str, np.ndarray]
Case: TypeAlias = tuple[str, int]  # a pair's name or how digits are changed, and the seed


def changed_digits(how: str, seed: int) -> tuple[Any, Any]:
    """scikit-learn's digits, 900 as they are and 80 labelled ones changed: what an arm sees, and the truth."""
    from sklearn.datasets import load_digits

    from ntgate.data.domain import Domain, TrainingView

    bunch, rng = load_digits(), np.random.default_rng(seed)
    order, names = rng.permutation(len(bunch.target)), tuple(map(str, range(10)))
    x, y = bunch.images.reshape(-1, 64)[order] / 16, bunch.target[order]
    source = Domain("source", x[:900].astype(np.float32), y[:900], names)
    base, noise = (x[900:], 0.45) if how == "noisy" else (0.5 + 0.35 * (x[900:] - 0.5), 0.15)
    target = Domain("target", np.clip(base + rng.normal(0, noise, base.shape), 0, 1).astype(np.float32), y[900:], names)
    of_class = [np.flatnonzero(target.labels == code) for code in range(10)]
    first, second = (np.sort(np.concatenate([rows[part] for rows in of_class])) for part in (slice(0, 6), slice(6, LABELS)))
    truth = np.setdiff1d(np.arange(len(target)), np.concatenate([first, second]))
    view = TrainingView(source, target.take(first, "train"), target.take(second, "validation"), None)
    return view, target.take(truth, "truth")


def rows_of(case: Case) -> tuple[Any, Any]:
    """What an arm sees of a case, and the truth."""
    name, seed = case
    if name in DIGITS:
        return changed_digits(name, seed)
    view, _, truth = parts(shared_data(), next(pair for pair in PAIRS if pair_name(pair) == name), seed)
    return view, truth


def train_arms(case: Case) -> Path:
    """The file with every arm's scores of the rows held out and of the truth."""
    import torch

    from ntgate.strategies import DEFAULT
    from ntgate.strategies.base import Arm, Facts
    from ntgate.strategies.candidate import train
    from ntgate.strategies.scratch import PORTFOLIO
    from ntgate.training.config import TrainingConfig
    from ntgate.training.source import pretrain

    kept = KEPT / f"{'-'.join(case[0].replace('->', 'to').replace(',', '').split())}-{case[1]}.npz"
    if kept.is_file():
        return kept
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    view, truth = rows_of(case)
    training, alone = TrainingConfig(device="cpu"), {strategy.kind for strategy in PORTFOLIO}
    with tempfile.TemporaryDirectory() as name:
        targets = [view.train] + ([view.unlabelled] if view.unlabelled is not None else [])
        source = pretrain(view.source, targets, None, training, accuracy, case[1], Path(name) / "source.safetensors")
        found = {"labels": view.labelled.labels, "truth": truth.labels, "alone": np.array(sorted(alone))}
        for strategy in (*DEFAULT, *PORTFOLIO):
            if strategy.unsuitable(Facts.of(view)) is None:
                given = None if strategy.kind in alone else source
                arm = train(strategy, Arm(view, given, None, training, accuracy, case[1]), Path(name))
                if arm.failed is None:
                    found |= {f"held:{strategy.kind}": arm.held_scores(), f"truth:{strategy.kind}": arm.load().scores(truth.rows)}
    KEPT.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(kept, **found)
    return kept


def accuracies(file: Path) -> list[float]:
    """On the truth: scratch and candidate of scores as they are, then of tempered ones."""
    from ntgate.evaluation.calibration import best_temperature
    from ntgate.models.pooling import tempered

    with np.load(file) as found:
        labels, truth, alone = found["labels"], found["truth"], set(found["alone"].tolist())
        kinds = [name.removeprefix("held:") for name in found.files if name.startswith("held:")]
        held, unseen = ({kind: found[f"{part}:{kind}"] for kind in kinds} for part in ("held", "truth"))
    known = np.isfinite(held[kinds[0]]).all(axis=1)
    labels, held = labels[known], {kind: scores[known] for kind, scores in held.items()}
    ways: list[Callable[[str], float]] = [lambda _: 1.0, lambda kind: best_temperature(labels, held[kind])]
    right = []
    for heat in ways:
        first, then = ({kind: tempered(part[kind], heat(kind)) for kind in kinds} for part in (held, unseen))
        for having_a_say in ([kind for kind in kinds if kind in alone], kinds):
            pool = pooled_as_committees_are(first, then, having_a_say, labels, alone)
            right.append(float((pool.argmax(axis=1) == truth).mean()))
    return right


def pooled_as_committees_are(held: Scores, unseen: Scores, kinds: Sequence[str], labels: np.ndarray, alone: set[str]) -> np.ndarray:
    """The scores of the truth by a committee of ``kinds``: who has a say, and with which weight, by the scores held out."""
    from ntgate.models.pooling import pooled
    from ntgate.strategies.committee import say
    from ntgate.strategies.committee_config import CommitteeConfig

    fits = [3 if kind.endswith("_pool") else 1 for kind in kinds]  # a pool is fitted at three weights
    learners = [i for i, kind in enumerate(kinds) if kind in alone]
    kept, weights = say([held[kind] for kind in kinds], labels, fits, learners, CommitteeConfig().shrinkage)
    return pooled([unseen[kinds[i]] for i in kept], tuple(weights))


def line(name: str, found: Sequence[Sequence[float]]) -> str:
    """A row of the table: means in points, and the difference with its standard error."""
    points = 100 * np.array(found)
    scratch, plain, scratch_brought, brought = points.mean(axis=0)
    difference = points[:, 3] - points[:, 1]
    better, worse = int((difference > 0.2).sum()), int((difference < -0.2).sum())
    told = f"{difference.mean():+.2f} ± {difference.std(ddof=1) / len(found) ** 0.5:.2f}"
    means = " | ".join(f"{value:.1f}" for value in (scratch, scratch_brought, plain, brought))
    return f"| {name} | {len(found)} | {means} | {told} | {better} / {worse} |"


def main() -> None:
    """Train, put together, and write the page."""
    pairs = [(pair_name(pair), seed) for seed in SEEDS["pairs"] for pair in PAIRS]
    digits = [(how, seed) for how in DIGITS for seed in SEEDS["digits"]]
    with ProcessPoolExecutor(2) as pool:
        found = dict(zip([*digits, *pairs], map(accuracies, pool.map(train_arms, [*digits, *pairs])), strict=True))
    head = "| rows | runs | scratch, as they are | brought | candidate, as they are | brought | difference | better / worse |"
    lines = [heading("Arms brought to chances", "python benchmarks/committee_temperatures.py")]
    lines += ["Accuracy, in points, on rows that nobody saw; *better* and *worse* by more than 0.2 points.", ""]
    lines += [head, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    lines.append(line("real pairs", [found[case] for case in pairs]))
    lines += [line(f"digits, {told}", [found[how, seed] for seed in SEEDS["digits"]]) for how, told in DIGITS.items()]
    write("committee_temperatures.md", "\n".join(lines))


if __name__ == "__main__":
    main()
