"""Slices by class under `ntgate judge`: a class may not lose, though only labelled rows tell which class they are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from ntgate.gate.asked import Asked
from ntgate.gate.config import GateConfig
from ntgate.gate.decision import GateDecision
from ntgate.gate.finding import Finding
from ntgate.gate.verdict_on_labels import Labelled, findings_on_labels
from ntgate.metrics.accuracy import Accuracy

ROWS = 1000  # of the pool
BEFORE = (Finding(rule="slice class=a, against scratch", outcome="inconclusive", reason="Too few."),)


def labelled(y: np.ndarray, candidate: np.ndarray, scratch: np.ndarray, counts=(60, 60, 180), **settings) -> Labelled:
    """Labels of all rows on which both differ, in their order."""
    config = GateConfig.model_validate({"slices": [{"by": "class", "margin": 0.05, "min_rows": 20}], **settings})
    asked = Asked(
        id="a",
        decision_id="d",
        pool="p",
        rows=ROWS,
        differ=len(y),
        disagree={"scratch": len(y)},
        ids=tuple(map(str, range(len(y)))),
        keys=("",) * len(y),
        candidate=tuple(candidate.tolist()),
        opponents={"scratch": tuple(scratch.tolist())},
        classes=("a", "b", "c"),
        class_counts=tuple(counts),
        class_rows=sum(counts),
        label="label",
        by_labels=("negative_transfer", "slice class"),
        policy=config.labels.policy,
        looks=config.labels.declared,
        alpha=0.05,
    )
    return Labelled(asked, y, config)


def outcomes(told: Labelled) -> dict[str, str]:
    found = findings_on_labels(BEFORE, told)
    return {finding.rule.removeprefix("slice class=").partition(",")[0]: finding.outcome for finding in found}


def drawn(rng: np.random.Generator, gains: dict[int, tuple[int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By class, how many rows only the candidate, and only scratch, gets right."""
    y, candidate, scratch = [], [], []
    for code, (gained, lost) in gains.items():
        y += [code] * (gained + lost)
        candidate += [code] * gained + [(code + 1) % 3] * lost
        scratch += [(code + 1) % 3] * gained + [code] * lost
    order = rng.permutation(len(y))
    return tuple(np.array(one, np.int64)[order] for one in (y, candidate, scratch))  # type: ignore[return-value]


@pytest.mark.parametrize("labels", [{}, {"looks": 3}, {"policy": "bets"}])
def test_a_class_that_gains_passes_and_one_that_loses_fails(labels):
    rows = drawn(np.random.default_rng(0), {0: (30, 2), 1: (2, 70), 2: (40, 5)})
    assert outcomes(labelled(*rows, labels=labels)) == {"a": "pass", "b": "fail", "c": "pass"}


def test_a_class_of_few_rows_is_inconclusive_and_says_so():
    told = labelled(*drawn(np.random.default_rng(0), {0: (30, 2), 2: (40, 5)}), counts=(6, 0, 294))
    first, second, _ = findings_on_labels(BEFORE, told)
    assert (first.outcome, second.outcome) == ("inconclusive", "inconclusive")
    assert "too few for a verdict on this slice" in first.reason


def test_the_verdict_names_the_class_in_one_sentence():
    told = labelled(*drawn(np.random.default_rng(0), {0: (3, 3), 2: (40, 5)}), counts=(20, 100, 180))
    found = findings_on_labels(BEFORE, told)
    decision = GateDecision(
        outcome="inconclusive",
        findings=found,
        metric=Accuracy(),
        n=ROWS,
        **dict.fromkeys(("candidate", "scratch", "champion", "gain", "gain_interval", "p_value")),
        alpha=0.05,
        margin=0.0,
        labels=told.basis("inconclusive"),
    )
    assert decision.verdict == "On class=a the candidate is not shown to be as good as scratch."
    assert found[0].reason.endswith("is not ruled out. On all rows that is a loss of 0.05 on this class.")


def test_a_loss_at_its_margin_is_rarely_passed():
    """Of 200 rows of class a in the target, ten more are lost than gained: as much as is tolerated, so that a pass is an error."""
    rng, draws, wrong = np.random.default_rng(3), 300, 0
    for _ in range(draws):
        counts = rng.multinomial(300, [0.2, 0.2, 0.6])
        gained, lost = rng.multinomial(ROWS, [0.02, 0.03, 0.95])[:2]
        told = labelled(*drawn(rng, {0: (gained, lost), 2: (20, 20)}), counts=counts.tolist())
        wrong += outcomes(told)["a"] == "pass"
    assert wrong <= binom.ppf(0.999, draws, 0.05)
