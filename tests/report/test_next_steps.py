"""What is to be done after an inconclusive verdict agrees with what its findings say."""

from __future__ import annotations

from ntgate.report.content import RunReport
from ntgate.report.words import next_steps

ASK = "ntgate ask RUN --rows POOL"


def steps(gain: float, **labels: str) -> str:
    finding = {"rule": "negative_transfer", "title": "Beats training from scratch", "outcome": "inconclusive", "reason": ""}
    told = {"outcome": "inconclusive", "gain": gain, "margin": 0.0, "findings": [finding], "labels": labels}
    return " ".join(next_steps(RunReport.of(told)))


def test_a_gain_that_is_not_shown_asks_for_test_labels():
    told = steps(0.01, next=ASK)
    assert ASK in told
    assert "Label fresh test rows" in told


def test_no_gain_asks_for_none():
    told = steps(-0.01)
    assert "Label fresh test rows" not in told
    assert "More test labels will not help" in told
