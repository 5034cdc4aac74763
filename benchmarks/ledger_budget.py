"""Ten years of a worthless candidate on fresh labels, by how often it is tried and by what ``gate.ledger.budget`` grants.

Every batch is of fresh test rows, so that no row is worn and without a budget every decision has the whole level. The candidate is
right alone on as many rows as scratch; each batch is tested as the gate tests accuracy, at the level that the account grants on its
day. Beside it stands what the level costs: how often a candidate that gains three points is promoted.

    python benchmarks/ledger_budget.py     # about two minutes on one core
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from machine import heading, write

from ntgate.evaluation.unconditional import mcnemar_unconditional
from ntgate.gate.budget import DAYS, Account, level_of
from ntgate.gate.ledger_config import BudgetConfig

ROWS, ALPHA, YEARS, SIMULATIONS = 500, 0.05, 10, 2000
WORTHLESS, BETTER = (0.05, 0.05), (0.065, 0.035)  # shares of rows that only the candidate, and only scratch, gets right
TRIES = {"every quarter": 91.0, "every week": 7.0, "every weekday": 1.4}
BUDGETS = {"none": None, "4 decisions": 4, "12 decisions": 12, "52 decisions": 52}


@lru_cache(maxsize=100_000)
def p_value(gained: int, lost: int) -> float:
    """Of one batch, as the gate has it."""
    return mcnemar_unconditional(gained, lost, ROWS)


def levels(days: np.ndarray, declared: int | None) -> np.ndarray:
    """The level of each decision ``(k,)``: it follows from the days alone, never from a result."""
    found: list[float] = []
    first = 0
    for i, day in enumerate(days):
        while days[first] <= day - DAYS:
            first += 1
        recent = tuple(level for level in found[first:i] if level > 0)
        found.append(ALPHA if declared is None else level_of(Account(recent), BudgetConfig(decisions=declared), ALPHA))
    return np.array(found)


def passed(at: np.ndarray, shares: tuple[float, float], simulations: int, rng: np.random.Generator) -> np.ndarray:
    """Which batches pass ``(simulations, k)``."""
    tables = rng.multinomial(ROWS, [*shares, 1 - sum(shares)], (simulations, len(at)))[..., :2]
    code = tables[..., 0] * (ROWS + 1) + tables[..., 1]
    pairs, where = np.unique(code, return_inverse=True)
    values = np.array([p_value(int(pair) // (ROWS + 1), int(pair) % (ROWS + 1)) for pair in pairs])
    return np.asarray(values[where].reshape(code.shape) <= at)


def main() -> None:
    """Simulate, and write the table."""
    lines = [heading("A budget over decisions on fresh rows", "python benchmarks/ledger_budget.py")]
    lines.append(
        f"{SIMULATIONS:,} simulations of {YEARS} years; {ROWS} fresh test rows a decision, exactly one model right on 10 % of "
        f"them, alpha {ALPHA:g}. Years of {DAYS} days are counted from the first decision. The last column is the share of "
        "candidates with a gain of 3 points that are promoted.\n"
    )
    lines += [
        "| tried | budget | level of a decision | years with a false promotion | bound | ten years with one | gains promoted |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    rng = np.random.default_rng(20)
    for tried, gap in TRIES.items():
        days = np.arange(0, YEARS * DAYS, gap)
        year = (days // DAYS).astype(int)
        for budget, declared in BUDGETS.items():
            at = levels(days, declared)
            simulations = SIMULATIONS if len(days) < 1000 else SIMULATIONS // 4
            false = passed(at, WORTHLESS, simulations, rng)
            by_year = np.stack([false[:, year == one].any(axis=1) for one in range(YEARS)], axis=1)
            rate, n = float(by_year.mean()), by_year.size
            bound = "" if declared is None else f"{ALPHA:g} + {2 * math.sqrt(ALPHA * (1 - ALPHA) / n):.4f}"
            power = float(passed(at, BETTER, 100, rng).mean())
            lines.append(
                f"| {tried} | {budget} | {at.max():.2g} to {at.min():.2g} | {rate:.4f} | {bound} | "
                f"{float(false.any(axis=1).mean()):.3f} | {power:.2f} |"
            )
    write("ledger_budget.md", "\n".join(lines))


if __name__ == "__main__":
    main()
