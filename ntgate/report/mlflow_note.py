"""The note on a run's page in MLflow: a card with the verdict, why, what to do, how sure it is, on which rows, and the pages."""

from __future__ import annotations

from ntgate.markdown import escaped
from ntgate.registry.run_place import PAGE, RUN_ID
from ntgate.report import serving_words, words
from ntgate.report.content import FindingRow, RunReport
from ntgate.report.story import story

_WEIGHT = {"fail": 0, "inconclusive": 2, "pass": 4}  # what decided first: a failure, then what is missing
_LONGEST = 4600  # of the 5000 characters that MLflow keeps, as far as the places of the links leave them


def note(report: RunReport) -> str:
    """The card in Markdown: the version, what decided, what to do, the pages, how sure it is, a picture, and then every rule."""
    lines = [f"**{words.outcome(report)}**: {escaped(report.sentence)}", ""]
    registered = report.registry
    if registered is not None and registered.version is not None:
        now = f"Version {registered.version} of {escaped(registered.name)}"
        verb = "kept" if registered.unchanged else "was given"  # a later run may take it away again
        lines += [f"{now} {verb} the alias {registered.alias}.", ""]
    findings = sorted(report.findings, key=lambda finding: _WEIGHT[finding.outcome] - finding.warning)
    if (
        report.outcome not in ("promoted", "approval_wanted") and findings
    ):  # MLflow folds a long note away, the table before this line
        lines += [f"{escaped(findings[0].title)}: *{findings[0].outcome}*. {escaped(findings[0].reason)}", ""]
    steps = [step for step in words.next_steps(report) if step not in report.alarms]
    load = filter(None, [serving_words.load(report)])
    lines += ["**What to do**", "", *(f"- {escaped(step)}" for step in (*steps, *load, serving_words.undo(report))), ""]
    lines += [" · ".join(f"[{name}]({PAGE}/artifacts/{file})" for name, file in _pages(report).items()), ""]
    told = dict(story(report))
    sure = [*told.get("evidence", ()), serving_words.against(report), *told.get("data", ()), *told.get("shift", ())]
    lines += ["**How sure, and on which rows**", "", *(f"- {escaped(line)}" for line in dict.fromkeys(sure)), ""]
    if report.gain_interval is not None:
        lines += [f"![gains](get-artifact?path=gains.png&run_uuid={RUN_ID})", ""]
    return _with_rules("\n".join(lines), findings)


def _pages(report: RunReport) -> dict[str, str]:
    """Names of the pages that tell of this verdict: one on labels that came later has its own, beside those of the run."""
    if report.labels is not None and report.labels.basis is not None:
        return {"Report": "judged.html", "decision": "judged.json", "answer": "judged_result.json", "the run before": "report.html"}
    return {"Report": "report.html", "decision": "decision.json", "answer": "result.json"}


def _with_rules(card: str, findings: list[FindingRow]) -> str:
    """The card and the rules below it, the most important first, as many as MLflow keeps whole."""
    lines = [card, "| rule | outcome | reason |", "| --- | --- | --- |"]
    long = sum(map(len, lines))
    for number, finding in enumerate(findings):
        outcome = f"{finding.outcome}, **warning**" if finding.warning else finding.outcome
        line = f"| {escaped(finding.title)} | {outcome} | {escaped(finding.reason)} |"
        long += len(line) + 1
        if long > _LONGEST:
            return "\n".join([*lines, "", f"{len(findings) - number} more rules stand in the report."])
        lines.append(line)
    return "\n".join(lines)
