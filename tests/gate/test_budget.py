"""What a model's decisions within a year may spend together: whatever their number and times, the levels add up to the budget."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import binom

from ntgate.evaluation.unconditional import mcnemar_unconditional
from ntgate.gate.budget import DAYS, Account, level_of, without
from ntgate.gate.config import GateConfig
from ntgate.gate.ledger_config import BudgetConfig, LedgerConfig
from ntgate.gate.power import power
from ntgate.gate.row_history import History
from ntgate.gate.wear import allow

N, WEEKS = 150, 520  # fresh test rows a week, over ten years


def levels_of(days: np.ndarray, budget: BudgetConfig, alpha: float = 0.05) -> np.ndarray:
    """The level of each of the decisions on these days, ascending, when each gets what it may."""
    found: list[float] = []
    for i, day in enumerate(days.tolist()):
        recent = [level for level, when in zip(found, days[:i].tolist(), strict=True) if when > day - DAYS and level > 0]
        found.append(level_of(Account(tuple(recent)), budget, alpha))
    return np.array(found)


@pytest.mark.parametrize("declared", [1, 4, 52])
def test_levels_within_any_year_add_up_to_no_more_than_the_budget(declared):
    rng, budget = np.random.default_rng(declared), BudgetConfig(decisions=declared, alpha=0.04)
    for gaps in (rng.integers(0, 3, 300), rng.exponential(20, 200).astype(int), np.repeat([0, 200], [60, 10])):
        days = np.cumsum(gaps)
        levels = levels_of(days, budget)
        for last in range(len(days)):
            within = (days <= days[last]) & (days > days[last] - DAYS)
            assert levels[within].sum() <= 0.04 * (1 + 1e-9)
    assert level_of(Account(), budget, 0.05) == pytest.approx(min(0.04 * 0.9 / declared, 0.05))


@lru_cache(maxsize=10_000)
def p_value(gained: int, lost: int) -> float:
    return mcnemar_unconditional(gained, lost, N)


def passes(levels: np.ndarray, simulations: int, seed: int) -> np.ndarray:
    """Which of weekly worthless candidates pass ``(simulations, weeks)``: equal to scratch, right alone on 5 % of the rows each."""
    rng = np.random.default_rng(seed)
    tables = rng.multinomial(N, [0.05, 0.05, 0.9], (simulations, len(levels)))
    pairs, where = np.unique(tables[..., :2].reshape(-1, 2), axis=0, return_inverse=True)
    found = np.array([p_value(int(gained), int(lost)) for gained, lost in pairs])
    return np.asarray(found[where].reshape(tables.shape[:2]) <= levels)


def test_ten_years_of_weekly_labels_promote_a_worthless_model_in_few_years():
    """Within any year at most at the budget's level; without a budget nearly surely."""
    simulations, weekly = 200, 7 * np.arange(WEEKS)
    for declared in (12, 52):
        passed = passes(levels_of(weekly, BudgetConfig(decisions=declared)), simulations, seed=declared)
        years = passed.reshape(simulations, 10, 52).any(axis=2)
        assert years.sum() <= binom.ppf(0.999, years.size, 0.05)
        across = passed[:, 26:-26].reshape(simulations, 9, 52).any(axis=2)  # from summer to summer
        assert across.sum() <= binom.ppf(0.999, across.size, 0.05)
    without_one = passes(np.full(WEEKS, 0.05), simulations, seed=0).reshape(simulations, 10, 52).any(axis=2)
    assert without_one.mean() > 0.8


def test_a_decision_says_what_it_has_of_the_budget():
    config, fresh = LedgerConfig(budget={"decisions": 9}), History.fresh(200)
    first = allow(fresh, config, alpha=0.05, min_test_rows=30)
    assert first.alpha == pytest.approx(0.005)
    assert first.reason.startswith("These 200 test rows have not been used before. This decision is tested at 0.005 of alpha 0.05.")
    told = (
        "decision 1 of this model within 360 days, of 9 declared: the budget of 0.05 grants it 0.005, and 0.045 is left after it."
    )
    assert first.reason.endswith(told)
    beyond = allow(fresh, config, alpha=0.05, min_test_rows=30, account=Account((0.005,) * 9, "2026-01-02"))
    assert beyond.alpha == pytest.approx(0.05 * 0.1 * 9 / 90)
    spent = allow(fresh, config, alpha=0.05, min_test_rows=30, account=Account((0.05,), "2026-01-02"))
    assert spent.closed
    assert spent.emptied
    assert spent.needed == 0
    assert "1 decision has spent 0.05, the oldest on 2026-01-02" in spent.reason


def test_without_a_budget_the_third_decision_says_what_they_add_up_to():
    assert without([0.05]) == ""
    found = allow(History.fresh(200), LedgerConfig(), alpha=0.05, min_test_rows=30, account=Account((0.05,) * 9, "2026-01-02"))
    assert found.alpha == 0.05
    assert "decision 10 of this model within 360 days: a worthless candidate passes one of them" in found.reason
    assert "up to 0.5" in found.reason


def test_what_can_be_configured():
    assert GateConfig(ledger={"budget": {}}).level == pytest.approx(0.05 * 0.9 / 52)
    assert power(600, GateConfig(ledger={"budget": {}})).alpha == pytest.approx(0.05 * 0.9 / 52)
    for wrong in ({"policy": "e_process", "budget": {}}, {"policy": "none", "budget": {}}, {"budget": {"decisions": 0}}):
        with pytest.raises(ValidationError):
            LedgerConfig.model_validate(wrong)
    with pytest.raises(ValidationError, match="min_test_rows of at least"):
        GateConfig(min_test_rows=8, ledger={"budget": {"decisions": 52}})


def test_decisions_of_a_year_ago_are_forgotten(tmp_path, monkeypatch):
    from ntgate.ledger import entries
    from ntgate.ledger.ledger import Ledger
    from tests.ledger.test_ledger import asked, prints

    ledger, began = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}"), date(2026, 1, 1)
    granted = []
    for number, day in enumerate((0, 100, 200, 366)):
        when = began + timedelta(days=day)
        monkeypatch.setattr(entries, "now", lambda when=when: entries.datetime(when.year, when.month, when.day, tzinfo=entries.UTC))
        rows = prints(100 * number, 100 * number + 100)
        opening = asked(str(number), budget={"decisions": 2})
        seen = ledger.preview(rows, opening.config, model="reader", alpha=0.05, min_test_rows=30)
        granted.append(ledger.open(opening, rows).alpha)
        assert seen.alpha == granted[-1]
        assert ledger.open(opening, rows).alpha == granted[-1], "asking again costs nothing"
    assert granted == pytest.approx([0.0225, 0.0225, 0.005 / 3, (0.05 - 0.0225 - 0.005 / 3) / 3])
    assert ledger.account("reader").oldest == "2026-04-11"
    assert ledger.account("another").levels == ()
