"""The note on a run's page in MLflow: a card with the verdict, why, what to do, and where the pages are."""

from __future__ import annotations

from ntgate.markdown import escaped
from ntgate.registry.run_place import PAGE, RUN_ID
from ntgate.report import words
from ntgate.report.content import RunReport

_WEIGHT = {"fail": 0, "inconclusive": 2, "pass": 4}  # what decided first: a failure, then what is missing


def note(report: RunReport) -> str:
    """The card in Markdown: the version, what decided, what to do, the pages and a picture, and then every rule."""
    lines = [f"**{report.outcome}**: {escaped(report.sentence)}", ""]
    registered = report.registry
    if registered is not None and registered.version is not None:
        now = f"Version {registered.version} of {escaped(registered.name)}"
        lines += [f"{now} carries the alias {registered.alias}.", ""]
    findings = sorted(report.findings, key=lambda finding: _WEIGHT[finding.outcome] - finding.warning)
    if (
        report.outcome not in ("promoted", "approval_wanted") and findings
    ):  # MLflow folds a long note away, the table before this line
        lines += [f"{escaped(findings[0].title)}: *{findings[0].outcome}*. {escaped(findings[0].reason)}", ""]
    steps = [step for step in words.next_steps(report) if step not in report.alarms]
    lines += ["**What to do**", "", *(f"- {escaped(step)}" for step in (*steps, words.undo(report))), ""]
    pages = {"Report": "report.html", "decision": "decision.json", "answer": "result.json"}
    lines += [" · ".join(f"[{name}]({PAGE}/artifacts/{file})" for name, file in pages.items()), ""]
    if report.gain_interval is not None:
        lines += [f"![gains](get-artifact?path=gains.png&run_uuid={RUN_ID})", ""]
    lines += ["| rule | outcome | reason |", "| --- | --- | --- |"]
    for finding in findings:
        outcome = f"{finding.outcome}, **warning**" if finding.warning else finding.outcome
        lines.append(f"| {escaped(finding.title)} | {outcome} | {escaped(finding.reason)} |")
    return "\n".join(lines)
