"""The note on a run's page in MLflow, and the card of a version."""

from __future__ import annotations

from ntgate.gate.finding import Finding
from ntgate.report.content import RunReport
from ntgate.report.mlflow_note import note
from ntgate.report.model_card import model_card


def test_what_decided_comes_first_and_text_from_outside_stays_text():
    hostile = "a|b\n<img src=x onerror=alert(1)>"
    findings = (
        Finding(rule="test_rows", outcome="pass", reason="Enough."),
        Finding(rule="labels", outcome="inconclusive", reason="Swapped.", warning=True),
        Finding(rule="seeds", outcome="pass", reason="Not contradicted.", warning=True),
        Finding(rule=f"slice kind={hostile}, against scratch", outcome="fail", reason=hostile),
    )
    registry = {"version": None, "name": "reader", "alias": None}
    told = [finding.model_dump() for finding in findings]
    report = RunReport.of({"outcome": "rejected", "sentence": hostile, "findings": told, "registry": registry}, model="reader")
    text = note(report)
    lines = text.splitlines()
    assert lines[2].startswith(
        "Is not worse on kind=a&#124;b &#60;img src=x onerror=alert(1)&#62;, against scratch: *fail*. a&#124;b"
    )
    rows = [line for line in lines if line.startswith("| ")][2:]
    assert [row.count("|") for row in rows] == [4] * 4
    assert [row.split(" | ")[1] for row in rows] == ["fail", "inconclusive, **warning**", "pass, **warning**", "pass"]
    assert "<" not in text
    assert "<" not in model_card(report, "m-1")
    assert "- There is nothing to undo: no alias moved." in lines
    assert "[Report](ntgate:page/artifacts/report.html)" in text
