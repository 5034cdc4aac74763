"""Metrics that are means over rows: how often a worthless candidate passes, and how often a better one does.

Nulls are skewed: errors of the common class are gained, and rare and dear ones lost, so that the mean gain is nothing. Beside the
gate's test stand Student's t, which is asymptotic, and bets with a fixed mixture of sizes, which are valid as well.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

import numpy as np
from machine import heading, write
from scipy.special import stdtr

from ntgate.evaluation.betting import BETS
from ntgate.evaluation.bounded_mean import bounded_mean_p_value
from ntgate.metrics.brier import Brier
from ntgate.metrics.expected_cost import ExpectedCost
from ntgate.metrics.log_loss import LogLoss
from ntgate.metrics.row_mean import RowMean

LEVELS = {"0.05": 0.05, "0.05 / 52": 0.05 / 52}
COSTS = ExpectedCost(costs=((0, 1), (5, 0)))
DEAR = ExpectedCost(costs=((0, 1), (50, 0)))
Sample = Callable[[np.random.Generator, int, int], np.ndarray]


def costs(metric: ExpectedCost, rare: float, discordance: float, saved: float = 0.0) -> Sample:
    """Differences of two classifiers: the first loses rare and dear rows, and gains as much and ``saved`` on the others."""
    price = metric.costs[1][0]
    lost = discordance * rare
    gained = min(0.9, (lost * price + saved) / (1 - rare))

    def sample(rng: np.random.Generator, n: int, runs: int) -> np.ndarray:
        ill, u = rng.random((n, runs)) < rare, rng.random((n, runs))
        return np.where(ill, -price * (u < discordance), 1.0 * (u < gained)) / metric.span

    return sample


def probabilities(metric: RowMean, skills: tuple[float, float], noise: float = 1.0) -> Sample:
    """Differences of two models' losses, whose logits favour the truth by their ``skills`` and share half of their variance."""

    def sample(rng: np.random.Generator, n: int, runs: int) -> np.ndarray:
        common = rng.normal(size=(n * runs))
        y, scores = np.zeros(n * runs, int), []
        for skill in skills:
            margin = skill + noise * (common + rng.normal(size=n * runs)) / math.sqrt(2)
            p = 1 / (1 + np.exp(-margin))
            scores.append(np.column_stack([p, 1 - p]))
        return metric.differences(y, *scores).reshape(n, runs) / metric.span

    return sample


def shifted(sample: Sample, seed: int) -> Sample:
    """The same with its mean gain taken away."""
    mean = float(sample(np.random.default_rng(seed), 200_000, 1).mean())
    return lambda rng, n, runs: np.clip(sample(rng, n, runs) - mean, -1, 1)


def student(x: np.ndarray) -> np.ndarray:
    """One-sided p-values of Student's t."""
    error = x.std(axis=0, ddof=1) / math.sqrt(len(x))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(error > 0, stdtr(len(x) - 1, -x.mean(axis=0) / error), 1.0)


def mixture(x: np.ndarray) -> np.ndarray:
    """Bets of fixed sizes, as those on streams."""
    logs = np.stack([np.log1p(bet * x).sum(axis=0) for bet in BETS])
    top = logs.max(axis=0)
    return np.minimum(1.0, np.exp(-(top + np.log(np.exp(logs - top).mean(axis=0)))))


def rates(sample: Sample, n: int, runs: int, alpha: float) -> list[float]:
    """How often the gate's test, the fixed bets and Student's t reject."""
    x = sample(np.random.default_rng(n), n, runs)
    found = bounded_mean_p_value(x, 0.0, alpha), mixture(x), student(x)
    return [float((p_values <= alpha).mean()) for p_values in found]


NULLS: dict[str, tuple[Sample, tuple[int, ...]]] = {
    "expected_cost 1 : 5, 5 % ill, 20 % of them lost": (costs(COSTS, 0.05, 0.2), (50, 200, 1000)),
    "expected_cost 1 : 50, 2 % ill, 20 % of them lost": (costs(DEAR, 0.02, 0.2), (50, 200, 1000)),
    "log_loss, one model sure and sometimes wrong": (shifted(probabilities(LogLoss(), (4.0, 2.0), 3.0), 1), (50, 200, 1000)),
    "brier, likewise": (shifted(probabilities(Brier(), (4.0, 2.0), 3.0), 1), (50, 200, 1000)),
}
GAINS: dict[str, tuple[Sample, tuple[int, ...]]] = {
    "expected_cost 1 : 5, 20 % ill, 0.1 saved a row": (costs(COSTS, 0.2, 0.02, 0.1), (100, 300, 1000)),
    "log_loss, 0.1 nats": (probabilities(LogLoss(), (1.9, 1.5)), (100, 300, 1000)),
    "log_loss with clip 0.001, 0.1 nats": (probabilities(LogLoss(clip=0.001), (1.9, 1.5)), (100, 300, 1000)),
    "brier, 0.03": (probabilities(Brier(), (1.9, 1.5)), (100, 300, 1000)),
}


def table(cases: dict[str, tuple[Sample, tuple[int, ...]]], runs: int) -> list[str]:
    """One line for each case, number of rows and level."""
    lines = ["| differences | rows | level | gate | fixed bets | Student's t |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for name, (sample, sizes) in cases.items():
        for n in sizes:
            for level, alpha in LEVELS.items():
                shares = " | ".join(f"{rate:.4f}" for rate in rates(sample, n, runs, alpha))
                lines.append(f"| {name} | {n} | {level} | {shares} |")
    return lines


def main(runs: int = 4000) -> None:
    """Write the tables."""
    lines = [heading("Metrics that are means over rows", "python benchmarks/mean_metrics.py")]
    lines += [f"{__doc__.strip()}\n\nShare of {runs} simulations (power: {runs // 4}) in which a test rejects.\n"]
    lines += ["## Level: nothing is gained\n", *table(NULLS, runs), "\n## Power\n", *table(GAINS, runs // 4)]
    write("mean_metrics.md", "\n".join(lines))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
