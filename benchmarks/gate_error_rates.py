"""False promotions and false refusals of the gate, by simulation on known truths.

Single use: 20,000 test sets a cell, each a count of rows that only the candidate gets right, only scratch does, or neither alone.
Power is compared with the best valid test, for which we take the uniformly most powerful unbiased one: McNemar's, randomised
where the counts are too coarse for the level (Lehmann and Romano, "Testing Statistical Hypotheses", section 4.5). It tosses a coin
about a promotion, so nobody would use it, but no unbiased test has more power. Its power is exact, by enumeration.

A year of weekly uses: every candidate is equal to scratch in truth. The analyst climbs: a new candidate redraws a fifth of the best
one's outcomes, knowing no label, and "best" is what the gate reveals (the gain, or only that it was refused). Counted is any
promotion of a worthless candidate in 52 weeks.

The seam: below and above 500 test rows the exact test is one and the same. Rare classes: see ``rare_classes.py``.

Peers, judged on the same test sets: the naive gate and ZenML's template-e2e-batch (both promote at `latest >= current`, and so does
mlflow.validate_evaluation_results with min_relative_change=0.0, the least it takes), and MLflow's gate with
min_absolute_change=0.01. The benchmark asks the real MLflow function about some of the tables and stops if it answers otherwise.

    python benchmarks/gate_error_rates.py     # about half an hour on one core
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from machine import heading, write
from rare_classes import rare_classes
from scipy.stats import binom

from ntgate.evaluation.betting import log_wealths
from ntgate.evaluation.mcnemar import mcnemar_exact
from ntgate.evaluation.tango import tango_interval, tango_p_value
from ntgate.evaluation.unconditional import mcnemar_unconditional, tango_unconditional

RUNS, YEARS, WEEKS, ALPHA = 20_000, 2_000, 52, 0.05
SIZES, DISCORDANCES, GAINS = (100, 300, 1000, 5000), (0.05, 0.10, 0.20), (-0.01, 0.0, 0.01, 0.02, 0.03, 0.05)
LOSS = 0.02  # against the champion, still tolerated
Test = Callable[[int, int, int], float]
Shares = tuple[float, float, float]  # of rows that are gained, tied and lost


def unconditional(gained: int, lost: int, n: int) -> float:
    return mcnemar_unconditional(gained, lost, n)


def conditional(gained: int, lost: int, n: int) -> float:  # noqa: ARG001
    return mcnemar_exact(gained, lost)


def tango(gained: int, lost: int, n: int) -> float:
    return tango_p_value(gained, lost, n, -LOSS)


def tango_exact(gained: int, lost: int, n: int) -> float:
    return tango_unconditional(gained, lost, n, -LOSS)


@cache
def critical(test: Test, discordant: int, n: int, alpha: float, margin: float) -> int:
    """The smallest number of gained rows with which the gate passes: p-value at most alpha, and an interval above the margin."""

    def promotes(gained: int) -> bool:
        lost = discordant - gained
        return test(gained, lost, n) <= alpha and tango_interval(gained, lost, n, alpha)[0] > margin

    gained = int(np.clip(round((discordant + n * margin + 1.64 * math.sqrt(discordant)) / 2), 0, discordant + 1))
    while gained > 0 and promotes(gained - 1):
        gained -= 1
    while gained <= discordant and not promotes(gained):
        gained += 1
    return gained


def promoted(test: Test, counts: np.ndarray, n: int, alpha: float, margin: float = 0.0) -> np.ndarray:
    """The gate's answers to ``counts`` ``(..., 3)`` of gained, tied and lost rows."""
    gained, discordant = counts[..., 0], counts[..., 0] + counts[..., 2]
    kinds, which = np.unique(discordant, return_inverse=True)
    least = np.array([critical(test, int(kind), n, alpha, margin) for kind in kinds])
    return gained >= least[which].reshape(discordant.shape)


def at_least_as_good(counts: np.ndarray) -> np.ndarray:
    return counts[..., 0] >= counts[..., 2]


def one_point_better(counts: np.ndarray, n: int) -> np.ndarray:
    return counts[..., 0] - counts[..., 2] >= 0.01 * n - 1e-9


def check_mlflow(counts: np.ndarray, n: int) -> None:
    """The rules above against MLflow's own function, with a scratch accuracy of 80 %."""
    import logging

    from mlflow import MlflowException, validate_evaluation_results
    from mlflow.models import MetricThreshold
    from mlflow.models.evaluation import EvaluationResult

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    rules = {
        "relative": (MetricThreshold(min_relative_change=0.0, greater_is_better=True), at_least_as_good(counts)),
        "absolute": (MetricThreshold(min_absolute_change=0.01, greater_is_better=True), one_point_better(counts, n)),
    }
    for threshold, expected in rules.values():
        for (gained, _, lost), passes in zip(counts, expected, strict=True):
            if abs(gained - lost - 0.01 * n) < 0.5:
                continue  # on the threshold MLflow's answer depends on how the sum is rounded
            results = [EvaluationResult({"accuracy": right / n}, {}) for right in (0.8 * n + gained - lost, 0.8 * n)]
            try:
                validate_evaluation_results({"accuracy": threshold}, *results)
                answer = True
            except MlflowException:
                answer = False
            if answer != passes:
                raise SystemExit(f"MLflow's gate says {answer} of {gained} gained and {lost} lost rows, not {passes}")


def best_power(n: int, p_gained: float, p_lost: float, alpha: float) -> float:
    """Exact power of the randomised McNemar test, uniformly most powerful among the unbiased."""
    discordant = np.arange(n + 1)
    least = binom.isf(alpha, discordant, 0.5) + 1
    coin = (alpha - binom.sf(least - 1, discordant, 0.5)) / binom.pmf(least - 1, discordant, 0.5)
    share = p_gained / (p_gained + p_lost)
    seen = binom.sf(least - 1, discordant, share) + coin * binom.pmf(least - 1, discordant, share)
    return float(binom.pmf(discordant, n, p_gained + p_lost) @ seen)


def rate(answers: np.ndarray) -> str:
    share = float(np.mean(answers))
    return f"{share:.3f} ± {math.sqrt(share * (1 - share) / len(answers)):.3f}"


def limit(runs: int) -> float:
    return ALPHA + 2 * math.sqrt(ALPHA * (1 - ALPHA) / runs)


def single_use(rng: np.random.Generator) -> list[str]:
    """Both tables of one use a test set."""
    false, power, largest, shortfall = [], [], 0.0, -1.0
    for n in SIZES:
        for discordance in DISCORDANCES:
            for gain in GAINS:
                shares = (discordance + gain) / 2, 1 - discordance, (discordance - gain) / 2
                counts = rng.multinomial(n, shares, size=RUNS)
                ours, mcnemar = (promoted(test, counts, n, ALPHA) for test in (unconditional, conditional))
                cells = [f"{n:,}", f"{discordance:.0%}", f"{100 * gain:+.0f}", rate(ours), rate(mcnemar)]
                peers = [rate(at_least_as_good(counts)), rate(one_point_better(counts, n))]
                if gain <= 0:
                    largest = max(largest, float(ours.mean()), float(mcnemar.mean()))
                    false.append(f"| {' | '.join(cells + peers)} |")
                else:
                    best = best_power(n, shares[0], shares[2], ALPHA)
                    shortfall = max(shortfall, best - float(ours.mean()))
                    power.append(f"| {' | '.join([*cells, f'{best:.3f}', *peers])} |")
    head = "| test rows | discordant | truth, points | gate, unconditional | gate, McNemar |"
    others = " `>=`: naive, ZenML's template, MLflow at 0 | MLflow, 1 point |"
    return [
        f"## One use of a test set\n\nLevel {ALPHA}, {RUNS:,} test sets a row, ± one binomial standard deviation.\n",
        "False promotions: the candidate is as good as scratch, or worse.\n",
        f"{head}{others}\n|{' ---: |' * 7}",
        *false,
        f"\nThe gate's largest rate is {largest:.4f}; alpha plus two standard deviations is {limit(RUNS):.4f}: "
        f"{'held' if largest <= limit(RUNS) else 'NOT HELD'}.\n",
        "Power: the candidate is better; the false refusals are the rest to one. (`>=` has power because it promotes anything.)\n",
        f"{head} best test, exact |{others}\n|{' ---: |' * 8}",
        *power,
        f"\nThe unconditional test's power is at most {100 * max(shortfall, 0):.1f} points below the best test's: "
        f"{'within' if shortfall <= 0.02 else 'NOT WITHIN'} 2 points.\n",
    ]


def non_inferiority(rng: np.random.Generator) -> list[str]:
    """The table of the champion's rule: the loss is just too large, or there is none."""
    rows, largest = [], 0.0
    for n in SIZES:
        for discordance in (0.02, *DISCORDANCES):
            lossy, equal = (
                rng.multinomial(n, ((discordance + g) / 2, 1 - discordance, (discordance - g) / 2), size=RUNS) for g in (-LOSS, 0.0)
            )
            passes = [promoted(test, counts, n, ALPHA, -LOSS) for counts in (lossy, equal) for test in (tango_exact, tango)]
            largest = max(largest, float(passes[0].mean()))
            rows.append(f"| {n:,} | {discordance:.0%} | {' | '.join(map(rate, passes))} |")
    return [
        f"## Not worse than the champion\n\nA loss of {100 * LOSS:.0f} points is tolerated. False passes where the loss is just "
        "that, and passes of a candidate that is as good.\n",
        "| test rows | discordant | false, unconditional | false, Tango | equal, unconditional | equal, Tango |",
        f"|{' ---: |' * 6}",
        *rows,
        f"\nThe unconditional test's largest false rate is {largest:.4f}: {'held' if largest <= limit(RUNS) else 'NOT HELD'}.\n",
    ]


def seam() -> list[str]:
    """The table of power on 500 and 501 test rows, exact."""
    rows = []
    for discordance, alpha in ((0.005, ALPHA), (0.01, ALPHA), (0.02, 0.01)):
        cells = []
        for n in (499, 500, 501, 520):
            discordant = np.arange(int(binom.ppf(1e-9, n, discordance)), int(binom.isf(1e-9, n, discordance)) + 1)
            least = np.array([critical(unconditional, int(kind), n, alpha, 0.0) for kind in discordant])
            weights = binom.pmf(discordant, n, discordance)
            cells += [f"{float(weights @ binom.sf(least - 1, discordant, share)):.4f}" for share in (0.95, 0.5)]
        rows.append(f"| {discordance:.1%} | {alpha:g} | {' | '.join(cells)} |")
    return [
        "## No seam at 500 test rows\n\nPower where 95 % of the discordant rows are gained, and level where half of them are.\n",
        "| discordant | alpha | 499: power | level | 500: power | level | 501: power | level | 520: power | level |",
        f"|{' ---: |' * 10}",
        *rows,
        "",
    ]


def redraw(rng: np.random.Generator, counts: np.ndarray, shares: Shares, n: int) -> np.ndarray:
    """New candidates: a fifth of the rows get new outcomes, independent of the labels."""
    gone = rng.multivariate_hypergeometric
    fifth = n // 5
    removed = np.stack([gone(row, fifth) for row in counts])
    return counts - removed + rng.multinomial(fifth, shares, size=len(counts))


def year(rng: np.random.Generator, n: int, shares: Shares, gate: Callable[[np.ndarray], np.ndarray], *, shown: bool) -> np.ndarray:
    """Whether any of 52 worthless candidates was promoted on one test set, for each of many years.

    The analyst keeps a candidate as the one to climb from when the gate reveals that its gain is larger; when results are withheld,
    each refused candidate is as good a start as any.
    """
    best = rng.multinomial(n, shares, size=YEARS)
    ever = gate(best)
    for _ in range(WEEKS - 1):
        new = redraw(rng, best, shares, n)
        ever |= gate(new)
        climbs = (new[:, 0] - new[:, 2] > best[:, 0] - best[:, 2]) | (not shown)
        best = np.where(climbs[:, None], new, best)
    return ever


def year_of_fresh_labels(
    rng: np.random.Generator, n: int, null: Shares, *, accumulate: bool, horizon: int = 1, gain: Shares | None = None
) -> np.ndarray:
    """The same with ``n`` fresh labels a week and bets on them: every candidate alone, or all as one question.

    Each passes at a wealth of ``horizon / ALPHA``. With ``gain`` the candidates of the first four weeks are truly better; their
    promotion is no false one, and ends the question.
    """
    weeks = rng.multinomial(n, null, size=(YEARS, WEEKS))
    if gain is not None:
        weeks[:, :4] = rng.multinomial(n, gain, size=(YEARS, 4))
    counts = np.cumsum(weeks, axis=1) if accumulate else weeks
    passed = log_wealths(counts.reshape(-1, 3)).reshape(YEARS, WEEKS) >= math.log(horizon / ALPHA)
    return passed.any(axis=1) if gain is None else passed[:, 4:].any(axis=1) & ~passed[:, :4].any(axis=1)


def policies(rng: np.random.Generator, n: int, discordance: float) -> list[tuple[str, np.ndarray, np.ndarray, str, str]]:
    """Name, any false promotion in each year, sees three points in one week and after four weeks, whether alpha is promised."""
    null = discordance / 2, 1 - discordance, discordance / 2
    gain = (discordance + 0.03) / 2, 1 - discordance, (discordance - 0.03) / 2
    draws = rng.multinomial(n, gain, size=4000)

    def gate(counts: np.ndarray) -> np.ndarray:
        return promoted(unconditional, counts, n, ALPHA)

    def spend(counts: np.ndarray) -> np.ndarray:
        return promoted(unconditional, counts, n, ALPHA / WEEKS)

    def one_point(counts: np.ndarray) -> np.ndarray:
        return one_point_better(counts, n)

    def bet(counts: np.ndarray) -> np.ndarray:
        return log_wealths(counts) >= math.log(1 / ALPHA)

    def bet_of_many(counts: np.ndarray) -> np.ndarray:
        return log_wealths(counts) >= math.log(WEEKS / ALPHA)

    four = rng.multinomial(4 * n, gain, size=4000)
    month, month_of_many = f"{bet(four).mean():.2f}", f"{bet_of_many(four).mean():.2f}"
    return [
        ("gate, ledger `spend`, results withheld", year(rng, n, null, spend, shown=False), spend(draws), "", "yes"),
        ("the same, results shown to the analyst", year(rng, n, null, spend, shown=True), spend(draws), "", "no"),
        (
            f"gate, ledger `e_process`, horizon {WEEKS}, fresh labels",
            year_of_fresh_labels(rng, n, null, accumulate=False, horizon=WEEKS),
            bet_of_many(draws),
            month_of_many,
            "yes",
        ),
        ("the same without a horizon", year_of_fresh_labels(rng, n, null, accumulate=False), bet(draws), month, "one"),
        ("one wealth for all candidates", year_of_fresh_labels(rng, n, null, accumulate=True), bet(draws), month, "no"),
        (
            "the same, after four weeks of better candidates",
            year_of_fresh_labels(rng, n, null, accumulate=True, gain=gain),
            bet(draws),
            month,
            "no",
        ),
        ("gate, ledger `none`", year(rng, n, null, gate, shown=True), gate(draws), "", "no"),
        (
            "`>=`: naive, ZenML's template, MLflow at 0",
            year(rng, n, null, at_least_as_good, shown=True),
            at_least_as_good(draws),
            "",
            "no",
        ),
        ("MLflow, 1 point", year(rng, n, null, one_point, shown=True), one_point(draws), "", "no"),
    ]


def weekly_use(rng: np.random.Generator) -> list[str]:
    """The table of 52 uses."""
    rows, largest = [], 0.0
    for n in (300, 1000):
        for discordance in DISCORDANCES:
            for name, ever, seen, month, promised in policies(rng, n, discordance):
                share = float(ever.mean())
                verdict = {"yes": "held" if share <= limit(YEARS) else "NOT HELD", "one": "allows one candidate"}
                largest = max(largest, share if promised == "yes" else 0.0)
                answer = verdict.get(promised, "not promised")
                cells = [f"{n:,}", f"{discordance:.0%}", name, rate(ever), answer, f"{seen.mean():.2f}", month]
                rows.append(f"| {' | '.join(cells)} |")
    return [
        f"## {WEEKS} weekly uses by an adaptive analyst\n\nEvery candidate is equal to scratch in truth; {YEARS:,} years a row. "
        f"`spend` uses alpha / {WEEKS} a decision and retires the set on the first pass; the bound is {limit(YEARS):.3f}.\n",
        "| test rows a week | discordant | policy | any false promotion | at most alpha | sees +3 points | with 4 weeks' labels |",
        "| ---: | ---: | --- | ---: | --- | ---: | ---: |",
        *rows,
        f"\nLargest rate where alpha is promised for the year: {largest:.4f}.\n",
        "A share of alpha for every use protects only while results are withheld: once they are shown, the next one depends on "
        "the labels, and the bound counts all the candidates that could have been, not the 52 that were.\n",
        "A candidate's bets hold their level whenever one looks; over a horizon of 52 candidates each passes at 52 times the "
        "wealth. One wealth that all candidates share, which the gate does not have, holds alpha only while *none* is better: "
        "one that is leaves wealth, on which a worthless one can pass (the row after it).",
    ]


def main() -> None:
    rng = np.random.default_rng(0)
    check_mlflow(rng.multinomial(500, (0.05, 0.9, 0.05), size=200), 500)
    text = [
        heading("The gate's error rates", "python benchmarks/gate_error_rates.py"),
        *single_use(rng),
        *weekly_use(rng),
        "",
        *non_inferiority(rng),
        *seam(),
        *rare_classes(rng),
    ]
    write("gate_error_rates.md", "\n".join(text))


if __name__ == "__main__":
    main()
