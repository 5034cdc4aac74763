"""Streams: whatever is tried on one, side by side or one after another, promotes something worthless with at most alpha."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from ntgate.evaluation.betting import log_wealths
from ntgate.gate.allowance import once_more
from ntgate.gate.decide import decide
from ntgate.gate.ledger_config import LedgerConfig
from ntgate.gate.row_history import History
from ntgate.gate.streams import Stream
from ntgate.gate.wear import allow
from tests.gate.fresh import fresh, one_seed

ALPHA, TRIALS, ROWS, WORTHLESS = 0.05, 400, 300, (0.45, 0.1, 0.45)
BOUND = ALPHA + 2 * np.sqrt(ALPHA * (1 - ALPHA) / TRIALS)


@dataclass
class Account:
    """The levels of the candidates that were opened on one stream, as the gate grants them on rows that are fresh for each."""

    horizon: int
    levels: list[float] = field(default_factory=list)

    def opened(self) -> float:
        """The level of one more candidate."""
        config, stream = LedgerConfig(policy="e_process", horizon=self.horizon), Stream(before=tuple(self.levels))
        granted = allow(History.fresh(1), config, alpha=ALPHA, min_test_rows=30, stream=stream)
        if not granted.closed:
            self.levels.append(granted.alpha)
        return granted.alpha


def side_by_side(draw: np.random.Generator, levels: list[float]) -> bool:
    """Whether any of several worthless candidates passes that share the rows of a stream, looked at after every row."""
    counts = np.cumsum(draw.multinomial(1, WORTHLESS, size=(len(levels), ROWS)), axis=1)
    wealth = log_wealths(counts.reshape(-1, 3)).reshape(len(levels), -1).max(axis=1)
    return bool((wealth >= -np.log(levels)).any())


def one_after_another(draw: np.random.Generator, opened: Callable[[], float]) -> bool:
    """The same where an analyst gives up each candidate as soon as it falls behind, and goes on with the next one."""
    steps, used = draw.multinomial(1, WORTHLESS, size=5 * ROWS), 0
    while used < len(steps) and (level := opened()):
        counts = np.cumsum(steps[used:], axis=0)
        behind = counts[:, 2] > counts[:, 0]
        ends = int(np.argmax(behind)) + 1 if behind.any() else len(behind)
        used += ends
        if log_wealths(counts[:ends]).max() >= -np.log(level):
            return True
    return False


@pytest.mark.parametrize("horizon", [1, 8])
def test_side_by_side_the_chance_of_any_false_promotion_is_at_most_alpha(horizon):
    account = Account(horizon)
    levels = [level for _ in range(12) if (level := account.opened())]
    assert len(levels) == horizon
    assert sum(levels) == pytest.approx(ALPHA)
    draws = np.random.default_rng(0).spawn(TRIALS)
    assert np.mean([side_by_side(draw, levels) for draw in draws]) <= BOUND


def test_at_full_alpha_each_several_at_once_promote_the_worthless():
    draws = np.random.default_rng(1).spawn(150)
    assert np.mean([side_by_side(draw, [ALPHA] * 8) for draw in draws]) > 2 * ALPHA


def test_one_after_another_as_the_results_come_the_chance_is_at_most_alpha():
    draws = np.random.default_rng(2).spawn(TRIALS)
    assert np.mean([one_after_another(draw, Account(40).opened) for draw in draws]) <= BOUND
    assert np.mean([one_after_another(draw, lambda: ALPHA) for draw in draws]) > 2 * ALPHA, "at full alpha each it is not"


@pytest.mark.parametrize("horizon", [1, 10, 1000])
def test_a_truly_better_candidate_passes_whatever_the_horizon(horizon):
    """More candidates cost rows, by the logarithm of their number."""
    level = Account(horizon).opened()
    counts = np.random.default_rng(3).multinomial(4000, (0.10, 0.85, 0.05), size=200)
    assert np.mean(log_wealths(counts) >= -np.log(level)) > 0.9


def test_levels_are_never_more_than_alpha_together_whatever_is_declared():
    draw, levels = np.random.default_rng(4), []
    for _ in range(200):
        account = Account(int(draw.choice([1, 2, 3, 50])), levels)
        account.opened()
    assert sum(levels) == pytest.approx(ALPHA)


def test_a_candidate_keeps_its_level_and_later_ones_take_nothing_from_it():
    stream = Stream(earlier={"scratch": (3, 2, 1)}, level=0.025, before=(0.025,))
    history = replace(History.fresh(4), settled=np.ones(4, bool))
    granted = allow(history, LedgerConfig(policy="e_process", horizon=50), alpha=ALPHA, min_test_rows=1, stream=stream)
    assert (granted.alpha, granted.rows) == (0.025, ())
    assert "number 2 on this stream" in granted.reason


def test_a_stream_says_how_many_more_rows_a_gain_like_this_takes():
    y, wrong = np.zeros(100, np.int64), np.eye(2)[np.ones(100, int)]
    candidate, scratch = np.eye(2)[y], np.eye(2)[y]
    candidate[:5], scratch[5:15] = wrong[:5], wrong[5:15]
    granted = allow(
        History.fresh(100),
        LedgerConfig(policy="e_process"),
        alpha=ALPHA,
        min_test_rows=30,
        stream=Stream(earlier={"scratch": (10, 85, 5)}, level=ALPHA),
    )
    decision = decide(fresh(y, candidate, scratch, allowance=granted), one_seed())
    reason = next(found.reason for found in decision.findings if found.rule == "negative_transfer")
    assert decision.outcome == "inconclusive"
    assert "about 874 test labels would show a gain like this, 674 more than now" in reason


def test_bets_that_are_made_again_are_none_against_a_new_champion():
    """The rows are fresh no more: another champion may have been chosen after they had been seen."""
    y = np.arange(100) % 2
    right, guess = np.eye(2)[y], np.eye(2)[np.zeros(100, int)]
    again = once_more(
        100,
        np.ones(100, bool),
        policy="e_process",
        alpha=ALPHA,
        horizon=1,
        withheld=False,
        at="then",
        entry=1,
        opponents=("champion 1", "constant guess 0", "scratch"),
    )
    same, other = (decide(fresh(y, right, guess, guess, allowance=again, champion_version=version), one_seed()) for version in "12")
    assert same.outcome == "promoted"
    assert other.outcome == "inconclusive"
    assert "has not bet against the champion" in next(f.reason for f in other.findings if f.rule == "champion")
    itself = fresh(y, right, guess, right, allowance=again, champion_version="2", champion_itself=True)
    assert decide(itself, one_seed()).outcome == "promoted"
