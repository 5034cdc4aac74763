"""False promotions by metrics that weigh classes alike, where one class is rare: a part of ``gate_error_rates.py``.

Both models are equal in truth on the gate's own score, either on every class alike, or so that the common class gains what the rare
one loses. Of a class are drawn the rows that both get right, only the candidate does, only scratch, and neither, and each table is
judged as the gate judges it: the test of balanced accuracy, the bootstrap of macro-F1 and ROC AUC with its minima. Beside it stands
what the bootstrap alone would do. Tables on which few resamples already speak against the candidate are not resampled in full.

    python benchmarks/rare_classes.py     # the part alone, about a quarter of an hour on one core
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import numpy as np
from machine import heading, write

from ntgate.evaluation.bootstrap import row_weights
from ntgate.evaluation.enough_rows import least_disagreements
from ntgate.evaluation.stratified import standard_error, stratified_p_value, tables_drawn
from ntgate.metrics.macro_f1 import MacroF1
from ntgate.metrics.roc_auc import RocAuc

HOPELESS = {0.05: 0.9, 0.05 / 52: 1.8}  # standard errors that are never significant
LEVELS = {0.05: (4000, 1000), 0.05 / 52: (10_000, 5000)}  # tables, and resamples of each
CLASSES = ((250, 5), (250, 20), (250, 50), (100, 100), (500, 100), (5, 5), (250, 20, 5), (60, 60, 60, 60))
DISAGREEMENTS = (0.01, 0.05, 0.2, 0.8)
SHARES = (0.0, 0.5)  # of the disagreement: what the common class gains, and the others lose
RARER = {
    "rows": ((250, 5), (250, 50), (100, 100), (500, 100)),
    "disagreements": (0.05, 0.2, 0.8),
    "shares": (0.0, 0.5),
}  # small level
RIGHT = 0.8
APART = 2.0  # standard deviations between the scores of the two classes
FIRST, SECOND = 1, 2  # cells beside 0, both right, and 3, neither
AGAIN = 8  # times as many tables, fresh ones, for a rate that is two standard deviations above its level
Gain = Callable[[np.ndarray], np.ndarray]


def balanced(tables: np.ndarray) -> np.ndarray:
    """Gain in balanced accuracy of tables ``(..., k, 4)``."""
    return np.asarray(((tables[..., FIRST] - tables[..., SECOND]) / tables.sum(axis=-1)).mean(axis=-1))


def macro_f1(tables: np.ndarray) -> np.ndarray:
    """Gain in macro-F1 of two classes, where a wrong answer is the other class."""
    scores = []
    for arm in (FIRST, SECOND):
        hits, n = tables[..., 0] + tables[..., arm], tables.sum(axis=-1)
        scores.append((2 * hits / np.maximum(n + hits + (n - hits)[..., ::-1], 1e-9)).mean(axis=-1))
    return np.asarray(scores[0] - scores[1])


def cells(disagreement: float, gains: np.ndarray) -> np.ndarray:
    """Shares of the four cells ``(k, 4)``: one model alone is right on ``disagreement``, the candidate on ``gains`` more often."""
    both = max(min(RIGHT, 1 - disagreement / 2) - disagreement / 2, 0.0)
    return np.array([[both, (disagreement + gain) / 2, (disagreement - gain) / 2, 1 - both - disagreement] for gain in gains])


def null(gain: Gain, rows: tuple[int, ...], disagreement: float, share: float) -> np.ndarray | None:
    """Cells whose gain is 0 where the first class has gained ``share`` of the disagreement; None where it cannot be."""
    n = np.array(rows, float)[:, None]

    def made(other: float) -> np.ndarray:
        return cells(disagreement, np.array([share * disagreement, *[other] * (len(rows) - 1)]))

    low, high = -disagreement, disagreement
    if gain(made(low) * n) > 1e-12 or gain(made(high) * n) < -1e-12:
        return None
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if gain(made(middle) * n) > 0 else (middle, high)
    return made(low)


def drawn(rng: np.random.Generator, rows: tuple[int, ...], shares: np.ndarray, size: int) -> np.ndarray:
    """Tables ``(size, k, 4)``."""
    return rng.multinomial(np.array(rows), shares, size=(size, len(rows)))


def bootstrap_passes(rng: np.random.Generator, gain: Gain, table: np.ndarray, alpha: float, resamples: int) -> bool:
    """Whether the stratified paired bootstrap lets a table pass."""
    rows = tuple(int(count) for count in table.sum(axis=1))
    shares = table / table.sum(axis=1, keepdims=True)
    for number in (100, resamples):
        beyond = int((gain(drawn(rng, rows, shares, number)) <= 0).sum())
        if number == 100 and beyond > max(3, 4 * 100 * alpha):
            return False
    return (1 + beyond) / (resamples + 1) <= alpha


def test_passes(table: np.ndarray, alpha: float, seed: int) -> bool:
    """Whether the test of balanced accuracy lets a table pass."""
    gained, lost, rows = table[:, FIRST], table[:, SECOND], table.sum(axis=1)
    error = standard_error(gained.astype(float), lost.astype(float), rows.astype(float))
    if balanced(table) / error < HOPELESS[alpha]:
        return False
    return stratified_p_value(gained, lost, rows, 0.0, tables=tables_drawn(alpha, 0), seed=seed) <= alpha


def rates(
    rng: np.random.Generator, metric: str, rows: tuple[int, ...], shares: np.ndarray, alpha: float, times: int = 1
) -> tuple[float, float]:
    """How often the gate and the bootstrap alone let a worthless candidate pass, on ``times`` as many tables as usual."""
    gain = balanced if metric == "balanced_accuracy" else macro_f1
    size, resamples = LEVELS[alpha][0] * times, LEVELS[alpha][1]
    kinds, numbers = np.unique(drawn(rng, rows, shares, size), axis=0, return_counts=True)
    passed, alone = 0, 0
    for seed, (table, number) in enumerate(zip(kinds, numbers.tolist(), strict=True)):
        if gain(table) <= 0:
            continue
        bootstrapped = bootstrap_passes(rng, gain, table, alpha, resamples)
        alone += number * bootstrapped
        if metric == "balanced_accuracy":
            passed += number * test_passes(table, alpha, seed)
        else:
            disagreements = (table[:, FIRST] + table[:, SECOND]).min()
            enough = min(rows) >= MacroF1.minima.least_rows(alpha) and disagreements >= least_disagreements(alpha)
            passed += number * (bootstrapped and enough)
    return passed / size, alone / size


def auc_rates(rng: np.random.Generator, rows: tuple[int, int], alike: float, alpha: float) -> tuple[float, float]:
    """The same for ROC AUC: two scores that share ``alike`` of their variance and tell the classes apart as well."""
    size, resamples = LEVELS[alpha]
    size //= 4  # a table costs more
    auc = RocAuc().weighted
    y, one, alone = np.repeat([0, 1], rows), np.ones((1, sum(rows))), 0
    for seed in range(size):
        common = rng.normal(size=len(y))
        noises = rng.normal(size=(2, len(y)))
        arms = [APART * y + math.sqrt(alike) * common + math.sqrt(1 - alike) * noise for noise in noises]
        pair = [np.stack([-scores, scores], axis=1) for scores in arms]

        def gains(weights: np.ndarray, pair: list[np.ndarray] = pair) -> np.ndarray:
            return auc(y, pair[0], weights) - auc(y, pair[1], weights)

        gain = float(gains(one)[0])
        if gain <= 0 or gain / _delong(arms, rows) < HOPELESS[alpha]:
            continue
        for number in (100, resamples):
            beyond = sum(int((~(gains(w) > 0)).sum()) for w in row_weights(y, resamples=number, seed=seed))
            if number == 100 and beyond > max(3, 4 * 100 * alpha):
                break
        else:
            alone += (1 + beyond) / (resamples + 1) <= alpha
    return (alone / size if min(rows) >= RocAuc.minima.least_rows(alpha) else 0.0), alone / size


def _delong(arms: list[np.ndarray], rows: tuple[int, int]) -> float:
    """Standard error of a difference of ROC AUCs (DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988)."""
    placements = []
    for scores in arms:
        negative, positive = np.sort(scores[: rows[0]]), np.sort(scores[rows[0] :])
        below = np.searchsorted(negative, scores[rows[0] :]) / rows[0]
        above = 1 - np.searchsorted(positive, scores[: rows[0]]) / rows[1]
        placements.append((above, below))
    variances = [np.var(one - other, ddof=1) / len(one) for one, other in zip(*placements, strict=True)]
    return math.sqrt(sum(variances)) + 1e-12


def rare_classes(rng: np.random.Generator) -> list[str]:
    """The table, with the largest rates."""
    lines, worst = [], {}
    for alpha in LEVELS:
        small = alpha < 0.05
        for metric, rows in product(("balanced_accuracy", "macro_f1"), RARER["rows"] if small else CLASSES):
            if metric == "macro_f1" and len(rows) > 2:
                continue
            gain = balanced if metric == "balanced_accuracy" else macro_f1
            grid = (RARER["disagreements"], RARER["shares"]) if small else (DISAGREEMENTS, SHARES)
            for disagreement, share in product(*grid):
                shares = null(gain, rows, disagreement, share)
                if shares is None:
                    continue
                ours, alone = rates(rng, metric, rows, shares, alpha)
                size = LEVELS[alpha][0]
                if ours > alpha + 2 * math.sqrt(alpha / size):  # of so many cells some are; fresh tables say which of them
                    ours, alone = rates(rng, metric, rows, shares, alpha, AGAIN)
                    size *= AGAIN
                _note(lines, worst, metric, rows, f"{disagreement:.0%}", f"{share:.0%}", alpha, ours, alone, size)
        for rows, alike in product(((250, 5), (250, 50), (250, 110), (250, 240)), (0.5, 0.9)):
            ours, alone = auc_rates(rng, rows, alike, alpha)
            _note(lines, worst, "roc_auc", rows, f"{1 - alike:.0%} of the variance", "", alpha, ours, alone, LEVELS[alpha][0] // 4)
    summary = [
        f"{metric} at {alpha:.2g}: {rate:.4f}, {'held' if rate <= alpha + 3 * math.sqrt(alpha / size) else 'NOT HELD'} "
        f"(the bootstrap alone {alone:.4f}, {alone / alpha:.1f} times the level)"
        for (metric, alpha), (rate, alone, size) in worst.items()
    ]
    return [
        "## Rare classes\n\nFalse promotions of a candidate that is as good as scratch. The common class gains the share of the "
        "disagreement that stands there, and the others lose what makes up for it.\n",
        "| metric | rows a class | disagreement | gained | level | gate | bootstrap alone |",
        f"|{' ---: |' * 7}",
        *lines,
        f"\nA rate more than two standard deviations above its level was measured again on {AGAIN} times as many fresh tables, and "
        "that figure stands above. The largest rates, of so many cells that three standard deviations are allowed:\n",
        *(f"- {one}" for one in summary),
        "",
    ]


def _note(lines: list[str], worst: dict, metric: str, rows: tuple[int, ...], *more: object) -> None:
    disagreement, share, alpha, ours, alone, size = more
    before = worst.get((metric, alpha), (0.0, 0.0, size))
    worst[metric, alpha] = max(before[0], ours), max(before[1], alone), min(before[2], size)
    of = " / ".join(map(str, rows))
    lines.append(f"| {metric} | {of} | {disagreement} | {share} | {alpha:.2g} | {ours:.4f} | {alone:.4f} |")


if __name__ == "__main__":
    text = rare_classes(np.random.default_rng(0))
    write("rare_classes.md", "\n".join([heading("Rare classes", "python benchmarks/rare_classes.py"), *text]))
