"""What `ntgate ask` says of power and of labels, against simulation: within three points."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from ntgate.gate.asked import Asked
from ntgate.gate.config import GateConfig
from ntgate.gate.labels_config import LabelsConfig
from ntgate.gate.labels_wanted import labels_to_ask, power_of_labels
from ntgate.gate.on_labels import Answered

RUNS, POINTS = 500, 0.03


def asked(rng, *, rows: int, scratch: int, differ: int, n: int, policy: str, looks: int | None, first: int = 0) -> Asked:
    """``n`` of ``differ`` rows in random order; on ``scratch`` of them candidate and scratch differ, else it and other models."""
    one = (rng.permutation(differ) < scratch)[:n].astype(int)
    return Asked(
        id="c",
        decision_id="d",
        pool="p",
        rows=rows,
        differ=differ,
        disagree={"scratch": scratch},
        ids=tuple(f"r{i}" for i in range(n)),
        keys=("",) * n,
        candidate=tuple(one.tolist()),
        opponents={"scratch": (0,) * n},
        classes=("no", "yes"),
        label="label",
        by_labels=("negative_transfer",),
        policy=policy,
        looks=looks,
        alpha=0.05,
        first=first or n,
    )


def simulated(rng, question: Asked, gain: float, margin: float) -> float:
    """How often labels of a pool with this gain show it."""
    n, share = len(question.ids), question.disagree["scratch"] / question.rows
    differing, spent = np.array(question.candidate), question.spent(0.05)
    shown = 0
    for _ in range(RUNS):
        signs = np.where(rng.random(n) < (1 + gain / share) / 2, 1, -1) * differing
        told = Answered(signs, n, (question.differ, question.rows), question.positions, spent, 0.05, margin)
        shown += told.shown_after is not None
    return shown / RUNS


ONE, FIVE, ALL = ("looks", 1), ("looks", 5), ("as_they_come", None)


@pytest.mark.parametrize(
    ("rows", "scratch", "differ", "n", "when", "gain", "margin"),
    [
        (400, 40, 40, 40, ONE, 0.03, 0.0),  # every row that differs
        (300, 17, 17, 17, ONE, 0.03, 0.0),
        (400, 40, 40, 40, ONE, 0.05, 0.02),
        (500, 50, 90, 90, ONE, 0.04, 0.0),  # and every row on which it differs from others
        (2000, 200, 200, 76, ONE, 0.03, 0.0),
        (500, 50, 90, 50, ONE, 0.04, 0.0),
        (2000, 200, 200, 76, FIVE, 0.03, 0.0),
        (1000, 100, 150, 60, FIVE, 0.04, 0.0),
        (400, 40, 40, 40, ALL, 0.03, 0.0),
        (1000, 100, 150, 60, ALL, 0.04, 0.0),
    ],
)
def test_the_power_that_is_said_is_the_power_that_labels_have(rows, scratch, differ, n, when, gain, margin):
    rng = np.random.default_rng(rows + n)
    question = asked(rng, rows=rows, scratch=scratch, differ=differ, n=n, policy=when[0], looks=when[1])
    said = power_of_labels(question, gain, margin)
    assert said is not None
    shown = round(simulated(rng, question, gain, margin) * RUNS)
    assert binom.cdf(shown, RUNS, said - POINTS) > 1e-3
    assert binom.sf(shown - 1, RUNS, min(said + POINTS, 1.0)) > 1e-3


def test_rows_asked_for_later_have_the_power_that_is_said_of_all_together():
    rng = np.random.default_rng(1)
    question = asked(rng, rows=1000, scratch=100, differ=100, n=90, policy="as_they_come", looks=None, first=60)
    said = power_of_labels(question, 0.03, 0.0)
    assert said is not None
    assert abs(simulated(rng, question, 0.03, 0.0) - said) <= POINTS + 3 * (said * (1 - said) / RUNS) ** 0.5


@pytest.mark.parametrize("when", [ONE, FIVE, ALL, ("bets", None)])
@pytest.mark.parametrize(("discordance", "gain"), [(0.1, 0.03), (0.2, 0.05)])
def test_the_labels_that_are_said_show_the_gain_with_a_probability_of_eight_tenths(when, discordance, gain):
    rng = np.random.default_rng(int(100 * discordance))
    config = GateConfig(labels=LabelsConfig(policy=when[0], looks=None if when[0] != "looks" else when[1]))
    needed = labels_to_ask((discordance + gain) / 2, (discordance - gain) / 2, discordance, config)
    assert needed is not None
    rows, differ = 20 * needed, round(20 * needed * discordance)
    question = asked(rng, rows=rows, scratch=differ, differ=differ, n=needed, policy=when[0], looks=when[1])
    power = simulated(rng, question, gain, 0.0)
    error = 3 * (0.16 / RUNS) ** 0.5
    assert power >= 0.8 - POINTS - error
    if when[0] != "bets":  # of which an upper bound is said
        assert power <= 0.8 + POINTS + error


def test_no_power_is_said_of_bets_or_of_a_gain_beyond_all_rows_that_differ():
    rng = np.random.default_rng(0)
    bets = asked(rng, rows=400, scratch=40, differ=40, n=40, policy="bets", looks=None)
    assert power_of_labels(bets, 0.03, 0.0) is None
    one = asked(rng, rows=400, scratch=40, differ=40, n=40, policy="looks", looks=1)
    assert power_of_labels(one, 0.1, 0.0) is None
